"""How what was kept comes back: each image under its own key, or as somebody else's, in its place. Pure.

An image that is there still, or again, is left as it is; so is a key that wants something newer. A restored image of somebody
else's stands in the ledger under a key of its own until it is shown, and is theirs again from then on.
"""

from collections.abc import Mapping, Sequence

import msgspec

from gallery_sync.core.intents import BACK_KEY
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.core.ledger import Content, Entry, Ledger, Row, Wanted, generation_at, is_waiting, since, with_entries
from gallery_sync.core.operation import ImageOutcome
from gallery_sync.core.shop_values import MAX_PRIORITY, Image

replace = msgspec.structs.replace


def key_of(kept: Kept, image: KeptImage) -> str:
    """Give the key under which an image comes back."""
    return image.key if image.key is not None else f"{BACK_KEY}{kept.operation}/{kept.piece}/{image.name}"


def wanted_back(ledger: Ledger, kept: Kept, listing: Sequence[Image], at: float) -> Ledger:
    """Give the ledger in which everything that is missing is wanted again. `at`: when that was asked (epoch seconds)."""
    shown = {image.name for image in listing}
    changed = {
        key: entry
        for image in kept.images
        if (key := key_of(kept, image))
        and (entry := _back(ledger.entries.get(key, Entry()), kept, image, shown, at)) is not None
    }
    return with_entries(ledger, changed)


def _back(entry: Entry, kept: Kept, image: KeptImage, shown: set[str], at: float) -> Entry | None:
    """Give a key's entry with its image wanted again; None where nothing is to be done."""
    live, wanted = entry.live, entry.wanted
    if image.name in shown or image.restored in shown or (live is not None and live.name in shown):
        return None
    if wanted is not None and (is_waiting(entry) or since(wanted) > kept.at):
        return None
    checksum = image.checksum or f"kept:{kept.operation}/{kept.piece}/{image.name}"
    content = Content(image.path, generation_at(at), checksum, 0, url=True)
    if wanted is not None and wanted.content.checksum == image.checksum and not wanted.content.url:
        # Its file is still there.
        content = wanted.content
    # A gallery may list numbers that nobody may send (docs/shoptet.md, "Product images"): the nearest that one may.
    number = min(max(image.priority, 1), MAX_PRIORITY) if image.priority is not None else None
    return Entry(Wanted(content, at, number, image.description, image.rank))


def rows(kept: Kept) -> tuple[Row, ...]:
    """Give what a restoration is about, row by row."""
    return tuple(Row(image.name, key_of(kept, image)) for image in kept.images)


def outcomes(ledger: Ledger, kept: Kept, listing: Sequence[Image]) -> tuple[ImageOutcome, ...]:
    """Say of each image what became of it."""
    shown = {image.name for image in listing}
    return tuple(_outcome(ledger, kept, image, shown) for image in kept.images)


def _outcome(ledger: Ledger, kept: Kept, image: KeptImage, shown: set[str]) -> ImageOutcome:
    key = key_of(kept, image)
    entry = ledger.entries.get(key, Entry())
    own = None if key.startswith(BACK_KEY) else key
    live = entry.live
    there = next((name for name in (image.restored, image.name) if name in shown), None)
    name = live.name if live is not None and not live.gone else there
    if entry.failure is not None:
        return ImageOutcome("failed", image.name, own, reason=entry.failure.reason)
    if name is None:
        return ImageOutcome(
            "failed", image.name, own, reason="it is not in the gallery: somebody deleted it, or wants another"
        )
    return ImageOutcome("live", name, own)


def references(
    kept: Kept, came: Sequence[ImageOutcome], shows: Mapping[str, str], listing: Sequence[Image]
) -> dict[str, str]:
    """Give the image that each variant is to reference again.

    `shows`: what each variant of the product shows now. Without a reference of its own that is none, or the product's main
    image; one that people gave another image keeps that, and one that is gone is not made anew (as Shoptet would).
    """
    names = {
        code: outcome.name
        for image, outcome in zip(kept.images, came, strict=True)
        for code in image.variants
        if outcome.state == "live" and outcome.name is not None
    }
    none = {"", *(image.name for image in listing if image.is_main_image)}
    return {code: name for code, name in names.items() if shows.get(code) in none - {name}}


def unreferenced(
    kept: Kept, came: Sequence[ImageOutcome], missing: Mapping[str, str], why: str
) -> tuple[ImageOutcome, ...]:
    """Say of images that variants should reference again that this was refused, and why."""
    return tuple(
        replace(outcome, reason=f"it is back, but its variants do not show it: {why}")
        if any(code in missing for code in image.variants)
        else outcome
        for image, outcome in zip(kept.images, came, strict=True)
    )

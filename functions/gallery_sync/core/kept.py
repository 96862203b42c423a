"""What is kept of images before a caller's request deletes them, and what of it may be deleted then. Pure.

`removed/{operation}/{piece}.json` says what there was, and the pictures lie beside it (`state.removed`). The state bucket's
lifecycle ends both after `removed_days`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from gallery_sync.core.intents import ours_before, there_before
from gallery_sync.core.ledger import Content, Entry, Intent, Ledger, Live, Wanted, file_of
from gallery_sync.core.names import DROP_KEY
from gallery_sync.core.operation import Problem
from gallery_sync.core.pictures import NAME_KEY
from gallery_sync.core.schedule import HOUR
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import Gallery, Image, Product

KEPT_WITHIN: Final = HOUR
"""Seconds from the request, after which what could not be kept ends it: nothing is deleted then."""
KEPT_AGAIN: Final = 20
"""How often what changed since it was kept is kept anew, until the same happens."""


class KeptImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image as it was: its name, our key if it was ours, and its picture (`path`, in the state bucket).

    `priority`, `description` and `change_time` are as the gallery listed them, but that an image of ours which stood where its
    name (or `rank`, see Wanted) put it has no number of its own; `checksum` is that of the file that was shown,
    where it was ours; `variants` are the codes of the variants that referenced it. `restored`: its name since it came back.
    """

    name: str
    path: str
    key: str | None = None
    priority: int | None = None
    description: str | None = None
    change_time: str | None = None
    rank: float | None = None
    checksum: str = ""
    variants: tuple[str, ...] = ()
    restored: str = ""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was kept for one piece of an operation, `at` (epoch seconds). `product` is the product's name, for people.

    `caller` is who asked: the operation itself is forgotten earlier.
    """

    operation: str
    piece: str
    guid: str
    gallery: Gallery
    at: float
    product: str | None = None
    caller: str = ""
    images: tuple[KeptImage, ...] = ()


def not_kept(why: str) -> Problem:
    """Say that a request deleted nothing, as what it would have deleted could not be kept."""
    message = (
        f"nothing was deleted, as what would be lost could not be kept within an hour: {why}. Ask again, or with keep=false to "
        "delete without a way back"
    )
    return Problem(502, "not-kept", message)


def to_be_kept(ledger: Ledger, intent: Intent, listing: Sequence[Image]) -> tuple[str, ...]:
    """Name the images that an intent would delete: those that are there when it is first looked at, and ours from before it.

    A picture that was under way then may have landed since; whatever else came since stays.
    """
    if intent.kind != "clean":
        return tuple(image.name for image in listing if image.name == intent.name)
    if intent.before is None:
        return there_before(ledger, intent, listing)
    return tuple(dict.fromkeys((*intent.before, *ours_before(ledger, intent))))


def is_kept(image: Image, rows: Iterable[KeptImage]) -> bool:
    """Whether an image was kept as it is listed: a change since then is not among what was kept.

    A new description changes no time.
    """
    listed = (image.name, image.change_time, image.description or "")
    return any((row.name, row.change_time, row.description or "") == listed for row in rows)


def are_kept(ledger: Ledger, names: Iterable[str], listing: Sequence[Image], rows: Sequence[KeptImage]) -> bool:
    """Whether all of these images were kept as they are: as the gallery lists them, and ours with what we sent last.

    A listing may lag behind what we know.
    """
    meant = set(names)
    ours = {
        e.live.name: e.live.checksum
        for key, e in ledger.entries.items()
        if e.live is not None and not e.live.gone and not key.startswith(NAME_KEY)
    }
    as_sent = {row.name for row in rows if row.checksum == ours.get(row.name, row.checksum)}
    return all(is_kept(image, rows) for image in listing if image.name in meant) and meant & ours.keys() <= as_sent


def are_mixed(ledger: Ledger, listing: Sequence[Image]) -> bool:
    """Whether somebody else's image stands between ours: then each comes back with the number that it has."""
    ours = {e.live.name for e in ledger.entries.values() if e.live is not None and not e.live.gone}
    places = [at for at, image in enumerate(listing) if image.name in ours]
    return bool(places) and places[-1] - places[0] + 1 > len(places)


def row_of(
    entry: Entry | None,
    key: str | None,
    name: str,
    image: Image | None,
    product: Product,
    path: str,
    *,
    numbered: bool,
) -> KeptImage:
    """Write down an image as it is. `image`: as it is listed; None where a listing that lags does not show it yet.

    `numbered`: ours comes back with the number that it has, also where nobody asked for one.
    """
    live = entry.live if entry is not None else None
    wanted = entry.wanted if entry is not None else None
    return KeptImage(
        name,
        path,
        key,
        _number(wanted, live, image, numbered=numbered),
        image.description if image is not None else live.description if live is not None else None,
        image.change_time if image is not None else None,
        wanted.rank if wanted is not None else None,
        live.checksum if live is not None else "",
        tuple(sorted(code for code, shown in product.shows.items() if shown == name)),
    )


def _number(wanted: Wanted | None, live: Live | None, image: Image | None, *, numbered: bool) -> int | None:
    """Give the number that an image is to come back with; None for one of ours that stands where its name puts it."""
    if wanted is not None and wanted.priority is not None:
        return wanted.priority
    return image.priority if image is not None and (live is None or numbered) else None


def is_moved(ledger: Ledger, listing: Sequence[Image], facts: Facts) -> bool:
    """Whether a person moved any of our images: they have other numbers than they were sent, in a shop that keeps those."""
    sent = {e.live.name: e.live.priority for e in ledger.entries.values() if e.live is not None and not e.live.gone}
    moved = [image for image in listing if image.priority not in (None, sent.get(image.name, image.priority))]
    return facts.numbers == "kept" and bool(moved)


def sent_for(key: str, entry: Entry) -> tuple[Content, ...]:
    """Give the contents that may hold the bytes of what an image of ours shows: of its file as it was sent last.

    Not where something was made of the file: the file is not what the shop shows.
    """
    live, wanted = entry.live, entry.wanted
    if live is None or not live.checksum or live.made:
        return ()
    found = []
    if wanted is not None and not wanted.content.url and wanted.content.checksum == live.checksum:
        found.append(wanted.content)
    if key.startswith(DROP_KEY) and live.generation:
        found.append(Content(file_of(key, entry), live.generation, live.checksum, 0))
    return tuple(dict.fromkeys(found))


def picture_path(operation: str, piece: str, name: str, change_time: str | None, checksum: str) -> str:
    """Name the place of a picture: another one for another state of the same image."""
    digest = hashlib.sha256(f"{name}\n{change_time}\n{checksum}".encode()).hexdigest()[:16]
    return f"removed/{operation}/{piece}/{digest}.{name.rpartition('.')[2].lower()}"

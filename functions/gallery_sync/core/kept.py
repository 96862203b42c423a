"""What is kept of images before a caller's request deletes them, and what of it may be deleted then. Pure.

`removed/{operation}/{piece}.json` says what there was, and the pictures lie beside it (`state.removed`). The state bucket's
lifecycle ends both after `removed_days`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from gallery_sync.core.intents import ours_before, there_before
from gallery_sync.core.ledger import Content, Entry, Intent, Ledger, file_of
from gallery_sync.core.names import DROP_KEY
from gallery_sync.core.shop_values import Gallery, Image, Product

HOUR: Final = 3600.0
KEPT_WITHIN: Final = HOUR
"""Seconds from the request, after which what could not be kept ends it: nothing is deleted then."""


class KeptImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image as it was: its name, our key if it was ours, and its picture (`path`, in the state bucket).

    `priority`, `description` and `change_time` are as the gallery listed them; `checksum` is that of the file that was shown,
    where it was ours; `variants` are the codes of the variants that referenced it. `restored`: its name since it came back.
    """

    name: str
    path: str
    key: str | None = None
    priority: int | None = None
    description: str | None = None
    change_time: str | None = None
    checksum: str = ""
    variants: tuple[str, ...] = ()
    restored: str = ""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was kept for one piece of an operation, `at` (epoch seconds). `product` is the product's name, for people."""

    operation: str
    piece: str
    guid: str
    gallery: Gallery
    at: float
    product: str | None = None
    images: tuple[KeptImage, ...] = ()


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
    """Whether an image was kept as it is listed: a change since then is not among what was kept."""
    return any((row.name, row.change_time) == (image.name, image.change_time) for row in rows)


def are_kept(ledger: Ledger, names: Iterable[str], listing: Sequence[Image], rows: Sequence[KeptImage]) -> bool:
    """Whether all of these images were kept as they are: as the gallery lists them, and ours with what we sent last.

    A listing may lag behind what we know.
    """
    meant = set(names)
    ours = {e.live.name: e.live.checksum for e in ledger.entries.values() if e.live is not None and not e.live.gone}
    as_sent = {row.name for row in rows if row.checksum == ours.get(row.name, row.checksum)}
    return all(is_kept(image, rows) for image in listing if image.name in meant) and meant & ours.keys() <= as_sent


def row_of(ledger: Ledger, key: str | None, name: str, image: Image | None, product: Product, path: str) -> KeptImage:
    """Write down an image as it is. `image`: as it is listed; None where a listing that lags does not show it yet."""
    live = ledger.entries[key].live if key is not None else None
    return KeptImage(
        name,
        path,
        key,
        image.priority if image is not None else live.priority if live is not None else None,
        image.description if image is not None else live.description if live is not None else None,
        image.change_time if image is not None else None,
        live.checksum if live is not None else "",
        tuple(sorted(code for code, shown in product.shows.items() if shown == name)),
    )


def sent_for(key: str, entry: Entry) -> tuple[Content, ...]:
    """Give the contents that may hold the bytes of what an image of ours shows: of its file as it was sent last."""
    live, wanted = entry.live, entry.wanted
    if live is None or not live.checksum:
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

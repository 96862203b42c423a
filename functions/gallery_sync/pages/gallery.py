"""One gallery, picture by picture, as its ledger has it: what was dropped, what was made of it, and what the shop shows. Pure."""

from typing import Literal

import msgspec

from gallery_sync.core import attention, name_order, numbering
from gallery_sync.core.ledger import (
    Entry,
    Ledger,
    description_of,
    is_abandoned,
    needs_content,
    object_name,
    reconcile_at,
)
from gallery_sync.core.pictures import NAME_KEY
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import Gallery
from gallery_sync.pages.overview import Need, needs, thumbnail_of

State = Literal["live", "waiting", "under-way", "failed", "deleted", "same", "file-gone"]


class Picture(msgspec.Struct, frozen=True, rename="camel"):
    """A picture with its receipt: `report` is what was done to the file, `dropped` and `seen` when it came and was seen live.

    `name` is Shoptet's. `reason` is the engine's own word on its state, `code` and `picture` are the reason's.
    """

    key: str
    file: str
    state: State
    name: str
    description: str
    report: str
    warning: str
    reason: str
    code: str
    picture: str
    may_try_again: bool
    variants: tuple[str, ...]
    dropped: float
    seen: float
    saw: str
    thumbnail: int


class GalleryPage(msgspec.Struct, frozen=True, rename="camel"):
    """A gallery's pictures in their order, and what of them waits for a person. `moves`: there is work."""

    guid: str
    gallery: Gallery
    pictures: tuple[Picture, ...]
    goes: tuple[Need, ...]
    moves: bool


def gallery_page(ledger: Ledger) -> GalleryPage:
    """Give a gallery as its ledger has it. What people added in the shop themselves is not in it."""
    return GalleryPage(
        ledger.guid,
        ledger.gallery,
        tuple(_picture(ledger, key, ledger.entries[key]) for key in _in_order(ledger)),
        tuple(need for need in needs(ledger) if need.kind != "failed"),
        reconcile_at(ledger) > 0 or ledger.flight is not None,
    )


def _in_order(ledger: Ledger) -> list[str]:
    """Give the keys as the gallery shows them; what it does not show stands behind the one that it follows by name."""
    places = {key: float(number.place) for key, number in numbering.number(ledger, (), Facts()).items()}
    keys = sorted((key for key in ledger.entries if not key.startswith(NAME_KEY)), key=name_order.order)
    last = 0.0
    for key in keys:
        last = places.setdefault(key, last)
    return sorted(keys, key=lambda key: (places[key], name_order.order(key)))


def _picture(ledger: Ledger, key: str, entry: Entry) -> Picture:
    live, wanted, done = entry.live, entry.wanted, entry.prepared
    state = _state(ledger, key, entry)
    flaw = entry.refers.flaw if entry.refers is not None else ""
    warnings = (entry.warning, done.warning if done is not None else "", flaw)
    receipt = live.receipt if live is not None else None
    return Picture(
        key,
        object_name(key, entry),
        state,
        live.name if live is not None and not live.gone else "",
        description_of(entry),
        done.report if done is not None and not done.refused else "",
        "; ".join(filter(None, warnings)),
        entry.failure.reason if entry.failure is not None else entry.last_reason or "",
        entry.failure.code if entry.failure is not None else "",
        done.refused if done is not None else "",
        attention.may_try_again(entry),
        live.variants if live is not None else (),
        wanted.created if wanted is not None else 0.0,
        live.seen if live is not None else 0.0,
        receipt.saw if receipt is not None else "",
        thumbnail_of(key, entry)[1],
    )


def _state(ledger: Ledger, key: str, entry: Entry) -> State:
    if entry.failure is not None:
        return "failed"
    if ledger.flight is not None and key in ledger.flight.images and needs_content(entry):
        return "under-way"
    if entry.same_as is not None:
        return "same"
    if needs_content(entry):
        return "waiting"
    if is_abandoned(entry):
        return "file-gone"
    return "live" if entry.live is not None and not entry.live.gone else "deleted"

"""`gallery-sync release`: deletions that the brake holds, shown, and released by a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from gallery_sync.clock import Clock
from gallery_sync.core import brake, ledger_document
from gallery_sync.core.ledger import Hold
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.ports.storage import Documents
from gallery_sync.state.codes import known_guid
from gallery_sync.state.ledgers import Ledgers
from infra.cli.stop import Stop

__all__ = ["Held", "all_held", "held_of", "release", "shown"]


@dataclass(frozen=True, slots=True)
class Held:
    """A gallery whose deletions wait for a person, and which those are."""

    guid: str
    gallery: Gallery
    hold: Hold


def all_held(documents: Documents) -> list[Held]:
    """Find every gallery that holds deletions, from the ledgers' listing. Raises BadDocument, StorageUnavailable."""
    places = [
        place
        for listed in documents.list(ledger_document.PREFIX)
        if listed.metadata.get("held", "0") != "0" and (place := ledger_document.parse_path(listed.path)) is not None
    ]
    return [held for place in places for held in _held(documents, *place)]


def held_of(documents: Documents, product: str) -> list[Held]:
    """Find what is held of a product, by its guid or a code that was dropped or asked for. Raises Stop for another code."""
    guid = known_guid(documents, product)
    if guid is None:
        raise Stop(f"nothing was ever dropped or asked for under the code '{product}': name the product by its guid")
    return [held for gallery in GALLERIES for held in _held(documents, guid, gallery)]


def shown(held: Held) -> Iterator[str]:
    """Say what a release would let go, as lines."""
    yield f"{held.guid} {held.gallery}: {len(held.hold.keys)} of {held.hold.shown} images"
    yield from (f"  {key}" for key in held.hold.keys)


def release(documents: Documents, clock: Clock, held: Sequence[Held]) -> Iterator[str]:
    """Release exactly these lists, and say of each gallery what came of it."""
    for one in held:
        free = partial(brake.released, hold=one.hold, now=clock.now())
        after = Ledgers(documents).change(one.guid, one.gallery, free)
        if after.hold is None and set(one.hold.keys) <= set(after.released):
            yield f"released: {len(one.hold.keys)} images of {one.guid} {one.gallery}; they go within 20 minutes"
        else:
            yield f"not released: {one.guid} {one.gallery} is not as it was a moment ago; run the command again"


def _held(documents: Documents, guid: str, gallery: Gallery) -> Iterator[Held]:
    hold = Ledgers(documents).read(guid, gallery).ledger.hold
    if hold is not None:
        yield Held(guid, gallery, hold)

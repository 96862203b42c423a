"""`gallery-sync release`: images that go only if a person says so: shown, and released.

They are deletions that the brake holds, and what is left behind on a product whose code another one has by now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from gallery_sync.clock import Clock
from gallery_sync.core import attention, brake, folders, ledger_document
from gallery_sync.core.ledger import Hold, Ledger, is_shown
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.ports.storage import Documents
from gallery_sync.state.codes import known_guid
from gallery_sync.state.ledgers import Ledgers
from infra.cli.stop import Stop

__all__ = ["Held", "all_held", "held_of", "release", "shown"]


@dataclass(frozen=True, slots=True)
class Held:
    """A gallery whose deletions wait for a person, and which those are. `behind`: they are left behind, and not held."""

    guid: str
    gallery: Gallery
    hold: Hold
    behind: bool = False


def all_held(documents: Documents) -> list[Held]:
    """Find every gallery that holds deletions, from the ledgers' listing. Raises BadDocument, StorageUnavailable."""
    places = [
        place
        for listed in documents.list(ledger_document.PREFIX)
        if any(listed.metadata.get(kind, "0") != "0" for kind in ("held", "left"))
        and (place := ledger_document.parse_path(listed.path)) is not None
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
    why = ", left behind: their folder's code is another product's" if held.behind else ""
    yield f"{held.guid} {held.gallery}: {len(held.hold.keys)} of {held.hold.shown} images{why}"
    yield from (f"  {key}" for key in held.hold.keys)


def release(documents: Documents, clock: Clock, held: Sequence[Held]) -> Iterator[str]:
    """Release exactly these lists, and say of each gallery what came of it."""
    for one in held:
        after = Ledgers(documents).change(one.guid, one.gallery, partial(_free, held=one, now=clock.now()))
        if (one.behind or after.hold is None) and set(one.hold.keys) <= set(after.released):
            yield f"released: {len(one.hold.keys)} images of {one.guid} {one.gallery}; they go within 20 minutes"
        else:
            yield f"not released: {one.guid} {one.gallery} is not as it was a moment ago; run the command again"


def _held(documents: Documents, guid: str, gallery: Gallery) -> Iterator[Held]:
    ledger = Ledgers(documents).read(guid, gallery).ledger
    if ledger.hold is not None:
        yield Held(guid, gallery, ledger.hold)
    behind = attention.left_behind(ledger)
    if behind:
        since = min(moved.at for key, moved in folders.left_behind(ledger).items() if key in behind)
        shown = sum(1 for entry in ledger.entries.values() if is_shown(entry))
        yield Held(guid, gallery, Hold(tuple(behind), shown, since), behind=True)


def _free(ledger: Ledger, held: Held, now: float) -> Ledger:
    if held.behind:
        return folders.released(ledger, held.hold.keys, now)
    return brake.released(ledger, held.hold, now)

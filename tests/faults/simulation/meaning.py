"""Which gallery a file belongs to, as the package may know it: a code means what Shoptet said when it was last asked.

That answer is believed for a day; it is asked anew before anything is sent. So a file under a code that has moved is where
the last answer said, until it is to be sent, or somebody looks at its gallery.
"""

from itertools import pairwise
from typing import Final

import msgspec

from gallery_sync.core import names
from gallery_sync.state.codes import Code, path
from tests.faults.simulation.shop import Place
from tests.faults.simulation.universe import Universe

CLOCKS: Final = 2.1
"""Seconds by which two instances' clocks may differ."""


def home(universe: Universe, name: str) -> Place | None:
    """Give the gallery that a file is to be shown in; None where there is none that the package could know of."""
    drop = names.parse(name, 1)
    if not isinstance(drop, names.Drop):
        return None
    guid = drop.product if names.is_guid(drop.product) else _believed(universe, drop)
    return (guid, drop.gallery) if guid is not None else None


def was_home(universe: Universe, name: str, place: Place) -> bool:
    """Whether a file was ever to be shown in a gallery: it belongs there, or its code meant that product when it was asked."""
    drop = names.parse(name, 1)
    if not isinstance(drop, names.Drop) or drop.gallery != place[1]:
        return False
    answers = [guid for _, guid in universe.shop.told.get(drop.product, ())]
    return place[0] in (drop.product, *answers)


def news_at(universe: Universe) -> float:
    """Give when a code was last told, or written down, to mean something else than the time before; 0: never."""
    histories = (*universe.shop.told.values(), *universe.record.codes.values())
    pairs = [pair for history in histories for pair in pairwise(history)]
    return max((at for (_, before), (at, guid) in pairs if guid != before), default=0.0)


def beliefs(universe: Universe) -> dict[str, Place | None]:
    """Give where each file that is there belongs, as far as is known now."""
    return {name: home(universe, name) for name in universe.drops.blobs}


def _believed(universe: Universe, drop: names.Drop) -> str | None:
    """Give what a code was last told to mean; that it means nothing is news only once that answer is a day old.

    It is news to the gallery then that somebody looked at: another one of the same product goes on as before.
    """
    stored = universe.state.blobs.get(path(drop.product))
    if stored is None:
        return None
    known = msgspec.json.decode(stored.body, type=Code)
    if known.unknown:
        return None
    unknown_at = max((at for at, guid in universe.shop.told.get(drop.product, ()) if guid is None), default=0.0)
    if unknown_at < known.checked_at + universe.timing.code_valid - CLOCKS:
        return known.guid
    ledger = universe.record.current.get((known.guid, drop.gallery))
    return known.guid if ledger is not None and drop.prefix in ledger.prefixes else None

"""Which failures this world's faults justify, said here and nowhere else; everything else is a violation."""

import math
from typing import Final

from gallery_sync.core import folders, names, recipe
from gallery_sync.core.ledger import Failure
from gallery_sync.core.shop_values import MAX_PRIORITY
from tests.faults.simulation.client import POISON
from tests.faults.simulation.jobs import TOO_LARGE
from tests.faults.simulation.shop import Place, key_of
from tests.faults.simulation.universe import MAX_ATTEMPTS, Universe

LISTED_BEFORE: Final = 180.0
"""Seconds before take-off that its listing may have been asked for, at most: a run does not live longer."""

CLOCKS: Final = 2.1
"""Seconds by which the clocks of two buckets may differ: which of two moments was first is not known within them."""

LOW: Final = 50
"""Priorities below it are such as a shop that renumbers gives; ours are, unless somebody asked for one, a hundred apart."""


def justified(universe: Universe, place: Place, key: str, checksum: str, generation: int, failure: Failure) -> bool:
    """Whether a key may have failed: `checksum` is what its URL shows, `generation` which content was wanted."""
    flown = universe.record.flights_of(key)
    match failure.code:
        case "empty-file":
            blob = universe.drops.blobs.get(key.removeprefix("drop:"))
            return blob is not None and blob.size == 0
        case "refused":
            return checksum.startswith(POISON)
        case "gave-up":
            tries = sum(1 for f in flown if f.flight.images[key].generation in (0, generation))
            return tries >= MAX_ATTEMPTS or checksum.startswith(TOO_LARGE)
        case "unexplained":
            # Somebody else's image came since the listing before take-off, or one of ours was changed by hand, or the
            # shop gives every image another number than it was sent, or may do so for all that anybody can tell: one
            # of several got lost, and the others have low numbers, as a shop would give them.
            before = universe.shop.how.lag + (math.inf if universe.setting.faults.frozen else LISTED_BEFORE)
            hands = universe.shop.by_hand_at.get(place, [])
            came = any(f.began - before <= at <= f.ended for f in flown for at in hands)
            low = any((s.priority or LOW) < LOW for f in flown for s in f.flight.images.values())
            return came or low or universe.shop.how.renumbers or universe.shop.how.hides_numbers
        case recipe.CODE:
            return checksum.startswith(POISON) and universe.setting.prepare
        case "different":
            # The same content dropped again is another copy, which the shop may show wrongly once more.
            return universe.shop.how.shows_another > 0
        case folders.NO_PRODUCT:
            drop = names.parse(key.removeprefix("drop:"), 1)
            return isinstance(drop, names.Drop) and universe.shop.codes.get(drop.product) is None
        case _:
            return False


def is_priority(text: str) -> bool:
    """Whether a file's metadata names a number that Shoptet takes."""
    return text.isdigit() and 1 <= int(text) <= MAX_PRIORITY


def touched_in_flight(universe: Universe, owner: str) -> bool:
    """Whether a person changed the image during a flight of it: its `changeTime` then tells nothing of its content."""
    at = universe.shop.touched.get(owner)
    flown = universe.record.flights_of(key_of(owner))
    return at is not None and any(f.began - 60 <= at <= f.ended for f in flown)


def may_lose_lines(universe: Universe) -> bool:
    """Whether a run may die between the ledger's write and the log's line; the ledger alone tells then."""
    faults = universe.setting.faults
    return bool(faults.killed or faults.slow or faults.frozen or faults.storage_forgets_to_say)

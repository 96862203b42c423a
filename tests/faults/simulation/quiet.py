"""Quiet means quiet: two days on which nobody does anything cost nothing but the checks, and nothing is written again.

The days pass as all others do, with their 288 sweeps, two daily full looks, and the rotating check where it is due.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gallery_sync.core import ledger_document
from gallery_sync.core.names import decode_product
from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_values import GALLERIES
from gallery_sync.state import refusals
from gallery_sync.work import audit_shop
from gallery_sync.work.audit_bucket import PATH as FULL_LOOK
from tests.faults.simulation.storage import Blob
from tests.faults.simulation.universe import Universe

DAYS: Final = 2
ASKED_AGAIN: Final = 10
"""How often a day a refused folder is asked about at most: while the pauses still grow, and by the daily audit."""
DIGITS: Final = 8
"""Bytes by which a moment may be longer than another, as JSON writes it."""


def quiet_problems(universe: Universe) -> list[str]:
    """Let the quiet days pass, and give everything that happened in them although nothing had to."""
    universe.story.tell(universe.now, "world", "quiet from here on")
    before = dict(universe.state.blobs)
    called = Counter(universe.calls.about)
    universe.rewritten.clear()
    universe.turn(DAYS * DAY)
    return [
        *_calls(universe, universe.calls.about - called),
        *_writes(universe, before, universe.rewritten),
        *_growth(before, universe.state.blobs),
    ]


def _calls(universe: Universe, made: Counter[tuple[str, object]]) -> Iterator[str]:
    """One listing a gallery for each of its checks; what a code means once a day, as checks and full looks ask it."""
    rounds = DAYS * DAY / universe.timing.audit_every
    checked = {ledger_document.parse_path(path) for path in universe.state.blobs} - {None}
    for place in checked:
        if not math.floor(rounds) <= made["images", place] <= math.ceil(rounds):
            yield f"{place} was listed {made['images', place]} times in {DAYS} quiet days, its check was due {rounds:g} times"
    refused = _refused_products(universe)
    for (kind, subject), times in made.items():
        if kind == "images" and subject in checked:
            continue
        most = DAYS * ASKED_AGAIN * len(GALLERIES) if subject in refused else DAYS
        if kind == "code" and times <= most:
            continue
        yield f"Shoptet was asked {times} times in {DAYS} quiet days: {kind} {subject or ''}"


def _refused_products(universe: Universe) -> set[object]:
    prefixes = {blob.metadata.get("prefix") for _, blob in universe.state.named(refusals.PREFIX)}
    return {decode_product(prefix) for prefix in prefixes if prefix is not None}


def _writes(universe: Universe, before: Mapping[str, Blob], rewritten: Counter[str]) -> Iterator[str]:
    """Only the marks that say how far the sweep's work has come, and when a code was last asked."""
    rounds = math.ceil(DAYS * DAY / universe.timing.audit_every)
    checks = rounds * sum(1 for path in before if ledger_document.parse_path(path))
    for path, times in rewritten.items():
        most = DAYS if path == FULL_LOOK or path.startswith("codes/") else checks if path == audit_shop.PATH else 0
        most = DAYS * ASKED_AGAIN if path.startswith(refusals.PREFIX) else most
        if times > most:
            yield f"{path} was written {times} times in {DAYS} quiet days"


def _growth(before: Mapping[str, Blob], after: Mapping[str, Blob]) -> Iterator[str]:
    if added := after.keys() - before.keys():
        yield f"new documents on quiet days: {sorted(added)}"
    for path, blob in after.items():
        # The full look's mark names the folder that it came to: another one, where that is new since the last day.
        if path in before and path != FULL_LOOK and len(blob.body) > len(before[path].body) + DIGITS:
            yield f"{path} grew from {len(before[path].body)} to {len(blob.body)} bytes on quiet days"

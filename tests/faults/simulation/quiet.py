"""Quiet means quiet: two days on which nobody does anything cost nothing but the checks, and nothing is written again.

The days pass as all others do, with their 288 sweeps, two daily audits of the bucket, and the audit of the shop where it is due.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from gallery_sync.core import ledger_document
from gallery_sync.core.names import decode_product
from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_values import GALLERIES
from gallery_sync.state import catalogue, jobindex, refusals
from gallery_sync.work import audit_requests, audit_shop
from gallery_sync.work.audit_bucket import PATH as FULL_LOOK
from tests.faults.simulation.storage import Blob
from tests.faults.simulation.universe import SWEEP_EVERY, Universe

MARKS: Final = (FULL_LOOK, audit_requests.PATH)
"""What says how far a day's audits came, by the name that they came to."""
DAYS: Final = 2
ASKED_AGAIN: Final = 10
"""How often a day a refused folder is asked about at most: while the pauses still grow, and by the daily audit."""
NOBODYS: Final = b'"unknown":true'
OF_CATALOGUE: Final = {
    "snapshot": DAYS + 1,
    "job": (DAYS + 1) * 10,
    "jobs": DAYS * 10,
    "changes": math.ceil(DAYS * DAY / SWEEP_EVERY) + DAYS + 1,
}
"""Calls that reading the catalogue takes: a job a day, which is waited for, and what changed, once a sweep."""
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
        *_calls(universe, before, universe.calls.about - called),
        *_writes(universe, before, universe.rewritten),
        *_growth(before, universe.state.blobs, universe.setting.catalogue),
        *_plan(universe),
    ]


def _calls(universe: Universe, before: Mapping[str, Blob], made: Counter[tuple[str, object]]) -> Iterator[str]:
    """One question a gallery for each of its checks; what a code means once a day, as checks and full looks ask it."""
    rounds = DAYS * DAY / universe.timing.audit_every
    left = {ledger_document.parse_path(path) for path in universe.state.blobs}
    checked = {place for place in (*left, *map(ledger_document.parse_path, before)) if place is not None}
    for place in checked:
        # A ledger that says nothing any more is forgotten, and has no checks after that.
        # With the catalogue a gallery has no checks of its own: it is looked at where that shows it otherwise than it was seen.
        least = math.floor(rounds) if place in left and not universe.setting.catalogue else 0
        galleries = sum(1 for guid, _ in checked if guid == place[0])
        most = galleries * (math.ceil(rounds) + universe.setting.catalogue)
        if not least <= made["product", place[0]] <= most:
            yield (
                f"{place[0]} was asked for {made['product', place[0]]} times in {DAYS} quiet days, the check of each of its "
                f"{galleries} galleries was due {rounds:g} times"
            )
    refused = _refused_products(universe)
    for (kind, subject), times in made.items():
        if kind == "product" and subject in {guid for guid, _ in checked}:
            continue
        most = DAYS * ASKED_AGAIN * len(GALLERIES) if subject in refused else DAYS
        if kind == "code" and times <= most:
            continue
        if universe.setting.catalogue and times <= OF_CATALOGUE.get(kind, 0):
            continue
        yield f"Shoptet was asked {times} times in {DAYS} quiet days: {kind} {subject or ''}"


def _refused_products(universe: Universe) -> set[object]:
    prefixes = {blob.metadata.get("prefix") for _, blob in universe.state.named(refusals.PREFIX)}
    return {decode_product(prefix) for prefix in prefixes if prefix is not None}


def _writes(universe: Universe, before: Mapping[str, Blob], rewritten: Counter[str]) -> Iterator[str]:
    """Only the marks that say how far the sweep's work has come, the day's plan of checks, and when a code was last asked."""
    rounds = math.ceil(DAYS * DAY / universe.timing.audit_every)
    checks = rounds * sum(1 for path in before if ledger_document.parse_path(path))
    for path, times in rewritten.items():
        daily = path in (*MARKS, audit_shop.PLAN) or path.startswith("codes/")
        most = DAYS if daily else checks if path == audit_shop.PATH else 0
        most = DAYS * ASKED_AGAIN if path.startswith(refusals.PREFIX) else most
        if ledger_document.parse_path(path) and _is_forgotten_or_seen_anew(
            before.get(path), universe.state.blobs.get(path)
        ):
            most = 1
        if universe.setting.catalogue and path.startswith((jobindex.PREFIX, catalogue.PREFIX.removesuffix("/"))):
            # The catalogue's own: a job a day, with its count of questions, and every half hour what changed.
            most = DAYS * 60
        if times > most:
            yield f"{path} was written {times} times in {DAYS} quiet days"


def _is_forgotten_or_seen_anew(before: Blob | None, after: Blob | None) -> bool:
    """Whether a ledger went, as it says nothing any more, or says nothing new but what a look at its product tells."""
    if after is None:
        return True
    if before is None:
        return False
    was, now = (ledger_document.decode(blob.body, "a ledger") for blob in (before, after))
    return was != now and msgspec.structs.replace(was, seen_as=now.seen_as, variants=now.variants) == now


def _growth(before: Mapping[str, Blob], after: Mapping[str, Blob], listed: bool) -> Iterator[str]:
    # The catalogue's own; and that no product has a code, which is remembered beside it.
    added = {path for path in after.keys() - before.keys() if not (listed and path.startswith("catalogue"))}
    added -= {path for path in added if listed and path.startswith("codes/") and NOBODYS in after[path].body}
    if added:
        yield f"new documents on quiet days: {sorted(added)}"
    for path, blob in after.items():
        # A mark names what its audit came to: another one, where that is new since the last day. A plan is of its own day.
        if (
            path in before
            and not (ledger_document.parse_path(path) and _is_forgotten_or_seen_anew(before[path], blob))
            and path not in (*MARKS, audit_shop.PLAN)
            and not path.startswith("catalogue")
            and len(blob.body) > len(before[path].body) + DIGITS
        ):
            yield f"{path} grew from {len(before[path].body)} to {len(blob.body)} bytes on quiet days"


def _plan(universe: Universe) -> Iterator[str]:
    """A day's plan names each gallery as often as its moment comes in that time, and no other."""
    blob = universe.state.blobs.get(audit_shop.PLAN)
    if blob is None:
        return
    plan, every = msgspec.json.decode(blob.body, type=audit_shop.Plan), universe.timing.audit_every
    places = filter(None, map(ledger_document.parse_path, universe.state.blobs))
    most = {place: math.ceil((plan.until - plan.after) / every) for place in places}
    for place, times in Counter((guid, gallery) for _, guid, gallery in plan.audits).items():
        if times > most.get(place, 0):
            yield f"{place} is planned {times} times in one plan, {most.get(place, 0)} at most"

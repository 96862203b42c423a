"""The daily listing of all ledgers: which folders they want files of, whose audit is due, and whether the markers are right.

Sweeps read the markers of open galleries (`state.open_galleries`) and nothing else of the ledgers. The listing is made where
something needs all of them: while the day's audit of the bucket is not done, and once a day for the audit of the shop.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gallery_sync.core import forget, ledger_document
from gallery_sync.core.ledger import reconcile_at
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.schedule import DAY
from gallery_sync.ports.storage import Listed, PreconditionFailed
from gallery_sync.state import ledgers, open_galleries
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.state.open_galleries import Marker
from gallery_sync.work import catalogue
from gallery_sync.work.audit_bucket import Place
from gallery_sync.work.audit_shop import ShopAudit
from gallery_sync.work.world import SweepWorld

COMPARED: Final = 2 * DAY
"""Seconds for which a comparison with the catalogue stands for the audits: it is made once a day, and may fail once."""


@dataclass
class Listing:
    """What the listing of all ledgers told."""

    wanting: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    stuck: list[Place] = field(default_factory=list)
    open: set[Place] = field(default_factory=set)


def list_ledgers(
    world: SweepWorld,
    markers: Mapping[Place, Marker],
    shop_audit: ShopAudit,
    is_left_alone: Callable[[str], bool],
) -> Listing:
    """Go through all ledgers by their metadata, and mend the markers. Raises StorageUnavailable.

    Galleries of a guid that `is_left_alone`, as nothing may be sent for it, have no audit, and are stuck only where a flight
    is under way. A document that cannot be read is told in the log, and left out.
    """
    now = world.clock.now()
    found = Listing(open=set(markers))
    seen: set[Place] = set()
    quiet: list[Place] = []
    shop_audit.begin_listing()
    # What the whole catalogue is compared with every day needs no audit of its own.
    is_compared = now < catalogue.compared_at(world) + COMPARED
    for listed in world.documents.list(ledger_document.PREFIX):
        place = ledger_document.parse_path(listed.path)
        if place is None:
            world.log.say(
                "ERROR", f"{listed.path} in the state bucket is no ledger: only gallery-sync may write there; delete it"
            )
            continue
        seen.add(place)
        left_alone = is_left_alone(place[0])
        says = open_galleries.listed_said(listed.metadata)
        if says is None and listed.metadata.get("live") == "0" and now > listed.updated + DAY:
            quiet.append(place)
        elif not left_alone and not (is_compared and ledgers.listed_seen(listed) is not None):
            shop_audit.meet(*place)
        for folder in ledgers.listed_folders(listed):
            found.wanting[folder].append(place)
        if _is_stuck(world, listed, now) and not (left_alone and not _flies(listed)):
            found.stuck.append(place)
        marker = markers.get(place)
        # What was written a moment ago is somebody's who is at it.
        settled = now > max(listed.updated, marker.updated if marker is not None else 0.0) + world.timing.stuck
        if says != (marker.said if marker is not None else None) and settled:
            _mend(world, place, marker, found)
    forgotten: set[Place] = set()
    # Counted is nothing but that it was looked into.
    sum(world.spread(lambda place: _forget(world, place, forgotten), quiet))
    for place in quiet:
        if place not in forgotten and not is_left_alone(place[0]):
            shop_audit.meet(*place)
    for place in set(markers) - seen:
        if now > markers[place].updated + world.timing.stuck:
            _mend(world, place, markers[place], found)
    return found


def look_into(world: SweepWorld, marker: Marker, is_left_alone: Callable[[str], bool]) -> bool:
    """Whether nobody works on a gallery whose marker says that there is work; one that is wrong is mended.

    In one that is left alone, only a flight has to be worked on. Raises StorageUnavailable.
    """
    now = world.clock.now()
    try:
        ledger = Ledgers(world.documents).read(marker.guid, marker.gallery).ledger
    except BadDocument as error:
        world.log.say("ERROR", str(error), guid=marker.guid, gallery=marker.gallery)
        return False
    at = reconcile_at(ledger)
    if not at:
        _correct(world, (marker.guid, marker.gallery), marker)
        return False
    if now <= at + world.timing.stuck or (ledger.flight is None and is_left_alone(marker.guid)):
        return False
    path = ledger_document.path(marker.guid, marker.gallery)
    listed = next((one for one in world.documents.list(path) if one.path == path), None)
    return listed is not None and _is_stuck(world, listed, now)


def _flies(listed: Listed) -> bool:
    """Whether a flight is under way there, which is finished also where nothing new may begin."""
    return listed.metadata.get("flight", "0") != "0"


def _forget(world: SweepWorld, place: Place, forgotten: set[Place]) -> int:
    """Delete a ledger that says nothing any more, and note it. Give 1, as one was looked into."""
    ledgers_of = Ledgers(world.documents)
    try:
        held = ledgers_of.read(*place)
        if forget.remembers_nothing(held.ledger, world.clock.now()):
            ledgers_of.delete(held)
            forgotten.add(place)
    except (BadDocument, PreconditionFailed):
        # It is told where it is needed; or somebody writes there, so it says something.
        return 1
    return 1


def _mend(world: SweepWorld, place: Place, marker: Marker | None, found: Listing) -> None:
    try:
        is_open = _correct(world, place, marker)
    except BadDocument:
        # The audit of the bucket tells it, and so does whoever reconciles it. That is trouble.
        is_open = True
    (found.open.add if is_open else found.open.discard)(place)


def _correct(world: SweepWorld, place: Place, marker: Marker | None) -> bool:
    """Let a marker say what its ledger says, and tell whether the gallery is open. Raises BadDocument, StorageUnavailable."""
    held = Ledgers(world.documents).read(*place)
    said = open_galleries.of_ledger(held.ledger)
    if said is not None:
        open_galleries.put(world.documents, held.ledger, held.generation)
    elif marker is not None:
        open_galleries.remove(world.documents, *place, marker.generation)
    return said is not None


def _is_stuck(world: SweepWorld, listed: Listed, now: float) -> bool:
    """Whether something is open there and its time, plus a grace, is over."""
    name, said = ledger_document.listed_reconcile_at(listed.metadata)
    try:
        reconcile_at = float(said)
    except ValueError:
        reconcile_at = math.nan
    if not math.isfinite(reconcile_at):
        world.log.say(
            "ERROR",
            f"the metadata '{name}' of {listed.path} is {said[:40]!r}, no moment: only gallery-sync may write there; "
            "set it to 1, and the gallery is reconciled",
        )
        return False
    return reconcile_at > 0 and now > max(reconcile_at, listed.updated) + world.timing.stuck

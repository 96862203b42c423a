"""What got stuck or lost: galleries that nobody works on, jobs nobody polls, files and requests nobody saw."""

import math
from collections import defaultdict
from dataclasses import dataclass

from gallery_sync.core import ledger_document, names
from gallery_sync.ports.storage import Listed
from gallery_sync.state import jobindex, ledgers, operations, paused, refusals
from gallery_sync.work.audit_bucket import Place, audit_bucket
from gallery_sync.work.audit_shop import ShopAudit
from gallery_sync.work.standstill import PAUSED, known
from gallery_sync.work.world import SweepWorld


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: galleries gone through, those it enqueued a reconcile for, jobs under way.

    `missed` are galleries that the daily audit of the bucket found not to be as the drop bucket says; `audits` those that will be
    compared with Shoptet itself, as their turn has come.
    """

    galleries: int
    rescued: int
    jobs: int
    missed: int
    audits: int


def sweep(world: SweepWorld) -> Swept:
    """Enqueue a reconcile of every gallery that is past its time, from the ledgers' listing alone; then the daily audit.

    Asks Shoptet nothing. A document that cannot be read is told in the log, and left out. Raises StorageUnavailable,
    TasksError.
    """
    now = world.clock.now()
    galleries, rescued = 0, 0
    stands = paused.is_paused(world.documents)
    if stands:
        world.log.say("WARNING", f"nothing is sent to the shop: {PAUSED}")
    only = known(world.documents, world.only_products, world.log)
    shop_audit = ShopAudit(world)
    wanting: dict[str, list[Place]] = defaultdict(list)
    for listed in world.documents.list(ledger_document.PREFIX):
        place = ledger_document.parse_path(listed.path)
        if place is None:
            world.log.say(
                "ERROR", f"{listed.path} in the state bucket is no ledger: only gallery-sync may write there; delete it"
            )
            continue
        galleries += 1
        left_alone = stands or (world.only_products and place[0] not in only)
        if not left_alone:
            shop_audit.meet(*place)
        for folder in ledgers.listed_folders(listed):
            wanting[folder].append(place)
        if _is_stuck(world, listed, now) and not (left_alone and not _flies(listed)):
            rescued += 1
            world.log.say(
                "WARNING", "nobody works on this gallery: reconciling it again", guid=place[0], gallery=place[1]
            )
            world.queue.gallery(*place, at=now)
    jobs = sum(1 for _ in jobindex.under_way(world.documents, world.log))
    if jobs:
        world.queue.poll(now)
    for operation in operations.unaccepted(world.documents, now - world.timing.stuck):
        world.log.say("WARNING", "nobody brought this request into the ledgers: doing so", operation=operation)
        world.queue.operation(operation, now)
    _look_at_refused_again(world, now)
    # Audits that are left out in a pause are made up for after it.
    audits = 0 if stands else shop_audit.enqueue()
    return Swept(galleries, rescued, jobs, audit_bucket(world, wanting, now + world.timing.run_budget), audits)


def _flies(listed: Listed) -> bool:
    """Whether a flight is under way there, which is finished also where nothing new may begin."""
    return listed.metadata.get("flight", "0") != "0"


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


def _look_at_refused_again(world: SweepWorld, now: float) -> None:
    """A product that Shoptet did not know may exist by now: folders refused for that are asked about again, ever more rarely."""
    for listed in world.documents.list(refusals.PREFIX):
        prefix, gallery = listed.metadata.get("prefix"), refusals.gallery_of(listed)
        if prefix is None or gallery is None or now <= refusals.again_at(listed):
            continue
        if isinstance(names.decode_product(prefix), names.BadProduct):
            world.log.say(
                "ERROR",
                f"{listed.path} in the state bucket names no folder: only gallery-sync may write there; delete it",
            )
            continue
        world.queue.folder(prefix, gallery, now)

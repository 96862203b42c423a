"""What got stuck or lost: galleries that nobody works on, jobs nobody polls, files and requests nobody saw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from gallery_sync.core import names
from gallery_sync.core.schedule import DAY
from gallery_sync.state import jobindex, open_galleries, operations, paused, placed, refusals
from gallery_sync.state.open_galleries import Marker
from gallery_sync.work.audit_bucket import Place, Progress, audit_bucket, begun
from gallery_sync.work.audit_galleries import list_ledgers, look_into
from gallery_sync.work.audit_requests import audit_requests, enqueue
from gallery_sync.work.audit_shop import ShopAudit
from gallery_sync.work.standstill import PAUSED, known
from gallery_sync.work.world import SweepWorld


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: galleries with work or trouble, those it enqueued a reconcile for, jobs under way.

    `missed` are galleries that the daily audit of the bucket found not to be as the drop bucket says; `audits` those that will be
    compared with Shoptet itself, as their turn has come.
    """

    galleries: int
    rescued: int
    jobs: int
    missed: int
    audits: int


def sweep(world: SweepWorld) -> Swept:
    """Enqueue a reconcile of every gallery that is past its time, from the markers of open ones; then the daily audits.

    All ledgers are listed only while one of those needs them. Asks Shoptet nothing. A document that cannot be read is told
    in the log, and left out. Raises StorageUnavailable, TasksError.
    """
    now = world.clock.now()
    stop = now + world.timing.run_budget
    stands = paused.is_paused(world.documents)
    if stands:
        world.log.say("WARNING", f"nothing is sent to the shop: {PAUSED}")
    only = tuple(sorted(known(world.documents, world.only_products, world.log))) if world.only_products else None

    def is_left_alone(guid: str) -> bool:
        return stands or (only is not None and guid not in only)

    markers = {(one.guid, one.gallery): one for one in open_galleries.all_marked(world.documents, world.log)}
    shop_audit = ShopAudit(world, only)
    came = begun(world)
    # In a pause there are no audits of the shop, so nothing has to be listed for them.
    if not came[0].done or (shop_audit.needs_all and not stands):
        listing = list_ledgers(world, markers, shop_audit, is_left_alone)
        stuck, wanting, galleries = listing.stuck, listing.wanting, len(listing.open)
    else:
        stuck, wanting, galleries = _stuck(world, markers, now, is_left_alone), {}, len(markers)
    for place in stuck:
        world.log.say("WARNING", "nobody works on this gallery: reconciling it again", guid=place[0], gallery=place[1])
        world.queue.gallery(*place, at=now)
    jobs = sum(1 for _ in jobindex.under_way(world.documents, world.log))
    if jobs:
        world.queue.poll(now)
    _go_on_with_requests(world, now)
    _look_at_refused_again(world, now)
    if came[0] == Progress(came[0].day):
        # Once a day.
        _look_at_refused_files_again(world, now)
    # Audits that are left out in a pause are made up for after it.
    audits = 0 if stands else shop_audit.enqueue()
    missed = audit_bucket(world, wanting, stop, came)
    audit_requests(world, stop)
    if any(True for _ in islice(placed.waiting(world.documents), 1)):
        # Their task was lost, or they wait for the first catalogue.
        world.queue.place()
    # Last: nothing hangs on it, so nothing of the sweep does either.
    world.queue.catalogue()
    return Swept(galleries, len(stuck), jobs, missed, audits)


def _stuck(
    world: SweepWorld, markers: Mapping[Place, Marker], now: float, is_left_alone: Callable[[str], bool]
) -> list[Place]:
    """Give the open galleries that nobody works on. One that was opened a moment ago is somebody's."""
    old = [one for one in markers.values() if one.said.work and now > one.updated + world.timing.stuck]
    found: list[Place] = []

    def look(one: Marker) -> int:
        if look_into(world, one, is_left_alone):
            found.append((one.guid, one.gallery))
        return 1

    sum(world.spread(look, old))
    return sorted(found)


def _go_on_with_requests(world: SweepWorld, now: float) -> None:
    """Have the requests that were marked a while ago brought into the ledgers; of those that were, remove the marker."""
    left: list[str] = []

    def look(operation: str) -> int:
        if operations.is_accepted(world.documents, operation):
            operations.close(world.documents, operation)
        else:
            left.append(operation)
        return 1

    sum(world.spread(look, list(operations.marked(world.documents, now - world.timing.stuck))))
    for operation in sorted(left):
        enqueue(world, operation)


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


def _look_at_refused_files_again(world: SweepWorld, now: float) -> None:
    """The event of a refused file's deletion may have been lost: whoever reconciles it sees that it is gone."""
    old = [
        listed.path
        for listed in world.documents.list(refusals.PREFIX)
        if "prefix" not in listed.metadata and now > listed.updated + DAY
    ]

    def look(path: str) -> int:
        stored = world.documents.read(path)
        refused = refusals.decode(stored.body) if stored is not None else None
        if refused is not None:
            world.queue.refused(refused.name)
        return 1

    sum(world.spread(look, old))

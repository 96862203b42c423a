"""What got stuck or lost: galleries that nobody works on, jobs nobody looks at, files and requests nobody saw."""

from dataclasses import dataclass

from gallery_sync import jobindex, ledger, operations, refusals
from gallery_sync.fulllook import full_look
from gallery_sync.ports import Listed
from gallery_sync.schedule import DAY
from gallery_sync.world import SweepWorld


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: galleries looked through, those it enqueued a look for, jobs under way.

    `missed` are galleries that the daily full look found not to be as the drop bucket says.
    """

    galleries: int
    rescued: int
    jobs: int
    missed: int


def sweep(world: SweepWorld) -> Swept:
    """Enqueue a look for every gallery that is past its time, from the ledgers' listing alone; then the daily full look.

    Asks Shoptet nothing. Raises StorageUnavailable, TasksError.
    """
    now = world.clock.now()
    galleries, rescued = 0, 0
    for listed in world.documents.list(ledger.PREFIX):
        place = ledger.parse_path(listed.path)
        if place is None:
            world.log.say(
                "WARNING", f"{listed.path} in the state bucket is no ledger: only gallery-sync may write there"
            )
            continue
        galleries += 1
        if _is_stuck(listed, now, world.timing.stuck):
            rescued += 1
            world.log.say("WARNING", "nobody works on this gallery: looking again", guid=place[0], gallery=place[1])
            world.looks.gallery(*place, at=now)
    jobs = sum(1 for _ in jobindex.under_way(world.documents))
    if jobs:
        world.looks.jobs(now)
    for operation in operations.unapplied(world.documents, now - world.timing.stuck):
        world.log.say("WARNING", "nobody brought this request into the ledgers: doing so", operation=operation)
        world.looks.operation(operation, now)
    _look_at_refused_again(world, now)
    return Swept(galleries, rescued, jobs, full_look(world))


def _is_stuck(listed: Listed, now: float, stuck: float) -> bool:
    """Whether something is open there and its time, plus a grace, is over.

    `look_at` is when somebody should look at the latest; 0 where nothing is open.
    """
    look_at = float(listed.metadata.get("look_at", "1"))
    return look_at > 0 and now > max(look_at, listed.updated) + stuck


def _look_at_refused_again(world: SweepWorld, now: float) -> None:
    """A product that Shoptet did not know may exist by now: folders refused for that are looked at again daily."""
    for listed in world.documents.list(refusals.PREFIX):
        prefix, gallery = listed.metadata.get("prefix"), refusals.gallery_of(listed)
        if prefix is not None and gallery is not None and now > listed.updated + DAY:
            world.looks.drop(prefix, gallery, now)

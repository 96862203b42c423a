"""Fetches pictures from the shop's own site, for whatever a gallery needs them.

what a request is about to delete      keep
images that nobody can explain         verify: which is which
what has landed                        verify: whether it is what was sent
"""

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.log import where_raised
from gallery_sync.ports.queue import Fetch, TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work.keep import keep
from gallery_sync.work.verify import verify
from gallery_sync.work.world import FetchWorld


def fetch(world: FetchWorld, task: Fetch) -> None:
    """Do what a gallery needs, as much as there is time for. Raises StorageUnavailable, BadDocument, TasksError.

    A mistake of our own is said, and left: a task that failed would slow the whole queue, and whatever is still open is
    enqueued again by the next reconcile.
    """
    try:
        _fetch(world, task)
    except (StorageUnavailable, BadDocument, TasksError):
        raise
    except Exception as error:  # noqa: BLE001 -- see above
        reason = f"gallery-sync itself fails at this gallery's pictures; please report it: {where_raised(error)}"
        world.log.say("ERROR", reason, code="unexpected", guid=task.guid, gallery=task.gallery)


def _fetch(world: FetchWorld, task: Fetch) -> None:
    until = world.clock.now() + world.timing.run_budget / 2
    ledger = world.ledgers.read(task.guid, task.gallery).ledger
    for intent in ledger.intents:
        if intent.keep == "due" and world.clock.now() < until:
            keep(world, ledger, intent, until)
    if world.clock.now() < until:
        verify(world, task, until)
    else:
        world.queue.fetch(task.guid, task.gallery, world.clock.now())

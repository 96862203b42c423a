"""Fetches pictures from the shop's own site, for whatever a gallery needs them.

what a request is about to delete      keep
images that nobody can explain         verify: which is which
what has landed                        verify: whether it is what was sent
"""

from gallery_sync.ports.queue import Fetch
from gallery_sync.work.keep import keep
from gallery_sync.work.verify import verify
from gallery_sync.work.world import FetchWorld


def fetch(world: FetchWorld, task: Fetch) -> None:
    """Do what a gallery needs, as much as there is time for. Raises StorageUnavailable, BadDocument, TasksError."""
    until = world.clock.now() + world.timing.run_budget / 2
    ledger = world.ledgers.read(task.guid, task.gallery).ledger
    for intent in ledger.intents:
        if intent.keep == "due" and world.clock.now() < until:
            keep(world, ledger, intent, until)
    if world.clock.now() < until:
        verify(world, task)
    else:
        world.queue.fetch(task.guid, task.gallery, world.clock.now())

"""The daily audit of the requests: all that were written down in a month, so that one without a marker is late, never lost.

A marker is written before its request (`state.operations`), so only what an earlier version wrote has none. As the audit of
the bucket it goes on where the last sweep stopped: `requests.json` in the state bucket holds the day and how far it came.
"""

from itertools import islice
from typing import Final

import msgspec

from gallery_sync.core.schedule import DAY
from gallery_sync.state import checkpoints, operations
from gallery_sync.work.world import SweepWorld

PATH: Final = "requests.json"
CHUNK: Final = 500
"""Requests between two looks at the clock; each is two to three lines of a listing."""


class Progress(msgspec.Struct, frozen=True):
    """How far the audit of a day (days since the epoch) came: the request to go on from, and whether all were seen."""

    day: int = -1
    start: str = ""
    done: bool = False


def audit_requests(world: SweepWorld, stop: float) -> None:
    """Mark and enqueue what nobody brought into the ledgers, as far as time allows (to `stop`, epoch seconds).

    Raises StorageUnavailable, TasksError.
    """
    last, generation = checkpoints.read(world.documents, PATH, Progress, world.log)
    now = world.clock.now()
    today = int(now // DAY)
    progress = last if last is not None and last.day == today else Progress(today)
    if progress.done:
        return
    requests = operations.written_down(world.documents, progress.start)
    while not progress.done and world.clock.now() < stop:
        chunk = list(islice(requests, CHUNK))
        for request in chunk:
            if not request.accepted and request.at < now - world.timing.stuck:
                operations.mark(world.documents, request.operation)
                enqueue(world, request.operation)
        # The last one is read again, which does no harm.
        progress = Progress(today, chunk[-1].operation if chunk else "", done=len(chunk) < CHUNK)
    checkpoints.write(world.documents, PATH, progress, generation)


def enqueue(world: SweepWorld, operation: str) -> None:
    """Have a request brought into the ledgers. Raises TasksError."""
    world.log.say("WARNING", "nobody brought this request into the ledgers: doing so", operation=operation)
    world.queue.operation(operation, world.clock.now())

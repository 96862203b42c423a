"""How many images went with their files in this hour, in the whole shop: `deletions.json`, one small document.

Whoever wants to delete some reserves them before. What is reserved and not deleted, as its run died, counts all the same:
it delays others by an hour at most.
"""

from typing import Final

import msgspec

from gallery_sync.core.schedule import HOUR
from gallery_sync.log import Log
from gallery_sync.ports.storage import Documents, PreconditionFailed, StorageUnavailable
from gallery_sync.state import checkpoints

PATH: Final = "deletions.json"
TRIES: Final = 10
"""How often the document is read again after others wrote it."""


class Deleted(msgspec.Struct, frozen=True):
    """How many were reserved in this hour, which is counted from the epoch."""

    hour: int
    images: int


def next_hour(now: float) -> float:
    """Give when the next hour begins (epoch seconds)."""
    return (now // HOUR + 1) * HOUR


def reserve(documents: Documents, wanted: int, most: int, now: float, log: Log) -> int:
    """Give how many of the `wanted` images may be deleted now, as at most `most` may in an hour. Raises StorageUnavailable."""
    hour = int(now // HOUR)
    for _ in range(TRIES):
        before, generation = checkpoints.read(documents, PATH, Deleted, log)
        # Another instance's clock may be in the next hour already: then that one counts.
        if before is not None and before.hour == hour + 1:
            hour = before.hour
        taken = before.images if before is not None and before.hour == hour else 0
        may = max(0, min(wanted, most - taken))
        if not may or _is_written(documents, Deleted(hour, taken + may), generation):
            return may
    raise StorageUnavailable(f"{PATH} was written by others {TRIES} times in a row")


def give_back(documents: Documents, images: int, at: float, log: Log) -> None:
    """Let others have what was reserved at that moment (epoch seconds) and not deleted. Raises StorageUnavailable."""
    for _ in range(TRIES):
        before, generation = checkpoints.read(documents, PATH, Deleted, log)
        if before is None or before.hour != int(at // HOUR):
            return
        if _is_written(documents, Deleted(before.hour, max(0, before.images - images)), generation):
            return


def _is_written(documents: Documents, deleted: Deleted, generation: int) -> bool:
    try:
        documents.write(PATH, msgspec.json.encode(deleted), generation=generation)
    except PreconditionFailed:
        return False
    return True

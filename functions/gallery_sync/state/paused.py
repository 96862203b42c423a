"""The one switch for everything: while `paused.json` is in the state bucket, nothing is sent to the shop.

What it says does not matter, only that it is there: a damaged one pauses, too.
"""

from typing import Final

import msgspec

from gallery_sync.ports.storage import Documents, PreconditionFailed

PATH: Final = "paused.json"


class Paused(msgspec.Struct, frozen=True):
    """Since when (epoch seconds), for a person who looks into the bucket."""

    since: float


def is_paused(documents: Documents) -> bool:
    """Whether nothing may be sent to the shop now. Raises StorageUnavailable."""
    return documents.read(PATH) is not None


def pause(documents: Documents, now: float) -> bool:
    """Pause; False if it was paused already. Raises StorageUnavailable."""
    try:
        documents.write(PATH, msgspec.json.encode(Paused(now)), generation=0)
    except PreconditionFailed:
        return False
    return True


def resume(documents: Documents) -> bool:
    """Go on; False if it was not paused. Raises StorageUnavailable."""
    was = is_paused(documents)
    documents.delete(PATH)
    return was

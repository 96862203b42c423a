"""Storage events as Eventarc delivers them: which object changed, and what that means. Pure."""

import re
from typing import Any, Final

import msgspec

TYPES: Final = frozenset(
    {
        "google.cloud.storage.object.v1.finalized",
        "google.cloud.storage.object.v1.deleted",
        "google.cloud.storage.object.v1.metadataUpdated",
    }
)
"""The events that change what should be shown (Eventarc, "Cloud Storage triggers")."""


# A lone surrogate: JSON can carry it, an object's name cannot, and nothing that writes UTF-8 takes it.
_HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")


class BadEvent(ValueError):
    """An event that this function is not for; says which, and what to set right. Repeating it never helps."""


class Changed(msgspec.Struct, frozen=True):
    """The object that an event is about. `size` in bytes (Google writes numbers as text)."""

    bucket: str
    name: str
    size: int = 0


def parse(event_type: str, data: Any, bucket: str) -> Changed:
    """Read an event of the drop bucket. Raises BadEvent for another type or bucket, or data that is no object's."""
    if event_type not in TYPES:
        raise BadEvent(
            f"the event's type is '{event_type}': on_drop takes finalized, deleted and metadataUpdated of objects"
        )
    try:
        changed = msgspec.convert(data, Changed, strict=False)
    except msgspec.ValidationError as error:
        raise BadEvent(f"the event's data is no storage object: {error}") from None
    if _HALF_CHARACTER.search(changed.name):
        raise BadEvent("the event's data is no storage object: its name is no UTF-8")
    if changed.bucket != bucket:
        raise BadEvent(
            f"the event is of the bucket '{changed.bucket}', the drop bucket is '{bucket}': correct the trigger"
        )
    return changed

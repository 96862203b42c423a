"""Where work that takes more than one run goes on: a small document of its own in the state bucket.

Whoever does not find it, or cannot read it, begins anew; so what is done twice must do no harm.
"""

from typing import TypeVar

import msgspec

from gallery_sync.log import Log
from gallery_sync.ports.storage import Documents, PreconditionFailed

T = TypeVar("T")


def read(documents: Documents, path: str, kind: type[T], log: Log) -> tuple[T | None, int]:
    """Give what the last run left (None: nothing that can be read), and the generation that `write` replaces."""
    stored = documents.read(path)
    if stored is None:
        return None, 0
    try:
        return msgspec.json.decode(stored.body, type=kind), stored.generation
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.say(
            "ERROR", f"{path} in the state bucket is not as gallery-sync wrote it, so its work begins anew: {error}"
        )
        return None, stored.generation


def write(documents: Documents, path: str, place: object, generation: int) -> None:
    """Leave it to the next run. Another run that wrote meanwhile did the same work: its word is as good."""
    try:
        documents.write(path, msgspec.json.encode(place), generation=generation)
    except PreconditionFailed:
        return

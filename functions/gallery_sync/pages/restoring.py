"""What requests deleted from a gallery and can come back, and having it back: the last ones, which its ledger remembers."""

import secrets
from typing import Final

from gallery_sync.core.kept import Kept
from gallery_sync.core.ledger import Ledger
from gallery_sync.http import parts
from gallery_sync.parallel import in_threads
from gallery_sync.ports.storage import Documents
from gallery_sync.state import operations, removed
from gallery_sync.work.world import BaseWorld

MOST: Final = 20
"""Requests that are looked at, the latest first; `gallery-sync restore --list` has all."""


def can_come_back(documents: Documents, ledger: Ledger) -> list[Kept]:
    """Give what was kept for the last requests of a gallery and has not come back. Raises BadDocument, StorageUnavailable."""
    asked = [one.partition("/") for one in reversed(ledger.done)]
    found = in_threads(lambda one: removed.read(documents, one[0], one[2])[0], asked[:MOST])
    here = (ledger.guid, ledger.gallery)
    return [
        kept
        for kept in found
        if kept is not None and (kept.guid, kept.gallery) == here and any(not image.restored for image in kept.images)
    ]


def restore(world: BaseWorld, kept: Kept, by: str) -> str:
    """Ask for it back, and give the operation's id. Raises StorageUnavailable, TasksError."""
    operation = parts.restoration([kept], by, secrets.token_hex(16))
    operations.begin(world.documents, operation)
    world.queue.operation(operation.id, world.clock.now())
    world.log.say(
        "INFO", f"{len(kept.images)} images come back, as a person asked", guid=kept.guid, gallery=kept.gallery, by=by
    )
    return operation.id

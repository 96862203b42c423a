"""What the page works with: the state bucket, and the queue of reconciles."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import StatusLink
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.work.world import BaseWorld

__all__ = ["page_world"]

STORAGE_SECONDS = 10.0
"""How long a call of the storage is tried again: somebody waits for the page, and can load it again."""


def page_world(settings: StatusLink, function: str) -> BaseWorld:
    """Build what the function of this name works with."""
    clock = SystemClock()
    state = storage_client(settings).bucket(settings.state_bucket)
    return BaseWorld(
        documents=BucketDocuments(state, STORAGE_SECONDS),
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log(function),
        timing=settings.timing,
    )

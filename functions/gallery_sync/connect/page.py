"""What the page works with: the buckets, and the queue of reconciles."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments, BucketDrops, BucketMoves, BucketUploads
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import StatusLink
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.work.world import PageWorld

__all__ = ["page_world"]

STORAGE_SECONDS = 10.0
"""How long a call of the storage is tried again: somebody waits for the page, and can load it again."""


def page_world(settings: StatusLink, function: str) -> PageWorld:
    """Build what the function of this name works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    state, drops = storage.bucket(settings.state_bucket), storage.bucket(settings.drop_bucket)
    return PageWorld(
        documents=BucketDocuments(state, STORAGE_SECONDS),
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log(function),
        timing=settings.timing,
        drops=BucketDrops(drops, STORAGE_SECONDS),
        uploads=BucketUploads(drops, STORAGE_SECONDS),
        moves=BucketMoves(drops, STORAGE_SECONDS),
        placing=settings.placing,
        storage=storage.api_endpoint,
    )

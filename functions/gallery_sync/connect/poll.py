"""What `poll_jobs` works with: storage, tasks and Shoptet; it signs nothing."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import PollJobs
from gallery_sync.connect.shop import shop_client
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.work.world import PollWorld

__all__ = ["poll_world"]


def poll_world(settings: PollJobs) -> PollWorld:
    """Build what `poll_jobs` works with."""
    clock = SystemClock()
    documents = BucketDocuments(storage_client(settings).bucket(settings.state_bucket))
    return PollWorld(
        documents=documents,
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("poll_jobs"),
        timing=settings.timing,
        shop=shop_client(settings, documents, clock),
    )

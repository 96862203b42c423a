"""What `sweep` works with: storage and tasks, and nothing of Shoptet's."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments, BucketDrops
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import Sweep
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.work.world import SweepWorld

__all__ = ["sweep_world"]


def sweep_world(settings: Sweep) -> SweepWorld:
    """Build what `sweep` works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    return SweepWorld(
        documents=BucketDocuments(storage.bucket(settings.state_bucket)),
        drops=BucketDrops(storage.bucket(settings.drop_bucket)),
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("sweep"),
        timing=settings.timing,
        placing=settings.placing,
        only_products=settings.only_products,
    )

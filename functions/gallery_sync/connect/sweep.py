"""What `sweep` works with: storage and tasks, and nothing of Shoptet's."""

from gallery_sync.clock import SystemClock
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.looks import connect_looks
from gallery_sync.settings import Sweep
from gallery_sync.storage import BucketDocuments, BucketDrops
from gallery_sync.world import SweepWorld

__all__ = ["sweep_world"]


def sweep_world(settings: Sweep) -> SweepWorld:
    """Build what `sweep` works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    return SweepWorld(
        documents=BucketDocuments(storage.bucket(settings.state_bucket)),
        drops=BucketDrops(storage.bucket(settings.drop_bucket)),
        looks=connect_looks(settings, clock, settings.timing),
        clock=clock,
        log=Log("sweep"),
        timing=settings.timing,
    )

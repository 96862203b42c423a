"""What `place_names` works with: storage, tasks, and what opens workbooks. Nothing of Shoptet's."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketBin, BucketDocuments, BucketDrops, BucketSent, BucketUnpacked
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import PlaceNames
from gallery_sync.connect.storage import storage_client
from gallery_sync.decoding import sheet
from gallery_sync.log import Log
from gallery_sync.work.world import PlaceWorld

__all__ = ["place_world"]


def place_world(settings: PlaceNames) -> PlaceWorld:
    """Build what `place_names` works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    drops, state = storage.bucket(settings.drop_bucket), storage.bucket(settings.state_bucket)
    return PlaceWorld(
        documents=BucketDocuments(state),
        drops=BucketDrops(drops),
        sent=BucketSent(drops, state),
        unpacked=BucketUnpacked(drops),
        bin=BucketBin(drops, state),
        sheet=sheet.cells,
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("place_names"),
        timing=settings.timing,
        placing=settings.placing,
    )

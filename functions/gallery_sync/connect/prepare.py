"""What `prepare_picture` works with: storage, tasks, and what opens pictures. Nothing of Shoptet's."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments, BucketMade, BucketSent
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import PreparePicture
from gallery_sync.connect.storage import storage_client
from gallery_sync.decoding.preparing import PicturePreparer
from gallery_sync.log import Log
from gallery_sync.work.world import PrepareWorld

__all__ = ["prepare_world"]


def prepare_world(settings: PreparePicture) -> PrepareWorld:
    """Build what `prepare_picture` works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    drops, state = storage.bucket(settings.drop_bucket), storage.bucket(settings.state_bucket)
    return PrepareWorld(
        documents=BucketDocuments(state),
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("prepare_picture"),
        timing=settings.timing,
        sent=BucketSent(drops, state),
        made=BucketMade(state),
        prepare=PicturePreparer(),
        recipe=settings.recipe,
    )

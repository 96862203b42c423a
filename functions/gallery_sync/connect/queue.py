"""What enqueues: the work queue over Cloud Tasks."""

from gallery_sync.clock import Clock
from gallery_sync.cloud.queue import Target, TaskQueue
from gallery_sync.cloud.tasks import PATIENCE_SECONDS, CloudTasks, connect
from gallery_sync.connect.settings import (
    CatalogueQueueSettings,
    FetchQueueSettings,
    PlaceQueueSettings,
    PollQueueSettings,
    PrepareQueueSettings,
    QueueSettings,
    SyncQueueSettings,
)
from gallery_sync.core.schedule import Timing

__all__ = ["work_queue"]


def work_queue(settings: QueueSettings, clock: Clock, timing: Timing, patience: float = PATIENCE_SECONDS) -> TaskQueue:
    """Build what enqueues to the queues that these settings name. `patience`: seconds that one enqueueing may take."""
    client = CloudTasks(connect(settings.cloud_tasks_emulator_host), settings.tasks_service_account, patience=patience)
    sync = Target(settings.sync_queue, settings.sync_url) if isinstance(settings, SyncQueueSettings) else None
    poll = Target(settings.poll_queue, settings.poll_url) if isinstance(settings, PollQueueSettings) else None
    catalogue = (
        Target(settings.catalogue_queue, settings.catalogue_url)
        if isinstance(settings, CatalogueQueueSettings)
        else None
    )
    fetch = Target(settings.fetch_queue, settings.fetch_url) if isinstance(settings, FetchQueueSettings) else None
    prepare = (
        Target(settings.prepare_queue, settings.prepare_url) if isinstance(settings, PrepareQueueSettings) else None
    )
    place = Target(settings.place_queue, settings.place_url) if isinstance(settings, PlaceQueueSettings) else None
    return TaskQueue(client, clock, timing, sync, poll, catalogue, fetch, prepare, place)

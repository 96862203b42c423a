"""What `webhooks` works with: it writes a request down and enqueues it, and asks nothing of Shoptet."""

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import Webhooks
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.work.world import BaseWorld

__all__ = ["webhooks_world"]

PATIENCE = 3.0
"""Seconds to write down, and to enqueue: the sender waits, and sends again."""


def webhooks_world(settings: Webhooks) -> BaseWorld:
    """Build what `webhooks` works with."""
    clock = SystemClock()
    return BaseWorld(
        documents=BucketDocuments(storage_client(settings).bucket(settings.state_bucket), PATIENCE),
        queue=work_queue(settings, clock, settings.timing, PATIENCE),
        clock=clock,
        log=Log("webhooks"),
        timing=settings.timing,
    )

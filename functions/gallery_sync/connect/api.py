"""What `galleries` and `clean_gallery` work with: storage, tasks and Shoptet, one call to it at a time."""

import secrets
import threading

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketBin, BucketDocuments, BucketDrops
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import ApiSettings
from gallery_sync.connect.shop import shop_client
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.state.placed import PlacedDrops
from gallery_sync.work.world import RequestWorld

__all__ = ["api_world"]

STORAGE_SECONDS = 15.0
"""How long a call of the storage is tried again: somebody waits for the answer, and can ask again."""
BUSY_SECONDS = 2.0
"""The same where others write the same document: the request is written down by then, and a task does the rest."""


def api_world(settings: ApiSettings, function: str) -> RequestWorld:
    """Build what the function of this name works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    state, drops = storage.bucket(settings.state_bucket), storage.bucket(settings.drop_bucket)
    documents = BucketDocuments(state, STORAGE_SECONDS, busy_seconds=BUSY_SECONDS)
    return RequestWorld(
        documents=documents,
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log(function),
        timing=settings.timing,
        # The two queues and these functions share 3 connections (docs/shoptet.md, "Limits"); a 429 all the same is retried.
        shop=shop_client(settings, documents, clock, threading.BoundedSemaphore(1)),
        drops=PlacedDrops(BucketDrops(drops, STORAGE_SECONDS), documents),
        bin=BucketBin(drops, state, STORAGE_SECONDS),
        max_attempts=settings.max_attempts,
        only_products=settings.only_products,
        new_id=lambda: secrets.token_hex(8),
    )

"""What `fetch_images` works with: storage, tasks, the shop's own site, and what opens pictures."""

from urllib.parse import urlsplit

import requests

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments, BucketRemoved, BucketSent
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import FetchImages
from gallery_sync.connect.shop import shop_client
from gallery_sync.connect.storage import storage_client
from gallery_sync.decoding.pixels import decode
from gallery_sync.log import Log
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.shoptet.originals import Originals
from gallery_sync.shoptet.transport import Timeouts
from gallery_sync.work.world import FetchWorld

__all__ = ["fetch_world"]

TIMEOUTS = Timeouts(connect=5.0, read=15.0, total=30.0)
"""Of one picture. With the file from storage (30 s) and decoding both (20 s each) it ends within the function's time."""


def fetch_world(settings: FetchImages) -> FetchWorld:
    """Build what `fetch_images` works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    drops, state = storage.bucket(settings.drop_bucket), storage.bucket(settings.state_bucket)
    documents = BucketDocuments(state)
    session = requests.Session()

    def original(address: str, name: str) -> bytes:
        try:
            pictures = Originals(session, clock, address, TIMEOUTS)
        except ValueError as error:
            raise NoOriginal(f"{error}: {urlsplit(address).hostname}") from None
        return pictures.fetch(name)

    return FetchWorld(
        documents=documents,
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("fetch_images"),
        timing=settings.timing,
        shop=shop_client(settings, documents, clock),
        sent=BucketSent(drops, state),
        removed=BucketRemoved(drops, state),
        original=original,
        decode=decode,
        verify=settings.verify,
    )

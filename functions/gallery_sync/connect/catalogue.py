"""What `read_catalogue` works with: storage, tasks and Shoptet, whose snapshot is read line by line."""

import secrets

import requests

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import ReadCatalogue
from gallery_sync.connect.shop import shop_client
from gallery_sync.connect.storage import storage_client
from gallery_sync.log import Log
from gallery_sync.shoptet.lines import Lines
from gallery_sync.work.world import CatalogueWorld

__all__ = ["catalogue_world"]


def catalogue_world(settings: ReadCatalogue) -> CatalogueWorld:
    """Build what `read_catalogue` works with."""
    clock = SystemClock()
    documents = BucketDocuments(storage_client(settings).bucket(settings.state_bucket))
    lines = Lines(requests.Session(), clock, api_url=settings.shoptet_api_url, shop_url=settings.shoptet_eshop_url)
    return CatalogueWorld(
        documents=documents,
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("read_catalogue"),
        timing=settings.timing,
        shop=shop_client(settings, documents, clock),
        lines=lines.read,
        new_id=lambda: secrets.token_hex(4),
    )

"""The local servers, shared by all cells; each cell has buckets, queues and a shop of its own."""

from collections.abc import Iterator

import pytest
import requests

from gallery_sync.cloud.tasks import connect
from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app
from infra.local.tasks import served_tasks
from tests.contract.sandbox.support import Files
from tests.faults.table.cloud import BY_URL, Cloud
from tests.faults.table.detours import Shelf


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    with (
        served(storage_app) as storage_url,
        served_tasks() as tasks,
        connect(tasks.address) as client,
        Shelf().open() as shelf,
        Files().open() as pictures,
    ):
        storage, session = local_client(storage_url), requests.Session()
        # Looking through the environment for proxies at each request would take a tenth of the time.
        session.trust_env = storage._http.trust_env = False
        pictures.files.update(BY_URL)
        yield Cloud(storage_url, storage, tasks, client, shelf, session, pictures)

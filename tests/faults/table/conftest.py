"""The local servers, shared by all cells; each cell has buckets, queues and a shop of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app
from infra.local.tasks import served_tasks
from tests.contract.sandbox.support import Files
from tests.faults.table.cloud import BY_URL, Cloud
from tests.faults.table.detours import Shelf
from tests.faults.table.inside import served_inside
from tests.faults.table.shortcut import Shortcut, tasks_client

QUIET = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
"""Google's storage client asks for each bucket in a thread of its own, and again after each 404, for the sake of traces
that nobody makes here. Where this is set, it does not."""


@contextmanager
def without_traces() -> Iterator[None]:
    before = os.environ.get(QUIET)
    os.environ[QUIET] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[QUIET]
        else:
            os.environ[QUIET] = before


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with (
        without_traces(),
        served_inside(storage_app) as server,
        served_tasks() as tasks,
        tasks_client(tasks) as client,
        Shelf().open() as shelf,
        Files().open() as pictures,
    ):
        storage, session = local_client(server.url), requests.Session()
        # Looking through the environment for proxies at each request would take a tenth of the time.
        session.trust_env = storage._http.trust_env = False
        shortcut = Shortcut(server)
        storage._http.mount("http://", shortcut)
        pictures.files.update(BY_URL)
        yield Cloud(server, storage, tasks, client, shelf, session, pictures, shortcut)

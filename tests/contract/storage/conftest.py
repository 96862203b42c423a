"""The server that the suite runs against: our own, or the one that STORAGE_EMULATOR_HOST names."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from google.cloud.storage import Bucket, Client

from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app

TIMEOUT = 10


@dataclass(frozen=True)
class Server:
    """A storage server; `ours` says whether it has control endpoints."""

    url: str
    ours: bool


@dataclass(frozen=True)
class Control:
    """Orders to our own server."""

    url: str

    def order(self, what: str, **body: Any) -> None:
        answer = requests.post(f"{self.url}/_control/{what}", json=body, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text

    def read(self, what: str) -> dict[str, int]:
        counts: dict[str, int] = requests.get(f"{self.url}/_control/{what}", timeout=TIMEOUT).json()
        return counts

    def forget(self, what: str) -> None:
        assert requests.delete(f"{self.url}/_control/{what}", timeout=TIMEOUT).status_code == 200


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    other = os.environ.get("STORAGE_EMULATOR_HOST")
    if other:
        yield Server(other.rstrip("/"), ours=False)
        return
    with served(storage_app) as url:
        yield Server(url, ours=True)


@pytest.fixture
def local(server: Server) -> Iterator[str]:
    """The URL of our own server; a test that asks for it is skipped against another."""
    if not server.ours:
        pytest.skip("needs what only the project's own storage server has (control, signBlob or strictness)")
    yield server.url
    control = Control(server.url)
    control.forget("faults")
    control.order("settings", write_interval=0)


@pytest.fixture
def control(local: str) -> Control:
    return Control(local)


@pytest.fixture(scope="session")
def make_client(server: Server) -> Callable[[], Client]:
    """Clients of their own for threads: sessions are not meant to be shared."""
    return lambda: local_client(server.url)


@pytest.fixture(scope="session")
def client(make_client: Callable[[], Client]) -> Client:
    return make_client()


@pytest.fixture
def bucket(client: Client) -> Bucket:
    """A bucket that no other test knows."""
    return client.create_bucket(f"test-{uuid.uuid4().hex[:16]}")


@pytest.fixture(scope="session")
def server_url(server: Server) -> str:
    return server.url

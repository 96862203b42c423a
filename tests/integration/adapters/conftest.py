"""The local storage, orders to it, and the adapters over buckets that no other test knows."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Bucket, Client

from gallery_sync.cloud.signing import IamSigner, UrlSigner
from gallery_sync.cloud.storage import BucketDocuments, BucketDrops, BucketOutbox
from gallery_sync.core.ledger import Content
from infra.local.serving import served
from infra.local.storage.client import LOCAL_EMAIL, local_client
from infra.local.storage.server import storage_app

TIMEOUT = 10
RETRY_SECONDS = 1.0
"""How long the adapters of these tests try again: long enough for one repetition, short enough to wait for the end."""


class Server:
    """The local storage, and what may be ordered of it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fault(self, **order: Any) -> None:
        requests.post(f"{self.url}/_control/faults", json=order, timeout=TIMEOUT).raise_for_status()

    def calls(self) -> dict[str, int]:
        counts: dict[str, int] = requests.get(f"{self.url}/_control/calls", timeout=TIMEOUT).json()
        return counts

    def forget(self) -> None:
        for what in ("faults", "calls"):
            requests.delete(f"{self.url}/_control/{what}", timeout=TIMEOUT).raise_for_status()


class FakeClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 1_750_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)


class World:
    """The adapters over a drop bucket and a state bucket."""

    _numbers = itertools.count(1)

    def __init__(self, server: Server, client: Client) -> None:
        number = next(self._numbers)
        self.server, self.client = server, client
        self.drop_bucket: Bucket = client.create_bucket(f"drops-{number}")
        self.state_bucket: Bucket = client.create_bucket(f"state-{number}")
        self.documents = BucketDocuments(self.state_bucket, RETRY_SECONDS)
        self.drops = BucketDrops(self.drop_bucket, RETRY_SECONDS)
        self.clock = FakeClock()

    def drop(self, name: str, body: bytes = b"picture", **metadata: str) -> Content:
        """Drop a file, as a person would, and give its content as a listing shows it."""
        blob = self.drop_bucket.blob(name)
        blob.metadata = metadata
        blob.upload_from_string(body)
        (file,) = self.drops.list(name)
        return Content(name, file.generation, file.checksum, file.size)

    def signer(self, url: str | None = None) -> IamSigner:
        """What signs at the local IAM, or at `url`."""
        return IamSigner(AuthorizedSession(AnonymousCredentials()), LOCAL_EMAIL, self.clock, url or self.server.url)

    def outbox(self, seconds: float = 60.0, signer: IamSigner | None = None) -> BucketOutbox:
        sign = UrlSigner(self.state_bucket, signer or self.signer(), seconds, self.server.url)
        return BucketOutbox(self.drop_bucket, self.state_bucket, sign, RETRY_SECONDS)


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    with served(storage_app) as url:
        yield Server(url)


@pytest.fixture(scope="package")
def make_client(server: Server) -> Callable[[], Client]:
    """Clients of their own for threads: each stands for an instance."""
    return lambda: local_client(server.url)


@pytest.fixture(scope="package")
def client(make_client: Callable[[], Client]) -> Client:
    return make_client()


@pytest.fixture
def world(server: Server, client: Client) -> Iterator[World]:
    yield World(server, client)
    server.forget()

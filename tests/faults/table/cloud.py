"""What all cells share, and what each may have of its own."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import requests
from google.cloud import tasks_v2
from google.cloud.storage import Bucket, Client

from gallery_sync.cloud.storage import RETRY_SECONDS
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.shop_facts import Verify
from infra.local.storage.server import STORAGE, WRITE_INTERVAL, Storage
from infra.local.tasks import QueueConfig, TasksServer
from infra.local.tasks.faults import Order
from infra.local.tasks.queue import LocalQueue
from tests.contract.sandbox.support import Files, picture
from tests.faults.table.detours import Shelf
from tests.faults.table.inside import Served, on
from tests.faults.table.shortcut import Shortcut

TIMEOUT: Final = 10
GREEN, WHITE = picture(colour="#00aa00"), picture(colour="#ffffff")
BY_URL: Final = {"green.png": GREEN, "white.png": WHITE}
"""What another system offers under its own address."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """In what a cell plays: `sandbox` are settings of it, `patience` seconds for storage and tasks to try again."""

    sandbox: dict[str, Any] = field(default_factory=dict)
    patience: float = 2.0
    storage_silence: float = 20.0
    """Seconds after which an answer of the storage's, or of IAM's, counts as not coming."""
    addon: bool = False
    webhook: bool = True
    mirror_deletes: bool = False
    signed_seconds: float = 600.0
    listing: bool = True
    """Whether the token may read the list of jobs."""
    verify: Verify | None = None
    """Whether pictures are looked at in the shop; None: nobody is there who could."""
    recipe: Recipe | None = None
    """What is done to files before they are sent; None: nothing."""
    template: str = ""
    variant_folders: bool = False
    idle: bool = True
    """Whether jobs end at the moment at which they are ordered, so that each run finds them ended."""


@dataclass(frozen=True)
class Cloud:
    """The local servers that all cells share."""

    server: Served
    """The storage."""
    storage: Client
    tasks: TasksServer
    client: tasks_v2.CloudTasksClient
    shelf: Shelf
    session: requests.Session
    """The test's own."""
    pictures: Files
    """Another system's pictures, for requests by URL."""
    shortcut: Shortcut
    """The adapter of every session that calls the storage for the package."""
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def storage_url(self) -> str:
        """Where the storage is."""
        return self.server.url

    @property
    def inside(self) -> Storage:
        """What the storage holds and has been ordered; to be touched in its thread only (`server.do`)."""
        return self.server.app[STORAGE]

    def bucket(self, name: str) -> Bucket:
        """Make a bucket. By hand: of one that it made itself, the client would verify at each 404 that it is still there."""
        self.server.do(lambda: self.inside.store.create_bucket(name))
        return self.storage.bucket(name)

    def queue(self, name: str) -> LocalQueue:
        """Make a queue of Cloud Tasks, paused."""

        def make() -> LocalQueue:
            queue = self.tasks.service.add(QueueConfig(name))
            queue.pause(True)
            return queue

        return on(self.tasks.loop, make)

    def limit(self, clock: "Ahead", patience: float) -> None:
        """Refuse a second write to one object within a second of this clock, as Cloud Storage does.

        The client's retries wait for real, so the machine's time runs faster for the limit, by as much as the client's
        patience is shorter than in a deployment. Without any patience there is no limit: the first 429 would be the end.
        """
        store = self.inside.store
        if patience:
            scale = RETRY_SECONDS / patience
            store.pace = lambda: scale * time.monotonic() + clock.ahead
        store.write_interval = WRITE_INTERVAL if patience else 0.0

    @contextmanager
    def unlimited(self) -> Iterator[None]:
        """Let a test write as often as it likes."""
        store = self.inside.store
        interval, store.write_interval = store.write_interval, 0.0
        try:
            yield
        finally:
            store.write_interval = interval

    def order_of_storage(self, **order: Any) -> None:
        """Order a fault of the storage."""
        body = json.dumps(order).encode()
        self.server.do(lambda: self.inside.control.answer("POST", "/_control/faults", body))

    def order_of_tasks(self, **order: Any) -> None:
        """Order a fault of Cloud Tasks."""
        on(self.tasks.loop, lambda: self.tasks.faults.add(msgspec.convert(order, Order)))

    def behave(self) -> None:
        """Lift every fault of storage, tasks and pictures."""
        self.pictures.files.update(BY_URL)
        self.server.do(lambda: self.inside.control.answer("DELETE", "/_control/faults", b""))
        on(self.tasks.loop, self.tasks.faults.clear)


class Ahead:
    """The clock of package and sandbox: the machine's, put forward by whoever sleeps."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        self._advance = advance
        self.ahead = 0.0

    def now(self) -> float:
        """See gallery_sync.clock.Clock."""
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        """See gallery_sync.clock.Clock."""
        if seconds > 0:
            self.ahead += seconds
            self._advance(seconds)

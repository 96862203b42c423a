"""What all cells share, and what each may have of its own."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from google.cloud import tasks_v2
from google.cloud.storage import Client

from infra.local.tasks import TasksServer
from tests.contract.sandbox.support import Files, picture
from tests.faults.table.detours import Shelf

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
    idle: bool = True
    """Whether jobs end at the moment at which they are ordered, so that each run finds them ended."""


@dataclass(frozen=True)
class Cloud:
    """The local servers that all cells share."""

    storage_url: str
    storage: Client
    tasks: TasksServer
    client: tasks_v2.CloudTasksClient
    shelf: Shelf
    session: requests.Session
    """The test's own, for orders and for looking."""
    pictures: Files
    """Another system's pictures, for requests by URL."""
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def order(self, what: str, base: str, **order: Any) -> None:
        """Order a fault of the storage or of Cloud Tasks."""
        answer = self.session.post(f"{base}/_control/{what}", json=order, timeout=TIMEOUT)
        assert answer.status_code in (200, 204), answer.text

    def behave(self) -> None:
        """Lift every fault of storage, tasks and pictures."""
        self.pictures.files.update(BY_URL)
        for base in (self.storage_url, self.tasks.control):
            self.session.delete(f"{base}/_control/faults", timeout=TIMEOUT).raise_for_status()


class Ahead:
    """The clock of package and sandbox: the machine's, put forward by whoever sleeps."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        self._advance = advance
        self._ahead = 0.0

    def now(self) -> float:
        """See gallery_sync.clock.Clock."""
        return time.time() + self._ahead

    def sleep(self, seconds: float) -> None:
        """See gallery_sync.clock.Clock."""
        if seconds > 0:
            self._ahead += seconds
            self._advance(seconds)

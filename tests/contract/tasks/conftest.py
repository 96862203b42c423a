"""A server, Google's client for it, and a worker; queues are created by the tests, each with the settings it is about."""

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import requests
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.tasks import QueueConfig, Settings, TasksServer, served_tasks

from .worker import Worker, working

LOCATION = "projects/local/locations/local"


class Cloud:
    """What a test talks to: the client, the control, and a queue of its own."""

    _numbers = itertools.count(1)

    def __init__(self, server: TasksServer, client: tasks_v2.CloudTasksClient, worker: Worker) -> None:
        self.server, self.client, self.worker = server, client, worker

    def queue(self, **settings: Any) -> str:
        """A new queue's name; the settings are QueueConfig's."""
        config = QueueConfig(f"{LOCATION}/queues/q{next(self._numbers)}", **settings)
        queue = tasks_v2.Queue(
            name=config.name,
            rate_limits={
                "max_dispatches_per_second": config.max_per_second,
                "max_concurrent_dispatches": config.max_concurrent,
            },
            retry_config={
                "max_attempts": config.max_attempts,
                "min_backoff": timedelta(seconds=config.min_backoff),
                "max_backoff": timedelta(seconds=config.max_backoff),
                "max_doublings": config.max_doublings,
                "max_retry_duration": timedelta(seconds=config.max_retry_duration),
            },
        )
        return self.client.create_queue(parent=LOCATION, queue=queue).name

    def create(
        self,
        queue: str,
        name: str | None = None,
        *,
        after: float | None = None,
        deadline: float | None = None,
        http: dict[str, Any] | None = None,
    ) -> tasks_v2.Task:
        """Create a task for the worker: `after` and `deadline` in seconds, `http` for other fields of the request."""
        task = tasks_v2.Task(http_request={"url": f"{self.worker.url}/work", **(http or {})})
        if name is not None:
            task.name = f"{queue}/tasks/{name}"
        if after is not None:
            task.schedule_time = datetime.fromtimestamp(time.time() + after, UTC)
        if deadline is not None:
            task.dispatch_deadline = timedelta(seconds=deadline)
        return self.client.create_task(parent=queue, task=task)

    def counts(self, queue: str) -> dict[str, Any]:
        """The queue's numbers."""
        queues = requests.get(f"{self.server.control}/_control/queues", timeout=5).json()["queues"]
        return next(counts for counts in queues if counts["name"] == queue)

    def until(self, queue: str, reached: Callable[[dict[str, Any]], bool], within: float = 5.0) -> dict[str, Any]:
        """The queue's numbers as soon as they are as wanted; fails after `within` seconds."""
        end = time.monotonic() + within
        while not reached(counts := self.counts(queue)):
            assert time.monotonic() < end, f"still {counts} after {within} s"
            time.sleep(0.02)
        return counts

    def attempts(self, queue: str) -> list[dict[str, Any]]:
        """The dispatch log of this queue."""
        tasks = requests.get(f"{self.server.control}/_control/tasks", timeout=5).json()["tasks"]
        return [attempt for attempt in tasks if attempt["queue"] == queue.rpartition("/")[2]]

    def fault(self, **order: Any) -> None:
        """Order a fault."""
        requests.post(f"{self.server.control}/_control/faults", json=order, timeout=5).raise_for_status()


@pytest.fixture(scope="module")
def server() -> Iterator[TasksServer]:
    # The shortest deadline, 15 s, lasts 0.3 s here; names are remembered for an hour.
    with served_tasks(settings=Settings(deadline_scale=0.02)) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: TasksServer) -> Iterator[tasks_v2.CloudTasksClient]:
    with grpc.insecure_channel(server.address) as channel:
        yield tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


@pytest.fixture
def worker() -> Iterator[Worker]:
    with working(Worker()) as worker:
        yield worker


@pytest.fixture
def cloud(server: TasksServer, client: tasks_v2.CloudTasksClient, worker: Worker) -> Iterator[Cloud]:
    yield Cloud(server, client, worker)
    requests.delete(f"{server.control}/_control/faults", timeout=5).raise_for_status()

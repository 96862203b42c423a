"""Enqueueing at the local Cloud Tasks, on good days and bad ones."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gallery_sync.cloud.tasks import CloudTasks, Task, connect
from gallery_sync.ports.queue import EnqueueFailed, QueueMissing
from infra.local.tasks import QueueConfig, TasksServer, served_tasks
from tests.contract.tasks.worker import Worker, working

QUEUE = "projects/local/locations/local/queues/sync"


class World:
    """The server, what enqueues at it, and the function that its tasks call."""

    def __init__(self, server: TasksServer, worker: Worker) -> None:
        self.server, self.worker = server, worker
        self.client = connect(server.address)
        self.tasks = CloudTasks(self.client, None, patience=2.0)

    def task(self, name: str | None = None, *, after: float = 0.0, queue: str = QUEUE) -> Task:
        return Task(queue, f"{self.worker.url}/run?a=1", b'{"guid":"g"}', time.time() + after, name, 15.0)

    def fault(self, **order: Any) -> None:
        requests.post(f"{self.server.control}/_control/faults", json=order, timeout=5).raise_for_status()

    def pending(self) -> int:
        queues = requests.get(f"{self.server.control}/_control/queues", timeout=5).json()["queues"]
        return int(queues[0]["pending"])


@pytest.fixture
def world() -> Iterator[World]:
    with working(Worker()) as worker, served_tasks([QueueConfig(QUEUE)]) as server:
        world = World(server, worker)
        with world.client:
            yield world


def test_a_task_arrives_as_it_was_enqueued(world: World) -> None:
    assert world.tasks.enqueue(world.task("a")) is True
    (hit,) = world.worker.wait(1)
    assert (hit.method, hit.path, hit.body) == ("POST", "/run?a=1", b'{"guid":"g"}')
    assert hit.headers["Content-Type"] == "application/json"
    assert hit.headers["X-CloudTasks-TaskName"] == "a"
    assert "Authorization" not in hit.headers


def test_a_task_does_not_arrive_before_its_time(world: World) -> None:
    task = world.task(after=0.5)
    world.tasks.enqueue(task)
    (hit,) = world.worker.wait(1)
    assert hit.at >= task.at


def test_a_service_account_arrives_as_a_token_for_the_url_without_its_query(world: World) -> None:
    CloudTasks(world.client, "tasks@p.iam.gserviceaccount.com").enqueue(world.task())
    (hit,) = world.worker.wait(1)
    claims = hit.headers["Authorization"].removeprefix("Bearer ").split(".")[1]
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (read["email"], read["aud"]) == ("tasks@p.iam.gserviceaccount.com", f"{world.worker.url}/run")


def test_a_name_that_was_used_makes_no_second_task(world: World) -> None:
    assert world.tasks.enqueue(world.task("a")) is True
    world.worker.wait(1)
    assert world.tasks.enqueue(world.task("a")) is False
    time.sleep(0.1)
    assert len(world.worker.hits) == 1


@pytest.mark.parametrize("code", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL"])
def test_a_failure_that_passes_is_overcome(world: World, code: str) -> None:
    world.fault(call="CreateTask", code=code, times=2)
    assert world.tasks.enqueue(world.task("a", after=60)) is True
    assert world.pending() == 1


@pytest.mark.parametrize("code", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL"])
def test_a_lost_answer_to_a_named_task_leaves_exactly_one(world: World, code: str) -> None:
    world.fault(call="CreateTask", code=code, when="after")
    # The retry finds the name used, by the first call itself.
    assert world.tasks.enqueue(world.task("a", after=60)) is False
    assert world.pending() == 1


def test_a_call_that_hangs_is_left_and_tried_again(world: World) -> None:
    world.fault(call="CreateTask", delay=30, when="after")
    started = time.monotonic()
    assert world.tasks.enqueue(world.task("a", after=60)) is False
    assert time.monotonic() - started < 2
    assert world.pending() == 1


@pytest.mark.parametrize("code", ["NOT_FOUND", "FAILED_PRECONDITION"])
def test_a_queue_that_is_refused_is_named(world: World, code: str) -> None:
    world.fault(call="CreateTask", code=code)
    with pytest.raises(QueueMissing, match=QUEUE):
        world.tasks.enqueue(world.task())


def test_a_queue_that_does_not_exist_is_named(world: World) -> None:
    with pytest.raises(QueueMissing, match=f"{QUEUE}-other .*create it"):
        world.tasks.enqueue(world.task(queue=f"{QUEUE}-other"))


def test_retries_end_in_time_and_say_what_stood_in_the_way(world: World) -> None:
    world.fault(call="CreateTask", code="UNAVAILABLE", times=1000)
    started = time.monotonic()
    with pytest.raises(EnqueueFailed, match=f"{QUEUE} .*503"):
        world.tasks.enqueue(world.task())
    assert time.monotonic() - started < 2.5


def test_a_cloud_that_is_not_there_fails_in_time() -> None:
    task = Task(QUEUE, "http://127.0.0.1:1/", b"{}", time.time(), None, 15.0)
    with connect("127.0.0.1:1") as client, pytest.raises(EnqueueFailed, match="503"):
        CloudTasks(client, None, patience=1.0).enqueue(task)


def test_a_refusal_for_good_is_not_tried_again(world: World) -> None:
    world.fault(call="CreateTask", code="PERMISSION_DENIED", times=2)
    with pytest.raises(EnqueueFailed, match="403"):
        world.tasks.enqueue(world.task())
    with pytest.raises(EnqueueFailed):
        world.tasks.enqueue(world.task())
    assert world.tasks.enqueue(world.task()) is True

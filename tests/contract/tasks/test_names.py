"""A task's name is used once, and stays used."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import grpc
import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.tasks import QueueConfig, Settings, served_tasks

from .conftest import LOCATION, Cloud


def test_a_name_is_refused_while_its_task_waits(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.create(queue, "a", after=60)
    with pytest.raises(AlreadyExists):
        cloud.create(queue, "a", after=60)


def test_a_name_is_refused_after_its_task_was_completed(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.create(queue, "a")
    cloud.until(queue, lambda counts: counts["completed"] == 1)
    with pytest.raises(NotFound):
        cloud.client.get_task(name=f"{queue}/tasks/a")
    with pytest.raises(AlreadyExists):
        cloud.create(queue, "a")
    assert len(cloud.worker.hits) == 1


def test_a_name_is_refused_after_its_task_was_deleted(cloud: Cloud) -> None:
    queue = cloud.queue()
    task = cloud.create(queue, "a", after=60)
    cloud.client.delete_task(name=task.name)
    with pytest.raises(AlreadyExists):
        cloud.create(queue, "a")


def test_a_name_is_refused_after_its_task_was_given_up(cloud: Cloud) -> None:
    cloud.worker.statuses = [500]
    queue = cloud.queue(max_attempts=1)
    cloud.create(queue, "a")
    cloud.until(queue, lambda counts: counts["given_up"] == 1)
    with pytest.raises(AlreadyExists):
        cloud.create(queue, "a")


def test_a_name_is_free_again_when_the_memory_ends() -> None:
    queue = f"{LOCATION}/queues/short"
    with (
        served_tasks([QueueConfig(queue)], settings=Settings(name_memory=0.0)) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        client.pause_queue(name=queue)
        task = tasks_v2.Task(name=f"{queue}/tasks/a", http_request={"url": "http://127.0.0.1:1/"})
        client.create_task(parent=queue, task=task)
        client.delete_task(name=task.name)
        assert client.create_task(parent=queue, task=task).name == task.name


def test_the_same_name_in_another_queue_is_another_task(cloud: Cloud) -> None:
    cloud.create(cloud.queue(), "a")
    cloud.create(cloud.queue(), "a")
    cloud.worker.wait(2)


def test_of_20_threads_that_create_one_name_exactly_one_wins(cloud: Cloud) -> None:
    queue = cloud.queue()
    barrier = Barrier(20)

    def create(_: int) -> bool:
        barrier.wait(10)
        try:
            cloud.create(queue, "race")
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        assert sorted(threads.map(create, range(20))) == [False] * 19 + [True]
    cloud.until(queue, lambda counts: counts["completed"] == 1)
    assert len(cloud.worker.hits) == 1


def test_unnamed_tasks_get_different_names(cloud: Cloud) -> None:
    queue = cloud.queue()
    names = {cloud.create(queue).name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith(f"{queue}/tasks/") for name in names)
    cloud.worker.wait(3)


@pytest.mark.parametrize("short", ["a b", "a/b", "a.b", "ž", "x" * 501])
def test_a_name_outside_the_grammar_is_refused(cloud: Cloud, short: str) -> None:
    with pytest.raises(InvalidArgument):
        cloud.create(cloud.queue(), short)


def test_the_longest_name_is_accepted(cloud: Cloud) -> None:
    cloud.create(cloud.queue(), "x" * 500)
    cloud.worker.wait(1)


def test_a_name_of_another_queue_is_refused(cloud: Cloud) -> None:
    queue, other = cloud.queue(), cloud.queue()
    task = tasks_v2.Task(name=f"{other}/tasks/a", http_request={"url": cloud.worker.url})
    with pytest.raises(InvalidArgument):
        cloud.client.create_task(parent=queue, task=task)

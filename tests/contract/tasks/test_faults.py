"""Faults on order, and the server as a process."""

import json
import signal
import subprocess
import sys
import time

import grpc
import pytest
import requests
from google.api_core.exceptions import AlreadyExists, DeadlineExceeded, ServiceUnavailable
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.tasks import parse

from .conftest import LOCATION, Cloud


def test_a_call_fails_as_often_as_ordered_before_anything_is_done(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.fault(call="CreateTask", code="UNAVAILABLE", times=2)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            cloud.create(queue, "a")
    assert cloud.counts(queue)["pending"] == 0
    cloud.create(queue, "a")
    cloud.worker.wait(1)


def test_only_the_answer_is_lost_after_the_call_was_done(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.fault(call="CreateTask", code="UNAVAILABLE", when="after")
    with pytest.raises(ServiceUnavailable):
        cloud.create(queue, "a", after=60)
    assert cloud.counts(queue)["pending"] == 1
    with pytest.raises(AlreadyExists):
        cloud.create(queue, "a")


def test_a_slow_call_meets_the_clients_own_deadline(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.fault(call="GetQueue", delay=5)
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        cloud.client.get_queue(name=queue, retry=None, timeout=0.2)
    assert time.monotonic() - started < 2


def test_duplicated_tasks_are_dispatched_twice(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.fault(duplicate=2)
    for name in "abc":
        cloud.create(queue, name)
    cloud.until(queue, lambda counts: counts["pending"] + counts["running"] == 0)
    assert sorted(hit.headers["X-CloudTasks-TaskName"] for hit in cloud.worker.hits) == ["a", "a", "b", "b", "c"]
    assert cloud.counts(queue)["completed"] == 3


def test_lost_tasks_are_never_dispatched_and_their_names_stay_used(cloud: Cloud) -> None:
    queue, other = cloud.queue(), cloud.queue()
    cloud.fault(lose=1, queue=queue.rpartition("/")[2])
    cloud.create(other, "a")
    cloud.create(queue, "a")
    cloud.create(queue, "b")
    cloud.worker.wait(2)
    time.sleep(0.1)
    assert len(cloud.worker.hits) == 2
    assert cloud.counts(queue)["lost"] == 1
    assert [attempt["name"] for attempt in cloud.attempts(queue) if attempt["lost"]] == ["a"]
    with pytest.raises(AlreadyExists):
        cloud.create(queue, "a")


def test_delayed_tasks_come_later_than_they_say_until_the_faults_are_deleted(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.fault(delay=0.4)
    task = cloud.create(queue)
    requests.delete(f"{cloud.server.control}/_control/faults", timeout=5).raise_for_status()
    (hit,) = cloud.worker.wait(1)
    assert hit.at >= task.schedule_time.timestamp() + 0.4
    assert float(hit.headers["X-CloudTasks-TaskETA"]) == pytest.approx(task.schedule_time.timestamp())
    punctual = cloud.create(queue)
    assert cloud.worker.wait(2)[1].at < punctual.schedule_time.timestamp() + 0.4


@pytest.mark.parametrize(
    "order",
    [b"{", b"{}", b'{"call":"CreateTask","code":"NO_SUCH"}', b'{"lose":1,"delay":2}', b'{"loose":1}', b'{"lose":-1}'],
)
def test_an_order_that_makes_no_sense_is_refused(cloud: Cloud, order: bytes) -> None:
    answer = requests.post(f"{cloud.server.control}/_control/faults", data=order, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_log_shows_every_attempt(cloud: Cloud) -> None:
    cloud.worker.statuses = [500, 200]
    queue = cloud.queue(min_backoff=0.01)
    cloud.create(queue, "a", http={"body": b'{"gallery":"shop"}'})
    cloud.until(queue, lambda counts: counts["completed"] == 1)
    first, second = cloud.attempts(queue)
    assert (first["name"], first["attempt"], first["status"]) == ("a", 1, 500)
    assert (second["attempt"], second["status"], second["body"]) == (2, 200, '{"gallery":"shop"}')
    assert first["scheduled"] <= first["dispatched"] <= first["answered"] <= second["dispatched"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_is_and_ends_cleanly_at_a_signal(sign: signal.Signals) -> None:
    queue = f"{LOCATION}/queues/sync"
    command = [sys.executable, "-m", "infra.local.tasks", "--port", "0", "--queue", f"{queue}:max_concurrent=2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        with grpc.insecure_channel(where["address"]) as channel:
            client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
            assert client.get_queue(name=queue).rate_limits.max_concurrent_dispatches == 2
        assert requests.get(f"{where['control']}/_control/queues", timeout=5).json()["queues"][0]["name"] == queue
        process.send_signal(sign)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, b"")


def test_a_queue_of_the_command_line_carries_its_settings() -> None:
    config = parse("projects/example.com:shop/locations/eu/queues/poll:max_concurrent=1,min_backoff=0.5")
    assert (config.name, config.max_concurrent) == ("projects/example.com:shop/locations/eu/queues/poll", 1)
    assert config.min_backoff == 0.5


@pytest.mark.parametrize("wrong", ["sync", f"{LOCATION}/queues/q:speed=1", f"{LOCATION}/queues/q:max_attempts=two"])
def test_a_queue_of_the_command_line_that_makes_no_sense_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="--queue"):
        parse(wrong)

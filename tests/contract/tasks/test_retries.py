"""How often and when a failed task is tried again, and when the whole queue slows down."""

import time

import pytest
from google.api_core.exceptions import NotFound

from infra.local.tasks import QueueConfig
from infra.local.tasks.retry import THROTTLE_FIRST, THROTTLE_MAX, Throttle, ended, pause

from .conftest import LOCATION, Cloud


def test_pauses_follow_googles_documented_example() -> None:
    config = QueueConfig(f"{LOCATION}/queues/q", min_backoff=10, max_backoff=300, max_doublings=3)
    assert [pause(config, failures) for failures in range(1, 9)] == [10, 20, 40, 80, 160, 240, 300, 300]


def test_pauses_between_attempts_grow_up_to_the_maximum(cloud: Cloud) -> None:
    cloud.worker.statuses = [500]
    queue = cloud.queue(min_backoff=0.1, max_backoff=0.4, max_attempts=5)
    cloud.create(queue)
    cloud.until(queue, lambda counts: counts["given_up"] == 1)
    for gap, expected in zip(cloud.worker.gaps, [0.1, 0.2, 0.4, 0.4], strict=True):
        assert expected <= gap < expected + 0.35  # without a maximum the last would be 0.8


def test_max_attempts_ends_it(cloud: Cloud) -> None:
    cloud.worker.statuses = [500]
    queue = cloud.queue(min_backoff=0.01, max_backoff=0.01, max_attempts=3)
    task = cloud.create(queue)
    counts = cloud.until(queue, lambda counts: counts["given_up"] == 1)
    time.sleep(0.1)
    assert len(cloud.worker.hits) == 3
    assert (counts["pending"], counts["running"], counts["completed"]) == (0, 0, 0)
    with pytest.raises(NotFound):
        cloud.client.get_task(name=task.name)


@pytest.mark.parametrize(
    ("max_attempts", "max_duration", "attempts", "seconds", "over"),
    [
        (3, 0, 2, 1e9, False),
        (3, 0, 3, 0, True),
        (3, 60, 3, 59, False),
        (3, 60, 2, 61, False),
        (3, 60, 3, 60, True),
        (-1, 0, 10**6, 1e9, False),
        (-1, 60, 10**6, 59, False),
        (-1, 60, 1, 60, True),
    ],
)
def test_a_task_ends_when_both_limits_are_reached(
    max_attempts: int, max_duration: float, attempts: int, seconds: float, over: bool
) -> None:
    config = QueueConfig(f"{LOCATION}/queues/q", max_attempts=max_attempts, max_retry_duration=max_duration)
    assert ended(config, attempts, seconds) is over


@pytest.mark.parametrize("status", [300, 302, 400, 404, 500])
def test_whatever_is_not_2xx_is_tried_again(cloud: Cloud, status: int) -> None:
    cloud.worker.statuses = [status, 204]
    queue = cloud.queue(min_backoff=0.01)
    cloud.create(queue)
    cloud.until(queue, lambda counts: counts["completed"] == 1)
    assert [attempt["status"] for attempt in cloud.attempts(queue)] == [status, 204]


def test_a_worker_that_is_not_there_is_tried_again(cloud: Cloud) -> None:
    queue = cloud.queue(min_backoff=0.01, max_attempts=2)
    cloud.create(queue, http={"url": "http://127.0.0.1:1/"})
    cloud.until(queue, lambda counts: counts["given_up"] == 1)
    assert [attempt["status"] for attempt in cloud.attempts(queue)] == [None, None]
    assert all(attempt["reason"].startswith("UNAVAILABLE") for attempt in cloud.attempts(queue))


def test_a_request_that_cannot_be_made_counts_as_a_failure(cloud: Cloud) -> None:
    queue = cloud.queue(max_attempts=1)
    cloud.create(queue, http={"headers": {"X-Own": "a\nb"}})
    cloud.until(queue, lambda counts: counts["given_up"] == 1)
    assert cloud.worker.hits == []


@pytest.mark.parametrize("status", [429, 503])
def test_an_overloaded_worker_makes_the_whole_queue_rest(cloud: Cloud, status: int) -> None:
    cloud.worker.statuses = [status, 200]
    queue = cloud.queue(min_backoff=0.01)
    cloud.create(queue)
    cloud.worker.wait(1)
    cloud.until(queue, lambda counts: counts["running"] == 0)
    cloud.create(queue)
    first, *others = cloud.worker.wait(3)
    assert all(hit.at - first.at >= THROTTLE_FIRST for hit in others)


def test_the_rest_is_as_long_as_retry_after_asks(cloud: Cloud) -> None:
    cloud.worker.statuses, cloud.worker.answer_headers = [503, 200], {"Retry-After": "1"}
    cloud.create(cloud.queue(min_backoff=0.01))
    cloud.worker.wait(2)
    assert cloud.worker.gaps[0] >= 1


def test_an_ordinary_failure_lets_the_other_tasks_go_on(cloud: Cloud) -> None:
    cloud.worker.statuses = [500, 200]
    queue = cloud.queue(min_backoff=60, max_backoff=60)
    cloud.create(queue)
    cloud.worker.wait(1)
    cloud.create(queue)
    cloud.worker.wait(2)
    assert cloud.worker.gaps[0] < THROTTLE_FIRST


def test_the_rest_doubles_up_to_its_maximum_and_is_forgotten_with_success() -> None:
    throttle, now, rests = Throttle(), 0.0, []
    for _ in range(7):
        now = throttle.until
        throttle = throttle.after(status=429, retry_after=0, now=now)
        rests.append(throttle.until - now)
    assert rests == [0.5, 1, 2, 4, THROTTLE_MAX, THROTTLE_MAX, THROTTLE_MAX]
    for _ in range(6):
        throttle = throttle.after(status=200, retry_after=0, now=throttle.until)
    assert throttle.rest == 0


def test_a_high_rate_of_errors_counts_as_overload() -> None:
    throttle = Throttle()
    for status in (200, 200, 500, 500, 500, 500, 500, 500, None):
        throttle = throttle.after(status=status, retry_after=0, now=1.0)
        assert throttle.until == 0
    assert throttle.after(status=500, retry_after=0, now=1.0).until == 1.0 + THROTTLE_FIRST

"""When a task is dispatched, what the request carries, and how many go out at a time."""

import base64
import json
import time

import pytest
from google.api_core.exceptions import InvalidArgument, NotFound

from .conftest import LOCATION, Cloud


def test_a_task_is_not_dispatched_before_its_schedule_time_and_soon_after(cloud: Cloud) -> None:
    queue = cloud.queue()
    task = cloud.create(queue, after=0.6)
    later = cloud.create(queue, after=60)
    (hit,) = cloud.worker.wait(1)
    assert task.schedule_time.timestamp() <= hit.at < task.schedule_time.timestamp() + 1
    assert cloud.counts(queue)["pending"] == 1
    assert cloud.counts(queue)["oldest_eta"] == pytest.approx(later.schedule_time.timestamp())


def test_a_schedule_time_in_the_past_means_now(cloud: Cloud) -> None:
    before = time.time()
    assert cloud.create(cloud.queue(), after=-3600).schedule_time.timestamp() >= before
    cloud.worker.wait(1)


def test_a_schedule_time_more_than_30_days_ahead_is_refused(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.create(queue, after=30 * 86400 - 60)
    with pytest.raises(InvalidArgument):
        cloud.create(queue, after=30 * 86400 + 60)


def test_the_request_carries_what_the_task_says_and_what_cloud_tasks_adds(cloud: Cloud) -> None:
    queue = cloud.queue()
    headers = {
        "X-Own": "1",
        "Content-Type": "application/json",
        "User-Agent": "mine",
        "X-CloudTasks-TaskName": "forged",
    }
    task = cloud.create(queue, "a", http={"headers": headers, "body": b'{"a":1}', "http_method": "PUT"})
    (hit,) = cloud.worker.wait(1)
    assert (hit.method, hit.path, hit.body) == ("PUT", "/work", b'{"a":1}')
    assert hit.headers["X-Own"] == "1"
    assert hit.headers["Content-Type"] == "application/json"
    assert hit.headers["User-Agent"] == "Google-Cloud-Tasks"
    assert hit.headers["X-CloudTasks-QueueName"] == queue.rpartition("/")[2]
    assert hit.headers["X-CloudTasks-TaskName"] == "a"
    assert hit.headers["X-CloudTasks-TaskRetryCount"] == "0"
    assert hit.headers["X-CloudTasks-TaskExecutionCount"] == "0"
    assert float(hit.headers["X-CloudTasks-TaskETA"]) == pytest.approx(task.schedule_time.timestamp())
    assert not {"X-CloudTasks-TaskPreviousResponse", "X-CloudTasks-TaskRetryReason", "Authorization"} & set(hit.headers)


def test_a_retry_says_what_went_before(cloud: Cloud) -> None:
    cloud.worker.statuses = [500, 404, 200]
    cloud.create(cloud.queue(min_backoff=0.01), "a")
    _, second, third = cloud.worker.wait(3)
    assert second.headers["X-CloudTasks-TaskRetryCount"] == "1"
    # Answers of 5xx are no executions.
    assert second.headers["X-CloudTasks-TaskExecutionCount"] == "0"
    assert second.headers["X-CloudTasks-TaskPreviousResponse"] == "500"
    assert second.headers["X-CloudTasks-TaskRetryReason"]
    assert third.headers["X-CloudTasks-TaskRetryCount"] == "2"
    assert third.headers["X-CloudTasks-TaskExecutionCount"] == "1"
    assert third.headers["X-CloudTasks-TaskPreviousResponse"] == "404"


def test_a_body_without_a_content_type_is_an_octet_stream_and_the_method_post(cloud: Cloud) -> None:
    cloud.create(cloud.queue(), http={"body": b"x"})
    (hit,) = cloud.worker.wait(1)
    assert (hit.method, hit.headers["Content-Type"]) == ("POST", "application/octet-stream")


@pytest.mark.parametrize(("audience", "expected"), [("https://a.example/", "https://a.example/"), ("", None)])
def test_an_oidc_token_names_account_and_audience(cloud: Cloud, audience: str, expected: str | None) -> None:
    token = {"service_account_email": "tasks@local.iam", "audience": audience}
    cloud.create(cloud.queue(), http={"oidc_token": token})
    (hit,) = cloud.worker.wait(1)
    kind, _, jwt = hit.headers["Authorization"].partition(" ")
    _, claims, signature = jwt.split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (kind, signature) == ("Bearer", "")
    assert read["email"] == "tasks@local.iam"
    assert read["aud"] == (expected or f"{cloud.worker.url}/work")


def test_never_more_than_max_concurrent_dispatches_and_as_many(cloud: Cloud) -> None:
    cloud.worker.seconds = 0.1
    queue = cloud.queue(max_concurrent=2)
    for _ in range(8):
        cloud.create(queue)
    cloud.until(queue, lambda counts: counts["completed"] == 8)
    assert cloud.worker.peak == 2


def test_max_dispatches_per_second_after_the_first_burst(cloud: Cloud) -> None:
    queue = cloud.queue(max_per_second=5)
    for _ in range(10):
        cloud.create(queue)
    hits = cloud.worker.wait(10)
    # A bucket of five, then five a second: the tenth comes a second after the first, no sooner.
    assert 0.9 <= hits[9].at - hits[0].at < 2
    assert hits[4].at - hits[0].at < 0.5


def test_a_worker_slower_than_the_dispatch_deadline_is_tried_again(cloud: Cloud) -> None:
    cloud.worker.seconds = 1.0
    queue = cloud.queue(min_backoff=0.01)
    cloud.create(queue, deadline=15)  # 0.3 s here
    first, second = cloud.worker.wait(2)[:2]
    assert 0.3 <= second.at - first.at < 1.0
    assert second.headers["X-CloudTasks-TaskRetryReason"] == "DEADLINE_EXCEEDED"
    assert "X-CloudTasks-TaskPreviousResponse" not in second.headers
    cloud.client.purge_queue(name=queue)


@pytest.mark.parametrize("seconds", [0.5, 14.9, 1800.1])
def test_a_dispatch_deadline_outside_15_seconds_to_30_minutes_is_refused(cloud: Cloud, seconds: float) -> None:
    with pytest.raises(InvalidArgument):
        cloud.create(cloud.queue(), deadline=seconds)


def test_the_dispatch_deadline_defaults_to_10_minutes(cloud: Cloud) -> None:
    assert cloud.create(cloud.queue()).dispatch_deadline.total_seconds() == 600
    cloud.worker.wait(1)


def test_a_task_for_a_missing_queue_is_refused(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        cloud.create(f"{LOCATION}/queues/none")


@pytest.mark.parametrize(
    "http",
    [
        {"body": b"x" * (1024 * 1024)},
        {"url": "ftp://127.0.0.1/"},
        {"url": "http://127.0.0.1/" + "x" * 2083},
        {"http_method": "GET", "body": b"x"},
        {"headers": {"X-Long": "x" * 80 * 1024}},
        {"oidc_token": {"audience": "https://a.example/"}},
    ],
    ids=["too large", "scheme", "long url", "body of a GET", "long headers", "token without account"],
)
def test_a_request_that_google_would_refuse_is_refused(cloud: Cloud, http: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        cloud.create(cloud.queue(), http=http)

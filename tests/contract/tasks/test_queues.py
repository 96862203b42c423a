"""The calls that look after queues and tasks."""

import time
from datetime import timedelta

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    MethodNotImplemented,
    NotFound,
)
from google.cloud import tasks_v2

from .conftest import LOCATION, Cloud


def test_a_new_queue_has_googles_defaults(cloud: Cloud) -> None:
    queue = cloud.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=f"{LOCATION}/queues/defaults"))
    assert queue.state == tasks_v2.Queue.State.RUNNING
    assert (queue.rate_limits.max_dispatches_per_second, queue.rate_limits.max_concurrent_dispatches) == (500, 1000)
    assert (queue.retry_config.max_attempts, queue.retry_config.max_doublings) == (100, 16)
    assert queue.retry_config.min_backoff == timedelta(seconds=0.1)
    assert queue.retry_config.max_backoff == timedelta(hours=1)


def test_an_existing_queue_is_not_created_again(cloud: Cloud) -> None:
    queue = cloud.queue()
    with pytest.raises(AlreadyExists):
        cloud.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=queue))


@pytest.mark.parametrize(
    "queue",
    [
        tasks_v2.Queue(name=f"{LOCATION}/queues/under_score"),
        tasks_v2.Queue(name="projects/other/locations/local/queues/q"),
        tasks_v2.Queue(name=f"{LOCATION}/queues/fast", rate_limits={"max_dispatches_per_second": 501}),
        tasks_v2.Queue(name=f"{LOCATION}/queues/wide", rate_limits={"max_concurrent_dispatches": 5001}),
        tasks_v2.Queue(name=f"{LOCATION}/queues/never", retry_config={"max_attempts": -2}),
        tasks_v2.Queue(name=f"{LOCATION}/queues/back", retry_config={"max_backoff": timedelta(seconds=0.05)}),
    ],
    ids=lambda queue: queue.name.rpartition("/")[2],
)
def test_a_queue_outside_googles_limits_is_refused(cloud: Cloud, queue: tasks_v2.Queue) -> None:
    with pytest.raises(InvalidArgument):
        cloud.client.create_queue(parent=LOCATION, queue=queue)


def test_update_touches_only_what_the_mask_names(cloud: Cloud) -> None:
    queue = cloud.queue(max_concurrent=7, max_attempts=3)
    asked = tasks_v2.Queue(name=queue, retry_config={"max_attempts": 9})
    updated = cloud.client.update_queue(queue=asked, update_mask={"paths": ["retry_config.max_attempts"]})
    assert (updated.retry_config.max_attempts, updated.rate_limits.max_concurrent_dispatches) == (9, 7)
    assert cloud.client.get_queue(name=queue) == updated
    with pytest.raises(InvalidArgument):
        cloud.client.update_queue(queue=asked, update_mask={"paths": ["retry_config.tries"]})


def test_update_without_a_mask_sets_everything_and_creates_what_is_missing(cloud: Cloud) -> None:
    queue = cloud.queue(max_concurrent=7)
    updated = cloud.client.update_queue(queue=tasks_v2.Queue(name=queue, retry_config={"max_attempts": 9}))
    assert (updated.retry_config.max_attempts, updated.rate_limits.max_concurrent_dispatches) == (9, 1000)
    assert cloud.client.update_queue(queue=tasks_v2.Queue(name=f"{queue}-new")).name == f"{queue}-new"


def test_a_paused_queue_takes_tasks_and_dispatches_them_when_it_is_resumed(cloud: Cloud) -> None:
    queue = cloud.queue()
    assert cloud.client.pause_queue(name=queue).state == tasks_v2.Queue.State.PAUSED
    cloud.create(queue)
    time.sleep(0.2)
    assert cloud.counts(queue)["pending"] == 1
    assert cloud.worker.hits == []
    assert cloud.client.resume_queue(name=queue).state == tasks_v2.Queue.State.RUNNING
    cloud.worker.wait(1)


def test_a_purge_deletes_every_task_and_nothing_that_comes_later(cloud: Cloud) -> None:
    queue = cloud.queue()
    for _ in range(3):
        cloud.create(queue, after=0.2)
    assert cloud.client.purge_queue(name=queue).purge_time is not None
    assert list(cloud.client.list_tasks(parent=queue)) == []
    cloud.create(queue, after=0.3)
    cloud.until(queue, lambda counts: counts["completed"] == 1)
    assert len(cloud.worker.hits) == 1


def test_a_deleted_queue_is_gone_with_its_tasks_and_its_name_stays_used(cloud: Cloud) -> None:
    queue = cloud.queue()
    task = cloud.create(queue, after=0.1)
    cloud.client.delete_queue(name=queue)
    for call in (cloud.client.get_queue, cloud.client.delete_queue, cloud.client.purge_queue, cloud.client.pause_queue):
        with pytest.raises(NotFound):
            call(name=queue)
    with pytest.raises(NotFound):
        cloud.client.get_task(name=task.name)
    with pytest.raises(FailedPrecondition):
        cloud.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=queue))
    time.sleep(0.2)
    assert cloud.worker.hits == []


def test_tasks_are_listed_page_by_page_without_their_bodies(cloud: Cloud) -> None:
    queue = cloud.queue()
    names = {cloud.create(queue, f"t{number}", after=60, http={"body": b"x"}).name for number in range(7)}
    pages = list(cloud.client.list_tasks(request={"parent": queue, "page_size": 3}).pages)
    assert [len(page.tasks) for page in pages] == [3, 3, 1]
    assert {task.name for page in pages for task in page.tasks} == names
    assert not any(task.http_request.body for page in pages for task in page.tasks)


def test_queues_are_listed_page_by_page(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.queue()
    pages = list(cloud.client.list_queues(request={"parent": LOCATION, "page_size": 2}).pages)
    names = [queue.name for page in pages for queue in page.queues]
    assert len(names) >= 3
    assert all(len(page.queues) <= 2 for page in pages)
    assert len(set(names)) == len(names)


def test_the_full_view_shows_body_and_token_settings(cloud: Cloud) -> None:
    token = {"service_account_email": "tasks@local.iam", "audience": "https://a.example/"}
    task = cloud.create(cloud.queue(), after=60, http={"body": b"x", "oidc_token": token})
    full = cloud.client.get_task(request={"name": task.name, "response_view": tasks_v2.Task.View.FULL})
    assert full.http_request.body == b"x"
    assert full.http_request.oidc_token.audience == "https://a.example/"
    assert cloud.client.get_task(name=task.name).http_request.body == b""


def test_a_failed_task_shows_its_attempts(cloud: Cloud) -> None:
    cloud.worker.statuses = [404]
    queue = cloud.queue(min_backoff=60, max_backoff=60)
    task = cloud.create(queue)
    cloud.worker.wait(1)
    cloud.until(queue, lambda counts: counts["running"] == 0)
    shown = cloud.client.get_task(name=task.name)
    assert (shown.dispatch_count, shown.response_count) == (1, 1)
    assert shown.last_attempt.response_status.code == 5  # NOT_FOUND
    assert shown.schedule_time.timestamp() >= time.time() + 55


def test_a_task_is_run_at_once_even_in_a_paused_queue(cloud: Cloud) -> None:
    queue = cloud.queue()
    cloud.client.pause_queue(name=queue)
    task = cloud.create(queue, after=60)
    assert cloud.client.run_task(name=task.name).dispatch_count == 1
    cloud.worker.wait(1)
    cloud.until(queue, lambda counts: counts["completed"] == 1)
    with pytest.raises(NotFound):
        cloud.client.run_task(name=task.name)


def test_a_task_deleted_while_it_runs_is_not_tried_again(cloud: Cloud) -> None:
    cloud.worker.statuses, cloud.worker.seconds = [500], 0.2
    queue = cloud.queue(min_backoff=0.01)
    task = cloud.create(queue)
    cloud.worker.wait(1)
    cloud.client.delete_task(name=task.name)
    cloud.until(queue, lambda counts: counts["running"] == 0)
    time.sleep(0.1)
    assert len(cloud.worker.hits) == 1


def test_what_this_server_does_not_know_is_said_so(cloud: Cloud) -> None:
    queue = cloud.queue()
    with pytest.raises(MethodNotImplemented):
        cloud.client.create_task(parent=queue, task=tasks_v2.Task(app_engine_http_request={"relative_uri": "/"}))
    with pytest.raises(MethodNotImplemented):
        cloud.client.list_queues(request={"parent": LOCATION, "filter": "state: PAUSED"}).queues  # noqa: B018

"""`poll_jobs`, called as Cloud Tasks calls it."""

import time
from collections.abc import Iterator, Mapping

import pytest
import requests

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.state import jobindex
from gallery_sync.state.jobindex import IndexedJob
from infra.local.storage.client import local_client

from .conftest import TIMEOUT, Forks, Function, Queues, running

JOB = IndexedJob("3ax1844", "92ca3575-7481-11e8-8216-002590dad85e", "shop", "flight-1", time.time())


@pytest.fixture(scope="module")
def poll_jobs(
    settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[Function]:
    with running("poll_jobs", settings, tmp_path_factory.mktemp("logs"), forks) as function:
        yield function
        assert "Traceback" not in function.written()


@pytest.fixture
def documents(settings: Mapping[str, str]) -> Iterator[BucketDocuments]:
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    yield documents
    jobindex.remove(documents, JOB.job_id)


@pytest.mark.parametrize("body", [b"{}", b"", b"{not json", b"\xff"])
def test_without_jobs_nothing_is_asked_whatever_the_body(poll_jobs: Function, queues: Queues, body: bytes) -> None:
    with poll_jobs.logging() as lines:
        assert poll_jobs.post(body).status_code == 204
    assert (lines, queues.tasks(queues.poll), queues.tasks(queues.sync)) == ([], [], [])


def test_a_shop_that_is_too_busy_is_told_and_asked_again_when_it_says(
    poll_jobs: Function, queues: Queues, documents: BucketDocuments
) -> None:
    jobindex.add(documents, JOB)
    with poll_jobs.logging() as lines:
        assert poll_jobs.post(b"{}").status_code == 204
    assert [line["severity"] for line in lines] == ["WARNING"]
    (task,) = queues.tasks(queues.poll)
    assert 3500 < task.schedule_time.timestamp() - time.time() < 3700


def test_a_storage_that_refuses_is_told_in_one_line_and_the_task_comes_again(
    poll_jobs: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    order = {"kind": "objects.list", "status": 403}
    requests.post(
        f"{settings['STORAGE_EMULATOR_HOST']}/_control/faults", json=order, timeout=TIMEOUT
    ).raise_for_status()
    with poll_jobs.logging() as lines:
        assert poll_jobs.post(b"{}").status_code == 503
    (line,) = lines
    assert (line["severity"], line["message"]) == ("ERROR", "Cloud Storage did not list jobs/: Forbidden 403")
    assert queues.tasks(queues.poll) == []

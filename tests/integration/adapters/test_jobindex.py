"""The index of jobs under way: one listing shows all, and a detail is counted before it is asked."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud.storage import Client

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.state import jobindex
from gallery_sync.state.jobindex import IndexedJob
from tests.unit.core.build import Lines

from .conftest import World

JOB = IndexedJob("3ax1844", "92ca3575-7481-11e8-8216-002590dad85e", "shop360", "flight-1", 1_750_000_000.125)


def test_the_jobs_under_way_are_shown_by_one_listing(world: World) -> None:
    other = dataclasses.replace(JOB, job_id="odd/id ž.json", gallery="shop")
    jobindex.add(world.documents, JOB)
    jobindex.add(world.documents, other)
    world.server.forget()
    assert {job for job, _ in jobindex.under_way(world.documents)} == {JOB, other}
    assert world.server.calls() == {"objects.list": 1}


def test_a_job_that_is_entered_already_stays_as_it_is(world: World) -> None:
    jobindex.add(world.documents, JOB)
    jobindex.add(world.documents, dataclasses.replace(JOB, flight="flight-2"))
    assert jobindex.find(world.documents, JOB.job_id) == JOB


def test_one_job_is_found_and_not_another_whose_id_begins_so(world: World) -> None:
    jobindex.add(world.documents, dataclasses.replace(JOB, job_id="3ax1844.json0"))
    assert jobindex.find(world.documents, "3ax1844") is None
    jobindex.add(world.documents, JOB)
    assert jobindex.find(world.documents, "3ax1844") == JOB


def test_a_settled_job_is_removed_once_or_twice(world: World) -> None:
    jobindex.add(world.documents, JOB)
    jobindex.remove(world.documents, JOB.job_id)
    jobindex.remove(world.documents, JOB.job_id)
    assert list(jobindex.under_way(world.documents)) == []


def test_a_detail_is_counted(world: World) -> None:
    jobindex.add(world.documents, JOB)
    ((job, generation),) = jobindex.under_way(world.documents)
    assert jobindex.count_ask(world.documents, job, generation) is True
    assert jobindex.find(world.documents, JOB.job_id) == dataclasses.replace(JOB, asked=1)


def test_of_runs_that_count_at_the_same_time_one_asks(world: World, make_client: Callable[[], Client]) -> None:
    jobindex.add(world.documents, JOB)
    ((job, generation),) = jobindex.under_way(world.documents)
    stores = [BucketDocuments(make_client().bucket(world.state_bucket.name)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        asking = list(pool.map(lambda documents: jobindex.count_ask(documents, job, generation), stores))
    assert sum(asking) == 1


def test_a_count_whose_answer_was_lost_was_counted_once(world: World) -> None:
    jobindex.add(world.documents, JOB)
    ((job, generation),) = jobindex.under_way(world.documents)
    world.server.fault(kind="objects.insert", reset=True, when="after")
    assert jobindex.count_ask(world.documents, job, generation) is True
    assert jobindex.find(world.documents, JOB.job_id) == dataclasses.replace(JOB, asked=1)


def test_a_job_that_was_settled_meanwhile_is_not_asked(world: World) -> None:
    jobindex.add(world.documents, JOB)
    ((job, generation),) = jobindex.under_way(world.documents)
    jobindex.remove(world.documents, JOB.job_id)
    assert jobindex.count_ask(world.documents, job, generation) is False
    assert list(jobindex.under_way(world.documents)) == []


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"gallery": "attic", "guid": "g", "flight": "f", "started": "1", "asked": "0"},
        {"gallery": "shop", "guid": "g", "flight": "f", "started": "1"},
        {"gallery": "shop", "guid": "g", "flight": "f", "started": "soon", "asked": "0"},
    ],
)
def test_what_is_no_entry_is_told_and_keeps_no_job_waiting(world: World, metadata: dict[str, str]) -> None:
    world.documents.write("jobs/0-stray.json", b"{}", generation=0, metadata=metadata)
    jobindex.add(world.documents, JOB)
    lines = Lines()
    assert [job for job, _ in jobindex.under_way(world.documents, lines.log)] == [JOB]
    (line,) = lines.read
    assert line["severity"] == "ERROR"
    assert line["message"] == (
        "jobs/0-stray.json in the state bucket is not an entry of a job: only gallery-sync may write there; delete it"
    )
    assert [job for job, _ in jobindex.under_way(world.documents)] == [JOB]
    assert jobindex.find(world.documents, "0-stray") is None

"""What looking at the jobs costs: one list for all that are under way, and never an 11th detail of an unfinished one."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gallery_sync.state import jobindex
from gallery_sync.state.jobindex import IndexedJob
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import Place, opened

MANY = 200
NEARLY_THREE_HOURS = 2.9 * 3600.0
FOUR_HOURS = 4 * 3600.0


@contextmanager
def under_way(cloud: Cloud, galleries: int, *, listing: bool = True) -> Iterator[Place]:
    """Give a place in which so many galleries have a job under way that never ends by itself."""
    guids = [str(uuid.UUID(int=number + 1)) for number in range(galleries)]
    products = [{"guid": guid, "name": f"P{n}", "code": f"P{n}"} for n, guid in enumerate(guids)]
    around = Circumstances(sandbox={"products": products, "jobs_at_once": 1}, listing=listing, idle=False)
    with opened(cloud, around) as place:
        place.api.fault("images.insert", "job_never_ends", times=galleries)
        for number, guid in enumerate(guids):
            job = place.api.insert(guid, {"sourceUrl": "http://127.0.0.1:1/a.png"})
            started = place.clock.now()
            jobindex.add(place.world.documents, IndexedJob(job, guid, "shop", f"flight-{number}", started))
        place.api.control("DELETE", "calls")
        place.queue.poll(place.clock.now())
        yield place


def look_until(place: Place, seconds: float) -> None:
    """Let the platform work until so many seconds have passed."""
    end = place.clock.now() + seconds
    while (waiting := place.tasks()) and waiting[0].schedule_time.timestamp() < end:
        place.step()


def lists(cloud: Cloud, galleries: int) -> int:
    with under_way(cloud, galleries) as place:
        look_until(place, NEARLY_THREE_HOURS)
        assert len(place.documents(jobindex.PREFIX)) == galleries
        assert place.calls("jobs.detail") == 0
        assert place.tasks(), "nobody will look again"
        return place.calls("jobs.list")


def test_two_hundred_galleries_under_way_cost_the_same_lists_as_one(cloud: Cloud) -> None:
    one, many = lists(cloud, 1), lists(cloud, MANY)
    assert 20 <= one <= 100
    # When a look begins depends on the second at which the first was asked for.
    assert abs(many - one) <= 3


@pytest.mark.parametrize("fault", ["", "reset_after", "truncated", "cut_json", "status", "timeout", "html"])
def test_without_the_list_no_job_is_asked_about_more_than_ten_times(cloud: Cloud, fault: str) -> None:
    galleries = 3
    with under_way(cloud, galleries, listing=False) as place:
        if fault:
            # The answer is lost each time, after Shoptet has counted the request.
            place.api.fault("jobs.detail", fault, times=10_000, work=True, delay=0.3 if fault == "timeout" else 0.0)
        look_until(place, FOUR_HOURS)
        counts = place.api.control("GET", "calls")
        asked = counts["details_before_end"]
        assert len(asked) == galleries
        assert all(3 <= times <= 10 for times in asked.values()), asked
        assert "403" not in counts["answers"].get("jobs.detail", {})
        assert place.documents(jobindex.PREFIX) == [], "after 3 hours a job without an end has failed"
        assert "grant this token" in "\n".join(place.errors())

"""A new image counts as an insertion's only if it was changed while the job ran: a person may add one with our number."""

import pytest

from gallery_sync.core.ledger import Flight
from gallery_sync.core.match import inserted
from tests.unit.core.build import GIVEN, KEPT, img, insertion, key, replace

A, B = key("a.jpg"), key("b.jpg")
CREATED, COMPLETED = "2024-07-01T14:00:00+0200", "2024-07-01T12:01:00+0000"
"""A minute apart, in two zones."""

JOB = insertion({"a.jpg": 100, "b.jpg": 200}, job_created=CREATED, job_completed=COMPLETED)
BEFORE, AMONG, SOON, LATE = (f"2024-07-01T{time}+0000" for time in ("11:59:59", "12:00:30", "12:01:10", "12:01:11"))


def is_ours(flight: Flight, change_time: str | None) -> bool:
    return A in inserted(flight, [img("1.jpg", 100, change_time=change_time), img("2.jpg", 200)], (), KEPT).found


@pytest.mark.parametrize(
    ("change_time", "ours"),
    [
        pytest.param(BEFORE, False, id="before the job was created"),
        pytest.param(CREATED, True, id="in the second of its creation"),
        pytest.param(AMONG, True, id="while it ran"),
        pytest.param(COMPLETED, True, id="in the second of its completion"),
        pytest.param(SOON, True, id="a little later"),
        pytest.param(LATE, False, id="later"),
        pytest.param(None, True, id="nobody says when"),
        pytest.param("yesterday", True, id="nobody can read when"),
    ],
)
def test_an_image_with_our_number_is_ours_if_it_was_changed_while_the_job_ran(
    change_time: str | None, ours: bool
) -> None:
    assert is_ours(JOB, change_time) is ours


@pytest.mark.parametrize(("change_time", "ours"), [(BEFORE, False), (CREATED, True), (LATE, True)])
def test_as_long_as_nobody_says_when_the_job_ended_it_may_still_run(change_time: str, ours: bool) -> None:
    assert is_ours(replace(JOB, job_completed=None), change_time) is ours


@pytest.mark.parametrize(("change_time", "ours"), [(BEFORE, True), (SOON, True), (LATE, False)])
def test_without_the_jobs_creation_only_its_end_can_speak_against_an_image(change_time: str, ours: bool) -> None:
    assert is_ours(replace(JOB, job_created=None), change_time) is ours


@pytest.mark.parametrize(("change_time", "matched"), [(AMONG, True), (BEFORE, False), (LATE, False)])
def test_renumbered_images_are_matched_by_order_only_if_each_was_changed_while_the_job_ran(
    change_time: str, matched: bool
) -> None:
    listing = [img("1.jpg", 1, change_time=AMONG), img("2.jpg", 2, change_time=change_time)]
    assert bool(inserted(JOB, listing, (), GIVEN).found) is matched

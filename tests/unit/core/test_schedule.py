"""When things happen: windows, the pauses between tries, the looks at the jobs."""

import math
import re
from dataclasses import asdict
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core import schedule
from gallery_sync.core.schedule import Timing, slot
from tests.unit.core.build import NOW, TIMING

moments = st.floats(NOW - 1e6, NOW + 1e6)
windows = st.sampled_from([0.05, 0.1, 0.5, 2.0, 3.3, 5.0, 60.0])


def test_the_durations_are_in_the_order_that_makes_a_lost_answer_judgeable() -> None:
    read_timeout = 30.0
    assert read_timeout < TIMING.send_within + read_timeout < TIMING.function_timeout
    assert TIMING.run_budget + TIMING.send_within + read_timeout <= TIMING.function_timeout
    assert TIMING.function_timeout < TIMING.dispatch_deadline < TIMING.grace


def test_signed_urls_outlive_the_grace_and_every_job_and_iams_ceiling_outlives_them() -> None:
    assert TIMING.grace < TIMING.job_lost < TIMING.signed_url <= 12 * schedule.HOUR


def test_a_job_is_given_up_within_the_hour_after_the_3_hours_that_shoptet_takes_to_mark_it_failed() -> None:
    assert 3 * 3600 + TIMING.clock_margin <= TIMING.job_lost <= 4 * 3600


def test_a_code_is_believed_for_a_day_and_a_gallery_is_compared_with_shoptet_every_28_days() -> None:
    assert (TIMING.code_valid, TIMING.audit_every) == (86_400, 28 * 86_400)


def test_an_unknown_product_is_asked_about_after_10_minutes_first_and_four_times_a_day_at_last() -> None:
    assert [schedule.next_question(tries, TIMING) for tries in (1, 2, 6, 7, 10_000)] == [
        600,
        1200,
        19_200,
        21_600,
        21_600,
    ]


def test_requests_and_jobs_records_live_30_days_and_what_ended_is_forgotten_a_day_later() -> None:
    assert (schedule.OPERATION_KEPT, schedule.JOB_KEPT, schedule.FORGET_AFTER) == (2_592_000, 2_592_000, 2_678_400)


@pytest.mark.parametrize(
    ("age", "seconds"),
    [(-5, 60), (960, 60), (1_600, 100), (1_608, 100.5), (57_600, 3_600), (57_616, 3_600), (1e9, 3_600)],
)
def test_settling_that_fails_each_time_is_told_again_ever_more_rarely(age: float, seconds: float) -> None:
    assert schedule.unsettled(age, TIMING) == seconds


@pytest.mark.parametrize(
    ("age", "seconds"), [(0, 120), (240, 120), (301, 150.5), (3_600, 1_800), (7_200, 3_600), (1e9, 3_600)]
)
def test_what_a_folder_left_behind_is_looked_for_ever_more_rarely(age: float, seconds: float) -> None:
    assert schedule.next_left_behind(age, TIMING) == seconds


def test_a_job_that_ended_is_settled_again_before_the_reconcile_counts_as_stuck() -> None:
    assert TIMING.settle_again < TIMING.stuck


NOT_SCALED = {"signed_url", "function_timeout", "dispatch_deadline", "job_lost", "code_valid", "clock_margin"} | {
    "audit_every"
}


@given(st.floats(0.001, 10))
def test_a_scaled_timing_keeps_the_order_of_its_durations(factor: float) -> None:
    plain, scaled = asdict(TIMING), asdict(TIMING.scaled(factor))
    for one, other in combinations(plain.keys() - NOT_SCALED, 2):
        assert (plain[one] < plain[other]) == (scaled[one] < scaled[other])
    assert {name: scaled[name] for name in NOT_SCALED} == {name: plain[name] for name in NOT_SCALED}


def test_a_scaled_timing_is_as_many_times_as_long() -> None:
    assert TIMING.scaled(0.1).second_listing == pytest.approx(12)
    assert TIMING.scaled(1.0) == TIMING


@given(moments, moments, windows)
def test_who_asks_within_one_window_asks_for_the_same_task_and_in_another_for_another(
    one: float, other: float, window: float
) -> None:
    same = one // window == other // window
    assert (slot("look", "A/shop", one, window, 2) == slot("look", "A/shop", other, window, 2)) == same
    assert (slot("look", "A/shop", one, window, 2).name == slot("look", "A/shop", other, window, 2).name) == same


@given(moments, windows, st.floats(0.01, 5))
def test_a_windows_task_runs_after_everything_that_asked_for_it_and_soon(
    when: float, window: float, skew: float
) -> None:
    assert when < slot("look", "A/shop", when, window, skew).at <= when + window + skew + 1e-6


@given(moments, windows)
def test_other_subjects_kinds_and_windows_are_other_tasks(when: float, window: float) -> None:
    names = {
        slot("look", "A/shop", when, window, 2).name,
        slot("look", "A/shop360", when, window, 2).name,
        slot("jobs", "A/shop", when, window, 2).name,
        slot("look", "A/shop", when, window * 2, 2).name,
    }
    assert len(names) == 4


@given(st.text(), moments)
def test_a_tasks_name_is_one_that_cloud_tasks_takes(subject: str, when: float) -> None:
    assert re.fullmatch(r"look-[0-9a-f]{40}", slot("look", subject, when, 5, 2).name)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (9, 3600), (10_000, 3600)]
)
def test_pauses_double_up_to_an_hour(attempts: int, seconds: float) -> None:
    assert schedule.pause(attempts, TIMING) == seconds


@pytest.mark.parametrize(
    ("age", "seconds"), [(-5, 15), (0, 15), (30, 15), (40, 20), (41, 20.5), (300, 150), (600, 300), (9000, 300)]
)
def test_looks_at_the_jobs_get_rarer_while_nothing_ends(age: float, seconds: float) -> None:
    assert schedule.next_poll(age, TIMING) == seconds


@given(moments, st.floats(0.1, 600))
def test_looks_that_wait_equally_long_meet_half_to_twice_the_pause_later(now: float, pause: float) -> None:
    met = schedule.together(now, pause)
    assert pause / 2 - 1e-6 <= met - now <= pause * 2 + 1e-6
    # Whoever asks from now until then meets there, or at the one moment after it.
    later = schedule.together(now + pause / 4, pause)
    assert later == met or later - met == pytest.approx(2.0 ** math.floor(math.log2(pause)), abs=1e-6)


@pytest.mark.parametrize(("now", "met"), [(1000, 1016), (1004, 1016), (1007.9, 1016), (1008, 1024), (1015.9, 1024)])
def test_looks_meet_on_a_grid_that_is_the_same_for_all(now: float, met: float) -> None:
    assert schedule.together(now, 15) == met


def test_an_unfinished_jobs_detail_is_asked_at_most_8_times_ever_more_rarely_within_3_hours() -> None:
    asks = [schedule.next_detail(asked, NOW, TIMING) for asked in range(schedule.DETAIL_BUDGET)]
    assert len(asks) == 8
    assert asks[0] == NOW + TIMING.poll_first
    distances = [b - a for a, b in pairwise([NOW, *asks, NOW + TIMING.job_lost])]
    assert all(a < b for a, b in pairwise(distances))


@pytest.mark.parametrize("asked", [8, 9, 100])
def test_after_that_nobody_asks_until_the_job_is_lost(asked: int) -> None:
    assert schedule.next_detail(asked, NOW, TIMING) == NOW + TIMING.job_lost


def test_the_budget_stays_below_the_11th_request_that_shoptet_refuses() -> None:
    assert schedule.DETAIL_BUDGET < 10


def test_every_duration_is_positive() -> None:
    assert all(seconds > 0 for seconds in asdict(Timing()).values())

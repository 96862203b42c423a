"""What a sweep costs cannot rise unnoticed: every call is counted, in a small shop."""

import pytest

from tests.bench.sweep_costs import a_day

GALLERIES = 2_500


def test_a_sweep_costs_its_listings_a_full_look_one_read_a_gallery_and_code_and_shoptet_nothing() -> None:
    day = a_day(GALLERIES)
    varies = ("enqueue audit", "write rotation.json")
    assert {kind: n for kind, n in day.quiet.calls.items() if kind not in varies} == {
        "list open/galleries": 1,
        "list open/operations": 1,
        "list jobs": 1,
        "list refused": 1,
        "read audits.json": 1,
        "read paused.json": 1,
        "read requests.json": 1,
        "read rotation.json": 1,
        "read sweep.json": 1,
    }
    (full,) = day.full
    assert full.calls["list ledger"] == 3
    assert full.calls["list drops"] == 13
    assert full.calls["read ledger"] == GALLERIES
    assert full.calls["read codes"] == 834
    assert full.calls["write sweep.json"] == 1
    # A 28th of the galleries a day, give or take what chance makes of it.
    assert 60 <= day.audits <= 125


@pytest.mark.long
def test_a_full_look_that_takes_more_than_one_sweep_compares_every_gallery_once() -> None:
    day = a_day(16_000)
    assert len(day.full) > 1
    assert sum(run.calls["read ledger"] for run in day.full) == 16_000
    # A run ends well within the function's time, 180 s.
    assert all(run.seconds < 120 for run in day.full)

"""What a sweep costs cannot rise unnoticed: every call is counted, in a small shop."""

import pytest

from tests.bench.placing_costs import import_of
from tests.bench.sweep_costs import a_day

GALLERIES = 2_500


def test_a_sweep_costs_its_listings_a_full_look_one_read_a_gallery_and_code_and_shoptet_nothing() -> None:
    day = a_day(GALLERIES)
    varies = ("enqueue audit", "write rotation.json")
    assert {kind: n for kind, n in day.quiet.calls.items() if kind not in varies} == {
        "list open/galleries": 1,
        "list open/operations": 1,
        "list jobs": 1,
        "list placing": 1,
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


def test_placing_costs_one_document_a_name_no_task_a_name_and_no_listing_of_the_bucket() -> None:
    costs = import_of(4_000, 200)
    assert costs.drops == {"write placing": 4_000}
    assert costs.runs == 2
    assert costs.galleries == 200
    assert costs.calls == {
        "list placing": 4,
        "delete placing": 4_000,
        "read catalogue.json": 2,
        "read catalogue": 2,
        # Each name may hold two codes, of which one exists; the index is read once before it is changed, and once for that.
        "read placed": 4_400,
        "write placed": 200,
    }
    assert costs.everything["read placed"] == 200


@pytest.mark.long
def test_a_full_look_that_takes_more_than_one_sweep_compares_every_gallery_once() -> None:
    day = a_day(16_000)
    assert len(day.full) > 1
    assert sum(run.calls["read ledger"] for run in day.full) == 16_000
    # A run ends well within the function's time, 180 s.
    assert all(run.seconds < 120 for run in day.full)

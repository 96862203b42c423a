"""What is bounded, in simulated worlds: how often Shoptet is asked for what it does not know, and how long anything lasts."""

import contextlib
from collections.abc import Iterator
from random import Random

import pytest

from gallery_sync.core.limits import MAX_FOLDERS
from gallery_sync.core.operation import AskedImage, Part
from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.core.shop_values import JobDetail
from gallery_sync.ports import shop_errors
from gallery_sync.state import jobindex, refusals
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.client import SimClient
from tests.faults.simulation.effects import SkewedClock
from tests.faults.simulation.people import CODE, GUID, People
from tests.faults.simulation.universe import Universe

SETTING = Setting(seed=1)
NOBODYS = "NO-SUCH"


@pytest.fixture
def universe() -> Iterator[Universe]:
    opened = Universe(SETTING)
    yield opened
    opened.close()


def asked_a_day(universe: Universe, days: int) -> list[int]:
    """How often Shoptet is asked what a code means, on each of so many days."""
    counts = []
    for _ in range(days):
        before = universe.calls.counts.get("code", 0)
        universe.turn(DAY)
        counts.append(universe.calls.counts.get("code", 0) - before)
    return counts


def test_a_folder_that_no_product_has_is_asked_about_ever_more_rarely(universe: Universe) -> None:
    People(universe, Random(1)).drop(f"{NOBODYS}/1.jpg")
    first, *later = asked_a_day(universe, 6)
    assert 4 <= first <= 10
    assert all(1 <= count <= 5 for count in later)


def test_a_folder_that_was_emptied_is_not_asked_about_and_its_refusal_is_forgotten(universe: Universe) -> None:
    people = People(universe, Random(1))
    people.drop(f"{NOBODYS}/1.jpg")
    universe.turn(HOUR)
    assert universe.state.blobs[refusals.path(f"{NOBODYS}/shop/")]
    people.delete(f"{NOBODYS}/1.jpg")
    universe.turn(DAY)
    assert refusals.path(f"{NOBODYS}/shop/") not in universe.state.blobs
    assert asked_a_day(universe, 2) == [0, 0]


def test_a_picture_that_came_before_its_product_is_live_within_an_hour_of_it(universe: Universe) -> None:
    People(universe, Random(1)).drop(f"{NOBODYS}/1.jpg")
    universe.turn(1200.0)
    assert not universe.shop.galleries[GUID, "shop"]
    universe.shop.codes[NOBODYS] = GUID
    universe.turn(HOUR)
    assert len(universe.shop.galleries[GUID, "shop"]) == 1


def test_a_job_that_takes_an_hour_is_not_called_abandoned() -> None:
    universe = Universe(Setting(seed=1, shoptet=Shoptets(job_seconds=HOUR)))
    People(universe, Random(1)).drop(f"{GUID}/shop/01_a.jpg")
    universe.turn(2 * HOUR)
    told = universe.story.read().count("nobody works on this gallery")
    shown = len(universe.shop.galleries[GUID, "shop"])
    universe.close()
    assert (told, shown) == (0, 1)


def test_an_entry_that_nobody_can_settle_costs_shoptet_nothing_and_ends_after_a_month(universe: Universe) -> None:
    # Its ledger cannot be read, say, so every settling fails. Each poll would ask for the jobs of all that time.
    universe.turn(1.0)
    place = {"guid": GUID, "gallery": "shop", "flight": "nobodys", "started": repr(universe.now), "asked": "0"}
    universe.state.put(universe.now, jobindex.path("stray"), b"{}", place)
    universe.state.put(universe.now, f"ledger/{GUID}/shop.json", b"{", {"reconcile_at": "0"})
    universe.turn(6 * HOUR)
    before = universe.calls.counts["jobs"]
    universe.turn(DAY)
    assert universe.calls.counts["jobs"] == before
    assert jobindex.path("stray") in universe.state.blobs
    long_ago = {**place, "started": repr(universe.now - 30 * DAY + HOUR)}
    universe.state.put(universe.now, jobindex.path("stray"), b"{}", long_ago)
    universe.turn(2 * HOUR)
    assert jobindex.path("stray") not in universe.state.blobs
    assert any("not settled while Shoptet knew of it" in line for line in universe.errors)


class Exhausted(SimClient):
    """A client whose job details are used up, whoever did that."""

    def job(self, job_id: str) -> JobDetail:
        raise shop_errors.DetailsExhausted("403 asked too often", call="GET job", status=403, advice="wait")


class WithoutDetails(Universe):
    """A world in which no job's detail is to be had."""

    def client(self, clock: SkewedClock) -> SimClient:
        return Exhausted(self.shop, self.jobs, self.effects, clock, self.calls, self._poisoned, mirrors=False)


def test_a_flight_whose_jobs_details_are_used_up_ends_once_no_job_takes_as_long() -> None:
    universe = WithoutDetails(Setting(seed=3, shoptet=Shoptets(job_seconds=5.0, list_allowed=False)))
    People(universe, Random(1)).drop(f"{GUID}/shop/2.png")
    universe.turn(12 * HOUR)
    held, shown = universe.record.current[GUID, "shop"], universe.shop.galleries[GUID, "shop"]
    universe.close()
    assert held.flight is None
    assert [entry.live.name for entry in held.entries.values() if entry.live is not None] == [shown[0].name]


def test_folders_of_one_gallery_are_bounded_told_and_forgotten_once_they_are_empty(universe: Universe) -> None:
    people, spellings = People(universe, Random(1)), [f"SPELLING-{n}" for n in range(MAX_FOLDERS + 10)]
    for spelling in spellings:
        universe.shop.codes[spelling] = GUID
        people.drop(f"{spelling}/1.jpg")
    universe.turn(HOUR)
    held = universe.record.current[GUID, "shop"]
    refused = [s for s in spellings if refusals.path(f"{s}/shop/") in universe.state.blobs]
    assert (len(held.prefixes), len(refused)) == (MAX_FOLDERS, 10)
    assert sum("has 20 folders already" in line for line in universe.errors) == 10
    for spelling in spellings:
        if spelling not in refused:
            people.delete(f"{spelling}/1.jpg")
    universe.turn(DAY)
    held = universe.record.current[GUID, "shop"]
    assert set(held.prefixes) == set(refused)
    assert not [s for s in spellings if refusals.path(f"{s}/shop/") in universe.state.blobs]


def test_a_code_that_was_renamed_in_the_shop_takes_no_image_away() -> None:
    universe = Universe(Setting(seed=1, mirror_deletes=True))
    people = People(universe, Random(1))
    people.drop(f"{CODE}/01_a.jpg")
    people.drop(f"{CODE}/2.png")
    universe.turn(2 * HOUR)
    before = [picture.name for picture in universe.shop.galleries[GUID, "shop"]]
    del universe.shop.codes[CODE]
    universe.turn(30 * HOUR)
    universe.send((Part("sync", GUID, "shop"),))
    universe.turn(2 * HOUR)
    after = [picture.name for picture in universe.shop.galleries[GUID, "shop"]]
    universe.close()
    assert (len(before), after) == (2, before)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_callers_who_change_one_image_after_the_other_keep_no_file_waiting(seed: int) -> None:
    with contextlib.closing(Universe(Setting(seed=seed))) as universe:
        a_file_among_ninety_requests(universe)


def a_file_among_ninety_requests(universe: Universe) -> None:
    people = People(universe, Random(1))
    for n in range(90):
        people.drop(f"{GUID}/shop/{n:02}.jpg")
    universe.turn(HOUR)
    pictures = list(universe.shop.galleries[GUID, "shop"])
    for n, picture in enumerate(pictures):
        universe.shop.to_be_described.add(((GUID, "shop"), picture.name))
        asked = AskedImage(None, None, picture.name, None, f"picture {n}")
        universe.send((Part("attributes", GUID, "shop", (asked,)),))
    people.drop(f"{GUID}/shop/new.jpg")
    sent = universe.calls.counts.get("PATCH", 0)
    # Each request is a write of the ledger, one a second at most; the file's place among them is chance.
    universe.turn(120.0)
    shown = {picture.owner for picture in universe.shop.galleries[GUID, "shop"]}
    assert f"{GUID}/shop/new.jpg" in shown
    universe.turn(HOUR)
    assert [picture.description for picture in pictures] == [f"picture {n}" for n in range(90)]
    # One at a time, they were 90.
    assert universe.calls.counts["PATCH"] - sent <= 9

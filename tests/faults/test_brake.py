"""The brake in a whole world: what happens to a gallery whose folder is deleted, and to a shop that changes its season."""

from collections.abc import Iterator

import pytest

from gallery_sync.core.schedule import HOUR
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.people import GUID
from tests.faults.simulation.schedules import Life
from tests.faults.simulation.shop import Place

PLACE: Place = (GUID, "shop")
MIRRORED = Setting(1, shoptet=Shoptets(job_seconds=5.0), mirror_deletes=True, releases=False)
FILES = tuple(f"{n}.jpg" for n in range(10))


@pytest.fixture
def life() -> Iterator[Life]:
    one = Life(MIRRORED)
    yield one
    one.universe.close()


def fill(life: Life, place: Place = PLACE, files: tuple[str, ...] = FILES) -> None:
    for file in files:
        life.people.drop(f"{place[0]}/{place[1]}/{file}")
    life.universe.turn(600.0)


def empty(life: Life, place: Place = PLACE) -> None:
    for name in [name for name in life.universe.drops.blobs if name.startswith(f"{place[0]}/{place[1]}/")]:
        life.people.delete(name)
    life.universe.turn(600.0)


def shown(life: Life, place: Place = PLACE) -> set[str]:
    return {picture.owner.rpartition("/")[2] for picture in life.universe.shop.galleries[place] if picture.owner}


def told(life: Life) -> list[str]:
    return [line for line in life.universe.errors if "held: " in line]


def held(life: Life) -> int:
    ledger = life.universe.record.current[PLACE]
    metadata = life.universe.state.blobs[f"ledger/{GUID}/shop.json"].metadata
    assert metadata["held"] == str(len(ledger.hold.keys) if ledger.hold is not None else 0)
    return int(metadata["held"])


def test_a_folder_that_is_deleted_as_a_whole_is_held_and_told_once(life: Life) -> None:
    fill(life)
    empty(life)
    life.universe.turn(30 * HOUR)
    assert shown(life) == set(FILES)
    assert held(life) == 10
    (line,) = told(life)
    assert "10 of 10 images would be deleted" in line
    assert {flown.flight.action for flown in life.universe.record.flown.values()} == {"insert"}


def test_a_held_gallery_still_takes_new_pictures(life: Life) -> None:
    fill(life)
    empty(life)
    life.people.drop(f"{GUID}/shop/new.jpg")
    life.universe.turn(600.0)
    assert shown(life) == {*FILES, "new.jpg"}
    assert held(life) == 10


def test_what_a_person_releases_goes_once(life: Life) -> None:
    fill(life)
    empty(life)
    assert life.people.release()
    life.universe.turn(2 * HOUR)
    assert shown(life) == set()
    assert life.universe.record.current[PLACE].released == ()
    assert not life.people.release()
    fill(life)
    life.universe.turn(HOUR)
    empty(life)
    assert (shown(life), held(life), len(told(life))) == (set(FILES), 10, 2)


def test_a_hold_ends_by_itself_when_the_same_files_are_dropped_again(life: Life) -> None:
    fill(life)
    empty(life)
    assert held(life) == 10
    fill(life)
    assert (shown(life), held(life)) == (set(FILES), 0)


def test_a_hold_ends_by_itself_when_other_files_are_dropped_in_their_place(life: Life) -> None:
    others = tuple(f"new-{file}" for file in FILES)
    fill(life)
    empty(life)
    for other in others:
        fill(life, files=(other,))
    assert (shown(life), held(life)) == (set(others), 0)


def test_a_few_deleted_files_take_their_images_along(life: Life) -> None:
    fill(life)
    for file in FILES[:3]:
        life.people.delete(f"{GUID}/shop/{file}")
    life.universe.turn(600.0)
    assert (shown(life), held(life), told(life)) == (set(FILES[3:]), 0, [])


def test_a_folder_that_is_deleted_slowly_is_held_before_much_is_gone(life: Life) -> None:
    fill(life)
    for file in FILES:
        life.people.delete(f"{GUID}/shop/{file}")
        life.universe.turn(60.0)
    assert len(shown(life)) == 7


def test_a_change_of_season_is_delayed_by_the_hour_and_gets_through(life: Life) -> None:
    guids = [f"{number:08x}{GUID[8:]}" for number in range(30)]
    galleries: list[Place] = [(guid, "shop") for guid in guids]
    for place in galleries:
        life.universe.shop.galleries[place] = []
        fill(life, place)
    life.universe.turn(HOUR - life.universe.now % HOUR)
    for place in galleries:
        for file in FILES:
            life.people.delete(f"{place[0]}/shop/{file}")
            life.people.drop(f"{place[0]}/shop/summer-{file}")
    life.universe.turn(3000.0)
    old = sum(len(shown(life, place) & set(FILES)) for place in galleries)
    assert old == 100, "200 have gone in this hour"
    # What came does not wait for what goes.
    assert all(len(shown(life, place) - set(FILES)) == 10 for place in galleries)
    life.universe.turn(2 * HOUR)
    assert all(shown(life, place) == {f"summer-{file}" for file in FILES} for place in galleries)
    assert told(life) == []

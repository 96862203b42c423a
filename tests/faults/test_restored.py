"""A cleanup, and its way back, with an instance killed at every moment in between: all is as it was before."""

import pytest

from gallery_sync.core.operation import Part
from gallery_sync.core.schedule import HOUR
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.people import GUID
from tests.faults.simulation.requests import Request, request
from tests.faults.simulation.schedules import Life
from tests.faults.simulation.shop import Place

CODE = "LAMP-1"
HERE: Place = (GUID, "shop")
SETTING = Setting(1, shoptet=Shoptets(job_seconds=5.0), task_tries=3)
CLEAN = Part("clean", GUID, "shop", remove_reference=True)

Shown = list[tuple[str, str]]


def shown(life: Life) -> Shown:
    """Each image's picture and description, in order."""
    pictures = life.universe.shop.ordered(HERE)
    return [(picture.checksum or f"foreign {picture.name}", picture.description) for picture in pictures]


def filled(kill_at: int | None) -> Life:
    """Three dropped pictures, one of them described, and one that a person added between them."""
    life = Life(SETTING, kill_at=kill_at)
    life.universe.shop.codes = {CODE: GUID}
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        life.people.drop(f"{CODE}/{name}", f"content {name}")
    life.universe.turn(HOUR / 2)
    place = life.universe.shop.ordered(HERE)[1].priority + 1
    life.universe.shop.add(HERE, place, "a person's", "jpg")
    life.universe.turn(HOUR / 2)
    return life


def there_and_back(kill_at: int | None) -> tuple[int, int]:
    """Clean, restore, restore again; give at which moments an instance could have been killed: from, and to."""
    life = filled(kill_at)
    universe, before = life.universe, shown(life)
    assert len(before) == 4
    first = universe.effects.points
    universe.shop.to_be_cleaned.add(HERE)
    operation = universe.call(request(CLEAN))
    universe.turn(HOUR)
    assert shown(life) == [], kill_at
    for _ in range(2):
        universe.call(Request("galleries", "POST", f"/v1/operations/{operation}/restore", None))
        universe.turn(HOUR)
        assert shown(life) == before, kill_at
    last = universe.effects.points
    entries = universe.record.current[HERE].entries
    assert {key for key, entry in entries.items() if entry.live is not None} == {
        f"drop:{CODE}/{name}" for name in ("1.jpg", "2.jpg", "3.jpg")
    }
    assert not [line for line in universe.errors if "unexpected" in line]
    universe.close()
    return first, last


def test_what_was_cleaned_comes_back_as_it_was() -> None:
    first, last = there_and_back(None)
    assert last > first + 100


@pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.long if part else ()) for part in range(8)])
def test_also_when_an_instance_is_killed_at_any_moment_in_between(part: int) -> None:
    first, last = there_and_back(None)
    for moment in range(first + part, last, 8):
        there_and_back(moment)

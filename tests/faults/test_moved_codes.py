"""A code that is given to another product: where the files of its folder go, and what becomes of what stands there already."""

import dataclasses
from collections.abc import Iterator
from functools import partial

import pytest

from gallery_sync.core import folders
from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.state.ledgers import Ledgers
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.effects import SkewedClock
from tests.faults.simulation.people import CODE, GUID, OTHER
from tests.faults.simulation.schedules import Life
from tests.faults.simulation.shop import Place
from tests.faults.simulation.storage import DocumentsAtOnce

HERE: Place = (GUID, "shop")
THERE: Place = (OTHER, "shop")
STAYS = Setting(1, shoptet=Shoptets(job_seconds=5.0))
MIRRORED = Setting(1, shoptet=Shoptets(job_seconds=5.0), mirror_deletes=True, releases=False)
LISTED = dataclasses.replace(STAYS, catalogue=True)
SWEEPS = 2 * 600.0


@pytest.fixture
def life() -> Iterator[Life]:
    yield from a_life(STAYS)


@pytest.fixture
def mirrored() -> Iterator[Life]:
    yield from a_life(MIRRORED)


def a_life(setting: Setting) -> Iterator[Life]:
    one = Life(setting)
    yield one
    one.universe.close()


def fill(life: Life, *files: str) -> None:
    for file in files:
        life.people.drop(f"{CODE}/shop/{file}")
    life.universe.turn(600.0)


def shown(life: Life, place: Place) -> list[str]:
    pictures = life.universe.shop.galleries[place]
    return sorted(picture.owner.rpartition("/")[2] for picture in pictures if picture.owner)


def told(life: Life, words: str) -> list[str]:
    return [line for line in life.universe.errors if words in line]


def test_nothing_lands_on_a_product_that_its_code_no_longer_means_and_what_stands_there_is_told(life: Life) -> None:
    fill(life, "1.jpg")
    life.people.move_code(OTHER)
    life.people.drop(f"{CODE}/shop/2.jpg")
    life.universe.turn(SWEEPS)
    assert shown(life, HERE) == ["1.jpg"]
    assert shown(life, THERE) == ["1.jpg", "2.jpg"]
    (line,) = told(life, "is another product's now")
    assert f"product {OTHER}" in line
    assert f"product {GUID}" in line
    assert f"gallery-sync release {GUID}" in line
    # Nobody takes the offer: it stays, and is told no more.
    life.universe.turn(3 * DAY)
    assert shown(life, HERE) == ["1.jpg"]
    assert len(told(life, "is another product's now")) == 1


def test_it_is_told_too_when_the_code_was_asked_anew_for_the_drop(life: Life) -> None:
    fill(life, "1.jpg")
    life.people.move_code(OTHER)
    life.universe.turn(DAY + HOUR)
    life.people.drop(f"{CODE}/shop/2.jpg")
    life.universe.turn(SWEEPS)
    assert (shown(life, HERE), shown(life, THERE)) == (["1.jpg"], ["1.jpg", "2.jpg"])
    assert len(told(life, "is another product's now")) == 1


def test_a_person_takes_the_offer(life: Life) -> None:
    fill(life, "1.jpg", "2.jpg")
    life.people.move_code(OTHER)
    fill(life, "3.jpg")
    documents = DocumentsAtOnce(
        life.universe.state, life.universe.now, partial(life.universe.record.wrote, life.universe.now)
    )
    keys = [f"drop:{CODE}/shop/1.jpg", f"drop:{CODE}/shop/3.jpg"]
    clock = SkewedClock(life.universe.scheduler, 0.0)
    Ledgers(documents, clock).change(*HERE, partial(folders.released, keys=keys, now=life.universe.now))
    pictures = {picture.owner: picture.name for picture in life.universe.shop.galleries[HERE]}
    life.universe.shop.to_be_deleted.add((HERE, pictures[f"{CODE}/shop/1.jpg"]))
    life.universe.turn(HOUR)
    assert shown(life, HERE) == ["2.jpg"]
    assert shown(life, THERE) == ["1.jpg", "2.jpg", "3.jpg"]


def test_where_images_go_with_their_files_they_leave_once_they_are_live_on_the_right_product(mirrored: Life) -> None:
    files = [f"{n}.jpg" for n in range(10)]
    fill(mirrored, *files)
    mirrored.people.move_code(OTHER)
    fill(mirrored, "a.jpg")
    mirrored.universe.turn(HOUR)
    assert (shown(mirrored, HERE), shown(mirrored, THERE)) == ([], sorted([*files, "a.jpg"]))
    # It is no loss: the brake has nothing to do with it.
    assert told(mirrored, "held: ") == []
    assert mirrored.universe.record.current.get(HERE) is None or not mirrored.universe.record.current[HERE].moved


def test_what_does_not_get_live_on_the_right_product_stays_where_it_is(mirrored: Life) -> None:
    fill(mirrored, "1.jpg", "2.jpg")
    mirrored.people.move_code(OTHER)
    # From now on Shoptet does not take it: it will never be live there.
    mirrored.people.drop_badly(f"{CODE}/shop/2.jpg", "poison")
    mirrored.universe.turn(DAY)
    assert (shown(mirrored, HERE), shown(mirrored, THERE)) == (["2.jpg"], ["1.jpg"])
    calls = mirrored.universe.calls.about.total()
    mirrored.universe.turn(DAY)
    assert mirrored.universe.calls.about.total() - calls <= 2, "it is not asked about for ever"


def test_what_is_left_behind_goes_too_when_its_file_is_deleted_before_it_got_live(mirrored: Life) -> None:
    fill(mirrored, "1.jpg", "2.jpg")
    mirrored.people.move_code(OTHER)
    mirrored.people.drop_badly(f"{CODE}/shop/2.jpg", "poison")
    mirrored.universe.turn(HOUR)
    assert shown(mirrored, HERE) == ["2.jpg"]
    mirrored.people.delete(f"{CODE}/shop/2.jpg")
    # Nothing tells that gallery of it but its check.
    mirrored.universe.turn(30 * DAY)
    assert shown(mirrored, HERE) == []


@pytest.mark.parametrize("setting", [STAYS, MIRRORED])
def test_a_code_that_no_product_has_any_more_stops_what_is_new_and_deletes_nothing(setting: Setting) -> None:
    for life in a_life(setting):
        fill(life, "1.jpg", "2.jpg")
        life.people.move_code(None)
        fill(life, "3.jpg")
        life.universe.turn(3 * DAY)
        assert shown(life, HERE) == ["1.jpg", "2.jpg"]
        assert len(told(life, f"no product has the code {CODE} any more")) == 1
        assert len(told(life, f"{CODE}/shop/3.jpg failed for good: no product has the code")) == 1
        # A product has it again: what waited comes within the pauses of a refused folder.
        life.people.move_code(GUID)
        life.universe.turn(7 * HOUR)
        assert shown(life, HERE) == ["1.jpg", "2.jpg", "3.jpg"]
        assert life.universe.record.current[HERE].moved == {}
        assert not [path for path in life.universe.state.blobs if path.startswith("refused/")]


def test_a_code_that_comes_back_finds_its_images_as_they_were(life: Life) -> None:
    fill(life, "1.jpg")
    life.people.move_code(OTHER)
    fill(life, "2.jpg")
    life.people.move_code(GUID)
    fill(life, "3.jpg")
    life.universe.turn(SWEEPS)
    assert shown(life, HERE) == ["1.jpg", "2.jpg", "3.jpg"]
    assert shown(life, THERE) == ["1.jpg", "2.jpg"]
    assert life.universe.record.current[HERE].moved == {}
    assert CODE in life.universe.record.current[THERE].moved


@pytest.mark.parametrize("tenths", range(0, 200, 5))
def test_a_code_that_moves_at_any_moment_of_a_run_leaves_each_file_on_its_product_once(tenths: int) -> None:
    for life in a_life(STAYS):
        life.people.drop(f"{CODE}/shop/1.jpg")
        life.universe.scheduler.at(life.universe.now + tenths / 10, partial(life.people.move_code, OTHER))
        life.universe.turn(DAY + HOUR)
        life.people.drop(f"{CODE}/shop/2.jpg")
        life.universe.turn(SWEEPS)
        # What had taken off before it moved may stand on the product that it meant then; that is told.
        assert shown(life, THERE) == ["1.jpg", "2.jpg"]
        assert shown(life, HERE) in ([], ["1.jpg"])
        assert len(told(life, "is another product's now")) == len(shown(life, HERE))


@pytest.mark.parametrize("folder", [CODE, GUID])
def test_a_product_that_is_deleted_and_comes_back(life: Life, folder: str) -> None:
    life.people.drop(f"{folder}/shop/1.jpg")
    life.universe.turn(600.0)
    life.universe.shop.gone.add(GUID)
    life.people.drop(f"{folder}/shop/2.jpg")
    life.universe.turn(DAY)
    # What was live is remembered as it was; what is new waits, told with its reason, and is asked about ever more rarely.
    # Shoptet says it of the product, and then of the code.
    assert len(told(life, f"{folder}/shop/ is refused: Shoptet knows no product with this")) == (
        2 if folder == CODE else 1
    )
    assert life.universe.record.current[HERE].entries[f"drop:{folder}/shop/1.jpg"].failure is None
    calls = life.universe.calls.about.total()
    life.universe.turn(DAY)
    assert life.universe.calls.about.total() - calls <= 12
    # It is back, with its images.
    life.universe.shop.gone.discard(GUID)
    life.universe.turn(7 * HOUR)
    assert shown(life, HERE) == ["1.jpg", "2.jpg"]
    assert life.universe.record.current[HERE].moved == {}
    assert not [path for path in life.universe.state.blobs if path.startswith("refused/")]


def test_a_product_that_is_made_anew_under_its_code_gets_everything_anew(life: Life) -> None:
    fill(life, "1.jpg")
    life.universe.shop.gone.add(GUID)
    life.people.move_code(OTHER)
    fill(life, "2.jpg")
    life.universe.turn(HOUR)
    assert shown(life, THERE) == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize(
    "setting", [LISTED, dataclasses.replace(LISTED, mirror_deletes=True, releases=False)], ids=["stays", "mirrored"]
)
def test_wherever_in_a_drop_a_code_moves_that_the_catalogue_knows_its_file_lands_right(setting: Setting) -> None:
    """The simulation itself breaks where a file lands on a product that its code has not meant for a while."""
    left = 0
    for moment in range(60):
        for one in a_life(setting):
            universe = one.universe
            universe.turn(2 * SWEEPS)
            assert "catalogue.json" in universe.state.blobs
            one.people.drop(f"{CODE}/shop/1.jpg")
            universe.turn(moment / 3)
            one.people.move_code(OTHER)
            universe.turn(SWEEPS)
            assert shown(one, THERE) == ["1.jpg"], moment
            if shown(one, HERE):
                left += 1
                assert len(told(one, "is another product's now")) == 1, moment
            universe.turn(DAY)
            assert shown(one, HERE) == [] if setting.mirror_deletes else shown(one, HERE) in ([], ["1.jpg"])
            assert shown(one, THERE) == ["1.jpg"], moment
    assert 0 < left < 60 or setting.mirror_deletes

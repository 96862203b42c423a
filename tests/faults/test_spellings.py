"""One file is one image in a whole world: spellings, renames, and what is told of them."""

from collections.abc import Iterator

import pytest

from gallery_sync.core.schedule import DAY, HOUR
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.people import GUID
from tests.faults.simulation.schedules import Life

CODE, VARIANT = "LAMP-1", "LAMP-1%2FS"


@pytest.fixture(params=[False, True], ids=["images stay", "images go with their files"])
def life(request: pytest.FixtureRequest) -> Iterator[Life]:
    one = Life(Setting(1, shoptet=Shoptets(job_seconds=5.0), mirror_deletes=request.param))
    one.universe.shop.codes = {CODE: GUID, "LAMP-1/S": GUID}
    yield one
    one.universe.close()


def drop(life: Life, *names: str, checksum: str | None = None) -> None:
    for name in names:
        life.people.drop(name, checksum)


def shown(life: Life, gallery: str = "shop") -> list[str]:
    """What the gallery shows, in its order, by content."""
    pictures = next(found for place, found in life.universe.shop.galleries.items() if place == (GUID, gallery))
    return [picture.checksum for picture in sorted(pictures, key=lambda picture: picture.priority)]


def calls(life: Life) -> dict[str, int]:
    return {kind: times for kind, times in life.universe.calls.counts.items() if kind in ("POST", "PATCH", "DELETE")}


def test_one_picture_in_six_spellings_is_shown_once_and_the_others_are_told(life: Life) -> None:
    for name in (f"{CODE}/1.jpg", f"{CODE}/shop/1.jpg", f"{GUID}/1.jpg", f"{GUID}/shop/1.jpg", f"{VARIANT}/1.jpg"):
        drop(life, name, checksum="one")
        life.universe.turn(0.1)
    life.universe.turn(HOUR)
    assert shown(life) == ["one"]
    story = life.universe.story.read()
    assert "is the same file as" in story
    assert "is the same picture as" in story
    before = calls(life)
    life.universe.turn(2 * DAY)
    assert calls(life) == before


def test_a_variants_file_with_other_bytes_is_another_picture(life: Life) -> None:
    drop(life, f"{CODE}/1.jpg", checksum="lamp")
    drop(life, f"{VARIANT}/1.jpg", checksum="lamp in small")
    life.universe.turn(HOUR)
    assert sorted(shown(life)) == ["lamp", "lamp in small"]


def test_a_file_that_is_dropped_again_under_another_spelling_replaces_the_image(life: Life) -> None:
    drop(life, f"{CODE}/1.jpg", checksum="old")
    life.universe.turn(HOUR)
    drop(life, f"{GUID}/shop/1.jpg", checksum="new")
    life.universe.turn(HOUR)
    assert shown(life) == ["new"]
    life.people.delete(f"{GUID}/shop/1.jpg")
    life.universe.turn(HOUR)
    assert shown(life) == ["old"]


@pytest.mark.parametrize("gap", [0.0, 3.0, 60.0, HOUR])
def test_renamed_files_keep_their_images_in_their_new_order(life: Life, gap: float) -> None:
    drop(life, f"{CODE}/IMG_77.jpg", checksum="back")
    drop(life, f"{CODE}/IMG_78.jpg", checksum="front")
    life.universe.turn(HOUR)
    inserted = calls(life)["POST"]
    drop(life, f"{CODE}/02_back.jpg", checksum="back")
    drop(life, f"{CODE}/01_front.jpg", checksum="front")
    life.universe.turn(gap)
    life.people.delete(f"{CODE}/IMG_77.jpg")
    life.people.delete(f"{CODE}/IMG_78.jpg")
    life.universe.turn(HOUR)
    assert shown(life) == ["front", "back"]
    assert calls(life)["POST"] == inserted


def test_a_frame_that_repeats_is_shown_again_after_a_while_and_a_renamed_one_is_not(life: Life) -> None:
    drop(life, f"{CODE}/shop360/1.jpg", checksum="frame")
    life.universe.turn(HOUR)
    drop(life, f"{CODE}/shop360/2.jpg", checksum="frame")
    life.universe.turn(60.0)
    assert shown(life, "shop360") == ["frame"]
    life.universe.turn(600.0)
    assert shown(life, "shop360") == ["frame", "frame"]
    drop(life, f"{CODE}/shop360/3.jpg", checksum="frame")
    life.people.delete(f"{CODE}/shop360/2.jpg")
    life.universe.turn(HOUR)
    assert shown(life, "shop360") == ["frame", "frame"]


def test_a_picture_whose_twin_fails_for_good_is_shown_in_its_place(life: Life) -> None:
    drop(life, f"{CODE}/a.jpg", checksum="poison-1")
    drop(life, f"{CODE}/b.jpg", checksum="fine")
    drop(life, f"{CODE}/c.jpg", checksum="fine")
    life.universe.turn(HOUR)
    assert shown(life) == ["fine"]
    life.people.delete(f"{CODE}/b.jpg")
    life.universe.turn(HOUR)
    assert shown(life) == ["fine"]

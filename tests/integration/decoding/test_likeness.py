"""Pictures that are the same one are found, and what only looks like one never is: over a corpus that is made by script."""

import io
import os

import pytest
from PIL import Image

from gallery_sync.core.likeness import BLOCK, SIDE, Signature, alike, is_smaller
from gallery_sync.core.lookalikes import Matched, Pair, match
from gallery_sync.decoding import pixels
from gallery_sync.decoding.pixels import decode
from gallery_sync.ports.decoder import Unreadable
from tests.bench.likeness import measure


@pytest.mark.parametrize("subjects", [2, pytest.param(16, marks=pytest.mark.long)])
def test_the_same_picture_is_found_and_none_that_looks_like_it(subjects: int) -> None:
    same, others = measure(subjects, seed=7)
    found = sum(answers["same"] + answers["similar"] for answers in same.values())
    # What is not found is for a person, and never taken for another picture.
    assert found >= 0.95 * sum(answers.total() for answers in same.values())
    assert {how for how, answers in same.items() if answers["different"]} == set()
    assert set(same["PNG"]) == {"same"}
    assert {how for how, answers in others.items() if answers["same"] or answers["similar"]} == set()
    assert (len(same), len(others)) == (11, 13)


def flat(grey: int, size: tuple[int, int] = (400, 300), spot: int = 0, block: int = 0) -> Signature:
    """A grey picture, of which one pixel of the square differs by `spot`, or one block by `block`."""
    square = bytearray([grey]) * (SIDE * SIDE * 3)
    square[0] = (grey + spot) % 256
    for y in range(BLOCK if block else 0):
        start = y * SIDE * 3
        square[start : start + 3 * BLOCK] = bytes([grey + block]) * (3 * BLOCK)
    return Signature(*size, f"{grey} {size} {spot} {block}", bytes(square))


@pytest.mark.parametrize(
    ("other", "answer"),
    [
        (flat(100), "same"),
        (flat(102), "similar"),
        (flat(103), "unsure"),
        (flat(100, spot=17), "similar"),
        (flat(100, spot=18), "unsure"),
        (flat(100, block=5), "similar"),
        (flat(100, block=6), "unsure"),
        (flat(112), "unsure"),
        (flat(113), "different"),
        (flat(100, (800, 600)), "similar"),
        (flat(100, (400, 307)), "different"),
        (flat(100, (300, 400)), "different"),
    ],
)
def test_how_alike_two_pictures_are(other: Signature, answer: str) -> None:
    assert (alike(flat(100), other), alike(other, flat(100))) == (answer, answer)


def test_a_picture_is_smaller_if_it_has_clearly_fewer_pixels() -> None:
    assert is_smaller(flat(1, (400, 300)), flat(1, (800, 600)))
    assert not is_smaller(flat(1, (790, 600)), flat(1, (800, 600)))


def test_files_and_images_that_fit_nothing_else_are_sure_and_all_others_are_for_a_person() -> None:
    files = {"a": flat(10), "b": flat(60), "c": flat(110), "c again": flat(110), "d": flat(200), "new": flat(250)}
    images = {"1": flat(11), "2": flat(60, (200, 150)), "3": flat(110), "4": flat(205), "foreign": flat(150)}
    assert match(files, images) == Matched(
        sure=(Pair("a", "1", "similar"),),
        smaller=(Pair("b", "2", "similar"),),
        unsure=(Pair("c", "3", "same"), Pair("c again", "3", "same"), Pair("d", "4", "unsure")),
        new=("new",),
        foreign=("foreign",),
    )


def noise() -> bytes:
    target = io.BytesIO()
    Image.effect_noise((64, 64), 100).save(target, "PNG")
    return target.getvalue()


def png(size: tuple[int, int]) -> bytes:
    target = io.BytesIO()
    Image.new("1", size).save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no picture"),
        (b"this is no picture", "no picture"),
        (noise()[:2_000], "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "no picture"),
        (png((12_000, 12_000)), "too many pixels"),
    ],
    ids=["empty", "words", "cut off", "another format", "a bomb"],
)
def test_what_is_no_picture_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        decode(content)


def test_the_process_that_decodes_knows_nothing_of_ours() -> None:
    os.environ["A_SECRET"] = "secret"
    try:
        source = pixels.CHILD.read_text("utf-8")
        assert "gallery_sync" not in source.replace("gallery-sync", "")
        assert "environ" not in source
        assert decode(png((20, 10))).signature.width == 20
    finally:
        del os.environ["A_SECRET"]

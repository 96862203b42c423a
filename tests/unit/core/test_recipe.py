"""The words for what becomes of a picture, and what tells recipes and pictures apart."""

import pytest

from gallery_sync.core.recipe import (
    DONE,
    REFUSED,
    WARNINGS,
    Recipe,
    Shape,
    Verdict,
    is_alike,
    read,
    reason,
    report,
    size,
    warning,
)

LARGE = Shape("PNG", 9000, 6000, 25_300_000)
SMALL = Shape("JPEG", 4096, 2731, 1_100_000)


def test_a_report_says_what_it_was_and_what_is_sent() -> None:
    verdict = Verdict(25_300_000, LARGE, SMALL, done=("position", "srgb"))
    assert report(verdict, Recipe()) == "25.3 MB PNG 9000×6000 → 1.1 MB JPEG 4096×2731, sRGB, position removed"


def test_what_goes_as_it_is_says_so() -> None:
    assert report(Verdict(640_000, Shape("JPEG", 800, 600, 640_000)), Recipe()) == "0.6 MB JPEG 800×600, as it is"


def test_what_is_no_picture_has_no_report() -> None:
    assert report(Verdict(10, refused="no-picture", what="a PDF"), Recipe()) == ""


@pytest.mark.parametrize("code", REFUSED)
def test_each_refusal_says_why_and_what_to_do(code: str) -> None:
    said = reason(Verdict(70_000_000, LARGE, refused=code, what="a web page"))
    why, _, todo = said.rpartition(": ")
    assert why
    assert todo
    assert "{" not in said


def test_what_a_file_is_that_is_no_picture_is_said() -> None:
    assert reason(Verdict(9, refused="no-picture", what="a web page")).startswith("it is a web page, not a picture: ")


@pytest.mark.parametrize("code", DONE)
def test_each_thing_that_is_done_is_told(code: str) -> None:
    said = report(Verdict(25_300_000, LARGE, SMALL, done=(code,), frames=7), Recipe(background="#ffeedd"))
    assert said.endswith(", " + DONE[code].format(frames=7, background="#ffeedd"))


@pytest.mark.parametrize("code", WARNINGS)
def test_each_warning_is_told(code: str) -> None:
    assert warning(Verdict(10, Shape("PNG", 20, 10, 10), warnings=(code,))) == WARNINGS[code].format(
        width=20, height=10
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (99_999, "100 kB"), (100_000, "0.1 MB"), (6_000_000, "6.0 MB")],
)
def test_sizes_are_said_as_people_say_them(count: int, said: str) -> None:
    assert size(count) == said


def test_another_choice_is_another_recipe() -> None:
    others = [
        Recipe(repairs=False),
        Recipe(webp=True),
        Recipe(max_bytes=1),
        Recipe(max_side=1),
        Recipe(min_side=1),
        Recipe(background="#ffffff"),
    ]
    assert len({recipe.id for recipe in (Recipe(), *others)}) == 7
    assert Recipe().id == Recipe().id


def test_two_looks_are_alike_with_few_other_edges_and_nearly_the_same_colour() -> None:
    look = "0" * 32 + "808080"
    assert is_alike(look, look)
    assert is_alike(look, "0" * 31 + "7" + "848480")
    assert not is_alike(look, "0" * 31 + "f" + "808080")
    assert not is_alike(look, "0" * 32 + "858080")
    assert not is_alike("", "")
    assert not is_alike(look, "")


def test_what_the_process_wrote_is_read() -> None:
    said = {
        "bytes": 3,
        "shape": {"format": "PNG", "width": 1, "height": 2, "bytes": 3},
        "made": None,
        "done": ["srgb"],
        "warnings": ["small"],
        "frames": 2,
        "look": "ab",
    }
    assert read(said) == Verdict(3, Shape("PNG", 1, 2, 3), done=("srgb",), warnings=("small",), frames=2, look="ab")
    assert read({"bytes": 0, "refused": "empty", "what": ""}) == Verdict(0, refused="empty")

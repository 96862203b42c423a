"""A caller's word about a dropped file's image, and the file's own: which of them counts."""

import dataclasses

import pytest

from gallery_sync.core import pictures
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Content, Entry, Ledger, Override, Wanted, generation_at
from gallery_sync.core.observe import observe
from gallery_sync.core.pictures import ByUrl
from tests.unit.core.build import NOW, a_file, a_ledger, content, key, live, replace, wanted

A = key("a.jpg")
ASKED = Content("https://pim.example/a.jpg", generation_at(NOW), "op:w", 0, url=True)
PICTURE = ByUrl("w", ASKED.source, NOW, key=A)
SAYS = wanted("a.jpg", priority=50, description="m")


def file(created: float = NOW - 60, generation: int = 1, priority: str = "50", description: str = "m") -> DropFile:
    says = a_file("a.jpg", generation, priority=priority, description=description)
    return dataclasses.replace(says, created=created)


def overridden(**asked: object) -> Ledger:
    """A file with a number and a description of its own, and a caller's word over it."""
    word = {"content": None, "priority": None, "description": None} | asked
    return a_ledger({A: pictures.overridden(Entry(SAYS), **word)})  # type: ignore[arg-type]


def wants(ledger: Ledger, *files: DropFile) -> Wanted:
    now_wanted = observe(ledger, files, NOW).entries[A].wanted
    assert now_wanted is not None
    return now_wanted


def test_a_callers_word_holds_as_long_as_the_file_says_what_it_said() -> None:
    ledger = overridden(content=ASKED, priority=7, description="x")
    assert observe(ledger, [file()], NOW) == ledger


@pytest.mark.parametrize(("created", "content_is"), [(NOW - 1, ASKED), (NOW, ASKED), (NOW + 1, content("a.jpg", 2))])
def test_of_two_contents_the_one_counts_that_came_later_and_at_one_moment_the_callers(
    created: float, content_is: Content
) -> None:
    now_wanted = wants(overridden(content=ASKED, priority=7), file(created, 2))
    assert (now_wanted.content, now_wanted.priority) == (content_is, 7)


@pytest.mark.parametrize("says", ["3", "70"])
def test_a_number_of_the_file_that_changed_since_is_the_files_again(says: str) -> None:
    now_wanted = wants(overridden(priority=7, description="x"), file(priority=says))
    assert (now_wanted.priority, now_wanted.description) == (int(says), "x")


@pytest.mark.parametrize("says", ["a", "z", ""])
def test_a_description_of_the_file_that_changed_since_is_the_files_again(says: str) -> None:
    now_wanted = wants(overridden(priority=7, description="x"), file(description=says))
    assert (now_wanted.priority, now_wanted.description) == (7, says)


def test_a_word_of_which_nothing_is_left_is_forgotten() -> None:
    ledger = observe(overridden(priority=7), [file(priority="3")], NOW)
    assert ledger.entries[A] == Entry(replace(SAYS, priority=3))


def test_a_word_that_the_file_says_itself_by_now_is_forgotten_and_does_not_come_back() -> None:
    ledger = overridden(priority=7)
    says_it_too = observe(ledger, [file(priority="7")], NOW)
    assert says_it_too.entries[A] == Entry(replace(SAYS, priority=7))
    assert wants(says_it_too, file()).priority == 50


def test_what_a_caller_does_not_speak_of_is_the_files() -> None:
    now_wanted = wants(overridden(content=ASKED), file(priority="3", description="z"))
    assert now_wanted == replace(SAYS, content=ASKED, priority=3, description="z")


def test_a_word_over_a_file_goes_with_the_file() -> None:
    shown = a_ledger({A: replace(overridden(content=ASKED).entries[A], live=live("a.jpg", "1.jpg"))})
    assert observe(shown, [], NOW).entries == {A: Entry(None, live("a.jpg", "1.jpg"))}


def test_a_picture_for_an_image_whose_file_is_gone_stays_and_stands_over_a_file_that_turns_up() -> None:
    entry = Entry(None, live("a.jpg", "1.jpg"))
    ledger = pictures.want(a_ledger({A: entry}), [replace(PICTURE, priority=7, description="x")])
    assert observe(ledger, [], NOW) == ledger
    turned_up = observe(ledger, [file()], NOW).entries[A]
    assert turned_up.override == Override(SAYS, ASKED, 7, "x")
    assert turned_up.wanted == replace(SAYS, content=ASKED, priority=7, description="x")


def test_a_callers_picture_makes_up_for_an_empty_file() -> None:
    assert (
        observe(overridden(content=ASKED), [dataclasses.replace(file(), size=0, checksum="none")], NOW)
        .entries[A]
        .failure
        is None
    )


def test_a_callers_picture_does_not_silence_a_files_number_that_is_none() -> None:
    entry = observe(overridden(content=ASKED), [file(priority="first")], NOW).entries[A]
    assert entry.failure is None
    assert entry.warning is not None
    assert "priority" in entry.warning

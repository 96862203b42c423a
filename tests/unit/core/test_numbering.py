"""Which number orders a key and which one is sent for it, in a shop that keeps numbers and in one that renumbers."""

from typing import Any

import pytest

from gallery_sync.core.ledger import Entry, Failure, Ledger, Live, Wanted
from gallery_sync.core.numbering import (
    Number,
    are_appended,
    is_numbered_in_steps,
    keeps_numbers,
    mark_astray,
    number,
    place_of,
)
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import NOW, a_ledger, content, img, key, live, replace, shown, wanted

A, B, C = key("a.jpg"), key("b.jpg"), key("c.jpg")
BROKEN = Failure("refused", "no picture", NOW)


def by_url(name: str, rank: float | None) -> Wanted:
    return Wanted(replace(content(name), url=True), NOW, rank=rank)


def places(ledger: Ledger, *listing: Image) -> dict[str, int]:
    return {name.rpartition("/")[2]: one.place for name, one in number(ledger, listing).items()}


def new(*files: str) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file)) for file in files}


@pytest.mark.parametrize(
    ("priorities", "in_steps"),
    [
        ([0, 1, 2], True),
        ([1, 2, 3], True),
        ([5, 10, 15], True),
        ([0, 10, 20], True),
        ([10, 20, 30], True),
        ([30, 10, 20], True),
        ([1], True),
        ([10], True),
        ([], True),
        ([2, 3, 4], False),
        ([1, 3, 5], False),
        ([1, 2, 4], False),
        ([0, 5, 10], False),
        ([20, 30, 40], False),
        ([100, 200, 300], False),
        ([10, 20, 20], False),
        ([2], False),
        ([100], False),
    ],
)
def test_a_gallery_that_is_counted_from_its_first_image_on_may_have_been_numbered_by_the_shop(
    priorities: list[int], in_steps: bool
) -> None:
    listing = [img(f"{place}.jpg", priority) for place, priority in enumerate(priorities)]
    assert is_numbered_in_steps(listing) is in_steps


def test_an_image_without_a_number_counts_as_numbered_0() -> None:
    assert is_numbered_in_steps([img("1.jpg"), img("2.jpg", 1)])
    assert not is_numbered_in_steps([img("1.jpg"), img("2.jpg", 2)])


def test_files_come_in_the_order_of_their_names_then_what_callers_asked_in_the_order_in_which_they_asked() -> None:
    asked = {"url:z": Entry(by_url("z", 1.0)), "url:a": Entry(by_url("a", 2.0)), "url:first": Entry(by_url("f", 0.0))}
    ledger = a_ledger(asked | new("z.jpg", "10.jpg", "2.jpg"))
    assert sorted(number(ledger, ()), key=lambda name: number(ledger, ())[name].place) == [
        key("2.jpg"),
        key("10.jpg"),
        key("z.jpg"),
        "url:first",
        "url:z",
        "url:a",
    ]


def test_what_is_not_wanted_or_not_shown_and_failed_has_no_number() -> None:
    gone = Entry(wanted("gone.jpg"), live("gone.jpg", "9.jpg", priority=100, state="gone"))
    entries = {
        key("bad.jpg"): Entry(wanted("bad.jpg"), failure=BROKEN),
        key("bad too.jpg"): Entry(wanted("bad too.jpg", priority=7), failure=BROKEN),
        key("gone.jpg"): gone,
        key("left.jpg"): Entry(None, live("left.jpg", "8.jpg", priority=100)),
    }
    assert number(a_ledger(entries), (img("8.jpg", 100),)) == {}


def test_an_image_that_was_deleted_by_a_person_and_dropped_again_is_numbered_as_a_new_one() -> None:
    again = {A: Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg", priority=900, state="gone"))}
    assert places(a_ledger(again | new("b.jpg"))) == {"a.jpg": 100, "b.jpg": 200}


def test_an_image_that_is_meant_by_its_name_is_ordered_only_by_a_number_that_was_asked_for() -> None:
    shows = Live("1.jpg", "", 0)
    named = {"name:1.jpg": Entry(by_url("x", None), shows)}
    assert number(a_ledger(named), (img("1.jpg", 5),)) == {}
    asked = {"name:1.jpg": Entry(replace(by_url("x", None), priority=7), shows)}
    assert number(a_ledger(asked), (img("1.jpg", 5),)) == {"name:1.jpg": Number(7, 7, own=True)}


def test_a_number_that_somebody_elses_image_has_is_given_to_none_of_ours() -> None:
    left = {key("left.jpg"): Entry(None, live("left.jpg", "8.jpg", priority=201))}
    named = {"name:7.jpg": Entry(by_url("x", None), Live("7.jpg", "", 0))}
    listing = (img("8.jpg", 201), img("7.jpg", 100), img("foreign.jpg", 202), img("nameless.jpg"))
    assert places(a_ledger(new("a.jpg", "b.jpg") | left | named), *listing) == {"a.jpg": 302, "b.jpg": 402}


def test_a_number_of_an_image_of_ours_is_not_taken_from_it() -> None:
    assert places(a_ledger(shown("a.jpg", "1.jpg", 100)), img("1.jpg", 100)) == {"a.jpg": 100}


def test_a_number_that_a_person_gave_to_an_image_of_ours_is_no_obstacle_to_the_order_of_the_others() -> None:
    entries = shown("a.jpg", "1.jpg", 100) | new("b.jpg") | shown("c.jpg", "3.jpg", 200)
    assert places(a_ledger(entries), img("1.jpg", 100), img("3.jpg", 149)) == {"a.jpg": 100, "b.jpg": 149, "c.jpg": 200}


def test_an_image_is_ordered_by_its_place_where_another_number_was_sent_for_it() -> None:
    assert place_of(Live("1.jpg", "sum", 1, 40)) == 40
    assert place_of(Live("1.jpg", "sum", 1, 40, place=150)) == 150
    assert place_of(Live("1.jpg", "sum", 1)) is None


def test_an_image_has_its_number_if_its_place_is_right_or_for_one_that_was_asked_for_if_that_was_sent() -> None:
    shows = Live("1.jpg", "sum", 1, 40, place=150)
    assert Number(150, 45).is_of(shows)
    assert not Number(40, 40).is_of(shows)
    assert Number(40, 40, own=True).is_of(shows)
    assert not Number(150, 150, own=True).is_of(shows)


TWO = shown("a.jpg", "1.jpg", 100) | shown("b.jpg", "2.jpg", 200)


@pytest.mark.parametrize(
    ("listing", "keeps"),
    [
        pytest.param([img("1.jpg", 1), img("2.jpg", 2)], False, id="both were renumbered"),
        pytest.param([img("1.jpg", 1)], None, id="one alone, which a person may have moved"),
        pytest.param([img("1.jpg", 100)], True, id="one alone that kept its number"),
        pytest.param([img("1.jpg", 1), img("2.jpg", 200)], True, id="one of two kept its number"),
        pytest.param([img("foreign.jpg", 100), img("other.jpg", 200)], None, id="none of ours"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_whether_a_shop_keeps_numbers_is_told_by_one_that_kept_it_or_two_that_did_not(
    listing: list[Image], keeps: bool | None
) -> None:
    assert keeps_numbers(a_ledger(TWO | {C: Entry(wanted("c.jpg"))}), listing) is keeps


@pytest.mark.parametrize(
    ("listing", "appended"),
    [
        pytest.param([img("1.jpg", 10), img("2.jpg", 20)], True, id="it is seen to renumber"),
        pytest.param([img("1.jpg", 7), img("2.jpg", 9)], True, id="it is seen to renumber, in no steps"),
        pytest.param([img("1.jpg", 100), img("2.jpg", 2)], False, id="it is seen to keep numbers"),
        pytest.param([img("foreign.jpg", 1), img("other.jpg", 2)], True, id="it may renumber what it shows"),
        pytest.param([img("foreign.jpg", 7), img("other.jpg", 9)], False, id="it can hardly have given these numbers"),
        pytest.param([], False, id="it shows nothing"),
    ],
)
def test_new_images_go_behind_all_others_where_the_shop_renumbers_or_may_do_so(
    listing: list[Image], appended: bool
) -> None:
    assert are_appended(a_ledger(TWO), listing) is appended


THREE = shown("a.jpg", "1.jpg", 100) | shown("c.jpg", "3.jpg", 300) | shown("e.jpg", "5.jpg", 500)
RENUMBERED = (img("1.jpg", 10), img("3.jpg", 20), img("5.jpg", 30))


def landed(file: str, name: str, priority: int, **more: Any) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file), live(file, name, priority=priority, **more))}


def astray(ledger: Ledger) -> set[str]:
    return {
        name.rpartition("/")[2]
        for name, entry in ledger.entries.items()
        if entry.live is not None and entry.live.state == "astray"
    }


def test_what_landed_between_others_but_stands_behind_them_is_astray() -> None:
    ledger = a_ledger(THREE | landed("b.jpg", "2.jpg", 600) | landed("f.jpg", "6.jpg", 700))
    listing = (*RENUMBERED, img("2.jpg", 40), img("6.jpg", 50))
    assert astray(mark_astray(ledger, listing, {key("b.jpg"): 600, key("f.jpg"): 700})) == {"b.jpg"}


def test_what_landed_under_the_number_that_was_sent_is_where_it_belongs() -> None:
    ledger = a_ledger(THREE | landed("b.jpg", "2.jpg", 40))
    assert mark_astray(ledger, (*RENUMBERED, img("2.jpg", 40)), {key("b.jpg"): 40}) == ledger


def test_what_the_listing_shows_without_a_number_or_not_at_all_is_not_astray() -> None:
    ledger = a_ledger(THREE | landed("b.jpg", "2.jpg", 600))
    for listing in ((*RENUMBERED, img("2.jpg")), RENUMBERED):
        assert mark_astray(ledger, listing, {key("b.jpg"): 600}) == ledger


def test_those_that_were_there_before_are_taken_to_stand_right() -> None:
    # One of ours before, three that land behind it: theirs is the wrong place, however many they are.
    before = shown("z.jpg", "9.jpg", 100)
    new = {f"{name}.jpg": f"{name}-live.jpg" for name in "abc"}
    entries = before | {k: e for file, name in new.items() for k, e in landed(file, name, 600).items()}
    listing = (img("9.jpg", 10), *(img(name, 20 + 10 * at) for at, name in enumerate(new.values())))
    assert astray(mark_astray(a_ledger(entries), listing, dict.fromkeys(map(key, new), 600))) == set(new)


def test_one_that_is_astray_is_sent_a_number_between_those_that_its_neighbours_are_shown_with() -> None:
    strayed = landed("b.jpg", "2.jpg", 600, state="astray", place=149)
    numbers = number(a_ledger(THREE | strayed), (*RENUMBERED, img("2.jpg", 40)))
    assert numbers == {
        A: Number(100, 100),
        B: Number(149, 14),
        C: Number(300, 300),
        key("e.jpg"): Number(500, 500),
    }


def test_one_that_is_astray_does_not_get_the_number_of_somebody_elses_image() -> None:
    strayed = landed("b.jpg", "2.jpg", 600, state="astray", place=149)
    listing = (*RENUMBERED, img("2.jpg", 40), img("foreign.jpg", 14))
    assert number(a_ledger(THREE | strayed), listing)[B].sent == 15


def test_one_that_is_astray_is_not_placed_by_one_that_is_not_shown_yet() -> None:
    strayed = landed("b.jpg", "2.jpg", 600, state="astray", place=149)
    entries = THREE | strayed | new("bb.jpg")
    assert number(a_ledger(entries), (*RENUMBERED, img("2.jpg", 40)))[B].sent == 14

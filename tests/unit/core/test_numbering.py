"""Which number orders a key and which one is sent for it, in a shop that keeps numbers and in one that renumbers."""

from typing import Any

import pytest

from gallery_sync.core.ledger import ORDER_RULE, Entry, Failure, Ledger, Live, Wanted
from gallery_sync.core.numbering import (
    Number,
    is_telling,
    new_number,
    number,
    place_of,
    with_landed,
    with_strays,
)
from gallery_sync.core.plan import Policy, stuck
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import MAX_PRIORITY, Image
from tests.unit.core.build import (
    GIVEN,
    KEPT,
    NOBODY_KNOWS,
    NOW,
    a_ledger,
    content,
    img,
    key,
    live,
    replace,
    shown,
    wanted,
)

A, B, C = key("a.jpg"), key("b.jpg"), key("c.jpg")
BROKEN = Failure("refused", "no picture", NOW)


def by_url(name: str, rank: float | None) -> Wanted:
    return Wanted(replace(content(name), url=True), NOW, rank=rank)


def places(ledger: Ledger, *listing: Image) -> dict[str, int]:
    return {name.rpartition("/")[2]: one.place for name, one in number(ledger, listing, KEPT).items()}


def new(*files: str) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file)) for file in files}


@pytest.mark.parametrize(
    ("sent", "shown_images", "telling"),
    [
        (137, 1, True),
        (137, 136, True),
        (137, 137, False),
        (137, 200, False),
        (100, 1, False),
        (5, 1, False),
        (1, 0, True),
        (1, 1, False),
    ],
)
def test_a_number_that_counting_may_give_tells_nothing(sent: int, shown_images: int, telling: bool) -> None:
    assert is_telling(sent, shown_images) is telling


@pytest.mark.parametrize("facts", [GIVEN, NOBODY_KNOWS], ids=["given", "nobody knows"])
@pytest.mark.parametrize("taken", [set(), {10, 20, 30}, {137}, {1, 2, 3, 4}, set(range(1, 250)), {MAX_PRIORITY - 1}])
def test_a_new_image_is_sent_a_number_that_tells_above_all_others(taken: set[int], facts: Facts) -> None:
    sent = new_number(100, taken, facts)
    assert sent not in taken
    assert is_telling(sent, len(taken) + 1) or MAX_PRIORITY - 1 in taken
    assert sent > max(taken, default=0) or MAX_PRIORITY - 1 in taken
    assert new_number(100, taken, KEPT) == next(n for n in range(100, 300) if n not in taken)


def test_files_come_in_the_order_of_their_names_then_what_callers_asked_in_the_order_in_which_they_asked() -> None:
    asked = {"url:z": Entry(by_url("z", 1.0)), "url:a": Entry(by_url("a", 2.0)), "url:first": Entry(by_url("f", 0.0))}
    ledger = a_ledger(asked | new("z.jpg", "10.jpg", "2.jpg"))
    assert sorted(number(ledger, (), KEPT), key=lambda name: number(ledger, (), KEPT)[name].place) == [
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
    assert number(a_ledger(entries), (img("8.jpg", 100),), KEPT) == {}


def test_an_image_that_was_deleted_by_a_person_and_dropped_again_is_numbered_as_a_new_one() -> None:
    again = {A: Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg", priority=900, state="gone"))}
    assert places(a_ledger(again | new("b.jpg"))) == {"a.jpg": 100, "b.jpg": 200}


def test_an_image_that_is_meant_by_its_name_is_ordered_only_by_a_number_that_was_asked_for() -> None:
    shows = Live("1.jpg", "", 0)
    named = {"name:1.jpg": Entry(by_url("x", None), shows)}
    assert number(a_ledger(named), (img("1.jpg", 5),), KEPT) == {}
    asked = {"name:1.jpg": Entry(replace(by_url("x", None), priority=7), shows)}
    assert number(a_ledger(asked), (img("1.jpg", 5),), KEPT) == {"name:1.jpg": Number(7, 7, own=True)}


def test_a_number_that_somebody_elses_image_has_is_given_to_none_of_ours() -> None:
    left = {key("left.jpg"): Entry(None, live("left.jpg", "8.jpg", priority=201))}
    named = {"name:7.jpg": Entry(by_url("x", None), Live("7.jpg", "", 0))}
    listing = (img("8.jpg", 201), img("7.jpg", 100), img("foreign.jpg", 202), img("nameless.jpg"))
    assert places(a_ledger(new("a.jpg", "b.jpg") | left | named), *listing) == {"a.jpg": 302, "b.jpg": 402}


def test_a_number_that_somebody_asked_for_is_given_to_no_other() -> None:
    asked = {B: Entry(wanted("b.jpg", priority=100))}
    assert places(a_ledger(new("a.jpg", "c.jpg") | asked)) == {"a.jpg": 101, "b.jpg": 100, "c.jpg": 201}


def test_a_gallery_keeps_the_order_of_its_rule() -> None:
    ledger = a_ledger(new("a-2.jpg", "a.jpg"))
    assert places(ledger) == {"a-2.jpg": 100, "a.jpg": 200}
    assert places(replace(ledger, order_rule=ORDER_RULE)) == {"a.jpg": 100, "a-2.jpg": 200}


def test_a_number_of_an_image_of_ours_is_not_taken_from_it() -> None:
    assert places(a_ledger(shown("a.jpg", "1.jpg", 100)), img("1.jpg", 100)) == {"a.jpg": 100}


def test_a_number_that_a_person_gave_to_an_image_of_ours_is_no_obstacle_to_the_order_of_the_others() -> None:
    entries = shown("a.jpg", "1.jpg", 100) | new("b.jpg") | shown("c.jpg", "3.jpg", 200)
    assert places(a_ledger(entries), img("1.jpg", 100), img("3.jpg", 149)) == {"a.jpg": 100, "b.jpg": 149, "c.jpg": 200}


def test_an_image_is_ordered_by_its_place_where_another_number_was_sent_for_it_unless_the_shop_keeps_that() -> None:
    assert place_of(Live("1.jpg", "sum", 1, 40), GIVEN) == 40
    moved = Live("1.jpg", "sum", 1, 40, place=150)
    assert [place_of(moved, facts) for facts in (GIVEN, NOBODY_KNOWS, KEPT)] == [150, 150, 40]
    assert place_of(Live("1.jpg", "sum", 1), KEPT) is None


def test_an_image_has_its_number_if_its_place_is_right_or_for_one_that_was_asked_for_if_that_was_sent() -> None:
    shows = Live("1.jpg", "sum", 1, 40, place=150)
    assert Number(150, 45).is_of(shows, GIVEN)
    assert not Number(40, 40).is_of(shows, GIVEN)
    assert Number(40, 40).is_of(shows, KEPT)
    assert Number(40, 40, own=True).is_of(shows, GIVEN)
    assert not Number(150, 150, own=True).is_of(shows, GIVEN)


THREE = shown("a.jpg", "1.jpg", 100) | shown("c.jpg", "3.jpg", 300) | shown("e.jpg", "5.jpg", 500)
TENS = (img("1.jpg", 10), img("3.jpg", 20), img("5.jpg", 30))
ONES = (img("1.jpg", 1), img("3.jpg", 2), img("5.jpg", 3))
NULLS = (img("1.jpg"), img("3.jpg"), img("5.jpg"))


def landed(file: str, name: str, priority: int, **more: Any) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file), live(file, name, priority=priority, **more))}


def astray(ledger: Ledger) -> set[str]:
    return {
        name.rpartition("/")[2]
        for name, entry in ledger.entries.items()
        if entry.live is not None and entry.live.state == "astray"
    }


@pytest.mark.parametrize(
    "listing",
    [
        (*TENS, img("2.jpg", 40), img("6.jpg", 50)),
        (*ONES, img("2.jpg", 4), img("6.jpg", 5)),
        (*NULLS, img("2.jpg"), img("6.jpg")),
    ],
    ids=["tens", "ones", "null"],
)
def test_what_landed_between_others_but_stands_behind_them_is_astray(listing: tuple[Image, ...]) -> None:
    ledger = a_ledger(THREE | landed("b.jpg", "2.jpg", 637) | landed("f.jpg", "6.jpg", 737))
    assert astray(with_landed(ledger, listing, [key("b.jpg"), key("f.jpg")], GIVEN)) == {"b.jpg"}
    for facts in (KEPT, NOBODY_KNOWS, Facts(numbers="given", patched="ignored")):
        assert with_landed(ledger, listing, [key("b.jpg"), key("f.jpg")], facts) == ledger


def test_what_landed_where_it_belongs_or_is_not_shown_is_not_astray() -> None:
    ledger = a_ledger(THREE | landed("b.jpg", "2.jpg", 637))
    for listing in ((*TENS, img("2.jpg", 15)), TENS):
        assert with_landed(ledger, listing, [key("b.jpg")], GIVEN) == ledger


def test_those_that_were_there_before_are_taken_to_stand_right() -> None:
    # One of ours before, three that land behind it: theirs is the wrong place, however many they are.
    before = shown("z.jpg", "9.jpg", 100)
    new = {f"{name}.jpg": f"{name}-live.jpg" for name in "abc"}
    entries = before | {k: e for file, name in new.items() for k, e in landed(file, name, 600).items()}
    listing = (img("9.jpg", 10), *(img(name, 20 + 10 * at) for at, name in enumerate(new.values())))
    assert astray(with_landed(a_ledger(entries), listing, list(map(key, new)), GIVEN)) == set(new)


STRAYED = landed("b.jpg", "2.jpg", 637, state="astray", place=149)


def test_one_that_is_astray_is_sent_a_number_between_those_that_its_neighbours_are_shown_with() -> None:
    numbers = number(a_ledger(THREE | STRAYED), (*TENS, img("2.jpg", 40)), GIVEN)
    assert numbers == {
        A: Number(100, 100),
        B: Number(149, 14),
        C: Number(300, 300),
        key("e.jpg"): Number(500, 500),
    }


def test_one_that_is_astray_does_not_get_the_number_of_somebody_elses_image() -> None:
    listing = (*TENS, img("2.jpg", 40), img("foreign.jpg", 14))
    assert number(a_ledger(THREE | STRAYED), listing, GIVEN)[B].sent == 15


def test_one_that_is_astray_is_not_placed_by_one_that_is_not_shown_yet() -> None:
    entries = THREE | STRAYED | new("bb.jpg")
    assert number(a_ledger(entries), (*TENS, img("2.jpg", 40)), GIVEN)[B].sent == 14


def shown_after(ledger: Ledger, listing: tuple[Image, ...]) -> list[str]:
    """The gallery's order once what is astray was sent the numbers that it is to have, one call of all."""
    numbers = number(ledger, listing, GIVEN)
    names = {e.live.name: name for name, e in ledger.entries.items() if e.live is not None}
    sent = {
        names[name]: numbers[names[name]].sent for name in names if names[name].rpartition("/")[2] in astray(ledger)
    }
    at = {i.name: sent.get(names.get(i.name, ""), i.priority or 0) for i in listing}
    return [name for name, _ in sorted(at.items(), key=lambda pair: pair[1])]


def test_where_there_is_no_room_all_that_stand_behind_have_to_move_as_well() -> None:
    listing = (*ONES, img("2.jpg", 4))
    ledger = with_strays(a_ledger(THREE | STRAYED), listing, GIVEN)
    assert astray(ledger) == {"b.jpg", "c.jpg", "e.jpg"}
    assert shown_after(ledger, listing) == ["1.jpg", "2.jpg", "3.jpg", "5.jpg"]
    # What is marked once is as many as it takes.
    assert with_strays(ledger, listing, GIVEN) == ledger


def test_before_all_others_there_is_no_room_either_and_somebody_elses_image_is_not_moved() -> None:
    first = landed("0.jpg", "0.jpg", 637, state="astray", place=50)
    listing = (*ONES, img("foreign.jpg", 4), img("0.jpg", 5))
    ledger = with_strays(a_ledger(THREE | first), listing, GIVEN)
    assert shown_after(ledger, listing) == ["foreign.jpg", "0.jpg", "1.jpg", "3.jpg", "5.jpg"]


def test_one_that_a_person_put_elsewhere_draws_none_of_those_behind_it_after_it() -> None:
    # A person put c first. The new b makes e move as well, which stays behind b, and does not follow c.
    listing = (img("3.jpg"), img("1.jpg"), img("5.jpg"), img("2.jpg"))
    ledger = with_strays(a_ledger(THREE | STRAYED), listing, GIVEN)
    numbers = number(ledger, listing, GIVEN)
    assert astray(ledger) == {"b.jpg", "e.jpg"}
    assert numbers[B].sent < numbers[key("e.jpg")].sent


def test_what_stays_keeps_the_order_that_a_person_gave_it() -> None:
    listing = (img("5.jpg", 1), img("3.jpg", 2), img("1.jpg", 3), img("2.jpg", 4))
    ledger = with_strays(a_ledger(THREE | STRAYED), listing, GIVEN)
    # Right behind the one that it follows by name.
    assert shown_after(ledger, listing) == ["5.jpg", "3.jpg", "1.jpg", "2.jpg"]


def test_where_no_numbers_are_shown_all_from_the_stray_on_get_numbers_above_all_that_were_ever_sent() -> None:
    ledger, listing = with_strays(a_ledger(THREE | STRAYED), (*NULLS, img("2.jpg")), GIVEN), (*NULLS, img("2.jpg"))
    assert astray(ledger) == {"b.jpg", "c.jpg", "e.jpg"}
    sent = [number(ledger, listing, GIVEN)[name].sent for name in (B, C, key("e.jpg"))]
    assert sent == [737, 837, 937]


def test_for_one_that_nothing_is_sent_for_now_no_other_moves() -> None:
    listing = (*NULLS, img("2.jpg"))
    entries = THREE | landed("b.jpg", "2.jpg", 637, state="shown", place=9999)
    entries[B] = replace(entries[B], failure=BROKEN)
    ledger = a_ledger(entries)
    assert astray(with_strays(ledger, listing, GIVEN)) != set()
    assert with_strays(ledger, listing, GIVEN, stuck(ledger, NOW, Policy())) == ledger
    # Nor for one that has to wait; in time it moves, and the others with it.
    waits = a_ledger(entries | {B: replace(entries[B], failure=None, not_before=NOW + 60)})
    assert with_strays(waits, listing, GIVEN, stuck(waits, NOW, Policy())) == waits
    assert astray(with_strays(waits, listing, GIVEN, stuck(waits, NOW + 60, Policy()))) != set()


def test_more_images_than_there_is_room_above_the_others_are_all_numbered_anew() -> None:
    high = tuple(img(image.name, MAX_PRIORITY - 3 + at) for at, image in enumerate((*ONES, img("2.jpg"))))
    ledger = with_strays(a_ledger(THREE | STRAYED), high, GIVEN)
    assert shown_after(ledger, high) == ["1.jpg", "2.jpg", "3.jpg", "5.jpg"]
    assert max(one.sent for one in number(ledger, high, GIVEN).values()) <= MAX_PRIORITY


@pytest.mark.parametrize(("top", "moved"), [(MAX_PRIORITY - 300, "bce"), (MAX_PRIORITY - 299, "abce")])
def test_where_numbers_above_all_others_do_not_suffice_all_of_ours_are_moved(top: int, moved: str) -> None:
    entries = {
        key(f"{name}.jpg"): Entry(
            wanted(f"{name}.jpg"),
            live(
                f"{name}.jpg",
                f"{name}-live.jpg",
                priority=sent,
                place=place,
                state="astray" if name == "b" else "shown",
            ),
        )
        for name, sent, place in (("a", top - 3, 100), ("c", top - 2, 300), ("e", top - 1, 500), ("b", top, 149))
    }
    listing = tuple(img(f"{name}-live.jpg") for name in "aceb")
    assert astray(with_strays(a_ledger(entries), listing, GIVEN)) == {f"{name}.jpg" for name in moved}


def test_a_file_that_is_to_stand_elsewhere_by_now_is_moved_once() -> None:
    # Its place came from another rule of order.
    entries = THREE | landed("b.jpg", "2.jpg", 637, place=900)
    listing = (*TENS, img("2.jpg", 40))
    ledger = with_strays(a_ledger(entries), listing, GIVEN)
    assert astray(ledger) == {"b.jpg"}
    assert shown_after(ledger, listing) == ["1.jpg", "2.jpg", "3.jpg", "5.jpg"]


def test_where_nothing_is_astray_nothing_is_marked_however_a_person_orders_the_gallery() -> None:
    ledger = a_ledger(THREE)
    for listing in (TENS, ONES, NULLS, tuple(reversed(NULLS)), (img("5.jpg", 1), img("1.jpg", 2), img("3.jpg", 3))):
        assert with_strays(ledger, listing, GIVEN) == ledger

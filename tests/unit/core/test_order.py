"""Which priorities a gallery's images get: rising, kept where possible, with room between them."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core import order
from gallery_sync.core.shop_values import MAX_PRIORITY

numbers = st.integers(1, 400) | st.integers(1, MAX_PRIORITY)
wanteds = st.integers(0, 40).map(lambda count: [f"k{i:02}" for i in range(count)])
currents = st.dictionaries(st.integers(0, 50).map(lambda i: f"k{i:02}"), numbers, max_size=40)
takens = st.sets(numbers, max_size=60)


def longest_rise(values: Sequence[int]) -> int:
    tails: list[int] = []
    for value in values:
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
    return len(tails)


def kept(wanted: Sequence[str], current: Mapping[str, int], given: Mapping[str, int]) -> int:
    return sum(1 for key in wanted if key in current and given[key] == current[key])


@given(wanteds, currents, takens)
def test_numbers_rise_within_shoptets_range_and_new_ones_are_free(
    wanted: list[str], current: dict[str, int], taken: set[int]
) -> None:
    given_numbers = order.assign(wanted, current, taken)
    in_order = [given_numbers[key] for key in wanted]
    assert set(given_numbers) == set(wanted)
    assert all(a < b for a, b in pairwise(in_order))
    assert all(1 <= number <= MAX_PRIORITY for number in in_order)
    new = {number for key, number in given_numbers.items() if current.get(key) != number}
    assert not new & taken


@given(wanteds, st.data(), takens, st.integers(0, MAX_PRIORITY))
def test_ours_stand_together_beside_those_of_others_and_stay_where_they_are(
    wanted: list[str], data: st.DataObject, others: set[int], low: int
) -> None:
    """Whether none was numbered yet, or some of them stand together already."""
    room = [number for number in range(low, min(low + 400, MAX_PRIORITY)) if number not in others and number > 0]
    stretch = room[: next((i for i, (a, b) in enumerate(pairwise(room), 1) if b != a + 1), len(room))]
    had = [key for key in wanted if data.draw(st.booleans())][: len(stretch)]
    current = dict(zip(had, stretch, strict=False))
    numbers = order.assign(wanted, current, others, others)
    between = [number for number in others if numbers and min(numbers.values()) < number < max(numbers.values())]
    assert not between
    assert not set(numbers.values()) & others


@pytest.mark.parametrize(
    ("wanted", "current", "others", "result"),
    [
        pytest.param("abc", {}, {100, 200, 300}, {"a": 400, "b": 500, "c": 600}, id="behind all others"),
        pytest.param("abc", {}, {10, 20, 30}, {"a": 130, "b": 230, "c": 330}, id="behind small numbers"),
        pytest.param(
            "abc", {"a": 100, "b": 200}, {201}, {"a": 50, "b": 100, "c": 150}, id="no room behind them: closer"
        ),
        pytest.param("abc", {"a": 100, "b": 200}, {999}, {"a": 100, "b": 200, "c": 300}, id="before, as they are"),
        pytest.param("abc", {"a": 1, "b": 2}, {3}, {"a": 103, "b": 203, "c": 303}, id="no room at all: behind"),
        pytest.param("abc", {"a": 100, "c": 300}, {200}, {"a": 100, "b": 199, "c": 300}, id="a person put one between"),
        pytest.param(
            "ab",
            {},
            {MAX_PRIORITY - 1, MAX_PRIORITY},
            {"a": 100, "b": 200},
            id="none left behind them: in the widest stretch before",
        ),
        pytest.param(
            "ab",
            {"b": 50},
            set(range(1, MAX_PRIORITY + 1, 2)),
            {"a": 24, "b": 50},
            id="no stretch is wide enough: wherever there is room",
        ),
    ],
)
def test_where_ours_stand_among_others(
    wanted: str, current: dict[str, int], others: set[int], result: dict[str, int]
) -> None:
    assert order.assign(list(wanted), current, others, others) == result


@given(wanteds, currents, takens)
def test_as_many_numbers_as_possible_are_kept_unless_all_are_given_anew(
    wanted: list[str], current: dict[str, int], taken: set[int]
) -> None:
    given_numbers = order.assign(wanted, current, taken)
    possible = longest_rise([current[key] for key in wanted if key in current])
    assert kept(wanted, current, given_numbers) == possible or given_numbers == order.assign(wanted, {}, taken)


@given(wanteds, currents, takens)
def test_numbers_once_given_are_given_again(wanted: list[str], current: dict[str, int], taken: set[int]) -> None:
    given_numbers = order.assign(wanted, current, taken)
    assert order.assign(wanted, given_numbers, taken) == given_numbers
    assert order.assign(wanted, given_numbers) == given_numbers


@given(wanteds.filter(bool), st.data())
def test_an_image_in_between_touches_no_neighbour_where_there_is_room(wanted: list[str], data: st.DataObject) -> None:
    before = order.assign(wanted, {})
    place = data.draw(st.integers(0, len(wanted)))
    after = order.assign([*wanted[:place], "new", *wanted[place:]], before)
    assert {key: after[key] for key in wanted} == before


@given(wanteds, st.data())
def test_an_image_that_goes_touches_no_neighbour(wanted: list[str], data: st.DataObject) -> None:
    before = order.assign(wanted, {})
    left = [key for key in wanted if data.draw(st.booleans())]
    assert order.assign(left, before) == {key: before[key] for key in left}


def test_first_numbers_are_a_step_apart() -> None:
    assert order.assign(["a", "b", "c"], {}) == {"a": 100, "b": 200, "c": 300}


@pytest.mark.parametrize(
    ("wanted", "current", "taken", "result"),
    [
        pytest.param("abc", {"a": 100, "c": 200}, set(), {"a": 100, "b": 149, "c": 200}, id="in the middle of a gap"),
        pytest.param("xab", {"a": 100, "b": 200}, set(), {"x": 49, "a": 100, "b": 200}, id="before the first"),
        pytest.param("abx", {"a": 100, "b": 200}, set(), {"a": 100, "b": 200, "x": 300}, id="after the last"),
        pytest.param("abc", {"a": 5, "c": 7}, set(), {"a": 5, "b": 6, "c": 7}, id="a gap of one"),
        pytest.param("abc", {"a": 5, "c": 6}, set(), {"a": 100, "b": 200, "c": 300}, id="no gap: all anew"),
        pytest.param("ab", {"b": 1}, set(), {"a": 100, "b": 200}, id="nothing below 1"),
        pytest.param("ab", {"a": MAX_PRIORITY}, set(), {"a": 100, "b": 200}, id="nothing above the last"),
        pytest.param("ab", {"a": MAX_PRIORITY - 1}, set(), {"a": MAX_PRIORITY - 1, "b": MAX_PRIORITY}, id="the last"),
        pytest.param("abc", {"a": 5, "c": 7}, {6}, {"a": 100, "b": 200, "c": 300}, id="the gap is taken"),
        pytest.param("abc", {"a": 5, "c": 9}, {6}, {"a": 5, "b": 7, "c": 9}, id="beside what is taken"),
        pytest.param("abc", {"a": 5, "c": 9}, {7, 8}, {"a": 5, "b": 6, "c": 9}, id="the only free one"),
        pytest.param("abcd", {"a": 5, "d": 9}, set(), {"a": 5, "b": 6, "c": 7, "d": 9}, id="two in a narrow gap"),
        pytest.param(
            "abc",
            {"a": MAX_PRIORITY - 3, "c": MAX_PRIORITY},
            set(),
            {"a": MAX_PRIORITY - 3, "b": MAX_PRIORITY - 2, "c": MAX_PRIORITY},
            id="in the middle of the last gap",
        ),
        pytest.param(
            "abcde",
            {"a": 10, "e": 20},
            set(range(12, 17)),
            {"a": 10, "b": 17, "c": 18, "d": 19, "e": 20},
            id="as many as are left above what is taken",
        ),
        pytest.param(
            "abcd", {"a": 5, "d": 12}, {7, 8, 9, 10}, {"a": 5, "b": 6, "c": 11, "d": 12}, id="around what is taken"
        ),
        pytest.param("ab", {"a": 100, "b": 200}, {100}, {"a": 100, "b": 200}, id="a kept number may be taken"),
        pytest.param("ab", {}, {100}, {"a": 101, "b": 201}, id="the first free one"),
        pytest.param("abc", {"a": 300, "b": 100, "c": 200}, set(), {"a": 49, "b": 100, "c": 200}, id="one moved"),
        pytest.param("ab", {"a": 7, "b": 7}, set(), {"a": 3, "b": 7}, id="equal numbers do not rise"),
        pytest.param("a", {"b": 7}, set(), {"a": 100}, id="numbers of others do not count"),
        pytest.param("", {"b": 7}, {1}, {}, id="nothing wanted"),
    ],
)
def test_who_gets_which_number(wanted: str, current: dict[str, int], taken: set[int], result: dict[str, int]) -> None:
    assert order.assign(list(wanted), current, taken) == result


def test_the_whole_range_can_be_used() -> None:
    keys = [f"{i:05}" for i in range(MAX_PRIORITY)]
    assert order.assign(keys, {}) == {key: i + 1 for i, key in enumerate(keys)}


def test_more_images_than_priorities_is_an_error_that_says_so() -> None:
    keys = [f"{i:05}" for i in range(MAX_PRIORITY + 1)]
    with pytest.raises(ValueError, match="65536 images in one gallery are more than the 65535 priorities"):
        order.assign(keys, {})


def test_a_full_range_gives_numbers_that_are_taken_rather_than_none() -> None:
    assert order.assign(["a", "b"], {}, set(range(1, MAX_PRIORITY + 1))) == {"a": 100, "b": 200}


@pytest.mark.parametrize(
    ("near", "taken", "free"),
    [
        (100, set(), 100),
        (100, {100}, 101),
        (100, {100, 101}, 102),
        (MAX_PRIORITY - 1, {MAX_PRIORITY - 1}, MAX_PRIORITY),
        (MAX_PRIORITY, {MAX_PRIORITY}, MAX_PRIORITY - 1),
        (5, set(range(4, MAX_PRIORITY + 1)), 3),
        (2, set(range(2, MAX_PRIORITY + 1)), 1),
    ],
)
def test_a_free_number_is_the_nearest_above_else_below(near: int, taken: set[int], free: int) -> None:
    assert order.free_number(near, taken) == free


def test_no_free_number_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="all 65535 priorities of the gallery are taken"):
        order.free_number(1, set(range(1, MAX_PRIORITY + 1)))


@pytest.mark.parametrize(
    ("near", "taken", "number"),
    [
        (65_600, set(), 65_535),
        (65_536, {65_535}, 65_534),
        (65_535, {65_535, 65_534}, 65_533),
        (65_530, {65_530}, 65_531),
    ],
)
def test_a_free_number_is_one_that_shoptet_takes_wherever_it_is_looked_for(
    near: int, taken: set[int], number: int
) -> None:
    assert order.free_number(near, taken) == number


@pytest.mark.parametrize(
    ("numbers", "first", "rise"),
    [
        pytest.param({"a": 1, "b": 2, "c": 3}, None, "abc", id="all rise"),
        pytest.param({"a": 9, "b": 2, "c": 3}, None, "bc", id="the longest part"),
        pytest.param({"a": 1, "c": 3}, None, "ac", id="one has no number"),
        pytest.param({"a": 9, "b": 2, "c": 3}, {"a": 9}, "a", id="what has to stay, stays"),
        pytest.param({"a": 1, "b": 5, "c": 3}, {"a": 1, "c": 3}, "ac", id="one between that does not rise"),
        pytest.param({"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}, "abc", id="one between"),
        pytest.param({"a": 1, "b": 1, "c": 3}, {"a": 1, "c": 3}, "ac", id="one equal to that before"),
        pytest.param({"a": 1, "b": 3, "c": 3}, {"a": 1, "c": 3}, "ac", id="one equal to that after"),
        pytest.param({"a": 1, "b": 2, "c": 3}, {"c": 3}, "abc", id="those before it"),
        pytest.param({"a": 2, "b": 1, "c": 3}, {"c": 3}, "bc", id="of those before it the longest part"),
        pytest.param({"a": 1, "b": 2, "c": 3}, {"a": 1}, "abc", id="those after it"),
        pytest.param({"a": 1, "b": MAX_PRIORITY}, {"a": 1}, "ab", id="the last number of all"),
        pytest.param({"a": 1, "b": 2}, {}, "ab", id="nothing has to stay"),
    ],
)
def test_as_many_as_possible_rise_beside_those_that_have_to_stay(
    numbers: dict[str, int], first: dict[str, int] | None, rise: str
) -> None:
    assert order.rising("abc", numbers, first) == {key: numbers[key] for key in rise}

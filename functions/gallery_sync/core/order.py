"""Which Shoptet priority each image of ours gets, so that the gallery shows them in the order that is wanted.

Shoptet shows a gallery by `priority`, 1 to 65535, gaps allowed. An explicit priority is that number itself. All others
get numbers in the order of their names, a step apart, and keep them as long as they still rise: a file that comes in
between gets a number between its neighbours, and the neighbours are not touched. Pure.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence, Set
from itertools import chain
from typing import Final

from gallery_sync.core.shop_values import MAX_PRIORITY

STEP: Final = 100


def assign(wanted: Sequence[str], current: Mapping[str, int], taken: Set[int] = frozenset()) -> dict[str, int]:
    """Give each key of `wanted` (in the order to be shown) its number; they rise strictly.

    `current` holds the numbers that keys were last sent; as many as possible are kept. New numbers are none of `taken`
    (the numbers of the gallery's other images), unless the range is full.
    """
    kept = _longest_rise([(key, current[key]) for key in wanted if key in current])
    numbers = _fill(wanted, kept, taken)
    if numbers is None:
        numbers = _fill(wanted, {}, taken) or _fill(wanted, {}, frozenset())
    if numbers is None:
        raise ValueError(
            f"{len(wanted)} images in one gallery are more than the {MAX_PRIORITY} priorities that there are"
        )
    return numbers


def free_number(near: int, taken: Set[int]) -> int:
    """Give the free priority that is nearest above `near`, else the nearest below; `near` itself if it is free.

    Beyond the last priority that there is, the nearest to that one. ValueError if none is free.
    """
    near = min(near, MAX_PRIORITY)
    for number in chain(range(near, MAX_PRIORITY + 1), range(near - 1, 0, -1)):
        if number not in taken:
            return number
    raise ValueError(f"all {MAX_PRIORITY} priorities of the gallery are taken")


def rising(wanted: Sequence[str], numbers: Mapping[str, int], first: Mapping[str, int] | None = None) -> dict[str, int]:
    """Give as many of the keys as possible whose numbers rise in the order of `wanted`.

    All of `first`, if that is given, which rises itself: of the others those that rise between them.
    """
    pairs = [(key, numbers[key]) for key in wanted if key in numbers]
    if first is None:
        return _longest_rise(pairs)
    rise: dict[str, int] = {}
    low, run = 0, list[tuple[str, int]]()
    for key, number in [*pairs, ("", MAX_PRIORITY + 1)]:
        if key and key not in first:
            run.append((key, number))
            continue
        rise |= _longest_rise([(k, n) for k, n in run if low < n < number])
        if key:
            rise[key] = number
        low, run = number, []
    return rise


def _longest_rise(pairs: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Give the longest part of the pairs whose numbers rise strictly (patience sorting)."""
    tails: list[int] = []
    tail_at: list[int] = []
    before: list[int | None] = []
    for index, (_, number) in enumerate(pairs):
        place = bisect_left(tails, number)
        before.append(tail_at[place - 1] if place else None)
        tails[place:] = [number, *tails[place + 1 :]]
        tail_at[place:] = [index, *tail_at[place + 1 :]]
    rise: dict[str, int] = {}
    index_or_none = tail_at[-1] if tail_at else None
    while index_or_none is not None:
        key, number = pairs[index_or_none]
        rise[key] = number
        index_or_none = before[index_or_none]
    return rise


def _fill(wanted: Sequence[str], kept: Mapping[str, int], taken: Set[int]) -> dict[str, int] | None:
    """Number the keys that are not kept, run by run between kept neighbours; None where a gap is too narrow."""
    numbers: dict[str, int] = {}
    run: list[str] = []
    low = 0
    for key in wanted:
        if key not in kept:
            run.append(key)
            continue
        filled = _spread(len(run), low, kept[key], taken)
        if filled is None:
            return None
        numbers.update(zip(run, filled, strict=True))
        numbers[key] = low = kept[key]
        run = []
    filled = _spread(len(run), low, MAX_PRIORITY + 1, taken)
    if filled is None:
        return None
    numbers.update(zip(run, filled, strict=True))
    return numbers


def _spread(count: int, low: int, high: int, taken: Set[int]) -> list[int] | None:
    """Give `count` free numbers strictly between `low` and `high`, a STEP apart where there is room; None if there is none."""
    if count == 0:
        return []
    step = max(1, min(STEP, (high - low - 1) // (count + (high <= MAX_PRIORITY))))
    spread: list[int] = []
    number = low
    for left in range(count - 1, -1, -1):
        number = min(number + step, high - 1 - left)
        while number in taken:
            number += 1
        spread.append(number)
    return spread if _rises(low, spread, high) else _first_free(count, low, high, taken)


def _first_free(count: int, low: int, high: int, taken: Set[int]) -> list[int] | None:
    free = [number for number in range(low + 1, high) if number not in taken][:count]
    return free if len(free) == count else None


def _rises(low: int, numbers: Sequence[int], high: int) -> bool:
    return all(a < b for a, b in zip([low, *numbers], [*numbers, high], strict=True))

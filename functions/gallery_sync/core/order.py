"""Which Shoptet priority each image of ours gets, so that the gallery shows them in the order that is wanted.

Shoptet shows a gallery by `priority`, 1 to 65535, gaps allowed. An explicit priority is that number itself. All others
get numbers in the order of their names, a step apart, and keep them as long as they still rise: a file that comes in
between gets a number between its neighbours, and the neighbours are not touched. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import chain, pairwise
from typing import Final

from gallery_sync.core.shop_values import MAX_PRIORITY

STEP: Final = 100


WHOLE: Final = (0, MAX_PRIORITY + 1)
"""The numbers between which all others lie."""


def assign(
    wanted: Sequence[str], current: Mapping[str, int], taken: Set[int] = frozenset(), others: Set[int] = frozenset()
) -> dict[str, int]:
    """Give each key of `wanted` (in the order to be shown) its number; they rise strictly.

    `current` holds the numbers that keys were last sent; as many as possible are kept. New numbers are none of `taken`,
    unless the range is full. `others` are the numbers of images that are not ours: ours stand together behind them, or
    wherever they stand together already. Where some of `others` stand between ours, a person wanted that.
    """
    kept = _longest_rise([(key, current[key]) for key in wanted if key in current])
    for low, high in _stretches(sorted(kept.values()), others):
        numbers = _fill(wanted, kept, taken, low, high) or _fill(wanted, {}, taken, low, high)
        if numbers is not None:
            return numbers
    numbers = _fill(wanted, kept, taken, *WHOLE) or _fill(wanted, {}, taken, *WHOLE)
    numbers = numbers if numbers is not None else _fill(wanted, {}, frozenset(), *WHOLE)
    if numbers is None:
        raise ValueError(
            f"{len(wanted)} images in one gallery are more than the {MAX_PRIORITY} priorities that there are"
        )
    return numbers


def between(wanted: Sequence[str], kept: Mapping[str, int], taken: Set[int]) -> dict[str, int] | None:
    """Give each key of `wanted` its number, those of `kept` as they are; None where there is no room between two of them.

    New numbers are none of `taken`. The numbers of `kept` have to rise.
    """
    return _fill(wanted, kept, taken, *WHOLE)


def _stretches(ours: Sequence[int], others: Set[int]) -> Iterator[tuple[int, int]]:
    """Give the numbers between which ours may stand together: where they do already, else behind all others, else elsewhere."""
    bounds = [WHOLE[0], *sorted(others), WHOLE[1]]
    free = sorted(pairwise(bounds), key=lambda pair: (pair[1] != WHOLE[1], pair[0] - pair[1]))
    if not ours:
        yield from free
        return
    held = [(low, high) for low, high in free if low < ours[0] and ours[-1] < high]
    if held:
        yield from dict.fromkeys((*held, *free))


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


def _fill(
    wanted: Sequence[str], kept: Mapping[str, int], taken: Set[int], low: int, high: int
) -> dict[str, int] | None:
    """Number the keys that are not kept, run by run between kept neighbours, between two numbers; None where it is too narrow.

    Those that are kept lie between these two.
    """
    numbers: dict[str, int] = {}
    run: list[str] = []
    if any(not low < number < high for number in kept.values()):
        return None
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
    filled = _spread(len(run), low, high, taken)
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

"""Lists that come in pages, read as a whole although they change meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gallery_sync.ports.shop_errors import NotFound

__all__ = ["ITEMS_PER_PAGE", "Incomplete", "Page", "TooLong", "read_all"]

ITEMS_PER_PAGE = 500
"""The most that Shoptet gives."""

MOST_PAGES = 40

MOST_READINGS = 3
"""Of a list that changes while its pages are read."""

Row = TypeVar("Row")


class Incomplete(Exception):
    """The list could not be read as a whole; the message says why."""


class TooLong(Incomplete):
    """The list has more pages than are read."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page: its rows, and Shoptet's counts of all rows and all pages."""

    rows: Sequence[Row]
    total_count: int
    page_count: int


def read_all(page: Callable[[int], Page[Row]], identity: Callable[[Row], object]) -> tuple[Row, ...]:
    """All rows of all pages (`page` fetches one, counted from 1), each once, as last seen. Raises Incomplete.

    Rows that appear meanwhile push others to the next page, where they are seen twice; rows that go let others slip to
    a page that was read already. So a reading is whole if as many rows were seen as Shoptet counted at its start.
    Otherwise all is read again, until a reading is whole or finds nothing that was not seen before. Rows that went
    meanwhile stay in. (That one row goes and another comes within one reading would deceive this; jobs go after 30
    days, and nobody asks for so old ones.)
    """
    seen: dict[object, Row] = {}
    for _ in range(MOST_READINGS):
        before = seen.keys() | set()
        reading, whole = _read_once(page, identity)
        seen.update(reading)
        if whole or seen.keys() == before:
            return tuple(seen.values())
    raise Incomplete("the list changed each time that it was read")


def _read_once(page: Callable[[int], Page[Row]], identity: Callable[[Row], object]) -> tuple[dict[object, Row], bool]:
    """The rows of all pages, and whether these are certainly all."""
    reading: dict[object, Row] = {}
    last = page(1)
    at_start = last.total_count
    if last.page_count > MOST_PAGES:
        raise TooLong(f"the list has more than {MOST_PAGES} pages")
    for number in range(2, MOST_PAGES + 2):
        reading.update((identity(row), row) for row in last.rows)
        if number > last.page_count:
            # One page alone is a snapshot, whatever its count means.
            return reading, number == 2 or len(reading) >= at_start
        try:
            last = page(number)
        except NotFound:
            # The page that the last answer promised is gone: the list became shorter.
            return reading, False
    raise TooLong(f"the list has more than {MOST_PAGES} pages")

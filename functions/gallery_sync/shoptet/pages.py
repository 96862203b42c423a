"""Lists that come in pages, read as a whole although they change meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gallery_sync.shoptet.errors import NotFound

__all__ = ["ITEMS_PER_PAGE", "Incomplete", "Page", "read_all"]

ITEMS_PER_PAGE = 500
"""The most that Shoptet gives."""

MOST_PAGES = 40

MOST_READINGS = 3
"""Of a list that changes while its pages are read."""

Row = TypeVar("Row")


class Incomplete(Exception):
    """The list could not be read as a whole; the message says why."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page: its rows, and Shoptet's counts of all rows and all pages."""

    rows: Sequence[Row]
    total_count: int
    page_count: int


def read_all(page: Callable[[int], Page[Row]], identity: Callable[[Row], object]) -> tuple[Row, ...]:
    """All rows of all pages (`page` fetches one, counted from 1), each once, as last seen. Raises Incomplete.

    Rows that appear meanwhile push others to the next page, where they are seen twice; rows that move or go can hide
    others. So where fewer rows were seen than Shoptet counts, everything is read again, until the count fits or
    another reading finds nothing more.
    """
    seen: dict[object, Row] = {}
    for _ in range(MOST_READINGS):
        before = len(seen)
        last = _read_once(page, identity, seen)
        # A single page is a snapshot. Whatever Shoptet's count means, a reading that found nothing new is the list.
        if last.page_count <= 1 or len(seen) in (last.total_count, before):
            return tuple(seen.values())
    raise Incomplete("the list changed each time that it was read")


def _read_once(
    page: Callable[[int], Page[Row]], identity: Callable[[Row], object], seen: dict[object, Row]
) -> Page[Row]:
    """Read each page once into `seen`; returns the last one."""
    last = page(1)
    for number in range(2, MOST_PAGES + 2):
        seen.update((identity(row), row) for row in last.rows)
        if number > last.page_count:
            return last
        try:
            last = page(number)
        except NotFound:
            # The page that the last answer promised is gone: the list became shorter.
            return last
    raise Incomplete(f"the list has more than {MOST_PAGES} pages of {ITEMS_PER_PAGE}")

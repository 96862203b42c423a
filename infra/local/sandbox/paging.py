"""Pages of a list and its filters by time, as Shoptet has them."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from infra.local.sandbox.answers import Json, refuse
from infra.local.sandbox.clock import parsed

MAX_PER_PAGE = 500

Row = TypeVar("Row")


def page_of(
    rows: Sequence[Row], query: Mapping[str, str | int | bool], default: int, most: int = MAX_PER_PAGE
) -> tuple[Sequence[Row], Json]:
    """The rows of the page that `page` (from 1) and `itemsPerPage` ask for, and the paginator.

    More than `most` items are cut down to it without a word: docs/shoptet.md, "Limits".

    Raises:
        Refusal: 400 if one of the two is out of its range. A page behind the last one is empty.
    """
    page, size = int(query.get("page", 1)), min(int(query.get("itemsPerPage", default)), most)
    if page < 1:
        raise refuse(400, "invalid-parameter", "page must be 1 or more.", "page")
    if size < 1:
        raise refuse(400, "invalid-parameter", "itemsPerPage must be 1 or more.", "itemsPerPage")
    found = rows[(page - 1) * size : page * size]
    return found, {
        "totalCount": len(rows),
        "page": page,
        "pageCount": -(-len(rows) // size),
        "itemsOnPage": len(found),
        "itemsPerPage": size,
    }


def within(moment: float | None, query: Mapping[str, str | int | bool], name: str) -> bool:
    """Whether a moment lies between the filters `…From` and `…To` of this name, if there are any.

    Both limits are part of the range; times count in whole seconds, as they are shown.

    Raises:
        Refusal: 400 for a limit that is not a time.
    """
    first, last = _bound(query, f"{name}From"), _bound(query, f"{name}To")
    if moment is None:
        return first is None and last is None
    return (first is None or int(moment) >= first) and (last is None or int(moment) <= last)


def _bound(query: Mapping[str, str | int | bool], name: str) -> float | None:
    text = query.get(name)
    try:
        return None if text is None else parsed(str(text))
    except ValueError as error:
        message = f"{name} is not a time; a + must be sent as %2B."
        raise refuse(400, "invalid-parameter", message, name) from error

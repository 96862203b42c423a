"""Pages of a list, as Shoptet cuts them."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from infra.local.sandbox.answers import Json, refuse

MAX_PER_PAGE = 500

Row = TypeVar("Row")


def page_of(rows: Sequence[Row], query: Mapping[str, str | int | bool], default: int) -> tuple[Sequence[Row], Json]:
    """The rows of the page that `page` (from 1) and `itemsPerPage` (1-500) ask for, and the paginator.

    Raises:
        Refusal: 400 if one of the two is out of its range. A page behind the last one is empty.
    """
    page, size = int(query.get("page", 1)), int(query.get("itemsPerPage", default))
    if page < 1:
        raise refuse(400, "invalid-parameter", "page must be 1 or more.", "page")
    if not 1 <= size <= MAX_PER_PAGE:
        raise refuse(400, "invalid-parameter", f"itemsPerPage must be 1 to {MAX_PER_PAGE}.", "itemsPerPage")
    found = rows[(page - 1) * size : page * size]
    return found, {
        "totalCount": len(rows),
        "page": page,
        "pageCount": -(-len(rows) // size),
        "itemsOnPage": len(found),
        "itemsPerPage": size,
    }

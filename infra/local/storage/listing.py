"""Pages of a listing, as a pure function of the names in a bucket.

Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.storage.errors import ApiError

__all__ = ["MAX_RESULTS", "Page", "Query", "page_of"]

MAX_RESULTS = 1000
"""The most that Cloud Storage puts on one page, whatever was asked for."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for. `start` is inclusive, `end` exclusive; empty strings ask for nothing in particular."""

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    end: str = ""
    max_results: int = MAX_RESULTS
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Names of objects, rolled-up prefixes, and the token of the next page (None: this was the last)."""

    names: list[str]
    prefixes: list[str]
    next_token: str | None


def page_of(names: Iterable[str], query: Query) -> Page:
    """The page of `names` that `query` asks for, in the order of their UTF-8 bytes (which is that of code points).

    Objects and prefixes share the page and its size. Raises ApiError 400 for a bad size or token.
    """
    if query.max_results < 1:
        raise ApiError.invalid(f"Invalid value {query.max_results}. Values must be at least 1.", "maxResults")
    after = _last_of(query.page_token)
    entries: dict[str, bool] = {}
    for name in sorted(names):
        if not name.startswith(query.prefix) or name < query.start or (query.end and name >= query.end):
            continue
        rolled_up = _rolled_up(name, query)
        entry = rolled_up or name
        # A prefix sorts before the names it stands for, so the last entry of a page hides all of them from the next.
        if after is None or entry > after:
            entries.setdefault(entry, rolled_up is not None)
    size = min(query.max_results, MAX_RESULTS)
    shown = list(entries.items())[:size]
    return Page(
        names=[entry for entry, is_prefix in shown if not is_prefix],
        prefixes=[entry for entry, is_prefix in shown if is_prefix],
        next_token=_token(shown[-1][0]) if len(entries) > size else None,
    )


def _rolled_up(name: str, query: Query) -> str | None:
    if not query.delimiter:
        return None
    at = name.find(query.delimiter, len(query.prefix))
    return None if at < 0 else name[: at + len(query.delimiter)]


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _last_of(token: str) -> str | None:
    if not token:
        return None
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ApiError.invalid("Invalid value for pageToken", "pageToken") from error

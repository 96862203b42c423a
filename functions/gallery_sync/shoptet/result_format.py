"""What a job's result says, as far as it can be understood. Its format is not documented, so nothing here raises.

What is read wrong would give a picture a wrong name, so a guess is taken only where the words leave no other meaning;
everything else is None, and the gallery's listing decides alone.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeGuard

import msgspec

from gallery_sync.core.shop_values import ResultRow
from gallery_sync.redact import one_line

__all__ = ["parse_result"]

CONTAINERS = ("data", "images", "results", "result", "items", "rows")
NAMES = ("name", "imageName", "fileName", "filename")
URLS = ("sourceUrl", "url")
ERRORS = ("errors", "error", "errorMessage")
INDEXES = ("index", "position")
SUCCESS = frozenset(
    ("ok", "success", "successful", "completed", "done", "created", "inserted", "uploaded", "updated", "true")
)


def parse_result(body: bytes) -> tuple[ResultRow, ...] | None:
    """The rows of a result file; None where its format is not understood. Never raises."""
    try:
        return _rows(msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # The decoder takes documents that are deeper than what reads them can follow.
        return None


def _rows(document: object) -> tuple[ResultRow, ...] | None:
    errors = document.get("errors") if isinstance(document, dict) else None
    refusals = _refusals(errors) if isinstance(errors, list) else ()
    found = _list(document)
    if found is None:
        return refusals or None
    maps = [row for row in found if isinstance(row, dict)]
    if len(maps) != len(found):
        return refusals or None
    rows = tuple(_row(row, index) for row, index in zip(maps, _indexes(maps), strict=True))
    if any(row.name is row.source_url is row.error is None for row in rows):
        # The rows tell nothing; what failed may be told all the same.
        return refusals or None
    return rows + refusals


def _list(value: object, depth: int = 0) -> Sequence[object] | None:
    """The list of rows: the document itself, or what lies under the known names."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and depth < len(CONTAINERS):
        inner = (_list(value[key], depth + 1) for key in CONTAINERS if key in value)
        return next((rows for rows in inner if rows is not None), None)
    return None


def _row(row: Mapping[str, object], index: int | None) -> ResultRow:
    name = _text(row, NAMES)
    priority = row.get("priority")
    return ResultRow(
        index=index,
        # A path or an address under "name" is not what the gallery calls a name.
        name=None if name and "/" in name else name,
        source_url=_text(row, URLS),
        priority=priority if _is_int(priority) else None,
        error=_error(row, named=bool(name)),
    )


def _indexes(rows: Sequence[Mapping[str, object]]) -> Sequence[int | None]:
    """Each row's place counted from 0, if the rows tell it and it is plain whether they count from 0 or from 1."""
    for key in INDEXES:
        told = [value for row in rows if _is_int(value := row.get(key))]
        for first in (0, 1):
            if sorted(told) == list(range(first, first + len(rows))):
                return [place - first for place in told]
    return [None] * len(rows)


def _error(row: Mapping[str, object], *, named: bool) -> str | None:
    for key in ERRORS:
        if row.get(key):
            return one_line(_words(row[key])) or key
    message = row.get("message")
    words = one_line(message) if isinstance(message, str) else ""
    code = row.get("errorCode")
    if code:
        return one_line(": ".join(part for part in (str(code), words) if part))
    status = row.get("status")
    if status is None:
        # A message alone is an error only where no name says that there is an image.
        return None if named else words or None
    succeeded = 200 <= status < 300 if _is_int(status) else str(status).lower() in SUCCESS
    return None if succeeded else words or one_line(f"status {status}")


def _words(value: object) -> str:
    if isinstance(value, dict):
        parts = (value.get("errorCode") or value.get("code"), value.get("message"))
        return ": ".join(str(part) for part in parts if part) or "unnamed"
    if isinstance(value, list):
        return "; ".join(_words(each) for each in value)
    return str(value)


def _refusals(errors: Sequence[object]) -> tuple[ResultRow, ...]:
    """The envelope's own `errors`: their `instance` or URL names the image, where they name one."""
    rows = []
    for error in errors:
        text = (_text(error, URLS) or _text(error, ("instance",))) if isinstance(error, dict) else None
        is_url = text is not None and "://" in text
        place = re.fullmatch(r"(?:data[./])?images(?:\[|[./])(\d{1,3})\]?", text) if text is not None else None
        if place is not None:
            text = None
        rows.append(
            ResultRow(
                index=int(place[1]) if place is not None else None,
                name=None if is_url or (text and "/" in text) else text,
                source_url=text if is_url else None,
                error=one_line(_words(error)) or "unnamed",
                apart=True,
            )
        )
    return tuple(rows)


def _text(row: Mapping[str, object], keys: Sequence[str]) -> str | None:
    return next((value for key in keys if isinstance(value := row.get(key), str) and value), None)


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)

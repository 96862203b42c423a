"""A job's result file. Nobody has documented its format, so there are several to choose from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from infra.local.sandbox.answers import Error, Json

HTML = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class RowOutcome:
    """What became of one image of a job: the name it has now, or the error."""

    sent: Json
    name: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class ResultFile:
    """A result that can be downloaded under this name; without content there is nothing behind the link."""

    name: str
    content: bytes | None
    media_type: str = "application/json"


def result_file(name: str, style: str, rows: Sequence[RowOutcome]) -> ResultFile | None:
    """The result in one of these styles; none at all for `none`.

    `names` names images and URLs, `placed` images alone and what failed by its place, `failed_urls` images alone and what failed
    by its URL, `bare` neither; `html` is a page, `missing` nothing behind the link.
    """
    match style:
        case "none":
            return None
        case "missing":
            return ResultFile(name, None)
        case "html":
            return ResultFile(name, HTML.encode(), "text/html")
        case _:
            return ResultFile(name, json.dumps(_document(style, rows), ensure_ascii=False).encode())


def log_of(rows: Sequence[RowOutcome]) -> str | None:
    """The job's log: the rows that failed, counted from 1."""
    lines = [f"{place}: {row.error}" for place, row in enumerate(rows, start=1) if row.error]
    return "\n".join(lines) or None


def _document(style: str, rows: Sequence[RowOutcome]) -> Json:
    images = [_image(row, style) for row in rows if not row.error]
    errors = [_failure(row, place, style) for place, row in enumerate(rows) if row.error]
    return {"data": {"images": images}, "errors": errors or None}


def _failure(row: RowOutcome, place: int, style: str) -> Json:
    if style == "failed_urls":
        failed = Error("image-not-saved", row.error or "", "")
        return {**msgspec.to_builtins(failed), "sourceUrl": row.sent["sourceUrl"]}
    named = Error("image-not-saved", row.error or "", str(row.sent.get("name", f"images[{place}]")))
    return dict(msgspec.to_builtins(named))


def _image(row: RowOutcome, style: str) -> Json:
    shown = {"priority": row.sent.get("priority"), "description": row.sent.get("description")}
    if style == "bare":
        return shown
    url = {"sourceUrl": row.sent["sourceUrl"]} if style == "names" else {}
    return {"name": row.name, **url, **shown}

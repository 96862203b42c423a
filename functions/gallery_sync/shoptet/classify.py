"""What an answer of Shoptet's means: one pure function from an answer to a reply or an error.

Sources: the status codes of Shoptet's OpenAPI description and of its documentation ("How to call the API", "Rate
limiter", "Asynchronous requests"). What is no answer in Shoptet's envelope is not Shoptet's word: on a GET nothing can
have happened, on a write anything may have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from gallery_sync.core.shop_values import RowError
from gallery_sync.ports.shop_errors import (
    AnswerLost,
    Conflict,
    Crowded,
    DetailsExhausted,
    Locked,
    NotAllowed,
    NotFound,
    Refused,
    ShoptetError,
    TooMany,
    TryLater,
    Unavailable,
)
from gallery_sync.redact import one_line
from gallery_sync.shoptet.limits import retry_after
from gallery_sync.shoptet.transport import Broken, NotSent, RawAnswer

__all__ = ["Call", "Reply", "classify", "classify_failure"]

T = TypeVar("T")

SHORT_PAUSE = 1.0
"""Seconds before a 423 or a 429 without `Retry-After` is worth another try; doubled with each attempt."""

LONG_PAUSE = 60.0
"""Seconds. 500 and 503 (maintenance) may pass after minutes."""

_REFUSALS: Mapping[int, type[Refused]] = {404: NotFound, 409: Conflict, 413: TooMany}

REGISTER_WEBHOOK = "register the job:finished webhook with: gallery-sync webhook register"
GRANT_RIGHT = "in the shop's administration, grant this token (or add-on) the right to this endpoint"
ORDER_MODULE = "order and activate the module that Shoptet names"
CHECK_ACCESS = (
    "check SHOPTET_PRIVATE_API_TOKEN, or SHOPTET_OAUTH_TOKEN and SHOPTET_ESHOP_URL, and that the access is still active"
)
WAIT_FOR_END = "wait until the list of jobs shows that this job has ended"
ASK_SUPPORT = "follow Shoptet's message; its support can look the request id up"


@dataclass(frozen=True)
class Call:
    """What is being asked: `name` is the method and path, `secrets` what must not appear in any message about it."""

    name: str
    write: bool
    secrets: tuple[str, ...] = ()


class Reply(msgspec.Struct, Generic[T], frozen=True):
    """An answer that did what was asked: its data, and the rows that Shoptet skipped all the same (with 200)."""

    data: T
    rows: tuple[RowError, ...]
    request_id: str | None


class _Metadata(msgspec.Struct):
    requestId: str | None = None  # noqa: N815 -- Shoptet's name


class _Envelope(msgspec.Struct):
    """Every answer of Shoptet's. One that holds neither data nor errors nor metadata is somebody else's JSON."""

    data: msgspec.Raw = msgspec.Raw()
    errors: list[object] | None = None
    metadata: _Metadata | None = None

    @property
    def is_shoptets(self) -> bool:
        return bool(self.data) or self.errors is not None or self.metadata is not None


def classify(answer: RawAnswer, call: Call, of: type[T], *, now: float, attempt: int = 0) -> Reply[T] | ShoptetError:
    """The reply, its `data` decoded as `of`, or the error that says what is to be done.

    `now` is in seconds since the epoch, `attempt` counts the tries before this one; later ones pause longer.
    """
    envelope = _envelope(answer.body)
    request_id = _request_id(answer.headers, envelope)
    rows = _rows(envelope.errors, call.secrets) if envelope and envelope.errors else ()
    status = answer.status

    if 200 <= status < 300:
        if envelope is None:
            return _unexpected(call, answer, "with something that is not Shoptet's JSON", now, request_id)
        try:
            # An answer without `data` is decoded as null: the type that was asked for decides whether that will do.
            data = msgspec.json.decode(envelope.data if envelope.data else b"null", type=of)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return _unexpected(call, answer, f"with unexpected data ({one_line(str(error))})", now, request_id)
        return Reply(data, rows, request_id)

    code = rows[0].error_code if rows else None
    message = _said(status, rows)
    if status == 429:
        at = retry_after(answer.headers, now)
        if at is None:
            return Crowded(message, call=call.name, at=now + pause(attempt), request_id=request_id, code=code)
        return TryLater(message, call=call.name, at=at, request_id=request_id, code=code)
    if status == 423:
        return Locked(message, call=call.name, at=now + pause(attempt), request_id=request_id, code=code)
    if status in (401, 403):
        kind = DetailsExhausted if code == "job-detail-try-counter-exceeded-limit" else NotAllowed
        advice = _advice(status, rows)
        return kind(message, call=call.name, status=status, advice=advice, request_id=request_id, code=code)
    # 408: a gateway gave up on us. 404 outside the envelope: a gateway's, which knows nothing of products.
    if 400 <= status < 500 and status != 408 and not (status == 404 and envelope is None):
        refusal = _REFUSALS.get(status, Refused)
        return refusal(message, call=call.name, status=status, rows=rows, request_id=request_id, code=code)
    return _unexpected(call, answer, message.removeprefix(f"{status} "), now, request_id, code)


def classify_failure(
    failure: NotSent | Broken, call: Call, *, now: float, attempt: int = 0
) -> Unavailable | AnswerLost:
    """The error for a request that got no whole answer. A refused connection is worth another try at once."""
    message = one_line(str(failure), call.secrets)
    if isinstance(failure, NotSent):
        return Unavailable(message, call=call.name, at=now + pause(attempt))
    request_id = _request_id(failure.headers, None)
    if call.write:
        return AnswerLost(f"{message}; it may have happened", call=call.name, request_id=request_id)
    return Unavailable(message, call=call.name, at=now + LONG_PAUSE, request_id=request_id)


def pause(attempt: int) -> float:
    """Seconds to wait after so many tries: 1, 2, 4 …, and never more than a minute."""
    return min(SHORT_PAUSE * float(2 ** min(attempt, 6)), LONG_PAUSE)


def _unexpected(
    call: Call, answer: RawAnswer, message: str, now: float, request_id: str | None, code: str | None = None
) -> Unavailable | AnswerLost:
    message = f"{answer.status} {message}"
    if call.write:
        return AnswerLost(
            f"{message}; it may have happened", call=call.name, status=answer.status, request_id=request_id, code=code
        )
    at = retry_after(answer.headers, now) or now + LONG_PAUSE
    return Unavailable(message, call=call.name, at=at, request_id=request_id, code=code)


def _envelope(body: bytes) -> _Envelope | None:
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return envelope if envelope.is_shoptets else None


def _request_id(headers: Mapping[str, str], envelope: _Envelope | None) -> str | None:
    inside = envelope.metadata.requestId if envelope and envelope.metadata else None
    return one_line(inside or headers.get("X-Request-ID") or "") or None


def _rows(errors: Sequence[object], secrets: tuple[str, ...]) -> tuple[RowError, ...]:
    """The rows of `errors`, whatever they are made of: an error must not be lost to an unexpected type."""

    def text(value: object) -> str:
        try:
            return "" if value is None else one_line(str(value), secrets)
        except RecursionError:
            # The decoder takes values that are a little deeper than what can be written.
            return "…"

    return tuple(
        RowError(text(row.get("errorCode")), text(row.get("message")), text(row.get("instance")))
        if isinstance(row, dict)
        else RowError("", text(row))
        for row in errors
    )


def _said(status: int, rows: tuple[RowError, ...]) -> str:
    if not rows:
        return f"{status} without a message of Shoptet's"
    first = ": ".join(part for part in (rows[0].error_code, rows[0].message) if part)
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"{status} {first}{more}"


def _advice(status: int, rows: tuple[RowError, ...]) -> str:
    if status == 401:
        return CHECK_ACCESS
    codes = {row.error_code for row in rows}
    words = " ".join(f"{row.error_code} {row.message}" for row in rows).lower()
    if "job-detail-try-counter-exceeded-limit" in codes:
        return WAIT_FOR_END
    if "invalid-token-no-rights" in codes:
        return GRANT_RIGHT
    # The code of the missing webhook is not documented; its message names the webhook.
    if "webhook" in words or "job:finished" in words:
        return REGISTER_WEBHOOK
    if "module" in words:
        return ORDER_MODULE
    return ASK_SUPPORT

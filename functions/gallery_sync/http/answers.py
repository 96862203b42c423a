"""An answer, and the shape of every refusal: RFC 9457, with `{"errors": [{"code", "message", "path"}]}`. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import msgspec

from gallery_sync.redact import one_line

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
"""Of a refusal's body (RFC 9457)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status, body, headers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Flaw(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One thing that is wrong: a code for programs, a message for people, and the field, like `images[2].priority`.

    `request_id` is Shoptet's, where it was Shoptet that refused.
    """

    code: str
    message: str
    path: str | None = None
    request_id: str | None = None


class Rejected(Exception):
    """A request that is refused: nothing was done."""

    def __init__(self, status: int, *flaws: Flaw, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(flaws[0].message)
        self.status = status
        self.flaws = flaws
        self.headers: Mapping[str, str] = headers or {}


class _Refusal(msgspec.Struct, frozen=True):
    """`type` about:blank: the status says what kind of problem it is (RFC 9457, 4.2.1); `errors` say what exactly."""

    errors: Sequence[Flaw]
    title: str
    status: int
    detail: str
    instance: str
    type: str = "about:blank"


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Give an answer with a JSON body."""
    return Answer(status, _encoder.encode(body), {"Content-Type": JSON, **(headers or {})})


def refusal(rejected: Rejected, request: str) -> Answer:
    """Give the answer that says what was wrong; `request` is the request's id."""
    detail = rejected.flaws[0].message
    if len(rejected.flaws) > 1:
        detail = f"{len(rejected.flaws)} errors; the first: {detail}"
    body = _Refusal(rejected.flaws, HTTPStatus(rejected.status).phrase, rejected.status, detail, request)
    return answer(rejected.status, body, {**rejected.headers, "Content-Type": PROBLEM})


def not_now(seconds: float, message: str, request_id: str | None = None) -> Rejected:
    """Say that the same request will do later: 503, with the seconds to wait."""
    wait = str(max(1, round(seconds)))
    return Rejected(503, Flaw("not-now", one_line(message), request_id=request_id), headers={"Retry-After": wait})


def upstream_status(status: int) -> int:
    """Give the status under which a refusal of Shoptet's comes through.

    Its 401 and 403 speak of this project's token, not of the caller's key; a 200 that lists an error is a conflict. 429 is
    our own: too much waits for a gallery; Shoptet's own never comes through.
    """
    if status in (400, 404, 409, 413, 422, 429):
        return status
    return 409 if status == 200 else 502


_encoder = msgspec.json.Encoder(order="deterministic")

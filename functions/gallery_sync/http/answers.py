"""An answer, and the shape of every refusal: `{"errors": [{"code", "message", "path"}]}`. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from gallery_sync.redact import one_line

JSON: Final = "application/json"


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
    errors: Sequence[Flaw]


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Give an answer with a JSON body."""
    return Answer(status, _encoder.encode(body), {"Content-Type": JSON, **(headers or {})})


def refusal(rejected: Rejected) -> Answer:
    """Give the answer that says what was wrong."""
    return answer(rejected.status, _Refusal(rejected.flaws), rejected.headers)


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

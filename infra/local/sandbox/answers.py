"""What the sandbox answers: Shoptet's envelope `{data, errors, metadata.requestId}`, and refusals that carry it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

Json = dict[str, object]


class Error(msgspec.Struct, frozen=True, rename="camel"):
    """One row of `errors`."""

    error_code: str
    message: str
    instance: str


@dataclass(frozen=True)
class Answer:
    """The outcome of a call, before it is wrapped."""

    data: Json | None
    errors: tuple[Error, ...] = ()
    status: int = 200


class Refusal(Exception):
    """A call is refused with this status and these errors.

    Where Shoptet's description gives an error's code, it is used; the other codes are this project's own.
    """

    def __init__(self, status: int, *errors: Error, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {', '.join(error.error_code for error in errors)}")
        self.status = status
        self.errors = errors
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Call:
    """A request that has passed every gate: its operation, and its parameters and body as described."""

    operation: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str | int | bool]
    body: Json
    origin: str
    """Where the sandbox was reached, such as `http://127.0.0.1:8080`."""
    fate: "Fate"


@dataclass(frozen=True)
class Fate:
    """What was ordered to happen to the job of a call; by default it goes well.

    `ending` is the status it ends with, or `never`; `done` how many images are finished before an ending that is not
    `completed`. The images of the rows `lost` never appear, without an error; those of `failing` with one.
    """

    ending: str = "completed"
    done: int = 0
    lost: frozenset[int] = field(default_factory=frozenset)
    failing: frozenset[int] = field(default_factory=frozenset)
    notified: bool = True


def refuse(status: int, code: str, message: str, instance: str = "") -> Refusal:
    """A refusal with one error."""
    return Refusal(status, Error(code, message, instance))


def envelope(data: Json | None, errors: tuple[Error, ...], request_id: str) -> Json:
    """The body of every answer; `errors` is null when there are none."""
    return {
        "data": data,
        "errors": msgspec.to_builtins(errors) if errors else None,
        "metadata": {"requestId": request_id},
    }


def new_request_id() -> str:
    """What `metadata.requestId` and the header `X-Request-ID` carry."""
    return str(uuid.uuid4())

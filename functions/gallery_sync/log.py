"""One JSON line an event, as Cloud Logging reads it from a function's standard output."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Literal, TextIO, TypeVar

from gallery_sync.redact import one_line

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Value = str | int | float | bool | None

T = TypeVar("T")
R = TypeVar("R")

_REQUEST: ContextVar[str | None] = ContextVar("request", default=None)


@contextmanager
def of_request(name: str) -> Iterator[None]:
    """Let every line that is written within the block, by whatever log, carry the field `request` with this id."""
    token = _REQUEST.set(name)
    try:
        yield
    finally:
        _REQUEST.reset(token)


class Log:
    """Writes lines; every text is put on one line, bounded, and rid of what a signed URL would give away."""

    def __init__(self, function: str, stream: TextIO | None = None) -> None:
        self._function = function
        self._stream = stream

    def say(self, severity: Severity, message: str, /, **fields: Value) -> None:
        """Write one line. `severity` ERROR is what the alert policies watch: a person has to look."""
        line: dict[str, Value] = {"severity": severity, "message": one_line(message), "function": self._function}
        line |= {name: one_line(value) if isinstance(value, str) else value for name, value in fields.items()}
        if (request := _REQUEST.get()) is not None:
            line["request"] = request
        # Written in one go: instances serve several requests at a time, and lines must not mix.
        (self._stream or sys.stdout).write(json.dumps(line, ensure_ascii=False) + "\n")
        (self._stream or sys.stdout).flush()


def where_raised(error: Exception) -> str:
    """Say in one line what was raised, and where: for whoever mends it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name} ({Path(place.filename).name}:{place.lineno}): {error}"


def crashes_told(function: str, stream: TextIO | None = None) -> Callable[[Callable[[T], R]], Callable[[T], R]]:
    """Let what a function does not expect be a line of severity ERROR: the framework's own traceback carries none, and no alert
    would see it. The exception goes on; one that is an answer (`flask.abort`) is no crash.
    """

    def decorate(serve: Callable[[T], R]) -> Callable[[T], R]:
        @wraps(serve)
        def told(request: T) -> R:
            try:
                return serve(request)
            except Exception as error:
                if not hasattr(error, "get_response"):
                    Log(function, stream).say("ERROR", f"{function} crashed: {where_raised(error)}", code="crashed")
                raise

        return told

    return decorate

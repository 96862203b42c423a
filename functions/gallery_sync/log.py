"""One JSON line an event, as Cloud Logging reads it from a function's standard output."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TextIO

from gallery_sync.redact import one_line

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Value = str | int | float | bool | None

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

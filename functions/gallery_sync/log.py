"""One JSON line an event, as Cloud Logging reads it from a function's standard output."""

import json
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal, TextIO

from gallery_sync.redact import one_line

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Value = str | int | float | bool | None

_WRITING = threading.Lock()
_REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
_TRACE: ContextVar[str | None] = ContextVar("trace", default=None)


@contextmanager
def of_request(name: str) -> Iterator[None]:
    """Let every line that is written within the block, by whatever log, carry the field `request` with this id."""
    token = _REQUEST.set(name)
    try:
        yield
    finally:
        _REQUEST.reset(token)


@contextmanager
def of_trace(name: str | None) -> Iterator[None]:
    """Let every line that is written within the block name this trace (`projects/{project}/traces/{id}`), so that Cloud Logging
    shows it beneath the request's own line. None: no trace is known.
    """
    token = _TRACE.set(name)
    try:
        yield
    finally:
        _TRACE.reset(token)


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
        if (trace := _TRACE.get()) is not None:
            line["logging.googleapis.com/trace"] = trace
        # One at a time: instances serve several requests at once, and what stands around standard output there writes a line in
        # two steps. Two lines in one are none: Cloud Logging would see neither's severity.
        with _WRITING:
            (self._stream or sys.stdout).write(json.dumps(line, ensure_ascii=False) + "\n")
            (self._stream or sys.stdout).flush()


def where_raised(error: Exception) -> str:
    """Say in one line what was raised, and where: for whoever mends it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name} ({Path(place.filename).name}:{place.lineno}): {error}"

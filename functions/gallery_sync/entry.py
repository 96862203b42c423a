"""What every function's entry file does around its call: its lines name the call's trace, and a crash is a line."""

import os
import re
from collections.abc import Callable
from functools import wraps
from typing import TextIO, TypeVar

from flask import has_request_context
from flask import request as http_request

from gallery_sync.log import Log, of_trace, where_raised

T = TypeVar("T")
R = TypeVar("R")

HEADER = "X-Cloud-Trace-Context"
PROJECT = "GOOGLE_CLOUD_PROJECT"
"""In the environment: the project that traces belong to. The deployment sets it, as Google's own libraries read it, too."""


def logged_as(function: str, stream: TextIO | None = None) -> Callable[[Callable[[T], R]], Callable[[T], R]]:
    """Let each line that is written during a call name its trace, and let what a function does not expect be a line of severity
    ERROR: the framework's own traceback carries none, and no alert would see it. The exception goes on; one that is an answer
    (`flask.abort`) is no crash.
    """

    def decorate(serve: Callable[[T], R]) -> Callable[[T], R]:
        @wraps(serve)
        def logged(request: T) -> R:
            # A storage event comes as an HTTP request as well; what the function is given of it has no headers.
            header = http_request.headers.get(HEADER, "") if has_request_context() else ""
            with of_trace(trace(header, os.environ.get(PROJECT, ""))):
                try:
                    return serve(request)
                except Exception as error:
                    if not hasattr(error, "get_response"):
                        Log(function, stream).say("ERROR", f"{function} crashed: {where_raised(error)}", code="crashed")
                    raise

        return logged

    return decorate


def trace(header: str, project: str) -> str | None:
    """Give the trace of a request as log lines name it, by its header; None where it has none, or the project is not known.
    Source: https://cloud.google.com/run/docs/logging#correlate-logs.
    """
    found = re.match(r"([0-9a-f]{32})(?:/|$)", header)
    return f"projects/{project}/traces/{found[1]}" if project and found else None

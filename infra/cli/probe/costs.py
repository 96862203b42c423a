"""What each call took of Shoptet's bucket, and how long it took. Source: docs/shoptet.md, "Limits"."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

LEAK: Final = 10.0
"""Drops that leak out of the bucket in a second."""
HEADER: Final = "X-RateLimit-Bucket-Filling"

CALLS: Final = (
    ("POST", r"/products/[^/]+/images/[^/]+", "insertion"),
    ("PATCH", r"/products/[^/]+/images/[^/]+/source", "source update"),
    ("PATCH", r"/products/[^/]+/images/[^/]+", "attributes"),
    ("DELETE", r"/products/[^/]+/images/[^/]+/[^/]+", "deletion of an image"),
    ("GET", r"/products/[^/]+/images/[^/]+", "gallery"),
    ("GET", r"/products/changes", "changes"),
    ("GET", r"/products/[^/]+", "product with images"),
    ("GET", r"/system/jobs/[^/]+", "job"),
    ("GET", r"/system/jobs", "list of jobs"),
    ("GET", r"/eshop", "shop with image cuts"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """A call, what it took of the bucket (drops, None where the answer does not tell), and how long (seconds)."""

    call: str
    drops: float | None
    seconds: float


class Costs(HTTPAdapter):
    """Passes requests on, and notes what each of the API's took. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.noted: list[Cost] = []
        self._monotonic = monotonic
        self._filled = 0.0
        self._at: float | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """See requests."""
        began = self._monotonic()
        response = super().send(request, *args, **options)
        ended = self._monotonic()
        call = _named(request.method or "", (request.url or "").partition("?")[0])
        filled = _filling(response.headers.get(HEADER))
        if call is not None:
            known = filled is not None and self._at is not None
            left = max(0.0, self._filled - LEAK * (ended - (self._at or 0.0)))
            self.noted.append(Cost(call, max(0.0, (filled or 0.0) - left) if known else None, ended - began))
        if filled is not None:
            self._filled, self._at = filled, ended
        return response


def _named(method: str, url: str) -> str | None:
    path = url.partition("/api/")[2]
    return next((name for of, pattern, name in CALLS if of == method and re.fullmatch(pattern, f"/{path}")), None)


def _filling(header: str | None) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/\d+", header or "")
    return float(match[1]) if match is not None else None

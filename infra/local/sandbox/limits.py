"""How much Shoptet takes: requests at the same time, drops in a leaky bucket, one write to a URL at a time."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.sandbox.answers import refuse
from infra.local.sandbox.clock import http_date


class TooManyConnections(Exception):
    """nginx refuses the request before Shoptet's own code sees it."""


class Connections:
    """Requests under way, by token and by address. `most` is the highest number that one token had accepted."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self.most = 0

    @contextlib.contextmanager
    def one(self, token: str, address: str, per_token: int, per_address: int) -> Iterator[None]:
        """One request; raises `TooManyConnections` above 3 of a token or 50 of an address."""
        keys = (f"token {token}", f"address {address}")
        if any(self._open[key] >= most for key, most in zip(keys, (per_token, per_address), strict=True)):
            raise TooManyConnections
        self._open.update(keys)
        self.most = max(self.most, self._open[keys[0]])
        try:
            yield
        finally:
            self._open.subtract(keys)


@dataclass
class Bucket:
    """A token's leaky bucket: calls add drops after they ran, and a steady number a second leaks out."""

    level: float = 0.0
    seen: float = 0.0

    def refuse_if_full(self, now: float, size: float, leak: float) -> None:
        """Raises `Refusal` (429) with the HTTP date at which a drop fits in again."""
        self._leak(now, leak)
        if self.level >= size:
            again = math.ceil(now + (self.level - size + 1) / leak)  # the header has whole seconds
            refusal = refuse(429, "rate-limit-exceeded", "The bucket is full. Please slow down.")
            refusal.headers["Retry-After"] = http_date(again)
            raise refusal

    def add(self, drops: float, now: float, leak: float) -> None:
        """Count a call that has run. It may overfill the bucket: what a call costs is only known then."""
        self._leak(now, leak)
        self.level += drops

    def shown(self, now: float, size: float, leak: float) -> str:
        """The header `X-RateLimit-Bucket-Filling`, such as `37/200`."""
        self._leak(now, leak)
        return f"{min(math.ceil(self.level), int(size))}/{int(size)}"

    def _leak(self, now: float, leak: float) -> None:
        self.level = max(0.0, self.level - (now - self.seen) * leak)
        self.seen = now


class Locks:
    """Writes lock their URL while they run, for 5 s at most."""

    def __init__(self) -> None:
        self._held: dict[str, float] = {}

    @contextlib.contextmanager
    def held(self, url: str, now: float, seconds: float) -> Iterator[None]:
        """Hold the lock of a URL; raises `Refusal` (423) while another write holds it."""
        until = now + seconds
        if self._held.get(url, 0.0) > now:
            raise refuse(423, "resource-locked", "The resource is locked by another request. Please retry.", url)
        self._held[url] = until
        try:
            yield
        finally:
            if self._held.get(url) == until:
                del self._held[url]

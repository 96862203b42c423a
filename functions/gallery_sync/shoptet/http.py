"""The one place that sends to Shoptet: signed, bounded, slowed in time, and repeated only where that is safe."""

import random
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, TypeVar

import msgspec
import requests

from gallery_sync.clock import Clock
from gallery_sync.ports.shop_errors import Crowded, NotAllowed, ShoptetError, TooLate, TryLater, Unavailable
from gallery_sync.shoptet.addresses import secure_base
from gallery_sync.shoptet.auth import Tokens
from gallery_sync.shoptet.classify import Call, Reply, classify, classify_failure, pause
from gallery_sync.shoptet.limits import Pressure
from gallery_sync.shoptet.transport import Broken, NotSent, Timeouts, exchange

__all__ = ["Gate", "Http"]

T = TypeVar("T")

USER_AGENT = "gallery-sync/0.1.0"

MOST_TRIES = 3
"""Of one call in place; beyond that the caller comes back at `TryLater.at`."""

LONGEST_STAY = 10.0
"""Seconds within which a call is repeated in place."""


STRETCH = (1.5, 3.0)
"""How many times longer than usual the pause is after a 429 for too many connections: processes that know nothing of each
other and were refused at the same moment must not come back at the same moment."""


class Gate(Protocol):
    """What keeps the process within its share of Shoptet's 3 connections a token; a `BoundedSemaphore` is one."""

    def __enter__(self) -> object:
        """Wait for a free place."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Leave the place."""
        ...


class _Open:
    """The gate of a process that makes one call at a time anyway."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


@dataclass(frozen=True)
class _Request(Generic[T]):
    method: str
    path: str
    of: type[T]
    query: Mapping[str, str] | None
    body: bytes | None
    send_until: float


class Http:
    """Calls to the API under `base_url`. One instance may be shared by threads.

    The session gives the adapters: connections and TLS. Mounted adapters must not repeat requests by themselves
    (requests' own do not). ValueError if `base_url` is neither https nor on loopback.
    """

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        session: requests.Session,
        clock: Clock,
        gate: Gate | None = None,
        timeouts: Timeouts | None = None,
        stretch: Callable[[], float] = lambda: random.uniform(*STRETCH),  # noqa: S311 -- no secret
    ) -> None:
        self._base_url = secure_base(base_url, "the URL of Shoptet's API")
        self._tokens = tokens
        self._session = session
        self._clock = clock
        self._gate = gate or _Open()
        self._timeouts = timeouts or Timeouts()
        self._stretch = stretch
        self._single = threading.Lock()
        self._pressure = Pressure()

    def now(self) -> float:
        """The moment on the clock that this works by, in seconds since the epoch."""
        return self._clock.now()

    def call(
        self,
        method: str,
        path: str,
        of: type[T],
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        send_until: float | None = None,
        counted: bool = False,
    ) -> Reply[T]:
        """Make one call and decode the answer's `data` as `of`.

        `path` is percent-encoded already, `body` is what becomes the JSON body, `send_until` (seconds since the
        epoch) the moment from which nothing is sent any more. What was certainly not done (423, 429, a refused
        connection) and GETs without a proper answer are repeated: 3 tries, within 10 seconds, not past `send_until`.
        A write whose answer was lost is never repeated, nor is a GET that Shoptet may have `counted` against a limit
        before its answer was lost. Raises a ShoptetError.
        """
        until = float("inf") if send_until is None else send_until
        request = _Request(method, path, of, query, None if body is None else msgspec.json.encode(body), until)
        leave_at = min(self._clock.now() + LONGEST_STAY, until)
        attempt, renewed = 0, False
        while True:
            headers = self._tokens.headers()
            outcome = self._send(request, headers, attempt)
            if isinstance(outcome, Reply):
                return outcome
            if isinstance(outcome, NotAllowed) and outcome.status == 401 and not renewed:
                renewed = True
                if self._tokens.expired(headers):
                    continue
            wait = _in_place(outcome, self._clock.now(), attempt, counted=counted)
            attempt += 1
            if wait is None or attempt >= MOST_TRIES or self._clock.now() + wait >= leave_at:
                raise outcome
            self._clock.sleep(wait)

    def _send(self, request: _Request[T], tokens: Mapping[str, str], attempt: int) -> Reply[T] | ShoptetError:
        call = Call(f"{request.method} {request.path}", request.method != "GET", tuple(tokens.values()))
        headers = {
            **tokens,
            "Accept": "application/json",
            # On every call, also those without a body: the API refuses other types.
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        url = self._base_url + request.path
        self._clock.sleep(self._slowed(call, request.send_until))
        with self._gate, self._one_at_a_time():
            self._clock.sleep(self._pressure.held(self._clock.now()))
            # Waiting for the token, the bucket and the gate took time: this is the last moment to look.
            self._in_time(call, request.send_until, self._clock.now())
            try:
                answer = exchange(
                    self._session,
                    self._clock,
                    self._timeouts,
                    request.method,
                    url,
                    headers,
                    request.body,
                    request.query,
                )
            except (NotSent, Broken) as failure:
                return classify_failure(failure, call, now=self._clock.now(), attempt=attempt)
            now = self._clock.now()
            self._pressure.saw(answer.headers, now)
            outcome = classify(answer, call, request.of, now=now, attempt=attempt)
            if isinstance(outcome, Crowded):
                outcome.at = now + (outcome.at - now) * self._stretch()
                # The others of this process wait as well, so there is room when this call comes back.
                self._pressure.hold(outcome.at)
        return outcome

    def _one_at_a_time(self) -> AbstractContextManager[object]:
        """Give what keeps this process to one call at a time, while it has just met too many connections."""
        return self._single if self._pressure.is_crowded(self._clock.now()) else nullcontext()

    def _slowed(self, call: Call, until: float) -> float:
        now = self._clock.now()
        wait = self._pressure.pause(now)
        self._in_time(call, until, now + wait)
        return wait

    def _in_time(self, call: Call, until: float, moment: float) -> None:
        if moment >= until:
            raise TooLate("the time to send it has passed; nothing was sent", call=call.name, at=moment)


def _in_place(error: ShoptetError, now: float, attempt: int, *, counted: bool) -> float | None:
    """Seconds after which the call is worth another try on the spot; None if it is not, or not safely."""
    if isinstance(error, Unavailable) and not counted:
        return pause(attempt)
    if isinstance(error, TryLater):
        return max(error.at - now, 0.0)
    return None

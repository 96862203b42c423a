"""Shoptet's limits, as its answers tell them: the bucket's filling and `Retry-After`.

Source: Shoptet's documentation, "Rate limiter": a bucket of 200 drops leaks 10 a second; every answer carries
`X-RateLimit-Bucket-Filling: 37/200`; a full bucket gives 429 with `Retry-After`, an HTTP date. A 429 for too many
connections comes from nginx and carries neither.
"""

import email.utils
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

__all__ = ["LONGEST_WAIT", "Filling", "Pressure", "filling", "retry_after", "slow_down"]

FILLING_HEADER = "X-RateLimit-Bucket-Filling"

LEAK = 10.0
"""Drops that leave the bucket each second."""

CALM_SHARE = 0.6
"""Below this share of the bucket nothing is slowed. A call's cost is known only after it ran, so room is left for
the calls of the other instances."""

LONGEST_SLOWING = 5.0
"""Seconds. The bucket needs 8 to get from full to calm, but a call should not lose its time to waiting."""

LONGEST_WAIT = 3_600.0
"""Seconds. A `Retry-After` beyond that is not believed: the bucket empties within 20."""

CROWDED = 10.0
"""Seconds after a pause for too many connections within which a process makes one call at a time."""

_FILLING = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", re.ASCII)


@dataclass(frozen=True)
class Filling:
    """How full the bucket is, in drops."""

    drops: int
    capacity: int


def filling(text: str | None) -> Filling | None:
    """The value of `X-RateLimit-Bucket-Filling`; None where it is missing or not understood."""
    match = _FILLING.fullmatch(text or "")
    return Filling(int(match[1]), int(match[2])) if match else None


def slow_down(seen: Filling | None, age: float) -> float:
    """Seconds to wait before the next call, 0 to 5, when `seen` was read `age` seconds ago.

    That is the time in which the leak brings the bucket back to 60 %.
    """
    if seen is None:
        return 0.0
    above = seen.drops - LEAK * max(age, 0.0) - CALM_SHARE * seen.capacity
    return min(max(above / LEAK, 0.0), LONGEST_SLOWING)


class Pressure:
    """The bucket's last known filling, shared by the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: tuple[Filling, float] | None = None
        self._held_until = 0.0

    def hold(self, until: float) -> None:
        """Let no call of this process be sent before `until`: the token's connections are taken, maybe by ours."""
        with self._lock:
            self._held_until = max(self._held_until, until)

    def held(self, now: float) -> float:
        """Seconds to wait before a call at `now`, since another one met too many connections."""
        return max(self._held_until - now, 0.0)

    def is_crowded(self, now: float) -> bool:
        """Whether the connections were taken a moment ago: then calls go one at a time."""
        return now < self._held_until + CROWDED

    def saw(self, headers: Mapping[str, str], now: float) -> None:
        """Remember what an answer's headers tell at `now`; an answer that tells nothing changes nothing."""
        seen = filling(headers.get(FILLING_HEADER))
        if seen:
            with self._lock:
                self._seen = (seen, now)

    def pause(self, now: float) -> float:
        """Seconds to wait before a call at `now`."""
        with self._lock:
            seen, when = self._seen or (None, now)
        return slow_down(seen, now - when)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The moment that `Retry-After` names, from `now` to an hour later; None where it is missing or not understood.

    Shoptet sends an HTTP date. It is read against the answer's own `Date` where there is one, so that a clock that
    differs from Shoptet's changes nothing. Seconds, which the standard allows too, are understood as well.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        wait = float(text[:10])
    else:
        moment = _http_date(text)
        if moment is None:
            return None
        sent = _http_date(headers.get("Date", ""))
        wait = moment - (now if sent is None else sent)
    return now + min(max(wait, 0.0), LONGEST_WAIT)


def _http_date(text: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
        # A zone of -0000 gives a time without one; HTTP dates are GMT.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

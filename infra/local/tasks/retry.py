"""When a task is tried again, and when the whole queue slows down: pure rules.

Sources: Cloud Tasks reference, `RetryConfig` (a task's own pauses) and `HttpRequest` ("system throttling").
"""

from dataclasses import dataclass, replace

from .config import QueueConfig

THROTTLE_FIRST = 0.5
"""Seconds for which a queue rests when its worker first says that it is overloaded. Google names no numbers."""

THROTTLE_MAX = 8.0
"""The rest doubles while the worker stays overloaded, up to this; only a longer `Retry-After` makes it longer."""

ERROR_WINDOW = 10
"""So many latest answers are looked at ..."""

ERROR_RATE = 0.8
"""... and this share of failures among them counts as overload, whatever their status."""


def pause(config: QueueConfig, failures: int) -> float:
    """Seconds until the next attempt, after the `failures`-th failure (counted from 1).

    It starts at `min_backoff`, doubles `max_doublings` times, then grows by the same step, and ends at `max_backoff`:
    10 s, 300 s and 3 doublings give 10, 20, 40, 80, 160, 240, 300, 300 ...
    """
    step = config.min_backoff * 2.0 ** min(failures - 1, config.max_doublings)
    return min(config.max_backoff, step * max(1, failures - config.max_doublings))


def ended(config: QueueConfig, attempts: int, since_first: float) -> bool:
    """Whether a task that failed again is given up, `since_first` seconds after its first attempt.

    Both limits must be reached, where both are set: a task outlives `max_attempts` while `max_retry_duration` lasts.
    """
    if config.max_attempts == -1:
        return 0 < config.max_retry_duration <= since_first
    return attempts >= config.max_attempts and since_first >= config.max_retry_duration


@dataclass(frozen=True, slots=True)
class Throttle:
    """System throttling of one queue: nothing is dispatched before `until` (epoch seconds).

    A simple model of what Google describes without numbers: 429, 503 or a high rate of errors makes the whole queue
    rest, longer each time, and successes make it forget. The slow start of a new or idle queue is not modelled.
    """

    until: float = 0.0
    rest: float = 0.0
    latest: tuple[bool, ...] = ()

    def after(self, *, status: int | None, retry_after: float, now: float) -> "Throttle":
        """The throttle after an answer: its status (None: there was none) and its `Retry-After` in seconds."""
        success = status is not None and 200 <= status < 300
        latest = (*self.latest, success)[-ERROR_WINDOW:]
        failing = len(latest) == ERROR_WINDOW and latest.count(False) >= ERROR_RATE * ERROR_WINDOW
        if success:
            return replace(self, rest=self.rest / 2 if self.rest > THROTTLE_FIRST else 0.0, latest=latest)
        # Answers to what was under way when the queue began to rest say nothing new.
        if not (status in (429, 503) or failing) or now < self.until:
            return replace(self, latest=latest)
        rest = min(max(THROTTLE_FIRST, self.rest * 2), THROTTLE_MAX)
        return Throttle(now + max(rest, retry_after), rest, latest)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The token bucket that keeps to `max_dispatches_per_second`: `tokens` at the moment `at` (epoch seconds)."""

    tokens: float
    at: float

    def filled(self, config: QueueConfig, now: float) -> "Bucket":
        """The bucket as it is at `now`."""
        gained = max(0.0, now - self.at) * config.max_per_second
        return Bucket(min(float(config.burst), self.tokens + gained), now)

    def wait(self, config: QueueConfig) -> float:
        """Seconds until there is a token; 0 where there is one."""
        return max(0.0, (1.0 - self.tokens) / config.max_per_second)

    def taken(self) -> "Bucket":
        """The bucket after one dispatch."""
        return replace(self, tokens=self.tokens - 1.0)

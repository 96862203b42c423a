"""Time, handed in: what waits or reads a clock takes a `Clock`, so that tests run on virtual time."""

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What tells the time and lets it pass."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass; zero or less passes none."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass; zero or less passes none."""
        if seconds > 0:
            time.sleep(seconds)

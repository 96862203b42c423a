"""How many requests a link may make: a rate with a burst, of each instance."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

A_SECOND: Final = 20.0
BURST: Final = 120.0
"""A page of a hundred pictures asks for each of them at once."""
MOST: Final = 1_000
"""Names that are counted one by one; those that asked longest ago are forgotten."""


@dataclass
class Rates:
    """Counts what each link still may, on a clock of seconds. Threads share an instance."""

    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def takes(self, name: str, cost: int = 1) -> bool:
        """Take a request of this name, if it may make one now; a dear one counts as several."""
        with self._lock:
            now = self.clock()
            left, at = self._left.pop(name, (BURST, now))
            left = min(BURST, left + (now - at) * A_SECOND)
            self._left[name] = (left - cost if left >= cost else left, now)
            if len(self._left) > MOST:
                del self._left[next(iter(self._left))]
            return left >= cost

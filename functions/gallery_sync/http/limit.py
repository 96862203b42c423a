"""How many requests of one caller may be under way in an instance: nobody's take all its threads from the others."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from gallery_sync.http.answers import Flaw, Rejected

MOST: Final = 6
"""Of the 8 that an instance works on at a time (terraform/shop/locals.tf, `concurrency`)."""
RETRY_SECONDS: Final = 1


class Limit:
    """Counts a caller's requests that are under way. Of `callers`, by name; one that is alone takes no other's place."""

    def __init__(self, callers: Iterable[str], most: int = MOST) -> None:
        self._most = most if len(set(callers)) > 1 else None
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """Take a place for as long as the block runs. Rejected (429) where the caller has as many as one may have."""
        with self._lock:
            if self._most is not None and self._under_way[caller] >= self._most:
                message = (
                    f"{self._most} requests of '{caller}' are under way, the most that may be: wait until one has ended"
                )
                raise Rejected(429, Flaw("too-many-requests", message), headers={"Retry-After": str(RETRY_SECONDS)})
            self._under_way[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[caller] -= 1

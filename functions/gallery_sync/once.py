"""Building something once in a process, whichever thread asks first."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801  # a decorator, written as `functools.cache` is
    """Give what `build` builds, which is called once: whoever asks meanwhile waits for it. If it raises, the next call tries.

    `functools.cache` does not wait: eight requests at a cold start would build eight worlds, each with its own gate to Shoptet.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._built: list[T] = []

    def __call__(self) -> T:
        """Give it. Raises what building it raises."""
        if not self._built:
            with self._lock:
                if not self._built:
                    self._built.append(self._build())
        return self._built[0]

"""Many things at a time, in threads: calls to storage take their time waiting."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, Protocol, TypeVar

T = TypeVar("T")
Result = TypeVar("Result")
PARALLEL: Final = 8
"""Calls to storage at a time; its library's connection pool holds ten connections."""


class Spread(Protocol):
    """Calls a function once for each item, in any order or at the same time, and gives what came of each, in their order."""

    def __call__(self, function: Callable[[T], Result], items: Sequence[T]) -> list[Result]:
        """Raises what the function raises."""
        ...


def in_threads(function: Callable[[T], Result], items: Sequence[T]) -> list[Result]:
    """See Spread."""
    # What is known of the request that this is for (log.of_request) is so in the threads as well.
    here = copy_context()
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(lambda item: here.copy().run(function, item), items))

"""What a run works with: everything that acts or can change, handed in as frozen values."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from gallery_sync.clock import Clock
from gallery_sync.ledgers import Ledgers
from gallery_sync.log import Log
from gallery_sync.plan import Policy
from gallery_sync.ports import Bin, Documents, Drops, Looks, Outbox, Shop
from gallery_sync.schedule import Timing

T = TypeVar("T")
PARALLEL: Final = 8
"""Calls to storage at a time; its library's connection pool holds ten connections."""


class Spread(Protocol):
    """Calls a function once for each item, in any order or at the same time, and gives what came of each."""

    def __call__(self, function: Callable[[T], int], items: Sequence[T]) -> Iterable[int]:
        """Raises what the function raises."""
        ...


def in_threads(function: Callable[[T], int], items: Sequence[T]) -> list[int]:
    """See Spread."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(function, items))


@dataclass(frozen=True, kw_only=True)
class BaseWorld:
    """What every run works with."""

    documents: Documents
    looks: Looks
    clock: Clock
    log: Log
    timing: Timing


@dataclass(frozen=True, kw_only=True)
class SweepWorld(BaseWorld):
    """What sweep works with. `spread` works on many things at a time."""

    drops: Drops
    spread: Spread = in_threads


@dataclass(frozen=True, kw_only=True)
class PollWorld(BaseWorld):
    """What a look at the jobs works with."""

    shop: Shop


@dataclass(frozen=True, kw_only=True)
class CarryWorld(PollWorld):
    """What carrying out a caller's wish works with. `new_id` gives ids that nobody had before."""

    drops: Drops
    bin: Bin
    new_id: Callable[[], str]
    max_attempts: int

    @property
    def ledgers(self) -> Ledgers:
        """The ledgers, over the documents."""
        return Ledgers(self.documents)


@dataclass(frozen=True, kw_only=True)
class World(CarryWorld):
    """What a look at a gallery works with."""

    outbox: Outbox
    policy: Policy

"""What a run works with: everything that acts or can change, handed in as frozen values."""

from collections.abc import Callable
from dataclasses import dataclass

from gallery_sync.clock import Clock
from gallery_sync.ledgers import Ledgers
from gallery_sync.log import Log
from gallery_sync.plan import Policy
from gallery_sync.ports import Bin, Documents, Drops, Looks, Outbox, Shop
from gallery_sync.schedule import Timing


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
    """What sweep works with."""

    drops: Drops


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

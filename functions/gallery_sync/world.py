"""What a run works with: everything that acts or can change, handed in as frozen values."""

from collections.abc import Callable
from dataclasses import dataclass

from gallery_sync.clock import Clock
from gallery_sync.ledgers import Ledgers
from gallery_sync.log import Log
from gallery_sync.plan import Policy
from gallery_sync.ports import Documents, Drops, Looks, Outbox, Shop
from gallery_sync.schedule import Timing


@dataclass(frozen=True, kw_only=True)
class SweepWorld:
    """What sweep works with."""

    documents: Documents
    looks: Looks
    clock: Clock
    log: Log
    timing: Timing


@dataclass(frozen=True, kw_only=True)
class PollWorld(SweepWorld):
    """What a look at the jobs works with."""

    shop: Shop


@dataclass(frozen=True, kw_only=True)
class World(PollWorld):
    """What a look at a gallery works with. `new_id` gives ids that nobody had before."""

    drops: Drops
    outbox: Outbox
    policy: Policy
    max_attempts: int
    new_id: Callable[[], str]

    @property
    def ledgers(self) -> Ledgers:
        """The ledgers, over the documents."""
        return Ledgers(self.documents)

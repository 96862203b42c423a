"""The audit of the shop: every gallery is compared with Shoptet itself once in a round (`Timing.audit_every`, 28 days).

Each gallery has its own moment in the round, by a hash of its name. So each day brings a 28th of all galleries, spread
over the day, whoever comes and goes. A sweep enqueues the audits whose moment comes soon, and notes up to which moment it
has done so in `rotation.json`: a sweep that is late or was left out is made up for by the next, and one that comes twice, or
again after it was killed, enqueues tasks of the same names.

Which galleries there are takes a listing of all ledgers. It is made once a day, and what it found for the day to come is in
`audits.json`.
"""

import hashlib
from typing import Final

import msgspec

from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.core.shop_values import Gallery
from gallery_sync.state import checkpoints
from gallery_sync.work.world import SweepWorld

PATH: Final = "rotation.json"
PLAN: Final = "audits.json"
PLANNED: Final = DAY + 2 * HOUR
"""Seconds that a plan reaches ahead: until after the first sweep of the next day, which lists all ledgers in any case."""
MOST_PLANNED: Final = 20_000
"""Audits of one plan, where many were left out."""
AHEAD: Final = 1200.0
"""Seconds that audits are enqueued ahead: two sweeps, so that each audit has its own moment although one comes late."""
MOST: Final = 100
"""Checks that one sweep enqueues, where many were left out. Sync works on two galleries at a time: drops and callers
would wait behind them."""


class Enqueued(msgspec.Struct, frozen=True):
    """Up to which moment (epoch seconds) all audits are enqueued."""

    until: float


class Plan(msgspec.Struct, frozen=True):
    """All audits whose moment is after `after` and up to `until` (epoch seconds): moment, guid, gallery.

    `only`: the products of a trial that it was made for, by guid; None where there was none.
    """

    after: float
    until: float
    audits: tuple[tuple[float, str, Gallery], ...]
    only: tuple[str, ...] | None = None


class ShopAudit:
    """A sweep's part of the round: it enqueues the audits that are due, by the plan, or if it `needs_all` by all galleries.

    `only`: a trial is for these products, by guid in order, and no other gallery is met; None where there is none.
    """

    def __init__(self, world: SweepWorld, only: tuple[str, ...] | None = None) -> None:
        last, self._generation = checkpoints.read(world.documents, PATH, Enqueued, world.log)
        self._world = world
        now = world.clock.now()
        self._until = now + AHEAD
        # A round begins with the first sweep; a note from the future is none.
        self._begins = last is None or last.until > self._until
        begun = now if last is None or self._begins else last.until
        # Of several rounds that were left out, the last is made up for.
        self._after = max(begun, self._until - world.timing.audit_every)
        self._plan, self._plan_generation = checkpoints.read(world.documents, PLAN, Plan, world.log)
        self._only = only
        self._listed = False
        self._met: list[tuple[float, str, Gallery]] = []

    @property
    def needs_all(self) -> bool:
        """Whether every gallery has to be met, as no plan says which of them are due."""
        plan = self._plan
        if plan is None or self._begins or plan.only != self._only:
            return True
        return not plan.after <= self._after <= self._until <= plan.until

    def begin_listing(self) -> None:
        """All galleries are about to be met, were it none: what is found makes the next plan."""
        self._listed = True

    def meet(self, guid: str, gallery: Gallery) -> None:
        """Take a gallery's moments in the time that the next plan is for: several where a round is shorter than that."""
        every = self._world.timing.audit_every
        at = moment(guid, gallery, self._after, every)
        while at <= self._until + PLANNED:
            self._met.append((at, guid, gallery))
            at = moment(guid, gallery, at, every)

    def enqueue(self) -> int:
        """Enqueue the audits, the oldest first, and give how many. Raises StorageUnavailable, TasksError."""
        # A listing that was made in any case renews the plan: it then lasts until that of the next day.
        if self._listed or self.needs_all:
            self._make_plan()
        audits = self._plan.audits if self._plan is not None else ()
        due, until = [one for one in audits if self._after < one[0] <= self._until], self._until
        if len(due) > MOST:
            # What shares the last moment goes along: the next sweep begins after it.
            until = due[MOST - 1][0]
            due = [one for one in due if one[0] <= until]
        for at, guid, gallery in due:
            self._world.queue.audit(guid, gallery, at)
        if due or self._begins:
            checkpoints.write(self._world.documents, PATH, Enqueued(until), self._generation)
        return len(due)

    def _make_plan(self) -> None:
        met, until = sorted(self._met), self._until + PLANNED
        if len(met) > MOST_PLANNED:
            until = met[MOST_PLANNED - 1][0]
            met = [one for one in met if one[0] <= until]
        self._plan = Plan(self._after, until, tuple(met), self._only)
        checkpoints.write(self._world.documents, PLAN, self._plan, self._plan_generation)


def moment(guid: str, gallery: Gallery, after: float, every: float) -> float:
    """Give when (epoch seconds) a gallery's audit is due for the first time after `after`; it is, every `every` seconds."""
    digest = hashlib.sha256(f"{guid}/{gallery}".encode()).digest()
    offset = int.from_bytes(digest[:8]) % max(1, int(every))
    return offset + ((after - offset) // every + 1) * every

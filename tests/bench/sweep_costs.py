"""What sweeping costs, counted and measured over a simulated state bucket: `make bench`, or with a number of galleries.

Calls are those that Cloud Storage and Cloud Tasks would be asked. Seconds are those of the simulated calls, each as long as
`buckets.SECONDS` says, and the processor's own, which is this machine's.
"""

import argparse
import io
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from gallery_sync.core.schedule import DAY, Timing
from gallery_sync.core.shop_values import Gallery
from gallery_sync.log import Log
from gallery_sync.work.audit_shop import moment
from gallery_sync.work.sweep import sweep
from gallery_sync.work.world import SweepWorld
from tests.bench.buckets import DROPPED, Documents, Drops, Meter, Shop

SWEEP_EVERY: Final = 600.0
BEGAN: Final = (DROPPED // DAY + 400) * DAY
"""The beginning of a day, long after everything was dropped."""
MOST_SWEEPS: Final = 500


@dataclass
class Clock:
    """Time that passes with simulated calls and with the processor's work."""

    ahead: float = BEGAN
    worked: float = field(default_factory=time.process_time)

    def now(self) -> float:
        """See clock.Clock."""
        return self.ahead + time.process_time() - self.worked

    def sleep(self, seconds: float) -> None:
        """See clock.Clock."""
        self.ahead += seconds

    def until(self, moment: float) -> None:
        """Nothing happens until a moment, if it is still to come."""
        self.ahead, self.worked = max(self.now(), moment), time.process_time()


class Queue:
    """`WorkQueue` that counts."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.checked: Counter[tuple[str, Gallery]] = Counter()

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        self._meter.call("enqueue", "audit")
        self.checked[guid, gallery] += 1

    def folder(self, prefix: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        raise AssertionError(f"{prefix} is as its ledger says")

    def refused(self, name: str) -> None:
        """See WorkQueue."""
        raise AssertionError(name)

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        raise AssertionError(f"nothing is open in {guid}")

    def operation(self, operation: str, at: float) -> None:
        """See WorkQueue."""
        raise AssertionError(operation)

    def job_ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        """See WorkQueue."""
        raise AssertionError(job_id)

    def catalogue(self) -> None:
        """See WorkQueue."""
        return

    def fetch(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        raise NotImplementedError

    def prepare(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        raise NotImplementedError

    def prepared(self, guid: str, gallery: Gallery) -> None:
        """See WorkQueue."""
        raise NotImplementedError

    def place(self, *, everything: bool = False) -> None:
        """See WorkQueue."""
        raise NotImplementedError

    def snapshot_ended(self, job_id: str) -> None:
        """See WorkQueue."""
        raise AssertionError(job_id)

    def poll(self, at: float) -> None:
        """See WorkQueue."""
        raise AssertionError("no job is under way")


@dataclass(frozen=True)
class Run:
    """One sweep: its calls, its seconds with them, and those of the processor alone."""

    calls: Counter[str]
    seconds: float
    cpu: float


@dataclass(frozen=True)
class Day:
    """The sweeps of a day up to the one that finds the daily audit of the bucket done, and the audits of the whole day.

    `full` are those with a part of the full look, `quiet` is the one after them.
    """

    full: tuple[Run, ...]
    quiet: Run
    audits: int


def a_day(galleries: int) -> Day:
    """Sweep a quiet shop of so many galleries until the day's full look is done, and once more."""
    shop, clock = Shop(galleries), Clock()
    meter = Meter(clock.sleep)
    queue, timing = Queue(meter), Timing()
    world = SweepWorld(
        documents=Documents(shop, meter),
        drops=Drops(shop, meter),
        queue=queue,
        clock=clock,
        log=Log("sweep", io.StringIO()),
        timing=timing,
        spread=meter.spread,
    )
    runs: list[Run] = []
    for number in range(MOST_SWEEPS):
        clock.until(BEGAN + number * SWEEP_EVERY)
        meter.counts.clear()
        began, worked = clock.now(), time.process_time()
        sweep(world)
        runs.append(Run(Counter(meter.counts), clock.now() - began, time.process_time() - worked))
        if not runs[-1].calls["list drops"]:
            break
    ends = (moment(shop.guid(n), "shop", BEGAN, timing.audit_every) < BEGAN + DAY for n in range(galleries))
    return Day(tuple(runs[:-1]), runs[-1], sum(ends))


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--galleries", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    for galleries in parser.parse_args().galleries:
        day = a_day(galleries)
        calls: Counter[str] = sum((run.calls for run in day.full), Counter())
        lines = [
            f"{galleries} galleries",
            f"  a sweep, every 10 minutes   {_shown(day.quiet)}",
            f"  the full look, once a day   {len(day.full)} sweeps, the longest {_longest(day)}; in all: {_calls(calls)}",
            f"  audits at Shoptet           {day.audits} a day, each one listing of images",
            f"  memory                      {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB at most so far",
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    return 0


def _shown(run: Run) -> str:
    return f"{run.seconds:.1f} s, {run.cpu:.1f} s of them processor; {_calls(run.calls)}"


def _longest(day: Day) -> str:
    longest = max(day.full, key=lambda run: run.seconds)
    return f"{longest.seconds:.0f} s ({longest.cpu:.0f} s processor)"


def _calls(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(calls.items()))


if __name__ == "__main__":
    sys.exit(main())

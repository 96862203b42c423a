"""What placing pictures that lie in no folder costs: calls of Cloud Storage, tasks, and time.

PYTHONPATH=functions python -m tests.bench.placing_costs --names 100000 --codes 5000
"""

import argparse
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gallery_sync.core.catalogue import Listed as Product
from gallery_sync.ports.queue import PlaceNames
from gallery_sync.ports.storage import Listed, Stored
from gallery_sync.state import placed
from gallery_sync.state.catalogue import Sample, Writer
from gallery_sync.work.place import place
from tests.bench.buckets import PAGE, PARALLEL, SECONDS
from tests.unit.http.memory import NOW, Memory
from tests.unit.work.test_place import Desk, one_by_one


class Counted(Memory):
    """Documents, with the calls that they cost. What waits is kept apart, so that its listings stay quick here."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.waiting: dict[str, int] = {}
        self.left: int | None = None

    def read(self, path: str) -> Stored | None:
        self.calls[f"read {path.partition('/')[0]}"] += 1
        return super().read(path)

    def write(self, path: str, body: bytes, **more: Any) -> int:
        self.calls[f"write {path.partition('/')[0]}"] += 1
        if path.startswith(placed.WAITING):
            self.waiting[path] = 1
            return 1
        return super().write(path, body, **more)

    def delete(self, path: str, *, generation: int | None = None) -> None:
        self.calls[f"delete {path.partition('/')[0]}"] += 1
        if self.waiting.pop(path, None) is None:
            super().delete(path, generation=generation)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        waiting = (Listed(path, 1, NOW) for path in sorted(self.waiting))
        for number, one in enumerate(waiting if prefix == placed.WAITING else super().list(prefix, start=start)):
            if number % PAGE == 0:
                self.calls[f"list {prefix.partition('/')[0]}"] += 1
            yield one


@dataclass(frozen=True)
class Costs:
    """Calls and tasks of a whole import, of the comparison after the next catalogue, and seconds of the processor."""

    drops: Counter[str]
    runs: int
    calls: Counter[str]
    galleries: int
    everything: Counter[str]
    processor: float
    processor_everything: float


def import_of(names: int, codes: int) -> Costs:
    """Drop so many names for so many codes, in the order of their names, and place them; then compare everything."""
    desk, documents = Desk(), Counted()
    desk.documents = documents  # type: ignore[assignment]
    products = [f"SKU-{number:05d}" for number in range(codes)]
    _catalogue(documents, products)
    each = names // codes
    for code in products:
        for number in range(1, each + 1):
            desk.files.generations[f"{code}_{number}.jpg"] = 1
            placed.put(documents, f"{code}_{number}.jpg")
    drops, documents.calls = documents.calls, Counter()
    began, runs, galleries = time.process_time(), 0, 0
    while documents.waiting:
        galleries += len(desk.run())
        runs += 1
    took, calls, documents.calls = time.process_time() - began, documents.calls, Counter()
    began = time.process_time()
    place(desk.world(), PlaceNames(everything=True))
    return Costs(drops, runs, calls, galleries, documents.calls, took, time.process_time() - began)


def _catalogue(documents: Counted, codes: list[str]) -> None:
    sample = Sample()
    sample.offer(codes)
    writer = Writer(documents, "set", sample.bounds(), sample.digits(), spread=one_by_one)
    for number, code in enumerate(codes):
        guid = f"{number:08x}-0000-0000-0000-000000000000"
        writer.add(Product(guid, code, "visible", (code, f"{code}/XL"), (), {}, {}))
    writer.finish(1.0, None, 0)
    documents.calls = Counter()


def seconds(calls: Counter[str]) -> float:
    """Give how long these calls take, eight at a time but for listings."""
    took = 0.0
    for call, count in calls.items():
        kind = call.partition(" ")[0]
        took += count * SECONDS["write" if kind == "delete" else kind] / (1 if kind == "list" else PARALLEL)
    return took


def main() -> None:
    """Print the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--codes", type=int, default=5_000)
    arguments = parser.parse_args()
    costs = import_of(arguments.names, arguments.codes)
    out = sys.stdout
    out.write(f"drops: {dict(costs.drops)}\n")
    out.write(f"placing: {costs.runs} runs, {dict(costs.calls)}, {costs.galleries} tasks for galleries\n")
    out.write(f"    {seconds(costs.calls):.0f} s of calls, {costs.processor:.1f} s of processor\n")
    out.write(f"everything: {dict(costs.everything)}\n")
    out.write(f"    {seconds(costs.everything):.0f} s of calls, {costs.processor_everything:.1f} s of processor\n")
    out.write(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, the two buckets in it\n")


if __name__ == "__main__":
    main()

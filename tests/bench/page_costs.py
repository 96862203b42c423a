"""What the first screen of the page costs: milliseconds, calls of the storage and memory, for shops of several sizes.

PYTHONPATH=functions python -m tests.bench.page_costs

The storage is the local one, over HTTP, in this very process: it takes its share of the time.
"""

import os
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Entry, Failure, Ledger
from gallery_sync.ports.storage import Listed, Stored
from gallery_sync.state import open_galleries, refusals
from gallery_sync.state.refusals import RefusedDrop
from infra.local.storage.client import local_client
from infra.local.storage.objects import Edits, Preconditions
from infra.local.storage.server import STORAGE, storage_app
from tests.faults.table.conftest import QUIET
from tests.faults.table.inside import Served, served_inside
from tests.unit.core.build import NOW, key, shown, wanted
from tests.unit.pages.visits import Site

TROUBLED, REFUSED = 300, 1_000
GALLERY = tuple(shown(f"{n}.jpg", f"{n}.jpg", n * 100) for n in range(1, 6))


class Counted(BucketDocuments):
    """The documents, with the calls that reading them takes."""

    calls: ClassVar[Counter[str]] = Counter()

    def read(self, path: str) -> Stored | None:
        self.calls["read"] += 1
        return super().read(path)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        for number, one in enumerate(super().list(prefix, start=start)):
            self.calls["list"] += number % 1_000 == 0
            yield one


@dataclass(frozen=True)
class Costs:
    """Of one screen: milliseconds (the median of several), calls, and the most bytes of Python's objects it took."""

    milliseconds: float
    reads: int
    listings: int
    peak: int


def guid(number: int) -> str:
    return f"{number:08x}-7481-11e8-8216-002590dad85e"


def a_gallery(number: int) -> Ledger:
    entries: dict[str, Entry] = {}
    for one in GALLERY:
        entries |= one
    if number < TROUBLED:
        entries[key("new.jpg")] = Entry(wanted("new.jpg"), failure=Failure("gave-up", "given up after 5 tries", NOW))
    return Ledger(guid(number), "shop", prefixes=("A",), entries=entries)


def fill(server: Served, galleries: int) -> None:
    """Write so many galleries, some of them in trouble, and refused names, straight into the storage."""
    store = server.app[STORAGE].store

    def put(path: str, body: bytes, metadata: dict[str, str]) -> None:
        store.insert("state", path, body, Edits({}, metadata), Preconditions())

    def all_of_them() -> None:
        for number in range(galleries):
            ledger = a_gallery(number)
            metadata = ledger_document.counts(ledger).metadata()
            put(ledger_document.path(ledger.guid, "shop"), ledger_document.encode(ledger), metadata)
            if number < TROUBLED:
                put(open_galleries.path(ledger.guid, "shop"), b"{}", metadata)
        for number in range(REFUSED):
            refused = RefusedDrop(f"NOPE-{number}/1.jpg", "no-product", "there is no such product", NOW)
            put(refusals.path(refused.name), msgspec.json.encode(refused), {})

    all_of_them()


def measure(galleries: int) -> Costs:
    """Show the first screen of a shop of this size a few times."""
    with served_inside(lambda: storage_app(buckets=["state"])) as server:
        fill(server, galleries)
        storage = local_client(server.url)
        storage._http.trust_env = False
        documents = Counted(storage.bucket("state"))
        site = Site(documents=documents)  # type: ignore[arg-type]
        link, took = site.link(), []
        assert b"300 pictures need you" in site.visit("/", link).data
        for _ in range(7):
            site.seconds += 100
            documents.calls.clear()
            began = time.perf_counter()
            answer = site.visit("/", link)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200
        calls = Counter(documents.calls)
        tracemalloc.start()
        site.visit("/", link)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return Costs(statistics.median(took), calls["read"], calls["list"], peak)


def main() -> int:
    """Print what each size costs."""
    os.environ[QUIET] = "true"
    sys.stdout.write("| galleries | ms | reads | pages of listings | MB |\n|---|---|---|---|---|\n")
    for galleries in (1_000, 10_000, 100_000):
        cost = measure(galleries)
        row = (f"{galleries:,}", f"{cost.milliseconds:.0f}", cost.reads, cost.listings, f"{cost.peak / 1e6:.1f}")
        sys.stdout.write(f"| {' | '.join(map(str, row))} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

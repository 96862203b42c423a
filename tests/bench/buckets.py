"""A shop of any size behind `ports.Documents` and `ports.Drops`, made up as it is read, and counted as it would be billed.

Nothing is kept of it, so what a sweep itself keeps in memory can be measured beside 100,000 galleries.
"""

import uuid
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from gallery_sync.core import ledger_document, names
from gallery_sync.core.files import BucketFile, DropFile
from gallery_sync.core.ledger import Entry, Ledger, Live
from gallery_sync.core.observe import observe
from gallery_sync.ports.storage import Listed, PreconditionFailed, Stored
from gallery_sync.state import codes, ledgers
from gallery_sync.state.codes import Code
from gallery_sync.state.ledgers import Held, Ledgers

T = TypeVar("T")
Result = TypeVar("Result")

PAGE: Final = 1000
"""Objects of one listing call, at most (Cloud Storage, "Objects: list", maxResults)."""
FILES: Final = 5
DROPPED: Final = 1_700_000_000.0
SECONDS: Final[Mapping[str, float]] = {"list": 0.2, "read": 0.03, "write": 0.06, "enqueue": 0.03}
"""What a call is taken to last; nobody has measured it against the real cloud."""
PARALLEL: Final = 8
"""Calls that `spread` has under way at a time."""


@dataclass
class Meter:
    """Counts calls, and lets each take its time."""

    sleep: Callable[[float], None]
    counts: Counter[str] = field(default_factory=Counter)
    at_once: int = 1

    def call(self, kind: str, what: str) -> None:
        """One call of this kind."""
        self.counts[f"{kind} {what}"] += 1
        self.sleep(SECONDS[kind] / self.at_once)

    def spread(self, function: Callable[[T], Result], items: Sequence[T]) -> list[Result]:
        """See world.Spread: one after the other, each in an eighth of its time."""
        self.at_once = PARALLEL
        try:
            return [function(item) for item in items]
        finally:
            self.at_once = 1

    def pages(self, found: Iterable[T], what: str) -> Iterator[T]:
        """Give what a listing finds, page by page; an empty one is a call, too."""
        number = -1
        for number, one in enumerate(found):
            if number % PAGE == 0:
                self.call("list", what)
            yield one
        if number < 0:
            self.call("list", what)


@dataclass(frozen=True)
class Shop:
    """So many products, each with a gallery of five pictures; every third is dropped under its code."""

    galleries: int

    def folders(self) -> list[tuple[str, int]]:
        """Give every folder with the product's number, in the order of names."""
        return sorted((self.folder(number), number) for number in range(self.galleries))

    def guid(self, number: int) -> str:
        """Give a product's guid; guids rise with the number, as their ledgers are listed."""
        return str(uuid.UUID(int=(number << 100) | 1))

    def code(self, number: int) -> str:
        """Give a product's code."""
        return f"CODE-{number:06}"

    def folder(self, number: int) -> str:
        """Give the folder that a product is dropped under."""
        return self.code(number) if number % 3 == 0 else self.guid(number)

    def files(self, number: int) -> list[BucketFile]:
        """Give a product's files, in the order of names."""
        folder = self.folder(number)
        return [
            BucketFile(f"{folder}/shop/{n:02}-picture.jpg", 1000 + n, f"checksum-{number}-{n}", 800_000, DROPPED)
            for n in range(FILES)
        ]

    def ledger(self, number: int) -> Ledger:
        """Give a product's ledger: everything is live, nothing is open."""
        empty = Ledger(self.guid(number), "shop", prefixes=(self.folder(number),))
        seen = observe(empty, [_drop(file) for file in self.files(number)], DROPPED)
        live = {key: _live(entry, place) for place, (key, entry) in enumerate(seen.entries.items())}
        return msgspec.structs.replace(seen, entries=live)


class Documents:
    """`ports.Documents` of such a shop's state bucket: ledgers and codes; what is written besides is kept."""

    def __init__(self, shop: Shop, meter: Meter) -> None:
        self._shop = shop
        self._meter = meter
        self._written: dict[str, Stored] = {}
        self._numbers = {codes.path(shop.code(n)): n for n in range(0, shop.galleries, 3)}
        self._metadata = _metadata(shop.ledger(0))

    def read(self, path: str) -> Stored | None:
        """See ports.Documents."""
        self._meter.call("read", path.partition("/")[0])
        place = ledger_document.parse_path(path)
        if place is not None:
            number = uuid.UUID(place[0]).int >> 100
            there = number < self._shop.galleries and place[1] == "shop"
            return Stored(ledger_document.encode(self._shop.ledger(number)), 1) if there else None
        if path in self._numbers:
            return Stored(msgspec.json.encode(Code(self._shop.guid(self._numbers[path]), DROPPED)), 1)
        return self._written.get(path)

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        """See ports.Documents."""
        self._meter.call("write", path)
        there = self._written.get(path)
        if generation != (there.generation if there is not None else 0):
            raise PreconditionFailed(path)
        self._written[path] = Stored(body, generation + 1)
        return generation + 1

    def delete(self, path: str, *, generation: int | None = None) -> None:
        """See ports.Documents."""
        raise AssertionError(f"a sweep deletes nothing, {path} included")

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        """See ports.Documents."""
        return self._meter.pages(self._found(prefix), prefix.rstrip("/"))

    def _found(self, prefix: str) -> Iterator[Listed]:
        if prefix != ledger_document.PREFIX:
            return
        for number in range(self._shop.galleries):
            folders = {**self._metadata, ledgers.FOLDERS: self._shop.folder(number)}
            yield Listed(ledger_document.path(self._shop.guid(number), "shop"), 1, DROPPED, folders)


class Drops:
    """`ports.Drops` of such a shop."""

    def __init__(self, shop: Shop, meter: Meter) -> None:
        self._shop = shop
        self._meter = meter
        self._folders = shop.folders()
        self._lasts = [f"{folder}/~" for folder, _ in self._folders]

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """See ports.Drops."""
        first = bisect_left(self._lasts, start)
        files = (file for _, number in self._folders[first:] for file in self._shop.files(number))
        return self._meter.pages((f for f in files if f.name >= start and f.name.startswith(prefix)), "drops")

    def find(self, name: str) -> BucketFile | None:
        return next((file for file in self.list(name) if file.name == name), None)


class _Recorder:
    """Documents that only remember the metadata of the last one that was written."""

    def __init__(self) -> None:
        self.metadata: Mapping[str, str] = {}

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        self.metadata = metadata or {}
        return 1

    def read(self, path: str) -> Stored | None:
        raise AssertionError(path)

    def delete(self, path: str, *, generation: int | None = None) -> None:
        raise AssertionError(path)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        raise AssertionError(prefix)


def _metadata(of: Ledger) -> Mapping[str, str]:
    """Give the metadata that a ledger is written with."""
    recorder = _Recorder()
    Ledgers(recorder).write(Held(of, 0), of)
    return recorder.metadata


def _drop(file: BucketFile) -> DropFile:
    drop = names.parse(file.name, file.size)
    assert isinstance(drop, names.Drop)
    return DropFile(drop, file.generation, file.checksum, file.size, file.created, file.metadata)


def _live(entry: Entry, place: int) -> Entry:
    assert entry.wanted is not None
    content = entry.wanted.content
    live = Live(f"{place + 1}.jpg", content.checksum, content.generation, 100 * (place + 1))
    return msgspec.structs.replace(entry, live=live)

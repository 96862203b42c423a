"""The shop's catalogue as it was read last: `catalogue.json` names a set of shards under `catalogue/{set}/`, which never change.

    catalogue/{set}/codes/{number}-{part}.jsonl       rows of `CodeRow`, by ranges of codes
    catalogue/{set}/eans/{digits}-{part}.jsonl        rows of `EanRow`, by the first digits of the EAN's hash
    catalogue/{set}/products/{digits}-{part}.jsonl    rows of `Listed`, by the first digits of the guid

A new set is written beside the old one and takes its place with the one write of `catalogue.json`, so whoever reads finds one
whole catalogue or the other. The shop's size costs nobody memory: a shard has several parts where it grew while it was written.
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from gallery_sync.core.catalogue import (
    CODES_A_SHARD,
    MOST_SHARDS,
    Changed,
    CodeRow,
    EanRow,
    Listed,
    code_shard,
    ean_shard,
    known_at,
    product_shard,
    product_shards,
    written_key,
)
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.schedule import HOUR, Timing
from gallery_sync.core.spellings import code_key
from gallery_sync.parallel import Spread, in_threads
from gallery_sync.ports.storage import Documents, PreconditionFailed

PATH: Final = "catalogue.json"
PREFIX: Final = "catalogue/"
CHANGES: Final = "catalogue-changes.json"
"""What changed in the shop since (`core.catalogue.Changed`)."""
SAMPLE: Final = 8_192
"""Codes of a shop that decide where its shards begin: enough for even shards, and no more of them with a larger shop."""
BUFFERED: Final = 8 * 1024 * 1024
"""Bytes of rows that wait to be written; then the longest shard's go out as a part."""

T = TypeVar("T")


class Head(msgspec.Struct, frozen=True):
    """The catalogue that counts: its set, the moment it was asked for (epoch seconds), and how it is cut.

    `bounds` are the keys at which shards of codes begin, `digits` how many of a guid's name its shard of products. `parts` says
    how many a shard has, by its name; one without any has none. `before` is the set whose place it took. `written`: codes that
    are written alike in names stand together, and EANs are there; a set of an earlier version has neither.
    """

    set: str
    asked_at: float
    products: int
    codes: int
    bounds: tuple[str, ...]
    digits: int
    parts: dict[str, int]
    before: str = ""
    written: bool = False

    def shard_of(self, code: str) -> str:
        """Name the shard in which a code stands, and all others that are written like it."""
        return f"codes/{code_shard(self.bounds, written_key(code) if self.written else code_key(code))}"


def read_head(documents: Documents) -> Head | None:
    """Give the catalogue that counts; None where none was read yet. Raises BadDocument."""
    stored = documents.read(PATH)
    try:
        return msgspec.json.decode(stored.body, type=Head) if stored is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(
            f"{PATH} does not say which catalogue counts: {error}; delete it, and it is read anew"
        ) from None


@dataclass
class Sample:
    """Codes of a whole shop, of which so many are kept that the shards are even, whatever the order in which they come."""

    count: int = 0
    """All codes that were offered."""
    products: int = 0
    _kept: list[tuple[int, str]] = field(default_factory=list)

    def offer(self, codes: Iterable[str]) -> None:
        """Take a product's codes into account: those with the smallest hashes stay."""
        self.products += 1
        for code in map(written_key, codes):
            self.count += 1
            entry = (-int.from_bytes(hashlib.sha256(code.encode(errors="replace")).digest()[:8]), code)
            if len(self._kept) < SAMPLE:
                heapq.heappush(self._kept, entry)
            elif entry > self._kept[0]:
                heapq.heapreplace(self._kept, entry)

    def bounds(self) -> tuple[str, ...]:
        """Give the keys at which the second and each further shard of codes begins."""
        shards = min(MOST_SHARDS, -(-self.count // CODES_A_SHARD))
        keys = sorted({code for _, code in self._kept})
        places = (len(keys) * shard // shards for shard in range(1, shards))
        return tuple(sorted({keys[place] for place in places}))

    def digits(self) -> int:
        """Give how many first digits of a guid say in which shard of products it stands: 16 or 256 of them, or one alone."""
        return sum(self.products > most for most in (1_000, 16_000))


@dataclass
class Writer:
    """Writes a set, with memory that does not grow with the shop; `finish` lets it take the last one's place."""

    documents: Documents
    name: str
    bounds: Sequence[str]
    digits: int
    buffered: int = BUFFERED
    spread: Spread = in_threads
    _rows: dict[str, list[bytes]] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)
    _parts: dict[str, int] = field(default_factory=dict)
    _waiting: int = 0
    _products: int = 0
    _codes: int = 0

    def add(self, listed: Listed) -> None:
        """Take a product. Raises StorageUnavailable."""
        self._products += 1
        self._put(f"products/{product_shard(self.digits, listed.guid)}", listed)
        for code in listed.codes:
            self._codes += 1
            shard = f"codes/{code_shard(self.bounds, written_key(code))}"
            self._put(shard, CodeRow(code, listed.guid, listed.name))
        for ean, code in zip(listed.eans, listed.with_ean, strict=True):
            self._put(f"eans/{ean_shard(self.digits, ean)}", EanRow(ean, CodeRow(code, listed.guid, listed.name)))

    def _put(self, shard: str, row: CodeRow | EanRow | Listed) -> None:
        line = msgspec.json.encode(row)
        self._rows.setdefault(shard, []).append(line)
        self._sizes[shard] = self._sizes.get(shard, 0) + len(line)
        self._waiting += len(line)
        if self._waiting > self.buffered:
            self._flush(max(self._sizes, key=lambda one: self._sizes[one]))

    def _flush(self, shard: str) -> None:
        part = self._parts.get(shard, 0)
        self.documents.write(_part(self.name, shard, part), b"\n".join(self._rows.pop(shard)), generation=0)
        self._waiting -= self._sizes.pop(shard)
        self._parts[shard] = part + 1

    def finish(self, asked_at: float, before: Head | None, generation: int) -> Head | None:
        """Write what waits, then let this set count; None where another one took the place meanwhile.

        Raises StorageUnavailable.
        """
        written = {shard: self._parts.get(shard, 0) for shard in self._rows}

        def write(shard: str) -> int:
            path = _part(self.name, shard, written[shard])
            return self.documents.write(path, b"\n".join(self._rows[shard]), generation=0)

        list(self.spread(write, list(written)))
        parts = {**self._parts, **{shard: part + 1 for shard, part in written.items()}}
        old = before.set if before is not None else ""
        bounds = tuple(self.bounds)
        head = Head(self.name, asked_at, self._products, self._codes, bounds, self.digits, parts, old, written=True)
        try:
            self.documents.write(PATH, msgspec.json.encode(head), generation=generation)
        except PreconditionFailed:
            return None
        return head


def clear_old(documents: Documents, head: Head, spread: Spread = in_threads) -> None:
    """Remove all sets but this one and the one before it, which somebody may be reading. Raises StorageUnavailable."""
    old = [
        listed.path
        for listed in documents.list(PREFIX)
        if listed.path.removeprefix(PREFIX).partition("/")[0] not in (head.set, head.before)
    ]

    def delete(path: str) -> int:
        documents.delete(path)
        return 1

    list(spread(delete, old))


class Catalogue:
    """Reads one set. Shards that were read are kept, a few of them: many folders of one shop stand in the same."""

    KEPT: Final = 8

    def __init__(self, documents: Documents, head: Head) -> None:
        self._documents = documents
        self._read: dict[str, tuple[bytes, ...]] = {}
        self.head = head

    def code(self, code: str) -> CodeRow | None:
        """Give what a code means; None where no product had it. Raises BadDocument, StorageUnavailable."""
        key = code_key(code)
        rows = self._rows(self.head.shard_of(code), CodeRow)
        return next((row for row in rows if code_key(row.code) == key), None)

    def near(self, code: str) -> Iterator[CodeRow]:
        """Give the codes that stand around this one: of its shard and those on both sides. Raises as `code` does."""
        middle = int(self.head.shard_of(code).removeprefix("codes/"))
        for number in range(max(0, middle - 1), min(len(self.head.bounds), middle + 1) + 1):
            yield from self._rows(f"codes/{number}", CodeRow)

    def codes_of(self, shard: str) -> Iterator[CodeRow]:
        """Give the codes of one shard. Raises as `code` does."""
        yield from self._rows(shard, CodeRow)

    def eans_of(self, shard: str) -> Iterator[EanRow]:
        """Give the EANs of one shard. Raises as `code` does."""
        yield from self._rows(shard, EanRow)

    def product(self, guid: str) -> Listed | None:
        """Give a product; None where there was none with this guid. Raises as `code` does."""
        rows = self._rows(f"products/{product_shard(self.head.digits, guid)}", Listed)
        return next((row for row in rows if row.guid == guid.lower()), None)

    def products(self) -> Iterator[Listed]:
        """Give all products, a shard at a time. Raises as `code` does."""
        for shard in product_shards(self.head.digits):
            yield from self.products_of(shard)

    def products_of(self, shard: str) -> Iterator[Listed]:
        """Give the products of one shard. Raises as `code` does."""
        yield from self._rows(f"products/{shard}", Listed)

    def _rows(self, shard: str, kind: type[T]) -> Iterator[T]:
        for body in self._bodies(shard):
            try:
                yield from (msgspec.json.decode(line, type=kind) for line in body.split(b"\n"))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadDocument(
                    f"catalogue/{self.head.set}/{shard} is not as gallery-sync wrote it: {error}; delete {PATH}, and the "
                    "catalogue is read anew"
                ) from None

    def _bodies(self, shard: str) -> tuple[bytes, ...]:
        found = self._read.get(shard)
        if found is None:
            found = tuple(self._parts(shard))
            kept = dict(list(self._read.items())[1 - self.KEPT :])
            # Replaced, not changed: other threads may be reading.
            self._read = {**kept, shard: found}
        return found

    def _parts(self, shard: str) -> Iterator[bytes]:
        for number in range(self.head.parts.get(shard, 0)):
            stored = self._documents.read(_part(self.head.set, shard, number))
            if stored is None:
                raise BadDocument(f"{_part(self.head.set, shard, number)} is gone: delete {PATH}, and it is read anew")
            yield stored.body


class Known:
    """What the catalogue says of codes and is still true, as far as anybody knows. Read where it is asked for the first time.

    Nothing hangs on it: a catalogue that cannot be read knows nothing, and whoever reads the next one tells it.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._read: tuple[Catalogue, Changed] | None = None
        self._is_read = False

    @property
    def is_there(self) -> bool:
        """Whether there is a catalogue."""
        return self._catalogue() is not None

    def meaning(self, code: str) -> tuple[CodeRow, float] | None:
        """Give what a code means, and up to which moment (epoch seconds) that is certain; None where it is not known."""
        found = self._catalogue()
        row = self._row(found[0], code) if found is not None else None
        if found is None or row is None:
            return None
        at = known_at(found[0].head.asked_at, found[1], row.guid)
        return (row, at) if at is not None else None

    def lacks(self, code: str, asked_at: float, now: float, timing: Timing) -> bool:
        """Whether no product can have a code of which Shoptet said so at `asked_at`: nothing has changed in the shop since.

        What changed is asked with every sweep; where that was not to be had for an hour, nobody knows.
        """
        found = self._catalogue()
        if found is None or now > found[1].until + HOUR or self._row(found[0], code) is not None:
            return False
        since = max(asked_at, found[0].head.asked_at) - timing.clock_margin
        return found[1].latest < since and found[1].everything < since

    def near(self, code: str) -> tuple[CodeRow, ...]:
        """Give the codes that stand around this one, as far as they are known."""
        found = self._catalogue()
        try:
            return tuple(found[0].near(code)) if found is not None else ()
        except BadDocument:
            return ()

    def _catalogue(self) -> tuple[Catalogue, Changed] | None:
        if not self._is_read:
            self._is_read = True
            try:
                head = read_head(self._documents)
                stored = self._documents.read(CHANGES) if head is not None else None
                changed = msgspec.json.decode(stored.body, type=Changed) if stored is not None else Changed()
            except (BadDocument, msgspec.DecodeError, UnicodeDecodeError):
                return None
            self._read = (Catalogue(self._documents, head), changed) if head is not None else None
        return self._read

    def _row(self, catalogue: Catalogue, code: str) -> CodeRow | None:
        try:
            return catalogue.code(code)
        except BadDocument:
            return None


def _part(name: str, shard: str, number: int) -> str:
    return f"{PREFIX}{name}/{shard}-{number}.jsonl"

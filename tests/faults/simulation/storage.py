"""Cloud Storage in memory: objects with generations, preconditions, listings, and a clock of its own."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gallery_sync.core import names
from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Content
from gallery_sync.ports.storage import (
    Listed,
    NotCopied,
    PreconditionFailed,
    StorageUnavailable,
    Stored,
    TooManyWrites,
)
from tests.faults.simulation.effects import Effects
from tests.faults.simulation.record import Summary

URL = "https://storage.test/"
SECRET = "X-Signature=0123"
"""What every signed URL carries, and nothing else may."""


@dataclass(frozen=True)
class Blob:
    """One generation of an object. `at`: when it was created, on the storage's clock."""

    body: bytes
    generation: int
    at: float
    metadata: Mapping[str, str]
    checksum: str = ""
    size: int = 0


@dataclass
class Bucket:
    """Objects by name. Generations rise over all objects, as Google's do."""

    ahead: float = 0.0
    blobs: dict[str, Blob] = field(default_factory=dict)
    last: int = 1_000
    written: dict[str, float] = field(default_factory=dict)
    """When each object was last written or deleted, in true time."""
    annotated: int = 0
    _listings: dict[str, list[tuple[str, Blob]]] = field(default_factory=dict)
    _listed: tuple[int, int, int] = (0, 0, 0)

    def put(
        self, now: float, name: str, body: bytes, metadata: Mapping[str, str], *, checksum: str = "", size: int = 0
    ) -> Blob:
        """Write a new generation."""
        self.last += 1
        blob = Blob(body, self.last, now + self.ahead, dict(metadata), checksum, size)
        self.blobs[name] = blob
        self.written[name] = now
        return blob

    def annotate(self, name: str, metadata: Mapping[str, str]) -> None:
        """Change an object's metadata; generation and creation stay as they are."""
        self.annotated += 1
        self.blobs[name] = replace(self.blobs[name], metadata=dict(metadata))

    def named(self, prefix: str) -> list[tuple[str, Blob]]:
        """Give the objects whose names begin so, in the order of their names; not to be changed.

        A listing is kept until anything changes: between two moments without a write, objects can only become fewer.
        """
        state = (self.last, self.annotated, len(self.blobs))
        if state != self._listed:
            self._listings.clear()
            self._listed = state
        if prefix not in self._listings:
            self._listings[prefix] = sorted([one for one in self.blobs.items() if one[0].startswith(prefix)])
        return self._listings[prefix]


SPACING: Final = 1.0
"""Seconds between two writes of one object, where the storage insists on that (Cloud Storage, "Quotas and limits")."""
RETRY_SECONDS: Final = 30.0
FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
"""How long, and how soon, the client library tries again what got 429."""

Watch = Callable[[str, bytes | None], None]
"""Is told of every document that was written (None: deleted)."""


class DocumentsAtOnce:
    """`ports.Documents` for a person's command, during which nothing goes wrong and no time passes."""

    def __init__(self, bucket: Bucket, now: float, watch: Watch) -> None:
        self._bucket = bucket
        self._now = now
        self._watch = watch

    def read(self, path: str) -> Stored | None:
        """See ports.Documents."""
        blob = self._bucket.blobs.get(path)
        return Stored(blob.body, blob.generation) if blob is not None else None

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        """See ports.Documents."""
        there = self._bucket.blobs.get(path)
        if (there.generation if there is not None else 0) != generation:
            raise PreconditionFailed(path)
        written = self._bucket.put(self._now, path, body, metadata or {})
        self._watch(path, body)
        return written.generation

    def delete(self, path: str, *, generation: int | None = None) -> None:
        """See ports.Documents."""
        there = self._bucket.blobs.get(path)
        if there is not None and generation not in (None, there.generation):
            raise PreconditionFailed(path)
        if self._bucket.blobs.pop(path, None) is not None:
            self._watch(path, None)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        """See ports.Documents."""
        for path, blob in self._bucket.named(prefix):
            if path >= start:
                yield Listed(path, blob.generation, blob.at, blob.metadata)


class SimDocuments:
    """`ports.Documents`. `limited`: it takes one write a second to one object, and no more."""

    def __init__(self, bucket: Bucket, effects: Effects, watch: Watch, *, limited: bool = False) -> None:
        self._bucket = bucket
        self._effects = effects
        self._watch = watch
        self._limited = limited

    def read(self, path: str) -> Stored | None:
        """See ports.Documents."""
        self._before(path)
        blob = self._bucket.blobs.get(path)
        self._effects.point()
        return Stored(blob.body, blob.generation) if blob is not None else None

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        """See ports.Documents."""
        self._before(path)
        self._spaced(path)
        there = self._bucket.blobs.get(path)
        if (there.generation if there is not None else 0) != generation:
            self._effects.tell("writes %s over %s: conflict", path, generation)
            self._effects.point()
            raise PreconditionFailed(path)
        blob = self._bucket.put(self._effects.now, path, body, metadata or {})
        self._effects.tell("writes %s: %s", path, Summary(path, body))
        self._watch(path, body)
        self._effects.point()
        self._unsaid(path)
        return blob.generation

    def delete(self, path: str, *, generation: int | None = None) -> None:
        """See ports.Documents."""
        self._before(path)
        self._spaced(path)
        there = self._bucket.blobs.get(path)
        if there is not None and generation not in (None, there.generation):
            self._effects.tell("deletes %s at %s: conflict", path, generation)
            self._effects.point()
            raise PreconditionFailed(path)
        if self._bucket.blobs.pop(path, None) is not None:
            self._bucket.written[path] = self._effects.now
            self._effects.tell("deletes %s", path)
            self._watch(path, None)
        self._effects.point()
        self._unsaid(path)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        """See ports.Documents."""
        self._before(prefix)
        for path, blob in self._bucket.named(prefix):
            if path < start:
                continue
            yield Listed(path, blob.generation, blob.at, blob.metadata)

    def _before(self, path: str) -> None:
        fx = self._effects
        fx.point()
        if not fx.calm and fx.happens(fx.faults.storage_refuses):
            fx.tell("storage is not to be had: %s", path)
            raise StorageUnavailable(path)

    def _spaced(self, path: str) -> None:
        """Try again as the client library does while the object was written a moment ago; others may be faster."""
        fx, delay = self._effects, FIRST_DELAY
        gives_up = fx.now + RETRY_SECONDS
        while self._limited and fx.now < self._bucket.written.get(path, 0.0) + SPACING:
            fx.tell("writes %s too soon: 429", path)
            wait = fx.rng.random() * delay
            if fx.now + wait > gives_up:
                raise TooManyWrites(path)
            fx.scheduler.pause(wait)
            delay = min(delay * 2, LONGEST_DELAY)

    def _unsaid(self, path: str) -> None:
        if self._effects.happens(self._effects.faults.storage_forgets_to_say):
            self._effects.tell("storage did it and did not say so: %s", path)
            raise StorageUnavailable(path)


class SimDrops:
    """`ports.Drops`."""

    def __init__(self, bucket: Bucket, effects: Effects) -> None:
        self._bucket = bucket
        self._effects = effects

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """See ports.Drops."""
        self._effects.point()
        if self._effects.happens(self._effects.faults.storage_refuses):
            raise StorageUnavailable(prefix)
        for name, blob in self._bucket.named(prefix):
            if name < start:
                continue
            yield _file(name, blob)

    def find(self, name: str) -> BucketFile | None:
        """See ports.Drops."""
        self._effects.point()
        if self._effects.happens(self._effects.faults.storage_refuses):
            raise StorageUnavailable(name)
        blob = self._bucket.blobs.get(name)
        return _file(name, blob) if blob is not None else None


def _file(name: str, blob: Blob) -> BucketFile:
    return BucketFile(name, blob.generation, blob.checksum, blob.size, blob.at, blob.metadata)


class SimBin:
    """`ports.Bin`. `changed` is told that an object is gone: as any deletion, it is an event."""

    def __init__(self, drops: Bucket, effects: Effects, changed: Callable[[str, int], None]) -> None:
        self._drops = drops
        self._effects = effects
        self._changed = changed

    def remove(self, file: BucketFile) -> bool:
        """See ports.Bin."""
        self._effects.point()
        there = self._drops.blobs.get(file.name)
        if there is None or there.generation != file.generation:
            return False
        self._effects.tell("moves %s #%d out of the drop bucket", file.name, file.generation)
        del self._drops.blobs[file.name]
        self._changed(file.name, file.size)
        self._effects.point()
        return True


def is_to_be_made(checksum: str) -> bool:
    """Whether the shop cannot show a file of this content as it is."""
    return hashlib.sha256(checksum.encode()).digest()[0] % 3 == 0


class SimOutbox:
    """`ports.Outbox`. `copies` says which content each copy holds."""

    def __init__(self, drops: Bucket, copies: dict[str, Content], effects: Effects, *, prepared: bool = False) -> None:
        self._drops = drops
        self._copies = copies
        self._effects = effects
        self._prepared = prepared

    def prepare(self, contents: Sequence[Content]) -> Mapping[Content, str | NotCopied | None]:
        """See ports.Outbox."""
        urls: dict[Content, str | NotCopied | None] = {}
        for content in contents:
            self._effects.point()
            if self._effects.happens(self._effects.faults.storage_refuses):
                raise StorageUnavailable(content.source)
            path = names.outbox(content.source, content.generation)
            there = self._drops.blobs.get(content.source)
            if path not in self._copies and there is not None and there.generation == content.generation:
                if self._prepared and is_to_be_made(content.checksum):
                    raise self._effects.broken(f"{content.source} is sent as it is, although the shop cannot show that")
                self._copies[path] = content
            urls[content] = f"{URL}{path}?{SECRET}" if path in self._copies else None
        self._effects.point()
        return urls

    def signed(self, path: str) -> str:
        """See ports.Outbox."""
        return f"{URL}{path}?{SECRET}"

"""The buckets and their objects, in memory, with the rules of generations and preconditions.

Everything here is a plain function: no await can stand between a check and its write, and the server calls it from one
event loop only. That alone makes each operation atomic; no lock is needed.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from infra.local.storage.errors import ApiError
from infra.local.storage.objects import (
    Change,
    ChangeType,
    Edits,
    Preconditions,
    StoredObject,
    check_name,
    checksums,
)

__all__ = ["Bucket", "Store", "utc_now"]

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and its objects by name."""

    name: str
    created: datetime
    objects: dict[str, StoredObject]


def utc_now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.now(UTC)


class Store:
    """All state of the local storage.

    `on_change` is told of every change after it happened. `clock` gives aware UTC times.

    `write_interval` is the limit of writes to one object: what creates, overwrites, edits or deletes it within so many
    seconds of the last write that succeeded is refused with 429; 0 is no limit. Google promises one write a second to
    one object name, and that more may be throttled (https://cloud.google.com/storage/quotas#objects,
    https://cloud.google.com/storage/docs/objects#immutability); a short burst often passes there. Here none ever does:
    who relies on less than the promise is found out. What was refused, by this or by a precondition, begins no new
    interval. `pace` gives the seconds in which the interval is counted; a test whose time runs ahead sets its own.
    """

    def __init__(
        self, on_change: Callable[[Change], None], clock: Callable[[], datetime] = utc_now, write_interval: float = 0.0
    ) -> None:
        self._on_change = on_change
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self._last_generation = 0
        self._written: dict[tuple[str, str], float] = {}
        self.write_interval = write_interval
        self.pace: Callable[[], float] = time.monotonic

    def create_bucket(self, name: str) -> Bucket:
        """Raises ApiError 400 for a name that Google refuses, and 409 for one that exists."""
        if not _BUCKET_NAME.fullmatch(name):
            raise ApiError.invalid(f"Invalid bucket name: {name!r}", "name")
        if name in self._buckets:
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise ApiError(409, "conflict", message)
        self._buckets[name] = Bucket(name, self._clock(), {})
        return self._buckets[name]

    def bucket(self, name: str) -> Bucket:
        """Raises ApiError 404."""
        if name not in self._buckets:
            raise ApiError.no_such_bucket()
        return self._buckets[name]

    def buckets(self) -> list[Bucket]:
        """All buckets, by name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def insert(
        self, bucket: str, name: str, content: bytes, edits: Edits, preconditions: Preconditions
    ) -> StoredObject:
        """Write an object anew. Raises ApiError 400 (name), 404 (bucket), 412 or 429."""
        self.check_insert(bucket, name, preconditions)
        attributes, metadata = edits.on({}, {})
        return self._write(bucket, name, content, attributes, metadata)

    def check_insert(self, bucket: str, name: str, preconditions: Preconditions) -> None:
        """What an upload is checked for when it is announced, and again when it is complete."""
        current = self.bucket(bucket).objects.get(name)
        check_name(name)
        preconditions.check(current)

    def get(self, bucket: str, name: str, generation: int | None, preconditions: Preconditions) -> StoredObject:
        """Read an object. Raises ApiError 404 (also for a generation that is not the current one), 412 or 304."""
        current = self._current(bucket, name, generation)
        preconditions.check(current, reading=True)
        return current

    def edit(  # what the API's patch and update take
        self,
        bucket: str,
        name: str,
        edits: Edits,
        generation: int | None,
        preconditions: Preconditions,
        *,
        replace_all: bool = False,
    ) -> StoredObject:
        """Change an object's metadata; `replace_all` drops what the edits do not name. Raises as `delete` does."""
        current = self._current(bucket, name, generation)
        preconditions.check(current)
        # A class changes by rewriting the object only; that a client repeats it here is no wish.
        fixed = {"storageClass": current.attributes["storageClass"]}
        old_attributes, old_metadata = (fixed, {}) if replace_all else (current.attributes, current.metadata)
        attributes, metadata = edits.on(old_attributes, old_metadata)
        self._pace(bucket, name)
        now = self._clock()
        edited = replace(
            current,
            metageneration=current.metageneration + 1,
            attributes={**attributes, **fixed},
            metadata=metadata,
            updated=now,
        )
        self._buckets[bucket].objects[name] = edited
        self._tell("metadataUpdated", edited, now)
        return edited

    def delete(self, bucket: str, name: str, generation: int | None, preconditions: Preconditions) -> None:
        """Remove an object. Raises ApiError 404 (also for a generation that is not the current one), 412 or 429."""
        current = self._current(bucket, name, generation)
        preconditions.check(current)
        self._pace(bucket, name)
        del self._buckets[bucket].objects[name]
        self._tell("deleted", current, self._clock())

    def copy(
        self,
        source: tuple[str, str, int | None],
        source_preconditions: Preconditions,
        target: tuple[str, str],
        preconditions: Preconditions,
        edits: Edits | None,
    ) -> StoredObject:
        """Copy `source` (bucket, name, generation or None) to `target` (bucket, name).

        `edits` None keeps the source's metadata; given, they are *all* the metadata of the copy, as Google has it for a
        request with a body (https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite#request-body).
        Raises ApiError 400, 404, 412 or 429.
        """
        original = self._current(*source)
        source_preconditions.check(original)
        self.check_insert(*target, preconditions)
        kept = Edits(original.attributes, original.metadata)
        attributes, metadata = (kept if edits is None else edits).on({}, {})
        return self._write(*target, original.content, attributes, metadata)

    def _current(self, bucket: str, name: str, generation: int | None) -> StoredObject:
        current = self.bucket(bucket).objects.get(name)
        if current is None or generation not in (None, current.generation):
            raise ApiError.no_such_object(bucket, name)
        return current

    def _write(
        self, bucket: str, name: str, content: bytes, attributes: Mapping[str, str], metadata: Mapping[str, str]
    ) -> StoredObject:
        self._pace(bucket, name)
        now = self._clock()
        # Looks like Google's: microseconds, and never the same or a smaller one again, whatever the clock does.
        self._last_generation = max(self._last_generation + 1, time.time_ns() // 1000)
        md5, crc32c = checksums(content)
        written = StoredObject(
            bucket=bucket,
            name=name,
            generation=self._last_generation,
            metageneration=1,
            content=content,
            md5=md5,
            crc32c=crc32c,
            attributes={"storageClass": "STANDARD", **attributes},
            metadata=dict(metadata),
            created=now,
            updated=now,
        )
        objects = self._buckets[bucket].objects
        overwritten = objects.get(name)
        objects[name] = written
        self._tell("finalized", written, now)
        if overwritten is not None:
            # In a bucket without versioning the old generation is gone, and Google says so too:
            # https://cloud.google.com/storage/docs/pubsub-notifications#events
            self._tell("deleted", overwritten, now)
        return written

    def _tell(self, change: ChangeType, stored: StoredObject, at: datetime) -> None:
        self._on_change(Change(change, stored, at))

    def too_soon(self, bucket: str, name: str) -> bool:
        """Whether a write to this object would be refused with 429."""
        last = self._written.get((bucket, name))
        return bool(self.write_interval) and last is not None and self.pace() - last < self.write_interval

    def _pace(self, bucket: str, name: str) -> None:
        if self.too_soon(bucket, name):
            raise ApiError.too_many_writes(bucket, name)
        if self.write_interval:
            self._written[bucket, name] = self.pace()

"""What the work needs from the world, as protocols: the cloud's clients implement them, and so do the tests' memories."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gallery_sync.ledger import Content
from gallery_sync.shoptet.model import (
    Attributes,
    Gallery,
    Image,
    Job,
    JobDetail,
    NewImage,
    NewSource,
    ResultRow,
    RowError,
    Updated,
)


class Conflict(Exception):
    """A document's generation was not the expected one (HTTP 412): read again, and decide again."""


class StorageUnavailable(Exception):
    """Cloud Storage did not do it within its retries; nothing can be said about whether a write was done."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read: its body, its generation, and when it was written on the storage's clock."""

    body: bytes
    generation: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as a listing shows it. `updated` is in epoch seconds on the storage's clock."""

    path: str
    generation: int
    updated: float
    metadata: Mapping[str, str] = field(default_factory=dict)


class Documents(Protocol):
    """The documents of the state bucket. Every write names the generation that it replaces."""

    def read(self, path: str) -> Stored | None:
        """Give a document; None if there is none."""
        ...

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        """Write over `generation` (0: there must be none), and give the new generation. Raises Conflict."""
        ...

    def delete(self, path: str) -> None:
        """Remove a document, if it is there."""
        ...

    def list(self, prefix: str) -> Iterator[Listed]:
        """Give every document whose path begins so, page by page."""
        ...


@dataclass(frozen=True, slots=True)
class BucketFile:
    """An object of the drop bucket, as a listing shows it. `created` is its generation's, on the storage's clock."""

    name: str
    generation: int
    checksum: str
    size: int
    created: float
    metadata: Mapping[str, str] = field(default_factory=dict)


class Drops(Protocol):
    """The drop bucket. We only read it."""

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """Give every file whose name begins so and does not come before `start`, in the order of names, page by page."""
        ...


class Bin(Protocol):
    """Where dropped files go that a caller wants cleaned away with their gallery."""

    def remove(self, file: BucketFile) -> bool:
        """Move exactly this generation out of the drop bucket, to `removed/` in the state bucket; False if it is gone."""
        ...


class Outbox(Protocol):
    """The immutable copies that Shoptet downloads."""

    def prepare(self, contents: Sequence[Content]) -> Mapping[Content, str | None]:
        """Copy each content, and give a signed URL (secret) for each; None where that generation is gone."""
        ...


class Looks(Protocol):
    """The tasks that make somebody look. Each may be lost or come twice: looking again is always safe."""

    def drop(self, prefix: str, gallery: Gallery, at: float) -> None:
        """Look at the gallery that this folder of the drop bucket feeds, at `at` (epoch seconds) or soon after."""
        ...

    def refused(self, name: str) -> None:
        """Look at an object whose name is outside the grammar, soon: its refusal is kept where a person finds it."""
        ...

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        """Look at a gallery again at `at` (epoch seconds) or soon after."""
        ...

    def check(self, guid: str, gallery: Gallery, at: float) -> None:
        """Compare a gallery with Shoptet itself at `at` (epoch seconds) or soon after, although nothing has changed.

        The same moment again is the same look, also where it is over by now.
        """
        ...

    def operation(self, operation: str, at: float) -> None:
        """Bring an operation's request into the ledgers at `at` (epoch seconds) or soon after."""
        ...

    def ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        """Look at a gallery whose job has ended, now."""
        ...

    def jobs(self, at: float) -> None:
        """Look at the jobs under way at `at` (epoch seconds) or soon after."""
        ...


class Shop(Protocol):
    """What the work calls at Shoptet; `gallery_sync.shoptet.client.Shoptet` says what each raises."""

    def images(self, guid: str, gallery: Gallery) -> tuple[Image, ...]:
        """List a gallery."""
        ...

    def insert(self, guid: str, gallery: Gallery, images: Sequence[NewImage], *, send_until: float) -> str:
        """Start an insertion, and give its job's id."""
        ...

    def update_source(self, guid: str, gallery: Gallery, images: Sequence[NewSource], *, send_until: float) -> str:
        """Start a source update, and give its job's id."""
        ...

    def update_attributes(
        self, guid: str, gallery: Gallery, images: Sequence[Attributes], *, send_until: float
    ) -> Updated:
        """Change attributes at once."""
        ...

    def delete_all(
        self, guid: str, gallery: Gallery, *, remove_reference: bool, send_until: float
    ) -> tuple[RowError, ...]:
        """Delete all images of a gallery, and give those that it left."""
        ...

    def delete(self, guid: str, gallery: Gallery, name: str, *, remove_reference: bool, send_until: float) -> None:
        """Delete one image."""
        ...

    def jobs(self, *, created_from: float) -> tuple[Job, ...]:
        """List all jobs since a moment (epoch seconds)."""
        ...

    def job(self, job_id: str) -> JobDetail:
        """Give one job."""
        ...

    def result(self, detail: JobDetail) -> tuple[ResultRow, ...] | None:
        """Give what a job's result says, as far as it is there and understood."""
        ...

    def guid_of(self, code: str) -> str:
        """Give the guid of the product that has this code, or whose variant has it."""
        ...

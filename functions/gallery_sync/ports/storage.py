"""Storage as the work needs it, as protocols: Cloud Storage implements them, and so do the tests' memories."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Content


class PreconditionFailed(Exception):
    """A document's generation was not the expected one (HTTP 412): read again, and decide again."""


class StorageUnavailable(Exception):
    """Cloud Storage did not do it within its retries; nothing can be said about whether a write was done."""


class TooManyWrites(StorageUnavailable):
    """Others write the same document too often (Cloud Storage promises one write a second): this one was not done."""


class WrittenByOthers(TooManyWrites):
    """Others wrote the document again and again while this write was tried over what they wrote."""


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
        """Write over `generation` (0: there must be none), and give the new generation. Raises PreconditionFailed."""
        ...

    def delete(self, path: str, *, generation: int | None = None) -> None:
        """Remove a document, if it is there. With a generation only that one: another raises PreconditionFailed."""
        ...

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        """Give every document whose path begins so and does not come before `start`, in the order of paths, page by page."""
        ...


class Drops(Protocol):
    """The drop bucket. We only read it."""

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """Give every file whose name begins so and does not come before `start`, in the order of names, page by page."""
        ...

    def find(self, name: str) -> BucketFile | None:
        """Give the file of this full name; None if there is none. Raises StorageUnavailable."""
        ...


class NotRemoved(Exception):
    """Storage refuses for good to move a file; the message says why, and what to do."""


class Bin(Protocol):
    """Where dropped files go that a caller wants cleaned away with their gallery."""

    def remove(self, file: BucketFile) -> bool:
        """Move exactly this generation out of the drop bucket, to `removed/` in the state bucket; False if it is gone.

        Raises NotRemoved, and StorageUnavailable where another time may do.
        """
        ...


@dataclass(frozen=True, slots=True)
class NotCopied:
    """Why one file could not be copied, in words for people; all others of its folder fly without it."""

    reason: str


class Sent(Protocol):
    """What was sent to the shop, as bytes of at most 60 MB each; a larger one is not there."""

    def copy(self, path: str) -> bytes | None:
        """Give a copy of the outbox; None if there is none any more. Raises StorageUnavailable."""
        ...

    def file(self, content: Content) -> bytes | None:
        """Give this very generation of a dropped file; None if it is gone or cannot be read. Raises StorageUnavailable."""
        ...


class Removed(Protocol):
    """Where pictures are kept that a request is about to delete. A path says which picture, so one that is there is right."""

    def keep(self, content: Content, path: str) -> bool:
        """Copy what was sent for this content, or the content itself; False if neither is there. Raises StorageUnavailable."""
        ...

    def keep_copy(self, made: str, path: str) -> bool:
        """Copy what was made of a file and sent in its place; False if it is not there. Raises StorageUnavailable."""
        ...

    def put(self, path: str, picture: bytes) -> None:
        """Write a picture down. Raises StorageUnavailable."""
        ...


class Made(Protocol):
    """Where what is made of pictures is written: what is sent in their place, and what people look at."""

    def write(self, path: str, picture: bytes) -> None:
        """Write it, over what is there: it is the same, and lives on from now. Raises StorageUnavailable."""
        ...


class Unpacked(Protocol):
    """Archives of the drop bucket, and where their files go."""

    def open(self, file: BucketFile) -> IO[bytes]:
        """Open this very generation to read it piece by piece. It raises StorageUnavailable while it is read, too."""
        ...

    def write(self, name: str, content: bytes, *, over: int, metadata: Mapping[str, str]) -> None:
        """Write a file over this generation (0: there must be none). Raises PreconditionFailed, StorageUnavailable."""
        ...


class Uploads(Protocol):
    """Where browsers put files, without us in between."""

    def begin(self, name: str, size: int, *, origin: str, metadata: Mapping[str, str]) -> str:
        """Begin a resumable upload of so many bytes to the drop bucket, and give its address (a secret, good for a week).

        Only pages of this origin may go on with it. Raises StorageUnavailable.
        """
        ...


class Moves(Protocol):
    """Files of the drop bucket under other names."""

    def move(self, file: BucketFile, to: str) -> bool:
        """Give exactly this generation another name; False where another file has that, or this one is gone.

        A file that has the name already and is the same takes its place. Raises StorageUnavailable.
        """
        ...


class Outbox(Protocol):
    """The immutable copies that Shoptet downloads."""

    def prepare(self, contents: Sequence[Content]) -> Mapping[Content, str | NotCopied | None]:
        """Copy each content, and give a signed URL (secret) for each; None where that generation is gone.

        Raises StorageUnavailable where nothing could be copied, and another time may do.
        """
        ...

    def signed(self, path: str) -> str:
        """Give a signed URL (secret) for a picture that was kept. Raises StorageUnavailable."""
        ...

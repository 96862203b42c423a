"""Cloud Storage as this project uses it: documents with preconditions, the drop bucket's listing, the outbox.

Retries are the client library's own (`google.api_core.retry`), bounded to `retry_seconds` a call: each call here is safe
to repeat, because writes carry a generation. Everything that the library gives up on becomes StorageUnavailable.
"""

import hashlib
import io
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from typing import IO, Any, BinaryIO, Final, Protocol

import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Bucket
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from gallery_sync.core import names
from gallery_sync.core.checksums import checksum, is_same
from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Content
from gallery_sync.parallel import in_threads
from gallery_sync.ports.storage import (
    Listed,
    NotCopied,
    NotRemoved,
    PreconditionFailed,
    StorageUnavailable,
    Stored,
    TooManyWrites,
)

Timeout = tuple[float, float]
"""Seconds to connect and to read."""
TIMEOUT: Final[Timeout] = (5.0, 20.0)
"""Of each try."""
RETRY_SECONDS: Final = 30.0
"""How long a call is tried again, unless told otherwise."""
MAX_NAME: Final = 1024
"""Bytes of an object's name (Cloud Storage, "Object naming guidelines")."""
MOST_SENT: Final = 60 * 1024 * 1024
"""Bytes of one picture that is read whole; Shoptet is known to lose what is larger than 10 MB."""
LOCKED: Final = "if it is encrypted with a key of its own, drop it again without one; else set its permissions right"
WRITE: Final = "write"
"""The metadata that names the write which made a document."""


class BucketDocuments:
    """`ports.Documents` in the state bucket.

    `busy_seconds`: how long a write is tried again while storage says that the object is written too often; as long as
    anything else, unless told otherwise.
    """

    def __init__(
        self,
        bucket: Bucket,
        retry_seconds: float = RETRY_SECONDS,
        timeout: Timeout = TIMEOUT,
        busy_seconds: float | None = None,
    ) -> None:
        self._bucket = bucket
        self._call = _bounded(retry_seconds, timeout)
        self._busy_seconds = retry_seconds if busy_seconds is None else busy_seconds

    def read(self, path: str) -> Stored | None:
        """See ports.Documents. Body and generation are of one answer, so they belong together."""
        blob = self._bucket.blob(path)
        with _translated(f"read {path}"):
            try:
                body = blob.download_as_bytes(**self._call)
            except exceptions.NotFound:
                return None
        return Stored(body, int(blob.generation))

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        """See ports.Documents.

        The library repeats a write whose answer was lost; if the first try had been carried out, the repetition meets
        412. So each write has a name of its own, and a 412 is a conflict only if another write made what stands there:
        its body does not tell, as two runs may count the same thing up by one.
        """
        blob, write = self._bucket.blob(path), secrets.token_hex(8)
        blob.metadata = {**(metadata or {}), WRITE: write}
        with _translated(f"write {path}"):
            try:
                blob.upload_from_string(
                    body,
                    content_type="application/json",
                    if_generation_match=generation,
                    checksum="crc32c",
                    **_impatient(self._call, self._busy_seconds),
                )
            except exceptions.PreconditionFailed:
                there = self._bucket.get_blob(path, **self._call)
                if there is None or (there.metadata or {}).get(WRITE) != write:
                    raise PreconditionFailed(path) from None
                return int(there.generation)
        return int(blob.generation)

    def delete(self, path: str, *, generation: int | None = None) -> None:
        """See ports.Documents."""
        with _translated(f"delete {path}"):
            try:
                self._bucket.blob(path).delete(if_generation_match=generation, **self._call)
            except exceptions.NotFound:
                return
            except exceptions.PreconditionFailed:
                raise PreconditionFailed(path) from None

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        """See ports.Documents."""
        fields = "items(name,generation,updated,metadata),nextPageToken"
        with _translated(f"list {prefix}"):
            for blob in self._bucket.client.list_blobs(
                self._bucket, prefix=prefix, start_offset=start or None, fields=fields, **self._call
            ):
                metadata = {name: value for name, value in (blob.metadata or {}).items() if name != WRITE}
                yield Listed(blob.name, int(blob.generation), blob.updated.timestamp(), metadata)


class BucketDrops:
    """`ports.Drops`: the drop bucket, read only."""

    def __init__(self, bucket: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT) -> None:
        self._bucket = bucket
        self._call = _bounded(retry_seconds, timeout)

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """See ports.Drops."""
        fields = "items(name,generation,size,md5Hash,crc32c,contentEncoding,timeCreated,metadata),nextPageToken"
        with _translated(f"list {prefix} of the drop bucket"):
            for blob in self._bucket.client.list_blobs(
                self._bucket, prefix=prefix, start_offset=start or None, fields=fields, **self._call
            ):
                yield _file(blob)

    def find(self, name: str) -> BucketFile | None:
        """See ports.Drops."""
        with _translated(f"look at {name}"):
            blob = self._bucket.get_blob(name, **self._call)
        return _file(blob) if blob is not None else None


def _file(blob: Blob) -> BucketFile:
    return BucketFile(
        blob.name,
        int(blob.generation),
        checksum(blob.md5_hash, blob.crc32c, int(blob.size)),
        int(blob.size),
        blob.time_created.timestamp(),
        dict(blob.metadata or {}),
        blob.content_encoding or "",
    )


class Sign(Protocol):
    """Gives a signed URL (secret) for an object of the state bucket."""

    def __call__(self, path: str) -> str:
        """Sign for GET; raises StorageUnavailable, or what google-auth raises where it cannot sign."""
        ...


class BucketOutbox:
    """`ports.Outbox`: copies from the drop bucket to the state bucket, and signs them."""

    def __init__(
        self, drops: Bucket, state: Bucket, sign: Sign, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT
    ) -> None:
        self._drops = drops
        self._state = state
        self._sign = sign
        self._call = _bounded(retry_seconds, timeout)

    def prepare(self, contents: Sequence[Content]) -> Mapping[Content, str | NotCopied | None]:
        """See ports.storage.Outbox. In parallel: each signature without a private key is a call to IAM.

        One object that storage cannot copy now or ever must not keep its folder waiting. Where it copies none at all for
        reasons that may pass, it is storage that has to come back first.
        """
        came = in_threads(self._try, contents)
        unavailable = [one for one in came if isinstance(one, StorageUnavailable)]
        if unavailable and len(unavailable) == len(came):
            raise unavailable[0]
        urls = (NotCopied(str(one)) if isinstance(one, StorageUnavailable) else one for one in came)
        return dict(zip(contents, urls, strict=True))

    def signed(self, path: str) -> str:
        """See ports.storage.Outbox."""
        with _translated(f"sign a URL for {path}"):
            return self._sign(path)

    def _try(self, content: Content) -> str | NotCopied | StorageUnavailable | None:
        path = names.outbox(content.source, content.generation)
        try:
            if not self._copy(content, path):
                return None
        except _FileRefused as refused:
            return NotCopied(f"Cloud Storage does not let this file be read ({refused}): {LOCKED}")
        except StorageUnavailable as error:
            return error
        with _translated(f"sign a URL for {path}"):
            return self._sign(path)

    def _copy(self, content: Content, path: str) -> bool:
        """Copy one generation, and tell whether the copy is there. The name says which, so one that is there is right."""
        source, target = self._drops.blob(names.object_of(content.source)), self._state.blob(path)
        # Uploaders often leave the type out; Shoptet may judge a picture by it.
        target.content_type = names.content_type(content.source)
        if content.encoding:
            # What a rewrite names is all that the copy has of the source's metadata (Cloud Storage, "Objects: rewrite").
            target.content_encoding = content.encoding
        with _translated(f"copy {content.source}"):
            try:
                _rewritten(target, source, content.generation, self._call, if_generation_match=0)
            except exceptions.PreconditionFailed:
                # Either the copy is there already, or the source has another generation by now.
                return bool(target.exists(**self._call))
            except exceptions.NotFound:
                return False
            except (exceptions.BadRequest, exceptions.Forbidden) as error:
                raise _FileRefused(_kind(error)) from None
        return True


class _FileRefused(Exception):
    """Storage refuses this object for good: it is encrypted with a customer's key, held back, or not ours to read."""


class BucketSent:
    """`ports.Sent`: copies in the state bucket, files in the drop bucket."""

    def __init__(
        self, drops: Bucket, state: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT
    ) -> None:
        self._drops = drops
        self._state = state
        self._call = _bounded(retry_seconds, timeout)

    def copy(self, path: str) -> bytes | None:
        """See ports.Sent."""
        return self._read(self._state.get_blob, path)

    def file(self, content: Content) -> bytes | None:
        """See ports.Sent."""
        return self._read(partial(self._drops.get_blob, generation=content.generation), names.object_of(content.source))

    def _read(self, find: Callable[..., Blob | None], name: str) -> bytes | None:
        with _translated(f"read {name}"):
            try:
                blob = find(name, **self._call)
                if blob is None or (blob.size or 0) > MOST_SENT:
                    return None
                # As Shoptet gets it: without its `contentEncoding`.
                return bytes(blob.download_as_bytes(if_generation_match=blob.generation, **self._call))
            except (exceptions.NotFound, exceptions.PreconditionFailed, exceptions.Forbidden, exceptions.BadRequest):
                return None


class BucketRemoved:
    """`ports.Removed`: under `removed/` in the state bucket."""

    def __init__(
        self, drops: Bucket, state: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT
    ) -> None:
        self._drops = drops
        self._state = state
        self._call = _bounded(retry_seconds, timeout)

    def keep(self, content: Content, path: str) -> bool:
        """See ports.Removed."""
        return self._copied(self._state, names.outbox(content.source, content.generation), None, path) or self._copied(
            self._drops, names.object_of(content.source), content.generation, path
        )

    def keep_copy(self, made: str, path: str) -> bool:
        """See ports.Removed."""
        return self._copied(self._state, made, None, path)

    def put(self, path: str, picture: bytes) -> None:
        """See ports.Removed."""
        with _translated(f"keep {path}"), suppress(exceptions.PreconditionFailed):
            self._state.blob(path).upload_from_string(
                picture, content_type=_type(path), if_generation_match=0, checksum="crc32c", **self._call
            )

    def _copied(self, bucket: Bucket, name: str, generation: int | None, path: str) -> bool:
        target = self._state.blob(path)
        target.content_type = _type(path)
        with _translated(f"keep {path}"):
            try:
                source = bucket.get_blob(name, generation=generation, **self._call)
                if source is None:
                    return False
                # What a rewrite names is all that the copy has of the source's metadata, as of the outbox's.
                target.content_encoding = source.content_encoding
                _rewritten(target, source, int(source.generation), self._call, if_generation_match=0)
            except exceptions.PreconditionFailed:
                return bool(target.exists(**self._call))
            except (exceptions.NotFound, exceptions.BadRequest, exceptions.Forbidden):
                return False
        return True


class BucketMade:
    """`ports.Made`: in the state bucket, under the type that the name says."""

    def __init__(self, state: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT) -> None:
        self._state = state
        self._call = _bounded(retry_seconds, timeout)

    def write(self, path: str, picture: bytes) -> None:
        """See ports.Made."""
        with _translated(f"write {path}"):
            self._state.blob(path).upload_from_string(
                picture, content_type=_type(path), checksum="crc32c", **self._call
            )


class _Reader(io.RawIOBase):
    """An object that is read piece by piece, whose errors are the port's."""

    def __init__(self, blob: BinaryIO, name: str) -> None:
        self._blob = blob
        self._name = name

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def seekable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """See io.RawIOBase."""
        with _translated(f"read {self._name}"):
            return self._blob.seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:
        """See io.RawIOBase."""
        with _translated(f"read {self._name}"):
            piece = self._blob.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class BucketUnpacked:
    """`ports.Unpacked`: in the drop bucket, where each file that is written is a drop as any other."""

    PIECE: Final = 4 * 1024 * 1024

    def __init__(self, drops: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT) -> None:
        self._drops = drops
        self._call = _bounded(retry_seconds, timeout)

    def open(self, file: BucketFile) -> IO[bytes]:
        """See ports.Unpacked."""
        blob = self._drops.blob(file.name, generation=file.generation)
        with _translated(f"open {file.name}"):
            opened = blob.open("rb", chunk_size=self.PIECE, **self._call)
        return io.BufferedReader(_Reader(opened, file.name), self.PIECE)

    def write(self, name: str, content: bytes, *, over: int, metadata: Mapping[str, str]) -> None:
        """See ports.Unpacked."""
        blob = self._drops.blob(name)
        blob.metadata = dict(metadata)
        with _translated(f"write {name}"):
            try:
                blob.upload_from_string(
                    content, content_type=_type(name), if_generation_match=over, checksum="crc32c", **self._call
                )
            except exceptions.PreconditionFailed:
                raise PreconditionFailed(name) from None


class BucketUploads:
    """`ports.Uploads`: resumable uploads (Cloud Storage, "Resumable uploads"), whose address needs no other credential."""

    def __init__(self, drops: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT) -> None:
        self._drops = drops
        self._call = _bounded(retry_seconds, timeout)

    def begin(self, name: str, size: int, *, origin: str, metadata: Mapping[str, str]) -> str:
        """See ports.Uploads."""
        blob = self._drops.blob(name)
        blob.metadata = dict(metadata)
        with _translated(f"begin an upload of {name}"):
            # Told at the beginning, the browser's answers say that this origin may read them.
            return str(
                blob.create_resumable_upload_session(content_type=_type(name), size=size, origin=origin, **self._call)
            )


class BucketMoves:
    """`ports.Moves`: a copy, then the deletion: whoever dies in between leaves the file under both names."""

    def __init__(self, drops: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT) -> None:
        self._drops = drops
        self._call = _bounded(retry_seconds, timeout)

    def move(self, file: BucketFile, to: str) -> bool:
        """See ports.Moves."""
        source = self._drops.blob(file.name)
        with _translated(f"move {file.name}"):
            try:
                _rewritten(self._drops.blob(to), source, file.generation, self._call, if_generation_match=0)
            except exceptions.PreconditionFailed:
                if not self._is_there(file, to):
                    return False
            except exceptions.NotFound:
                return False
            try:
                source.delete(if_generation_match=file.generation, **self._call)
            except (exceptions.PreconditionFailed, exceptions.NotFound):
                return False
        return True

    def _is_there(self, file: BucketFile, to: str) -> bool:
        there = self._drops.get_blob(to, **self._call)
        return there is not None and is_same(_file(there).checksum, file.checksum)


class BucketBin:
    """`ports.Bin`: files leave the drop bucket for `removed/` in the state bucket, whose soft delete and lifecycle end them."""

    def __init__(
        self, drops: Bucket, state: Bucket, retry_seconds: float = RETRY_SECONDS, timeout: Timeout = TIMEOUT
    ) -> None:
        self._drops = drops
        self._state = state
        self._call = _bounded(retry_seconds, timeout)

    def remove(self, file: BucketFile) -> bool:
        """See ports.Bin. The copy first: a run that dies in between leaves the file in both places."""
        name = names.object_of(file.name) if file.placed else file.name
        source = self._drops.blob(name)
        target = self._state.blob(_bin_path(name))
        with _translated(f"remove {file.name}"):
            try:
                _rewritten(target, source, file.generation, self._call)
                source.delete(if_generation_match=file.generation, **self._call)
            except (exceptions.PreconditionFailed, exceptions.NotFound):
                return False
            except (exceptions.BadRequest, exceptions.Forbidden) as error:
                raise NotRemoved(f"Cloud Storage does not let it be moved ({_kind(error)}): {LOCKED}") from None
        return True


def _rewritten(target: Blob, source: Blob, generation: int, call: dict[str, Any], **conditions: int) -> None:
    """Copy this very generation of an object, in as many calls as storage wants for that."""
    token = None
    while True:
        token, _, _ = target.rewrite(source, token=token, if_source_generation_match=generation, **conditions, **call)
        if token is None:
            return


def _type(path: str) -> str:
    """Give the media type of what the shop showed, which may be of a kind that nobody drops."""
    try:
        return names.content_type(path)
    except KeyError:
        return "application/octet-stream"


def _bin_path(name: str) -> str:
    """Where a removed file lies. The longest names leave no room for the folder: they are cut, with a hash for the rest."""
    path = f"removed/{name}"
    if len(path.encode()) <= MAX_NAME:
        return path
    digest = hashlib.sha256(name.encode()).hexdigest()[:40]
    cut = path.encode()[: MAX_NAME - 60].decode(errors="ignore")
    return f"{cut}~{digest}.{name.rpartition('.')[2]}"


def _bounded(seconds: float, timeout: Timeout) -> dict[str, Any]:
    """Give what bounds a call of the library: each try, and all of them together."""
    return {"timeout": timeout, "retry": DEFAULT_RETRY.with_timeout(seconds).with_delay(initial=0.2, maximum=5.0)}


def _impatient(call: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Give what bounds a call that is not tried again for longer than that where its object is written too often."""
    retry, until = call["retry"], time.monotonic() + seconds
    again = DEFAULT_RETRY._predicate

    return {**call, "retry": retry.with_predicate(lambda e: again(e) and (not _is_busy(e) or time.monotonic() < until))}


def _is_busy(error: BaseException) -> bool:
    status = error.response.status_code if isinstance(error, InvalidResponse) else getattr(error, "code", None)
    return status == HTTPStatus.TOO_MANY_REQUESTS


_GIVEN_UP: Final = (
    exceptions.GoogleAPICallError,
    exceptions.RetryError,
    GoogleAuthError,
    requests.RequestException,
    DataCorruption,
    InvalidResponse,
)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn what the library gives up on into StorageUnavailable, with what was tried. Its messages may hold URLs: left out."""
    try:
        yield
    except _GIVEN_UP as error:
        # Where its time for retries is over, the library tells what it met last.
        last = (error.cause if isinstance(error, exceptions.RetryError) else None) or error
        kind = TooManyWrites if _is_busy(last) else StorageUnavailable
        raise kind(f"Cloud Storage did not {what}: {_kind(last)}") from None


def _kind(error: BaseException) -> str:
    """Name what happened, with the HTTP status where an answer came."""
    code = error.response.status_code if isinstance(error, InvalidResponse) else getattr(error, "code", None)
    return f"{type(error).__name__} {int(code)}" if isinstance(code, int) else type(error).__name__

"""The two kinds of upload that are more than a body: multipart (metadata and content in one) and resumable.

Sources: https://cloud.google.com/storage/docs/json_api/v1/objects/insert,
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from infra.local.storage.errors import ApiError
from infra.local.storage.objects import Edits, Preconditions, StoredObject, check_sums
from infra.local.storage.store import Store

__all__ = ["Part", "Session", "Sessions", "claimed_in_header", "parse_multipart", "parse_resource"]

CHUNK_BYTES = 256 * 1024
"""Every chunk of a resumable upload but the last is a multiple of this."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Part:
    """The content part of a multipart upload."""

    content_type: str
    content: bytes


def parse_resource(body: bytes) -> dict[str, Any]:
    """A JSON body; an empty one is `{}`. Raises ApiError 400."""
    if not body.strip():
        return {}
    try:
        resource = json.loads(body)
    except ValueError as error:
        raise ApiError(400, "parseError", "Parse Error") from error
    if not isinstance(resource, dict):
        raise ApiError(400, "parseError", "Parse Error")
    return resource


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], Part]:
    """Metadata and content of a `multipart/related` body. Raises ApiError 400."""
    outer = Message()
    outer["Content-Type"] = content_type
    boundary = outer.get_boundary()
    if boundary is None:
        raise ApiError(400, "badContent", "Multipart content has no boundary.")
    # The content may hold anything, line ends at its edges too: only the one that belongs to a delimiter is cut.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise ApiError(400, "badContent", "Multipart content must have exactly two parts.")
    resource, content = (_part(piece) for piece in pieces[1:3])
    return parse_resource(resource.content), content


def claimed_in_header(value: str) -> dict[str, str | None]:
    """The checksums of an `x-goog-hash` header, like `crc32c=AAAAAA==,md5=...`."""
    pairs = (item.strip().partition("=") for item in value.split(",") if item.strip())
    return {name: sum_ for name, _, sum_ in pairs}


@dataclass(slots=True)
class Session:
    """A resumable upload under way: what it will write, and what of it has come. `stored` is set once it is complete."""

    bucket: str
    name: str
    edits: Edits
    preconditions: Preconditions
    claimed: Mapping[str, str | None]
    received: bytearray = field(default_factory=bytearray)
    stored: StoredObject | None = None

    def take(self, store: Store, content_range: str, body: bytes, claimed: Mapping[str, str | None]) -> None:
        """Take a chunk, and write the object when it was the last.

        Raises ApiError 400 (malformed, out of order, of a bad size, or another content than was claimed), 404, 412, 429.
        """
        if self.stored is not None:
            return
        first, total = _parse_range(content_range, len(body))
        complete = total is not None and (first or 0) + len(body) == total
        if first is not None:
            if first > len(self.received):
                raise ApiError.invalid(f"Expected byte {len(self.received)} next, got {first}.")
            if not complete and len(body) % CHUNK_BYTES:
                raise ApiError.invalid(f"A chunk that is not the last must be a multiple of {CHUNK_BYTES} bytes.")
            # A client that lost an answer sends again what had arrived.
            self.received += body[len(self.received) - first :]
        if total is None or len(self.received) != total:
            return
        content = bytes(self.received)
        check_sums(content, self.claimed)
        check_sums(content, claimed)
        self.stored = store.insert(self.bucket, self.name, content, self.edits, self.preconditions)


class Sessions:
    """The resumable uploads of a server, by id."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def begin(self, session: Session) -> str:
        """Keep a new session; gives its id."""
        upload_id = secrets.token_urlsafe(24)
        self._sessions[upload_id] = session
        return upload_id

    def find(self, upload_id: str) -> Session:
        """Raises ApiError 404."""
        if upload_id not in self._sessions:
            raise ApiError(404, "notFound", "No such upload.")
        return self._sessions[upload_id]

    def cancel(self, upload_id: str) -> None:
        """Forget a session. Raises ApiError 404."""
        self.find(upload_id)
        del self._sessions[upload_id]


def _part(piece: bytes) -> Part:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator:
        raise ApiError(400, "badContent", "A part has no end of its headers.")
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return Part(value.strip(), content)
    return Part("", content)


def _parse_range(text: str, size: int) -> tuple[int | None, int | None]:
    """First byte (None: none was sent, this only asks) and total (None: not known yet) of a chunk."""
    if not text:
        return 0, size
    match = _CONTENT_RANGE.fullmatch(text)
    if match is None:
        raise ApiError.invalid(f"Failed to parse Content-Range header: {text!r}", "Content-Range")
    first, last, total = match.groups()
    if first is None:
        if size:
            raise ApiError.invalid("A status request has no body.", "Content-Range")
        return None, None if total == "*" else int(total)
    if int(last) - int(first) + 1 != size:
        raise ApiError.invalid(f"Content-Range {text!r} does not fit a body of {size} bytes.", "Content-Range")
    return int(first), None if total == "*" else int(total)

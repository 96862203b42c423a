"""`operations/…`: what a caller asked, under an id that a repetition finds again, and what came of it.

    open/operations/{id}               written before it, removed once all its parts stand in the ledgers
    operations/{id}.json               the request, never rewritten
    operations/{id}/{part}.json        what came of one part of it, written once
    operations/{id}/applied.json       how many of its parts stand in the ledgers
    operations/by-event/{hash}.json    the id of a signed event's request, by the SHA-256 of the event's id

Only what the ledgers cannot tell is written down as an outcome: cleanups, deletions, attributes, and requests that were
refused. What became of pictures is read from the ledgers, by the id that each picture carries.

A sweep reads `open/operations/` alone: what is open, and not all that was asked in a month. What an earlier version wrote
down without a marker is found by the daily audit (`work.audit_requests`).
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from gallery_sync.core.operation import Operation, Outcome
from gallery_sync.ports.storage import Documents, Listed, PreconditionFailed, StorageUnavailable

PREFIX: Final = "operations/"
OPEN: Final = "open/operations/"
OPEN_FOR: Final = 2.0
"""Seconds that a marker stays at least: Cloud Storage promises one write a second to an object, and its removal is one."""

_BY_EVENT: Final = f"{PREFIX}by-event/"
_ACCEPTED: Final = "applied"
_TRIES: Final = 5


class AnotherRequest(Exception):
    """The id was used for another request."""


def begin(documents: Documents, operation: Operation) -> bool:
    """Write a request down; False if it was written down before. Raises AnotherRequest."""
    mark(documents, operation.id)
    try:
        documents.write(_path(operation.id), msgspec.json.encode(operation), generation=0)
    except PreconditionFailed:
        before = find(documents, operation.id)
        if before is None or before.digest != operation.digest:
            raise AnotherRequest(operation.id) from None
        return False
    return True


def of_event(documents: Documents, event: str, new: str) -> str:
    """Give the id of a signed event's request: `new`, or the one that was chosen when the event came before."""
    path = f"{_BY_EVENT}{hashlib.sha256(event.encode()).hexdigest()}.json"
    for _ in range(_TRIES):
        try:
            documents.write(path, msgspec.json.encode(new), generation=0)
        except PreconditionFailed:
            if (stored := documents.read(path)) is not None:
                return msgspec.json.decode(stored.body, type=str)
            continue
        return new
    raise StorageUnavailable(f"{path} came and went {_TRIES} times in a row")


def mark(documents: Documents, operation: str) -> None:
    """Mark a request as open, if it is not."""
    try:
        documents.write(f"{OPEN}{operation}", b"{}", generation=0)
    except PreconditionFailed:
        return


def close(documents: Documents, operation: str) -> None:
    """Remove the marker of a request that stands in the ledgers as a whole, or was never written down."""
    documents.delete(f"{OPEN}{operation}")


def marked(documents: Documents, until: float) -> Iterator[str]:
    """Name the requests that were marked as open before `until` (epoch seconds)."""
    for listed in documents.list(OPEN):
        if listed.updated < until:
            yield listed.path.removeprefix(OPEN)


def is_accepted(documents: Documents, operation: str) -> bool:
    """Whether all parts of a request stand in the ledgers."""
    parts = accepted(documents, operation)
    asked = find(documents, operation) if parts else None
    return asked is not None and parts == len(asked.parts)


def find(documents: Documents, operation: str) -> Operation | None:
    """Give a request; None if there is none under this id."""
    stored = documents.read(_path(operation))
    return msgspec.json.decode(stored.body, type=Operation) if stored is not None else None


def asked_at(documents: Documents, operation: str) -> float:
    """Give when a request was written down, on the storage's clock (epoch seconds): the same however often it is asked."""
    path = _path(operation)
    return next(listed.updated for listed in documents.list(path) if listed.path == path)


def conclude(documents: Documents, operation: str, part: str, outcome: Outcome) -> Outcome:
    """Write down what came of a part, and give what stands there: the first word counts."""
    path = _part_path(operation, part)
    try:
        documents.write(path, msgspec.json.encode(outcome), generation=0)
    except PreconditionFailed:
        stored = documents.read(path)
        if stored is not None:
            return msgspec.json.decode(stored.body, type=Outcome)
    return outcome


def concluded(documents: Documents, operation: str, part: str) -> Outcome | None:
    """Give what came of a part; None while nothing did."""
    stored = documents.read(_part_path(operation, part))
    return msgspec.json.decode(stored.body, type=Outcome) if stored is not None else None


def concluded_pieces(documents: Documents, operation: str) -> list[str]:
    """Name the pieces of a request of which it is written down what came of them."""
    prefix = f"{PREFIX}{operation}/"
    found = [listed.path.removeprefix(prefix).removesuffix(".json") for listed in documents.list(prefix)]
    return [piece for piece in found if piece != _ACCEPTED]


def accepted(documents: Documents, operation: str) -> int:
    """Give how many parts of a request, from the first on, stand in the ledgers with a reconcile enqueued for each."""
    stored = documents.read(_part_path(operation, _ACCEPTED))
    return msgspec.json.decode(stored.body, type=int) if stored is not None else 0


class Written(msgspec.Struct, frozen=True):
    """A request as the listing shows it: when it was written down (epoch seconds), and whether all of it was accepted."""

    operation: str
    at: float
    accepted: bool


def written_down(documents: Documents, start: str = "") -> Iterator[Written]:
    """Give the requests from this one on, in the order of their ids.

    From one listing alone: it is in the order of names, so a request stands right before what was noted of it.
    """
    last: Written | None = None
    for listed in _but_events(documents, _path(start) if start else ""):
        name, _, rest = listed.path.removeprefix(PREFIX).partition("/")
        if not rest:
            if last is not None:
                yield last
            last = Written(name.removesuffix(".json"), listed.updated, accepted=False)
        elif rest == f"{_ACCEPTED}.json" and listed.metadata.get("left") == "0" and last is not None:
            last = msgspec.structs.replace(last, accepted=True) if last.operation == name else last
    if last is not None:
        yield last


def _but_events(documents: Documents, start: str) -> Iterator[Listed]:
    """List what was written down of requests, from this path on, but for the ids of events, which are as many again."""
    for listed in documents.list(PREFIX, start=start):
        if listed.path.startswith(_BY_EVENT):
            # `0` is the character behind `/`.
            yield from documents.list(PREFIX, start=f"{_BY_EVENT[:-1]}0")
            return
        yield listed


def note_accepted(documents: Documents, operation: Operation, parts: int) -> None:
    """Note that so many parts stand in the ledgers; the most that anybody noted counts."""
    path, left = _part_path(operation.id, _ACCEPTED), {"left": str(len(operation.parts) - parts)}
    for _ in range(_TRIES):
        stored = documents.read(path)
        if stored is not None and msgspec.json.decode(stored.body, type=int) >= parts:
            return
        try:
            generation = stored.generation if stored is not None else 0
            documents.write(path, str(parts).encode(), generation=generation, metadata=left)
        except PreconditionFailed:
            continue
        return


def _path(operation: str) -> str:
    return f"{PREFIX}{operation}.json"


def _part_path(operation: str, part: str) -> str:
    return f"{PREFIX}{operation}/{part}.json"

"""`operations/…`: what a caller asked, under an id that a repetition finds again, and what came of it.

    operations/{id}.json               the request, never rewritten
    operations/{id}/{part}.json        what came of one part of it, written once
    operations/{id}/applied.json       how many of its parts stand in the ledgers

Only what the ledgers cannot tell is written down as an outcome: cleanups, deletions, attributes, and requests that were
refused. What became of pictures is read from the ledgers, by the id that each picture's wish carries.
"""

import hashlib
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from gallery_sync.ports import Conflict, Documents
from gallery_sync.shoptet.model import Gallery

PREFIX: Final = "operations/"
SCHEMA: Final = 1

_APPLIED: Final = "applied"
_TRIES: Final = 5

Kind = Literal["insert", "source", "attributes", "delete", "clean", "sync"]
ImageState = Literal[
    "waiting", "under-way", "live", "failed", "superseded", "updated", "deleted", "skipped", "would-be-deleted"
]


class AskedImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image of a request. `key` is the ledger's (`drop:…` or `url:…`), `name` Shoptet's."""

    source_url: str | None = None
    key: str | None = None
    name: str | None = None
    priority: int | None = None
    description: str | None = None


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked of one gallery; `product` is a guid or a code. `dry_run`: only tell what would be deleted."""

    kind: Kind
    product: str
    gallery: Gallery
    images: tuple[AskedImage, ...] = ()
    name: str | None = None
    remove_reference: bool = False
    purge: bool = False
    dry_run: bool = False


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request of a caller. `digest` tells a repetition from another request under the same id."""

    id: str
    caller: str
    digest: str
    parts: tuple[Part, ...]
    schema: int = SCHEMA


class ImageOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one image. `reason` says why, where it is not as asked."""

    state: ImageState
    name: str | None = None
    key: str | None = None
    job_id: str | None = None
    reason: str | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a part was refused as a whole; `status` is the HTTP status that says so."""

    status: int
    code: str
    message: str
    request_id: str | None = None


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one part. `at` in epoch seconds."""

    at: float
    images: tuple[ImageOutcome, ...] = ()
    problem: Problem | None = None


def no_such_image(name: str) -> Problem:
    """Say that the gallery has no such image."""
    return Problem(404, "no-such-image", f"the gallery has no image '{name}'")


class AnotherRequest(Exception):
    """The id was used for another request."""


def operation_id(caller: str, key: str) -> str:
    """Derive an operation's id from who asks and the caller's own id of the request: the same again finds the same."""
    return hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()[:32]


def begin(documents: Documents, operation: Operation) -> bool:
    """Write a request down; False if it was written down before. Raises AnotherRequest."""
    try:
        documents.write(_path(operation.id), msgspec.json.encode(operation), generation=0)
    except Conflict:
        before = find(documents, operation.id)
        if before is None or before.digest != operation.digest:
            raise AnotherRequest(operation.id) from None
        return False
    return True


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
    except Conflict:
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
    return [piece for piece in found if piece != _APPLIED]


def applied(documents: Documents, operation: str) -> int:
    """Give how many parts of a request, from the first on, stand in the ledgers with a look enqueued for each."""
    stored = documents.read(_part_path(operation, _APPLIED))
    return msgspec.json.decode(stored.body, type=int) if stored is not None else 0


def unapplied(documents: Documents, until: float) -> Iterator[str]:
    """Name the requests written down before `until` (epoch seconds) of which not all stands in the ledgers.

    From one listing alone: it is in the order of names, so a request stands right before what was noted of it.
    """
    waiting: str | None = None
    for listed in documents.list(PREFIX):
        name, _, rest = listed.path.removeprefix(PREFIX).partition("/")
        if not rest:
            if waiting is not None:
                yield waiting
            waiting = name.removesuffix(".json") if listed.updated < until else None
        elif rest == f"{_APPLIED}.json" and listed.metadata.get("left") == "0":
            waiting = None
    if waiting is not None:
        yield waiting


def note_applied(documents: Documents, operation: Operation, parts: int) -> None:
    """Note that so many parts stand in the ledgers; the most that anybody noted counts."""
    path, left = _part_path(operation.id, _APPLIED), {"left": str(len(operation.parts) - parts)}
    for _ in range(_TRIES):
        stored = documents.read(path)
        if stored is not None and msgspec.json.decode(stored.body, type=int) >= parts:
            return
        try:
            generation = stored.generation if stored is not None else 0
            documents.write(path, str(parts).encode(), generation=generation, metadata=left)
        except Conflict:
            continue
        return


def _path(operation: str) -> str:
    return f"{PREFIX}{operation}.json"


def _part_path(operation: str, part: str) -> str:
    return f"{PREFIX}{operation}/{part}.json"

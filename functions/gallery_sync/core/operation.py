"""A caller's request and what came of it, as values: an operation of parts, a part's outcome, an image's. Pure.

They are read and written as JSON under `operations/` in the state bucket; `state.operations` does that.
"""

import hashlib
from typing import Final, Literal

import msgspec

from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL, Gallery

SCHEMA: Final = 1

Kind = Literal["insert", "source", "attributes", "delete", "clean", "sync", "restore"]
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
    """What is asked of one gallery; `product` is a guid or a code. `dry_run`: only tell what would be deleted.

    `unkept`: what is deleted need not be kept before; that it is not said is the rule, so that a request has the digest that
    earlier versions gave it. A restoration has in `name` what it brings back: operation and piece.
    """

    kind: Kind
    product: str
    gallery: Gallery
    images: tuple[AskedImage, ...] = ()
    name: str | None = None
    remove_reference: bool = False
    purge: bool = False
    dry_run: bool = False
    unkept: bool = False


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request of a caller. `digest` tells a repetition from another request under the same id."""

    id: str
    caller: str
    digest: str
    parts: tuple[Part, ...]
    schema: int = SCHEMA


class ImageOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one image. `reason` says why, where it is not as asked; `change_time` is Shoptet's, where it told one."""

    state: ImageState
    name: str | None = None
    key: str | None = None
    job_id: str | None = None
    reason: str | None = None
    change_time: str | None = None


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


def operation_id(caller: str, key: str) -> str:
    """Derive an operation's id from who asks and the caller's own id of the request: the same again finds the same."""
    return hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()[:32]


def pieces(number: int, part: Part) -> tuple[str, ...]:
    """Name the outcomes that a part will have: one for each call of at most 100 rows; none where the ledger tells."""
    match part.kind:
        case "clean" | "delete" | "restore":
            return (str(number),)
        case "attributes":
            calls = range(0, len(part.images), MAX_IMAGES_PER_CALL)
            return tuple(f"{number}.{piece}" for piece, _ in enumerate(calls))
        case _:
            return ()


def picture_id(operation: str, number: int, place: int) -> str:
    """Name one picture of a request; the ledger carries it as the content's checksum (`op:` and this)."""
    return f"{operation}.{number}.{place}"

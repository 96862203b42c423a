"""Makes a caller's request part of the ledgers: once, however often it is applied, by whoever gets to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from gallery_sync import intents, operations
from gallery_sync.codes import Codes
from gallery_sync.intents import ByUrl
from gallery_sync.ledger import Intent, Ledger, Row
from gallery_sync.operations import AskedImage, ImageOutcome, Operation, Outcome, Part, Problem
from gallery_sync.shoptet import errors
from gallery_sync.shoptet.model import MAX_IMAGES_PER_CALL, Gallery
from gallery_sync.world import CarryWorld


@dataclass(frozen=True, slots=True)
class Applied:
    """A part that stands in a ledger now: which gallery, and the names of its outcomes (none for pictures)."""

    guid: str
    gallery: Gallery
    parts: tuple[str, ...] = ()


def apply(world: CarryWorld, operation: Operation) -> list[Applied]:
    """Bring every part of a request into its gallery's ledger, and enqueue a look at each.

    Applying it again changes nothing but makes sure that the work is enqueued: whoever asked first may have died.
    A part whose product Shoptet does not know ends with that as its outcome. Raises the client's TryLater,
    StorageUnavailable, TasksError.
    """
    at = operations.asked_at(world.documents, operation.id)
    applied = []
    for number, part in enumerate(operation.parts):
        guid = _guid(world, operation, number, part)
        if guid is None:
            continue
        one = _apply(world, operation.id, number, part, guid, at)
        world.looks.gallery(one.guid, one.gallery, world.clock.now())
        applied.append(one)
    return applied


def pieces(number: int, part: Part) -> tuple[str, ...]:
    """Name the outcomes that a part will have: one for each call of at most 100 rows; none where the ledger tells."""
    match part.kind:
        case "clean" | "delete":
            return (str(number),)
        case "attributes":
            calls = range(0, len(part.images), MAX_IMAGES_PER_CALL)
            return tuple(f"{number}.{piece}" for piece, _ in enumerate(calls))
        case _:
            return ()


def _guid(world: CarryWorld, operation: Operation, number: int, part: Part) -> str | None:
    try:
        return Codes(world.documents, world.shop, world.clock, world.timing).guid_of(part.product)
    except (errors.Refused, errors.NotAllowed) as error:
        known = isinstance(error, errors.NotAllowed)
        message = str(error) if known else f"Shoptet knows no product '{part.product}'"
        problem = Problem(error.status, error.code or "no-product", message, error.request_id)
        outcome = Outcome(world.clock.now(), problem=problem)
        for piece in pieces(number, part) or (str(number),):
            operations.conclude(world.documents, operation.id, piece, outcome)
        return None


def _apply(world: CarryWorld, operation: str, number: int, part: Part, guid: str, at: float) -> Applied:
    match part.kind:
        case "insert" | "source":
            pictures = [_picture(operation, number, place, image, at) for place, image in enumerate(part.images)]
            if part.kind == "source":
                pictures = _known(world, operation, number, part, guid, pictures)
            world.ledgers.change(guid, part.gallery, partial(_want, pictures=pictures))
            return Applied(guid, part.gallery)
        case "sync":
            return Applied(guid, part.gallery)
        case "clean" | "delete" | "attributes":
            asked = [
                one
                for one in _intents(operation, number, part, at)
                if operations.concluded(world.documents, operation, one.id.partition("/")[2]) is None
            ]
            world.ledgers.change(guid, part.gallery, partial(_ask, asked=asked))
            return Applied(guid, part.gallery, pieces(number, part))


def _picture(operation: str, number: int, place: int, image: AskedImage, at: float) -> ByUrl:
    # Callers' pictures stand behind the dropped files, in the order in which they were asked for.
    rank = at + (number * 1_000 + place) / 1_000_000
    key = image.key
    return ByUrl(
        wish(operation, number, place),
        image.source_url or "",
        at,
        key,
        image.name,
        image.priority,
        image.description,
        rank,
    )


def _known(
    world: CarryWorld, operation: str, number: int, part: Part, guid: str, pictures: Sequence[ByUrl]
) -> list[ByUrl]:
    """Leave out, and write down as failed, replacements for keys that the gallery does not have."""
    entries = world.ledgers.read(guid, part.gallery).ledger.entries
    unknown = [picture for picture in pictures if picture.name is None and picture.key not in entries]
    if unknown:
        reason = "the gallery has no such key: insert it first"
        images = tuple(ImageOutcome("failed", key=picture.key, reason=reason) for picture in unknown)
        operations.conclude(world.documents, operation, str(number), Outcome(world.clock.now(), images))
    return [picture for picture in pictures if picture not in unknown]


def wish(operation: str, number: int, place: int) -> str:
    """Name one picture's wish; the ledger carries it as the content's checksum (`op:` and this)."""
    return f"{operation}.{number}.{place}"


def _intents(operation: str, number: int, part: Part, at: float) -> list[Intent]:
    names = [f"{operation}/{piece}" for piece in pieces(number, part)]
    if part.kind == "attributes":
        rows = [Row(i.name, i.key, i.priority, i.description) for i in part.images]
        batches = [rows[start : start + MAX_IMAGES_PER_CALL] for start in range(0, len(rows), MAX_IMAGES_PER_CALL)]
        return [Intent(one, "attributes", at, rows=tuple(batch)) for one, batch in zip(names, batches, strict=True)]
    kind: Literal["clean", "delete"] = "clean" if part.kind == "clean" else "delete"
    return [
        Intent(one, kind, at, name=part.name, remove_reference=part.remove_reference, purge=part.purge) for one in names
    ]


def _want(ledger: Ledger, pictures: Sequence[ByUrl]) -> Ledger:
    return intents.want(ledger, pictures)


def _ask(ledger: Ledger, asked: Sequence[Intent]) -> Ledger:
    for intent in asked:
        ledger = intents.ask(ledger, intent)
    return ledger

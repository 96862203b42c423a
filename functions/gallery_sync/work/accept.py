"""Accepts a caller's request into the ledgers: once, however often it is accepted, by whoever gets to it."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Final, Literal

from gallery_sync.core import intents, names, restore
from gallery_sync.core.ledger import Intent, Ledger, Row
from gallery_sync.core.limits import Full, check_growth
from gallery_sync.core.operation import (
    AskedImage,
    ImageOutcome,
    Operation,
    Outcome,
    Part,
    Problem,
    no_such_image,
    picture_id,
    pieces,
)
from gallery_sync.core.pictures import ByUrl, owner, want
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL
from gallery_sync.ports import shop_errors
from gallery_sync.state import operations, removed
from gallery_sync.state.codes import Codes
from gallery_sync.work.codes import codes_of
from gallery_sync.work.report import report_outcome
from gallery_sync.work.world import RequestWorld

BELIEVED: Final = 60.0
"""Seconds for which what a code means is not asked again: a request is carried out on the product that has the code now."""


def accept(world: RequestWorld, operation: Operation, until: float = math.inf) -> bool:
    """Bring a request part by part into its galleries' ledgers, and enqueue a reconcile of each; True once all stand there.

    No part is begun after `until` (epoch seconds), but one a call always is. Accepting it again goes on where it was
    left, and changes nothing that stands already: whoever asked first may have died. A part whose product Shoptet does
    not know ends with that as its outcome. Raises the client's TryLater, StorageUnavailable, BadDocument, TasksError.
    """
    first = done = operations.accepted(world.documents, operation.id)
    if first == len(operation.parts):
        operations.close(world.documents, operation.id)
        return True
    at = operations.asked_at(world.documents, operation.id)
    try:
        for number in range(first, len(operation.parts)):
            if number > first and world.clock.now() >= until:
                break
            _accept_part(world, operation, number, at)
            done = number + 1
    finally:
        if done > first:
            operations.note_accepted(world.documents, operation, done)
    accepted = done == len(operation.parts)
    if accepted and world.clock.now() > at + operations.OPEN_FOR:
        # Else the next sweep does it: whoever waits for the answer to a request should not wait for storage's pace.
        operations.close(world.documents, operation.id)
    return accepted


def foresee(world: RequestWorld, guid: str, part: Part) -> Outcome:
    """Tell which images a cleanup or deletion would delete, and do nothing. Raises the client's errors of a listing.

    The listing does not tell which of them a variant references: those would be skipped, or be refused.
    """
    ledger = world.ledgers.read(guid, part.gallery).ledger
    listed = [image.name for image in world.shop.images(guid, part.gallery)]
    if part.name is not None and part.name not in listed:
        return Outcome(world.clock.now(), problem=no_such_image(part.name))
    meant = listed if part.name is None else [part.name]
    images = [ImageOutcome("would-be-deleted", name, key=owner(ledger, name)) for name in meant]
    return Outcome(world.clock.now(), tuple(images))


def _accept_part(world: RequestWorld, operation: Operation, number: int, at: float) -> None:
    part = operation.parts[number]
    try:
        codes = codes_of(world)
        guid = codes.guid_of(part.product, BELIEVED)
        if names.is_guid(part.product) and not part.dry_run:
            _check_known(world, codes, guid, part)
        if part.dry_run:
            operations.conclude(world.documents, operation.id, str(number), foresee(world, guid, part))
            return
    except (shop_errors.Refused, shop_errors.NotAllowed) as error:
        _refuse(world, operation.id, number, part, _refusal(part, error))
        return
    try:
        _write_down(world, operation.id, number, part, guid, at)
    except Full as full:
        _refuse(world, operation.id, number, part, Problem(full.status, full.code, str(full)))
        return
    world.queue.gallery(guid, part.gallery, world.clock.now())


def _check_known(world: RequestWorld, codes: Codes, guid: str, part: Part) -> None:
    """Refuse a guid that Shoptet does not know, before it gets a ledger that would stay. Raises as `Codes.check_guid` does."""
    if world.ledgers.read(guid, part.gallery).generation:
        return
    try:
        codes.check_guid(guid, part.gallery)
    except shop_errors.NotAllowed as error:
        # That is for a person, and no reason to lose the request: the gallery will pause, and show why.
        world.log.say("WARNING", str(error), product=part.product, gallery=part.gallery)


def _refuse(world: RequestWorld, operation: str, number: int, part: Part, problem: Problem) -> None:
    """Write down that a part was refused as a whole, for each outcome that it would have had."""
    outcome = Outcome(world.clock.now(), problem=problem)
    for piece in pieces(number, part) or (str(number),):
        operations.conclude(world.documents, operation, piece, outcome)
    report_outcome(world.log, part.kind, outcome, product=part.product, gallery=part.gallery)


def _refusal(part: Part, error: shop_errors.Refused | shop_errors.NotAllowed) -> Problem:
    if isinstance(error, shop_errors.NotFound):
        message = f"Shoptet knows no product '{part.product}'"
        return Problem(404, "no-product", message, error.request_id)
    message = error.message if isinstance(error, shop_errors.Refused) else f"{error.message}: {error.advice}"
    return Problem(error.status, error.code or "refused", message, error.request_id)


def _write_down(world: RequestWorld, operation: str, number: int, part: Part, guid: str, at: float) -> None:
    """Bring a part into its gallery's ledger."""
    match part.kind:
        case "insert" | "source":
            pictures = [_picture(operation, number, place, image, at) for place, image in enumerate(part.images)]
            if part.kind == "source":
                pictures = _known(world, operation, number, part, guid, pictures)
            world.ledgers.change(guid, part.gallery, partial(_want, pictures=pictures))
        case "sync":
            return
        case "clean" | "delete" | "attributes":
            asked = [
                intent
                for intent in _intents(operation, number, part, at)
                if operations.concluded(world.documents, *intents.piece(intent)) is None
            ]
            world.ledgers.change(guid, part.gallery, partial(_ask, asked=asked))
            if any(intent.keep for intent in asked):
                world.queue.fetch(guid, part.gallery, world.clock.now())
        case "restore":
            _bring_back(world, operation, number, part, guid, at)


def _picture(operation: str, number: int, place: int, image: AskedImage, at: float) -> ByUrl:
    # Callers' pictures stand behind the dropped files, in the order in which they were asked for.
    rank = at + (number * 1_000 + place) / 1_000_000
    key = image.key
    return ByUrl(
        picture_id(operation, number, place),
        image.source_url or "",
        at,
        key,
        image.name,
        image.priority,
        image.description,
        rank,
    )


def _known(
    world: RequestWorld, operation: str, number: int, part: Part, guid: str, pictures: Sequence[ByUrl]
) -> list[ByUrl]:
    """Leave out, and write down as failed, replacements for keys that the gallery does not have."""
    outcome = operations.concluded(world.documents, operation, str(number))
    if outcome is None:
        entries = world.ledgers.read(guid, part.gallery).ledger.entries
        reason = "the gallery has no such key: insert it first"
        unknown = [picture for picture in pictures if picture.name is None and picture.key not in entries]
        images = tuple(ImageOutcome("failed", key=picture.key, reason=reason) for picture in unknown)
        outcome = operations.conclude(world.documents, operation, str(number), Outcome(world.clock.now(), images))
        if outcome.images:
            report_outcome(world.log, part.kind, outcome, guid=guid, gallery=part.gallery)
    failed = {image.key for image in outcome.images}
    return [picture for picture in pictures if picture.name is not None or picture.key not in failed]


def _intents(operation: str, number: int, part: Part, at: float) -> list[Intent]:
    ids = [f"{operation}/{piece}" for piece in pieces(number, part)]
    if part.kind == "attributes":
        rows = [Row(i.name, i.key, i.priority, i.description) for i in part.images]
        batches = [rows[start : start + MAX_IMAGES_PER_CALL] for start in range(0, len(rows), MAX_IMAGES_PER_CALL)]
        return [Intent(one, "attributes", at, rows=tuple(batch)) for one, batch in zip(ids, batches, strict=True)]
    kind: Literal["clean", "delete"] = "clean" if part.kind == "clean" else "delete"
    return [
        Intent(
            one,
            kind,
            at,
            name=part.name,
            remove_reference=part.remove_reference,
            purge=part.purge,
            keep="" if part.unkept else "due",
        )
        for one in ids
    ]


def _bring_back(world: RequestWorld, operation: str, number: int, part: Part, guid: str, at: float) -> None:
    """Want again what was kept, and ask for what references it. Raises the client's TryLater of a listing."""
    (piece,) = pieces(number, part)
    if operations.concluded(world.documents, operation, piece) is not None:
        return
    kept, _ = removed.read(world.documents, *_kept_as(part))
    if kept is None:
        message = "nothing that was kept is left: it ends with removed_days"
        _refuse(world, operation, number, part, Problem(404, "nothing-kept", message))
        return
    listing = world.shop.images(guid, part.gallery)
    intent = Intent(f"{operation}/{piece}", "restore", at, name=part.name, rows=restore.rows(kept))

    def decide(held: Ledger) -> Ledger:
        if intent.id in held.done or any(one.id == intent.id for one in held.intents):
            return held
        return check_growth(held, intents.ask(restore.wanted_back(held, kept, listing, at), intent))

    world.ledgers.change(guid, part.gallery, decide)


def _kept_as(part: Part) -> tuple[str, str]:
    operation, _, piece = (part.name or "").partition("/")
    return operation, piece


def _want(ledger: Ledger, pictures: Sequence[ByUrl]) -> Ledger:
    return check_growth(ledger, want(ledger, pictures))


def _ask(ledger: Ledger, asked: Sequence[Intent]) -> Ledger:
    after = ledger
    for intent in asked:
        after = intents.ask(after, intent)
    return check_growth(ledger, after)

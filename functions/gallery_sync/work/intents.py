"""Carries out what a caller asked of one gallery: a cleanup, a deletion, a change of attributes. In the flight slot, too."""

from collections.abc import Callable, Sequence

import msgspec

from gallery_sync.core import intents, names, operation, settle
from gallery_sync.core.ledger import MAX_DONE, Flight, Intent, Ledger, Row
from gallery_sync.core.operation import ImageOutcome, Outcome, Problem
from gallery_sync.core.shop_values import Attributes, Image
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import PreconditionFailed
from gallery_sync.state import operations
from gallery_sync.state.ledgers import Held
from gallery_sync.work.report import report_outcome, where
from gallery_sync.work.world import RequestWorld

replace = msgspec.structs.replace

Done = tuple[Outcome, Callable[[Ledger], Ledger]]
"""What came of an intent, and what it does to the ledger."""


def run_intent(world: RequestWorld, held: Held, intent: Intent) -> Outcome | None:
    """Carry out an intent of a gallery without a flight; None if it could not be now: a look was enqueued, or read again.

    Every call here may be repeated without harm, so a flight whose answer was lost simply ends after its grace, and the
    intent, which is still in the ledger, flies again. Raises StorageUnavailable.
    """
    outcome = _carry_out(world, held, intent)
    if outcome is not None:
        report_outcome(world.log, intent.kind, outcome, **where(held.ledger))
    return outcome


def _carry_out(world: RequestWorld, held: Held, intent: Intent) -> Outcome | None:
    ledger = held.ledger
    stands = operations.concluded(world.documents, *_part(intent))
    if stands is not None:
        # Carried out by a run that died before it could write that into the ledger: not once more, as people may have
        # added images since.
        return stands if _write_down(world, held, intent, stands) else None
    try:
        listing = world.shop.images(ledger.guid, ledger.gallery)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", **where(ledger))
        world.queue.gallery(ledger.guid, ledger.gallery, error.at)
        return None
    except (shop_errors.Refused, shop_errors.NotAllowed) as error:
        if intent.attempts and isinstance(error, shop_errors.NotAllowed):
            # An earlier try may have been carried out: only the gallery tells, once a person has allowed us to look.
            world.log.say("ERROR", str(error), **where(ledger))
            world.queue.gallery(ledger.guid, ledger.gallery, world.clock.now() + world.timing.retry_longest)
            return None
        return _conclude_without_flight(world, ledger, intent, _refusal(world, error))
    if _was_cleaned(intent, listing):
        return _cleaned_before(world, held, intent)
    if intent.attempts >= world.max_attempts:
        lost = f"given up: Shoptet's answer was lost {intent.attempts} times"
        outcome = Outcome(world.clock.now(), problem=Problem(502, "answer-lost", lost))
        return _conclude_without_flight(world, ledger, intent, outcome)
    before = intent.before if intent.before is not None else tuple(image.name for image in listing)
    intent = replace(intent, before=before)
    now = world.clock.now()
    flight = Flight(
        id=world.new_id(),
        action=intent.kind,
        started=now,
        send_until=now + world.timing.send_within,
        grace_until=now + world.timing.grace,
        images={},
        before=before,
        intent=intent.id,
    )
    known = tuple(intent if other.id == intent.id else other for other in ledger.intents)
    try:
        world.ledgers.write(held, replace(ledger, flight=flight, intents=known, due_at=now))
    except PreconditionFailed:
        there = world.ledgers.read(ledger.guid, ledger.gallery).ledger.flight
        if there is None or there.id != flight.id:
            return None
    return _fly(world, ledger, flight, intent, listing)


def _was_cleaned(intent: Intent, listing: Sequence[Image]) -> bool:
    """Whether an earlier try of a cleanup, whose answer was lost, was carried out: nothing is left of what was there."""
    before = set(intent.before or ())
    return (
        intent.kind == "clean" and intent.attempts > 0 and bool(before) and before.isdisjoint(i.name for i in listing)
    )


def _cleaned_before(world: RequestWorld, held: Held, intent: Intent) -> Outcome | None:
    """End a cleanup that was carried out already; what people or callers added since stays."""
    if intent.purge:
        _purge(world, held.ledger, intent.at)
    names = intent.before or ()
    images = tuple(ImageOutcome("deleted", name, key=intents.owner(held.ledger, name)) for name in names)
    outcome = operations.conclude(world.documents, *_part(intent), Outcome(world.clock.now(), images))
    return outcome if _write_down(world, held, intent, outcome) else None


def _write_down(world: RequestWorld, held: Held, intent: Intent, outcome: Outcome) -> bool:
    """Bring what came of an intent into the ledger; False if somebody else has written it meanwhile."""
    try:
        world.ledgers.write(held, _over(_effect(intent, outcome)(held.ledger), intent))
    except PreconditionFailed:
        return False
    return True


def _fly(
    world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, listing: Sequence[Image]
) -> Outcome | None:
    try:
        match intent.kind:
            case "clean":
                outcome, effect = _clean(world, ledger, flight, intent, listing)
            case "delete":
                outcome, effect = _delete(world, ledger, flight, intent, listing)
            case "attributes":
                outcome, effect = _describe(world, ledger, flight, intent, listing)
    except shop_errors.AnswerLost as error:
        world.log.say("WARNING", f"answer lost, it is tried again: {error}", **where(ledger), flight=flight.id)
        world.queue.gallery(ledger.guid, ledger.gallery, flight.grace_until)
        return None
    except shop_errors.TryLater as error:
        reason, until = str(error), error.at
        paused = world.ledgers.change_flight(
            ledger, flight, lambda held: settle.paused(held, until, reason, world.clock.now(), world.timing)
        )
        world.log.say("WARNING", f"not now: {reason}", **where(ledger))
        world.queue.gallery(ledger.guid, ledger.gallery, paused.pause.until if paused.pause is not None else until)
        return None
    except (shop_errors.Refused, shop_errors.NotAllowed) as error:
        outcome, effect = _refusal(world, error), _nothing
    # The outcome first: whoever dies in between leaves the intent, which is carried out again and finds it written.
    outcome = operations.conclude(world.documents, *_part(intent), outcome)
    world.ledgers.change_flight(ledger, flight, lambda held: _over(effect(held), intent))
    return outcome


def _clean(world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, listing: Sequence[Image]) -> Done:
    """Delete all images. What a variant references Shoptet skips, and names it.

    What was added since this was first tried stays: then those that were there are deleted one by one.
    """
    before = set(intent.before or ())
    if all(image.name in before for image in listing):
        rows = world.shop.delete_all(
            ledger.guid, ledger.gallery, remove_reference=intent.remove_reference, send_until=flight.send_until
        )
        skipped = {row.instance: row.message for row in rows}
    else:
        skipped = _delete_each(world, ledger, flight, intent, [i.name for i in listing if i.name in before])
    if intent.purge:
        _purge(world, ledger, intent.at)
    images = [
        ImageOutcome("skipped", name, reason=skipped[name])
        if name in skipped
        else ImageOutcome("deleted", name, key=intents.owner(ledger, name))
        for name in intent.before or ()
    ]
    outcome = Outcome(world.clock.now(), tuple(images))
    return outcome, lambda held: intents.cleaned(held, intent, tuple(skipped))


def _delete_each(
    world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, names: Sequence[str]
) -> dict[str, str]:
    """Delete these images, and give Shoptet's words for those that stay. What time does not suffice for is tried again."""
    stays = {}
    for name in names:
        try:
            world.shop.delete(
                ledger.guid,
                ledger.gallery,
                name,
                remove_reference=intent.remove_reference,
                send_until=flight.send_until,
            )
        except shop_errors.Conflict as error:
            stays[name] = error.message
        except shop_errors.NotFound:
            continue
    return stays


def _delete(world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, listing: Sequence[Image]) -> Done:
    """Delete one image. One that is not listed is not there; unless an earlier try of this intent deleted it."""
    name = intent.name or ""
    key = intents.owner(ledger, name)
    if name not in (intent.before or ()):
        return Outcome(world.clock.now(), problem=operation.no_such_image(name)), _nothing
    if any(image.name == name for image in listing):
        try:
            world.shop.delete(
                ledger.guid,
                ledger.gallery,
                name,
                remove_reference=intent.remove_reference,
                send_until=flight.send_until,
            )
        except shop_errors.NotFound:
            # After a lost answer that was an earlier try of this, which a listing that lags does not show yet.
            if not intent.attempts:
                raise
    outcome = Outcome(world.clock.now(), (ImageOutcome("deleted", name, key=key),))
    return outcome, lambda held: intents.deleted(held, intent, name)


def _describe(world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, listing: Sequence[Image]) -> Done:
    """Change attributes: in the gallery what is shown there, in the ledger what is ours, also if it is not shown yet."""
    listed = {image.name for image in listing}
    ours: dict[str, Row] = {}
    asked: list[tuple[Row, str | None, str | None]] = []
    for row in intent.rows:
        key = row.key if row.key is not None else intents.owner(ledger, row.name or "")
        entry = ledger.entries.get(key) if key is not None else None
        live = entry.live.name if entry is not None and entry.live is not None else None
        name = row.name if row.name is not None else live
        if key is not None and entry is not None:
            ours[key] = row
        asked.append((row, key if entry is not None else None, name if name in listed else None))
    send = [Attributes(name, row.priority, row.description) for row, _, name in asked if name is not None]
    updated, skipped = {}, {}
    if send:
        answer = world.shop.update_attributes(ledger.guid, ledger.gallery, send, send_until=flight.send_until)
        skipped = {row.instance: row.message for row in answer.skipped}
        updated = {image.name: image for image in answer.images if image.name not in skipped}
        updated |= {one.name: updated.get(one.name, Image(one.name)) for one in send if one.name not in skipped}
    images = [_described(row, key, name, skipped) for row, key, name in asked]
    refused = {key for _, key, name in asked if name in skipped}
    kept = {key: row for key, row in ours.items() if key not in refused}
    return Outcome(world.clock.now(), tuple(images)), lambda held: intents.described(held, kept, updated)


def _described(row: Row, key: str | None, name: str | None, skipped: dict[str, str]) -> ImageOutcome:
    if name is not None and name in skipped:
        return ImageOutcome("failed", name, key=key, reason=skipped[name])
    if name is not None:
        return ImageOutcome("updated", name, key=key)
    if key is not None:
        return ImageOutcome("waiting", key=key, reason="the image is not live yet, and will be with these attributes")
    missing = (
        f"the gallery has no image '{row.name}'" if row.name is not None else f"the gallery has no key '{row.key}'"
    )
    return ImageOutcome("failed", row.name, key=row.key, reason=missing)


def _purge(world: RequestWorld, ledger: Ledger, until: float) -> None:
    """Move the gallery's files, as far as they were there when it was asked, out of the drop bucket."""
    for prefix in ledger.prefixes:
        for file in world.drops.list(f"{prefix}/"):
            drop = names.parse(file.name, file.size)
            if isinstance(drop, names.Drop) and drop.gallery == ledger.gallery and file.created <= until:
                world.bin.remove(file)


def _conclude_without_flight(world: RequestWorld, ledger: Ledger, intent: Intent, outcome: Outcome) -> Outcome:
    """End an intent for which nothing is under way; another run may have carried it out and written so meanwhile."""
    outcome = operations.conclude(world.documents, *_part(intent), outcome)
    effect = _effect(intent, outcome)
    world.ledgers.change(ledger.guid, ledger.gallery, lambda held: _over(effect(held), intent))
    return outcome


def _effect(intent: Intent, outcome: Outcome) -> Callable[[Ledger], Ledger]:
    """Tell what an intent does to the ledger, from what was written down of it."""
    if outcome.problem is not None:
        return _nothing
    match intent.kind:
        case "clean":
            skipped = tuple(image.name or "" for image in outcome.images if image.state == "skipped")
            return lambda held: intents.cleaned(held, intent, skipped)
        case "delete":
            return lambda held: intents.deleted(held, intent, intent.name or "")
        case "attributes":
            told = [(row, one) for row, one in zip(intent.rows, outcome.images, strict=True) if one.state != "failed"]
            rows = {one.key: row for row, one in told if one.key is not None}
            images = {one.name: Image(one.name) for _, one in told if one.state == "updated" and one.name is not None}
            return lambda held: intents.described(held, rows, images)


def _over(ledger: Ledger, intent: Intent) -> Ledger:
    left = tuple(other for other in ledger.intents if other.id != intent.id)
    mine = ledger.flight is not None and ledger.flight.intent == intent.id
    carried = tuple(dict.fromkeys((*ledger.done, intent.id)))[-MAX_DONE:]
    return replace(ledger, intents=left, flight=None if mine else ledger.flight, pause=None, done=carried)


def _nothing(ledger: Ledger) -> Ledger:
    return ledger


def _refusal(world: RequestWorld, error: shop_errors.Refused | shop_errors.NotAllowed) -> Outcome:
    message = error.message if isinstance(error, shop_errors.Refused) else f"{error.message}: {error.advice}"
    problem = Problem(error.status, error.code or "refused", message, error.request_id)
    return Outcome(world.clock.now(), problem=problem)


def _part(intent: Intent) -> tuple[str, str]:
    operation, _, part = intent.id.partition("/")
    return operation, part

"""A flight's first half: plan, prepare, take off, send, and write down what Shoptet answered."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from gallery_sync.core import names, settle
from gallery_sync.core.files import BucketFile, DropFile
from gallery_sync.core.ledger import Content, Flight, Ledger, Snapshot, request_order
from gallery_sync.core.observe import observe
from gallery_sync.core.plan import Nothing, RunIntent, StartFlight, Wait, plan
from gallery_sync.core.see import is_dropped_again, see
from gallery_sync.core.shop_values import Attributes, Gallery, Image, NewImage, NewSource
from gallery_sync.log import Severity
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import PreconditionFailed
from gallery_sync.state import jobindex, refusals
from gallery_sync.state.jobindex import IndexedJob
from gallery_sync.state.ledgers import Held
from gallery_sync.work.intents import run_intent
from gallery_sync.work.report import report, where
from gallery_sync.work.world import ReconcileWorld

replace = msgspec.structs.replace


def start(
    world: ReconcileWorld,
    held: Held,
    prefixes: tuple[str, ...],
    listing: tuple[Image, ...] | None,
    *,
    check: bool = False,
) -> bool:
    """Start the next flight of a gallery that has none; True if there may be more to do at once.

    `prefixes` are the folders that feed it now; `listing` is the gallery as this run has just seen it, so that it need
    not be asked for again. `check`: it is asked for although there is nothing to do, except in a pause. Raises the
    client's TryLater, NotAllowed and NotFound of a listing, and StorageUnavailable.
    """
    ledger = replace(held.ledger, prefixes=prefixes)
    ledger = observe(ledger, _files(world, ledger), world.clock.now())
    step = plan(ledger, listing or (), world.clock.now(), world.policy)
    if isinstance(step, RunIntent):
        # Without an outcome, whatever was written since (a flight, a pause, another's intent) says what comes next.
        done = run_intent(world, held, step.intent) is not None
        return done or world.ledgers.read(ledger.guid, ledger.gallery).generation != held.generation
    unsure = isinstance(step, Nothing) and is_dropped_again(ledger)
    if isinstance(step, StartFlight) or unsure or (check and not _is_paused(world, ledger)):
        if listing is None or is_dropped_again(ledger):
            # A listing from before the file was dropped again does not tell whether its image is still there.
            listing = world.shop.images(ledger.guid, ledger.gallery)
        ledger = see(ledger, listing, world.clock.now() - world.timing.second_look)
        step = plan(ledger, listing, world.clock.now(), world.policy)
        if isinstance(step, Nothing) and is_dropped_again(ledger):
            # It landed a moment ago, and the listing may lag behind: a later one will tell.
            step = Wait(world.clock.now() + world.timing.second_look)
    if isinstance(step, StartFlight):
        return _take_off(world, held, ledger, step, listing or ())
    ledger = replace(ledger, due_at=step.until) if isinstance(step, Wait) else replace(ledger, due_at=0.0, pause=None)
    never_written = held.generation == 0 and not ledger.entries
    if ledger != held.ledger and not never_written:
        try:
            world.ledgers.write(held, ledger)
        except PreconditionFailed:
            return True
        report(world.log, held.ledger, ledger)
    if isinstance(step, Wait):
        world.queue.gallery(ledger.guid, ledger.gallery, step.until)
    return False


def _is_paused(world: ReconcileWorld, ledger: Ledger) -> bool:
    return ledger.pause is not None and world.clock.now() < ledger.pause.until


def _files(world: ReconcileWorld, ledger: Ledger) -> list[DropFile]:
    """Give the gallery's files from every folder that feeds it; what is outside the grammar has its own refusal."""
    files = []
    for prefix in ledger.prefixes:
        for file in world.drops.list(f"{prefix}/"):
            drop = names.parse(file.name, file.size)
            if isinstance(drop, names.Drop) and drop.gallery == ledger.gallery:
                files.append(_drop_file(drop, file))
    return files


def _drop_file(drop: names.Drop, file: BucketFile) -> DropFile:
    return DropFile(drop, file.generation, file.checksum, file.size, file.created, file.metadata)


def _take_off(world: ReconcileWorld, held: Held, ledger: Ledger, step: StartFlight, listing: Sequence[Image]) -> bool:
    """Write the flight into the ledger, then send. The write is what makes this run the only one that sends."""
    urls: dict[str, str] = {}
    images = dict(step.images)
    if step.action in ("insert", "source"):
        contents = {key: entry.wanted.content for key in images if (entry := ledger.entries[key]).wanted is not None}
        urls = _prepared(world, contents)
        images = {key: snapshot for key, snapshot in images.items() if key in urls}
        if not images:
            # Every file of this step was replaced or deleted since it was listed: list again.
            return True
    now = world.clock.now()
    flight = Flight(
        id=world.new_id(),
        action=step.action,
        started=now,
        send_until=now + world.timing.send_within,
        grace_until=now + world.timing.grace,
        images=images,
        before=_names_before(ledger, listing),
    )
    try:
        world.ledgers.write(held, replace(ledger, flight=flight, due_at=now))
    except PreconditionFailed:
        # Somebody else wrote. If my flight stands there all the same, my write was the one that counted.
        now_there = world.ledgers.read(ledger.guid, ledger.gallery).ledger.flight
        if now_there is None or now_there.id != flight.id:
            return True
    report(world.log, held.ledger, ledger)
    if held.generation == 0 or ledger.prefixes != held.ledger.prefixes:
        for prefix in ledger.prefixes:
            refusals.clear(world.documents, refusals.folder(prefix, ledger.gallery))
    return _send(world, ledger, flight, urls)


def _prepared(world: ReconcileWorld, contents: Mapping[str, Content]) -> dict[str, str]:
    """Give each key's URL: a caller's own as it is, else a signed one of the copy; none where the file is gone by now."""
    urls = world.outbox.prepare(tuple(content for content in contents.values() if not content.url))
    given = {key: content.source if content.url else urls[content] for key, content in contents.items()}
    return {key: url for key, url in given.items() if url is not None}


def _names_before(ledger: Ledger, listing: Sequence[Image]) -> tuple[str, ...]:
    """Give the names that cannot be new: what the gallery lists, and what is live (a listing may lag behind)."""
    live = {entry.live.name for entry in ledger.entries.values() if entry.live is not None}
    return tuple(sorted(live | {image.name for image in listing}))


def _send(world: ReconcileWorld, ledger: Ledger, flight: Flight, urls: Mapping[str, str]) -> bool:
    """Make the flight's call, and record its outcome; True if there may be more to do at once."""
    guid, gallery = ledger.guid, ledger.gallery
    try:
        match flight.action:
            case "insert" | "source":
                job_id = _start_job(world, guid, gallery, flight, urls)
                return _airborne(world, ledger, flight, job_id)
            case "attributes":
                return _update_attributes(world, ledger, flight)
            case "delete" | "clean":
                return _delete(world, ledger, flight)
    except shop_errors.AnswerLost as error:
        world.log.say("WARNING", f"answer lost, the gallery will tell: {error}", **where(ledger), flight=flight.id)
        world.queue.gallery(guid, gallery, flight.grace_until)
        return False
    except shop_errors.TryLater as error:
        return _paused(world, ledger, flight, str(error), error.at, "WARNING")
    except shop_errors.NotAllowed as error:
        return _paused(world, ledger, flight, str(error), None, "ERROR")
    except shop_errors.Refused as error:
        # The listing before has shown that the product is there; only an insertion names nothing else that can be gone.
        gone = isinstance(error, shop_errors.NotFound) and flight.action == "insert"
        refusal = f"Shoptet knows no such product: {error}" if gone else str(error)
        request_id, now = error.request_id, world.clock.now()
    decide = settle.product_gone if gone else partial(settle.refused, flight=flight)
    after = world.ledgers.change_flight(
        ledger, flight, lambda held: decide(held, reason=refusal, now=now, request_id=request_id)
    )
    report(world.log, ledger, after)
    return not gone


def _start_job(world: ReconcileWorld, guid: str, gallery: Gallery, flight: Flight, urls: Mapping[str, str]) -> str:
    in_order = [(key, flight.images[key]) for key in request_order(flight)]
    if flight.action == "insert":
        new = [NewImage(urls[key], s.priority, s.description) for key, s in in_order]
        return world.shop.insert(guid, gallery, new, send_until=flight.send_until)
    sources = [NewSource(s.name or "", urls[key], s.priority, s.description) for key, s in in_order]
    return world.shop.update_source(guid, gallery, sources, send_until=flight.send_until)


def _airborne(world: ReconcileWorld, ledger: Ledger, flight: Flight, job_id: str) -> bool:
    """Write the job down. The index first: whoever finds a job there that the flight lacks gives it back to the flight."""
    jobindex.add(world.documents, IndexedJob(job_id, ledger.guid, ledger.gallery, flight.id, flight.started))
    world.ledgers.change_flight(ledger, flight, lambda held: settle.job_started(held, job_id))
    world.queue.poll(world.clock.now() + world.timing.poll_first)
    world.log.say(
        "INFO", "job started", **where(ledger), operation=flight.action, images=len(flight.images), job=job_id
    )
    return False


def _update_attributes(world: ReconcileWorld, ledger: Ledger, flight: Flight) -> bool:
    # The highest first: in a shop that renumbers after each of them, the others' numbers are then still what they were.
    images = sorted(flight.images.values(), key=lambda snapshot: -(snapshot.priority or 0))
    rows = [Attributes(s.name or "", s.priority, s.description) for s in images]
    updated = world.shop.update_attributes(ledger.guid, ledger.gallery, rows, send_until=flight.send_until)
    skipped = {row.instance: row.message for row in updated.skipped}
    refused = {key: skipped[s.name] for key, s in flight.images.items() if s.name in skipped}
    answered = {image.name: image for image in updated.images}
    after = world.ledgers.change_flight(
        ledger,
        flight,
        lambda held: settle.updated(
            held, flight, answered, refused, world.clock.now(), world.timing, world.max_attempts
        ),
    )
    report(world.log, ledger, after)
    return True


def _delete(world: ReconcileWorld, ledger: Ledger, flight: Flight) -> bool:
    """Delete the flight's images one by one; what time does not suffice for flies again."""
    done: dict[str, Snapshot] = {}
    refused: dict[str, str] = {}
    left: shop_errors.TryLater | None = None
    for key, snapshot in flight.images.items():
        try:
            world.shop.delete(
                ledger.guid,
                ledger.gallery,
                snapshot.name or "",
                remove_reference=world.policy.remove_reference,
                send_until=flight.send_until,
            )
        except shop_errors.NotFound:
            pass  # Deleted already, by a person or by a call whose answer was lost: as it should be.
        except shop_errors.Refused as error:
            refused[key] = f"the image stays in the gallery: {error.message}"
        except shop_errors.TryLater as error:
            left = error
            break
        done[key] = snapshot
    flown = replace(flight, images=done)
    after = world.ledgers.change_flight(
        ledger, flight, lambda held: settle.deleted(held, flown, refused, world.clock.now())
    )
    report(world.log, ledger, after)
    if left is not None:
        world.queue.gallery(ledger.guid, ledger.gallery, left.at)
    return left is None


def _paused(
    world: ReconcileWorld, ledger: Ledger, flight: Flight, reason: str, until: float | None, severity: Severity
) -> bool:
    after = world.ledgers.change_flight(
        ledger, flight, lambda held: settle.paused(held, until, reason, world.clock.now(), world.timing)
    )
    world.log.say(severity, f"not now: {reason}", **where(ledger))
    if after.pause is not None:
        world.queue.gallery(ledger.guid, ledger.gallery, after.pause.until)
    return False

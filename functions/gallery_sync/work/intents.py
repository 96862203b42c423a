"""Runs what a caller asked of one gallery, in its one slot: a cleanup, a deletion, a change of attributes.

    intent → call → outcome (written down once) → its effect on the ledger (core.intents.ended)

Every call here may be repeated without harm. A flight whose answer was lost simply ends after its grace, and the intent,
which is still in the ledger, is run again.

    what is found                                   what follows
    an outcome that was written down                its effect: people may have added images since, so no second call
    Shoptet cannot list the gallery now             later
    it may not be asked, after a lost answer        later: an earlier try may have been carried out, only the gallery tells
    it refuses                                      the refusal is the outcome
    files that are to go stay in the bucket         that is the outcome
    an earlier try has cleaned the gallery          that is the outcome; what was added since stays
    the answer was lost too often                   that is the outcome
    anything else                                   the call

Changes of attributes that wait behind one another, of other images each, are one call. Where Shoptet refuses that, the first
of them is sent alone: it may be another that is to blame.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from itertools import chain, takewhile

import msgspec

from gallery_sync.core import intents, kept, names, restore
from gallery_sync.core.files import DropFile, read
from gallery_sync.core.kept import Kept
from gallery_sync.core.ledger import Flight, Intent, Ledger, Row
from gallery_sync.core.operation import ImageOutcome, Outcome, Problem, no_such_image
from gallery_sync.core.pictures import owner
from gallery_sync.core.shop_values import Attributes, Image
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import NotRemoved, PreconditionFailed
from gallery_sync.state import operations, removed
from gallery_sync.state.ledgers import Held
from gallery_sync.work import flights
from gallery_sync.work.report import refusal, report_outcome, where
from gallery_sync.work.world import RequestWorld

replace = msgspec.structs.replace

Listing = Sequence[Image]
Came = tuple[ImageOutcome, ...] | Problem
"""What came of a call: each image's outcome, or why it was not made."""
Outcomes = list[tuple[Intent, Outcome]]


class Later(Exception):
    """It cannot be run now: a reconcile is enqueued, or another run has the slot."""


def run_intent(world: RequestWorld, held: Held, intent: Intent) -> Outcome | None:
    """Run the first intent of a gallery without a flight, with those that its call can carry along; give what came of it.

    None if it could not be run now: a reconcile is enqueued, or another run is at it. Raises StorageUnavailable.
    """
    try:
        outcomes = _outcomes(world, held, intent)
    except Later:
        return None
    # The outcomes first: whoever dies in between leaves the intents, which are run again and find them written.
    outcomes = [(one, operations.conclude(world.documents, *intents.piece(one), came)) for one, came in outcomes]
    ledger = held.ledger
    world.ledgers.change(
        ledger.guid,
        ledger.gallery,
        lambda there: reduce(lambda after, one: intents.ended(after, *one), outcomes, there),
    )
    for one, outcome in outcomes:
        report_outcome(world.log, one.kind, outcome, **where(ledger))
    return outcomes[0][1]


def _outcomes(world: RequestWorld, held: Held, intent: Intent) -> Outcomes:
    """Find out what came of an intent, by its call if it has to be made, and of those that the call carried. Raises Later."""
    ledger = held.ledger
    if (written := _written(world, intent)) is not None:
        return [(intent, written)]
    try:
        listing = world.shop.images(ledger.guid, ledger.gallery)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", **where(ledger))
        world.queue.gallery(ledger.guid, ledger.gallery, error.at)
        raise Later from None
    except (shop_errors.Refused, shop_errors.NotAllowed) as error:
        if intent.attempts and isinstance(error, shop_errors.NotAllowed):
            world.log.say("ERROR", str(error), **where(ledger))
            world.queue.gallery(ledger.guid, ledger.gallery, world.clock.now() + world.timing.retry_longest)
            raise Later from None
        return [(intent, _refusal(world, error))]
    if intent.keep and not _is_kept(world, ledger, intent, listing):
        if intent.kept_again >= kept.KEPT_AGAIN:
            return [(intent, Outcome(world.clock.now(), problem=kept.not_kept("it was changed again and again")))]
        _keep_again(world, ledger, intent)
        raise Later
    if intent.kind == "restore":
        return _restored(world, held, intent, listing)
    now = world.clock.now()
    if intent.purge and (stays := _purge(world, ledger, intent.at)):
        return [(intent, Outcome(now, problem=Problem(502, "not-purged", stays)))]
    if intents.was_cleaned(intent, listing):
        shown = {image.name for image in listing}
        ours = [e.live.name for e in ledger.entries.values() if e.live is not None and e.live.name not in shown]
        gone = dict.fromkeys((*(intent.before or ()), *ours))
        images = tuple(ImageOutcome("deleted", name, key=owner(ledger, name)) for name in gone)
        return [(intent, Outcome(now, images))]
    if intent.attempts >= world.max_attempts:
        lost = f"given up: Shoptet's answer was lost {intent.attempts} times"
        return [(intent, Outcome(now, problem=Problem(502, "answer-lost", lost)))]
    behind = takewhile(lambda one: _written(world, one) is None, intents.carried_along(ledger, intent))
    return _fly(world, held, intent, tuple(behind), listing)


def _is_kept(world: RequestWorld, ledger: Ledger, intent: Intent, listing: Listing) -> bool:
    """Whether all that an intent would delete now was kept as it is."""
    held, _ = removed.read(world.documents, *intents.piece(intent))
    names = kept.to_be_kept(ledger, intent, listing)
    return kept.are_kept(ledger, names, listing, held.images if held is not None else ())


def _keep_again(world: RequestWorld, ledger: Ledger, intent: Intent) -> None:
    """Have what changed since it was kept, kept as it is now."""

    def decide(there: Ledger) -> Ledger:
        again = tuple(
            replace(one, keep="due", kept_again=one.kept_again + 1) if one.id == intent.id else one
            for one in there.intents
        )
        return replace(there, intents=again)

    world.ledgers.change(ledger.guid, ledger.gallery, decide)
    world.queue.fetch(ledger.guid, ledger.gallery, world.clock.now())


def _restored(world: RequestWorld, held: Held, intent: Intent, listing: Listing) -> Outcomes:
    """Say what came back, and let variants reference it as they did. Raises Later."""
    ledger, now = held.ledger, world.clock.now()
    operation, _, piece = (intent.name or "").partition("/")
    was, generation = removed.read(world.documents, operation, piece)
    if was is None:
        return [(intent, Outcome(now, problem=Problem(404, "nothing-kept", "nothing that was kept is left")))]
    came = restore.outcomes(ledger, was, listing)
    if intent.attempts < world.max_attempts:
        came = _referenced(world, held, intent, was, came)
    else:
        codes = {code: "" for row in was.images for code in row.variants}
        came = restore.unreferenced(was, came, codes, f"Shoptet's answer was lost {intent.attempts} times")
    images = tuple(
        replace(row, restored=(one.name if one.state == "live" else None) or row.restored)
        for row, one in zip(was.images, came, strict=True)
    )
    with suppress(PreconditionFailed):
        # Another run wrote the same.
        removed.write(world.documents, replace(was, images=images), generation)
    return [(intent, Outcome(now, came))]


def _referenced(
    world: RequestWorld, held: Held, intent: Intent, was: Kept, came: tuple[ImageOutcome, ...]
) -> tuple[ImageOutcome, ...]:
    """Let variants reference again what came back, as far as they reference nothing by now. Raises Later."""
    ledger = held.ledger
    if not any(row.variants for row in was.images):
        return came
    try:
        product = world.shop.product(ledger.guid)
    except shop_errors.TryLater as error:
        world.queue.gallery(ledger.guid, ledger.gallery, error.at)
        raise Later from None
    missing = restore.references(was, came, product.shows, product.images[ledger.gallery])
    if not missing:
        return came
    flight = flights.take_slot(world, held, ledger, "restore", intent=intent.id)
    if flight is None:
        raise Later
    try:
        with _or_later(world, ledger, flight):
            world.shop.refer(ledger.guid, missing, send_until=flight.send_until)
    except (shop_errors.Refused, shop_errors.NotAllowed) as error:
        return restore.unreferenced(was, came, missing, str(error))
    return came


def _written(world: RequestWorld, intent: Intent) -> Outcome | None:
    return operations.concluded(world.documents, *intents.piece(intent))


def _fly(world: RequestWorld, held: Held, intent: Intent, behind: Sequence[Intent], listing: Listing) -> Outcomes:
    """Take the slot, make the call, and give what came of it. Raises Later."""
    ledger = held.ledger
    if intent.before is None:
        intent = replace(intent, before=intents.there_before(ledger, intent, listing))
    known = tuple(intent if other.id == intent.id else other for other in ledger.intents)
    flight = flights.take_slot(
        world,
        held,
        replace(ledger, intents=known),
        intent.kind,
        before=intent.before or (),
        intent=intent.id,
    )
    if flight is None:
        raise Later
    try:
        with _or_later(world, ledger, flight):
            came = _sent(world, ledger, flight, (intent, *behind), listing)
    except (shop_errors.Refused, shop_errors.NotAllowed) as error:
        return [(intent, _refusal(world, error))]
    now = world.clock.now()
    return [(one, Outcome(now, problem=c) if isinstance(c, Problem) else Outcome(now, c)) for one, c in came]


@contextmanager
def _or_later(world: RequestWorld, ledger: Ledger, flight: Flight) -> Iterator[None]:
    """Leave to a later run what Shoptet does not do now, or may have done without saying so. Raises Later."""
    try:
        yield
    except shop_errors.AnswerLost as error:
        world.log.say("WARNING", f"answer lost, it is tried again: {error}", **where(ledger), flight=flight.id)
        world.queue.gallery(ledger.guid, ledger.gallery, flight.grace_until)
        raise Later from None
    except shop_errors.TryLater as error:
        flights.give_way(world, ledger, flight, str(error), error.at, "WARNING")
        raise Later from None


def _sent(
    world: RequestWorld, ledger: Ledger, flight: Flight, asked: Sequence[Intent], listing: Listing
) -> list[tuple[Intent, Came]]:
    """Make the call, and say what came of each intent that it was for. Raises the client's errors."""
    first = asked[0]
    if first.kind != "attributes":
        call = _clean if first.kind == "clean" else _delete
        return [(first, call(world, ledger, flight, first, listing))]
    try:
        return _describe(world, ledger, flight, asked, listing)
    except shop_errors.Refused:
        if len(asked) == 1:
            raise
        return _describe(world, ledger, flight, asked[:1], listing)


def _clean(world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, listing: Listing) -> Came:
    """Delete all images. What a variant references Shoptet skips, and names it.

    What was added since this was first tried stays: then those that were there are deleted one by one.
    """
    before = set(intent.before or ())
    ours = [entry.live.name for entry in ledger.entries.values() if entry.live is not None and not entry.live.gone]
    # What has just landed a listing that lags may lack: of what is to be kept, none goes along that was not.
    is_all = not intent.keep or before.issuperset(ours)
    if is_all and all(image.name in before for image in listing):
        rows = world.shop.delete_all(
            ledger.guid, ledger.gallery, remove_reference=intent.remove_reference, send_until=flight.send_until
        )
        skipped = {row.instance: row.message for row in rows}
    else:
        ours = []
        skipped = _delete_each(world, ledger, flight, intent, [i.name for i in listing if i.name in before])
    return tuple(
        ImageOutcome("skipped", name, reason=skipped[name])
        if name in skipped
        else ImageOutcome("deleted", name, key=owner(ledger, name))
        # A listing that lags may have lacked one that Shoptet names.
        for name in dict.fromkeys((*(intent.before or ()), *ours, *skipped))
    )


def _delete_each(
    world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, names: Sequence[str]
) -> dict[str, str]:
    """Delete these images, and give Shoptet's words for those that stay. What time does not suffice for is tried again."""
    stays = {}
    for name in names:
        try:
            flights.delete(world, ledger, flight, name, remove_reference=intent.remove_reference)
        except shop_errors.Conflict as error:
            stays[name] = error.message
        except shop_errors.NotFound:
            continue
    return stays


def _delete(world: RequestWorld, ledger: Ledger, flight: Flight, intent: Intent, listing: Listing) -> Came:
    """Delete one image. One that is not listed is not there; unless an earlier try of this intent deleted it."""
    name = intent.name or ""
    if name not in (intent.before or ()):
        return no_such_image(name)
    # What was there when it was kept, a listing that lags may lack.
    if any(image.name == name for image in listing) or (intent.keep and not intent.attempts):
        try:
            flights.delete(world, ledger, flight, name, remove_reference=intent.remove_reference)
        except shop_errors.NotFound:
            # After a lost answer that was an earlier try of this, which a listing that lags does not show yet.
            if not intent.attempts:
                raise
    return (ImageOutcome("deleted", name, key=owner(ledger, name)),)


def _describe(
    world: RequestWorld, ledger: Ledger, flight: Flight, asked: Sequence[Intent], listing: Listing
) -> list[tuple[Intent, Came]]:
    """Change attributes of what the gallery shows. What is ours and not shown yet will be inserted with them."""
    listed = {image.name for image in listing}
    meant = [[(row, *_meant(ledger, row, listed)) for row in intent.rows] for intent in asked]
    send = [Attributes(name, row.priority, row.description) for row, _, name in chain(*meant) if name is not None]
    skipped: dict[str, str] = {}
    times: dict[str, str | None] = {}
    if send:
        answer = world.shop.update_attributes(ledger.guid, ledger.gallery, send, send_until=flight.send_until)
        skipped = {row.instance: row.message for row in answer.skipped}
        times = {image.name: image.change_time for image in answer.images}
    return [
        (intent, tuple(_described(row, key, name, skipped, times) for row, key, name in rows))
        for intent, rows in zip(asked, meant, strict=True)
    ]


def _meant(ledger: Ledger, row: Row, listed: set[str]) -> tuple[str | None, str | None]:
    """Give the key of ours that a row is about, and the name of the image as far as the gallery lists it."""
    key = row.key if row.key is not None else owner(ledger, row.name or "")
    entry = ledger.entries.get(key) if key is not None else None
    live = entry.live.name if entry is not None and entry.live is not None else None
    name = row.name if row.name is not None else live
    return key if entry is not None else None, name if name in listed else None


def _described(
    row: Row, key: str | None, name: str | None, skipped: Mapping[str, str], times: Mapping[str, str | None]
) -> ImageOutcome:
    if name is not None and name in skipped:
        return ImageOutcome("failed", name, key=key, reason=skipped[name])
    if name is not None:
        return ImageOutcome("updated", name, key=key, change_time=times.get(name))
    if key is not None:
        return ImageOutcome("waiting", key=key, reason="the image is not live yet, and will be with these attributes")
    missing = (
        f"the gallery has no image '{row.name}'" if row.name is not None else f"the gallery has no key '{row.key}'"
    )
    return ImageOutcome("failed", row.name, key=row.key, reason=missing)


def _purge(world: RequestWorld, ledger: Ledger, until: float) -> str | None:
    """Move the gallery's files, as far as they were there when it was asked, out of the drop bucket.

    Before any image is deleted: where the bucket refuses that, nothing is, and what it said is given back.
    """
    for prefix in ledger.prefixes:
        for file in world.drops.list(f"{prefix}/"):
            found = read(file)
            ours = isinstance(found, DropFile) and found.drop.gallery == ledger.gallery
            if ours and file.created <= until:
                try:
                    world.bin.remove(file)
                except NotRemoved as error:
                    return (
                        f"nothing was deleted at Shoptet, as {names.shortened(file.name)} stays in the bucket: {error}"
                    )
    return None


def _refusal(world: RequestWorld, error: shop_errors.Refused | shop_errors.NotAllowed) -> Outcome:
    return Outcome(world.clock.now(), problem=refusal(error))

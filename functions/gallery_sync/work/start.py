"""A flight's first half: what is wanted and shown, the next step, and for a flight: take the slot, send, record the answer."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Final

import msgspec

from gallery_sync.core import (
    brake,
    folders,
    forget,
    numbering,
    preparing,
    receipts,
    references,
    schedule,
    settle,
    spellings,
    templates,
    twins,
)
from gallery_sync.core.catalogue import fingerprint
from gallery_sync.core.files import DropFile, of_gallery
from gallery_sync.core.ledger import Action, Content, Flight, Ledger, SeenAs, Snapshot, is_astray, request_order
from gallery_sync.core.observe import is_being_written, observe
from gallery_sync.core.plan import Nothing, RunIntent, StartFlight, Step, Wait, plan, stuck
from gallery_sync.core.schedule import HOUR
from gallery_sync.core.see import is_dropped_again, see
from gallery_sync.core.shop_facts import Facts, looks_at
from gallery_sync.core.shop_values import Attributes, Image, NewImage, NewSource, Product
from gallery_sync.parallel import in_threads
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import NotCopied, PreconditionFailed
from gallery_sync.state import deletions, jobindex, refusals, removed
from gallery_sync.state.jobindex import IndexedJob
from gallery_sync.state.ledgers import Held
from gallery_sync.work import flights
from gallery_sync.work.facts import known_facts, tell_order
from gallery_sync.work.intents import run_intent
from gallery_sync.work.products import Feeding, Seen, ask, checked
from gallery_sync.work.report import report, where
from gallery_sync.work.world import ReconcileWorld

replace = msgspec.structs.replace

Urls = Mapping[str, str]

NO_SUCH_CODE: Final = (
    "no product has the code that its folder is named by any more: give a product this code, or drop the file into "
    "another folder"
)


def start(
    world: ReconcileWorld,
    held: Held,
    feeding: Feeding,
    seen: Seen | None,
    *,
    audit: bool = False,
) -> bool:
    """Take the next step of a gallery that has no flight; True if there may be more to do at once.

    `feeding` says which folders feed it now; `seen` is the product as this run has just seen it, so that it need not be
    asked for again. `audit`: it is asked for although there is nothing to do, except in a pause. Nothing is sent long after
    the product was asked for, whatever holds this run up. Raises the client's TryLater, NotAllowed and NotFound, and
    StorageUnavailable.
    """
    gallery = held.ledger.gallery
    files = {prefix: list(of_gallery(world.drops.list(f"{prefix}/"), gallery)) for prefix in feeding.prefixes}
    facts = known_facts(world)
    ledger, coming = _observed(world, held, feeding, files, facts)
    if seen is not None and world.clock.now() > seen.at + world.timing.send_within / 2:
        seen = None
    shown = seen.product.images[gallery] if seen is not None else ()
    step = plan(ledger, shown, world.clock.now(), world.policy, facts)
    if isinstance(step, RunIntent):
        return _run(world, held, step)
    again = is_dropped_again(ledger)
    unsure = isinstance(step, Nothing) and again
    # What was seen a moment ago says as well whether its folders' codes still mean the product.
    moved = seen is not None and not all(folders.is_meant(seen.product, prefix) for prefix in ledger.prefixes)
    asks = audit or moved or brake.is_news(ledger, world.policy) or (seen is None and _was_refused(world, held, ledger))
    if isinstance(step, StartFlight) or unsure or (asks and not _is_paused(world, ledger)):
        if seen is None or again:
            # What was seen before the file was dropped again does not tell whether its image is still there.
            seen = ask(world, ledger.guid)
        listing = seen.product.images[gallery]
        # Nothing lands on a product that its code no longer means: that is known for sure only now.
        now_feeding = checked(world, ledger, seen.product)
        if (
            now_feeding != Feeding(ledger.prefixes, ledger.moved)
            or _variants(world, ledger, seen.product) != ledger.variants
        ):
            ledger, coming = _observed(world, held, now_feeding, files, facts, seen.product)
        ledger = folders.known_again(ledger)
        ledger = folders.tidied(see(ledger, listing, world.clock.now() - world.timing.second_listing))
        # What a person deleted keeps no other file waiting.
        ledger = twins.paired(ledger, world.clock.now(), world.timing.rename_wait)
        ledger = brake.braked(ledger, len(listing), world.policy, world.clock.now())
        ledger = numbering.with_strays(ledger, listing, facts, stuck(ledger, world.clock.now(), world.policy))
        ledger = _said_of_product(world, ledger, seen.product, facts)
        step = plan(ledger, listing, world.clock.now(), world.policy, facts)
        step = _within_the_hour(world, ledger, listing, step, facts)
        if isinstance(step, Nothing) and is_dropped_again(ledger):
            # It landed a moment ago, and the listing may lag behind: a later one will tell.
            step = Wait(world.clock.now() + world.timing.second_listing)
    if isinstance(step, StartFlight) and seen is not None:
        return _fly(world, held, ledger, step, seen, facts)
    if isinstance(step, RunIntent):
        return _run(world, held, step)
    ledger = _seen_as(ledger, seen)
    coming = [*coming, *_fetched(world, ledger, facts)]
    until = min([*coming, *([step.until] if isinstance(step, Wait) else [])], default=None)
    if _rest(world, held, ledger, until):
        return True
    _have_prepared(world, ledger, facts)
    return False


def _said_of_product(world: ReconcileWorld, ledger: Ledger, product: Product, facts: Facts) -> Ledger:
    """Give the ledger with what only the product tells: descriptions by its name, and which of its variants are meant."""
    numbers = numbering.number(ledger, product.images[ledger.gallery], facts)
    ledger = templates.described(ledger, world.policy.template, product.name, numbers)
    says = references.asked(ledger, numbers, by_folder=world.policy.variant_folders)
    return references.resolved(ledger, product, says)


def _fetched(world: ReconcileWorld, ledger: Ledger, facts: Facts) -> list[float]:
    """Have pictures fetched from the shop that are needed, and say when to see whether they were: a task may be lost."""
    now = world.clock.now()
    if any(intent.keep == "due" for intent in ledger.intents):
        world.queue.fetch(ledger.guid, ledger.gallery, now)
        return [now + world.timing.stuck]
    if receipts.due(ledger) and looks_at(facts, world.verify, ledger.gallery):
        world.queue.fetch(ledger.guid, ledger.gallery, now + world.timing.look_after)
        return [now + world.timing.look_again]
    return []


def _seen_as(ledger: Ledger, seen: Seen | None) -> Ledger:
    """Note how the gallery looks, where it was asked for: the day's snapshot of the shop is compared with that."""
    if seen is None:
        return ledger
    shown = fingerprint(seen.product.images[ledger.gallery])
    known = ledger.seen_as is not None and ledger.seen_as.fingerprint == shown
    return ledger if known else replace(ledger, seen_as=SeenAs(math.floor(seen.at), shown))


def _observed(
    world: ReconcileWorld,
    held: Held,
    feeding: Feeding,
    files: Mapping[str, list[DropFile]],
    facts: Facts,
    product: Product | None = None,
) -> tuple[Ledger, list[float]]:
    """Give the ledger with what the files of these folders want, and when to come back for what is still to come."""
    now = world.clock.now()
    # A folder that feeds nothing any more is forgotten: the next file in it brings it back.
    prefixes = tuple(prefix for prefix in feeding.prefixes if files[prefix])
    again = {prefix for prefix in held.ledger.moved if prefix not in feeding.moved}
    ledger = replace(held.ledger, prefixes=prefixes, moved=feeding.moved)
    ledger = replace(ledger, variants=_variants(world, ledger, product))
    ledger = folders.known_again(ledger) if again else ledger
    seen, wait = list(chain.from_iterable(files[prefix] for prefix in prefixes)), world.timing.empty_wait
    ledger = observe(ledger, seen, now, wait, world.timing.rename_wait)
    ledger = folders.tidied(folders.told(ledger, NO_SUCH_CODE, now))
    ledger, coming = _let_go(world, ledger, now) if world.policy.mirror_deletes else (ledger, [])
    coming += [file.created + wait for file in seen if is_being_written(file, now, wait)]
    coming += twins.waits_until(ledger, world.timing.rename_wait)
    if due := _to_prepare(world, ledger, facts):
        ledger = preparing.asked(ledger, due, now)
        coming.append(now + world.timing.stuck)
    return brake.used_up(ledger, world.policy), coming


def _was_refused(world: ReconcileWorld, held: Held, ledger: Ledger) -> bool:
    """Whether Shoptet knew no such product when it was last asked: its files are prepared only if it is there by now."""
    folders_of = [refusals.folder(prefix, ledger.gallery) for prefix in ledger.prefixes] if held.generation == 0 else []
    return any(refusals.find(world.documents, folder) is not None for folder in folders_of)


def _to_prepare(world: ReconcileWorld, ledger: Ledger, facts: Facts) -> list[str]:
    """Name the keys whose files are to be prepared before they are sent."""
    recipe = world.policy.recipe
    return preparing.due(ledger, preparing.recipe_for(recipe, facts), world.clock.now()) if recipe is not None else []


def _have_prepared(world: ReconcileWorld, ledger: Ledger, facts: Facts) -> None:
    """Have files prepared, once it is written down that they wait for that: whoever does it looks there."""
    if _to_prepare(world, ledger, facts):
        world.queue.prepare(ledger.guid, ledger.gallery, world.clock.now())


def _variants(world: ReconcileWorld, ledger: Ledger, product: Product | None) -> dict[str, str]:
    """Say which variant's each folder of a gallery is, as far as that is known; a folder alone need not say it as a rule."""
    known = {prefix: variant for prefix, variant in ledger.variants.items() if prefix in ledger.prefixes}
    if product is None or (len(ledger.prefixes) < 2 and not world.policy.variant_folders):
        return known
    return known | spellings.variants(product, ledger.prefixes)


def _let_go(world: ReconcileWorld, ledger: Ledger, now: float) -> tuple[Ledger, list[float]]:
    """Release what is left behind and live on the right product by now; of what is still to come there, say when to look."""
    behind = {key: moved for key, moved in folders.left_behind(ledger).items() if key not in ledger.released}
    coming = []
    for guid in dict.fromkeys(moved.guid for moved in behind.values() if moved.guid is not None):
        keys = {key: moved for key, moved in behind.items() if moved.guid == guid}
        there = world.ledgers.read(guid, ledger.gallery).ledger
        live = folders.may_go(keys, there)
        # What has no file any more anywhere goes as well: here of all places it is not wanted.
        gone = [key for key in keys if key not in live and not _is_there(world, key)]
        ledger = folders.released(ledger, [*live, *gone], now)
        since = min(moved.at for moved in keys.values())
        # Its folder was enqueued a moment ago; a file that fails there for good is not waited for.
        if folders.are_coming(keys, there) or (keys.keys() - there.entries.keys() and now < since + HOUR):
            coming.append(now + schedule.next_left_behind(now - since, world.timing))
    return ledger, coming


def _run(world: ReconcileWorld, held: Held, step: RunIntent) -> bool:
    # Without an outcome, whatever was written since (a flight, a pause, another's intent) says what comes next.
    ledger = held.ledger
    outcome = run_intent(world, held, step.intent)
    return outcome is not None or world.ledgers.read(ledger.guid, ledger.gallery).generation != held.generation


def _within_the_hour(world: ReconcileWorld, ledger: Ledger, listing: Sequence[Image], step: Step, facts: Facts) -> Step:
    """Let as many images go with their files as the shop may still lose in this hour; all other steps need not wait."""
    if not isinstance(step, StartFlight) or step.action != "delete":
        return step
    now = world.clock.now()
    may = deletions.reserve(world.documents, len(step.images), world.policy.most_an_hour, now, world.log)
    if may:
        return StartFlight("delete", dict(islice(step.images.items(), may)))
    until = deletions.next_hour(now)
    world.log.say(
        "INFO",
        f"{world.policy.most_an_hour} images have gone with their files in this hour, the most in the whole shop: "
        "others wait for the next",
        **where(ledger),
    )
    other = plan(ledger, listing, now, dataclasses.replace(world.policy, mirror_deletes=False), facts)
    if isinstance(other, Nothing):
        return Wait(until)
    return Wait(min(until, other.until)) if isinstance(other, Wait) else other


def _is_paused(world: ReconcileWorld, ledger: Ledger) -> bool:
    return ledger.pause is not None and world.clock.now() < ledger.pause.until


def _rest(world: ReconcileWorld, held: Held, ledger: Ledger, until: float | None) -> bool:
    """Write down what was observed and seen; there is nothing to do at all, or not before `until`."""
    ledger = replace(ledger, due_at=0.0, pause=None) if until is None else replace(ledger, due_at=until)
    ledger = _without_ended(world, ledger)
    never_written = held.generation == 0 and not ledger.entries and until is None
    if ledger != held.ledger and not never_written:
        try:
            world.ledgers.write(held, ledger)
        except PreconditionFailed:
            return True
        report(world.log, held.ledger, ledger)
        if ledger.entries:
            _not_refused(world, held, ledger)
    if until is not None:
        world.queue.gallery(ledger.guid, ledger.gallery, until)
    return False


def _not_refused(world: ReconcileWorld, held: Held, ledger: Ledger) -> None:
    """Take back that folders are refused which have come to feed the gallery. A run may have died before it did."""
    never_shown = all(entry.live is None for entry in ledger.entries.values())
    if held.generation == 0 or ledger.prefixes != held.ledger.prefixes or (never_shown and ledger.due_at):
        for prefix in (one for one in ledger.prefixes if one not in ledger.moved):
            refusals.clear(world.documents, refusals.folder(prefix, ledger.gallery))


def _without_ended(world: ReconcileWorld, ledger: Ledger) -> Ledger:
    """Forget what ended long ago. A file's key stays as long as the file is there, even if its folder feeds another product."""
    keys = forget.ended(ledger, world.clock.now())
    return forget.without(ledger, [key for key in keys if not _is_there(world, key)]) if keys else ledger


def _is_there(world: ReconcileWorld, key: str) -> bool:
    """Whether the file of a key lies in the drop bucket."""
    name = key.removeprefix(forget.DROP)
    # Listings are in the order of names, so an object stands before all others whose names begin with its own.
    first = next(iter(world.drops.list(name)), None) if name != key else None
    return first is not None and first.name == name


def _fly(world: ReconcileWorld, held: Held, ledger: Ledger, step: StartFlight, seen: Seen, facts: Facts) -> bool:
    """Prepare what Shoptet is to download, take the slot, send."""
    urls: Urls = {}
    images = step.images
    if step.action in ("insert", "source"):
        urls, not_copied = _prepared(world, ledger, images)
        images = {key: snapshot for key, snapshot in images.items() if key in urls}
        ledger = settle.not_copied(ledger, not_copied, world.clock.now(), world.timing, world.max_attempts)
        if not images:
            # Every file of this step was replaced or deleted since it was listed, or cannot be copied: plan again.
            return not not_copied or _write(world, held, ledger)
    before = _names_before(ledger, seen.product.images[ledger.gallery])
    flight = flights.take_slot(world, held, ledger, step.action, images=images, before=before, known=seen.at)
    if flight is None:
        return True
    report(world.log, held.ledger, ledger)
    _have_prepared(world, ledger, facts)
    _not_refused(world, held, ledger)
    try:
        return _SEND[flight.action](world, ledger, flight, urls)
    except shop_errors.ShoptetError as error:
        return _not_done(world, ledger, flight, error)


def _prepared(
    world: ReconcileWorld, ledger: Ledger, images: Mapping[str, Snapshot]
) -> tuple[dict[str, str], dict[str, str]]:
    """Give each key's URL, and why others have none: a caller's own as it is, else a signed one of the copy.

    A file that is gone by now has neither.
    """
    contents = {key: entry.wanted.content for key in images if (entry := ledger.entries[key]).wanted is not None}
    made = {key: done.path for key in images if (done := preparing.of_wanted(ledger.entries[key])) and done.path}
    signed = dict(zip(made, in_threads(world.outbox.signed, list(made.values())), strict=True))
    copies = world.outbox.prepare(
        tuple(content for key, content in contents.items() if not content.url and key not in made)
    )
    given = {
        key: _url(world, content) if content.url else signed.get(key) or copies[content]
        for key, content in contents.items()
    }
    urls = {key: url for key, url in given.items() if isinstance(url, str)}
    return urls, {key: one.reason for key, one in given.items() if isinstance(one, NotCopied)}


def _url(world: ReconcileWorld, content: Content) -> str:
    """Give the URL of what is no file: a caller's own, or a signed one of what was kept."""
    return world.outbox.signed(content.source) if content.source.startswith(removed.PREFIX) else content.source


def _write(world: ReconcileWorld, held: Held, ledger: Ledger) -> bool:
    """Write the ledger down, and tell what it means; True: it has to be planned again."""
    try:
        world.ledgers.write(held, ledger)
    except PreconditionFailed:
        return True
    report(world.log, held.ledger, ledger)
    return True


def _names_before(ledger: Ledger, listing: Sequence[Image]) -> list[str]:
    """Give the names that cannot be new: what the gallery lists, and what is live (a listing may lag behind)."""
    live = {entry.live.name for entry in ledger.entries.values() if entry.live is not None}
    return sorted(live | {image.name for image in listing})


def _insert(world: ReconcileWorld, ledger: Ledger, flight: Flight, urls: Urls) -> bool:
    new = [NewImage(urls[key], sent.priority, sent.description) for key, sent in _in_order(flight)]
    job_id = world.shop.insert(ledger.guid, ledger.gallery, new, send_until=flight.send_until)
    return _job_started(world, ledger, flight, job_id)


def _update_source(world: ReconcileWorld, ledger: Ledger, flight: Flight, urls: Urls) -> bool:
    new = [NewSource(sent.name or "", urls[key], sent.priority, sent.description) for key, sent in _in_order(flight)]
    job_id = world.shop.update_source(ledger.guid, ledger.gallery, new, send_until=flight.send_until)
    return _job_started(world, ledger, flight, job_id)


def _in_order(flight: Flight) -> list[tuple[str, Snapshot]]:
    return [(key, flight.images[key]) for key in request_order(flight)]


def _job_started(world: ReconcileWorld, ledger: Ledger, flight: Flight, job_id: str) -> bool:
    """Write the job down. The index first: whoever finds a job there that the flight lacks gives it back to the flight."""
    jobindex.add(world.documents, IndexedJob(job_id, ledger.guid, ledger.gallery, flight.id, flight.started))
    world.ledgers.change_flight(ledger, flight, lambda held: settle.job_started(held, job_id, world.timing))
    world.queue.poll(world.clock.now() + world.timing.poll_first)
    world.log.say(
        "INFO", "job started", **where(ledger), operation=flight.action, images=len(flight.images), job=job_id
    )
    return False


def _update_attributes(world: ReconcileWorld, ledger: Ledger, flight: Flight, _urls: Urls) -> bool:
    # The highest first: in a shop that renumbers after each of them, the others' numbers are then still what they were.
    images = sorted(flight.images.values(), key=lambda snapshot: -(snapshot.priority or 0))
    rows = [Attributes(sent.name or "", sent.priority, sent.description) for sent in images]
    updated = world.shop.update_attributes(ledger.guid, ledger.gallery, rows, send_until=flight.send_until)
    skipped = {row.instance: row.message for row in updated.skipped}
    refused = {key: skipped[sent.name] for key, sent in flight.images.items() if sent.name in skipped}
    answered = {image.name: image for image in updated.images}
    facts = known_facts(world)
    after = world.ledgers.change_flight(
        ledger,
        flight,
        lambda held: settle.updated(
            held, flight, answered, refused, world.clock.now(), world.timing, world.max_attempts, facts
        ),
    )
    report(world.log, ledger, after)
    tell_order(world, after, [key for key in flight.images if is_astray(ledger.entries[key])], updated.images, facts)
    return True


def _refer(world: ReconcileWorld, ledger: Ledger, flight: Flight, _urls: Urls) -> bool:
    """Let variants show images, and others no longer: a variant that goes from one image to another is told once."""
    told = [references.news(ledger.entries[key]) for key in flight.images]
    back = {code: name for one in told for code, name in one.items() if not name}
    shown = {code: name for one in told for code, name in one.items() if name}
    if back or shown:
        world.shop.refer(ledger.guid, back | shown, send_until=flight.send_until)
    after = world.ledgers.change_flight(
        ledger,
        flight,
        lambda held: settle.updated(
            held, flight, {}, {}, world.clock.now(), world.timing, world.max_attempts, known_facts(world)
        ),
    )
    report(world.log, ledger, after)
    return True


def _delete(world: ReconcileWorld, ledger: Ledger, flight: Flight, _urls: Urls) -> bool:
    """Delete the flight's images one by one; what time does not suffice for flies again."""
    done: dict[str, Snapshot] = {}
    refused: dict[str, str] = {}
    left: shop_errors.TryLater | None = None
    for key, snapshot in flight.images.items():
        try:
            flights.delete(world, ledger, flight, snapshot.name or "", remove_reference=world.policy.remove_reference)
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
        deletions.give_back(world.documents, len(flight.images) - len(done), flight.started, world.log)
    return left is None


_SEND: Final[Mapping[Action, Callable[[ReconcileWorld, Ledger, Flight, Urls], bool]]] = {
    "insert": _insert,
    "source": _update_source,
    "attributes": _update_attributes,
    "refer": _refer,
    "delete": _delete,
}


def _not_done(world: ReconcileWorld, ledger: Ledger, flight: Flight, error: shop_errors.ShoptetError) -> bool:
    """Record why a call was not carried out, or may not have been; True if there may be more to do at once.

    AnswerLost   it may have happened: the gallery will tell, after the grace
    TryLater     the gallery pauses as long as Shoptet says
    NotAllowed   it pauses, and a person has to do something
    Refused      for good: the images fly in halves, or the product is gone and everything waits for a person
    """
    if isinstance(error, shop_errors.AnswerLost):
        world.log.say("WARNING", f"answer lost, the gallery will tell: {error}", **where(ledger), flight=flight.id)
        world.queue.gallery(ledger.guid, ledger.gallery, flight.grace_until)
        return False
    if isinstance(error, shop_errors.TryLater):
        flights.give_way(world, ledger, flight, str(error), error.at, "WARNING")
        return False
    if not isinstance(error, shop_errors.Refused):
        flights.give_way(world, ledger, flight, str(error), None, "ERROR")
        return False
    # It was there a moment before; only an insertion names nothing else that can be gone.
    gone = isinstance(error, shop_errors.NotFound) and flight.action == "insert"
    reason = f"Shoptet knows no such product: {error}" if gone else str(error)
    request_id, now = error.request_id, world.clock.now()
    decide = settle.product_gone if gone else partial(settle.refused, flight=flight)
    after = world.ledgers.change_flight(
        ledger, flight, lambda held: decide(held, reason=reason, now=now, request_id=request_id)
    )
    report(world.log, ledger, after)
    return not gone

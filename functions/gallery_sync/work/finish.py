"""A flight's second half: its job has ended, or its answer was lost; the gallery tells what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gallery_sync.core import lost_answer, match, schedule, settle
from gallery_sync.core.ledger import Flight, Ledger
from gallery_sync.core.shop_values import ResultRow
from gallery_sync.ports import shop_errors
from gallery_sync.state import jobindex
from gallery_sync.work import products
from gallery_sync.work.facts import known_facts, learned
from gallery_sync.work.products import Seen
from gallery_sync.work.report import report, where
from gallery_sync.work.world import ReconcileWorld

replace = msgspec.structs.replace

LOST = "Shoptet's answer was lost, and the gallery shows nothing of it"


@dataclass(frozen=True, slots=True)
class Later:
    """The flight is not over; somebody comes back to it."""


@dataclass(frozen=True, slots=True)
class Over:
    """The flight is over. `seen` is the gallery's product as it was just seen, where it was."""

    seen: Seen | None


def finish(world: ReconcileWorld, ledger: Ledger, flight: Flight, ended: str | None) -> Later | Over:
    """Bring a flight to its end, if it has one. `ended` is a job that the list of jobs showed as ended.

    Raises the client's TryLater, NotAllowed and NotFound of a listing, and StorageUnavailable.
    """
    now = world.clock.now()
    if flight.action in ("attributes", "refer", "delete", "clean", "restore"):
        return _repeat(world, ledger, flight, now)
    if flight.job_id is None and ended is not None:
        flight = _adopt(world, ledger, flight, ended)
    if flight.first_miss is not None:
        return _list_again(world, ledger, flight, now)
    if flight.job_id is None:
        return _lost_answer(world, ledger, flight, now)
    if flight.job_id == ended or now > flight.started + world.timing.job_lost:
        return _job_ended(world, ledger, flight, flight.job_id, now)
    world.queue.poll(max(flight.started, now) + world.timing.poll_first)
    return Later()


def _repeat(world: ReconcileWorld, ledger: Ledger, flight: Flight, now: float) -> Later | Over:
    """A change of attributes or a deletion that nobody finished may be repeated without harm, once its sender is gone."""
    if now < flight.grace_until:
        world.queue.gallery(ledger.guid, ledger.gallery, flight.grace_until)
        return Later()
    after = world.ledgers.change_flight(
        ledger, flight, lambda held: settle.resend(held, flight, LOST, now, world.timing, world.max_attempts)
    )
    report(world.log, ledger, after)
    return Over(None)


def _adopt(world: ReconcileWorld, ledger: Ledger, flight: Flight, job_id: str) -> Flight:
    """Give the flight its job back: its sender died between the entry in the index and the ledger."""
    stored = jobindex.find(world.documents, job_id)
    if stored is None or stored.flight != flight.id:
        return flight
    after = world.ledgers.change_flight(ledger, flight, lambda held: settle.job_started(held, job_id, world.timing))
    return after.flight if after.flight is not None and after.flight.id == flight.id else flight


def _job_ended(world: ReconcileWorld, ledger: Ledger, flight: Flight, job_id: str, now: float) -> Later | Over:
    """The list of jobs showed the end, or it should have come long ago: ask the job once, then list the gallery."""
    rows: Sequence[ResultRow] = ()
    try:
        detail = world.shop.job(job_id)
    except shop_errors.NotFound:
        # A job's record lives 30 days; one that is gone has ended. The gallery alone decides.
        pass
    except shop_errors.DetailsExhausted as error:
        world.log.say("WARNING", f"the list of jobs said that the job had ended: {error}", **where(ledger), job=job_id)
        if now <= flight.started + world.timing.job_lost:
            world.queue.poll(now + world.timing.poll_longest)
            return Later()
        # No job takes as long: what it had to say is not to be had, and the gallery alone decides.
    else:
        if not detail.ended and now <= flight.started + world.timing.job_lost:
            world.queue.poll(now + world.timing.poll_longest)
            return Later()
        rows = world.shop.result(detail) or ()
        failed = None if detail.status == "completed" else f"Shoptet's job {job_id} ended as {detail.status}"
        flight = replace(
            flight,
            errors=match.errors_by_key(flight, rows),
            reason=f"{failed}: {detail.log}" if failed and detail.log else failed,
            job_created=detail.creation_time,
            job_completed=detail.completion_time,
        )
    return _settle(world, ledger, flight, rows, now)


def _list_again(world: ReconcileWorld, ledger: Ledger, flight: Flight, now: float) -> Later | Over:
    due = (flight.first_miss or 0.0) + world.timing.second_listing
    if now < due:
        world.queue.gallery(ledger.guid, ledger.gallery, due)
        return Later()
    return _settle(world, ledger, flight, (), now)


def _lost_answer(world: ReconcileWorld, ledger: Ledger, flight: Flight, now: float) -> Later | Over:
    """No job is known. Once its sender is gone and no job can be ours any more, the gallery tells whether it was taken."""
    guid, gallery = ledger.guid, ledger.gallery
    if now < flight.grace_until:
        world.queue.gallery(guid, gallery, flight.grace_until)
        return Later()
    indexed = tuple(job for job, _ in jobindex.under_way(world.documents))
    mine = next((job.job_id for job in indexed if job.flight == flight.id), None)
    if mine is not None:
        # Its sender died before it wrote the job down here: what the job has to say is worth more than a judgement.
        _adopt(world, ledger, flight, mine)
        world.queue.poll(now)
        return Later()
    last = flight.started + world.timing.job_lost
    try:
        jobs = world.shop.jobs(created_from=flight.started - world.timing.clock_margin)
    except (shop_errors.NotAllowed, shop_errors.Refused) as error:
        # Without the list, only time tells that no job of ours can be at work.
        world.log.say("ERROR", str(error), **where(ledger))
        waits = now <= last
    else:
        owned = {job.job_id for job in indexed}
        waits = bool(lost_answer.suspects(jobs, flight, guid, gallery, owned)) and now <= last
    if waits:
        world.queue.gallery(guid, gallery, schedule.together(now, world.timing.poll_longest))
        return Later()
    return _settle(world, ledger, replace(flight, reason=flight.reason or LOST), (), now)


def _settle(
    world: ReconcileWorld, ledger: Ledger, flight: Flight, rows: Sequence[ResultRow], now: float
) -> Later | Over:
    """See what the gallery shows, and settle the flight by that. Its product's codes are told with it, for the next flight."""
    guid, gallery = ledger.guid, ledger.gallery
    seen = products.ask(world, guid)
    listing = seen.product.images[gallery]
    insertion = flight.action == "insert"
    facts = known_facts(world)
    outcome = match.inserted(flight, listing, rows, facts) if insertion else match.replaced(flight, listing)
    facts = learned(world, facts, outcome.numbers) if insertion else facts

    def decide(held: Ledger) -> Ledger:
        settled = settle.settle(held, flight, listing, outcome, now, world.timing, world.max_attempts, facts)
        return settle.note_seen(held, settled, now)

    after = world.ledgers.change_flight(ledger, flight, decide)
    report(world.log, ledger, after)
    if flight.job_id is not None:
        # What the job had to say is in the ledger now.
        jobindex.remove(world.documents, flight.job_id)
    if after.flight is not None and after.flight.id == flight.id:
        due = (after.flight.first_miss or now) + world.timing.second_listing
        world.queue.gallery(guid, gallery, due)
        if after.flight.unclear and world.verify != "off":
            world.queue.fetch(guid, gallery, now)
        return Later()
    return Over(seen)

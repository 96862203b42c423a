"""What a flight's end does to the ledger: live, another try, or failed for good with a reason. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from gallery_sync.core import receipts, schedule
from gallery_sync.core.ledger import (
    MAY_BE_THERE,
    Entry,
    Flight,
    Ledger,
    Live,
    Pause,
    Snapshot,
    failed,
    needs_content,
    with_entries,
)
from gallery_sync.core.match import Match
from gallery_sync.core.names import is_made
from gallery_sync.core.numbering import with_landed
from gallery_sync.core.pictures import adopted
from gallery_sync.core.schedule import Timing
from gallery_sync.core.see import see
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL, Image

replace = msgspec.structs.replace

SILENT: Final = (
    "Shoptet's job ended, but the picture is not in the gallery: it may be too large (a JPEG up to 6 MB is safe, a PNG above "
    "10 MB is known to get lost) or no picture at all"
)
UNEXPLAINED: Final = (
    "the gallery gained images that cannot be matched with this file ({names}): it may be there already, so it was not sent "
    "again; look at the gallery, delete what is double, and drop the file again"
)


def job_started(ledger: Ledger, job_id: str, timing: Timing) -> Ledger:
    """Give the ledger with its flight's job, for which the polls wait. What another run learned meanwhile stays."""
    flight = ledger.flight
    if flight is None:
        return ledger
    waits = flight.grace_until if flight.first_miss is not None else flight.started + timing.job_lost
    return replace(ledger, flight=replace(flight, job_id=job_id, grace_until=waits), pause=None)


def settle(
    ledger: Ledger,
    flight: Flight,
    listing: Sequence[Image],
    outcome: Match,
    now: float,
    timing: Timing,
    max_attempts: int,
    facts: Facts,
) -> Ledger:
    """Give the ledger after a listing of the gallery: the flight is over, or it waits for a second listing (`first_miss`).

    Missing means missing in two listings, minutes apart, unless Shoptet itself said that the image failed. What the
    first of them showed was deleted by a person since. While a name is new that nobody can explain, a missing image may
    be there under it: that is for a person, never sent again. After a job that failed, what is missing flies again in
    halves: one picture that breaks the job must not take the others along.
    """
    silent = [key for key in outcome.missing if key not in flight.errors]
    if silent:
        if flight.first_miss is None:
            claimed = {key: image.name for key, image in outcome.found.items()}
            again = now + timing.second_listing
            waits = replace(
                flight, first_miss=now, claimed=claimed, unclear=_in_order(listing, outcome), grace_until=again
            )
            return replace(ledger, flight=waits)
        if now < flight.first_miss + timing.second_listing:
            return ledger
    changed: dict[str, Entry] = {}
    for key, image in outcome.found.items():
        changed[key] = became_live(ledger.entries.get(key, Entry()), flight.images[key], image, facts)
    for key in outcome.missing:
        entry = ledger.entries.get(key, Entry())
        if key in flight.claimed:
            # It was there: to send it again would bring back what a person deleted, or show it twice.
            changed[key] = became_live(entry, flight.images[key], Image(flight.claimed[key]), facts)
        elif outcome.unexplained and key not in flight.errors:
            changed[key] = failed(entry, MAY_BE_THERE, UNEXPLAINED.format(names=_few(outcome.unexplained)), now)
        elif _is_of(entry, flight.images[key]) and not _was_deleted(flight, key, listing, outcome):
            reason = flight.errors.get(key) or flight.reason or SILENT
            together = len(flight.images) if _job_failed(flight) and key not in flight.errors else 1
            changed[key] = tried(entry, reason, now, timing, max_attempts, together)
    over = with_entries(replace(ledger, flight=None, pause=None), changed)
    if flight.action == "insert":
        over = with_landed(over, listing, outcome.found, facts)
    return see(adopted(over), listing, now - timing.second_listing)


def note_seen(before: Ledger, after: Ledger, now: float) -> Ledger:
    """Give the ledger with the moment at which it was seen what has become live: a later listing may lag behind."""
    changed = {}
    for key, entry in after.entries.items():
        old = before.entries.get(key, Entry()).live
        if entry.live is not None and not entry.live.gone and (old is None or old.name != entry.live.name):
            changed[key] = replace(entry, live=replace(entry.live, seen=now))
    return with_entries(after, changed)


def updated(
    ledger: Ledger,
    flight: Flight,
    images: Mapping[str, Image],
    skipped: Mapping[str, str],
    now: float,
    timing: Timing,
    max_attempts: int,
    facts: Facts,
) -> Ledger:
    """Give the ledger after a change of attributes, which Shoptet carries out at once.

    `images` are those that it answered with, by name; `skipped` its words for the keys that it left out: the image may
    just have been deleted by a person, which the next listing will show.
    """
    changed = {}
    for key, snapshot in flight.images.items():
        entry = ledger.entries.get(key, Entry())
        if key in skipped:
            changed[key] = tried(entry, skipped[key], now, timing, max_attempts)
        else:
            name = snapshot.name or ""
            changed[key] = became_live(entry, snapshot, images.get(name, Image(name)), facts)
    return with_entries(replace(ledger, flight=None, pause=None), changed)


def deleted(ledger: Ledger, flight: Flight, refused: Mapping[str, str], now: float) -> Ledger:
    """Give the ledger after deletions; `refused` are Shoptet's words for the keys whose image stays."""
    changed = {}
    for key in flight.images:
        entry = ledger.entries.get(key, Entry())
        stays = key in refused
        changed[key] = failed(entry, "delete-refused", refused[key], now) if stays else Entry(entry.wanted)
    return with_entries(replace(ledger, flight=None, pause=None), changed)


def refused(ledger: Ledger, flight: Flight, *, reason: str, now: float, request_id: str | None) -> Ledger:
    """Give the ledger after Shoptet refused the whole call for good (400, 413, 422): nothing was done.

    One bad image spoils the call of all: they fly again in halves, until the bad one is alone and fails for good.
    """
    half = len(flight.images) // 2
    changed = {}
    for key in flight.images:
        entry = ledger.entries.get(key, Entry())
        if _is_of(entry, flight.images[key]):
            changed[key] = replace(entry, batch=half) if half else failed(entry, "refused", reason, now, request_id)
    return with_entries(replace(ledger, flight=None), changed)


def not_copied(ledger: Ledger, reasons: Mapping[str, str], now: float, timing: Timing, max_attempts: int) -> Ledger:
    """Give the ledger after files could not be copied for Shoptet: a try that failed for each, with its reason."""
    changed = {key: tried(ledger.entries[key], reason, now, timing, max_attempts) for key, reason in reasons.items()}
    return with_entries(ledger, changed)


def product_gone(ledger: Ledger, *, reason: str, now: float, request_id: str | None) -> Ledger:
    """Give the ledger after Shoptet said that it knows no such product: all that is still wanted fails for good."""
    changed = {
        key: failed(entry, "no-product", reason, now, request_id)
        for key, entry in ledger.entries.items()
        if entry.failure is None and needs_content(entry)
    }
    return with_entries(replace(ledger, flight=None, due_at=0.0), changed)


def paused(ledger: Ledger, until: float | None, reason: str, now: float, timing: Timing) -> Ledger:
    """Give the ledger after a call that was not carried out and may be later: at `until`, or after a growing pause."""
    times = ledger.pause.times + 1 if ledger.pause is not None else 1
    later = now + schedule.pause(times, timing)
    moment = later if until is None else max(later, until)
    return replace(ledger, flight=None, pause=Pause(moment, reason, times), due_at=moment)


def resend(ledger: Ledger, flight: Flight, reason: str, now: float, timing: Timing, max_attempts: int) -> Ledger:
    """Give the ledger after a flight that certainly did nothing, or may be repeated without harm: a try that failed."""
    changed = {}
    for key in flight.images:
        entry = ledger.entries.get(key, Entry())
        if flight.action == "attributes" and entry.live is not None:
            entry = replace(entry, unsure=True)
        changed[key] = tried(entry, reason, now, timing, max_attempts)
    intents = tuple(
        replace(intent, attempts=intent.attempts + 1) if intent.id == flight.intent else intent
        for intent in ledger.intents
    )
    return with_entries(replace(ledger, flight=None, intents=intents), changed)


def became_live(entry: Entry, snapshot: Snapshot, image: Image, facts: Facts) -> Entry:
    """Give an entry whose flight was seen in the gallery: live with what was sent, its tries forgotten.

    Attributes that were not sent stay as they were last sent; an insertion (no name was sent) begins without any.
    """
    before = entry.live if entry.live is not None and snapshot.name is not None else Live(image.name, "", 0)
    # Where the shop keeps what it is sent, that is the place.
    place = None if facts.numbers == "kept" and image.priority == snapshot.priority else snapshot.place
    return replace(
        entry,
        live=Live(
            image.name,
            snapshot.checksum or before.checksum,
            snapshot.generation or before.generation,
            before.priority if snapshot.priority is None else snapshot.priority,
            before.description if snapshot.description is None else snapshot.description,
            seen=before.seen,
            place=before.place if snapshot.priority is None else place,
            state="astray" if before.state == "astray" and snapshot.priority is None else "shown",
            change_time=image.change_time or before.change_time,
            adopted=before.adopted and not snapshot.checksum,
            receipt=receipts.landed(before, snapshot.checksum),
            made=(snapshot.source if is_made(snapshot.source) else "") if snapshot.checksum else before.made,
            variants=before.variants if snapshot.variants is None else snapshot.variants,
        ),
        attempts=0,
        not_before=0.0,
        last_reason=None,
        batch=MAX_IMAGES_PER_CALL,
        unsure=False,
    )


def tried(entry: Entry, reason: str, now: float, timing: Timing, max_attempts: int, together: int = 1) -> Entry:
    """Give an entry after a try that failed: another after a growing pause, or failed for good after the last.

    `together` is how many images failed as one, so that nobody knows which is to blame: with more than one, the next try
    is in halves, and none of them is given up.
    """
    attempts = entry.attempts + 1
    if attempts >= max_attempts and together == 1:
        return failed(entry, "gave-up", f"given up after {attempts} tries: {reason}", now)
    later = now + schedule.pause(attempts, timing)
    batch = entry.batch if together == 1 else together // 2
    return replace(entry, attempts=attempts, not_before=later, last_reason=reason, batch=batch)


def _is_of(entry: Entry, snapshot: Snapshot) -> bool:
    """Whether what a flight carried is still wanted: a caller may have given another picture meanwhile, which is not to blame."""
    return not snapshot.generation or entry.wanted is None or snapshot.generation == entry.wanted.content.generation


def _job_failed(flight: Flight) -> bool:
    """Whether Shoptet's job ended, and not well. Where the answer was lost, no job is known, and no image is to blame."""
    return flight.job_created is not None and flight.reason is not None


def _was_deleted(flight: Flight, key: str, listing: Sequence[Image], outcome: Match) -> bool:
    """Whether the image to be replaced is no longer there: a person deleted it, which is no failed try."""
    name = flight.images[key].name
    return name is not None and not outcome.unexplained and all(image.name != name for image in listing)


def _in_order(listing: Sequence[Image], outcome: Match) -> tuple[str, ...]:
    """Name what is new and unexplained, in the gallery's order."""
    new = [image for image in listing if image.name in outcome.unexplained]
    return tuple(image.name for image in sorted(new, key=lambda image: image.priority or 0))


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"

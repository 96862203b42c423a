"""Looks at pictures in the shop itself: what landed, and which image is which where nothing else tells.

What was sent (its copy in the outbox, else the file) is compared with what the shop's own site shows, picture by picture. It
is never needed: what cannot be looked at is as if nobody had asked. Apart from asking once where the shop's pictures are, it
calls nothing of Shoptet's API.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256

import msgspec

from gallery_sync.core import receipts
from gallery_sync.core.ledger import Entry, Flight, Ledger, Picture, Sighting, is_stale, object_name, request_order
from gallery_sync.core.likeness import alike
from gallery_sync.core.lookalikes import claims
from gallery_sync.core.names import outbox, shortened
from gallery_sync.core.schedule import pause
from gallery_sync.core.shop_facts import looks_at
from gallery_sync.ports.decoder import Decoded, Unreadable
from gallery_sync.ports.queue import Fetch
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.work.facts import known_facts, originals_at
from gallery_sync.work.report import report, where
from gallery_sync.work.world import FetchWorld

replace = msgspec.structs.replace


def verify(world: FetchWorld, task: Fetch, until: float) -> None:
    """Look at what a gallery shows of ours, until then (epoch seconds).

    Raises StorageUnavailable, BadDocument, TasksError: the task then comes again.
    """
    ledger = world.ledgers.read(task.guid, task.gallery).ledger
    flight = ledger.flight
    unclear = flight is not None and bool(flight.unclear) and world.verify != "off"
    due = receipts.due(ledger)
    if not unclear and not (due and looks_at(known_facts(world), world.verify, task.gallery)):
        return
    try:
        address = originals_at(world, task.guid, task.gallery)
    except NoOriginal as error:
        if due:
            # Each counts as looked at in vain, so that it ends.
            _note(world, ledger, {key: Sighting("nothing", why=str(error)) for key in due})
        return
    if address is None:
        return
    if flight is not None and unclear:
        _claim(world, ledger, flight, address, until)
    else:
        _look(world, ledger, address, until)


def _claim(world: FetchWorld, ledger: Ledger, flight: Flight, address: str, until: float) -> None:
    """Say which of the new images are which of an insertion's pictures. The flight is settled by that when its time comes.

    Where there is no time for all of them (`until`, epoch seconds), nobody is known: one that was not opened may be the same.
    """
    keys = [key for key in request_order(flight) if key not in flight.claimed and key not in flight.errors]
    images = _decoded(world, {name: partial(world.original, address, name) for name in flight.unclear}, until)
    files = _decoded(world, {key: partial(_copy, world, flight.images[key].source) for key in keys}, until)
    if images is None or files is None:
        message = (
            f"{len(keys)} files and {len(flight.unclear)} new images are too many to be known by their pictures in time"
        )
        world.log.say("WARNING", message, **where(ledger))
        return
    found = claims(
        {key: one.signature for key, one in files.items()}, {name: one.signature for name, one in images.items()}
    )
    world.ledgers.change_flight(
        ledger,
        flight,
        lambda held: (
            held
            if held.flight is None
            else replace(held, flight=replace(held.flight, claimed=held.flight.claimed | found, unclear=()))
        ),
    )
    world.log.say(
        "INFO", f"{len(found)} of {len(flight.unclear)} new images were known by their pictures", **where(ledger)
    )


def _copy(world: FetchWorld, path: str) -> bytes:
    content = world.sent.copy(path) if path.startswith("outbox/") else None
    if content is None:
        raise Unreadable("there is no copy of it")
    return content


def _decoded(world: FetchWorld, fetch: Mapping[str, Callable[[], bytes]], until: float) -> dict[str, Decoded] | None:
    """Decode what each of these gives, as far as that is to be had and a picture; None where time was too short for all."""
    decoded = {}
    for name, content in fetch.items():
        if world.clock.now() > until:
            return None
        try:
            decoded[name] = world.decode(content())
        except (NoOriginal, Unreadable) as error:
            world.log.say("INFO", f"{shortened(name)} cannot be compared: {error}")
    return decoded


def _look(world: FetchWorld, ledger: Ledger, address: str, until: float) -> None:
    """Look at what landed, as much as there is time for: one picture at least."""
    seen: dict[str, Sighting] = {}
    for key in receipts.due(ledger):
        if seen and world.clock.now() > until:
            break
        seen[key] = _seen(world, ledger.entries[key], address)
    _note(world, ledger, seen)


def _note(world: FetchWorld, ledger: Ledger, seen: Mapping[str, Sighting]) -> None:
    """Note and tell what was seen, and enqueue what follows from it."""
    now = world.clock.now()
    after = world.ledgers.change(ledger.guid, ledger.gallery, lambda held: receipts.noted(held, seen, ledger, now))
    _tell(world, after, seen)
    report(world.log, ledger, after)
    again = receipts.due(after)
    if not again or any(is_stale(after.entries[key]) for key in seen if key in after.entries):
        # Nothing more is to be looked at, so the gallery need not come back for that; or one has to be sent again.
        world.queue.gallery(ledger.guid, ledger.gallery, now)
    if again:
        tries = [
            live.receipt.tries if live.receipt is not None else 0 for key in again if (live := after.entries[key].live)
        ]
        world.queue.fetch(ledger.guid, ledger.gallery, now + pause(min(tries), world.timing) if min(tries) else now)


def _seen(world: FetchWorld, entry: Entry, address: str) -> Sighting:
    """Compare what was sent for a key with what the shop shows for it."""
    if entry.wanted is None or entry.live is None:
        return Sighting("nothing")
    content = entry.wanted.content
    try:
        made = entry.live.made
        sent = world.sent.copy(made or outbox(content.source, content.generation))
        if sent is None and not made:
            sent = world.sent.file(content)
        if sent is None:
            return Sighting("nothing", why="neither its copy nor its file is there any more")
        ours = world.decode(sent)
    except Unreadable as error:
        return Sighting("nothing", why=f"the file cannot be compared: {error}")
    picture = _picture(ours, sent)
    try:
        shown = world.original(address, entry.live.name)
        if shown == sent:
            return Sighting("same", picture, picture)
        its = world.decode(shown)
    except (NoOriginal, Unreadable) as error:
        return Sighting("nothing", picture, why=f"what the shop shows cannot be had: {error}")
    theirs, receipt = _picture(its, shown), entry.live.receipt
    if receipt is not None and theirs.sha256 == receipt.before:
        return Sighting("different", picture, theirs)
    return Sighting(alike(ours.signature, its.signature), picture, theirs)


def _picture(decoded: Decoded, content: bytes) -> Picture:
    size = decoded.signature
    return Picture(decoded.format, size.width, size.height, len(content), sha256(content).hexdigest()[:32])


def _tell(world: FetchWorld, ledger: Ledger, seen: Mapping[str, Sighting]) -> None:
    """Say how many were looked at and what came of it, and name those that are not what was sent."""
    counts = Counter[str](one.saw for one in seen.values())
    said = ", ".join(f"{number} {saw}" for saw, number in sorted(counts.items()))
    world.log.say("INFO", f"looked at {len(seen)} pictures in the shop: {said}", **where(ledger), **counts)
    for key, one in seen.items():
        entry = ledger.entries.get(key)
        name = shortened(object_name(key, entry or Entry()))
        if one.saw == "different" and entry is not None and is_stale(entry):
            message = f"{name}: the shop shows another picture than the one that was sent, which is sent again"
            world.log.say("WARNING", message, **where(ledger), key=key)
        if one.saw == "unsure":
            message = (
                f"{name}: the shop's picture is not quite the one that was sent; whoever wants to know looks at both"
            )
            world.log.say("WARNING", message, **where(ledger), key=key)

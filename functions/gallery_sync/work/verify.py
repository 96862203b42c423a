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
from gallery_sync.core.ledger import Entry, Flight, Ledger, Picture, Seen, file_of, is_stale, request_order
from gallery_sync.core.likeness import alike
from gallery_sync.core.lookalikes import claims
from gallery_sync.core.names import DROP_KEY, outbox, shortened
from gallery_sync.core.schedule import pause
from gallery_sync.core.shop_facts import looks_at
from gallery_sync.ports.decoder import Decoded, Unreadable
from gallery_sync.ports.queue import Fetch
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.work.facts import known_facts, originals_at
from gallery_sync.work.report import report, where
from gallery_sync.work.world import FetchWorld

replace = msgspec.structs.replace


def verify(world: FetchWorld, task: Fetch) -> None:
    """Look at what a gallery shows of ours. Raises StorageUnavailable, BadDocument, TasksError: the task then comes again."""
    ledger = world.ledgers.read(task.guid, task.gallery).ledger
    flight = ledger.flight
    unclear = flight is not None and bool(flight.unclear) and world.verify != "off"
    looks = looks_at(known_facts(world), world.verify, task.gallery) and bool(receipts.due(ledger))
    if not unclear and not looks:
        return
    address = originals_at(world, task.guid, task.gallery)
    if address is None:
        return
    if flight is not None and unclear:
        _claim(world, ledger, flight, address)
    else:
        _look(world, ledger, address)


def _claim(world: FetchWorld, ledger: Ledger, flight: Flight, address: str) -> None:
    """Say which of the new images are which of an insertion's pictures. The flight is settled by that when its time comes."""
    keys = [key for key in request_order(flight) if key not in flight.claimed and key not in flight.errors]
    files = _decoded(world, {key: partial(_copy, world, flight.images[key].source) for key in keys})
    images = _decoded(world, {name: partial(world.original, address, name) for name in flight.unclear})
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


def _decoded(world: FetchWorld, fetch: Mapping[str, Callable[[], bytes]]) -> dict[str, Decoded]:
    """Decode what each of these gives, as far as that is to be had and a picture."""
    decoded = {}
    for name, content in fetch.items():
        try:
            decoded[name] = world.decode(content())
        except (NoOriginal, Unreadable) as error:
            world.log.say("INFO", f"{shortened(name)} cannot be compared: {error}")
    return decoded


def _look(world: FetchWorld, ledger: Ledger, address: str) -> None:
    """Look at what landed, as much as there is time for, and note what was seen."""
    until = world.clock.now() + world.timing.run_budget / 2
    seen: dict[str, Seen] = {}
    for key in receipts.due(ledger):
        if seen and world.clock.now() > until:
            break
        seen[key] = _seen(world, ledger.entries[key], address)
    now = world.clock.now()
    after = world.ledgers.change(ledger.guid, ledger.gallery, lambda held: receipts.noted(held, seen, ledger, now))
    _tell(world, after, seen)
    report(world.log, ledger, after)
    if any(is_stale(after.entries[key]) for key in seen if key in after.entries):
        world.queue.gallery(ledger.guid, ledger.gallery, now)
    again = receipts.due(after)
    if again:
        tries = [
            live.receipt.tries if live.receipt is not None else 0 for key in again if (live := after.entries[key].live)
        ]
        world.queue.fetch(ledger.guid, ledger.gallery, now + pause(min(tries), world.timing) if min(tries) else now)


def _seen(world: FetchWorld, entry: Entry, address: str) -> Seen:
    """Compare what was sent for a key with what the shop shows for it."""
    if entry.wanted is None or entry.live is None:
        return Seen("nothing")
    content = entry.wanted.content
    try:
        sent = world.sent.copy(outbox(content.source, content.generation)) or world.sent.file(content)
        if sent is None:
            return Seen("nothing", why="neither its copy nor its file is there any more")
        ours = world.decode(sent)
    except Unreadable as error:
        return Seen("nothing", why=f"the file cannot be compared: {error}")
    picture = _picture(ours, sent)
    try:
        shown = world.original(address, entry.live.name)
        if shown == sent:
            return Seen("same", picture, picture)
        its = world.decode(shown)
    except (NoOriginal, Unreadable) as error:
        return Seen("nothing", picture, why=f"what the shop shows cannot be had: {error}")
    theirs, receipt = _picture(its, shown), entry.live.receipt
    if receipt is not None and theirs.sha256 == receipt.before:
        return Seen("different", picture, theirs)
    return Seen(alike(ours.signature, its.signature), picture, theirs)


def _picture(decoded: Decoded, content: bytes) -> Picture:
    size = decoded.signature
    return Picture(decoded.format, size.width, size.height, len(content), sha256(content).hexdigest()[:32])


def _tell(world: FetchWorld, ledger: Ledger, seen: Mapping[str, Seen]) -> None:
    """Say how many were looked at and what came of it, and name those that are not what was sent."""
    counts = Counter[str](one.saw for one in seen.values())
    said = ", ".join(f"{number} {saw}" for saw, number in sorted(counts.items()))
    world.log.say("INFO", f"looked at {len(seen)} pictures in the shop: {said}", **where(ledger), **counts)
    for key, one in seen.items():
        entry = ledger.entries.get(key)
        name = shortened(file_of(key, entry)) if entry is not None else shortened(key.removeprefix(DROP_KEY))
        if one.saw == "different" and entry is not None and is_stale(entry):
            message = f"{name}: the shop shows another picture than the one that was sent, which is sent again"
            world.log.say("WARNING", message, **where(ledger), key=key)
        if one.saw == "unsure":
            message = (
                f"{name}: the shop's picture is not quite the one that was sent; whoever wants to know looks at both"
            )
            world.log.say("WARNING", message, **where(ledger), key=key)

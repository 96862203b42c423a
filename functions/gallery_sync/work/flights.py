"""What every flight has in common: it takes the gallery's one slot before it sends, and gives way when Shoptet cannot now."""

from collections.abc import Mapping, Sequence

import msgspec

from gallery_sync.core import settle
from gallery_sync.core.ledger import Action, Flight, Ledger, Snapshot
from gallery_sync.log import Severity
from gallery_sync.ports.storage import PreconditionFailed
from gallery_sync.state.ledgers import Held
from gallery_sync.work.report import where
from gallery_sync.work.world import RequestWorld

replace = msgspec.structs.replace


def take_slot(
    world: RequestWorld,
    held: Held,
    ledger: Ledger,
    action: Action,
    *,
    images: Mapping[str, Snapshot] | None = None,
    before: Sequence[str] = (),
    intent: str | None = None,
    known: float | None = None,
) -> Flight | None:
    """Write a flight into the ledger, over the generation in `held`; None where another run was faster.

    That write is what makes this run the only one that sends. `known`: when it was asked what the flight rests on (epoch
    seconds); a run that is held up for two minutes since then sends nothing. Raises StorageUnavailable.
    """
    now = world.clock.now()
    flight = Flight(
        id=world.new_id(),
        action=action,
        started=now,
        send_until=min(now, now if known is None else known + world.timing.send_within) + world.timing.send_within,
        grace_until=now + world.timing.grace,
        images=dict(images or {}),
        before=tuple(before),
        intent=intent,
    )
    try:
        world.ledgers.write(held, replace(ledger, flight=flight, due_at=now, yields=False))
    except PreconditionFailed:
        # Somebody else wrote. If my flight stands there all the same, my write was the one that counted.
        there = world.ledgers.read(ledger.guid, ledger.gallery).ledger.flight
        return flight if there is not None and there.id == flight.id else None
    return flight


def give_way(
    world: RequestWorld, ledger: Ledger, flight: Flight, reason: str, until: float | None, severity: Severity
) -> None:
    """End a flight that did nothing: the gallery pauses, and is reconciled after that."""
    after = world.ledgers.change_flight(
        ledger, flight, lambda held: settle.paused(held, until, reason, world.clock.now(), world.timing)
    )
    world.log.say(severity, f"not now: {reason}", **where(ledger))
    if after.pause is not None:
        world.queue.gallery(ledger.guid, ledger.gallery, after.pause.until)


def delete(world: RequestWorld, ledger: Ledger, flight: Flight, name: str, *, remove_reference: bool) -> None:
    """Delete one image within the flight's time. Raises the client's errors."""
    world.shop.delete(
        ledger.guid, ledger.gallery, name, remove_reference=remove_reference, send_until=flight.send_until
    )

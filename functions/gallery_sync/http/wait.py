"""Running at once what a caller waits for, where its gallery is free."""

from typing import Final

from gallery_sync.core.intents import next_one
from gallery_sync.core.ledger import Intent, Ledger
from gallery_sync.core.operation import Operation, Outcome, pieces
from gallery_sync.core.shop_values import Gallery
from gallery_sync.state import operations
from gallery_sync.state.ledgers import Held
from gallery_sync.work.intents import run_intent
from gallery_sync.work.standstill import standstill
from gallery_sync.work.world import RequestWorld

BUDGET: Final = 25.0
"""Seconds within which a piece is begun: whoever waits for longer is better told where to ask."""

TRIES: Final = 3
"""Of one piece, while others write the ledger at the same time."""

READS: Final = 40
PAUSE: Final = 0.25
"""How often, and how many seconds apart, the ledger is read to see whether a task that runs it has ended."""


def run_at_once(world: RequestWorld, operation: Operation, guid: str | None) -> Outcome | None:
    """Give what came of an operation of one part, and run it before if that can be now; None if it cannot.

    What is left then is in the ledger, and a reconcile is enqueued: `accept` saw to both. `guid` is None where the
    product could not be found. Nothing is run at a standstill. Raises StorageUnavailable, BadDocument, TasksError.
    """
    part = operation.parts[0]
    if guid is not None and standstill(world, guid) is not None:
        return None
    until = world.clock.now() + BUDGET
    outcomes = []
    for piece in pieces(0, part):
        outcome = _piece(world, operation.id, piece, guid, part.gallery, until)
        if outcome is None:
            return None
        outcomes.append(outcome)
    images = tuple(image for outcome in outcomes for image in outcome.images)
    problem = next((outcome.problem for outcome in outcomes if outcome.problem is not None), None)
    return Outcome(world.clock.now(), images, problem)


def _piece(
    world: RequestWorld, operation: str, piece: str, guid: str | None, gallery: Gallery, until: float
) -> Outcome | None:
    name = f"{operation}/{piece}"
    for _ in range(TRIES):
        if guid is None:
            break
        held = _watched(world, guid, gallery, name, until)
        intent = _of(held.ledger, name)
        if intent is None:
            break
        if not _is_free(held.ledger, intent, world.clock.now()) or world.clock.now() >= until:
            return None
        outcome = run_intent(world, held, intent)
        if outcome is not None:
            return outcome
    return operations.concluded(world.documents, operation, piece)


def _watched(world: RequestWorld, guid: str, gallery: Gallery, name: str, until: float) -> Held:
    """Read the ledger; while a task keeps what this intent would delete, or runs it, wait for its end a little."""
    for _ in range(READS):
        held = world.ledgers.read(guid, gallery)
        flight = held.ledger.flight
        intent = _of(held.ledger, name)
        is_kept = intent is None or intent.keep != "due"
        if (is_kept and (flight is None or flight.intent != name)) or world.clock.now() >= until:
            break
        world.clock.sleep(PAUSE)
    return held


def _of(ledger: Ledger, name: str) -> Intent | None:
    return next((intent for intent in ledger.intents if intent.id == name), None)


def _is_free(ledger: Ledger, intent: Intent, now: float) -> bool:
    """Whether this intent may be run: nothing flies, nothing waits before it, Shoptet asked for no pause."""
    paused = ledger.pause is not None and now < ledger.pause.until
    return ledger.flight is None and not paused and next_one(ledger) == intent

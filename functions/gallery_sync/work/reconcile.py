"""Reconciles one gallery: finishes the flight that is under way, or starts the next. The only place that starts work at Shoptet.

what is found                     what follows
one folder too many               it is refused, and told which to use
a folder that is news to a
gallery which is busy             it is written down: a later task is told of the gallery alone
a flight                          finish: it is over, or somebody comes back to it
no flight                         start: the next step, until there is nothing to do now

what Shoptet answers to a GET     what follows
it knows no such product          what is wanted fails, or the folder is refused
not now (TryLater)                the same again at that moment; the ledger stays right
only a person can help            the gallery pauses; the files and what is wanted stay as they are

Where nothing may be sent now (standstill), a flight is finished, and the next step waits for sweep.

A mistake of our own pauses the gallery in the same way, with an ERROR line that says where.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from gallery_sync.core.ledger import Ledger
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.limits import is_too_many
from gallery_sync.core.settle import paused
from gallery_sync.core.shop_values import Gallery
from gallery_sync.log import where_raised
from gallery_sync.ports import shop_errors
from gallery_sync.ports.queue import Reconcile, TasksError
from gallery_sync.ports.storage import StorageUnavailable, TooManyWrites, WrittenByOthers
from gallery_sync.state import jobindex, operations
from gallery_sync.state.ledgers import Held
from gallery_sync.work import products
from gallery_sync.work.accept import accept
from gallery_sync.work.finish import Later, finish
from gallery_sync.work.products import Seen
from gallery_sync.work.standstill import standstill, wait
from gallery_sync.work.start import start
from gallery_sync.work.world import ReconcileWorld

MOST_STEPS = 60
"""Of one run; a gallery that needs more goes on in its successor."""


@dataclass(frozen=True, slots=True)
class Target:
    """The gallery, and what the task said of it: its folder, a job that ended, whether it is listed in any case."""

    guid: str
    gallery: Gallery
    prefix: str | None = None
    ended: str | None = None
    audit: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """The run goes on: with this target, and its product as it was just seen, where it was."""

    target: Target
    seen: Seen | None = None


def reconcile(world: ReconcileWorld, task: Reconcile) -> None:
    """Carry out a sync task. Whatever cannot be done now is left to a task that is enqueued before this returns.

    Raises StorageUnavailable, BadDocument, TasksError: the platform's retry of the task is then the next try.
    """
    if task.refused is not None:
        products.look_at_refused(world, task.refused)
    elif task.operation is not None:
        _accept(world, task.operation)
    elif task.gallery is not None and task.guid is not None:
        _run(world, Target(task.guid, task.gallery, None, task.job, task.audit))
    elif task.gallery is not None and task.prefix is not None:
        guid = products.find(world, task.prefix, task.gallery)
        if guid is not None:
            _run(world, Target(guid, task.gallery, task.prefix))


def _accept(world: ReconcileWorld, operation_id: str) -> None:
    operation = operations.find(world.documents, operation_id)
    if operation is None:
        # Its sender died between the marker and the request, and was told nothing; or it has ended, a month later.
        world.log.say("WARNING", f"there is no operation {operation_id} in the state bucket: it is taken for ended")
        operations.close(world.documents, operation_id)
        return
    try:
        if not accept(world, operation, world.clock.now() + world.timing.run_budget):
            world.queue.operation(operation_id, world.clock.now())
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", operation=operation_id)
        world.queue.operation(operation_id, error.at)
    except TooManyWrites as error:
        # A task that failed would slow the whole queue.
        world.log.say("WARNING", f"not now: {error}", operation=operation_id)
        world.queue.operation(operation_id, world.clock.now() + world.timing.window)


def _run(world: ReconcileWorld, target: Target) -> None:
    """Take steps until there is nothing to do now. An audit that cannot be made now is left out: its turn comes again."""
    stop = world.clock.now() + world.timing.run_budget
    now = Next(target)
    # Asked once a run, before something new begins.
    stands = cache(lambda: standstill(world, target.guid))
    for _ in range(MOST_STEPS):
        held = world.ledgers.read(target.guid, target.gallery)
        if held.ledger.flight is None and world.clock.now() > stop:
            break
        now = Next(_without_settled(world, held.ledger, now.target), now.seen)
        try:
            after = _step(world, held, now, stands)
        except (shop_errors.TryLater, shop_errors.NotAllowed, shop_errors.Refused) as error:
            _put_off(world, now.target, error)
            return
        except WrittenByOthers as error:
            # They get on; a task that failed would slow the whole queue.
            world.log.say("WARNING", f"not now: {error}", guid=target.guid, gallery=target.gallery)
            _again(world, now.target, world.clock.now() + world.timing.window)
            return
        except (StorageUnavailable, TasksError, BadDocument):
            raise
        except Exception as error:  # noqa: BLE001 -- one gallery that we fail at must not be tried in a loop, nor silently
            _stumble(world, now.target, error)
            return
        if after is None:
            return
        now = after
    _again(world, replace(now.target, ended=None), world.clock.now())


def _step(world: ReconcileWorld, held: Held, now: Next, stands: Callable[[], str | None]) -> Next | None:
    """Take one step; None if nothing can be done before somebody comes back, who was enqueued or is sweep."""
    ledger, target = held.ledger, now.target
    if target.prefix is not None and is_too_many(ledger, target.prefix):
        products.refuse_spelling(world, ledger, target.prefix)
        return None
    if target.prefix is not None and _is_news(ledger, target.prefix):
        products.remember(world, ledger, target.prefix)
        return now
    if ledger.flight is not None:
        outcome = finish(world, ledger, ledger.flight, target.ended)
        return None if isinstance(outcome, Later) else Next(target, outcome.seen)
    if (reason := stands()) is not None:
        if target.audit or wait(world, target.guid, target.gallery, target.prefix, reason):
            return None
        return now
    feeding = products.feeding(world, ledger, target.prefix)
    # A folder that is refused is asked about again: only the product itself tells that it is back.
    asks = target.audit or target.prefix in feeding.moved
    return Next(target) if start(world, held, feeding, now.seen, audit=asks) else None


def _is_news(ledger: Ledger, prefix: str) -> bool:
    """Whether a gallery that is busy does not know yet that this folder feeds it."""
    return (ledger.flight is not None or bool(ledger.intents)) and prefix not in ledger.prefixes


def _without_settled(world: ReconcileWorld, ledger: Ledger, target: Target) -> Target:
    """Leave out a job that the gallery has no flight of: another run settled it, and died before it removed the entry."""
    flight = ledger.flight
    if target.ended is None or (flight is not None and flight.job_id in (None, target.ended)):
        return target
    jobindex.remove(world.documents, target.ended)
    return replace(target, ended=None)


def _put_off(world: ReconcileWorld, target: Target, error: shop_errors.ShoptetError) -> None:
    """See the module's second table."""
    guid, gallery = target.guid, target.gallery
    if isinstance(error, shop_errors.NotFound):
        try:
            products.gone(world, guid, gallery, target.prefix, error)
        except (shop_errors.TryLater, shop_errors.NotAllowed, shop_errors.Refused) as other:
            # It may have asked what the folder's code means by now.
            error = other
        else:
            return
    if isinstance(error, shop_errors.TryLater):
        world.log.say("WARNING", f"not now: {error}", guid=guid, gallery=gallery)
        _again(world, target, error.at)
        return
    world.log.say("ERROR", str(error), guid=guid, gallery=gallery)
    _pause(world, target, str(error))


def _stumble(world: ReconcileWorld, target: Target, error: Exception) -> None:
    """Our own mistake: the gallery pauses visibly, ever longer, with its reason; nothing of it is lost."""
    reason = (
        f"gallery-sync itself fails at this gallery, and tries again later; please report it: {where_raised(error)}"
    )
    world.log.say("ERROR", reason, code="unexpected", guid=target.guid, gallery=target.gallery)
    _pause(world, target, reason)


def _pause(world: ReconcileWorld, target: Target, reason: str) -> None:
    """Let the gallery pause, and enqueue what comes after that."""
    now = world.clock.now()
    after = world.ledgers.change(
        target.guid,
        target.gallery,
        # A flight that is under way goes on: its end is due in any case.
        lambda ledger: ledger if ledger.flight is not None else paused(ledger, None, reason, now, world.timing),
    )
    _again(world, target, after.pause.until if after.pause is not None else now + world.timing.retry_longest)


def _again(world: ReconcileWorld, target: Target, at: float) -> None:
    if target.ended is not None:
        # The poll enqueues this settling again, with its hint.
        world.queue.poll(at)
    elif target.prefix is not None:
        # It may be written down nowhere yet that this folder feeds the gallery.
        world.queue.folder(target.prefix, target.gallery, at)
    else:
        world.queue.gallery(target.guid, target.gallery, at)

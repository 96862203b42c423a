"""A look at one gallery: end the flight that is under way, or start the next. The only place that starts work at Shoptet."""

import msgspec

from gallery_sync.core import names
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.settle import paused, product_gone
from gallery_sync.core.shop_values import Gallery, Image
from gallery_sync.ports import shop_errors
from gallery_sync.ports.queue import Reconcile
from gallery_sync.state import jobindex, operations, refusals
from gallery_sync.state.codes import Codes
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.accept import accept
from gallery_sync.work.finish import Later, finish
from gallery_sync.work.report import report
from gallery_sync.work.start import start
from gallery_sync.work.world import ReconcileWorld

replace = msgspec.structs.replace

MOST_STEPS = 60
"""Of one run; a gallery that needs more goes on in its successor."""


def reconcile(world: ReconcileWorld, look: Reconcile) -> None:
    """Carry out a sync task. Whatever cannot be done now is left to a look that is enqueued before this returns.

    Raises StorageUnavailable, BadDocument, TasksError: the platform's retry of the task is then the next look.
    """
    if look.refused is not None:
        _look_at_refused(world, look.refused)
    elif look.operation is not None:
        _apply(world, look.operation)
    elif look.gallery is not None and look.guid is not None:
        _run(world, look.guid, look.gallery, None, look.job, check=look.audit)
    elif look.gallery is not None and look.prefix is not None:
        guid = _find_product(world, look.prefix, look.gallery)
        if guid is not None:
            _run(world, guid, look.gallery, look.prefix, None)


def _apply(world: ReconcileWorld, operation_id: str) -> None:
    operation = operations.find(world.documents, operation_id)
    if operation is None:
        world.log.say("ERROR", f"there is no operation {operation_id} in the state bucket")
        return
    try:
        if not accept(world, operation, world.clock.now() + world.timing.run_budget):
            world.queue.operation(operation_id, world.clock.now())
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", operation=operation_id)
        world.queue.operation(operation_id, error.at)


def _run(
    world: ReconcileWorld, guid: str, gallery: Gallery, prefix: str | None, ended: str | None, *, check: bool = False
) -> None:
    """Take steps until there is nothing to do now. A check that cannot be made now is left out: its turn comes again."""
    stop = world.clock.now() + world.timing.run_budget
    listing: tuple[Image, ...] | None = None
    try:
        try:
            for _ in range(MOST_STEPS):
                held = world.ledgers.read(guid, gallery)
                flight = held.ledger.flight
                if prefix is not None and _is_new_to(held.ledger, prefix):
                    # This look may have to leave the folder to a later one, which is told of the gallery alone.
                    _remember(world, held.ledger, prefix)
                    continue
                if ended is not None and (flight is None or flight.job_id not in (None, ended)):
                    # Settled by another run, which died before it removed the entry.
                    jobindex.remove(world.documents, ended)
                    ended = None
                if flight is not None:
                    outcome = finish(world, held.ledger, flight, ended)
                    if isinstance(outcome, Later):
                        return
                    listing = outcome.listing
                elif world.clock.now() > stop:
                    break
                elif not start(world, held, _feeding(world, held.ledger, prefix), listing, check=check):
                    return
                else:
                    listing = None
            _again(world, guid, gallery, prefix, None, world.clock.now())
        except shop_errors.NotFound as error:
            # That may ask what the folder's code means by now: its errors are those of any GET.
            _product_gone(world, guid, gallery, prefix, error)
    except shop_errors.TryLater as error:
        # Of a GET, or before anything was sent: what stands in the ledger stays right, and a look comes later.
        world.log.say("WARNING", f"not now: {error}", guid=guid, gallery=gallery)
        _again(world, guid, gallery, prefix, ended, error.at)
    except (shop_errors.NotAllowed, shop_errors.Refused) as error:
        # Of a GET: only a person can help. The files and what is wanted stay as they are.
        world.log.say("ERROR", str(error), guid=guid, gallery=gallery)
        refusal = str(error)
        after = world.ledgers.change(guid, gallery, lambda ledger: _paused_unless_flying(world, ledger, refusal))
        until = after.pause.until if after.pause is not None else world.clock.now() + world.timing.retry_longest
        _again(world, guid, gallery, prefix, ended, until)


def _is_new_to(ledger: Ledger, prefix: str) -> bool:
    """Whether a gallery that is busy does not know yet that this folder feeds it."""
    return (ledger.flight is not None or bool(ledger.intents)) and prefix not in ledger.prefixes


def _remember(world: ReconcileWorld, ledger: Ledger, prefix: str) -> None:
    """Write down that this folder feeds the gallery, as it does from now on, and is no longer refused."""
    now = world.clock.now()
    world.ledgers.change(
        ledger.guid,
        ledger.gallery,
        lambda held: (
            held
            if prefix in held.prefixes
            else replace(held, prefixes=(*held.prefixes, prefix), due_at=held.due_at or now)
        ),
    )
    refusals.clear(world.documents, refusals.folder(prefix, ledger.gallery))


def _again(
    world: ReconcileWorld, guid: str, gallery: Gallery, prefix: str | None, ended: str | None, at: float
) -> None:
    if ended is not None:
        # The look at the jobs enqueues this settling again, with its hint.
        world.queue.poll(at)
    elif prefix is not None:
        # It may be written down nowhere yet that this folder feeds the gallery.
        world.queue.folder(prefix, gallery, at)
    else:
        world.queue.gallery(guid, gallery, at)


def _paused_unless_flying(world: ReconcileWorld, ledger: Ledger, reason: str) -> Ledger:
    return ledger if ledger.flight is not None else paused(ledger, None, reason, world.clock.now(), world.timing)


def _feeding(world: ReconcileWorld, ledger: Ledger, prefix: str | None) -> tuple[str, ...]:
    """Give the folders that feed the ledger: this look's is added, one whose code means another product by now left out."""
    prefixes = dict.fromkeys((*ledger.prefixes, *((prefix,) if prefix is not None else ())))
    codes = _codes(world)
    return tuple(p for p in prefixes if p == prefix or _means(codes, p, ledger.guid))


def _means(codes: Codes, prefix: str, guid: str) -> bool:
    try:
        return codes.guid(prefix) == guid
    except shop_errors.Refused:
        return False


def _find_product(world: ReconcileWorld, prefix: str, gallery: Gallery) -> str | None:
    """Give the guid that a folder means; None where that is not to be had now: refused, or a later look is enqueued."""
    try:
        return _codes(world).guid(prefix)
    except shop_errors.Refused as error:
        _refuse_folder(world, prefix, gallery, error)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", prefix=prefix, gallery=gallery)
        world.queue.folder(prefix, gallery, error.at)
    except shop_errors.NotAllowed as error:
        world.log.say("ERROR", str(error), prefix=prefix, gallery=gallery)
        world.queue.folder(prefix, gallery, world.clock.now() + world.timing.retry_longest)
    return None


def _product_gone(
    world: ReconcileWorld, guid: str, gallery: Gallery, prefix: str | None, error: shop_errors.NotFound
) -> None:
    """Shoptet knows no such product: fail what is wanted, or refuse the folder if nothing of it was ever written down.

    A code may mean another product by now (facts.md, "Product images"): it is asked again at once.
    """
    if prefix is not None and _codes(world).changed(prefix, guid):
        world.queue.folder(prefix, gallery, world.clock.now())
        return
    held = world.ledgers.read(guid, gallery)
    if held.generation == 0:
        if prefix is not None:
            _refuse_folder(world, prefix, gallery, error)
        return
    reason = f"Shoptet knows no such product: {error}"
    after = world.ledgers.change(
        guid,
        gallery,
        lambda ledger: product_gone(ledger, reason=reason, now=world.clock.now(), request_id=error.request_id),
    )
    report(world.log, held.ledger, after)


def _refuse_folder(world: ReconcileWorld, prefix: str, gallery: Gallery, error: shop_errors.Refused) -> None:
    name = refusals.folder(prefix, gallery)
    kind = "guid" if names.is_guid(prefix) else "code"
    # Without the request's id, which is another one each time: the same refusal again is no news.
    advice = "create the product, or drop the files into another folder"
    reason = f"Shoptet knows no product with this {kind}: {advice} ({error.message})"
    if refusals.record(
        world.documents, RefusedDrop(name, "no-product", reason, world.clock.now(), prefix=prefix, gallery=gallery)
    ):
        world.log.say("ERROR", f"{names.shortened(name)} is refused: {reason}", request_id=error.request_id)


def _look_at_refused(world: ReconcileWorld, name: str) -> None:
    """Keep an object's refusal where a person finds it, as long as the object is there."""
    # Listings are in the order of names, so an object stands before all others whose names begin with its own.
    file = next(iter(world.drops.list(name)), None)
    verdict = names.parse(file.name, file.size) if file is not None and file.name == name else None
    if isinstance(verdict, names.Refusal):
        refusals.record(world.documents, RefusedDrop(name, verdict.code, verdict.reason, world.clock.now()))
    else:
        refusals.clear(world.documents, name)


def _codes(world: ReconcileWorld) -> Codes:
    return Codes(world.documents, world.shop, world.clock, world.timing)

"""Which product a folder means, and what becomes of a folder or gallery whose product Shoptet does not know."""

import msgspec

from gallery_sync.core import names, schedule
from gallery_sync.core.files import of_gallery
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.limits import is_too_many
from gallery_sync.core.settle import product_gone
from gallery_sync.core.shop_values import Gallery
from gallery_sync.ports import shop_errors
from gallery_sync.state import refusals
from gallery_sync.state.codes import Codes
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.report import report
from gallery_sync.work.world import ReconcileWorld

replace = msgspec.structs.replace


def find(world: ReconcileWorld, prefix: str, gallery: Gallery) -> str | None:
    """Give the guid that a folder means; None where that is not to be had now: refused, or a later task is enqueued.

    Of a folder without files Shoptet is asked nothing: there is nothing to bring. Raises StorageUnavailable, BadDocument,
    TasksError.
    """
    codes = _codes(world)
    if not codes.is_fresh(prefix) and not any(of_gallery(world.drops.list(f"{prefix}/"), gallery)):
        refusals.clear(world.documents, refusals.folder(prefix, gallery))
        return codes.last_known(prefix)
    try:
        return codes.guid(prefix)
    except shop_errors.Refused as error:
        _refuse_folder(world, prefix, gallery, error)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", prefix=prefix, gallery=gallery)
        world.queue.folder(prefix, gallery, error.at)
    except shop_errors.NotAllowed as error:
        world.log.say("ERROR", str(error), prefix=prefix, gallery=gallery)
        world.queue.folder(prefix, gallery, world.clock.now() + world.timing.retry_longest)
    return None


def feeding(world: ReconcileWorld, ledger: Ledger, prefix: str | None) -> tuple[str, ...]:
    """Give the folders that feed a ledger: this task's is added, one whose code means another product by now left out.

    Raises the client's TryLater and NotAllowed, BadDocument, StorageUnavailable.
    """
    prefixes = dict.fromkeys((*ledger.prefixes, *((prefix,) if prefix is not None else ())))
    codes = _codes(world)
    return tuple(p for p in prefixes if p == prefix or _means(codes, p, ledger.guid))


def remember(world: ReconcileWorld, ledger: Ledger, prefix: str) -> None:
    """Write down that this folder feeds the gallery, as it does from now on, and is no longer refused.

    Where others brought the last folder that is allowed meanwhile, nothing is: the next step refuses this one.
    """
    now = world.clock.now()
    after = world.ledgers.change(
        ledger.guid,
        ledger.gallery,
        lambda held: (
            held
            if prefix in held.prefixes or is_too_many(held, prefix)
            else replace(held, prefixes=(*held.prefixes, prefix), due_at=held.due_at or now)
        ),
    )
    if prefix in after.prefixes:
        refusals.clear(world.documents, refusals.folder(prefix, ledger.gallery))


def refuse_spelling(world: ReconcileWorld, ledger: Ledger, prefix: str) -> None:
    """Refuse a folder that means a product which has too many already. It is tried again, as others may go."""
    reason = (
        f"the product has {len(ledger.prefixes)} folders already, which is the most: "
        f"drop the files into {names.shortened(ledger.prefixes[0])}/"
    )
    _refuse(world, prefix, ledger.gallery, "too-many-folders", reason)


def gone(world: ReconcileWorld, guid: str, gallery: Gallery, prefix: str | None, error: shop_errors.NotFound) -> None:
    """Shoptet knows no such product: fail what is wanted, or refuse the folder if nothing of it was ever written down.

    A code may mean another product by now (docs/shoptet.md, "Product images"): it is asked again at once. Raises the errors of
    that GET, and StorageUnavailable, BadDocument, TasksError.
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


def look_at_refused(world: ReconcileWorld, name: str) -> None:
    """Keep an object's refusal where a person finds it, as long as the object is there. Raises StorageUnavailable."""
    # Listings are in the order of names, so an object stands before all others whose names begin with its own.
    file = next(iter(world.drops.list(name)), None)
    verdict = names.parse(file.name, file.size) if file is not None and file.name == name else None
    if isinstance(verdict, names.Refusal):
        refusals.record(world.documents, RefusedDrop(name, verdict.code, verdict.reason, world.clock.now()))
    else:
        refusals.clear(world.documents, name)


def _means(codes: Codes, prefix: str, guid: str) -> bool:
    try:
        return codes.still_means(prefix, guid)
    except shop_errors.Refused:
        # It refuses to tell: that says nothing of the code, either.
        return True


def _refuse_folder(world: ReconcileWorld, prefix: str, gallery: Gallery, error: shop_errors.Refused) -> None:
    kind = "guid" if names.is_guid(prefix) else "code"
    # Without the request's id, which is another one each time: the same refusal again is no news.
    advice = "create the product, or drop the files into another folder"
    reason = f"Shoptet knows no product with this {kind}: {advice} ({error.message})"
    _refuse(world, prefix, gallery, "no-product", reason, error.request_id)


def _refuse(
    world: ReconcileWorld, prefix: str, gallery: Gallery, code: str, reason: str, request_id: str | None = None
) -> None:
    name = refusals.folder(prefix, gallery)
    before = refusals.find(world.documents, name)
    tries = before.tries + 1 if before is not None else 1
    now = world.clock.now()
    again_at = now + schedule.next_question(tries, world.timing)
    refused = RefusedDrop(name, code, reason, now, prefix, gallery, tries, again_at)
    if refusals.record(world.documents, refused):
        world.log.say("ERROR", f"{names.shortened(name)} is refused: {reason}", request_id=request_id)


def _codes(world: ReconcileWorld) -> Codes:
    return Codes(world.documents, world.shop, world.clock, world.timing)

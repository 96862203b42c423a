"""Which product a folder means, and what becomes of a folder or gallery whose product Shoptet does not know."""

from contextlib import suppress
from dataclasses import dataclass

import msgspec

from gallery_sync.core import archive, folders, names, placing, schedule
from gallery_sync.core.files import of_gallery
from gallery_sync.core.ledger import Ledger, Moved
from gallery_sync.core.limits import is_too_many
from gallery_sync.core.near import nearest
from gallery_sync.core.settle import product_gone
from gallery_sync.core.shop_values import GALLERIES, Gallery, Product
from gallery_sync.core.table import Table
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import PreconditionFailed
from gallery_sync.state import refusals
from gallery_sync.state.codes import Codes
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.codes import codes_of
from gallery_sync.work.report import report
from gallery_sync.work.world import ReconcileWorld

replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Seen:
    """A product as Shoptet showed it, and the moment before it was asked for (epoch seconds)."""

    product: Product
    at: float


def ask(world: ReconcileWorld, guid: str) -> Seen:
    """Ask for a product. Raises the client's errors of a GET."""
    at = world.clock.now()
    return Seen(world.shop.product(guid), at)


@dataclass(frozen=True, slots=True)
class Feeding:
    """The folders that feed a gallery now, and those whose code does not mean its product any more."""

    prefixes: tuple[str, ...]
    moved: dict[str, Moved]


def find(world: ReconcileWorld, prefix: str, gallery: Gallery) -> str | None:
    """Give the guid that a folder means; None where that is not to be had now: refused, or a later task is enqueued.

    Of a folder without files Shoptet is asked nothing: there is nothing to bring. Raises StorageUnavailable, BadDocument,
    TasksError.
    """
    codes = codes_of(world)
    if not codes.is_fresh(prefix) and not any(of_gallery(world.drops.list(f"{prefix}/"), gallery)):
        refusals.clear(world.documents, refusals.folder(prefix, gallery))
        codes.forget_unknown(prefix)
        return codes.last_known(prefix)
    try:
        return codes.meaning(prefix)
    except shop_errors.Refused as error:
        _refuse_folder(world, prefix, gallery, error)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", prefix=prefix, gallery=gallery)
        world.queue.folder(prefix, gallery, error.at)
    except shop_errors.NotAllowed as error:
        world.log.say("ERROR", str(error), prefix=prefix, gallery=gallery)
        world.queue.folder(prefix, gallery, world.clock.now() + world.timing.retry_longest)
    return None


def feeding(world: ReconcileWorld, ledger: Ledger, prefix: str | None) -> Feeding:
    """Give the folders that feed a ledger: this task's is added, one whose code means another product by now left out.

    What a code means is Shoptet's answer of the last day. Raises the client's TryLater and NotAllowed, BadDocument,
    StorageUnavailable.
    """
    prefixes = dict.fromkeys((*ledger.prefixes, *((prefix,) if prefix is not None else ())))
    codes = codes_of(world)

    def meant(of: str) -> str | None:
        if of not in ledger.moved:
            # What this task's folder means was found out a moment ago.
            return ledger.guid if of == prefix else _meant(codes, of, ledger.guid)
        # Whether there is a product with that guid again is known when it is asked for.
        return None if names.is_guid(of) else _meant(codes, of, ledger.guid)

    return _sorted_out(world, ledger, {of: meant(of) for of in prefixes}, None)


def checked(world: ReconcileWorld, ledger: Ledger, product: Product) -> Feeding:
    """Give the folders that feed a ledger whose product was asked for a moment ago: right before something is sent.

    A code that is not among the product's is asked about alone, unless it is known to be nobody's: its folder is refused, and
    so it is asked about ever again. Raises as `feeding` does.
    """
    codes = codes_of(world)

    def meant(prefix: str) -> str | None:
        if folders.is_meant(product, prefix):
            return ledger.guid
        return None if prefix in ledger.moved else _meant(codes, prefix, ledger.guid, now=True)

    return _sorted_out(world, ledger, {prefix: meant(prefix) for prefix in ledger.prefixes}, product)


def _sorted_out(
    world: ReconcileWorld, ledger: Ledger, meant: dict[str, str | None], product: Product | None
) -> Feeding:
    """Tell folders that feed the ledger from those that moved. Whoever that is news to is enqueued."""
    moved = dict(ledger.moved)
    for prefix, guid in meant.items():
        before = moved.pop(prefix, None)
        if guid == ledger.guid:
            if before is not None:
                refusals.clear(world.documents, refusals.folder(prefix, ledger.gallery))
        elif before is not None and before.guid == guid:
            moved[prefix] = before
        else:
            moved[prefix] = _news(world, ledger, prefix, guid, product)
    return Feeding(tuple(p for p, guid in meant.items() if guid in (ledger.guid, None)), moved)


def _news(world: ReconcileWorld, ledger: Ledger, prefix: str, guid: str | None, product: Product | None) -> Moved:
    now = world.clock.now()
    here = product.name if product is not None else _name(world, ledger.guid)
    for gallery in GALLERIES:
        if gallery != ledger.gallery:
            # It has files of that folder, too, perhaps.
            world.queue.gallery(ledger.guid, gallery, now)
        if guid is not None:
            world.queue.folder(prefix, gallery, now)
    if guid is not None:
        return Moved(now, guid, _name(world, guid), here)
    reason = f"no product has this code any more: {_ADVICE}"
    _refuse(world, prefix, ledger.gallery, folders.NO_PRODUCT, reason)
    return Moved(now, here=here)


def _name(world: ReconcileWorld, guid: str) -> str | None:
    """Give a product's name, for people; None where there is no such product by now."""
    try:
        return world.shop.product(guid).name
    except shop_errors.Refused:
        return None


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
    """Shoptet knows no such product: fail what is wanted, and refuse the folder that the task was about.

    A code may mean another product by now (docs/shoptet.md, "Product images"): it is asked again at once. Raises the errors of
    that GET, and StorageUnavailable, BadDocument, TasksError.
    """
    held = world.ledgers.read(guid, gallery)
    is_new = held.generation == 0 or _is_untouched(held.ledger)
    folders_of = dict.fromkeys((*((prefix,) if prefix is not None else ()), *(held.ledger.prefixes if is_new else ())))
    for folder in folders_of:
        if codes_of(world).changed(folder, guid):
            world.queue.folder(folder, gallery, world.clock.now())
            if not is_new:
                return
        else:
            _refuse_folder(world, folder, gallery, error)
    if is_new:
        if held.generation:
            # Its files were prepared for a product that nobody had asked for yet. Whoever wrote meanwhile comes here again.
            with suppress(PreconditionFailed):
                world.ledgers.delete(held)
        return
    now, reason = world.clock.now(), f"Shoptet knows no such product: {error}"

    def failed(ledger: Ledger) -> Ledger:
        after = product_gone(ledger, reason=reason, now=now, request_id=error.request_id)
        # Its folder is asked about again, as any that is refused; if the product comes back, its files come along.
        return replace(after, moved={**after.moved, prefix: Moved(now)}) if prefix in after.prefixes else after

    report(world.log, held.ledger, world.ledgers.change(guid, gallery, failed))


def _is_untouched(ledger: Ledger) -> bool:
    """Whether nothing of a ledger ever got to Shoptet, and no caller asked for anything."""
    nothing_live = all(entry.live is None and entry.override is None for entry in ledger.entries.values())
    only_files = all(key.startswith(names.DROP_KEY) for key in ledger.entries)
    return nothing_live and only_files and not ledger.intents and not ledger.cleaned_at and ledger.flight is None


def look_at_refused(world: ReconcileWorld, name: str) -> None:
    """Keep an object's refusal where a person finds it, as long as the object is there. Raises StorageUnavailable."""
    # Listings are in the order of names, so an object stands before all others whose names begin with its own.
    if archive.read_name(name) is not None:
        # Whoever unpacks it says what becomes of it; once it is gone, what was left out of it was told for a day.
        if world.drops.find(name) is None:
            refusals.clear(world.documents, name)
        return
    file = next(iter(world.drops.list(name)), None)
    verdict = placing.meaning(file.name, file.size, world.placing) if file is not None and file.name == name else None
    if isinstance(verdict, (placing.Loose, Table)):
        # Whoever places or reads it says what becomes of it.
        return
    if isinstance(verdict, names.Refusal):
        refusals.record(world.documents, RefusedDrop(name, verdict.code, verdict.reason, world.clock.now()))
    else:
        refusals.clear(world.documents, name)


def _meant(codes: Codes, prefix: str, guid: str, *, now: bool = False) -> str | None:
    """Give the guid that a folder means; None where no product has its code, as far as Shoptet says."""
    try:
        return codes.meant(prefix, guid, now=now)
    except shop_errors.Refused:
        # It refuses to tell. That says nothing of the code, either; but nothing is sent on a doubt.
        return None if now else guid


def _refuse_folder(world: ReconcileWorld, prefix: str, gallery: Gallery, error: shop_errors.Refused) -> None:
    kind = "guid" if names.is_guid(prefix) else "code"
    # Without the request's id, which is another one each time: the same refusal again is no news.
    reason = f"Shoptet knows no product with this {kind}{_meant_perhaps(world, prefix)}: {_ADVICE} ({error.message})"
    if any(map(names.is_hidden, prefix)):
        reason = f"the folder's name holds a character that is not seen, {names.shortened(prefix)}: rename it; {reason}"
    _refuse(world, prefix, gallery, folders.NO_PRODUCT, reason, error.request_id)


def _meant_perhaps(world: ReconcileWorld, prefix: str) -> str:
    """Give the codes that a folder's name was meant to be, perhaps, as a question; nothing where none is alike."""
    product = names.decode_product(prefix)
    if isinstance(product, names.BadProduct) or names.is_guid(product):
        return ""
    found = nearest(product, codes_of(world).near(prefix))
    alike = [f"{names.shortened(row.code)} ({names.shortened(row.name)})" if row.name else row.code for row in found]
    return f"; is it {' or '.join(alike)}?" if alike else ""


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


_ADVICE = "create the product, or drop the files into another folder"

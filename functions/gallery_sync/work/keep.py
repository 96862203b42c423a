"""Keeps what a request is about to delete: a step of its own, before the request's call, which holds nothing else up.

what an image shows                        kept is
a file's content, as it was sent           its copy in the outbox, else the file's own generation
anything else                              what the shop's own site gives

What cannot be had is tried again for an hour. Then the request ends as failed, and nothing was deleted.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import msgspec

from gallery_sync.core import intents, kept
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.core.ledger import Intent, Ledger
from gallery_sync.core.operation import Outcome, Problem
from gallery_sync.core.pictures import NAME_KEY, owner
from gallery_sync.core.schedule import together
from gallery_sync.core.shop_facts import is_nowhere
from gallery_sync.core.shop_values import Image, Product
from gallery_sync.ports import shop_errors
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.ports.storage import PreconditionFailed
from gallery_sync.state import operations, removed
from gallery_sync.work.facts import known_facts, originals_at
from gallery_sync.work.report import refusal, report_outcome, where
from gallery_sync.work.world import FetchWorld

replace = msgspec.structs.replace

AGAIN: Final = 60.0
"""Seconds until what could not be kept is tried again."""


def keep(world: FetchWorld, ledger: Ledger, intent: Intent, until: float) -> None:
    """Keep what an intent would delete, picture by picture until `until` (epoch seconds); what is left is enqueued again.

    Raises StorageUnavailable, BadDocument, TasksError.
    """
    try:
        product = world.shop.product(ledger.guid)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", **where(ledger))
        world.queue.fetch(ledger.guid, ledger.gallery, error.at)
        return
    except shop_errors.Refused as error:
        _ended(world, ledger, intent, refusal(error))
        return
    except shop_errors.NotAllowed as error:
        world.log.say("ERROR", str(error), **where(ledger))
        _later(world, ledger, intent, {"the product": str(error)})
        return
    listing = product.images[ledger.gallery]
    names = kept.to_be_kept(ledger, intent, listing)
    try:
        is_late, missing = _keep(world, ledger, intent, product, names, until)
    except PreconditionFailed:
        # Another run keeps the same.
        is_late, missing = True, {}
    if missing and is_nowhere(known_facts(world), ledger.gallery):
        # Another hour tells nothing more.
        _ended(world, ledger, intent, kept.not_kept(_few(missing)))
    elif missing:
        _later(world, ledger, intent, missing)
    elif is_late:
        world.queue.fetch(ledger.guid, ledger.gallery, world.clock.now())
    else:
        _done(world, ledger, intent, names)


def _later(world: FetchWorld, ledger: Ledger, intent: Intent, missing: Mapping[str, str]) -> None:
    """Try again what could not be kept; after an hour, end the request: nothing is deleted."""
    now = world.clock.now()
    if now <= intent.at + kept.KEPT_WITHIN:
        world.queue.fetch(ledger.guid, ledger.gallery, together(now, AGAIN))
        return
    _ended(world, ledger, intent, kept.not_kept(_few(missing)))


def _few(missing: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({why})" for name, why in list(missing.items())[:3])


def _keep(
    world: FetchWorld, ledger: Ledger, intent: Intent, product: Product, names: tuple[str, ...], until: float
) -> tuple[bool, dict[str, str]]:
    """Keep what is not kept yet: whether time was too short, and why which images could not be had."""
    operation, piece = intents.piece(intent)
    before, generation = removed.read(world.documents, operation, piece)
    held = before or _nothing_yet(world, ledger, intent, product)
    rows = {row.name: row for row in held.images}
    listing = product.images[ledger.gallery]
    listed = {image.name: image for image in listing}
    numbered = kept.are_mixed(ledger, listing) or kept.is_moved(ledger, listing, known_facts(world))
    missing: dict[str, str] = {}
    is_late = False
    # Asked once, and only if it is needed.
    address = cache(lambda: originals_at(world, ledger.guid, ledger.gallery))
    for name in names:
        image = listed.get(name)
        if name in rows and kept.are_kept(ledger, (name,), (image,) if image is not None else (), (rows[name],)):
            continue
        if world.clock.now() > until:
            is_late = True
            break
        try:
            rows[name] = _image(world, ledger, intent, product, name, image, address, numbered=numbered)
        except NoOriginal as error:
            if image is not None:
                missing[name] = str(error)
            # Else it is not there: a person deleted it.
    order = {image.name: at for at, image in enumerate(listing)}
    now_held = replace(held, images=tuple(sorted(rows.values(), key=lambda row: order.get(row.name, len(order)))))
    if now_held != before:
        removed.write(world.documents, now_held, generation)
    return is_late, missing


def _nothing_yet(world: FetchWorld, ledger: Ledger, intent: Intent, product: Product) -> Kept:
    operation, piece = intents.piece(intent)
    asked = operations.find(world.documents, operation)
    caller = asked.caller if asked is not None else ""
    return Kept(operation, piece, ledger.guid, ledger.gallery, intent.at, product.name, caller)


def _image(
    world: FetchWorld,
    ledger: Ledger,
    intent: Intent,
    product: Product,
    name: str,
    image: Image | None,
    address: Callable[[], str | None],
    *,
    numbered: bool,
) -> KeptImage:
    """Keep one image. Raises NoOriginal where its picture is not to be had."""
    operation, piece = intents.piece(intent)
    key = owner(ledger, name)
    # An image that is not ours, and that somebody replaced by its name, is still not ours.
    key = key if key is not None and not key.startswith(NAME_KEY) else None
    live = ledger.entries[key].live if key is not None else None
    times = image.change_time if image is not None else None
    path = kept.picture_path(operation, piece, name, times, live.checksum if live is not None else "")
    contents = kept.sent_for(key, ledger.entries[key]) if key is not None else ()
    is_kept = live is not None and bool(live.made) and world.removed.keep_copy(live.made, path)
    if not is_kept and not any(world.removed.keep(content, path) for content in contents):
        where_they_are = address()
        if where_they_are is None:
            raise NoOriginal("Shoptet could not be asked where its picture is")
        world.removed.put(path, world.original(where_they_are, name))
    entry = ledger.entries[key] if key is not None else None
    return kept.row_of(entry, key, name, image, product, path, numbered=numbered)


def _done(world: FetchWorld, ledger: Ledger, intent: Intent, names: tuple[str, ...]) -> None:
    """Let the request be run: what it would delete is kept."""

    def decide(held: Ledger) -> Ledger:
        return replace(
            held,
            intents=tuple(
                replace(one, keep="done", before=names) if one.id == intent.id else one for one in held.intents
            ),
        )

    world.ledgers.change(ledger.guid, ledger.gallery, decide)
    world.queue.gallery(ledger.guid, ledger.gallery, world.clock.now())


def _ended(world: FetchWorld, ledger: Ledger, intent: Intent, problem: Problem) -> None:
    """End a request whose images could not be kept: nothing is deleted."""
    came = Outcome(world.clock.now(), problem=problem)
    outcome = operations.conclude(world.documents, *intents.piece(intent), came)
    report_outcome(world.log, intent.kind, outcome, **where(ledger))
    # Whoever finds the outcome written ends the request, also where a flight is under way now.
    _done(world, ledger, intent, ())

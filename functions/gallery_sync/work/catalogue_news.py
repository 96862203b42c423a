"""What the catalogue's news mean for galleries and folders: whom it concerns is enqueued, and nobody else costs a call.

a folder was refused, and a product has its code by now    its folder is looked at
a product changed in the shop, and it was not our doing     its galleries are compared with Shoptet
a gallery is not as its last look saw it                    it is compared with Shoptet (once a day, by fingerprints)
"""

from collections.abc import Iterable, Sequence
from typing import Final

from gallery_sync.core import ledger_document, names
from gallery_sync.core.catalogue import Listed, fingerprint, product_shards
from gallery_sync.core.schedule import HOUR
from gallery_sync.core.shop_times import epoch
from gallery_sync.core.shop_values import Change, Gallery
from gallery_sync.core.spellings import code_key
from gallery_sync.ports import shop_errors, storage
from gallery_sync.state import ledgers, paused, refusals
from gallery_sync.state.catalogue import Catalogue
from gallery_sync.work import audit_shop
from gallery_sync.work.world import CatalogueWorld

MOST: Final = 20
"""Calls at Shoptet for the changes of ten minutes: what is left over, the next snapshot shows."""
MOST_LOOKED_UP: Final = 200
"""Changed products whose ledgers are looked up one by one; a change of all prices is nothing about pictures."""
MOST_COMPARED: Final = 2_000
"""Comparisons that one catalogue brings: where all differ (a shop moved, say), each day takes as many more."""
SPREAD: Final = 2 * HOUR
"""Seconds over which they are spread, so that drops and callers are not held up by a day's news."""

Refused = dict[str, list[Gallery]]
"""The refused folders, and of which galleries."""


def refused_folders(world: CatalogueWorld) -> Refused:
    """Give the folders whose product Shoptet did not know. Raises StorageUnavailable."""
    found: Refused = {}
    for listed in world.documents.list(refusals.PREFIX):
        prefix, gallery = listed.metadata.get("prefix"), refusals.gallery_of(listed)
        if (
            prefix is not None
            and gallery is not None
            and not isinstance(names.decode_product(prefix), names.BadProduct)
        ):
            found.setdefault(prefix, []).append(gallery)
    return found


def enqueue_found(world: CatalogueWorld, catalogue: Catalogue) -> int:
    """Have the refused folders looked at whose product stands in a new catalogue, and give how many. Raises BadDocument."""
    refused = refused_folders(world)
    found = [prefix for prefix in refused if _is_listed(catalogue, prefix)]
    return _enqueue(world, refused, found)


def _is_listed(catalogue: Catalogue, prefix: str) -> bool:
    product = names.decode_product(prefix)
    if isinstance(product, names.BadProduct):
        return False
    return (catalogue.product(product) if names.is_guid(product) else catalogue.code(product)) is not None


def look_at_changes(world: CatalogueWorld, changes: Sequence[Change]) -> None:
    """See to what these changes concern. Raises the client's TryLater and NotAllowed, StorageUnavailable, TasksError."""
    edited = [change.guid.lower() for change in changes if change.change_type != "delete"]
    if edited and (refused := refused_folders(world)):
        _enqueue_appeared(world, refused, edited)
    if len(changes) <= MOST_LOOKED_UP and not paused.is_paused(world.documents):
        _enqueue_changed(world, changes)


def _enqueue_appeared(world: CatalogueWorld, refused: Refused, edited: Sequence[str]) -> None:
    """Ask for the products that changed, or for the refused folders, whichever are fewer, and enough few."""
    if len(edited) <= min(len(refused), MOST):
        codes = {code for guid in edited for code in _codes(world, guid)}
        _enqueue(world, refused, [prefix for prefix in refused if _meaning(prefix) in codes])
    elif len(refused) <= MOST:
        _enqueue(world, refused, refused)


def _codes(world: CatalogueWorld, guid: str) -> Iterable[str]:
    try:
        product = world.shop.product(guid)
    except shop_errors.Refused:
        # It went meanwhile.
        return ()
    return (guid, *map(code_key, product.codes))


def _meaning(prefix: str) -> str:
    product = names.decode_product(prefix)
    return "" if isinstance(product, names.BadProduct) else code_key(product)


def _enqueue(world: CatalogueWorld, refused: Refused, prefixes: Iterable[str]) -> int:
    chosen = [(prefix, gallery) for prefix in prefixes for gallery in refused[prefix]]
    for prefix, gallery in chosen:
        world.queue.folder(prefix, gallery, world.clock.now())
    return len(chosen)


def _enqueue_changed(world: CatalogueWorld, changes: Sequence[Change]) -> None:
    """Have galleries compared whose product changed, and not by our own doing: a look comes right after that."""
    now, left = world.clock.now(), MOST
    for change in changes:
        at = epoch(change.change_time) or now
        for listed in world.documents.list(f"{ledger_document.PREFIX}{change.guid.lower()}/"):
            place = ledger_document.parse_path(listed.path)
            # What is under way ends with a look at the gallery.
            if place is not None and left and not _is_ours(listed, at) and listed.metadata.get("flight", "0") == "0":
                world.queue.audit(*place, at=now)
                left -= 1


def _is_ours(listed: storage.Listed, at: float) -> bool:
    """Whether a look at the gallery came after a change (epoch seconds), from its ledger's listing: ours end with one.

    That its ledger was written tells nothing: others write there, who look at no gallery.
    """
    seen = ledgers.listed_seen(listed)
    return seen is not None and at <= seen.at


def compare(world: CatalogueWorld, catalogue: Catalogue) -> int:
    """Have galleries compared with Shoptet that are not as their last look saw them, and give how many of them there are.

    A gallery that was looked at after the catalogue was asked for knows better. Each has its own moment after that, so who
    does this again enqueues the same. Raises BadDocument, StorageUnavailable, TasksError.
    """
    differing, chosen, head = 0, list[tuple[str, Gallery]](), catalogue.head
    for shard in product_shards(head.digits):
        listed = {one.guid: one for one in catalogue.products_of(shard)}
        for one in world.documents.list(f"{ledger_document.PREFIX}{shard}"):
            place = ledger_document.parse_path(one.path)
            if place is not None and _differs(one, listed.get(place[0]), place[1], head.asked_at):
                differing += 1
                chosen += [place] if len(chosen) < MOST_COMPARED else []

    def enqueue(place: tuple[str, Gallery]) -> int:
        world.queue.audit(*place, at=audit_shop.moment(*place, head.asked_at, SPREAD))
        return 1

    sum(world.spread(enqueue, chosen))
    return differing


def _differs(one: storage.Listed, product: Listed | None, gallery: Gallery, asked_at: float) -> bool:
    """Whether a snapshot shows a gallery otherwise than its last look did; one that was never looked at has its turn some day."""
    seen = ledgers.listed_seen(one)
    if seen is None or seen.at >= asked_at:
        return False
    shown = product.prints.get(gallery) if product is not None else None
    return (shown or fingerprint(())) != seen.fingerprint

"""When nothing may be sent to the shop: all of it is paused, or a trial is for other products (`ONLY_PRODUCTS`).

What flies is finished, as that only reads. Whatever else is open is written down as due, and left to sweep, which leaves
it alone until it may go on.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.limits import is_too_many
from gallery_sync.core.shop_values import Gallery
from gallery_sync.log import Log
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import Documents
from gallery_sync.state import paused, refusals
from gallery_sync.state.codes import known_guid
from gallery_sync.work.codes import codes_of
from gallery_sync.work.world import RequestWorld

replace = msgspec.structs.replace

PAUSED: Final = "gallery-sync is paused: gallery-sync resume"
LEFT_OUT: Final = "the product is not in ONLY_PRODUCTS"


def standstill(world: RequestWorld, guid: str) -> str | None:
    """Give why nothing may be sent for this product now; None where it may. Raises StorageUnavailable, BadDocument."""
    if paused.is_paused(world.documents):
        return PAUSED
    if world.only_products and guid not in {_guid(world, product) for product in world.only_products}:
        return LEFT_OUT
    return None


def known(documents: Documents, products: Iterable[str], log: Log) -> set[str]:
    """Give the guids of products that are named by guid or code, as far as they are known without asking Shoptet.

    A document that cannot be read is told in the log, and left out. Raises StorageUnavailable.
    """
    found = set()
    for product in products:
        try:
            guid = known_guid(documents, product)
        except BadDocument as error:
            log.say("ERROR", str(error))
            continue
        found |= {guid} if guid is not None else set()
    return found


def wait(world: RequestWorld, guid: str, gallery: Gallery, prefix: str | None, reason: str) -> bool:
    """Write down that the gallery is due, and which folder feeds it; told once, until it has been reconciled.

    False where others brought the last folder that is allowed meanwhile: this one is still to be refused.
    """
    now = world.clock.now()
    before = world.ledgers.read(guid, gallery).ledger
    after = world.ledgers.change(
        guid,
        gallery,
        lambda held: replace(
            held,
            prefixes=(
                held.prefixes
                if prefix is None or prefix in held.prefixes or is_too_many(held, prefix)
                else (*held.prefixes, prefix)
            ),
            # What it was to be looked at for later must not keep it waiting when the shop goes on.
            due_at=min(held.due_at, now) or now,
        ),
    )
    if prefix is not None and prefix not in before.prefixes and prefix in after.prefixes:
        refusals.clear(world.documents, refusals.folder(prefix, gallery))
    if not 0 < before.due_at <= now:
        world.log.say("INFO", f"waits: {reason}", guid=guid, gallery=gallery)
    return prefix is None or prefix in after.prefixes


def _guid(world: RequestWorld, product: str) -> str | None:
    """Give a product's guid; what Shoptet cannot tell now is what it told last."""
    try:
        return codes_of(world).guid_of(product)
    except shop_errors.Refused as error:
        world.log.say("ERROR", f"ONLY_PRODUCTS names {product!r}, which Shoptet does not know: correct it ({error})")
        return None
    except (shop_errors.TryLater, shop_errors.NotAllowed) as error:
        world.log.say("WARNING", f"not now: {error}")
        return known_guid(world.documents, product)

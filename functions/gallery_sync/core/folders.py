"""Folders whose code does not mean their product any more: what of them stays, and what may go. Pure.

A code may be given to another product at any time (docs/shoptet.md, "Product images"), so right before anything is sent,
the product itself is asked which codes mean it.

the folder's code means       what follows
this product                  its files feed the gallery
another product               its files feed that one; the images that it brought here are *left behind*
no product                    its images stay, as the code may have been renamed; what is still to be sent fails visibly

What is left behind stays until a person releases it, or, where images go with their files, until the same file is live on the
right product. It is no loss, so the brake does not hold it.
"""

from collections.abc import Iterable

import msgspec

from gallery_sync.core import names
from gallery_sync.core.ledger import (
    Entry,
    Failure,
    Ledger,
    Moved,
    file_of,
    is_abandoned,
    is_shown,
    is_waiting,
    with_entries,
)
from gallery_sync.core.names import DROP_KEY
from gallery_sync.core.shop_values import Product
from gallery_sync.core.spellings import code_key, picture

replace = msgspec.structs.replace

NO_PRODUCT = "no-product"
"""The code of a failure that ends when Shoptet knows the product, or the folder's code, again."""


def is_meant(product: Product, prefix: str) -> bool:
    """Whether a folder's name is the product's guid or one of its codes, in any case (docs/shoptet.md, "Unknowns", U18)."""
    named = names.decode_product(prefix)
    if isinstance(named, names.BadProduct):
        return False
    if names.is_guid(named):
        return named.lower() == product.guid
    return code_key(named) in {code_key(code) for code in product.codes}


def left_behind(ledger: Ledger) -> dict[str, Moved]:
    """Give the keys whose images are still shown here, although their folder's code means another product by now."""
    elsewhere = {prefix: moved for prefix, moved in ledger.moved.items() if moved.guid is not None}
    return {
        key: moved
        for key, entry in ledger.entries.items()
        if entry.failure is None and is_abandoned(entry) and (moved := _of(key, entry, elsewhere)) is not None
    }


def may_go(keys: Iterable[str], there: Ledger) -> list[str]:
    """Give those of the keys whose files are live, as they are now, on the product that their code means."""
    return [key for key, entry in _found(there, keys).items() if is_shown(entry) and not _is_open(entry)]


def are_coming(keys: Iterable[str], there: Ledger) -> bool:
    """Whether one of the keys is still to get live on the product that its code means."""
    return any(is_waiting(entry) for entry in _found(there, keys).values())


def _found(there: Ledger, keys: Iterable[str]) -> dict[str, Entry]:
    """Find the pictures that keys' files are in another gallery, under the keys that they have there."""
    known = {picture(there, key.removeprefix(DROP_KEY)): key for key in there.entries if key.startswith(DROP_KEY)}
    spelled = {key: known.get(picture(there, key.removeprefix(DROP_KEY)), "") for key in keys}
    return {key: there.entries.get(key) or there.entries.get(other, Entry()) for key, other in spelled.items()}


def released(ledger: Ledger, keys: Iterable[str], now: float) -> Ledger:
    """Give the ledger in which those of the keys that are left behind may go."""
    behind = left_behind(ledger)
    new = [key for key in keys if key in behind and key not in ledger.released]
    return replace(ledger, released=(*ledger.released, *new), due_at=ledger.due_at or now) if new else ledger


def told(ledger: Ledger, reason: str, now: float) -> Ledger:
    """Give the ledger in which what is still to be sent has failed where no product has its folder's code."""
    unknown = {prefix: moved for prefix, moved in ledger.moved.items() if moved.guid is None}
    changed = {
        key: replace(entry, failure=Failure(NO_PRODUCT, reason, now))
        for key, entry in ledger.entries.items()
        if is_waiting(entry) and _of(key, entry, unknown) is not None
    }
    return with_entries(ledger, changed) if changed else ledger


def known_again(ledger: Ledger) -> Ledger:
    """Give the ledger of a product that Shoptet knows: what failed for want of it is wanted anew."""
    changed = {
        key: replace(entry, failure=None, attempts=0, not_before=0.0)
        for key, entry in ledger.entries.items()
        if entry.failure is not None and entry.failure.code == NO_PRODUCT and _of(key, entry, ledger.moved) is None
    }
    return with_entries(ledger, changed) if changed else ledger


def tidied(ledger: Ledger) -> Ledger:
    """Give the ledger without the moved folders that nothing is left of here."""
    shown = [file_of(key, entry) for key, entry in ledger.entries.items() if is_shown(entry)]
    kept = {
        prefix: moved
        for prefix, moved in ledger.moved.items()
        if (prefix in ledger.prefixes if moved.guid is None else any(_is_in(file, prefix) for file in shown))
    }
    return replace(ledger, moved=kept) if kept != ledger.moved else ledger


def _is_open(entry: Entry) -> bool:
    return entry.failure is not None or is_waiting(entry)


def _of(key: str, entry: Entry, moved: dict[str, Moved]) -> Moved | None:
    return next((one for prefix, one in moved.items() if _is_in(file_of(key, entry), prefix)), None)


def _is_in(file: str, prefix: str) -> bool:
    return file.startswith(f"{prefix}/")

"""What of a gallery waits for a person, and what that person can do about it. Pure."""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from gallery_sync.core import folders
from gallery_sync.core.ledger import Entry, Ledger, wanting, with_entries

replace = msgspec.structs.replace

AGAIN: Final = frozenset({"gave-up", "refused", "no-product", "delete-refused"})
"""Failures after which it may be tried again as it is. Not so where the image may be there under a name that nobody can explain:
it would come twice (`ledger.MAY_BE_THERE`)."""


def may_try_again(entry: Entry) -> bool:
    """Whether a failed key may be tried again as it is."""
    return entry.failure is not None and entry.failure.code in AGAIN


def tried_again(ledger: Ledger, keys: Collection[str], now: float) -> Ledger:
    """Give the ledger in which these keys are tried again, as if their files had just been dropped; others stay as they are."""
    changed: Mapping[str, Entry] = {
        key: wanting(entry, entry.wanted, override=entry.override)
        for key, entry in ledger.entries.items()
        if key in keys and may_try_again(entry)
    }
    return replace(with_entries(ledger, changed), due_at=ledger.due_at or now) if changed else ledger


def left_behind(ledger: Ledger) -> list[str]:
    """Name the keys of images on a product that lost its code, which go only if a person says so."""
    return sorted(key for key in folders.left_behind(ledger) if key not in ledger.released)

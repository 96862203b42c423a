"""How much one gallery may hold: checked when something is accepted, so that no reconcile ever has too much before it. Pure."""

from typing import Final

import msgspec

from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Ledger

MAX_KEYS: Final = 2_000
"""Keys of a gallery. Shoptet states no most; every reconcile reads, plans and writes them all."""
MAX_LEDGER_BYTES: Final = 4_000_000
"""Of a ledger as it is written. Eight requests at a time in a function with 512 MiB hold eight, decoded and encoded."""
MAX_INTENTS: Final = 200
"""Cleanups, deletions and changes of attributes that wait for one gallery at a time."""


MAX_FOLDERS: Final = 20
"""Folders that feed one gallery: its guid, its code, its variants' codes, as people write them. Each is listed each time."""


class Full(Exception):
    """A gallery cannot take more; the message has the numbers. `status`: 409, or 429 where waiting helps."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def check_growth(before: Ledger, after: Ledger) -> Ledger:
    """Give `after`, or raise Full where it is larger than allowed, and larger than before: what is there may always shrink."""
    if len(before.entries) < len(after.entries) > MAX_KEYS:
        raise Full(
            409,
            "gallery-full",
            f"the gallery has {len(before.entries)} pictures by key, and would have {len(after.entries)}: "
            f"{MAX_KEYS} is the most; delete some first",
        )
    if len(before.intents) < len(after.intents) > MAX_INTENTS:
        raise Full(
            429,
            "too-many-waiting",
            f"{len(before.intents)} requests wait for this gallery already, {MAX_INTENTS} is the most: send it again later",
        )
    size = _bytes(after)
    if size > MAX_LEDGER_BYTES and size > _bytes(before):
        raise Full(
            409,
            "gallery-full",
            f"what is known of the gallery would take {size} bytes, {MAX_LEDGER_BYTES} is the most: "
            "delete pictures, or give them shorter descriptions",
        )
    return after


def _bytes(ledger: Ledger) -> int:
    """Give the size of what a ledger holds; cleanups and deletions, which make it smaller, are small and always get in."""
    growing = tuple(intent for intent in ledger.intents if intent.kind == "attributes")
    return len(ledger_document.encode(msgspec.structs.replace(ledger, intents=growing)))


def is_too_many(ledger: Ledger, prefix: str) -> bool:
    """Whether as many folders as are allowed feed the gallery already, without this one."""
    return prefix not in ledger.prefixes and len(ledger.prefixes) >= MAX_FOLDERS

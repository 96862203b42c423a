"""What a ledger need not remember any more. Pure.

What ended is remembered until all that could still refer to it has ended: a caller's request for 30 days. What a file of
the bucket may still bring back is remembered as long as the file is there.
"""

from collections.abc import Iterable

import msgspec

from gallery_sync.core.ledger import Entry, Ledger, asked_at, needs_content
from gallery_sync.core.schedule import FORGET_AFTER, HOUR

DROP = "drop:"


def ended(ledger: Ledger, now: float) -> list[str]:
    """Name the keys that say nothing any more: not shown, not wanted, and older than whatever refers to them.

    For a dropped file's key that is true only if the file is not there, which the caller has to see to.
    """
    return [key for key, entry in ledger.entries.items() if _has_ended(entry, now)]


def without(ledger: Ledger, keys: Iterable[str]) -> Ledger:
    """Give the ledger without these keys."""
    left = set(keys)
    kept = {key: entry for key, entry in ledger.entries.items() if key not in left}
    return msgspec.structs.replace(ledger, entries=kept)


def remembers_nothing(ledger: Ledger, now: float) -> bool:
    """Whether a ledger says nothing that an absent one would not: it has no keys and no folders, and nothing is open.

    A cleanup that is as old as that holds back no file (a folder with files feeds the gallery) and no request. What went
    within the hour counts for the brake.
    """
    counts = ledger.lost is not None and now < ledger.lost.since + HOUR
    paused = ledger.pause is not None and now < ledger.pause.until
    is_open = ledger.flight is not None or ledger.intents or ledger.due_at or paused or ledger.hold is not None
    return not (ledger.entries or ledger.prefixes or is_open or counts) and now > ledger.cleaned_at + FORGET_AFTER


def _has_ended(entry: Entry, now: float) -> bool:
    wanted, live = entry.wanted, entry.live
    if wanted is not None and (not wanted.content.url or entry.override is not None):
        # A file wants it.
        return False
    if live is not None and not live.gone:
        return False
    if entry.failure is None and needs_content(entry):
        return False
    asked = asked_at(wanted.content) if wanted is not None else 0.0
    seen = live.seen if live is not None else 0.0
    failed = entry.failure.at if entry.failure is not None else 0.0
    return now > max(asked, seen, failed) + FORGET_AFTER

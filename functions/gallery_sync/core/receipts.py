"""What the shop was seen to show for what was sent: the receipt of each image. Pure.

The gallery's listing tells that an image is there; whether it shows the picture that was sent, only the picture itself does.
What differs is sent once more, unless a person replaced it in the shop meanwhile; what differs then is for a person.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from gallery_sync.core.checksums import is_same
from gallery_sync.core.ledger import Entry, Failure, Ledger, Live, Receipt, Sighting, is_shown, with_entries
from gallery_sync.core.shop_times import epoch
from gallery_sync.core.shop_values import Image

replace = msgspec.structs.replace

MOST_TRIES: Final = 3
"""How often a picture is fetched that cannot be had, or compared."""
DIFFERENT: Final = (
    "the shop shows another picture than the one that was sent, also after it was sent again: look at the image {name} in the "
    "shop's administration. If it is right there, nothing is to be done; else delete it there, and drop the file again"
)


def due(ledger: Ledger) -> list[str]:
    """Name the keys whose image has still to be looked at: it shows what is wanted, and we have the bytes that were sent."""
    return [key for key, entry in ledger.entries.items() if _is_due(entry)]


def _is_due(entry: Entry) -> bool:
    live, wanted = entry.live, entry.wanted
    if live is None or wanted is None or not is_shown(entry) or live.adopted or entry.failure is not None:
        return False
    if wanted.content.url or not is_same(wanted.content.checksum, live.checksum):
        return False
    return live.receipt is None or (live.receipt.saw == "nothing" and live.receipt.tries < MOST_TRIES)


def noted(ledger: Ledger, seen: Mapping[str, Sighting], before: Ledger, now: float) -> Ledger:
    """Give the ledger with what was seen of these keys' images, as far as they still are what `before` says of them."""
    changed = {
        key: _noted(ledger.entries[key], one, now)
        for key, one in seen.items()
        if key in ledger.entries and _shows(ledger.entries[key]) == _shows(before.entries[key])
    }
    return with_entries(ledger, changed)


def _shows(entry: Entry) -> tuple[str, str, Receipt | None] | None:
    """What tells one landing of a key, and one look at it, from another."""
    live = entry.live
    return (live.name, live.checksum, live.receipt) if live is not None else None


def _noted(entry: Entry, seen: Sighting, now: float) -> Entry:
    if entry.live is None:
        return entry
    before = entry.live.receipt or Receipt()
    receipt = replace(
        before,
        saw=seen.saw,
        at=now,
        why=seen.why,
        sent=seen.sent or before.sent,
        shown=seen.shown,
        tries=before.tries + (seen.saw == "nothing"),
        times_different=before.times_different + (seen.saw == "different"),
        before=before.before if seen.saw in ("nothing", "different") else "",
    )
    live = replace(entry.live, receipt=receipt)
    if receipt.saw == "different" and (receipt.times_different > 1 or live.change_time is None):
        # Without a time of its last change nobody knows whether a person replaced it: people win.
        return replace(entry, live=live, failure=Failure("different", DIFFERENT.format(name=live.name), now))
    return replace(entry, live=live)


def replaced_by_people(live: Live, image: Image) -> Live:
    """Give what is live as a listing shows it: what differs and was changed since we last did is a person's picture."""
    if live.receipt is None or live.receipt.saw != "different":
        return live
    ours, its = epoch(live.change_time), epoch(image.change_time)
    if its is None or (ours is not None and its <= ours):
        return live
    return replace(live, receipt=replace(live.receipt, saw="replaced"))


def landed(before: Live, checksum: str) -> Receipt | None:
    """Give the receipt of an image that a flight has just brought: what is to be known of it before the first look.

    `checksum` is that of the content that flew; empty where only attributes did.
    """
    receipt = before.receipt
    if not checksum or receipt is None:
        return receipt
    if is_same(checksum, before.checksum):
        return Receipt(times_different=receipt.times_different, before=receipt.before)
    return Receipt(before=receipt.shown.sha256) if receipt.shown is not None else None

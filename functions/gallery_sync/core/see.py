"""What is shown: the gallery's listing, into the ledger. Pure."""

import math
from collections.abc import Mapping, Sequence

import msgspec

from gallery_sync.core.checksums import is_same
from gallery_sync.core.ledger import Entry, Ledger, is_shown, with_entries
from gallery_sync.core.pictures import by_name_checked
from gallery_sync.core.receipts import replaced_by_people
from gallery_sync.core.shop_values import Image

replace = msgspec.structs.replace


def see(ledger: Ledger, listing: Sequence[Image], since: float = math.inf) -> Ledger:
    """Give the ledger with what the gallery no longer shows marked as gone: a person deleted it in the shop.

    What landed after `since` (epoch seconds) is not taken for gone: a listing may lag behind the one that showed it.
    """
    shown = {image.name: image for image in listing}
    seen = {key: _seen(entry, shown, since) for key, entry in ledger.entries.items()}
    return with_entries(ledger, {key: by_name_checked(key, entry) for key, entry in seen.items()})


def is_dropped_again(ledger: Ledger) -> bool:
    """Whether a file was dropped again with the content that is shown: only the gallery tells whether it still is.

    A person may have deleted the image in the shop, and dropping its file again is how one asks for it back.
    """
    return any(
        entry.wanted is not None
        and is_shown(entry)
        and entry.live is not None
        and is_same(entry.wanted.content.checksum, entry.live.checksum)
        and entry.wanted.content.generation != entry.live.generation
        for entry in ledger.entries.values()
        if entry.failure is None
    )


def _seen(entry: Entry, shown: Mapping[str, Image], since: float) -> Entry:
    live, wanted = entry.live, entry.wanted
    if live is None or live.state == "deleted":
        return entry
    if live.name not in shown:
        # What was tried at an image that is no longer there is not tried again.
        return (
            entry
            if live.gone or live.seen > since
            else replace(entry, live=replace(live, state="gone"), attempts=0, not_before=0.0)
        )
    same_again = wanted is not None and is_same(wanted.content.checksum, live.checksum)
    # The same content dropped again counts as shown: if a person deletes the image after this, it stays gone.
    generation = wanted.content.generation if wanted is not None and same_again else live.generation
    state = "shown" if live.gone else live.state
    live = replaced_by_people(live, shown[live.name])
    return replace(entry, live=replace(live, generation=generation, state=state))

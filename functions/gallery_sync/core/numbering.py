"""Which number each key of a gallery is ordered by, and which one is sent for it. Pure.

They are the same in a shop that keeps what it is sent. Whether Shoptet renumbers is not documented (docs/shoptet.md, "Product
images"). If it does, a new image lands behind all others: its number was chosen among those that were sent before, and they
are shown under lower ones. It is left there until it is known by its name, as its number is what tells which it is; then it
is moved, by a number between those that its neighbours are shown with.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import msgspec

from gallery_sync.core import name_order, order
from gallery_sync.core.ledger import ORDER_RULE, Entry, Ledger, Live, is_shown, is_waiting, with_entries
from gallery_sync.core.shop_values import Image

replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Number:
    """A key's number: `place` orders it among our keys, `sent` is what Shoptet is to be told for it; `own`: it was asked for."""

    place: int
    sent: int
    own: bool = False

    def is_of(self, live: Live) -> bool:
        """Whether an image that is shown was last sent this number, or one that stands for its place."""
        return self.place == (live.priority if self.own else place_of(live))


def number(ledger: Ledger, listing: Sequence[Image]) -> dict[str, Number]:
    """Give the number of each key: an explicit one as it is, the others in the order of their names.

    A key that failed keeps its place among the others as long as the gallery shows it. An image that was named is ordered
    only if a number was given for it.
    """
    explicit = {
        key: entry.wanted.priority
        for key, entry in ledger.entries.items()
        if _counts(entry) and entry.wanted is not None and entry.wanted.priority is not None
    }
    taken = _foreign_priorities(ledger, listing) | set(explicit.values())
    in_order, current = _automatic(ledger)
    places = order.assign(in_order, current, taken, _others(ledger, listing))
    strays = {key for key in current if _is_astray(ledger.entries[key])}
    if keeps_numbers(ledger, listing) is False:
        # A new place means something among the numbers that the shop has given, and nothing among those that we sent.
        strays |= {key for key in current if places[key] != current[key]}
    sent = _between(in_order, places, _shown(ledger, listing), strays, taken) if strays else places
    return {
        **{key: Number(priority, priority, own=True) for key, priority in explicit.items()},
        **{key: Number(place, sent[key]) for key, place in places.items()},
    }


def place_of(live: Live) -> int | None:
    """Give the number that an image which is shown is ordered by; None where none was ever sent."""
    return live.priority if live.place is None else live.place


def are_appended(ledger: Ledger, listing: Sequence[Image]) -> bool:
    """Whether new images are to be sent numbers above all others: the shop renumbers, or may do so for all that it shows.

    If it renumbers after each image, numbers between those of others would mix up which of the new ones is which.
    """
    keeps = keeps_numbers(ledger, listing)
    return keeps is False or (keeps is None and bool(listing) and is_numbered_in_steps(listing))


def keeps_numbers(ledger: Ledger, listing: Sequence[Image]) -> bool | None:
    """Whether the gallery shows our images under the priorities that we sent; None where it shows none to tell by.

    Whether Shoptet renumbers is not documented (docs/shoptet.md, "Product images"). A person may have reordered some of them: one
    that kept its number shows that it does not, and one alone that lost it shows nothing.
    """
    sent = {e.live.name: e.live.priority for e in ledger.entries.values() if e.live is not None and e.live.priority}
    same = [image.priority == sent[image.name] for image in listing if image.name in sent]
    if any(same):
        # Asked for 10, the first image of a shop that counts in tens has it by chance.
        return None if is_numbered_in_steps(listing) else True
    return None if len(same) < 2 else False


def is_numbered_in_steps(listing: Sequence[Image]) -> bool:
    """Whether the whole gallery is numbered 1, 2, 3 or 10, 20, 30 ...: then a number that fits may be one that Shoptet gave."""
    numbers = sorted(image.priority or 0 for image in listing)
    return any(numbers == list(range(first, first + step * len(numbers), step)) for first, step in _STEPS)


_STEPS: Final = ((0, 1), (1, 1), (5, 5), (0, 10), (10, 10))


def mark_astray(ledger: Ledger, listing: Sequence[Image], landed: Mapping[str, int | None]) -> Ledger:
    """Give the ledger with those marked, of the keys that have just landed, that a shop which renumbers put elsewhere.

    `landed` holds the number that was sent for each. One that is shown under it stays, whatever stands around it: there, a
    person may have moved the others.
    """
    shown = _shown(ledger, listing)
    moved = {key for key, sent in landed.items() if shown.get(key) not in (None, sent)}
    if not moved:
        return ledger
    in_order, _ = _automatic(ledger)
    others = {key: at for key, at in shown.items() if key not in landed and not _is_astray(ledger.entries[key])}
    # As many as possible of those that were there before are taken to stand where they should.
    kept = order.rising(in_order, others)
    right = order.rising(in_order, kept | {key: shown[key] for key in moved}, first=kept)
    changed = {}
    for key in moved - right.keys():
        entry = ledger.entries[key]
        if entry.live is not None:
            changed[key] = replace(entry, live=replace(entry.live, state="astray"))
    return with_entries(ledger, changed)


def _between(
    in_order: Sequence[str],
    places: Mapping[str, int],
    shown: Mapping[str, int],
    strays: Set[str],
    taken: Set[int],
) -> Mapping[str, int]:
    """Give what to send for each key; for one that strayed, a number between those that its neighbours are shown with."""
    stay = {key: at for key, at in shown.items() if key not in strays}
    between = order.assign([key for key in in_order if key in stay or key in strays], stay, taken)
    return {key: between[key] if key in strays else place for key, place in places.items()}


def _is_astray(entry: Entry) -> bool:
    return entry.live is not None and entry.live.state == "astray"


def _automatic(ledger: Ledger) -> tuple[list[str], dict[str, int]]:
    """Give the keys that are ordered by their names, in order, and the number that each of them has so far."""
    keys = [
        key
        for key, entry in ledger.entries.items()
        if _counts(entry) and entry.wanted is not None and entry.wanted.priority is None and not key.startswith("name:")
    ]
    live = {key: live for key in keys if (live := ledger.entries[key].live) is not None and not live.gone}
    current = {key: at for key, one in live.items() if (at := place_of(one)) is not None}
    order_of = name_order.order if ledger.order_rule == ORDER_RULE else name_order.order_of_earlier
    return sorted(keys, key=lambda key: (_rank(ledger.entries[key]), order_of(key))), current


def _counts(entry: Entry) -> bool:
    return entry.wanted is not None and (is_shown(entry) or is_waiting(entry))


def _shown(ledger: Ledger, listing: Sequence[Image]) -> dict[str, int]:
    """Give the number that the gallery shows each key with."""
    numbers = {image.name: image.priority for image in listing}
    shown = {key: numbers.get(e.live.name) for key, e in ledger.entries.items() if e.live is not None}
    return {key: number for key, number in shown.items() if number is not None}


def _rank(entry: Entry) -> float:
    """Order files before what callers asked, and that as they asked it."""
    rank = entry.wanted.rank if entry.wanted is not None else None
    return -1.0 if rank is None else rank


def _others(ledger: Ledger, listing: Sequence[Image]) -> set[int]:
    """Give the numbers of the images that are not ours: ours stand together beside them."""
    ours = {e.live.name for key, e in ledger.entries.items() if e.live is not None and not key.startswith("name:")}
    return {image.priority for image in listing if image.priority is not None and image.name not in ours}


def _foreign_priorities(ledger: Ledger, listing: Sequence[Image]) -> set[int]:
    """Give the numbers of the images that no key of ours orders, those whose file was deleted among them."""
    ours = {
        entry.live.name
        for key, entry in ledger.entries.items()
        if entry.live is not None and entry.wanted is not None and not key.startswith("name:")
    }
    return {image.priority for image in listing if image.priority is not None and image.name not in ours}

"""Which number each key of a gallery is ordered by, and which one is sent for it. Pure.

What a shop does with the numbers that it is sent is one fact about the shop (`shop_facts`; docs/shoptet.md, U6). Where it keeps
them, they are the same. Where it gives numbers of its own, a new image lands behind all others, and only a change of
attributes can bring it to its place: that is sent once, after the landing or where the wanted order has changed. What is
shown otherwise later was a person's doing, and stays. Where nobody knows yet, what is sent tells (`is_telling`).
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import msgspec

from gallery_sync.core import name_order, order
from gallery_sync.core.ledger import ORDER_RULE, Entry, Ledger, Live, is_astray, is_shown, is_waiting, with_entries
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import MAX_PRIORITY, Image

replace = msgspec.structs.replace

TELLING: Final = 37
"""What is sent where nobody knows yet what becomes of numbers is this much above a multiple of a hundred."""


@dataclass(frozen=True, slots=True)
class Number:
    """A key's number: `place` orders it among our keys, `sent` is what Shoptet is to be told for it; `own`: it was asked for."""

    place: int
    sent: int
    own: bool = False

    def is_of(self, live: Live, facts: Facts) -> bool:
        """Whether an image that is shown was last sent this number, or one that stands for its place."""
        return self.place == (live.priority if self.own else place_of(live, facts))


def number(ledger: Ledger, listing: Sequence[Image], facts: Facts) -> dict[str, Number]:
    """Give the number of each key: an explicit one as it is, the others in the order of their names.

    A key that failed keeps its place among the others as long as the gallery shows it. An image that was named is ordered
    only if a number was given for it.
    """
    explicit = {
        key: entry.wanted.priority
        for key, entry in ledger.entries.items()
        if _counts(entry) and entry.wanted is not None and entry.wanted.priority is not None
    }
    in_order, current = _automatic(ledger, facts)
    if facts.numbers == "given":
        # What others have says nothing of ours, whose places are in our own numbers.
        places = order.assign(in_order, current)
        sent = places | _moves(ledger, listing, in_order, _strays(ledger, places, current))
    else:
        taken = _foreign_priorities(ledger, listing) | set(explicit.values())
        sent = places = order.assign(in_order, current, taken, _others(ledger, listing))
    return {
        **{key: Number(priority, priority, own=True) for key, priority in explicit.items()},
        **{key: Number(place, sent[key]) for key, place in places.items()},
    }


def place_of(live: Live, facts: Facts) -> int | None:
    """Give the number that an image which is shown is ordered by; None where none was ever sent."""
    return live.priority if live.place is None or facts.numbers == "kept" else live.place


def new_number(place: int, taken: Set[int], facts: Facts) -> int:
    """Give the free number to insert a new image with. Raises ValueError if none is free.

    That of its place where the shop keeps numbers. Else one above all others, so that several land in their order even
    if the shop renumbers between them, and one that tells whether the shop keeps it.
    """
    if facts.numbers == "kept":
        return order.free_number(place, taken)
    top = max(taken, default=0)
    return order.free_number((top // order.STEP + 1) * order.STEP + TELLING, taken)


def numbers_of(ledger: Ledger, listing: Sequence[Image]) -> dict[str, int]:
    """Give the number of each image by its name; of those that are shown without one, what was last sent for ours."""
    sent = {e.live.name: e.live.priority for e in ledger.entries.values() if e.live is not None}
    numbers = {image.name: sent.get(image.name) if image.priority is None else image.priority for image in listing}
    return {name: number for name, number in numbers.items() if number is not None}


def is_telling(sent: int, shown: int) -> bool:
    """Whether an image that is shown with the number that was sent tells that the shop keeps numbers.

    None that counting would give says so: a shop that numbers its `shown` images in steps of one, five or ten, or a
    hundred, from nothing on or from the first step, gives no such number.
    """
    return sent > shown and sent % 5 != 0


def with_strays(ledger: Ledger, listing: Sequence[Image], facts: Facts, stuck: Set[str] = frozenset()) -> Ledger:
    """Give the ledger with all those marked that have to be moved for what stands elsewhere than it is wanted.

    Where there is no room between two neighbours, those behind them have to move as well; so many may take more than one call.
    For keys that are `stuck`, which nothing is sent for now, no other moves: it would move again and again.
    """
    if not _moves_images(facts):
        return ledger
    in_order, current = _automatic(ledger, facts)
    strays = _strays(ledger, order.assign(in_order, current), current) - stuck
    return _marked(ledger, _moves(ledger, listing, in_order, strays))


def with_landed(ledger: Ledger, listing: Sequence[Image], landed: Iterable[str], facts: Facts) -> Ledger:
    """Give the ledger with those marked, of the keys that have just landed, that a shop which gives numbers put elsewhere."""
    shown = _shown(ledger, listing)
    moved = [key for key in landed if key in shown]
    if not _moves_images(facts) or not moved:
        return ledger
    in_order, _ = _automatic(ledger, facts)
    others = {key: at for key, at in shown.items() if key not in moved and not is_astray(ledger.entries[key])}
    # As many as possible of those that were there before are taken to stand where they should.
    kept = order.rising(in_order, others)
    right = order.rising(in_order, kept | {key: shown[key] for key in moved}, first=kept)
    return _marked(ledger, [key for key in in_order if key in moved and key not in right])


def _moves_images(facts: Facts) -> bool:
    """Whether images are brought to their places after they landed: the shop numbers them, and lets that be changed."""
    return facts.numbers == "given" and facts.patched != "ignored"


def _strays(ledger: Ledger, places: Mapping[str, int], current: Mapping[str, int]) -> set[str]:
    """Name the keys that are to be moved: they stand elsewhere, or belong elsewhere than when they were placed."""
    return {key for key, place in current.items() if is_astray(ledger.entries[key]) or places[key] != place}


def _moves(ledger: Ledger, listing: Sequence[Image], in_order: Sequence[str], strays: Set[str]) -> dict[str, int]:
    """Give what to send, and for which keys, so that the strays come to stand where they belong among those that stay.

    Those that stay keep the order in which they are shown, which may be a person's. The strays get numbers between those of
    their neighbours; where there is no room, or one has none, all from the first stray on get numbers above all others.
    """
    shown = _shown(ledger, listing)
    line = sorted((key for key in in_order if key in shown and key not in strays), key=lambda key: shown[key])
    strays = {key for key in strays if key in shown}
    if not strays:
        return {}
    _join(line, [key for key in in_order if key in strays], in_order)
    # Those that were sent need not be those that hold now: between them there may be no place at all.
    numbers = {image.name: image.priority for image in listing}
    stay = {key: at for key in line if key not in strays and (at := numbers[_name(ledger, key)]) is not None}
    taken = set(numbers_of(ledger, listing).values())
    between = order.between(line, stay, taken) if len(stay) + len(strays) == len(line) else None
    if between is not None:
        return {key: between[key] for key in strays}
    behind = line[min(line.index(key) for key in strays) :]
    top, step = max(taken, default=0), order.STEP
    if top + step * len(behind) > MAX_PRIORITY:
        behind, top, step = line, 0, MAX_PRIORITY // len(line)
    return {key: top + step * (at + 1) for at, key in enumerate(behind)}


def _join(line: list[str], strays: Sequence[str], in_order: Sequence[str]) -> None:
    """Put each stray into the line, right behind the one that it follows in the wanted order, and behind the stray before it.

    What a person put elsewhere must not draw one stray before another.
    """
    rank = {key: at for at, key in enumerate(in_order)}
    after = 0
    for stray in strays:
        before = [key for key in line if rank[key] < rank[stray]]
        last = max(before, key=lambda key: rank[key]) if before else None
        at = max(after, line.index(last) + 1 if last is not None else 0)
        line.insert(at, stray)
        after = at + 1


def _marked(ledger: Ledger, keys: Iterable[str]) -> Ledger:
    entries = {key: ledger.entries[key] for key in keys}
    return with_entries(
        ledger,
        {key: replace(e, live=replace(e.live, state="astray")) for key, e in entries.items() if e.live is not None},
    )


def _automatic(ledger: Ledger, facts: Facts) -> tuple[list[str], dict[str, int]]:
    """Give the keys that are ordered by their names, in order, and the number that each of them has so far."""
    keys = [
        key
        for key, entry in ledger.entries.items()
        if _counts(entry) and entry.wanted is not None and entry.wanted.priority is None and not key.startswith("name:")
    ]
    live = {key: live for key in keys if (live := ledger.entries[key].live) is not None and not live.gone}
    current = {key: at for key, one in live.items() if (at := place_of(one, facts)) is not None}
    order_of = name_order.order if ledger.order_rule == ORDER_RULE else name_order.order_of_earlier
    return sorted(keys, key=lambda key: (_rank(ledger.entries[key]), order_of(key))), current


def _counts(entry: Entry) -> bool:
    return entry.wanted is not None and (is_shown(entry) or is_waiting(entry))


def _shown(ledger: Ledger, listing: Sequence[Image]) -> dict[str, int]:
    """Give the place in which the gallery shows each key that it shows, counted over all images from 1."""
    # Where numbers are shown, they are the order; a listing's own need not be.
    in_order = sorted(listing, key=lambda image: image.priority or 0)
    places = {image.name: at for at, image in enumerate(in_order, start=1)}
    names = {key: _name(ledger, key) for key, entry in ledger.entries.items() if is_shown(entry)}
    return {key: places[name] for key, name in names.items() if name in places}


def _name(ledger: Ledger, key: str) -> str:
    live = ledger.entries[key].live
    return live.name if live is not None else ""


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

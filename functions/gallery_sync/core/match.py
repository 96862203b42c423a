"""What a flight brought: which image of the gallery belongs to which key, what is missing, what nobody can explain. Pure.

The gallery decides, not the job (a job can look finished while a picture silently never appears: docs/shoptet.md, "Product
images"). A job's result only helps to name what the gallery shows, and to say why something is missing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from gallery_sync.core.ledger import Flight, Snapshot, request_order
from gallery_sync.core.numbering import is_telling
from gallery_sync.core.shop_facts import Facts, Numbers
from gallery_sync.core.shop_times import epoch
from gallery_sync.core.shop_values import Image, ResultRow

AFTERWARDS: Final = 10.0
"""Seconds after a job's completion within which Shoptet may still write down that its images changed."""


@dataclass(frozen=True, slots=True)
class Match:
    """What came of a flight's keys: `found` images, `missing` keys, and `unexplained` names that are new in the gallery.

    `numbers`: what the shop is seen to do with numbers; None where this flight does not tell.
    """

    found: Mapping[str, Image] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    numbers: Numbers | None = None


def inserted(flight: Flight, listing: Sequence[Image], rows: Sequence[ResultRow], facts: Facts) -> Match:
    """Match an insertion's keys with the names that the gallery did not list before.

    By what an earlier listing showed, then by the names that the job's result gives, then by numbers: those that only we
    sent, where the shop keeps numbers, or where they tell that it does. Where it gives them itself, by order, but only
    where the job said that it was completed and there are exactly as many: after a lost answer, or where an image silently
    got lost, a single new one may just as well be somebody else's, and so is one that the shop changed last before the job
    was created (the listing before may have lagged behind). A name that is new and matches nothing is somebody else's, or
    ours beyond recognition: never claimed.
    """
    before = set(flight.before)
    new = {image.name: image for image in listing if image.name not in before}
    found = {key: new[name] for key, name in flight.claimed.items() if name in new}
    found = _by_result(flight, _without(new, found), rows, len(listing), facts) | found
    numbers = _seen(flight, found, len(listing), facts)
    rest = _without(new, found)
    # What Shoptet says has failed is not there: a new image in its stead is somebody else's.
    expected = [key for key in flight.images if key not in flight.errors and key not in found]
    known = facts.numbers or numbers
    told = _by_number(flight, rest, found.keys(), len(listing), known)
    kept = told if known != "given" else {}
    # One alone may be a person's, in the stead of ours that got lost: unless the shop numbers its images, or may well do so.
    counted = known == "given" or (flight.first_miss is None and (len(rest) > 1 or _is_counted(listing)))
    in_order = _by_order(flight, rest, expected) if not told and known != "kept" and counted else {}
    found = found | kept | in_order
    numbers = numbers or _seen(flight, kept or in_order, len(listing), facts)
    rest = _without(new, found)
    return Match(found, tuple(key for key in flight.images if key not in found), tuple(rest), numbers)


def _seen(flight: Flight, found: Mapping[str, Image], shown: int, facts: Facts) -> Numbers | None:
    """Say what the shop did with the numbers of images that are known; None where they do not tell (`is_telling`).

    Where a shop is known to keep them, one image alone that has another may have been moved by a person.
    """
    sent = {key: number for key in found if (number := flight.images[key].priority) is not None}
    same = [key for key, number in sent.items() if found[key].priority == number]
    if len(same) == len(sent):
        return "kept" if any(is_telling(sent[key], shown) for key in same) else None
    return None if same or (facts.numbers == "kept" and len(sent) == 1) else "given"


def _by_number(
    flight: Flight, new: Mapping[str, Image], found: Set[str], shown: int, numbers: Numbers | None
) -> dict[str, Image]:
    """Match by numbers that only we sent: all of them where the shop keeps numbers, else those that tell.

    Where nobody knows, and each new image has one of those that were sent, they are ours in that order, whoever numbered
    them. In a shop that gives numbers, one that tells contradicts what is known: it is a person's to look.
    """
    sent = {key: s.priority for key, s in flight.images.items() if key not in found and s.priority is not None}
    expected = sorted(number for key, number in sent.items() if key not in flight.errors)
    completed = flight.job_created is not None and numbers is None
    all_kept = completed and expected == sorted(i.priority or 0 for i in new.values())
    may_be = {name: image for name, image in new.items() if _may_be_of_the_job(image, flight)}
    uses = Counter(image.priority for image in may_be.values())
    by_number = {image.priority: image for image in may_be.values() if uses[image.priority] == 1}
    return {
        key: by_number[number]
        for key, number in sent.items()
        if number in by_number and (numbers == "kept" or all_kept or is_telling(number, shown))
    }


def _is_counted(listing: Sequence[Image]) -> bool:
    """Whether a gallery is numbered evenly from its first image on, or shows no numbers: no person did that."""
    numbers = sorted(image.priority for image in listing if image.priority is not None)
    step = numbers[1] - numbers[0] if len(numbers) > 1 else numbers[0] if numbers else 0
    return any(numbers == [first + step * at for at in range(len(numbers))] for first in (0, step))


def _by_order(flight: Flight, new: Mapping[str, Image], expected: Sequence[str]) -> dict[str, Image]:
    """Match by order, where the job said that it was completed, and all new images can be of it, and are as many as were sent."""
    completed = flight.job_created is not None and flight.reason is None
    if not completed or len(new) != len(expected) or not all(_may_be_of_the_job(i, flight) for i in new.values()):
        return {}
    in_order = sorted(expected, key=lambda key: flight.images[key].priority or 0)
    return dict(zip(in_order, sorted(new.values(), key=lambda image: image.priority or 0), strict=True))


def replaced(flight: Flight, listing: Sequence[Image]) -> Match:
    """Tell which images of a source update show the new content.

    Shoptet says so by a `changeTime` at or after the job's creation (both are its own clock), or by a changed `cdnName`;
    without a job's creation time, by a changed `changeTime`. Whether it can give the image another extension is not
    documented: a new name with the same stem is the same image, unless two could have become it. Any other new name is
    unexplained.
    """
    images = {image.name: image for image in listing}
    new = {name: image for name, image in images.items() if name not in flight.before}
    found = {}
    for key, snapshot in flight.images.items():
        image = images.get(snapshot.name or "") or _only(
            [i for n, i in new.items() if _stem(n) == _stem(snapshot.name)]
        )
        # A person's change moves the `changeTime` as well: an image that Shoptet says has failed is replaced again.
        if image is None or key in flight.errors:
            continue
        if _shows_change(flight, image, snapshot):
            found[key] = image
    uses = Counter(image.name for image in found.values())
    found = {key: image for key, image in found.items() if uses[image.name] == 1}
    rest = _without(new, found)
    return Match(found, tuple(key for key in flight.images if key not in found), tuple(rest))


def errors_by_key(flight: Flight, rows: Sequence[ResultRow]) -> dict[str, str]:
    """Say which keys the job's result names as failed, and in which words. Rows that fit no key are left out."""
    owners = _owners(flight, rows)
    return {key: row.error for key, row in owners.items() if row.error}


def _may_be_of_the_job(image: Image, flight: Flight) -> bool:
    """Whether the image was last changed between the job's creation and completion, or a little later; all Shoptet's times.

    A person who finds a picture missing may add it by hand, and Shoptet may well give it the number that we had sent.
    """
    changed = epoch(image.change_time)
    created, completed = epoch(flight.job_created), epoch(flight.job_completed)
    if changed is None:
        return True
    return (created is None or changed >= created) and (completed is None or changed <= completed + AFTERWARDS)


def _shows_change(flight: Flight, image: Image, before: Snapshot) -> bool:
    """Whether an image shows new content; `before` holds what it was seen with, if a listing showed it then.

    That listing may have lagged behind an earlier change: where the times say that the job did not touch the image, another
    `cdnName` counts only if the job says that it was completed. Times are whole seconds, so a change right before the job was
    created looks like the job's own: one that was known before is not.
    """
    renamed = before.cdn_name is not None and image.cdn_name != before.cdn_name
    changed, created = epoch(image.change_time), epoch(flight.job_created)
    is_news = image.change_time not in before.change_times
    if changed is not None and created is not None:
        return (changed >= created and is_news) or (renamed and flight.reason is None)
    return renamed or (bool(before.change_times) and is_news)


def _owners(flight: Flight, rows: Sequence[ResultRow]) -> dict[str, ResultRow]:
    """Tell which key a result's row speaks of: by the URL we gave, the image's name, or its place in the request.

    Where some failed and stand apart, the others' places are those of what is left, and only if all that failed are named.
    """
    names = {snapshot.name: key for key, snapshot in flight.images.items() if snapshot.name}
    owners: dict[str, ResultRow] = {}
    placed: list[tuple[ResultRow, bool]] = []
    for row in rows:
        url = row.source_url
        key = next((k for k, s in flight.images.items() if s.source and s.source in url), None) if url else None
        key = key or names.get(row.name or "") or (_at(flight, row.index) if row.apart else None)
        if key is not None:
            owners.setdefault(key, row)
        if not (row.apart and key is not None):
            placed.append((row, key is not None or bool(url)))
    failed = {key for key, row in owners.items() if row.apart}
    keys = [key for key in request_order(flight) if key not in failed]
    apart = [row.apart for row in rows]
    # Where all failed, each is its own row after all.
    if len(placed) != len(keys) or (any(row.apart for row, _ in placed) and not all(apart)):
        return owners
    for place, (row, is_named) in enumerate(placed):
        index = place if row.index is None or failed else row.index
        if not is_named and 0 <= index < len(keys) and _names_ours(row, flight.images[keys[index]]):
            owners.setdefault(keys[index], row)
    return owners


def _at(flight: Flight, index: int | None) -> str | None:
    """Give the key at a place of the request, counted from 0, where there is one."""
    keys = request_order(flight)
    return keys[index] if index is not None and 0 <= index < len(keys) else None


def _names_ours(row: ResultRow, snapshot: Snapshot) -> bool:
    """Whether a row may speak of an image by its place: one that names another image than was to be replaced may not."""
    return snapshot.name is None or row.name is None or _stem(row.name) == _stem(snapshot.name)


def _by_result(
    flight: Flight, new: Mapping[str, Image], rows: Sequence[ResultRow], shown: int, facts: Facts
) -> dict[str, Image]:
    """Match by the names in the result, unless two rows share a name or another key's priority contradicts it.

    A number contradicts only where the shop keeps numbers, or where it tells that it does: of those that a shop gives, one
    may be another's by chance.
    """
    owners = _owners(flight, rows)
    uses = Counter(row.name for row in owners.values())
    ours = {snapshot.priority: key for key, snapshot in flight.images.items() if _says(snapshot, shown, facts)}
    return {
        key: new[row.name]
        for key, row in owners.items()
        if row.name is not None
        and row.name in new
        and uses[row.name] == 1
        and ours.get(new[row.name].priority, key) == key
    }


def _says(snapshot: Snapshot, shown: int, facts: Facts) -> bool:
    """Whether an image that is shown with the number which was sent for a key can be nobody else's."""
    number = snapshot.priority
    if number is None or facts.numbers is not None:
        return facts.numbers == "kept"
    return is_telling(number, shown)


def _without(new: Mapping[str, Image], found: Mapping[str, Image]) -> dict[str, Image]:
    claimed = {image.name for image in found.values()}
    return {name: image for name, image in new.items() if name not in claimed}


def _stem(name: str | None) -> str:
    return (name or "").rpartition(".")[0]


def _only(images: Sequence[Image]) -> Image | None:
    return images[0] if len(images) == 1 else None

"""What a flight brought: which image of the gallery belongs to which key, what is missing, what nobody can explain. Pure.

The gallery decides, not the job (a job can look finished while a picture silently never appears: docs/shoptet.md, "Product
images"). A job's result only helps to name what the gallery shows, and to say why something is missing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gallery_sync.core.ledger import Flight, Snapshot, request_order
from gallery_sync.core.numbering import is_numbered_in_steps
from gallery_sync.core.shop_times import epoch
from gallery_sync.core.shop_values import Image, ResultRow

AFTERWARDS: Final = 10.0
"""Seconds after a job's completion within which Shoptet may still write down that its images changed."""


@dataclass(frozen=True, slots=True)
class Match:
    """What came of a flight's keys: `found` images, `missing` keys, and `unexplained` names that are new in the gallery."""

    found: Mapping[str, Image] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()


def inserted(
    flight: Flight, listing: Sequence[Image], rows: Sequence[ResultRow] = (), *, keeps: bool | None = None
) -> Match:
    """Match an insertion's keys with the names that the gallery did not list before.

    By what an earlier listing showed, then by the names that the job's result gives, then by the priority that was free
    when we started and that only we used; `keeps` is what `keeps_numbers` says. In a shop that renumbers, by order, but
    only where the job said that it was completed and the numbers fit exactly: after a lost answer, or where an image
    silently got lost, a single new one may just as well be somebody else's, and so is one that the shop changed last before
    the job was created (the listing before may have lagged behind). A name that is new and matches nothing is
    somebody else's, or ours beyond recognition: never claimed.
    """
    before = set(flight.before)
    new = {image.name: image for image in listing if image.name not in before}
    found = {key: new[name] for key, name in flight.claimed.items() if name in new}
    found = _by_result(flight, _without(new, found), rows) | found
    rest = _without(new, found)
    # What Shoptet says has failed is not there: a new image in its stead is somebody else's.
    expected = [key for key in flight.images if key not in flight.errors and key not in found]
    numbers = sorted(flight.images[key].priority or 0 for key in expected)
    all_kept = numbers == sorted(image.priority or 0 for image in rest.values())
    # Among a hundred renumbered images one may happen to have a number that we sent; of half of them, it is no chance.
    half_kept = 2 * sum(image.priority in numbers for image in rest.values()) >= len(rest)
    completed = flight.job_created is not None and flight.reason is None
    renumbers = keeps is False or (keeps is None and flight.first_miss is None)
    of_the_job = all(_may_be_of_the_job(image, flight) for image in rest.values())
    # One alone may be a person's, in the stead of ours that got lost: a shop that gives numbers itself counts.
    counted = keeps is False or len(rest) > 1 or is_numbered_in_steps(listing)
    if (
        not half_kept
        and renumbers
        and completed
        and of_the_job
        and counted
        and not found
        and len(rest) == len(expected)
    ):
        in_order = sorted(expected, key=lambda key: flight.images[key].priority or 0)
        found = dict(zip(in_order, sorted(rest.values(), key=_place), strict=True))
    elif (
        keeps or (keeps is None and not is_numbered_in_steps(listing)) or (all_kept and flight.job_created is not None)
    ):
        found |= _by_priority(flight, {name: i for name, i in rest.items() if _may_be_of_the_job(i, flight)}, found)
    rest = _without(new, found)
    return Match(found, tuple(key for key in flight.images if key not in found), tuple(rest))


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


def _by_result(flight: Flight, new: Mapping[str, Image], rows: Sequence[ResultRow]) -> dict[str, Image]:
    """Match by the names in the result, unless two rows share a name or another key's priority contradicts it.

    A number contradicts only where numbers are kept: of those that a shop gave anew, one may be another's by chance.
    """
    owners = _owners(flight, rows)
    uses = Counter(row.name for row in owners.values())
    ours = {snapshot.priority: key for key, snapshot in flight.images.items()}
    named = [row.name for row in owners.values() if row.name in new]
    if 2 * sum(new[name].priority in ours for name in named if name is not None) < len(named):
        ours = {}
    return {
        key: new[row.name]
        for key, row in owners.items()
        if row.name is not None
        and row.name in new
        and uses[row.name] == 1
        and ours.get(new[row.name].priority, key) == key
    }


def _by_priority(flight: Flight, new: Mapping[str, Image], found: Mapping[str, Image]) -> dict[str, Image]:
    uses = Counter(image.priority for image in new.values())
    by_priority = {image.priority: image for image in new.values() if uses[image.priority] == 1}
    return {
        key: by_priority[snapshot.priority]
        for key, snapshot in flight.images.items()
        if key not in found and snapshot.priority is not None and snapshot.priority in by_priority
    }


def _without(new: Mapping[str, Image], found: Mapping[str, Image]) -> dict[str, Image]:
    claimed = {image.name for image in found.values()}
    return {name: image for name, image in new.items() if name not in claimed}


def _place(image: Image) -> tuple[int, str]:
    return image.priority or 0, image.name


def _stem(name: str | None) -> str:
    return (name or "").rpartition(".")[0]


def _only(images: Sequence[Image]) -> Image | None:
    return images[0] if len(images) == 1 else None

"""What to do next for one gallery: what is wanted against what is shown. Pure; nothing in here acts.

observe   the bucket's files      into the ledger: what is wanted now
see       the gallery's listing   into the ledger: what a person deleted in the shop
plan      the ledger              to the next step: one flight, a wait, or nothing
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import msgspec

from gallery_sync import order
from gallery_sync.ledger import (
    MAY_BE_THERE,
    Content,
    Entry,
    Failure,
    Intent,
    Ledger,
    Live,
    Operation,
    Override,
    Snapshot,
    Wanted,
    asked_at,
    is_shown,
    needs_content,
    with_entries,
    without_image,
)
from gallery_sync.names import Drop, outbox
from gallery_sync.numbering import Number, appended, number
from gallery_sync.shoptet.model import MAX_IMAGES_PER_CALL, MAX_PRIORITY, Image

replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class DropFile:
    """A file of the drop bucket as a listing shows it. `created` is its generation's, on the storage's clock."""

    drop: Drop
    generation: int
    checksum: str
    size: int
    created: float
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Bucket and ledger agree: ask Shoptet nothing."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is something to do, but not before `until` (epoch seconds)."""

    until: float


@dataclass(frozen=True, slots=True)
class Fly:
    """Take off with these images (at most 100), by key. Insertion and source update need a prepared copy of each."""

    operation: Operation
    images: Mapping[str, Snapshot]


@dataclass(frozen=True, slots=True)
class Carry:
    """Carry out what a caller asked; it comes before everything else."""

    intent: Intent


Step = Nothing | Wait | Fly | Carry


@dataclass(frozen=True, slots=True)
class Policy:
    """What the shop's owner chose: whether a deleted file takes its image along, and even out of variants."""

    mirror_deletes: bool = False
    remove_reference: bool = False


def observe(ledger: Ledger, files: Iterable[DropFile], now: float) -> Ledger:
    """Give the ledger with what its files now want. Files from before the last cleanup are out until dropped again."""
    current = {file.drop.key: file for file in files if file.created > ledger.cleaned_at}
    changed: dict[str, Entry] = {}
    for key, file in current.items():
        entry = ledger.entries.get(key, Entry())
        wanted, flaw = _wanted(file, now)
        override, wanted = _overridden(_override(entry, wanted), wanted)
        if wanted.content.url and flaw is not None and flaw.code == "empty-file":
            flaw = None
        if _may_be_there(entry, file):
            changed[key] = replace(entry, wanted=wanted, override=override)
        elif entry.wanted != wanted or _flaw(entry) != (flaw.code if flaw else None):
            changed[key] = Entry(wanted, entry.live, failure=flaw, override=override)
        elif entry.override != override:
            changed[key] = replace(entry, override=override)
    for key, entry in ledger.entries.items():
        if key.startswith("drop:") and key not in current and entry.wanted is not None and not _by_url(entry):
            changed[key] = Entry(None, entry.live)
        elif _named(key, entry) != entry:
            changed[key] = _named(key, entry)
    return with_entries(ledger, changed)


def _by_url(entry: Entry) -> bool:
    """Whether a caller's URL is wanted for an image whose file had been deleted before: no file speaks against it."""
    return entry.override is None and entry.wanted is not None and entry.wanted.content.url


def _may_be_there(entry: Entry, file: DropFile) -> bool:
    """Whether the file's image may be in the gallery beyond recognition: only a drop after that was said sends it again.

    A change of its metadata does not, nor a replacement that nobody had seen when the failure was written down.
    """
    return entry.failure is not None and entry.failure.code == MAY_BE_THERE and file.created <= entry.failure.at


def see(ledger: Ledger, listing: Sequence[Image], since: float = math.inf) -> Ledger:
    """Give the ledger with what the gallery no longer shows marked as gone: a person deleted it in the shop.

    What landed after `since` (epoch seconds) is not taken for gone: a listing may lag behind the one that showed it.
    """
    shown = {image.name for image in listing}
    seen = {key: _seen(entry, shown, since) for key, entry in ledger.entries.items()}
    return with_entries(ledger, {key: _named(key, entry) for key, entry in seen.items()})


def is_unsure(ledger: Ledger) -> bool:
    """Whether a file was dropped again with the content that is shown: only the gallery tells whether it still is.

    A person may have deleted the image in the shop, and dropping its file again is how one asks for it back.
    """
    return any(
        entry.wanted is not None
        and is_shown(entry)
        and entry.live is not None
        and entry.wanted.content.checksum == entry.live.checksum
        and entry.wanted.content.generation != entry.live.generation
        for entry in ledger.entries.values()
        if entry.failure is None
    )


def _named(key: str, entry: Entry) -> Entry:
    """Fail a replacement that a caller asked for an image by its name, once there is no such image: never insert it."""
    live, wanted = entry.live, entry.wanted
    if not key.startswith("name:") or entry.failure is not None or live is None or not live.gone:
        return entry
    # What was shown once was carried out, whatever became of the image since.
    carried_out = wanted is None or wanted.content.checksum == live.checksum
    return Entry() if carried_out else without_image(entry)


def _seen(entry: Entry, shown: Set[str], since: float) -> Entry:
    live, wanted = entry.live, entry.wanted
    if live is None or live.deleted:
        return entry
    if live.name not in shown:
        # What was tried at an image that is no longer there is not tried again.
        return (
            entry
            if live.gone or live.seen > since
            else replace(entry, live=replace(live, gone=True), attempts=0, not_before=0.0)
        )
    same_again = wanted is not None and wanted.content.checksum == live.checksum
    # The same content dropped again counts as shown: if a person deletes the image after this, it stays gone.
    generation = wanted.content.generation if wanted is not None and same_again else live.generation
    return replace(entry, live=replace(live, generation=generation, gone=False))


def plan(ledger: Ledger, listing: Sequence[Image], now: float, policy: Policy) -> Step:
    """Give the next step of a gallery that has no flight.

    Without a listing (empty) the kind of the step is right but its numbers may be taken: fetch the listing, `see` it,
    and plan again before take-off. Replacing comes before inserting, so that a picture that is wrong goes first.
    """
    if ledger.pause is not None and now < ledger.pause.until:
        return Wait(ledger.pause.until) if _anything(ledger, policy) else Nothing()
    if ledger.intents:
        return Carry(ledger.intents[0])
    images = {image.name: image for image in listing}
    numbers = number(ledger, listing)
    entries = {key: entry for key, entry in ledger.entries.items() if entry.failure is None}
    needs = {key: need for key, entry in entries.items() if (need := _need(entry, numbers.get(key), policy))}
    for operation in _ORDER:
        due = [key for key, need in needs.items() if need == operation and entries[key].not_before <= now]
        if due:
            above = appended(ledger, listing)
            return _fly(operation, _batch(due, entries, numbers), entries, numbers, images, above=above)
    return Wait(min(entries[key].not_before for key in needs)) if needs else Nothing()


_ORDER: Final[tuple[Operation, ...]] = ("delete", "source", "insert", "attributes")


def _need(entry: Entry, number: Number | None, policy: Policy) -> Operation | None:
    """Tell what has to be done for a key, now or after a pause."""
    if needs_content(entry):
        return "source" if is_shown(entry) else "insert"
    if policy.mirror_deletes and _abandoned(entry):
        return "delete"
    return "attributes" if _attributes(entry, number) else None


def _fly(
    operation: Operation,
    keys: Sequence[str],
    due: Mapping[str, Entry],
    numbers: Mapping[str, Number],
    images: Mapping[str, Image],
    *,
    above: bool,
) -> Fly:
    taken = {image.priority for image in images.values() if image.priority is not None}
    # What an image gets that a person adds meanwhile; it would be taken for ours if ours got lost.
    next_by_hand = max(taken) + 1 if taken else None
    snapshots: dict[str, Snapshot] = {}
    for key in keys:
        entry = due[key]
        if operation == "insert" and entry.wanted is not None:
            # The number identifies the image afterwards, so nobody else may have it. An explicit priority that is
            # taken is put right by a change of attributes once the image is live.
            place = numbers[key].place
            number = order.free_number(max(taken, default=0) + order.STEP if above else place, taken)
            if number == next_by_hand and entry.wanted.priority != number:
                number = order.free_number(number + 1, taken)
            taken.add(number)
            snapshot = Snapshot(
                priority=number,
                place=place if above and not numbers[key].own else None,
                description=entry.wanted.description,
            )
            snapshots[key] = _carry(entry.wanted.content, snapshot)
        elif entry.live is not None:
            name = entry.live.name
            shown = images.get(name)
            attributes = _attributes(entry, numbers.get(key)) if operation != "delete" else None
            snapshot = replace(
                attributes or Snapshot(),
                name=name,
                cdn_name=shown.cdn_name if shown else None,
                change_times=_change_times(shown, entry.live),
            )
            replaced = entry.wanted if operation == "source" else None
            snapshots[key] = _carry(replaced.content, snapshot) if replaced is not None else snapshot
    return Fly(operation, snapshots)


def _change_times(shown: Image | None, live: Live) -> tuple[str, ...]:
    told = (shown.change_time if shown else None, live.change_time)
    return tuple(dict.fromkeys(time for time in told if time is not None))


def _carry(content: Content, snapshot: Snapshot) -> Snapshot:
    return replace(
        snapshot,
        # What of the source may be written down and will stand in Shoptet's result: a URL's query is a secret.
        source=content.source.partition("?")[0] if content.url else outbox(content.source, content.generation),
        generation=content.generation,
        checksum=content.checksum,
    )


def _batch(keys: Sequence[str], due: Mapping[str, Entry], numbers: Mapping[str, Number]) -> list[str]:
    """Give the keys of one call, in order. A batch that Shoptet refused flies again in halves, to find who is to blame."""
    largest = max(due[key].batch for key in keys)
    together = sorted(
        (key for key in keys if due[key].batch == largest), key=lambda key: (_place(numbers.get(key)), key)
    )
    return together[: min(largest, MAX_IMAGES_PER_CALL)]


def _place(number: Number | None) -> int:
    return number.place if number is not None else 0


def _attributes(entry: Entry, number: Number | None) -> Snapshot | None:
    """Give the attributes to send for an image that is shown: what differs from what was last sent, or None.

    Compared with what we sent, not with the gallery: an order or description that a person changed there stays.
    """
    live, wanted = entry.live, entry.wanted
    if live is None or live.gone or wanted is None:
        return None
    described = wanted.description or ""
    description = described if described != (live.description or "") or live.unsure else None
    if number is not None and (not number.is_of(live) or live.strayed or live.unsure):
        place = number.place if number.place != number.sent else None
        return Snapshot(priority=number.sent, place=place, description=description)
    return Snapshot(description=description) if description is not None else None


def _abandoned(entry: Entry) -> bool:
    return entry.wanted is None and entry.live is not None and not entry.live.gone and not entry.live.kept


def _anything(ledger: Ledger, policy: Policy) -> bool:
    return not isinstance(plan(replace(ledger, pause=None), (), float("inf"), policy), Nothing)


def _override(entry: Entry, says: Wanted) -> Override | None:
    """Give what a caller asked for a file's image; that may have been before anybody had seen the file."""
    if entry.override is None and _by_url(entry) and entry.wanted is not None:
        return Override(says, entry.wanted.content, entry.wanted.priority, entry.wanted.description)
    return entry.override


def _overridden(override: Override | None, says: Wanted) -> tuple[Override | None, Wanted]:
    """Give what is left of an override, and what is wanted, now that the drop `says` this.

    The latest word counts: of two contents, the one that came later on the storage's clock, whichever was seen first.
    Nobody notes when metadata was changed, so a field of it that changed since the override was made is the drop's again.
    """
    if override is None:
        return None, says
    base = override.base
    content = override.content if override.content is None or says.created <= asked_at(override.content) else None
    priority = override.priority if says.priority == base.priority else None
    description = override.description if says.description == base.description else None
    if (content, priority, description) == (None, None, None):
        return None, says
    wanted = replace(
        says,
        content=says.content if content is None else content,
        priority=says.priority if priority is None else priority,
        description=says.description if description is None else description,
    )
    return Override(base, content, priority, description), wanted


_PRIORITY = re.compile("0*([1-9][0-9]{0,4})")
_FLAWS = frozenset({"empty-file", "bad-priority"})


def _flaw(entry: Entry) -> str | None:
    return entry.failure.code if entry.failure is not None and entry.failure.code in _FLAWS else None


def _wanted(file: DropFile, now: float) -> tuple[Wanted, Failure | None]:
    """Read what a file wants; a flaw in its metadata or an empty file is a failure that names it."""
    content = Content(file.drop.name, file.generation, file.checksum, file.size)
    description = file.metadata.get("description")
    number = file.metadata.get("priority")
    wanted = Wanted(content, file.created, None, description)
    if file.size == 0:
        return wanted, Failure("empty-file", "the file is empty: drop the picture again", now)
    if number is None:
        return wanted, None
    digits = _PRIORITY.fullmatch(number)
    if digits is None or int(digits[1]) > MAX_PRIORITY:
        reason = f"the file's metadata 'priority' is {number[:40]!r}: write a whole number from 1 to {MAX_PRIORITY}"
        return wanted, Failure("bad-priority", reason, now)
    return replace(wanted, priority=int(digits[1])), None

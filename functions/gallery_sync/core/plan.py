"""What to do next for one gallery: what is wanted against what is shown, as the ledger has both. Pure; nothing in here acts.

observe   the bucket's files      into the ledger: what is wanted now
see       the gallery's listing   into the ledger: what a person deleted in the shop
brake     the ledger              into the ledger: deletions that a person has to release are held
plan      the ledger              to the next step: a flight, a caller's intent, a wait, or nothing
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from gallery_sync.core import folders, order, preparing, references
from gallery_sync.core.intents import next_one
from gallery_sync.core.ledger import (
    Action,
    Content,
    Entry,
    Intent,
    Ledger,
    Live,
    Snapshot,
    description_of,
    is_abandoned,
    is_adopted,
    is_astray,
    is_shown,
    needs_content,
)
from gallery_sync.core.names import outbox
from gallery_sync.core.numbering import Number, new_number, number, numbers_of
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL, Image

replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Nothing:
    """Bucket and ledger agree: ask Shoptet nothing."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is something to do, but not before `until` (epoch seconds)."""

    until: float


@dataclass(frozen=True, slots=True)
class StartFlight:
    """Start a flight with these images (at most 100), by key. Insertion and source update need a prepared copy of each."""

    action: Action
    images: Mapping[str, Snapshot]


@dataclass(frozen=True, slots=True)
class RunIntent:
    """Run what a caller asked; it comes before the files, which get a turn after each."""

    intent: Intent


Step = Nothing | Wait | StartFlight | RunIntent


@dataclass(frozen=True, slots=True)
class Policy:
    """What the shop's owner chose: whether a deleted file takes its image along, and even out of variants.

    `most_an_hour`: how many images may go with their files in one hour, in the whole shop. `recipe`: what is done to a file
    before it is sent; None where nobody does that: files go as they are. `template`: see descriptions; `variant_folders`: see
    references.
    """

    mirror_deletes: bool = False
    remove_reference: bool = False
    most_an_hour: int = 200
    recipe: Recipe | None = None
    template: str = ""
    variant_folders: bool = False


def plan(ledger: Ledger, listing: Sequence[Image], now: float, policy: Policy, facts: Facts) -> Step:
    """Give the next step of a gallery that has no flight.

    Without a listing (empty) the kind of the step is right but its numbers may be taken: fetch the listing, `see` it,
    and plan again before anything is started. Replacing comes before inserting, so that a picture that is wrong goes first.
    Deletions that are held are left out, and so are those of images that are left behind, until they are released.
    """
    if ledger.pause is not None and now < ledger.pause.until:
        return Wait(ledger.pause.until) if _anything(ledger, policy, facts) else Nothing()
    intent = next_one(ledger)
    if intent is not None and not _yields(ledger, intent):
        return RunIntent(intent)
    images = {image.name: image for image in listing}
    numbers = number(ledger, listing, facts)
    held = frozenset(ledger.hold.keys) if ledger.hold is not None else frozenset()
    entries = {key: e for key, e in ledger.entries.items() if _may_fly(e, now, policy)}
    behind = folders.left_behind(ledger)
    asked = {key for key, entry in entries.items() if key in behind or is_adopted(entry)}
    goes = {key: key in ledger.released if key in asked else policy.mirror_deletes for key in entries}
    says = references.asked(ledger, numbers, by_folder=policy.variant_folders)
    needs = {
        key: need
        for key, entry in entries.items()
        if (key not in held or not is_abandoned(entry))
        and (need := _need(entry, numbers.get(key), says.get(key, ""), facts, goes=goes[key]))
    }
    together = preparing.together_until(ledger, now) if policy.recipe is not None else 0.0
    for action in _ORDER:
        due = [key for key, need in needs.items() if need == action and entries[key].not_before <= now]
        if due and together and action in ("source", "insert") and len(due) < MAX_IMAGES_PER_CALL:
            needs = {key: need for key, need in needs.items() if key not in due}
        elif due:
            taken = set(numbers_of(ledger, listing).values())
            return _flight(action, _batch(due, entries, numbers), entries, numbers, images, taken, facts)
    if intent is not None:
        return RunIntent(intent)
    waits = [entries[key].not_before for key in needs] + ([together] if together else [])
    return Wait(min(waits)) if waits else Nothing()


def _yields(ledger: Ledger, first: Intent) -> bool:
    """Whether the files come before the next intent: callers who ask all the time must not keep them out.

    Never before a cleanup, which would take away what has just come, nor before one whose answer may be lost.
    """
    return ledger.yields and first.kind != "clean" and first.before is None


_ORDER: Final[tuple[Action, ...]] = ("delete", "source", "insert", "attributes", "refer")


def stuck(ledger: Ledger, now: float, policy: Policy) -> frozenset[str]:
    """Name the keys for which nothing is sent now: they failed, wait for another try, or are still to be prepared."""
    return frozenset(
        key for key, entry in ledger.entries.items() if not _may_fly(entry, now, policy) or now < entry.not_before
    )


def _may_fly(entry: Entry, now: float, policy: Policy) -> bool:
    """Whether a key has not failed, and its file needs no preparation any more; until then nothing of it changes."""
    if entry.failure is not None:
        return False
    return policy.recipe is None or not needs_content(entry) or preparing.is_ready(entry, now)


def _need(entry: Entry, number: Number | None, says: str, facts: Facts, *, goes: bool) -> Action | None:
    """Tell what has to be done for a key, now or after a pause. `says`: which variants it asks for.

    `goes`: without a file, its image does, once no variant references it because of us.
    """
    if entry.same_as is not None:
        return None
    if needs_content(entry):
        return "source" if is_shown(entry) else "insert"
    if is_abandoned(entry):
        return ("refer" if references.is_due(entry, "") else "delete") if goes else None
    if _attributes(entry, number, facts):
        return "attributes"
    return "refer" if references.is_due(entry, says) else None


def _flight(
    action: Action,
    keys: Sequence[str],
    due: Mapping[str, Entry],
    numbers: Mapping[str, Number],
    images: Mapping[str, Image],
    taken: set[int],
    facts: Facts,
) -> StartFlight:
    # What an image gets that a person adds meanwhile; it would be taken for ours if ours got lost.
    next_by_hand = max(taken) + 1 if taken else None
    asked_for = {number.place for number in numbers.values() if number.own}
    snapshots: dict[str, Snapshot] = {}
    for key in keys:
        entry = due[key]
        if action == "insert" and entry.wanted is not None:
            # The number identifies the image afterwards, so nobody else may have it. An explicit priority that is
            # taken is put right by a change of attributes once the image is live.
            asked = numbers[key]
            number = new_number(asked.place, taken if asked.own else taken | asked_for, facts)
            if number == next_by_hand and entry.wanted.priority != number:
                number = order.free_number(number + 1, taken)
            taken.add(number)
            place = asked.place if number != asked.place and not asked.own and facts.numbers != "kept" else None
            snapshot = Snapshot(priority=number, place=place, description=description_of(entry) or None)
            snapshots[key] = _with_content(entry, entry.wanted.content, snapshot)
        elif entry.live is not None:
            name = entry.live.name
            shown = images.get(name)
            attributes = _attributes(entry, numbers.get(key), facts) if action in ("source", "attributes") else None
            codes = entry.refers.codes if entry.refers is not None else ()
            snapshot = replace(
                attributes or Snapshot(),
                name=name,
                cdn_name=shown.cdn_name if shown else None,
                change_times=_change_times(shown, entry.live),
                variants=codes if action == "refer" else None,
            )
            replaced = entry.wanted if action == "source" else None
            snapshots[key] = _with_content(entry, replaced.content, snapshot) if replaced is not None else snapshot
    return StartFlight(action, snapshots)


def _change_times(shown: Image | None, live: Live) -> tuple[str, ...]:
    told = (shown.change_time if shown else None, live.change_time)
    return tuple(dict.fromkeys(time for time in told if time is not None))


def _with_content(entry: Entry, content: Content, snapshot: Snapshot) -> Snapshot:
    done = preparing.of_wanted(entry)
    copy = done.path if done is not None and done.path else outbox(content.source, content.generation)
    return replace(
        snapshot,
        # What of the source may be written down and will stand in Shoptet's result: a URL's query is a secret.
        source=content.source.partition("?")[0] if content.url else copy,
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


def _attributes(entry: Entry, number: Number | None, facts: Facts) -> Snapshot | None:
    """Give the attributes to send for an image that is shown: what differs from what was last sent, or None.

    Compared with what we sent, not with the gallery: an order or description that a person changed there stays.
    """
    live, wanted = entry.live, entry.wanted
    if live is None or live.gone or wanted is None:
        return None
    described = description_of(entry)
    description = described if described != (live.description or "") or entry.unsure else None
    if number is not None and (not number.is_of(live, facts) or is_astray(entry) or entry.unsure):
        place = number.place if number.place != number.sent else None
        return Snapshot(priority=number.sent, place=place, description=description)
    return Snapshot(description=description) if description is not None else None


def _anything(ledger: Ledger, policy: Policy, facts: Facts) -> bool:
    # What is still to be prepared is something as well.
    asked = dataclasses.replace(policy, recipe=None)
    return not isinstance(plan(replace(ledger, pause=None), (), float("inf"), asked, facts), Nothing)

"""What a caller asked that is no picture: an intent waits in the ledger, is run, and has its effect there. Pure.

ask     the intent waits
ended   what came of it (an Outcome, written down once) has its effect on the ledger, and the intent is over
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from gallery_sync.core.ledger import MAX_DONE, MAY_BE_THERE, Entry, Intent, Ledger, Row, is_waiting, since, with_entries
from gallery_sync.core.operation import ImageState, Outcome
from gallery_sync.core.pictures import NAME_KEY, overridden, owner
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL, Image

replace = msgspec.structs.replace

BACK_KEY: Final = "back:"
"""Of the key under which an image of somebody else's comes back, until it is shown."""


def ask(ledger: Ledger, intent: Intent) -> Ledger:
    """Give the ledger with an intent waiting; one that waits already, or was run, changes nothing."""
    if intent.id in ledger.done or any(other.id == intent.id for other in ledger.intents):
        return ledger
    return replace(ledger, intents=(*ledger.intents, intent))


def next_one(ledger: Ledger) -> Intent | None:
    """Give the intent that may be run next: what waits for something of its own keeps no other waiting."""
    return next((intent for intent in ledger.intents if _is_ready(ledger, intent)), None)


def _is_ready(ledger: Ledger, intent: Intent) -> bool:
    if intent.kind == "restore":
        keys = {row.key for row in intent.rows}
        return not any(is_waiting(entry) for key, entry in ledger.entries.items() if key in keys)
    return intent.keep != "due"


def piece(intent: Intent) -> tuple[str, str]:
    """Give the operation that an intent is of, and the piece of it whose outcome it will have."""
    operation, _, name = intent.id.partition("/")
    return operation, name


def ended(ledger: Ledger, intent: Intent, outcome: Outcome) -> Ledger:
    """Give the ledger after an intent was run: its effect is there, and it waits no longer.

    Whoever comes late with it changes nothing, and neither does anybody while a flight of something else is under way.
    """
    waits = any(other.id == intent.id for other in ledger.intents)
    if not waits or (ledger.flight is not None and ledger.flight.intent != intent.id):
        return ledger
    # What a restoration brought back is somebody else's again, however it ended.
    is_effective = outcome.problem is None or intent.kind == "restore"
    after = _effect(ledger, intent, outcome) if is_effective else ledger
    left = tuple(other for other in after.intents if other.id != intent.id)
    done = tuple(dict.fromkeys((*after.done, intent.id)))[-MAX_DONE:]
    return replace(after, intents=left, flight=None, pause=None, done=done, yields=bool(left))


def carried_along(ledger: Ledger, first: Intent) -> tuple[Intent, ...]:
    """Give the changes of attributes that wait right behind another, and that one call can carry with it.

    Each is about other images, or the order in which they were asked would count; no more than a call takes; and none whose
    answer may be lost.
    """
    if first.kind != "attributes" or first.attempts:
        return ()
    owners = {e.live.name: key for key, e in ledger.entries.items() if e.live is not None and not e.live.gone}
    subjects = _subjects(first, owners)
    taken = list[Intent]()
    behind = ledger.intents[ledger.intents.index(first) + 1 :] if first in ledger.intents else ()
    for intent in behind:
        more = _subjects(intent, owners)
        if intent.kind != "attributes" or intent.attempts or subjects & more:
            break
        subjects |= more
        if len(subjects) > MAX_IMAGES_PER_CALL:
            break
        taken.append(intent)
    return tuple(taken)


def _subjects(intent: Intent, owners: Mapping[str, str]) -> set[str | None]:
    """Give what tells the images that a change of attributes is about: our key, or Shoptet's name of one that is not ours."""
    return {row.key if row.key is not None else owners.get(row.name or "", row.name) for row in intent.rows}


def was_cleaned(intent: Intent, listing: Sequence[Image]) -> bool:
    """Whether an earlier try of a cleanup, whose answer was lost, was carried out: nothing is left of what was there."""
    before = set(intent.before or ())
    shown = {image.name for image in listing}
    return intent.kind == "clean" and intent.attempts > 0 and bool(before) and before.isdisjoint(shown)


def _effect(ledger: Ledger, intent: Intent, outcome: Outcome) -> Ledger:
    """Do to the ledger what was done in the gallery, from what was written down of it."""
    match intent.kind:
        case "clean":
            return _cleaned(ledger, intent, {image.name: image.state for image in outcome.images})
        case "delete":
            return _deleted(ledger, intent, intent.name or "")
        case "attributes":
            told = [(row, one) for row, one in zip(intent.rows, outcome.images, strict=True) if one.state != "failed"]
            rows = {one.key: row for row, one in told if one.key is not None}
            return _described(ledger, rows, {one.name: one.change_time for _, one in told if one.state == "updated"})
        case "restore":
            # Images of somebody else's are theirs again; what failed was told.
            back = {row.key: Entry() for row in intent.rows if row.key is not None and row.key.startswith(BACK_KEY)}
            return with_entries(ledger, {key: entry for key, entry in back.items() if key in ledger.entries})


def there_before(ledger: Ledger, intent: Intent, listing: Sequence[Image]) -> tuple[str, ...]:
    """Name the images that an intent was asked for at the latest: what is listed when it is first tried.

    For a cleanup also what is ours from before it: a listing may lag behind.
    """
    return tuple(dict.fromkeys((*(image.name for image in listing), *ours_before(ledger, intent))))


def ours_before(ledger: Ledger, intent: Intent) -> tuple[str, ...]:
    """Name the images of ours that a cleanup is about, as they are from before it."""
    ours = [entry for entry in ledger.entries.values() if intent.kind == "clean" and not _is_newer(entry, intent)]
    return tuple(entry.live.name for entry in ours if entry.live is not None and not entry.live.gone)


def _is_newer(entry: Entry, intent: Intent) -> bool:
    """Whether what a key wants came after the intent was asked."""
    return entry.wanted is not None and since(entry.wanted) > intent.at


def _cleaned(ledger: Ledger, intent: Intent, became: Mapping[str | None, ImageState]) -> Ledger:
    """Give the ledger after a cleanup: what was deleted is gone, what Shoptet skipped is kept, and what was wanted then is out.

    What came in between was not touched.
    """
    entries = {}
    for key, entry in ledger.entries.items():
        shows = entry.live
        state = became.get(shows.name) if shows is not None else None
        live = replace(shows, state="kept") if shows is not None and state == "skipped" else shows
        live = None if state == "deleted" or (shows is not None and shows.gone) else live
        newer = _is_newer(entry, intent)
        if newer and live is None and shows is not None and (shows.gone or key.startswith(NAME_KEY)):
            # A person was faster than the cleanup, and still wins. Whether it took an image that is meant by its name, or that
            # came after it, the gallery tells.
            live = shows
        if newer or live is not None:
            # What came since it was kept was not touched: nobody knows whether this picture is among that.
            failure = entry.failure if newer and intent.keep and _may_be_there(entry) else None
            entries[key] = Entry(entry.wanted if newer else None, live, failure=failure)
    return replace(ledger, entries=entries, cleaned_at=max(ledger.cleaned_at, intent.at))


def _may_be_there(entry: Entry) -> bool:
    return entry.failure is not None and entry.failure.code == MAY_BE_THERE


def _deleted(ledger: Ledger, intent: Intent, name: str) -> Ledger:
    """Give the ledger after one image was deleted: it stays away until its file is dropped again."""
    key = owner(ledger, name)
    if key is None:
        return ledger
    entry = ledger.entries[key]
    by_name = key.startswith(NAME_KEY)
    if entry.wanted is None or entry.live is None:
        return with_entries(ledger, {key: Entry()})
    if since(entry.wanted) > intent.at:
        # Dropped or asked for since then, and perhaps shown already: it comes back, if it is not the image that is meant.
        return with_entries(ledger, {key: Entry(entry.wanted, replace(entry.live, state="gone") if by_name else None)})
    gone = replace(entry.live, state="deleted", generation=entry.wanted.content.generation)
    return with_entries(ledger, {key: Entry() if by_name else Entry(entry.wanted, gone)})


def _described(ledger: Ledger, rows: Mapping[str, Row], times: Mapping[str | None, str | None]) -> Ledger:
    """Give the ledger after attributes of our images were changed as asked, by key: no later plan undoes it.

    `times` are the change times of those that were changed in the gallery, by name; a key that is not live yet flies with
    what is wanted now.
    """
    changed = {}
    for key, row in rows.items():
        entry = ledger.entries.get(key)
        if entry is None:
            continue
        entry = overridden(entry, None, row.priority, row.description)
        if entry.live is not None and entry.live.name in times:
            live = replace(
                entry.live,
                priority=entry.live.priority if row.priority is None else row.priority,
                place=entry.live.place if row.priority is None else None,
                description=entry.live.description if row.description is None else row.description,
                change_time=times[entry.live.name] or entry.live.change_time,
            )
            entry = replace(entry, live=live)
        changed[key] = entry
    return with_entries(ledger, changed)

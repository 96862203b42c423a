"""Pictures that callers give by URL: wanted under our key, or for an image by its name at Shoptet. Pure.

By name it may be an image that is not ours: a replacement of such a one is kept under the key `name:…`, which nothing
orders and nothing but that replacement touches.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from gallery_sync.core.ledger import (
    Content,
    Entry,
    Ledger,
    Live,
    Override,
    Wanted,
    generation_at,
    since,
    wanting,
    with_entries,
    without_image,
)

replace = msgspec.structs.replace

URL_KEY: Final = "url:"
NAME_KEY: Final = "name:"


class ByUrl(msgspec.Struct, frozen=True):
    """A picture that a caller gives by URL: for a key or for the image `name`; `id` tells this request from all others."""

    id: str
    source_url: str
    at: float
    key: str | None = None
    name: str | None = None
    priority: int | None = None
    description: str | None = None
    rank: float | None = None


def ledger_key(key: str) -> str:
    """Give the ledger's key for a key that a caller names: as the ledger shows it, or the caller's own."""
    return key if key.startswith(("drop:", URL_KEY)) else f"{URL_KEY}{key}"


def url_key(source_url: str) -> str:
    """Give the ledger's key of a picture by URL for which the caller named none."""
    return f"{URL_KEY}{hashlib.sha256(source_url.encode()).hexdigest()[:40]}"


def owner(ledger: Ledger, name: str) -> str | None:
    """Give the key whose live image has this name; None if the image is not ours."""
    return next(
        (key for key, e in ledger.entries.items() if e.live is not None and e.live.name == name and not e.live.gone),
        None,
    )


def want(ledger: Ledger, pictures: Sequence[ByUrl]) -> Ledger:
    """Give the ledger in which these pictures are wanted. The same ones again change nothing, nor do older ones.

    So a request that is repeated after its picture was replaced or cleaned away does not bring it back.
    """
    changed: dict[str, Entry] = {}
    for picture in pictures:
        key = _key(ledger, picture)
        entry = changed.get(key) or ledger.entries.get(key) or Entry()
        if key.startswith(NAME_KEY) and (entry.live is None or entry.live.gone):
            entry = _entry_by_name(picture)
        since = entry.override.content if entry.override is not None else None
        last = since or (entry.wanted.content if entry.wanted is not None and entry.wanted.content.url else None)
        generation = generation_at(picture.at)
        if picture.at <= ledger.cleaned_at or (last is not None and last.generation >= generation):
            continue
        if picture.name is not None and _is_known(ledger, _mark(picture)):
            # The name that it was asked for may have become another one by that very request.
            continue
        content = Content(picture.source_url, generation, _mark(picture), 0, url=True)
        asked = Wanted(content, picture.at, picture.priority, picture.description, picture.rank)
        changed[key] = _with_asked(key, entry, asked)
    return with_entries(ledger, changed)


def adopted(ledger: Ledger) -> Ledger:
    """Give the ledger in which what was asked for an image by its name stands under the key that owns the image.

    Who asks while the image's own insertion is still under way cannot know that it is ours, and neither could we.
    """
    changed: dict[str, Entry] = {}
    ours = {
        e.live.name: key for key, e in ledger.entries.items() if e.live is not None and not key.startswith(NAME_KEY)
    }
    for name, asked in ledger.entries.items():
        key = ours.get(name.removeprefix(NAME_KEY)) if name.startswith(NAME_KEY) else None
        if key is not None and asked.wanted is not None and asked.failure is None:
            own = ledger.entries[key]
            if own.wanted is None or since(own.wanted) <= since(asked.wanted):
                changed[key] = _with_asked(key, own, asked.wanted)
            changed[name] = Entry()
    return with_entries(ledger, changed)


def by_name_checked(key: str, entry: Entry) -> Entry:
    """Fail a replacement that a caller asked for an image by its name, once there is no such image: never insert it."""
    live, wanted = entry.live, entry.wanted
    if not key.startswith("name:") or entry.failure is not None or live is None or not live.gone:
        return entry
    # What was shown once was carried out, whatever became of the image since.
    carried_out = wanted is None or wanted.content.checksum == live.checksum
    return Entry() if carried_out else without_image(entry)


def _key(ledger: Ledger, picture: ByUrl) -> str:
    if picture.name is not None:
        return owner(ledger, picture.name) or f"{NAME_KEY}{picture.name}"
    return picture.key if picture.key is not None else url_key(picture.source_url)


def _entry_by_name(picture: ByUrl) -> Entry:
    """Somebody else's image that a caller named: known by its name alone, and seen by the caller a moment ago."""
    return Entry(None, Live(picture.name, "", 0, seen=picture.at)) if picture.name is not None else Entry()


def _mark(picture: ByUrl) -> str:
    """Give what stands for a caller's picture in place of a checksum, which nobody knows."""
    return f"op:{picture.id}"


def _is_known(ledger: Ledger, checksum: str) -> bool:
    """Whether a caller's picture is wanted or shown already."""
    return any(
        (e.wanted is not None and e.wanted.content.checksum == checksum)
        or (e.live is not None and e.live.checksum == checksum)
        for e in ledger.entries.values()
    )


def _with_asked(key: str, entry: Entry, asked: Wanted) -> Entry:
    """Give an entry with a caller's picture wanted: over a dropped file's word, or instead of what was wanted before."""
    before = entry.wanted
    if key.startswith("drop:") and before is not None:
        return overridden(entry, asked.content, asked.priority, asked.description)
    if before is not None:
        rank = asked.rank if before.rank is None else before.rank
        asked = replace(
            with_attributes(before, asked.priority, asked.description),
            content=asked.content,
            created=asked.created,
            rank=rank,
        )
    return wanting(entry, asked)


def overridden(entry: Entry, content: Content | None, priority: int | None, description: str | None) -> Entry:
    """Give a dropped file's entry with a caller's word over it; what was overridden before stays so."""
    if entry.wanted is None:
        return entry
    before = entry.override
    if before is None and not entry.wanted.content.url:
        # Else no file says anything, as it was deleted or cleaned away: there is nothing for a word to be over.
        before = Override(entry.wanted)
    override = before and Override(
        before.base,
        before.content if content is None else content,
        before.priority if priority is None else priority,
        before.description if description is None else description,
    )
    wanted = with_attributes(entry.wanted, priority, description)
    if content is None:
        return replace(entry, wanted=wanted, override=override)
    return wanting(entry, replace(wanted, content=content), override=override)


def with_attributes(wanted: Wanted, priority: int | None, description: str | None) -> Wanted:
    """Give what is wanted with another number or description, where one was asked for."""
    return replace(
        wanted,
        priority=wanted.priority if priority is None else priority,
        description=wanted.description if description is None else description,
    )

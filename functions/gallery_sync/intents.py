"""What callers ask does to the ledger: pictures by URL, changed attributes, cleanups. Pure.

A caller names an image by our key or by Shoptet's name. By name it may be an image that is not ours: a replacement of
such a one is kept under the key `name:…`, which nothing orders and nothing but that replacement touches.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from gallery_sync.ledger import Content, Entry, Intent, Ledger, Live, Override, Row, Wanted, with_entries
from gallery_sync.shoptet.model import Image

replace = msgspec.structs.replace

URL_KEY: Final = "url:"
NAME_KEY: Final = "name:"


class ByUrl(msgspec.Struct, frozen=True, omit_defaults=True):
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
        entry = changed.get(key) or ledger.entries.get(key) or _entry_by_name(picture)
        since = entry.override.content if entry.override is not None else None
        last = since or (entry.wanted.content if entry.wanted is not None and entry.wanted.content.url else None)
        generation = int(picture.at * 1_000_000)
        if picture.at <= ledger.cleaned_at or (last is not None and last.generation >= generation):
            continue
        content = Content(picture.source_url, generation, f"op:{picture.id}", 0, url=True)
        if key.startswith("drop:") and entry.wanted is not None:
            changed[key] = _override(entry, content, picture.priority, picture.description)
        else:
            before = entry.wanted
            rank = before.rank if before is not None and before.rank is not None else picture.rank
            wanted = Wanted(
                content,
                picture.at,
                picture.priority if picture.priority is not None or before is None else before.priority,
                picture.description if picture.description is not None or before is None else before.description,
                rank,
            )
            changed[key] = Entry(wanted, entry.live)
    return with_entries(ledger, changed)


def ask(ledger: Ledger, intent: Intent) -> Ledger:
    """Give the ledger with an intent waiting; one that waits already, or was carried out, changes nothing."""
    if intent.id in ledger.carried or any(other.id == intent.id for other in ledger.intents):
        return ledger
    return replace(ledger, intents=(*ledger.intents, intent))


def cleaned(ledger: Ledger, intent: Intent, skipped: Sequence[str]) -> Ledger:
    """Give the ledger after a cleanup: images are gone but those that Shoptet `skipped`, and what was wanted then is out."""
    kept = set(skipped)
    entries = {}
    for key, entry in ledger.entries.items():
        stays = entry.live is not None and entry.live.name in kept
        live = replace(entry.live, kept=True) if stays and entry.live is not None else None
        newer = entry.wanted is not None and entry.wanted.created > intent.at
        if newer or live is not None:
            entries[key] = Entry(entry.wanted if newer else None, live)
    return replace(ledger, entries=entries, cleaned_at=max(ledger.cleaned_at, intent.at))


def deleted(ledger: Ledger, intent: Intent, name: str) -> Ledger:
    """Give the ledger after one image was deleted: it stays away until its file is dropped again."""
    key = owner(ledger, name)
    if key is None:
        return ledger
    entry = ledger.entries[key]
    if key.startswith(NAME_KEY) or entry.wanted is None or entry.live is None:
        entries = {other: e for other, e in ledger.entries.items() if other != key}
        return replace(ledger, entries=entries)
    asked_after = entry.wanted.created <= intent.at
    generation = entry.wanted.content.generation if asked_after else entry.live.generation
    return with_entries(ledger, {key: Entry(entry.wanted, replace(entry.live, gone=True, generation=generation))})


def described(ledger: Ledger, rows: Mapping[str, Row], images: Mapping[str, Image]) -> Ledger:
    """Give the ledger after attributes of our images were changed as asked, by key: no later plan undoes it.

    `images` are those that were changed in the gallery, by name; a key that is not live yet flies with its new wishes.
    """
    changed = {}
    for key, row in rows.items():
        entry = ledger.entries.get(key)
        if entry is None:
            continue
        if entry.wanted is not None:
            entry = (
                _override(entry, None, row.priority, row.description)
                if key.startswith("drop:")
                else replace(entry, wanted=_with(entry.wanted, row.priority, row.description))
            )
        if entry.live is not None and entry.live.name in images:
            live = replace(
                entry.live,
                priority=entry.live.priority if row.priority is None else row.priority,
                description=entry.live.description if row.description is None else row.description,
            )
            entry = replace(entry, live=live)
        changed[key] = entry
    return with_entries(ledger, changed)


def _key(ledger: Ledger, picture: ByUrl) -> str:
    if picture.name is not None:
        return owner(ledger, picture.name) or f"{NAME_KEY}{picture.name}"
    return picture.key if picture.key is not None else url_key(picture.source_url)


def _entry_by_name(picture: ByUrl) -> Entry:
    """Somebody else's image that a caller named: known by its name alone."""
    return Entry(None, Live(picture.name, "", 0)) if picture.name is not None else Entry()


def _override(entry: Entry, content: Content | None, priority: int | None, description: str | None) -> Entry:
    """Give a dropped file's entry with a caller's word over it; what was overridden before stays so."""
    if entry.wanted is None:
        return entry
    before = entry.override or Override(entry.wanted)
    override = Override(
        before.base,
        before.content if content is None else content,
        before.priority if priority is None else priority,
        before.description if description is None else description,
    )
    wanted = _with(entry.wanted, priority, description)
    if content is None:
        return replace(entry, wanted=wanted, override=override)
    return Entry(replace(wanted, content=content), entry.live, override=override)


def _with(wanted: Wanted, priority: int | None, description: str | None) -> Wanted:
    return replace(
        wanted,
        priority=wanted.priority if priority is None else priority,
        description=wanted.description if description is None else description,
    )

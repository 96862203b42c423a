"""Files of one gallery with the same bytes: a renamed file keeps its image, and none is shown twice. Pure.

A rename is a copy under the new name, and the old one's deletion, which may be seen much later.

    the old file is gone, its image stands      the new file has that image from now on
    the old file is there, too                  the new one waits, as *the same picture as* the old one, and inherits its image
    in shop360, where frames may repeat         it waits for a while only, and is then a picture of its own
    the old image was deleted by somebody       the new file is a new picture: no file waits for what is not shown
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from gallery_sync.core.checksums import is_same
from gallery_sync.core.ledger import Entry, Ledger, is_abandoned, is_shown, needs_content, with_entries
from gallery_sync.core.names import DROP_KEY

replace = msgspec.structs.replace

REPEATS: Final = "shop360"
"""The gallery in which a picture may be there twice: frames of a turn."""


def paired(ledger: Ledger, now: float, rename_wait: float) -> Ledger:
    """Give the ledger in which new files have the images of those that they were renamed from, or wait beside their twins."""
    changed = _inherited(ledger)
    ledger = with_entries(ledger, changed) if changed else ledger
    marks = {key: _twin(ledger, key, entry, now, rename_wait) for key, entry in _files(ledger).items()}
    marked = {
        key: replace(entry, same_as=marks[key]) for key, entry in _files(ledger).items() if entry.same_as != marks[key]
    }
    return with_entries(ledger, marked) if marked else ledger


def waits_until(ledger: Ledger, rename_wait: float) -> list[float]:
    """Give the moments at which a twin becomes a picture of its own."""
    if ledger.gallery != REPEATS:
        return []
    return [
        e.wanted.created + rename_wait
        for e in ledger.entries.values()
        if e.same_as is not None and e.wanted is not None
    ]


def _files(ledger: Ledger) -> dict[str, Entry]:
    return {key: entry for key, entry in ledger.entries.items() if key.startswith(DROP_KEY)}


def _is_new(entry: Entry) -> bool:
    """Whether a file's picture was never shown, and is to be."""
    wanted = entry.wanted
    return wanted is not None and not wanted.content.url and entry.live is None and entry.failure is None


def _inherited(ledger: Ledger) -> dict[str, Entry]:
    """Give each new file the image of a file with the same bytes that is gone."""
    left = {key: entry for key, entry in _files(ledger).items() if entry.wanted is None and entry.live is not None}
    changed: dict[str, Entry] = {}
    for key, entry in sorted(_files(ledger).items()):
        if not _is_new(entry) or entry.wanted is None:
            continue
        old = _same_bytes(entry.wanted.content.checksum, left)
        if old is not None and (live := left.pop(old).live) is not None:
            generation = entry.wanted.content.generation
            changed[key] = replace(entry, live=replace(live, generation=generation), same_as=None)
            changed[old] = Entry()
    return changed


def _same_bytes(checksum: str, left: Mapping[str, Entry]) -> str | None:
    """Find an image with this content that is shown, and whose file is gone."""
    for key, entry in left.items():
        if is_abandoned(entry) and entry.live is not None and is_same(checksum, entry.live.checksum):
            return key
    return None


def _twin(ledger: Ledger, key: str, entry: Entry, now: float, rename_wait: float) -> str | None:
    """Name the key with the same bytes that comes first: one that is shown, or a new one that was dropped before."""
    wanted = entry.wanted
    if wanted is None or not _is_new(entry):
        return None
    if ledger.gallery == REPEATS and now >= wanted.created + rename_wait:
        return None
    for other, its in _files(ledger).items():
        if other == key or its.wanted is None or its.failure is not None or its.wanted.content.url:
            continue
        if not is_same(wanted.content.checksum, its.wanted.content.checksum):
            continue
        before = (its.wanted.created, other) < (wanted.created, key)
        if (is_shown(its) and not needs_content(its)) or (_is_new(its) and before):
            return other
    return None

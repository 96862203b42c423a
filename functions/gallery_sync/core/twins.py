"""Files of one gallery with the same bytes: a renamed file keeps its image, and none is shown twice. Pure.

A rename is a copy under the new name, and the old one's deletion, which may be seen much later.

    the old file is gone, its image stands      the new file has that image from now on
    the old file is there, too                  the new one waits, as *the same picture as* the old one, and inherits its image
    in shop360, where frames may repeat         it waits for a while only, and is then a picture of its own
    the old image was deleted by somebody       the new file is a new picture: no file waits for what is not shown
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec

from gallery_sync.core.checksums import is_same, parts
from gallery_sync.core.ledger import Entry, Ledger, is_abandoned, is_shown, needs_content, with_entries
from gallery_sync.core.names import DROP_KEY

replace = msgspec.structs.replace

REPEATS: Final = "shop360"
"""The gallery in which a picture may be there twice: frames of a turn."""


def paired(ledger: Ledger, now: float, rename_wait: float) -> Ledger:
    """Give the ledger in which new files have the images of those that they were renamed from, or wait beside their twins."""
    changed = _inherited(ledger)
    ledger = with_entries(ledger, changed) if changed else ledger
    files = _files(ledger)
    first = _first(files)
    marked = {}
    for key, entry in files.items():
        same_as = None if _repeats(ledger, entry, now, rename_wait) else _twin(key, files, first)
        if entry.same_as != same_as:
            marked[key] = replace(entry, same_as=same_as)
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


def _repeats(ledger: Ledger, entry: Entry, now: float, rename_wait: float) -> bool:
    """Whether a picture may be there twice by now."""
    return ledger.gallery == REPEATS and entry.wanted is not None and now >= entry.wanted.created + rename_wait


def _inherited(ledger: Ledger) -> dict[str, Entry]:
    """Give each new file the image of a file with the same bytes that is shown, and whose file is gone."""
    files = _files(ledger)
    left: dict[str, deque[str]] = {}
    for key, entry in sorted(files.items()):
        if is_abandoned(entry) and entry.live is not None:
            for part in parts(entry.live.checksum):
                left.setdefault(part, deque()).append(key)
    changed: dict[str, Entry] = {}
    for key, entry in sorted(files.items()) if left else ():
        if not _is_new(entry) or entry.wanted is None:
            continue
        for queue in [left[part] for part in parts(entry.wanted.content.checksum) if part in left]:
            while queue and queue[0] in changed:
                queue.popleft()
            live = files[queue[0]].live if queue else None
            if live is not None and is_same(entry.wanted.content.checksum, live.checksum):
                generation = entry.wanted.content.generation
                changed[key] = replace(entry, live=replace(live, generation=generation), same_as=None)
                changed[queue.popleft()] = Entry()
                break
    return changed


Rank = tuple[bool, float, str]
"""Which of the files with the same bytes comes first: one that is shown, then the one that was dropped first."""


def _rank(key: str, entry: Entry) -> Rank | None:
    """None where no other file waits for this one."""
    wanted = entry.wanted
    if wanted is None or wanted.content.url or entry.failure is not None:
        return None
    is_there = is_shown(entry) and not needs_content(entry)
    return (not is_there, wanted.created, key) if is_there or _is_new(entry) else None


def _first(files: Mapping[str, Entry]) -> dict[str, Rank]:
    """Give which file comes first, by each sum that storage tells of its bytes: looking at all of all would take seconds."""
    first: dict[str, Rank] = {}
    for key, entry in files.items():
        if (rank := _rank(key, entry)) is not None and entry.wanted is not None:
            for part in parts(entry.wanted.content.checksum):
                first[part] = min(first.get(part, rank), rank)
    return first


def _twin(key: str, files: Mapping[str, Entry], first: Mapping[str, Rank]) -> str | None:
    """Name the key with the same bytes that comes before a new file, if there is one."""
    wanted = files[key].wanted
    if wanted is None or not _is_new(files[key]):
        return None
    ranks = sorted(first[part] for part in parts(wanted.content.checksum) if part in first)
    others = [(other, files[other].wanted) for _, _, other in ranks if other != key]
    same = (k for k, its in others if its is not None and is_same(wanted.content.checksum, its.content.checksum))
    return next(same, None)

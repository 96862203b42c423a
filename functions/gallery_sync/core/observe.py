"""What is wanted: the bucket's files, into the ledger. Pure.

A file wants its own content, description and order, unless a caller's word about it came later.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from gallery_sync.core import descriptions, spellings, twins
from gallery_sync.core.checksums import is_same
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import (
    MAY_BE_THERE,
    ORDER_RULE,
    Content,
    Entry,
    Failure,
    Ledger,
    Override,
    Wanted,
    asked_at,
    wanting,
    with_entries,
)
from gallery_sync.core.names import DROP_KEY
from gallery_sync.core.pictures import by_name_checked
from gallery_sync.core.shop_values import MAX_PRIORITY

replace = msgspec.structs.replace

_PRIORITY = re.compile("0*([1-9][0-9]{0,4})")
_FLAWS = frozenset({"empty-file", "bad-priority"})
"""Failures that end when the file is put right. `bad-priority` was one in earlier versions, and is a warning now."""


def observe(
    ledger: Ledger, files: Iterable[DropFile], now: float, empty_wait: float = 0.0, rename_wait: float = 0.0
) -> Ledger:
    """Give the ledger with what its files now want. Files from before the last cleanup are out until dropped again.

    An empty file may still be being written: before `empty_wait` (seconds) is over, it says nothing. `rename_wait`: how long a
    copy in shop360 may be half of a rename.
    """
    current = spellings.counting(ledger, (file for file in files if file.created > ledger.cleaned_at))
    changed: dict[str, Entry] = {}
    news = False
    for key, chosen in current.items():
        file = chosen.file
        if is_being_written(file, now, empty_wait):
            continue
        wanted, warning = _wanted(file)
        entry = ledger.entries.get(key, Entry())
        if (known := _known_better(entry, wanted.content)) != entry:
            changed[key] = entry = known
        if entry.also != chosen.others:
            changed[key] = entry = replace(entry, also=dict(chosen.others))
        flaw = _empty(now) if file.size == 0 else None
        override, wanted = _overridden(_override(entry, wanted), wanted)
        if wanted.content.url:
            flaw = None
        if entry.warning != warning:
            changed[key] = entry = replace(entry, warning=warning)
        if _may_be_there(entry, file):
            changed[key] = replace(entry, wanted=wanted, override=override)
        elif entry.wanted != wanted or _flaw(entry) != (flaw.code if flaw else None):
            changed[key] = wanting(entry, wanted, failure=flaw, override=override)
            news = True
        elif entry.override != override:
            changed[key] = replace(entry, override=override)
    for key, entry in ledger.entries.items():
        if key.startswith(DROP_KEY) and key not in current and entry.wanted is not None and _asked(entry) is None:
            changed[key] = wanting(entry, None)
            news = True
        elif by_name_checked(key, entry) != entry:
            changed[key] = by_name_checked(key, entry)
    after = with_entries(replace(ledger, order_rule=ORDER_RULE) if news else ledger, changed)
    return twins.paired(after, now, rename_wait)


def is_being_written(file: DropFile, now: float, empty_wait: float) -> bool:
    """Whether a file may get its content yet: a mounted bucket writes an empty object first."""
    return file.size == 0 and now < file.created + empty_wait


def _known_better(entry: Entry, content: Content) -> Entry:
    """Give an entry with all that storage knows of the very content that it has: earlier versions wrote one checksum down."""
    wanted, live = entry.wanted, entry.live
    if wanted is not None and not wanted.content.url and wanted.content.generation == content.generation:
        entry = replace(entry, wanted=replace(wanted, content=content))
    if live is not None and live.generation == content.generation and is_same(live.checksum, content.checksum):
        entry = replace(entry, live=replace(live, checksum=content.checksum))
    return entry


def _asked(entry: Entry) -> Wanted | None:
    """Give what a caller wants by URL for an image whose file had been deleted before: no file speaks against it."""
    wanted = entry.wanted
    return wanted if wanted is not None and wanted.content.url and entry.override is None else None


def _may_be_there(entry: Entry, file: DropFile) -> bool:
    """Whether the file's image may be in the gallery beyond recognition: only a drop after that was said sends it again.

    A change of its metadata does not, nor a replacement that nobody had seen when the failure was written down.
    """
    return entry.failure is not None and entry.failure.code == MAY_BE_THERE and file.created <= entry.failure.at


def _override(entry: Entry, says: Wanted) -> Override | None:
    """Give what a caller asked for a file's image; that may have been before anybody had seen the file."""
    asked = _asked(entry)
    return entry.override if asked is None else Override(says, asked.content, asked.priority, asked.description)


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


def _flaw(entry: Entry) -> str | None:
    return entry.failure.code if entry.failure is not None and entry.failure.code in _FLAWS else None


def _wanted(file: DropFile) -> tuple[Wanted, str | None]:
    """Read what a file wants, and what is wrong with its metadata: the picture comes without that."""
    metadata = _read(file.metadata)
    content = Content(file.drop.name, file.generation, file.checksum, file.size, encoding=file.encoding)
    wanted = Wanted(content, file.created)
    warnings = []
    if (text := metadata.get("description")) is not None:
        wrong = descriptions.flaw(text)
        wanted = replace(wanted, description=text if wrong is None else None)
        warnings += [] if wrong is None else [f"the file's metadata 'description' {wrong}"]
    if (number := metadata.get("priority")) is not None:
        digits = _PRIORITY.fullmatch(number)
        if digits is not None and int(digits[1]) <= MAX_PRIORITY:
            wanted = replace(wanted, priority=int(digits[1]))
        else:
            warnings.append(
                f"the file's metadata 'priority' is {number[:40]!r}: write a whole number from 1 to {MAX_PRIORITY}"
            )
    if (codes := metadata.get("variant", "").strip()) and (wrong := descriptions.flaw(codes)) is None:
        wanted = replace(wanted, variant=codes)
    elif codes:
        warnings.append(f"the file's metadata 'variant' {wrong}")
    return wanted, "; ".join(warnings) or None


def _read(metadata: Mapping[str, str]) -> dict[str, str]:
    """Read the keys of metadata in any case, as people write them; of two, the one in small letters counts."""
    return {key.lower(): metadata[key] for key in sorted(metadata)}


def _empty(now: float) -> Failure:
    return Failure("empty-file", "the file is empty: drop the picture again", now)

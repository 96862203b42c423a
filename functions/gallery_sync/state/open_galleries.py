"""`open/galleries/{guid}/{gallery}`: a marker for each gallery that has work or trouble, so that nobody has to list all.

It is written before a ledger that is open, and removed after one that is not. What it says changes seldom, so most writes of
a ledger leave it alone: whether there is work, and how many images wait for a person, as they failed, are held or were left
behind. The other counts in its metadata are those of the moment at which it was written. A marker that is wrong all the same
(a run died in between, an earlier version wrote the ledger) is mended by the sweep that finds it so, or by the daily audit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.ledger_document import Counts
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.log import Log
from gallery_sync.ports.storage import Documents, Listed, PreconditionFailed, StorageUnavailable

PREFIX: Final = "open/galleries/"
TRIES: Final = 5


class Said(msgspec.Struct, frozen=True):
    """What a marker says: whether there is work, how many keys failed, and how many images go only if a person says so."""

    work: bool
    failed: int
    held: int = 0
    left: int = 0

    @property
    def needs(self) -> int:
        """How many images wait for a person."""
        return self.failed + self.held + self.left

    @property
    def is_open(self) -> bool:
        """Whether there is anything to say."""
        return self.work or self.needs > 0


class _Body(msgspec.Struct, frozen=True):
    """A marker's document. `over` is the generation of the ledger that was about to be written over."""

    said: Said
    over: int


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker as a listing shows it. `waiting`: how many images were still to be brought when it was written."""

    guid: str
    gallery: Gallery
    said: Said
    generation: int
    updated: float
    waiting: int = 0


def of(counts: Counts) -> Said | None:
    """Give what the marker of such a ledger has to say; None where nothing is open."""
    said = Said(counts.reconcile_at > 0 or counts.flight > 0, counts.failed, counts.held, counts.left)
    return said if said.is_open else None


def of_ledger(ledger: Ledger) -> Said | None:
    """Give what a ledger's marker has to say; None where nothing is open."""
    return of(ledger_document.counts(ledger))


def listed_said(metadata: Mapping[str, str]) -> Said | None:
    """Give the same from the metadata of a ledger or marker in a listing; what cannot be read counts as work."""
    _, reconcile_at = ledger_document.listed_reconcile_at(metadata)
    said = Said(reconcile_at != "0", *(listed_count(metadata, kind) for kind in ("failed", "held", "left")))
    return said if said.is_open else None


def listed_count(metadata: Mapping[str, str], kind: str) -> int:
    """Give a count (`core.ledger_document.Counts`) from the metadata of a ledger or marker in a listing."""
    count = metadata.get(kind, "0")
    return int(count) if count.isdecimal() else 0


def path(guid: str, gallery: Gallery) -> str:
    """Where a gallery's marker lies."""
    return f"{PREFIX}{guid}/{gallery}"


def put(documents: Documents, ledger: Ledger, over: int) -> None:
    """Mark a gallery before its ledger is written over this generation. Raises StorageUnavailable.

    Whoever closes the gallery at the same time removes only the marker that stood there before: so this writes anew, unless
    somebody who saw the same generation of the ledger has just done so.
    """
    said = of_ledger(ledger)
    if said is None:
        return
    where, body = path(ledger.guid, ledger.gallery), msgspec.json.encode(_Body(said, over))
    for _ in range(TRIES):
        stored = documents.read(where)
        if stored is not None and stored.body == body:
            return
        generation = stored.generation if stored is not None else 0
        try:
            documents.write(where, body, generation=generation, metadata=ledger_document.counts(ledger).metadata())
        except PreconditionFailed:
            continue
        return
    raise StorageUnavailable(f"{where} was written by others {TRIES} times in a row")


def generation(documents: Documents, guid: str, gallery: Gallery) -> int | None:
    """Give the generation of a gallery's marker, which `remove` takes; None where there is none."""
    stored = documents.read(path(guid, gallery))
    return stored.generation if stored is not None else None


def remove(documents: Documents, guid: str, gallery: Gallery, seen: int) -> None:
    """Remove the marker of this generation. A newer one stays: somebody has opened the gallery again meanwhile."""
    try:
        documents.delete(path(guid, gallery), generation=seen)
    except PreconditionFailed:
        return


def all_marked(documents: Documents, log: Log) -> Iterator[Marker]:
    """Give every marker. What is none is told and left out."""
    for listed in documents.list(PREFIX):
        marker = _read(listed)
        if marker is None:
            log.say(
                "ERROR",
                f"{listed.path} in the state bucket is no marker of a gallery: only gallery-sync may write there; delete it",
            )
            continue
        yield marker


def listed(documents: Documents, guid: str = "") -> Iterator[Marker]:
    """Give every marker, or those of one product. What is none is left out. Raises StorageUnavailable."""
    found = map(_read, documents.list(f"{PREFIX}{guid}/" if guid else PREFIX))
    return (marker for marker in found if marker is not None)


def _read(listed: Listed) -> Marker | None:
    guid, _, name = listed.path.removeprefix(PREFIX).partition("/")
    gallery = next((one for one in GALLERIES if one == name), None)
    if not guid or gallery is None:
        return None
    # One that says nothing readable is looked into, and mended by that.
    said = listed_said(listed.metadata) or Said(work=True, failed=0)
    return Marker(guid, gallery, said, listed.generation, listed.updated, listed_count(listed.metadata, "waiting"))

"""Ledgers in the state bucket: read, written with a precondition, changed in a loop that others may run as well."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gallery_sync.clock import Clock, SystemClock
from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Flight, Ledger, SeenAs, file_of
from gallery_sync.core.names import is_placed
from gallery_sync.core.observe import observe
from gallery_sync.core.shop_values import Gallery
from gallery_sync.ports.storage import (
    Documents,
    Listed,
    PreconditionFailed,
    StorageUnavailable,
    TooManyWrites,
    WrittenByOthers,
)
from gallery_sync.state import open_galleries

TRIES: Final = 10
"""How often a change is tried over what others wrote meanwhile."""
PATIENCE: Final = 5.0
"""Seconds after which no further try is begun. Storage promises one write a second to a ledger: who comes when thirty
others do has to be told later rather than wait for all of them."""
PAUSES: Final = (0.05, 1.0)
"""Seconds between two tries: at first, and at most. They double, and each is cut by chance, so that tries spread."""
FOLDERS: Final = "folders"
"""The metadata that names the folders of which a ledger wants files: a listing shows whose folder was emptied."""
SEEN: Final = "seen"
"""The metadata that says when and how the gallery was seen: the whole shop is compared by a listing."""
FOLDERS_BYTES: Final = 4096
"""Of that metadata. An object's may have 8 KiB in all (Cloud Storage, "Object metadata")."""


@dataclass(frozen=True, slots=True)
class Held:
    """A ledger as it was read, and the generation that a write must name (0: it was never written)."""

    ledger: Ledger
    generation: int


class Ledgers:
    """The ledgers of all galleries."""

    def __init__(self, documents: Documents, clock: Clock | None = None) -> None:
        self._documents = documents
        self._clock = clock if clock is not None else SystemClock()

    def read(self, guid: str, gallery: Gallery) -> Held:
        """Give a gallery's ledger, an empty one if there is none. Raises BadDocument, StorageUnavailable."""
        path = ledger_document.path(guid, gallery)
        stored = self._documents.read(path)
        if stored is None:
            return Held(Ledger(guid, gallery), 0)
        return Held(ledger_document.decode(stored.body, path), stored.generation)

    def write(self, held: Held, changed: Ledger) -> Held:
        """Write over the generation that was read. Raises PreconditionFailed, StorageUnavailable.

        The gallery's marker is written before a ledger that is open, and removed after one that is not; it is touched only
        where what it says changes.
        """
        path, body = ledger_document.path(changed.guid, changed.gallery), ledger_document.encode(changed)
        metadata = ledger_document.counts(changed).metadata() | {FOLDERS: _folders(changed)}
        if changed.seen_as is not None:
            metadata[SEEN] = f"{int(changed.seen_as.at)} {changed.seen_as.fingerprint}"
        said, says = open_galleries.of_ledger(held.ledger), open_galleries.of_ledger(changed)
        marker = None
        if says is not None and says != said:
            open_galleries.put(self._documents, changed, held.generation)
        elif says is None and said is not None:
            # Before the write: whoever opens the gallery after it writes another marker, which stays.
            marker = open_galleries.generation(self._documents, changed.guid, changed.gallery)
        generation = self._documents.write(path, body, generation=held.generation, metadata=metadata)
        if marker is not None:
            # The ledger is written, and who wrote it has to tell what that means: a marker that stays a sweep removes.
            with suppress(StorageUnavailable):
                open_galleries.remove(self._documents, changed.guid, changed.gallery, marker)
        return Held(changed, generation)

    def delete(self, held: Held) -> None:
        """Delete a ledger that was read and says nothing any more. Raises PreconditionFailed, StorageUnavailable."""
        path = ledger_document.path(held.ledger.guid, held.ledger.gallery)
        self._documents.delete(path, generation=held.generation)

    def change(self, guid: str, gallery: Gallery, decide: Callable[[Ledger], Ledger]) -> Ledger:
        """Read, decide and write until nobody else wrote in between; what `decide` gives back unchanged is not written.

        `decide` is called again for every try, so it must be pure. Raises BadDocument, StorageUnavailable, TooManyWrites.
        """
        until, tries = self._clock.now() + PATIENCE, 0
        while True:
            held = self.read(guid, gallery)
            changed = decide(held.ledger)
            if changed == held.ledger:
                return changed
            try:
                return self.write(held, changed).ledger
            except (PreconditionFailed, TooManyWrites) as error:
                refused, tries = error, tries + 1
            now = self._clock.now()
            if tries == TRIES or now >= until:
                if isinstance(refused, TooManyWrites):
                    raise refused
                where = ledger_document.path(guid, gallery)
                raise WrittenByOthers(f"{where} was written by others {tries} times in a row")
            self._clock.sleep(_pause(tries, now))

    def change_flight(self, ledger: Ledger, flight: Flight, decide: Callable[[Ledger], Ledger]) -> Ledger:
        """As `change`, but only while this very flight is under way; else somebody else has ended it, and that stands."""

        def decide_if_mine(held: Ledger) -> Ledger:
            return decide(held) if held.flight is not None and held.flight.id == flight.id else held

        return self.change(ledger.guid, ledger.gallery, decide_if_mine)


def _pause(tries: int, now: float) -> float:
    """Give the pause before the next try: doubling, bounded, and cut by what stands for chance, the moment itself."""
    first, most = PAUSES
    chance = int.from_bytes(hashlib.sha256(repr(now).encode()).digest()[:4]) / 2**32
    return min(first * 2.0 ** (tries - 1), most) * (0.3 + 0.7 * chance)


def listed_folders(listed: Listed) -> list[str]:
    """Name the folders of the drop bucket of which a ledger wants files, from a listing."""
    return [folder for folder in listed.metadata.get(FOLDERS, "").split("/") if folder]


def listed_seen(listed: Listed) -> SeenAs | None:
    """Give when and how a gallery was seen, from a listing; None where that is not told."""
    at, _, fingerprint = listed.metadata.get(SEEN, "").partition(" ")
    return SeenAs(float(at), fingerprint) if at.isdecimal() and fingerprint else None


def _folders(ledger: Ledger) -> str:
    """Name the folders whose files this ledger would miss, with `/` between; what does not fit any more is left out."""
    emptied = observe(ledger, (), 0.0).entries
    missed = [file_of(key, entry) for key, entry in ledger.entries.items() if emptied.get(key) != entry]
    # What lies in no folder is compared with the index that says where it stands.
    folders = sorted({file.partition("/")[0] for file in missed if not is_placed(file)})
    while len("/".join(folders).encode()) > FOLDERS_BYTES:
        folders.pop()
    return "/".join(folders)

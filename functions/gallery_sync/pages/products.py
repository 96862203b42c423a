"""Products by name, code, EAN or file, from the catalogue; without one, by what was dropped."""

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gallery_sync.core import archive, names, placing, table
from gallery_sync.core.catalogue import CodeRow, Listed
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.name_patterns import Placing
from gallery_sync.core.placing import Candidate
from gallery_sync.ports.storage import Documents
from gallery_sync.state.catalogue import Catalogue, read_head
from gallery_sync.state.codes import known_guid
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.state.written import WrittenCodes
from gallery_sync.work.judge import Judged, judged

MOST_FOUND: Final = 20
MOST_MEANT: Final = 2
MEANT: Final = frozenset({"no-product", "unknown-code", "ambiguous-name", "longer-code"})
"""Refusals of names that may be put right by another code."""


@dataclass
class Products:
    """The catalogue that counts. One that cannot be read knows nothing: pages show guids then. Threads share an instance."""

    documents: Documents
    _read: tuple[Catalogue, WrittenCodes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fresh(self) -> None:
        """Look whether another catalogue counts by now. Raises StorageUnavailable."""
        try:
            head = read_head(self.documents)
        except BadDocument:
            head = None
        with self._lock:
            if head is None:
                self._read = None
            elif self._read is None or self._read[0].head.set != head.set:
                catalogue = Catalogue(self.documents, head)
                self._read = (catalogue, WrittenCodes(catalogue))

    def named(self, guids: Iterable[str]) -> dict[str, Listed]:
        """Give what is known of these products. Raises StorageUnavailable."""
        read = self._read
        if read is None:
            return {}
        found = {}
        try:
            for guid in sorted(set(guids)):
                listed = read[0].product(guid)
                if listed is not None:
                    found[guid] = listed
        except BadDocument:
            return found
        return found

    def judged(self, files: Iterable[tuple[str, int]], how: Placing) -> Iterator[Judged]:
        """Say what names mean (`work.judge`); without a catalogue, what they say by themselves.

        Raises BadDocument, StorageUnavailable.
        """
        read = self._read
        if read is not None:
            yield from judged(files, *read, how)
            return
        for name, size in files:
            if archive.read_name(name) is not None:
                yield Judged(name, is_archive=True)
                continue
            meaning = placing.meaning(name, size, how)
            if isinstance(meaning, names.Refusal):
                yield Judged(name, refused=meaning.code, why=meaning.reason)
            elif not isinstance(meaning, names.Folder):
                product = meaning.product if isinstance(meaning, names.Drop) else ""
                guid = product if names.is_guid(product) else ""
                yield Judged(name, guid, product, is_table=isinstance(meaning, table.Table))

    def meant(self, refused: RefusedDrop, how: Placing) -> tuple[CodeRow, ...]:
        """Give the products that a refused name was meant for, perhaps. Raises StorageUnavailable."""
        if self._read is None or refused.code not in MEANT:
            return ()
        _, codes = self._read
        try:
            if refused.prefix is None:
                return codes.near_of(placing.candidates(refused.name, how))[:MOST_MEANT]
            product = names.decode_product(refused.prefix)
            return codes.near(product)[:MOST_MEANT] if isinstance(product, str) else ()
        except BadDocument:
            return ()

    def has_code(self, code: str) -> bool:
        """Whether a product has this code. Raises BadDocument, StorageUnavailable."""
        return self._read is not None and self._read[0].code(code) is not None

    def search(self, text: str) -> tuple[list[Listed], list[tuple[str, str]]]:
        """Find products by guid, code, EAN or a file's full name.

        Gives them, and where there is none, codes that were meant, perhaps, with their products' names.
        Raises StorageUnavailable.
        """
        text = text.strip()
        folder = names.decode_product(text.partition("/")[0])
        wanted = folder if "/" in text and isinstance(folder, str) else text
        read = self._read
        guid = known_guid(self.documents, wanted) if 0 < len(wanted) <= names.MAX_CODE else None
        if read is None:
            return ([Listed(guid, "", "", (), (), {}, {})] if guid is not None else [], [])
        catalogue, codes = read
        try:
            rows = [*codes.found(Candidate(wanted, "code", "")), *codes.found(Candidate(wanted, "ean", ""))]
            guids = dict.fromkeys((*([guid] if guid is not None else []), *(row.guid for row in rows)))
            found = [listed for one in guids if (listed := catalogue.product(one)) is not None]
            near = [] if found else [(row.code, row.name) for row in codes.near(wanted)[:MOST_FOUND]]
        except BadDocument:
            return [], []
        return found, near

    def search_names(self, text: str) -> list[Listed]:
        """Find products by the beginning of words of their names, in the whole catalogue. Raises StorageUnavailable."""
        try:
            return _by_name(self._read[0], text) if self._read is not None else []
        except BadDocument:
            return []


def _by_name(catalogue: Catalogue, text: str) -> list[Listed]:
    """Find products each of whose names holds all words of a text at the beginning of one of its own."""
    wanted = [_plain(word) for word in text.split()]
    found = []
    for listed in catalogue.products() if wanted else ():
        words = [_plain(word) for word in listed.name.split()]
        if all(any(word.startswith(one) for word in words) for one in wanted):
            found.append(listed)
            if len(found) == MOST_FOUND:
                break
    return found


def _plain(word: str) -> str:
    """Give a word without accents and case: people search as they type."""
    return "".join(one for one in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(one))

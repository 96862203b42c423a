"""The codes and EANs of a catalogue, as file names write them. Whoever places many names asks for thousands of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gallery_sync.core.catalogue import CodeRow, ean_shard, written_key
from gallery_sync.core.near import nearest
from gallery_sync.core.placing import Candidate, as_code, key_of, without_zeros
from gallery_sync.state.catalogue import Catalogue

LONGEST_NUMBER: Final = 14
"""Digits of the longest number with whose zeros people's sheets do anything (a GTIN)."""

Rows = dict[str, list[CodeRow]]


class WrittenCodes:
    """Keeps each shard that was read, by key: all codes of a shop are some tens of megabytes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._shards: dict[str, Rows] = {}

    def found(self, one: Candidate) -> tuple[CodeRow, ...]:
        """Give what exists of a candidate: codes that are written like it, or what has the EAN.

        Raises BadDocument, StorageUnavailable.
        """
        if one.kind == "code":
            return self._codes(one.text)
        shard = f"eans/{ean_shard(self._catalogue.head.digits, one.text)}"
        rows = self._shard(shard, lambda: ((row.ean, row.code) for row in self._catalogue.eans_of(shard)))
        return tuple(rows.get(one.text, ()))

    def near(self, text: str) -> tuple[CodeRow, ...]:
        """Give the codes that were meant, perhaps: the same number without or with zeros, or nearly the same text.

        Raises as `found` does.
        """
        bare = without_zeros(text)
        numbers = [bare] if bare is not None else []
        if text.isdecimal():
            numbers += [text.zfill(width) for width in range(len(text) + 1, LONGEST_NUMBER + 1)]
        same = [row for number in numbers for row in self._codes(number)]
        alike = nearest(as_code(text), self._catalogue.near(as_code(text)))
        return tuple({row.code: row for row in (*same, *alike)}.values())

    def near_of(self, held: Sequence[Candidate]) -> tuple[CodeRow, ...]:
        """Give the codes that a name was to hold, perhaps. The shorter texts are those that a pattern with more parts reads.

        Raises as `found` does.
        """
        found = {row.code: row for one in reversed(held) if one.kind == "code" for row in self.near(one.text)}
        return tuple(found.values())

    def _codes(self, text: str) -> tuple[CodeRow, ...]:
        shard = self._catalogue.head.shard_of(as_code(text))
        rows = self._shard(shard, lambda: ((written_key(row.code), row) for row in self._catalogue.codes_of(shard)))
        return tuple(rows.get(key_of(text), ()))

    def _shard(self, shard: str, read: Callable[[], Iterable[tuple[str, CodeRow]]]) -> Rows:
        if shard not in self._shards:
            rows: Rows = {}
            for key, row in read():
                rows.setdefault(key, []).append(row)
            self._shards[shard] = rows
        return self._shards[shard]

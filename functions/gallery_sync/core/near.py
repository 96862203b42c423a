"""Which code somebody meant, perhaps: the shop's codes that are nearly the same as one that no product has. Pure."""

from collections.abc import Iterable
from typing import Final

from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.spellings import code_key

MOST: Final = 3
"""Codes that are named: more are no help."""
ALIKE: Final = 0.75
"""Of a code's characters so many are as they were written, at least: one wrong in four, two changed places in eight."""


def nearest(code: str, rows: Iterable[CodeRow]) -> tuple[CodeRow, ...]:
    """Give the codes that are most alike, the likest first: characters left out, added, wrong, or in each other's place.

    Case, the form of Unicode, and what separates the parts of a code count for nothing.
    """
    # Where nothing is refused, nothing is compared: who starts cold does not load it.
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    wanted = _plain(code)
    alike = ((OSA.normalized_similarity(wanted, _plain(row.code), score_cutoff=ALIKE), row) for row in rows)
    found = sorted(((score, row) for score, row in alike if score), key=lambda one: (-one[0], one[1].code))
    return tuple(row for _, row in found[:MOST])


def _plain(code: str) -> str:
    return "".join(letter for letter in code_key(code) if letter.isalnum())

"""Whether two pictures are the same one: encoded again, made smaller, or in another format. Pure.

Both are compared as small squares, so that neither resolution nor the noise of an encoder counts. What differs in a small
part (another label), in colour, or by a turn of a few degrees differs somewhere in the square by far more than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Alike = Literal["same", "similar", "unsure", "different"]
"""same: the same pixels; similar: the same picture, encoded again; unsure: a person has to look; different: another one."""

SIDE: Final = 32
"""Pixels of the square, of three bytes each."""
BLOCK: Final = 4
"""Pixels of the side of a block of it."""
MOST_OF_ALL: Final = 2.7
"""The mean difference, of 255, up to which two squares are of the same picture. tests/bench/likeness.py measures all three."""
MOST_SOMEWHERE: Final = 17
"""The greatest difference of a pixel of the square, of 255, up to which they are."""
MOST_DRIFT: Final = 5.0
"""The greatest mean of the differences in a block, of 255: an encoder's go both ways, and those of another colour do not."""
UNSURE_OF_ALL: Final = 12.0
"""The mean difference up to which a person may well take them for the same."""
SHAPE: Final = 0.02
"""By how much (a share) their width may differ, each taken to its height."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What is kept of a picture: its size in pixels, the SHA-256 of its pixels, and the square (`SIDE` × `SIDE` RGB)."""

    width: int
    height: int
    sha256: str
    square: bytes


def alike(one: Signature, other: Signature) -> Alike:
    """Say how alike two pictures are."""
    if one.sha256 == other.sha256 and (one.width, one.height) == (other.width, other.height):
        return "same"
    wide, high = one.width * other.height, other.width * one.height
    if abs(wide - high) > SHAPE * max(wide, high):
        return "different"
    differences = [a - b for a, b in zip(one.square, other.square, strict=True)]
    sizes = [abs(difference) for difference in differences]
    mean = sum(sizes) / len(sizes)
    if mean <= MOST_OF_ALL and max(sizes) <= MOST_SOMEWHERE and _drift(differences) <= MOST_DRIFT:
        return "similar"
    return "unsure" if mean <= UNSURE_OF_ALL else "different"


def _drift(differences: Sequence[int]) -> float:
    """Give the greatest mean difference of a colour in a block."""
    sums: dict[tuple[int, int, int], int] = {}
    for at, difference in enumerate(differences):
        pixel, colour = divmod(at, 3)
        y, x = divmod(pixel, SIDE)
        block = (y // BLOCK, x // BLOCK, colour)
        sums[block] = sums.get(block, 0) + difference
    return max(abs(total) for total in sums.values()) / BLOCK**2


def is_smaller(shown: Signature, file: Signature) -> bool:
    """Whether a picture in the shop has clearly fewer pixels than its file."""
    return shown.width * shown.height < 0.9 * file.width * file.height

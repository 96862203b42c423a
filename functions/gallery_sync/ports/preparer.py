"""What prepares a picture for the shop, as a protocol."""

from dataclasses import dataclass, field
from typing import Protocol

from gallery_sync.core.recipe import Recipe, Verdict


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of a picture: the verdict, what was made of it (empty where it goes as it is), and a small JPEG for people."""

    verdict: Verdict
    body: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)


class Preparer(Protocol):
    """Prepares pictures."""

    def __call__(self, content: bytes, recipe: Recipe) -> Prepared:
        """Decide what is sent for a picture, and make it. Whatever becomes of it is a verdict; raises where none could be."""
        ...

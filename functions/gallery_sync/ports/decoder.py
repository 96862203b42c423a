"""What opens a picture, as a protocol."""

from dataclasses import dataclass, field
from typing import Protocol

from gallery_sync.core.likeness import Signature


class Unreadable(Exception):
    """A file did not become a picture; the message says why."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What is kept of a picture: its signature, its format in lower case (`jpeg`, `png` …), and a small JPEG of it for people."""

    signature: Signature
    format: str
    thumbnail: bytes = field(repr=False)


class Decode(Protocol):
    """Opens pictures."""

    def __call__(self, content: bytes) -> Decoded:
        """Decode a picture whole. Raises Unreadable."""
        ...

"""Decodes pictures in a process of its own each, with bounds of memory, time and pixels (`child`)."""

import json
from pathlib import Path
from typing import Final

from gallery_sync.core.likeness import SIDE, Signature
from gallery_sync.decoding import guard
from gallery_sync.ports.decoder import Decoded, Unreadable

CHILD: Final = Path(__file__).with_name("child.py")
MEGABYTES: Final = 1_024
"""Of memory: 80 million pixels of four bytes, twice, and the interpreter."""
SECONDS: Final = 10
"""Of processor; twice as many on the clock."""


def decode(content: bytes) -> Decoded:
    """Decode a picture. Raises Unreadable, whatever becomes of the process."""
    try:
        said = json.loads(guard.run(CHILD, [str(SIDE), guard.folder_of("PIL")], content, MEGABYTES, SECONDS))
    except guard.Ended as ended:
        raise Unreadable(str(ended)) from None
    kept = Signature(said["width"], said["height"], said["sha256"], bytes.fromhex(said["square"]))
    return Decoded(kept, said["format"], bytes.fromhex(said["thumbnail"]))

"""Decodes pictures in a process of its own each, with bounds of memory, time and pixels (`child`)."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gallery_sync.core.likeness import SIDE, Signature
from gallery_sync.ports.decoder import Decoded, Unreadable

CHILD: Final = Path(__file__).with_name("child.py")
MEGABYTES: Final = 1_024
"""Of memory: 80 million pixels of four bytes, twice, and the interpreter."""
SECONDS: Final = 10
"""Of processor; twice as many on the clock."""


def decode(content: bytes) -> Decoded:
    """Decode a picture. Raises Unreadable, whatever becomes of the process."""
    command = [sys.executable, "-I", str(CHILD), str(MEGABYTES), str(SECONDS), str(SIDE), _library()]
    try:
        done = subprocess.run(  # noqa: S603  # its arguments are our own
            command, input=content, capture_output=True, timeout=2 * SECONDS, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"it could not be decoded within {2 * SECONDS} s") from None
    if done.returncode != 0:
        raise Unreadable(_why(done.returncode, done.stderr.decode("utf-8", "replace")))
    said = json.loads(done.stdout)
    kept = Signature(said["width"], said["height"], said["sha256"], bytes.fromhex(said["square"]))
    return Decoded(kept, said["format"], bytes.fromhex(said["thumbnail"]))


def _library() -> str:
    """Name the folder that holds Pillow, which is not loaded here: the platform may keep packages where only we look."""
    found = find_spec("PIL")
    if found is None or found.origin is None:
        raise Unreadable("Pillow is not installed")
    return str(Path(found.origin).parents[1])


def _why(status: int, complaint: str) -> str:
    if status < 0:
        return (
            f"it takes more than {SECONDS} s to decode"
            if -status in (24, 9)
            else f"decoding it ended with signal {-status}"
        )
    if "MemoryError" in complaint:
        return "it takes more memory to decode than a picture may"
    if "million pixels" in complaint or "DecompressionBomb" in complaint:
        return "it has too many pixels"
    return "it is no picture in a format that Shoptet takes (jpg, png, gif, webp), or is cut off"

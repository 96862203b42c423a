"""Decodes pictures in a process of its own each, with bounds of memory, time and pixels (`child`)."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.cli.adopt.likeness import SIDE, Signature

CHILD: Final = Path(__file__).with_name("child.py")
MEGABYTES: Final = 1_024
"""Of memory: 80 million pixels of four bytes, twice, and the interpreter."""
SECONDS: Final = 20
"""Of processor; twice as many on the clock."""


class Unreadable(Exception):
    """A file did not become a picture; the message says why."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What is kept of a picture, and a small JPEG of it for people."""

    signature: Signature
    thumbnail: bytes = field(repr=False)


def decode(content: bytes) -> Decoded:
    """Decode a picture. Raises Unreadable, whatever becomes of the process."""
    command = [sys.executable, "-I", str(CHILD), str(MEGABYTES), str(SECONDS), str(SIDE)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=2 * SECONDS, env={}, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"it could not be decoded within {2 * SECONDS} s") from None
    if done.returncode != 0:
        raise Unreadable(_why(done.returncode, done.stderr.decode("utf-8", "replace")))
    said = json.loads(done.stdout)
    kept = Signature(said["width"], said["height"], said["sha256"], bytes.fromhex(said["square"]))
    return Decoded(kept, bytes.fromhex(said["thumbnail"]))


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

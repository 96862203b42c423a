"""Runs what opens a picture in a process of its own: without secrets, with bounds of memory and time."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_TOO_LONG: Final = (9, 24)
"""SIGKILL and SIGXCPU: what the bound of processor time ends with."""


class Ended(Exception):
    """The process ended badly, or had to be; the message says why, as far as that is known.

    `is_ours`: something is not installed, or the script itself is wrong, whatever the picture is. `is_slow`: it took too long.
    `complaint`: the last line of what the process complained of.
    """

    def __init__(self, message: str, complaint: str = "", *, is_ours: bool = False, is_slow: bool = False) -> None:
        super().__init__(message)
        self.complaint = complaint
        self.is_ours = is_ours
        self.is_slow = is_slow


def run(script: Path, arguments: Sequence[str], content: bytes, megabytes: int, seconds: int) -> bytes:
    """Give what a script writes for this picture. It gets its bounds as arguments, and sets them itself; see its module.

    `seconds` are of processor; twice as many on the clock end it from here. Raises Ended.
    """
    command = [sys.executable, "-I", str(script), str(megabytes), str(seconds), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # its arguments are our own
            command, input=content, capture_output=True, timeout=2 * seconds, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise Ended(f"it could not be decoded within {2 * seconds} s", is_slow=True) from None
    if done.returncode != 0:
        raise why(done.returncode, done.stderr.decode("utf-8", "replace"), seconds)
    return done.stdout


def why(status: int, complaint: str, seconds: int) -> Ended:
    """Say why a process ended: from its exit code (negative: the signal), and what it complained of."""
    is_ours = any(error in complaint for error in ("ImportError", "ModuleNotFoundError", "SyntaxError: "))
    last = complaint.strip().rpartition("\n")[2]
    message = last if is_ours else _why(status, complaint, seconds)
    return Ended(message, last or message, is_ours=is_ours, is_slow=-status in _TOO_LONG)


def folder_of(package: str) -> str:
    """Name the folder that holds a package, which is not loaded here: the platform may keep packages where only we look.

    Raises Ended where it is not installed.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise Ended(f"{package} is not installed", is_ours=True)
    return str(Path(found.origin).parents[1])


def _why(status: int, complaint: str, seconds: int) -> str:
    if status < 0:
        return (
            f"it takes more than {seconds} s to decode"
            if -status in _TOO_LONG
            else f"decoding it ended with signal {-status}"
        )
    if "MemoryError" in complaint:
        return "it takes more memory to decode than a picture may"
    if "million pixels" in complaint or "DecompressionBomb" in complaint:
        return "it has too many pixels"
    return "it is no picture in a format that Shoptet takes (jpg, png, gif, webp), or is cut off"

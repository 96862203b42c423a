"""What of a ZIP is unpacked: whose names are as they were meant, and what is left out, with the reason. Pure.

A ZIP is a folder: each of its files goes where it would lie if that folder had been dropped in its place. Only what means a
picture or a table is taken; whatever could lie somewhere else, or never end, is not.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gallery_sync.core import names, placing
from gallery_sync.core.name_patterns import Placing

EXTENSION: Final = ".zip"
MOST_ENTRIES: Final = 20_000
MOST_BYTES: Final = 20_000_000_000
"""Of all files of an archive, unpacked."""
MOST_ENTRY: Final = 100_000_000
"""Bytes of one file."""
MOST_NAME: Final = 1024
"""Bytes of an object's full name (Cloud Storage, "Object naming guidelines")."""
MOST_RATIO: Final = 100
"""How many times larger than it is packed a file may be, if it has more than a megabyte: pictures are packed already."""
OWN: Final = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What computers put beside people's files: left out without a word."""

_ENCRYPTED: Final = 0x1
_UTF_8: Final = 0x800
_UNIX: Final = 3
_LINK: Final = 0o120000
_TYPE: Final = 0o170000
_LETTERS: Final = frozenset("áäčďéěíĺľňóôŕřšťúůýžÁÄČĎÉĚÍĹĽŇÓÔŔŘŠŤÚŮÝŽöüßÖÜ")
_ARCHIVES: Final = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz")


class BadArchive(ValueError):
    """An archive of which nothing is unpacked; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A ZIP in the drop bucket, by its full name."""

    name: str

    @property
    def folder(self) -> str:
        """What the names of its files begin with: the folder that it lies in."""
        return self.name[: self.name.rfind("/") + 1]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: its number there, where it goes, and how many bytes it has."""

    number: int
    target: str
    size: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of an archive that is not unpacked, and why."""

    name: str
    reason: str


def read_name(name: str) -> Archive | None:
    """Say whether an object's full name is an archive's. Never raises."""
    file = name.rpartition("/")[2]
    return Archive(name) if file.lower().endswith(EXTENSION) and not file.startswith(".") else None


def entries(archive: Archive, listed: Sequence[zipfile.ZipInfo], how: Placing) -> tuple[list[Entry], list[LeftOut]]:
    """Say which files of an archive are unpacked, and where to. Raises BadArchive."""
    if len(listed) > MOST_ENTRIES:
        raise BadArchive(f"it holds {len(listed)} files, the most is {MOST_ENTRIES}: split it")
    if (total := sum(info.file_size for info in listed)) > MOST_BYTES:
        raise BadArchive(f"its files have {total // 1_000_000} MB, the most is {MOST_BYTES // 1_000_000}: split it")
    found, left = list[Entry](), list[LeftOut]()
    for number, info in enumerate(listed):
        name = name_of(info)
        if name.endswith("/") or any(part in OWN or part.startswith("._") for part in name.split("/")):
            continue
        target = archive.folder + name
        reason = next(_flaws(info, name, target, how), None)
        if reason is not None:
            left.append(LeftOut(name, reason))
        else:
            found.append(Entry(number, target, info.file_size))
    return found, left


def name_of(info: zipfile.ZipInfo) -> str:
    """Give a file's name in an archive as it was meant: those who do not say its encoding write it in that of their system."""
    name = info.filename
    if not info.flag_bits & _UTF_8 and not name.isascii():
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            raw = b""
        name = _decoded(raw) if raw else name
    return name.replace("\\", "/") if info.create_system != _UNIX else name


def _decoded(raw: bytes) -> str:
    """Decode a name: UTF-8 as a Mac writes it, else the system's of Windows (852, or 437 in the west), or 1250."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    return max((raw.decode(encoding, "replace") for encoding in ("cp852", "cp1250", "cp437")), key=_looks_right)


def _looks_right(text: str) -> int:
    """Say how much a text looks like one of here: letters with marks, and no large one in the middle of a word."""
    points = 0
    for before, letter in pairwise(f" {text}"):
        if letter in _LETTERS:
            points += -1 if letter.isupper() and before.isalpha() else 1
        elif ord(letter) > 127:
            points -= 3 if letter == "\ufffd" else 1
    return points


def _flaws(info: zipfile.ZipInfo, name: str, target: str, how: Placing) -> Iterator[str]:
    """Give what speaks against a file, the worst first."""
    parts = name.split("/")
    if ".." in parts or "." in parts or name.startswith("/") or ":" in parts[0]:
        yield "its name leads out of the archive"
    if len(target.encode(errors="replace")) > MOST_NAME:
        yield f"its name has more than the {MOST_NAME} bytes that an object's may have"
    if info.create_system == _UNIX and (info.external_attr >> 16) & _TYPE == _LINK:
        yield "it is a link, not a file"
    if info.flag_bits & _ENCRYPTED:
        yield "it is encrypted: pack it without a password"
    if name.lower().endswith(_ARCHIVES):
        yield "it is an archive itself: drop it beside this one"
    if info.file_size > MOST_ENTRY:
        yield f"it has {info.file_size // 1_000_000} MB, the most is {MOST_ENTRY // 1_000_000}"
    if info.file_size > 1_000_000 and info.file_size > MOST_RATIO * max(1, info.compress_size):
        yield f"it is more than {MOST_RATIO} times larger than it is packed: no picture is"
    meaning = placing.meaning(target, info.file_size, how)
    if isinstance(meaning, names.Refusal):
        yield meaning.reason

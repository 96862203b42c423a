"""Says what a file is by its first bytes, and whether it is whole as far as its own frame tells. Pure; nothing is decoded.

Of formats that are not opened here the names are for people: whoever drops a web page saved as `.jpg` wants to hear that.
"""

import struct
from collections.abc import Callable
from typing import Final

_PICTURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
)
_OTHERS: Final = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"8BPS", "a Photoshop file"),
    (b"II\x2b\0", "a BigTIFF"),
    (b"MM\0\x2b", "a BigTIFF"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (b"IIRO", "a camera's raw file"),
    (b"IIU\0", "a camera's raw file"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (b"\0\0\1\0", "an icon"),
    (b"%!PS", "a PostScript file"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"OggS", "a sound"),
    (b"ID3", "a sound"),
)
_AVIF: Final = frozenset({b"avif", b"avis"})
_HEIF: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})


def picture(content: bytes) -> str | None:
    """Name the format of a picture that is opened here (`JPEG`, `HEIC` …); None for anything else."""
    for magic, name in _PICTURES:
        if content.startswith(magic):
            return None if name == "TIFF" and content[8:10] == b"CR" else name
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP"
    brands = _brands(content)
    if brands & _AVIF:
        return "AVIF"
    return "HEIC" if brands & _HEIF else None


def other(content: bytes) -> str:
    """Say for people what a file is that is no picture."""
    for magic, name in _OTHERS:
        if content.startswith(magic):
            return name
    if content[4:8] == b"ftyp":
        return "a camera's raw file" if content[8:12] == b"crx " else "a video"
    if content.startswith(b"RIFF"):
        return "a video or a sound"
    if content[8:10] == b"CR":
        return "a camera's raw file"
    if not content.strip(b"\0"):
        return "nothing but zeros (its upload may have broken off)"
    return _text(content)


def is_cut_off(kind: str, content: bytes) -> bool:
    """Whether a file ends before what it says of itself. False where its format does not say: decoding will tell."""
    if kind == "PNG":
        return not _reaches(content, 8, _png_chunk, b"IEND")
    if kind == "GIF":
        return not content.rstrip(b"\0").endswith(b";")
    if kind == "WEBP":
        return len(content) < 12 or len(content) < 8 + int.from_bytes(content[4:8], "little")
    if kind == "BMP":
        return len(content) < 14 or len(content) < int.from_bytes(content[2:6], "little")
    return kind in ("AVIF", "HEIC") and not _reaches(content, 0, _box, None)


def _reaches(
    content: bytes, at: int, read: Callable[[bytes, int], tuple[bytes, int] | None], last: bytes | None
) -> bool:
    """Whether the parts of a file follow each other to its end, or to the part of this name."""
    while at < len(content):
        if (part := read(content, at)) is None:
            return False
        name, end = part
        if end > len(content):
            return False
        if name == last:
            return True
        at = end
    return last is None


def _png_chunk(content: bytes, at: int) -> tuple[bytes, int] | None:
    if at + 8 > len(content):
        return None
    (length,) = struct.unpack_from(">I", content, at)
    return content[at + 4 : at + 8], at + 12 + length


def _box(content: bytes, at: int) -> tuple[bytes, int] | None:
    """Read the name and the end of a box (ISO/IEC 14496-12): its size has 32 bits, or 64 where that is 1; 0 is all the rest."""
    if at + 8 > len(content):
        return None
    (length,) = struct.unpack_from(">I", content, at)
    if length == 1 and at + 16 <= len(content):
        (length,) = struct.unpack_from(">Q", content, at + 8)
    end = len(content) if length == 0 else at + length
    return (content[at + 4 : at + 8], end) if end >= at + 8 else None


def _brands(content: bytes) -> set[bytes]:
    """Give the brands of a file in boxes: what it says that it can be read as."""
    if content[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(content[:4], "big"), 256, len(content))
    return {content[8:12], *(content[at : at + 4] for at in range(16, end, 4))}


def _text(content: bytes) -> str:
    head = content[:2048]
    try:
        text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "strict")
    except UnicodeDecodeError as error:
        # The end of the head may be half a letter.
        if head[:2] in (b"\xff\xfe", b"\xfe\xff") or error.start < len(head) - 3:
            return "something else"
        text = head[: error.start].decode("utf-8-sig")
    if any(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text):
        return "something else"
    low = text.lower()
    if "<svg" in low:
        return "an SVG drawing"
    if "<html" in low or "<!doctype html" in low or "<head" in low or "<body" in low:
        return "a web page"
    if low.lstrip().startswith("<?xml") or low.lstrip().startswith("<"):
        return "an XML file"
    return "a text"

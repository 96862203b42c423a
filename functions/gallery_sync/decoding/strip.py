"""Takes out of a picture what says where and by whom it was taken, and leaves all that is seen of it, byte for byte. Pure.

JPEG    segments APP1 (Exif, XMP) and APP13 (IPTC), comments, and whatever follows the picture's end: a second frame, a film
PNG     chunks eXIf, iTXt, tEXt, zTXt
WebP    chunks EXIF and XMP, and what says in VP8X that they are there
"""

import struct
from collections.abc import Iterator
from typing import Final

APP1, APP2, APP13, COMMENT, SOS, EOI = 0xE1, 0xE2, 0xED, 0xFE, 0xDA, 0xD9
ARITHMETIC: Final = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xC3})
"""Of a JPEG's frame: coded so that browsers do not show it (arithmetically, or without loss)."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TEXTS: Final = frozenset({b"eXIf", b"iTXt", b"tEXt", b"zTXt"})


class Malformed(ValueError):
    """The file is not built as its format says."""


def stripped(kind: str, content: bytes) -> bytes:
    """Give the file without what is told above. Raises Malformed."""
    try:
        return {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}[kind](content)
    except (struct.error, IndexError) as error:
        raise Malformed(str(error)) from None


def coding(content: bytes) -> int:
    """Give how a JPEG is coded: the second byte of its frame's marker. Raises Malformed."""
    for marker, _, _ in _segments(content):
        if marker in _FRAMES:
            return marker
    raise Malformed("it has no frame")


def _jpeg(content: bytes) -> bytes:
    kept = [content[:2]]
    for marker, start, end in _segments(content):
        is_frames = marker == APP2 and content[start + 4 : start + 8] == b"MPF\0"
        if marker in (APP1, APP13, COMMENT) or is_frames:
            continue
        kept.append(content[start:end])
    return b"".join(kept)


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Give each segment's marker, where it starts and where it ends; a scan's with the data behind it. Raises Malformed."""
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":
            at += 1
        if content[at : at + 1] != b"\xff" or at + 2 > len(content):
            raise Malformed("a segment does not begin where the one before it ends")
        marker, start = content[at + 1], at
        if marker == EOI:
            yield marker, start, at + 2
            return
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
        if marker == SOS:
            at = _scan_end(content, at)
        yield marker, start, at


def _scan_end(content: bytes, at: int) -> int:
    """Find where a scan's data ends: at the first marker that is neither a stuffed byte nor a restart."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        follows = content[at + 1]
        if follows != 0 and not 0xD0 <= follows <= 0xD7 and follows != 0xFF:
            return at
        at += 1 if follows == 0xFF else 2
    raise Malformed("the data of a scan do not end")


def _png(content: bytes) -> bytes:
    kept, at = [content[:8]], 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name, end = content[at + 4 : at + 8], at + 12 + length
        if name not in _TEXTS:
            kept.append(content[at:end])
        at = end
        if name == b"IEND":
            break
    return b"".join(kept)


def _webp(content: bytes) -> bytes:
    kept, at = [], 12
    while at + 8 <= len(content):
        name = content[at : at + 4]
        (length,) = struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length + length % 2
        chunk = content[at:end]
        if name == b"VP8X":
            # Its flags say which chunks follow: 8 is EXIF, 4 is XMP (WebP Container Specification).
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if name not in (b"EXIF", b"XMP "):
            kept.append(chunk)
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body

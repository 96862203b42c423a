"""Pictures: what a download must be to become an image, and how they are drawn and made small."""

import hashlib
import io
from dataclasses import dataclass, field

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "GIF": "gif", "WEBP": "webp"}
"""The formats that Shoptet accepts for uploads, by Pillow's name of them. A JPEG with a second frame is MPO: phones take them."""

MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


class Unreadable(Exception):
    """A file did not become a picture; the message says why, without its URL."""


@dataclass(frozen=True)
class Picture:
    """The content of an image, as it was downloaded. `width` and `height` are pixels."""

    content: bytes = field(repr=False)
    extension: str
    width: int
    height: int
    sha256: str


def read_picture(content: bytes) -> Picture:
    """Decode a whole picture (CPU-heavy for large ones).

    Raises:
        Unreadable: if it is empty, cut off, larger than Pillow dares to open, or of another format.
    """
    try:
        with Pillow.open(io.BytesIO(content), formats=[name for name in EXTENSIONS if name != "MPO"]) as opened:
            opened.load()
            extension, (width, height) = EXTENSIONS[str(opened.format)], opened.size
    except (UnidentifiedImageError, Pillow.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Unreadable("The file is not a picture in a supported format (png, jpg, gif, webp).") from error
    return Picture(content, extension, width, height, hashlib.sha256(content).hexdigest())


def drawn(width: int, height: int, colour: str) -> bytes:
    """A plain PNG of this size in pixels."""
    with Pillow.new("RGB", (width, height), colour) as picture:
        return _encoded(picture)


def thumbnail(content: bytes, side: int) -> bytes:
    """A PNG that fits into a square of `side` pixels."""
    with Pillow.open(io.BytesIO(content)) as opened, opened.convert("RGBA") as picture:
        picture.thumbnail((side, side))
        return _encoded(picture)


def _encoded(picture: Pillow.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()

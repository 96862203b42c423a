"""The pictures that the probe sends: small, each of its own colour, each for a question."""

import io
import random
from typing import Final

from PIL import Image

SIDE: Final = (64, 48)
"""Pixels."""
ORIENTATION: Final = 0x0112
LIES_ON_ITS_SIDE: Final = 6
LARGE_SIDE: Final = 1_960
"""Pixels of a square of noise, which as a PNG has about 11 MB: Shoptet is known to lose PNGs above 10 MB."""


def plain() -> bytes:
    """A PNG."""
    return _encoded(Image.new("RGB", SIDE, "#2a6f97"), "PNG")


def replacement() -> bytes:
    """A JPEG that takes the PNG's place."""
    return _encoded(Image.new("RGB", SIDE, "#bc4749"), "JPEG")


def on_its_side() -> bytes:
    """A JPEG whose EXIF data says that it lies on its side, as phones write them."""
    exif = Image.Exif()
    exif[ORIENTATION] = LIES_ON_ITS_SIDE
    return _encoded(Image.new("RGB", SIDE, "#6a994e"), "JPEG", exif=exif)


def webp() -> bytes:
    """A WebP."""
    return _encoded(Image.new("RGB", SIDE, "#f2a541"), "WEBP")


def no_picture() -> bytes:
    """A file that is none, as a result tells of failures only where there is one."""
    return b"gallery-sync probe: this is no picture"


def large() -> bytes:
    """A PNG of about 11 MB."""
    noise = random.Random(1).randbytes(LARGE_SIDE * LARGE_SIDE * 3)
    return _encoded(Image.frombytes("RGB", (LARGE_SIDE, LARGE_SIDE), noise), "PNG", compress_level=0)


def is_turned(content: bytes) -> bool | None:
    """Whether the one that lies on its side was turned; None if it is as it was sent, or no picture."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            return opened.size == SIDE[::-1] if opened.getexif().get(ORIENTATION) is None else None
    except OSError:
        return None


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()

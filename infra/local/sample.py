"""Pictures for the demo: drawn, not stored; each shows its product and number, so that a person can check the order."""

import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gallery_sync.core import names
from gallery_sync.core.shop_values import Gallery

FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}


@dataclass(frozen=True)
class Picture:
    """A file to drop: its full name in the bucket, its bytes, its media type."""

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True)
class _Set:
    """A gallery of the sample: how its folder, files and pictures look."""

    product: str
    gallery: Gallery
    files: tuple[str, ...]
    title: str
    colour: tuple[int, int, int]
    size: tuple[int, int]
    short: bool = False
    """Dropped as {product}/{file}, without the gallery."""


SETS = (
    _Set(
        "92ca3575-7481-11e8-8216-002590dad85e",
        "shop",
        tuple(f"{n:02}_hrnek.jpg" for n in range(1, 17)),
        "Hrnek",
        (120, 72, 48),
        (640, 480),
    ),
    _Set(
        "92ca3575-7481-11e8-8216-002590dad85e",
        "shop360",
        tuple(f"frame-{n}.webp" for n in range(1, 13)),
        "Hrnek 360°",
        (60, 110, 140),
        (480, 480),
    ),
    _Set(
        "STOLEK",
        "shop",
        tuple(f"{n:02}-stolek.{'png' if n % 2 else 'jpg'}" for n in range(1, 15)),
        "Stolek",
        (70, 120, 70),
        (800, 600),
    ),
    _Set(
        "62/XL",
        "shop",
        tuple(f"tričko {n}.{('jpg', 'png', 'webp')[n % 3]}" for n in range(1, 13)),
        "Tričko",
        (60, 70, 150),
        (600, 800),
    ),
    _Set(
        "PENEZENKA-7",
        "shop",
        tuple(f"{n}.{'gif' if n % 2 else 'jpeg'}" for n in range(1, 9)),
        "Peněženka",
        (140, 60, 100),
        (512, 512),
        short=True,
    ),
)

REPLACED = ("92ca3575-7481-11e8-8216-002590dad85e/shop/03_hrnek.jpg", "62%2FXL/shop/tričko 2.webp")
"""The two that the demo replaces once all are live."""

REFUSED = (
    Picture("STOLEK/shop/notes.txt", b"no picture\n", "text/plain"),
    Picture("STOLEK/winter/01_stolek.jpg", b"no gallery\n", "image/jpeg"),
)
"""The two that must be refused: no picture's extension, and no such gallery."""


def pictures() -> Iterator[Picture]:
    """Draw the sample: 62 pictures for 4 products, JPEG, PNG, WebP and GIF, by guid and by code."""
    for one in SETS:
        for number, file in enumerate(one.files, 1):
            folder = names.encode_product(one.product)
            name = f"{folder}/{file}" if one.short else names.build(one.product, one.gallery, file)
            yield _picture(name, draw(one.title, str(number), one.colour, one.size, file.rpartition(".")[2]))


def replacement(name: str) -> Picture:
    """Draw the new content for a file of the sample, plainly another picture."""
    return _picture(name, draw("NEW", "2", (220, 160, 20), (640, 640), name.rpartition(".")[2]))


def from_folder(folder: Path) -> Iterator[Picture]:
    """Read a folder of one's own in the drop layout, whatever is in it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            kind = names.PICTURE_TYPES.get(path.suffix.lower().lstrip("."), "application/octet-stream")
            yield Picture(name, path.read_bytes(), kind)


def draw(title: str, number: str, colour: tuple[int, int, int], size: tuple[int, int], extension: str) -> bytes:
    """Draw one picture: the title above a large number, on a background that differs from number to number."""
    width, height = size
    shade = tuple(min(255, c + 9 * (sum(map(ord, number)) % 9)) for c in colour)
    image = Image.new("RGB", size, shade)
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.06, height * 0.22, width * 0.94, height * 0.98), fill=tuple(c // 2 for c in shade))
    pen.text((width / 2, height * 0.11), title, fill="white", anchor="mm", font=_font(height / 9))
    pen.text((width / 2, height * 0.6), number, fill="white", anchor="mm", font=_font(height / 2.2))
    out = io.BytesIO()
    image.save(out, FORMATS[extension], quality=85)
    return out.getvalue()


# Loading it takes longer than drawing with it.
_font = functools.cache(ImageFont.load_default)


def pixels(body: bytes) -> tuple[tuple[int, int], bytes]:
    """Decode a picture to its size and its pixels, which are what two contents are compared by."""
    with Image.open(io.BytesIO(body)) as image:
        return image.size, image.convert("RGBA").tobytes()


def _picture(name: str, body: bytes) -> Picture:
    return Picture(name, body, names.content_type(name))

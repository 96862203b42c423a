"""Pictures for the demo: drawn, not stored; each shows its product and number, so that a person can check the order."""

import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps, ImageStat
from pillow_heif import register_heif_opener

from gallery_sync.core import names
from gallery_sync.core.shop_values import Gallery

ORIENTATION = 0x0112
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

FLAT = "KONVICE-5"
"""The product whose pictures lie in no folder, but for one: their names say whose they are."""

DESCRIBED = {
    f"{FLAT}/konvice 0.jpg": "Konvice – celá",
    f"{FLAT}_1.jpg": "Konvice zepředu",
    f"{FLAT}-10.jpg": "Konvice – dno",
}
"""What the table in that product's folder says of some of its pictures."""

AS_THEY_COME = "LAMPA-3"
"""The product whose pictures come as people have them: too large, sideways, from a phone, for print, and two that are none."""

REPLACED = ("92ca3575-7481-11e8-8216-002590dad85e/shop/03_hrnek.jpg", "62%2FXL/shop/tričko 2.webp")
"""The two that the demo replaces once all are live."""

REFUSED = (
    Picture("STOLEK/shop/notes.txt", b"no picture\n", "text/plain"),
    Picture("STOLEK/winter/01_stolek.jpg", b"no gallery\n", "image/jpeg"),
    Picture("KONVICE-6_1.jpg", b"no such product\n", "image/jpeg"),
)
"""Those that must be refused by their names: no picture's extension, no such gallery, and no product's code."""


def pictures() -> Iterator[Picture]:
    """Draw the sample: 71 pictures for 6 products, of all kinds, by guid, by code, and in no folder."""
    yield from _as_they_come()
    for number, name in enumerate(
        (f"{FLAT}/konvice 0.jpg", f"{FLAT}_1.jpg", "konvice-5_2.png", f"{FLAT} (3).jpg", f"{FLAT}-10.jpg")
    ):
        yield _picture(name, draw("Konvice", str(number), (90, 60, 120), (640, 480), name.rpartition(".")[2]))
    for one in SETS:
        for number, file in enumerate(one.files, 1):
            folder = names.encode_product(one.product)
            name = f"{folder}/{file}" if one.short else names.build(one.product, one.gallery, file)
            yield _picture(name, draw(one.title, str(number), one.colour, one.size, file.rpartition(".")[2]))


def _as_they_come() -> Iterator[Picture]:
    """Draw pictures that no shop could show as they are."""
    photo = _opened(draw("Lampa", "1", (150, 110, 40), (3200, 2600), "jpg"))
    yield _picture(f"{AS_THEY_COME}/1_fotograf.png", _written(photo, "PNG", compress_level=0))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    sideways = _opened(draw("Lampa", "2", (150, 110, 40), (800, 600), "png")).transpose(Image.Transpose.ROTATE_90)
    yield _picture(f"{AS_THEY_COME}/2_nalezato.jpg", _written(sideways, "JPEG", quality=90, exif=exif.tobytes()))
    phone = _opened(draw("Lampa", "3", (150, 110, 40), (800, 600), "png"))
    yield _picture(f"{AS_THEY_COME}/3_telefon.heic", _written(phone, "HEIF", quality=90))
    printed = _opened(draw("Lampa", "4", (150, 110, 40), (800, 600), "png")).convert("CMYK")
    yield _picture(f"{AS_THEY_COME}/4_tisk.tif", _written(printed, "TIFF"))


def table() -> Picture:
    """Give a table of descriptions, as Excel saves it here: in Windows-1250, with semicolons."""
    rows = ["soubor;popis", *(f"{file.rpartition('/')[2]};{text}" for file, text in DESCRIBED.items())]
    return Picture(f"{FLAT}/gallery.csv", "\r\n".join(rows).encode("cp1250"), "text/csv")


def unfit() -> Iterator[Picture]:
    """Give the two that are refused when they are opened: half an upload, and a text."""
    whole = draw("Lampa", "5", (150, 110, 40), (800, 600), "jpg")
    yield _picture(f"{AS_THEY_COME}/5_polovina.jpg", whole[: len(whole) // 2])
    yield _picture(f"{AS_THEY_COME}/6_poznamka.jpg", "Šestou fotku pošlu zítra.\n".encode())


def _opened(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()
        return picture


def _written(picture: Image.Image, form: str, **how: object) -> bytes:
    if form == "HEIF":
        register_heif_opener()
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


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


def shows(body: bytes, shown: bytes) -> bool:
    """Whether what a shop shows is this file, prepared: upright, no larger, in the colours of screens; but for the encoding."""
    register_heif_opener()
    file, picture = (ImageOps.exif_transpose(_opened(one)).convert("RGB") for one in (body, shown))
    ratio = abs(file.width * picture.height - file.height * picture.width)
    if picture.width > file.width or ratio > max(file.size):
        return False
    return max(ImageStat.Stat(ImageChops.difference(file.resize(picture.size), picture)).rms) < 8


def pixels(body: bytes) -> tuple[tuple[int, int], bytes]:
    """Decode a picture to its size and its pixels, which are what two contents are compared by."""
    with Image.open(io.BytesIO(body)) as image:
        return image.size, image.convert("RGBA").tobytes()


def _picture(name: str, body: bytes) -> Picture:
    return Picture(name, body, names.content_type(name))

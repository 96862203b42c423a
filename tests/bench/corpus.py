"""Pictures made by script: products on white and photo-like scenes, as a shop would show them again, and look-alikes."""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

SIZE: Final = (1200, 900)
ORIENTATION: Final = 0x0112
Picture = Image.Image


@dataclass(frozen=True, slots=True)
class Case:
    """Two pictures and whether they are the same one; `how` says what was done to the second."""

    subject: str
    how: str
    file: bytes
    shown: bytes
    is_same: bool


def cases(subjects: int, seed: int = 1) -> Iterator[Case]:
    """Give each subject with everything that a shop may do to it, and with everything that looks like it."""
    for number in range(subjects):
        draw = (product, scene)[number % 2]
        subject = f"{draw.__name__} {number}"
        picture = draw(random.Random(f"{seed} {number}"))
        file = encoded(picture, "PNG")
        for how, same in SAME.items():
            yield Case(subject, how, file, same(picture), is_same=True)
        for how, other in OTHERS.items():
            yield Case(subject, how, file, encoded(other(picture), "JPEG", 90), is_same=False)
        for how, other_draw in DRAWN_ANEW.items():
            anew = other_draw(draw, f"{seed} {number}")
            yield Case(subject, how, file, encoded(anew, "JPEG", 90), is_same=False)


def product(rng: random.Random, colour: tuple[int, int, int] | None = None, label: str | None = None) -> Picture:
    """Draw a thing on white, with a label."""
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    body = tuple(rng.randrange(30, 200) for _ in range(3))
    left, top = rng.randrange(250, 350), rng.randrange(120, 200)
    pen.rounded_rectangle((left, top, left + 520, top + 620), 60, fill=colour or body)
    pen.ellipse((left + 60, top - 60, left + 460, top + 80), fill=tuple(min(255, c + 40) for c in colour or body))
    pen.rectangle((left + 120, top + 250, left + 400, top + 420), fill="#f4f1de")
    text = label or str(rng.randrange(10_000, 99_999))
    pen.text((left + 140, top + 290), text, fill="#222222", font_size=90)
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def scene(rng: random.Random, colour: tuple[int, int, int] | None = None, label: str | None = None) -> Picture:
    """Draw something as busy as a photograph."""
    small = Image.frombytes("RGB", (40, 30), rng.randbytes(40 * 30 * 3))
    picture = small.resize(SIZE, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, r = rng.randrange(SIZE[0]), rng.randrange(SIZE[1]), rng.randrange(30, 160)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.randrange(256) for _ in range(3)))
    if colour is not None:
        picture = Image.blend(picture, Image.new("RGB", SIZE, colour), 0.25)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((500, 380, 760, 500), fill="#f4f1de")
    pen.text((520, 395), label or str(rng.randrange(10_000, 99_999)), fill="#222222", font_size=84)
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def encoded(picture: Picture, form: str, quality: int = 90, exif: Image.Exif | None = None) -> bytes:
    """Give a picture as a file."""
    target = io.BytesIO()
    picture.save(target, form, quality=quality, **({"exif": exif} if exif is not None else {}))
    return target.getvalue()


def _narrower(width: int, form: str, quality: int) -> Callable[[Picture], bytes]:
    size = (width, round(width * SIZE[1] / SIZE[0]))
    return lambda picture: encoded(picture.resize(size, Image.Resampling.LANCZOS), form, quality)


def _on_its_side(picture: Picture) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return encoded(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", 90, exif)


SAME: Final[dict[str, Callable[[Picture], bytes]]] = {
    "PNG": lambda picture: encoded(picture, "PNG"),
    "JPEG 95": lambda picture: encoded(picture, "JPEG", 95),
    "JPEG 85": lambda picture: encoded(picture, "JPEG", 85),
    "JPEG 70": lambda picture: encoded(picture, "JPEG", 70),
    "JPEG 50": lambda picture: encoded(picture, "JPEG", 50),
    "WebP 80": lambda picture: encoded(picture, "WEBP", 80),
    "1024 wide": _narrower(1024, "JPEG", 85),
    "800 wide": _narrower(800, "JPEG", 85),
    "640 wide, WebP": _narrower(640, "WEBP", 80),
    "300 wide": _narrower(300, "JPEG", 85),
    "on its side by EXIF": _on_its_side,
}
OTHERS: Final[dict[str, Callable[[Picture], Picture]]] = {
    "turned by 3 degrees": lambda picture: picture.rotate(3, fillcolor="white", resample=Image.Resampling.BICUBIC),
    "turned by -3 degrees": lambda picture: picture.rotate(-3, fillcolor="white", resample=Image.Resampling.BICUBIC),
    "cut by 4 %": lambda picture: picture.crop((24, 18, 1176, 882)).resize(SIZE),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "stronger colours": lambda picture: ImageEnhance.Color(picture).enhance(1.5),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "red and blue changed": lambda picture: Image.merge("RGB", picture.split()[::-1]),
}


def _marked(picture: Picture) -> Picture:
    marked = picture.copy()
    ImageDraw.Draw(marked).ellipse((1040, 40, 1140, 140), fill="#d62828")
    return marked


OTHERS["with a mark in a corner"] = _marked
DRAWN_ANEW: Final[dict[str, Callable[[Callable[..., Picture], str], Picture]]] = {
    "another label": lambda draw, seed: draw(random.Random(seed), None, "SALE!"),
    "another colour": lambda draw, seed: draw(random.Random(seed), (200, 60, 60)),
    "another product": lambda draw, seed: draw(random.Random(f"{seed} other")),
}

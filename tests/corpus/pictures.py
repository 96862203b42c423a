"""The corpus: each file with what is to become of it. Drawn anew each time, so nothing binary lies in the repository."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import pillow_heif
from PIL import Image, ImageDraw, ImageFilter

from gallery_sync.core.recipe import Recipe
from tests.corpus import profiles

pillow_heif.register_heif_opener()

SIZE: Final = (640, 480)
GPS: Final = 0x8825
ORIENTATION: Final = 0x0112
Picture = Image.Image
USUAL: Final = Recipe()


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and what is to become of it.

    `comes`: "as it is", the format that is made of it (JPEG, PNG), or why it is refused (a code of `core.recipe.REFUSED`).
    `done`: what is done to it. `shows`: the picture that is to be seen, where something is made; `near`: how far a colour may be
    from it.
    """

    name: str
    draw: Callable[[], bytes]
    comes: str
    done: frozenset[str] = frozenset()
    warns: tuple[str, ...] = ()
    shows: Callable[[], Picture] | None = None
    near: float = 6.0
    recipe: Recipe = USUAL


@cache
def photo(size: tuple[int, int] = SIZE, seed: int = 1) -> Picture:
    """Draw something like a photograph: soft colours, edges, a little noise, a line of text, and no side like another."""
    rng = random.Random(seed)
    small = Image.frombytes("RGB", (8, 6), rng.randbytes(8 * 6 * 3))
    picture = small.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    pen = ImageDraw.Draw(picture)
    width, height = size
    pen.rectangle((0, 0, width // 5, height // 4), fill=(210, 40, 30))
    pen.ellipse((width * 0.55, height * 0.5, width * 0.95, height * 0.95), fill=(30, 60, 160))
    pen.text((width * 0.3, height * 0.1), "LAMP 42", fill="white", font_size=height // 8)
    noise = Image.effect_noise(size, 12).convert("RGB")
    return Image.blend(picture, noise, 0.05)


def drawing() -> Picture:
    """Draw a plan: few colours and hard edges."""
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    for at in range(0, 600, 40):
        pen.line((at, 0, 640 - at, 480), fill=(20, 20, 120), width=3)
    return picture


def label() -> Picture:
    """Draw text on what is transparent."""
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((40, 180), "SLEVA 20 %", fill=(200, 0, 0, 255), font_size=80)
    return picture


def saved(picture: Picture, form: str, **how: object) -> bytes:
    """Write a picture in a format."""
    target = io.BytesIO()
    picture.save(target, form, **how)
    return target.getvalue()


def turned(number: int, form: str = "JPEG", **how: object) -> bytes:
    """Write the photograph so that it is upright only for those who read its orientation."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    picture = photo() if number == 1 else photo().transpose(Image.Transpose(back[number]))
    exif = Image.Exif()
    exif[ORIENTATION] = number
    return saved(picture, form, exif=exif.tobytes(), **how)


def with_position(form: str = "JPEG", **how: object) -> bytes:
    """Write the photograph with where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "Phone"
    exif.get_ifd(GPS).update({1: "N", 2: (50.0, 5.0, 16.0), 3: "E", 4: (14.0, 25.0, 12.0)})
    return saved(photo(), form, exif=exif.tobytes(), **how)


def xmp_position() -> bytes:
    """Write the photograph with where it was taken in XMP."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf exif:GPSLatitude="50,5N"/></x:xmpmeta>'
    return saved(photo(), "JPEG", xmp=xmp)


def mpo() -> bytes:
    """Write a photograph with a second frame, as phones and cameras do."""
    return saved(photo(), "MPO", save_all=True, append_images=[photo(SIZE, 2).resize((160, 120))])


def moving(form: str, frames: int = 4, size: tuple[int, int] = (200, 150)) -> bytes:
    """Write an animation."""
    pictures = [photo(size, number).quantize(64) if form == "GIF" else photo(size, number) for number in range(frames)]
    return saved(pictures[0], form, save_all=True, append_images=pictures[1:], duration=80)


def deep_png() -> bytes:
    """Write a PNG with 16 bits a colour, which Pillow cannot."""
    width, height = SIZE
    rows = photo().tobytes()
    lines = []
    for row in range(height):
        line = rows[row * width * 3 : (row + 1) * width * 3]
        lines.append(b"\0" + b"".join(bytes((value, value)) for value in line))
    return png(width, height, 16, 2, b"".join(lines))


def png(width: int, height: int, depth: int, kind: int, data: bytes) -> bytes:
    """Write a PNG of these raw rows."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """Write a PNG of 30,000 × 30,000 pixels in a few kilobytes: what is behind its head is never read."""
    return png(30_000, 30_000, 8, 2, b"\0" * 100_000)


def text_bomb() -> bytes:
    """Write a PNG with a text that inflates to 300 MB."""
    whole, text = saved(drawing(), "PNG"), b"note\0\0" + zlib.compress(bytes(300_000_000), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return whole[:33] + chunk + whole[33:]


def upright() -> Picture:
    """What is to be seen of each turned photograph."""
    return photo()


def grey() -> Picture:
    """The photograph in grey."""
    return photo().convert("L").convert("RGB")


def on_white() -> Picture:
    """The label on white."""
    flat = Image.new("RGBA", SIZE, "white")
    flat.alpha_composite(label())
    return flat.convert("RGB")


def arithmetic() -> bytes:
    """A JPEG that is coded arithmetically, which browsers do not show: 16 × 16 pixels of one grey."""
    plain = saved(Image.new("L", (16, 16), 128), "JPEG", quality=90)
    at = plain.index(b"\xff\xc0")
    # The frame's marker, no Huffman tables, and no bits for what is 0 all over.
    head, frame = plain[:at], bytearray(plain[at : at + 2 + int.from_bytes(plain[at + 2 : at + 4], "big")])
    frame[1] = 0xC9
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    return head + bytes(frame) + scan + b"\x00\x00\x00\x00" + b"\xff\xd9"


def cases() -> Iterator[Case]:
    """Give the corpus."""
    yield from _fine()
    yield from _repaired()
    yield from _refused()
    yield from _chosen()


def _fine() -> Iterator[Case]:
    yield Case("plain.jpg", lambda: saved(photo(), "JPEG"), "as it is")
    yield Case("progressive.jpg", lambda: saved(photo(), "JPEG", progressive=True), "as it is")
    yield Case("grey.jpg", lambda: saved(photo().convert("L"), "JPEG"), "as it is")
    yield Case("plain.png", lambda: saved(photo(), "PNG"), "as it is")
    yield Case("one-bit.png", lambda: saved(drawing().convert("1"), "PNG"), "as it is")
    yield Case("palette.png", lambda: saved(label().quantize(16), "PNG"), "as it is")
    yield Case("label.png", lambda: saved(label(), "PNG"), "as it is")
    yield Case("moving.gif", lambda: moving("GIF"), "as it is", warns=("small",))
    yield Case(
        "srgb.jpg",
        lambda: saved(photo(), "JPEG", icc_profile=profiles.rgb("sRGB IEC61966-2.1", profiles.ADOBE)),
        "as it is",
    )
    yield Case("broken-profile.jpg", lambda: saved(photo(), "JPEG", icc_profile=b"no profile at all"), "as it is")
    yield Case("turned-1.jpg", lambda: turned(1), "as it is")
    yield Case("position.jpg", with_position, "JPEG", frozenset({"position"}), shows=photo)
    yield Case("xmp.jpg", xmp_position, "JPEG", frozenset({"position"}), shows=photo)
    yield Case("position.png", lambda: with_position("PNG"), "PNG", frozenset({"position"}), shows=photo, near=0)
    yield Case("phone.mpo", mpo, "JPEG", frozenset({"first"}), shows=photo)


def _repaired() -> Iterator[Case]:
    for number in range(2, 9):
        yield Case(f"turned-{number}.jpg", lambda n=number: turned(n), "JPEG", frozenset({"upright"}), shows=upright)  # type: ignore[misc]
    yield Case("turned.png", lambda: turned(6, "PNG"), "JPEG", frozenset({"upright"}), shows=upright)
    yield Case("phone.heic", lambda: saved(photo(), "HEIF", quality=90), "JPEG", shows=photo)
    yield Case("turned.heic", lambda: turned(6, "HEIF", quality=90), "JPEG", shows=upright)
    yield Case("new.avif", lambda: saved(photo(), "AVIF", quality=90), "JPEG", shows=photo, near=8)
    yield Case("shop.webp", lambda: saved(photo(), "WEBP", quality=95), "JPEG", shows=photo)
    yield Case("clear.webp", lambda: saved(label(), "WEBP", lossless=True), "PNG", shows=label, near=0)
    yield Case("moving.webp", lambda: moving("WEBP"), "JPEG", frozenset({"first"}), ("small", "animation"))
    yield Case("print.tif", lambda: saved(photo(), "TIFF"), "JPEG", shows=photo)
    yield Case("packed.tiff", lambda: saved(photo(), "TIFF", compression="tiff_lzw"), "JPEG", shows=photo)
    yield Case("cmyk.tif", lambda: saved(photo().convert("CMYK"), "TIFF"), "JPEG", frozenset({"cmyk"}), shows=photo)
    yield Case(
        "cmyk.jpg", lambda: saved(photo().convert("CMYK"), "JPEG", quality=95), "JPEG", frozenset({"cmyk"}), shows=photo
    )
    yield Case(
        "inks.tif",
        lambda: saved(photo().convert("CMYK"), "TIFF", icc_profile=profiles.cmyk("Inks")),
        "JPEG",
        frozenset({"cmyk", "srgb"}),
    )
    for name, primaries in (("p3", profiles.P3), ("adobe", profiles.ADOBE)):
        profile = profiles.rgb(name, primaries)
        yield Case(f"{name}.jpg", lambda p=profile: saved(photo(), "JPEG", icc_profile=p), "JPEG", frozenset({"srgb"}))  # type: ignore[misc]
        yield Case(f"{name}.png", lambda p=profile: saved(photo(), "PNG", icc_profile=p), "JPEG", frozenset({"srgb"}))  # type: ignore[misc]
    yield Case("old.bmp", lambda: saved(photo(), "BMP"), "JPEG", shows=photo)
    yield Case("plan.bmp", lambda: saved(drawing(), "BMP"), "PNG", shows=drawing, near=0)
    yield Case("lab.tif", lambda: saved(_lab(), "TIFF"), "JPEG", frozenset({"srgb"}), shows=photo, near=8)
    yield Case("deep.png", deep_png, "JPEG", frozenset({"deep"}), shows=photo)
    yield Case("deep-grey.png", lambda: saved(_deep_grey(), "PNG"), "JPEG", frozenset({"deep"}), shows=grey)
    yield Case("deep-grey.tif", lambda: saved(_deep_grey(), "TIFF"), "JPEG", frozenset({"deep"}), shows=grey)
    yield Case("arithmetic.jpg", arithmetic, "JPEG", warns=("small",))
    yield Case(
        "wide.jpg",
        lambda: saved(photo((5000, 1000)), "JPEG"),
        "JPEG",
        shows=lambda: photo((5000, 1000)).resize((4096, 819)),
    )
    yield Case(
        "large.png",
        lambda: saved(photo((2400, 1800)), "PNG"),
        "JPEG",
        shows=lambda: photo((2400, 1800)),
        recipe=Recipe(max_bytes=2_000_000),
    )
    yield Case(
        "large-moving.gif",
        lambda: moving("GIF", 30),
        "PNG",
        frozenset({"first"}),
        ("small", "animation"),
        recipe=Recipe(max_bytes=100_000),
    )


def _refused() -> Iterator[Case]:
    yield Case("nothing.jpg", bytes, "empty")
    yield Case("page.jpg", lambda: b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>", "no-picture")
    yield Case("catalogue.jpg", lambda: b"%PDF-1.7\n" + b"1 0 obj\n" * 200, "no-picture")
    yield Case("note.jpg", "Fotky pošlu zítra.\n".encode, "no-picture")
    yield Case("zeros.jpg", lambda: bytes(50_000), "no-picture")
    yield Case("noise.jpg", lambda: random.Random(1).randbytes(50_000), "no-picture")
    yield Case("archive.jpg", lambda: b"PK\x03\x04" + bytes(500), "no-picture")
    yield Case("drawing.jpg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "no-picture")
    yield Case("film.jpg", lambda: b"\0\0\0\x20ftypisom" + bytes(500), "no-picture")
    yield Case("raw.tif", lambda: saved(photo(), "TIFF", tiffinfo=_dng()), "no-picture")
    yield Case("bomb.png", bomb, "too-many-pixels")
    yield Case("text-bomb.png", text_bomb, "damaged")
    yield Case("damaged.png", lambda: _hurt(saved(photo(), "PNG")), "damaged")


def _chosen() -> Iterator[Case]:
    yield Case(
        "label.png",
        lambda: saved(label(), "PNG"),
        "PNG",
        frozenset({"background"}),
        shows=on_white,
        near=1,
        recipe=Recipe(background="#ffffff"),
    )
    yield Case("shop.webp", lambda: saved(photo(), "WEBP"), "as it is", recipe=Recipe(webp=True))
    yield Case("where.webp", lambda: with_position("WEBP"), "WEBP", frozenset({"position"}), recipe=Recipe(webp=True))
    yield Case("phone.heic", lambda: saved(photo(), "HEIF"), "unlike", recipe=Recipe(repairs=False))
    yield Case("position.jpg", with_position, "as it is", recipe=Recipe(repairs=False))
    yield Case("cmyk.jpg", lambda: saved(photo().convert("CMYK"), "JPEG"), "as it is", recipe=Recipe(repairs=False))
    yield Case("note.jpg", lambda: b"no picture at all", "no-picture", recipe=Recipe(repairs=False))
    yield Case("cut.jpg", lambda: saved(photo(), "JPEG")[:9000], "cut-off", recipe=Recipe(repairs=False))
    yield Case("plain.jpg", lambda: saved(photo(), "JPEG"), "too-small", recipe=Recipe(min_side=700))


WHOLE: Final[dict[str, Callable[[], bytes]]] = {
    "jpg": lambda: saved(photo(), "JPEG"),
    "progressive.jpg": lambda: saved(photo(), "JPEG", progressive=True),
    "mpo": mpo,
    "png": lambda: saved(photo(), "PNG"),
    "gif": lambda: moving("GIF"),
    "webp": lambda: saved(photo(), "WEBP"),
    "tif": lambda: saved(photo(), "TIFF"),
    "lzw.tif": lambda: saved(photo(), "TIFF", compression="tiff_lzw"),
    "bmp": lambda: saved(photo(), "BMP"),
    "avif": lambda: saved(photo(), "AVIF"),
    "heic": lambda: saved(photo(), "HEIF"),
}
"""One of each format, to be cut off."""


def _deep_grey() -> Picture:
    return photo().convert("L").convert("I").point(lambda value: value * 257).convert("I;16")


def _lab() -> Picture:
    from PIL import ImageCms

    return ImageCms.profileToProfile(
        photo(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )  # type: ignore[return-value]


def _dng() -> dict[int, object]:
    return {50706: bytes((1, 4, 0, 0))}


def _hurt(content: bytes) -> bytes:
    """Change a byte in the middle."""
    at = len(content) // 2
    return content[:at] + bytes((content[at] ^ 0xFF,)) + content[at + 1 :]

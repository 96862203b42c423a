"""Opens a picture, and makes of it what a shop can show, by a recipe (`core.recipe`). Only ever run by `prepare_child`.

    1  what is it                    sniff, strip.coding
    2  is it whole, and not a bomb   the size is read before anything is decoded; then all of it is
    3  is it fine as it is           then it is sent byte for byte, at most without what says where it was taken
    4  else                          scaled, colours to sRGB, upright, and written as JPEG or PNG, small enough

Memory is bounded by the picture as it is stored plus a few bands of it: whatever changes its mode is done band by band.
"""

import io
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from gallery_sync.core.recipe import Recipe, Shape
from gallery_sync.decoding import sniff, strip

DECODERS: Final = {
    "JPEG": ("JPEG", "MPO"),
    "PNG": ("PNG",),
    "GIF": ("GIF",),
    "WEBP": ("WEBP",),
    "TIFF": ("TIFF",),
    "BMP": ("BMP",),
    "AVIF": ("AVIF",),
    "HEIC": ("HEIF",),
}
"""What is opened, and Pillow's decoders for it: no other one sees the picture."""
PLAIN: Final = ("JPEG", "PNG", "GIF")
"""What Shoptet takes for sure (docs/shoptet.md)."""
MOST_BYTES: Final = 240_000_000
"""Of memory that a picture may take when it is opened; Pillow stores three colours in four bytes."""
MOST_PIXELS: Final = 150_000_000
"""Of a JPEG, which is opened at a smaller scale where it has too many."""
MOST_FRAMES: Final = 500
"""Of an animation that goes as it is."""
THUMBNAIL: Final = 320
"""Pixels of its longer side."""
SMALL: Final = 300
"""Pixels of the longer side, below which there is a warning."""
QUALITIES: Final = (92, 88, 84, 80, 75, 70)
"""Of a JPEG, the first that fits; after the last, the picture gets smaller rather than worse."""
SMALLER: Final = 6
"""How often a picture that does not fit is made smaller."""
FEW_COLOURS: Final = 1024
"""What has no more is drawn, not photographed: a PNG shows it sharper, and is smaller."""
WORKERS: Final = 2
"""Bands that are scaled at the same time."""
BAND: Final = 256
"""Rows that are scaled at a time."""

_PLUGINS: Final = {"WEBP": "WebPImagePlugin", "TIFF": "TiffImagePlugin", "AVIF": "AvifImagePlugin"}
_PLAIN_MODES: Final = ("1", "L", "P", "RGB", "RGBA")
_ONE_BYTE: Final = frozenset({"1", "L", "P"})
_GPS: Final = 0x8825
_FRAMES: Final = 0xB002
_SUBFILE, _DNG = 254, 50706
"""Tags of a TIFF: whether it is a smaller version of another picture in the file, and the version of a DNG."""


class Refused(Exception):
    """It cannot be sent; `code` is one of `core.recipe.REFUSED`."""

    def __init__(self, code: str, what: str = "", shape: Shape | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.what = what
        self.shape = shape


@dataclass
class Found:
    """What was found out about a picture, and what is made of it (`body`, empty where it goes as it is)."""

    shape: Shape
    frames: int = 1
    made: Shape | None = None
    body: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    look: str = ""
    done: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


def prepare(content: bytes, recipe: Recipe) -> Found:
    """Decide what is sent for a picture, and make it. Raises Refused."""
    if not content:
        raise Refused("empty")
    kind = sniff.picture(content)
    if kind is None:
        raise Refused("no-picture", sniff.other(content))
    if sniff.is_cut_off(kind, content):
        raise Refused("cut-off")
    image = _opened(content, kind)
    found = Found(Shape(kind, *image.size, len(content)), getattr(image, "n_frames", 1))
    scaled = _bounded(image, found, recipe)
    _decoded(image, content, found)
    if recipe.min_side and max(found.shape.width, found.shape.height) < recipe.min_side:
        raise Refused("too-small", shape=found.shape)
    if max(found.shape.width, found.shape.height) < SMALL:
        found.warnings.append("small")
    is_fine = not scaled and _is_fine(image, content, found, recipe)
    if not recipe.repairs and not is_fine and kind not in (*PLAIN, "WEBP"):
        raise Refused("unlike", shape=found.shape)
    if is_fine or not recipe.repairs:
        _as_it_is(image, content, found, recipe)
        upright = ImageOps.exif_transpose(_small(image))
    else:
        upright = _made(image, content, found, recipe)
    _looked_at(upright, found)
    return found


def _opened(content: bytes, kind: str) -> Image.Image:
    """Open a picture: its head is read, nothing is decoded."""
    _load(kind)
    Image.MAX_IMAGE_PIXELS = None  # Bounded below, with a reason.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image = Image.open(io.BytesIO(content), formats=DECODERS[kind])
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error, KeyError) as error:
        if len(content) < 1024 or "truncated" in str(error):
            raise Refused("cut-off") from None
        raise Refused("cut-off" if kind == "TIFF" else "damaged") from None
    if kind == "TIFF":
        tags = getattr(image, "tag_v2", {})
        if _DNG in tags or tags.get(_SUBFILE, 0) & 1:
            raise Refused("no-picture", "a camera's raw file")
    return image


def load() -> None:
    """Load what opens the formats that come every day, before the first picture comes."""
    Image.preinit()
    for plugin in _PLUGINS.values():
        import_module(f"PIL.{plugin}")


def _load(kind: str) -> None:
    """Load the decoder of a format, where Pillow does not by itself; else it would load all that it has."""
    if kind == "HEIC":
        from pi_heif import register_heif_opener  # noqa: PLC0415  # large, and seldom needed

        register_heif_opener(thumbnails=False)
    elif kind in _PLUGINS:
        import_module(f"PIL.{_PLUGINS[kind]}")


def _bounded(image: Image.Image, found: Found, recipe: Recipe) -> bool:
    """Refuse what would take too much memory, before it is decoded; open a large JPEG at a smaller scale, and say so."""
    pixels = image.width * image.height
    scaled = False
    if image.format in ("JPEG", "MPO") and recipe.repairs and max(image.size) > recipe.max_side:
        share = recipe.max_side / max(image.size)
        scaled = image.draft(None, (round(image.width * share), round(image.height * share))) is not None
    stored = image.width * image.height * (1 if image.mode in _ONE_BYTE else 4)
    if pixels > MOST_PIXELS or stored > MOST_BYTES:
        raise Refused("too-many-pixels", shape=found.shape)
    return scaled


def _decoded(image: Image.Image, content: bytes, found: Found) -> None:
    """Decode a picture whole, all its frames where it goes as it is."""
    if image.format == "MPO" and _ends(image, content) > len(content):
        raise Refused("cut-off", shape=found.shape)
    try:
        image.load()
        if found.shape.format == "GIF" and 1 < found.frames <= MOST_FRAMES:
            for frame in range(1, found.frames):
                image.seek(frame)
                image.load()
            image.seek(0)
            image.load()
    except MemoryError:
        raise Refused("too-large", shape=found.shape) from None
    except Exception as error:  # noqa: BLE001  # whatever a decoder says of a picture that it cannot read
        code = "cut-off" if "truncated" in str(error) or isinstance(error, EOFError) else "damaged"
        raise Refused(code, shape=found.shape) from None


def _ends(image: Image.Image, content: bytes) -> int:
    """Say where the last frame of a JPEG with several ends (CIPA DC-007, 5.2.3.3): counted from behind `MPF` and its zero."""
    entries = getattr(image, "mpinfo", {}).get(_FRAMES, [])
    start = content.find(b"MPF\0") + 4
    return max((start + entry["DataOffset"] + entry["Size"] for entry in entries if entry["DataOffset"]), default=0)


def _is_fine(image: Image.Image, content: bytes, found: Found, recipe: Recipe) -> bool:
    """Whether a picture goes as it is, perhaps without what says where it was taken."""
    kind = found.shape.format
    if kind not in PLAIN and not (kind == "WEBP" and recipe.webp):
        return False
    if len(content) > recipe.max_bytes or max(image.size) > recipe.max_side or found.frames > MOST_FRAMES:
        return False
    if image.mode not in (*_PLAIN_MODES, "LA", "PA") or _is_deep(image, content):
        return False
    if recipe.background and _is_transparent(image):
        return False
    try:
        if kind == "JPEG" and strip.coding(content) in strip.ARITHMETIC:
            return False
    except strip.Malformed:
        return False
    return _orientation(image) == 1 and _is_srgb(image)


def _as_it_is(image: Image.Image, content: bytes, found: Found, recipe: Recipe) -> None:
    """Leave a picture as it is, but take out where it was taken, and a second frame behind it."""
    kind = found.shape.format
    is_second = image.format == "MPO"
    if not recipe.repairs or kind == "GIF" or not (is_second or _tells_where(image)):
        return
    try:
        found.body = strip.stripped(kind, content)
    except strip.Malformed:
        # Then it is written anew, which leaves out all that.
        _made(image, content, found, recipe)
        return
    found.done |= {"first"} if is_second else set()
    found.done |= {"position"} if _tells_where(image) else set()
    found.made = Shape(kind, *image.size, len(found.body))


def _made(image: Image.Image, content: bytes, found: Found, recipe: Recipe) -> Image.Image:
    """Make a picture that a shop can show, and give it as pixels."""
    kind = found.shape.format
    if found.frames > 1:
        found.done.add("first")
        found.warnings += ["animation"] if kind in ("GIF", "WEBP", "PNG") else []
    found.done |= {"position"} if _tells_where(image) else set()
    found.done |= {"deep"} if _is_deep(image, content) else set()
    is_drawn = kind != "JPEG" and image.mode in _PLAIN_MODES and image.getcolors(FEW_COLOURS) is not None
    orientation = _orientation(image)
    picture = _in_srgb(_scaled(image, _fitting(image.size, recipe.max_side)), image, found)
    if orientation != 1:
        found.done.add("upright")
        picture = picture.transpose(_TURNS[orientation])
    picture = _flat(picture, found, recipe)
    for _ in range(SMALLER):
        form, body = _written(picture, recipe, is_drawn=is_drawn)
        if len(body) <= recipe.max_bytes:
            found.made, found.body = Shape(form, *picture.size, len(body)), body
            return picture
        share = min(0.9, (recipe.max_bytes / len(body)) ** 0.5)
        picture = picture.resize(_times(picture.size, share), Image.Resampling.LANCZOS)
    raise Refused("too-large", shape=found.shape)


def _written(picture: Image.Image, recipe: Recipe, *, is_drawn: bool) -> tuple[str, bytes]:
    """Write a picture as PNG where it is transparent or drawn, else as JPEG, of a quality with which it fits."""
    if "A" in picture.getbands():
        return "PNG", _saved(picture, "PNG")
    if is_drawn:
        body = _saved(picture, "PNG")
        if len(body) <= recipe.max_bytes:
            return "PNG", body
    for quality in QUALITIES:
        body = _saved(picture, "JPEG", quality=quality)
        if len(body) <= recipe.max_bytes:
            break
    return "JPEG", body


def _saved(picture: Image.Image, form: str, **how: int) -> bytes:
    target = io.BytesIO()
    picture.info = {}
    picture.save(target, form, **how)
    return target.getvalue()


# Size, mode and colours.


def _fitting(size: tuple[int, int], most: int) -> tuple[int, int]:
    return size if max(size) <= most else _times(size, most / max(size))


def _times(size: tuple[int, int], share: float) -> tuple[int, int]:
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale a picture, in a mode with which that can be done, band by band: each sees as many rows around it as it needs."""
    whole = _Mode(image)
    if size == image.size:
        return whole.of(image)
    factor = image.height / size[1]
    # Lanczos looks at three pixels to each side, of the smaller picture.
    margin = int(3 * factor) + 2

    def scaled(top: int) -> Image.Image:
        rows = min(BAND, size[1] - top)
        first = max(0, int(top * factor) - margin)
        last = min(image.height, int((top + rows) * factor) + margin + 1)
        band = whole.of(image.crop((0, first, image.width, last)))
        box = (0, top * factor - first, image.width, min((top + rows) * factor - first, band.height))
        return band.resize((size[0], rows), Image.Resampling.LANCZOS, box=box)

    out: Image.Image | None = None
    tops = range(0, size[1], BAND)
    # Pillow lets other threads work while it scales. As many bands at a time as there are workers, and no more in memory.
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in range(0, len(tops), WORKERS):
            these = tops[start : start + WORKERS]
            for top, part in zip(these, pool.map(scaled, these), strict=True):
                out = out or Image.new(part.mode, size)
                out.paste(part, (0, top))
    if out is None:
        raise Refused("damaged")
    return out


class _Mode:
    """Brings a picture, or a band of it, into a mode in which it can be scaled: grey, RGB, RGBA, CMYK or LAB."""

    def __init__(self, image: Image.Image) -> None:
        self._range = image.getextrema() if image.mode in ("I", "F") else (0, 0)
        self._to: Callable[[Image.Image], Image.Image] = self._same
        mode = image.mode
        if mode.startswith("I;16"):
            self._to = self._sixteen
        elif mode in ("I", "F"):
            self._to = self._wide
        elif mode in ("P", "PA"):
            to = "RGBA" if _is_transparent(image) else "RGB"
            self._to = lambda band: band.convert(to)
        elif mode == "1":
            self._to = lambda band: band.convert("L")
        elif mode == "LA" or "transparency" in image.info:
            self._to = lambda band: band.convert("RGBA")
        elif mode not in ("L", "RGB", "RGBA", "CMYK", "LAB"):
            self._to = lambda band: band.convert("RGB")

    def of(self, band: Image.Image) -> Image.Image:
        """Give a band in that mode."""
        return self._to(band)

    def _same(self, band: Image.Image) -> Image.Image:
        return band

    def _sixteen(self, band: Image.Image) -> Image.Image:
        return band.convert("I").point(lambda value: value * (1 / 257)).convert("L")

    def _wide(self, band: Image.Image) -> Image.Image:
        low, high = (float(value) for value in self._range[:2])  # type: ignore[arg-type]
        if band.mode == "I" and low >= 0 and high <= 65535:
            low, high = 0.0, 65535.0
        scale = 255 / (high - low) if high > low else 0.0
        return band.point(lambda value: value * scale + -low * scale).convert("L")


def _in_srgb(picture: Image.Image, image: Image.Image, found: Found) -> Image.Image:
    """Bring a picture's colours to sRGB, by its profile where it has one that can be read."""
    profile = _profile(image)
    found.done |= {"cmyk"} if picture.mode == "CMYK" else set()
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha is not None and profile is not None else picture
    if picture.mode == "LAB":
        profile = profile or ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if profile is not None and not _is_named_srgb(profile):
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        try:
            done = ImageCms.profileToProfile(colours, profile, target, ImageCms.Intent.PERCEPTUAL, outputMode="RGB")
        except (ImageCms.PyCMSError, ValueError, OSError):
            done = None  # A profile of another kind of picture: it says nothing of this one.
        if done is not None:
            found.done.add("srgb")
            if alpha is not None:
                done.putalpha(alpha)
            return done
    return picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGB")


def _flat(picture: Image.Image, found: Found, recipe: Recipe) -> Image.Image:
    """Put what is transparent on the background that was chosen; what only could be is none."""
    if picture.mode != "RGBA":
        return picture
    if picture.getchannel("A").getextrema()[0] == 255:
        return picture.convert("RGB")
    if not recipe.background:
        return picture
    found.done.add("background")
    flat = Image.new("RGBA", picture.size, recipe.background)
    flat.alpha_composite(picture)
    return flat.convert("RGB")


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    raw = image.info.get("icc_profile")
    if not raw:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(raw))
    except (OSError, ImageCms.PyCMSError):
        return None


def _is_named_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    try:
        return "srgb" in ImageCms.getProfileDescription(profile).lower().replace(" ", "").replace("-", "")
    except ImageCms.PyCMSError:
        return False


def _is_srgb(image: Image.Image) -> bool:
    """Whether a picture's colours need no conversion: no profile, one that cannot be read, or sRGB's."""
    profile = _profile(image)
    return profile is None or _is_named_srgb(profile)


# What a picture says of itself.


def _is_transparent(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _is_deep(image: Image.Image, content: bytes) -> bool:
    """Whether a picture has more than 8 bits a colour. Pillow opens such a PNG with 8, so its head is read."""
    if image.format == "PNG":
        return content[24] > 8
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn a picture upright, by its Exif orientation (CIPA DC-008, 4.6.4)."""


def _orientation(image: Image.Image) -> int:
    """Read how a picture is to be turned; 1 where it says nothing that can be read."""
    try:
        said = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001  # whatever a broken Exif makes of the reader
        return 1
    return said if said in _TURNS else 1


def _tells_where(image: Image.Image) -> bool:
    """Whether a picture says where it was taken: in its Exif, or in XMP."""
    try:
        if image.getexif().get_ifd(_GPS):
            return True
    except Exception:  # noqa: BLE001  # see above
        return False
    texts = (image.info.get(name, b"") for name in ("xmp", "XML:com.adobe.xmp"))
    return any(b"GPSL" in (text.encode() if isinstance(text, str) else text) for text in texts)


# For people, and to tell pictures apart.


def _small(image: Image.Image) -> Image.Image:
    """Give a small version of a picture that was not scaled yet."""
    return _scaled(image, _fitting(image.size, THUMBNAIL))


def _looked_at(picture: Image.Image, found: Found) -> None:
    """Make the thumbnail, and note what the picture looks like (`core.recipe.Verdict.look`)."""
    small = picture.resize(_fitting(picture.size, THUMBNAIL), Image.Resampling.BILINEAR)
    if small.mode == "RGBA":
        flat = Image.new("RGBA", small.size, "white")
        flat.alpha_composite(small)
        small = flat
    small = small.convert("RGB")
    found.thumbnail = _saved(small, "JPEG", quality=80)
    grey = small.convert("L")
    across = grey.resize((9, 8), Image.Resampling.BOX).tobytes()
    down = grey.transpose(Image.Transpose.TRANSPOSE).resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = [
        row[at] > row[at + 1]
        for one in (across, down)
        for row in (one[9 * r : 9 * r + 9] for r in range(8))
        for at in range(8)
    ]
    colour = small.resize((1, 1), Image.Resampling.BOX).tobytes()
    found.look = f"{int(''.join('01'[bit] for bit in bits), 2):032x}{colour.hex()}"

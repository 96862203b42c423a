"""The names of dropped files: which product, gallery and place in the order an object's name means, or why it is refused.

    {product}/{gallery}/{file}      92ca3575-7481-11e8-8216-002590dad85e/shop360/01_front.jpg
    {product}/{file}                62%2FXL/front.png          (the gallery `shop`)

`product` is Shoptet's guid or the code of a product or variant, percent-encoded where it holds a `/` or a `%`.
Everything here is pure.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, unquote_to_bytes

from gallery_sync.core.shop_values import GALLERIES, Gallery

PICTURE_TYPES: Final = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpe": "image/jpeg",
    "jfif": "image/jpeg",
    "mpo": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "avif": "image/avif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
}
"""What is taken for a picture, by extension, and its type. What it is says its content (`decoding.sniff`); Shoptet accepts JPEG,
PNG, GIF and WebP for uploads (docs/shoptet.md, "Product images"), so the others are made into those (`recipe`)."""

PICTURES: Final = "JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP"
"""The same for people."""

DROP_KEY: Final = "drop:"
"""What the keys of dropped files begin with, in the ledger."""

_PLACED: Final = "//"
_MADE: Final = "outbox/made/"
THUMBNAILS: Final = "thumbnails/"

MAX_CODE = 64
"""Characters of a code (Shoptet's description of `variants[].code`)."""

MAX_LOOSE: Final = 1_000
"""Bytes of a name in no product's folder: it has to fit behind the folder in which it waits (an object's may have 1024)."""

MOST_SHOWN: Final = 80
"""Characters of a name in a message. A log line has 300 (`shoptet.redact`), and an object's name up to 1024 bytes."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# With line separators, and half characters (lone surrogates): JSON can carry them, UTF-8 and so an object's name cannot.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Drop:
    """A name inside the grammar. `prefix` is the product as it is written in the bucket; `product` is what it means."""

    name: str
    prefix: str
    product: str
    gallery: Gallery
    file: str

    @property
    def key(self) -> str:
        """What the image is called in the ledger."""
        return f"{DROP_KEY}{self.name}"

    @property
    def object(self) -> str:
        """The object's full name in the drop bucket."""
        return object_of(self.name)


@dataclass(frozen=True, slots=True)
class Folder:
    """An empty object whose name ends in `/`, as consoles make them to show a folder: ignored."""

    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A name outside the grammar: `code` for programs, `reason` for the person who dropped it."""

    name: str
    code: str
    reason: str


def shortened(text: str) -> str:
    """Give a name as messages show it: of a long one the beginning and the end, so that there is room for the reason.

    Characters that nobody sees, as a copy from a sheet may hold, are shown by their number.
    """
    text = "".join(f"<U+{ord(letter):04X}>" if is_hidden(letter) else letter for letter in text)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 31]}…{text[-30:]}"


def is_hidden(letter: str) -> bool:
    """Whether a character is not seen, or looks like a plain space and is none."""
    return letter != " " and unicodedata.category(letter) in ("Cf", "Zs", "Zl", "Zp", "Cc", "Cs", "Co")


def parse(name: str, size: int) -> Drop | Folder | Refusal:
    """Say what an object's full name and size (bytes) mean. Never raises."""
    if name.endswith("/"):
        if size == 0:
            return Folder(name)
        return Refusal(name, "name-ends-in-slash", "the name ends in '/' although the file has content: give it a name")
    if _CONTROL.search(name):
        return Refusal(name, "control-character", "the name holds a control character: rename the file")
    parts = name.split("/")
    if len(parts) == 1:
        return Refusal(
            name, "no-product", "the file lies in no product's folder: drop it as {product}/{gallery}/{file}"
        )
    if "" in parts:
        return Refusal(
            name, "empty-folder", "the name holds a folder without a name ('//' or a leading '/'): remove it"
        )
    if len(parts) > 3:
        return Refusal(
            name,
            "too-deep",
            f"{len(parts) - 1} folders deep: use {{product}}/{{gallery}}/{{file}}, and write a '/' inside a code as %2F",
        )
    prefix, file = parts[0], parts[-1]
    gallery = _gallery(parts[1]) if len(parts) == 3 else "shop"
    if gallery is None:
        return Refusal(name, "unknown-gallery", f"there is no gallery '{shortened(parts[1])}': use shop or shop360")
    product = decode_product(prefix)
    if isinstance(product, str):
        reason = _refused_file(file)
        if reason is not None:
            return Refusal(name, *reason)
        return Drop(name, prefix, product, gallery, file)
    return Refusal(name, "bad-product", product.reason)


def refused_loose(name: str) -> Refusal | None:
    """Say why an object in no product's folder is no picture that may belong to a product by its name; None: it may."""
    if _CONTROL.search(name):
        return Refusal(name, "control-character", "the name holds a control character: rename the file")
    if "" in name.split("/"):
        return Refusal(
            name, "empty-folder", "the name holds a folder without a name ('//' or a leading '/'): remove it"
        )
    if len(name.encode()) > MAX_LOOSE:
        return Refusal(name, "too-long", f"the name is longer than {MAX_LOOSE} bytes: give the file a shorter one")
    reason = _refused_file(name.rpartition("/")[2])
    return Refusal(name, *reason) if reason is not None else None


def placed(product: str, name: str) -> str:
    """Give the name under which an object in no product's folder stands with a product (guid or code, as Shoptet writes it).

    `62%2FXL//62-XL_1.jpg`: no object that lies in a folder has such a name, as `//` is refused.
    """
    return stands_as(encode_product(product), name)


def stands_as(prefix: str, name: str) -> str:
    """Give the same by the product as it is written in the bucket."""
    return f"{prefix}{_PLACED}{name}"


def is_placed(name: str) -> bool:
    """Whether a picture's name is of an object that lies in no product's folder (`placed`)."""
    return _PLACED in name


def object_of(name: str) -> str:
    """Give the object's full name in the drop bucket, of a picture's name: as it lies there, and as people know it."""
    return name.partition(_PLACED)[2] or name


def read_placed(name: str) -> Drop:
    """Give what a name that `placed` gave means. An object in no folder is for the gallery `shop`."""
    prefix, _, there = name.partition(_PLACED)
    # Codes of the shop alone get here.
    return Drop(name, prefix, unquote(prefix), "shop", there.rpartition("/")[2])


def build(product: str, gallery: Gallery, file: str) -> str:
    """Build the full name under which a file for this product (guid or code, as Shoptet writes it) is dropped."""
    return f"{encode_product(product)}/{gallery}/{file}"


def encode_product(product: str) -> str:
    """Write a guid or code as one folder's name: `62/XL` becomes `62%2FXL`; other readable characters stay."""
    return "".join(quote(c, safe="") if c in "/%" or _CONTROL.match(c) else c for c in product)


@dataclass(frozen=True, slots=True)
class BadProduct:
    """A folder's name that cannot be a product's, and why."""

    reason: str


def decode_product(prefix: str) -> str | BadProduct:
    """Read a folder's name as a product's guid (lower case) or code."""
    if _BROKEN_ESCAPE.search(prefix):
        return BadProduct(
            f"'{shortened(prefix)}' holds a '%' without two hexadecimal digits: write a '%' in a code as %25"
        )
    try:
        product = unquote_to_bytes(prefix).decode("utf-8")
    except UnicodeError:
        return BadProduct(f"'{shortened(prefix)}' is not percent-encoded UTF-8: encode the code again")
    if _CONTROL.search(product) or product != product.strip() or product in (".", ".."):
        return BadProduct(
            f"'{shortened(prefix)}' cannot be a product's code: it holds control characters, outer spaces or only dots"
        )
    if len(product) > MAX_CODE:
        return BadProduct(
            f"'{shortened(prefix)}' is longer than the {MAX_CODE} characters that a product's code may have"
        )
    return product.lower() if is_guid(product) else product


def is_guid(product: str) -> bool:
    """Whether this is written like Shoptet's guid of a product; anything else is a code."""
    return _GUID.fullmatch(product) is not None


def outbox(source: str, generation: int) -> str:
    """Name the immutable copy of one generation of a dropped file, by a hash of both: what Shoptet downloads."""
    digest = hashlib.sha256(f"{source}#{generation}".encode()).hexdigest()[:40]
    return f"outbox/{digest}.{source.rpartition('.')[2].lower()}"


def made(source: str, generation: int, recipe: str, extension: str) -> str:
    """Name what is made of one generation of a dropped file by a recipe, by a hash of all three: what Shoptet downloads."""
    digest = hashlib.sha256(f"{source}#{generation}#{recipe}".encode()).hexdigest()[:40]
    return f"{_MADE}{digest}.{extension}"


def is_made(path: str) -> bool:
    """Whether this names what was made of a file, and not a copy of the file itself."""
    return path.startswith(_MADE)


def thumbnail(source: str, generation: int) -> str:
    """Name the small JPEG of one generation of a dropped file, by a hash of both: for people to look at."""
    digest = hashlib.sha256(f"{source}#{generation}".encode()).hexdigest()[:40]
    return f"{THUMBNAILS}{digest}.jpg"


def content_type(file: str) -> str:
    """The media type of a picture, by its extension; raises KeyError for a name that `parse` would refuse."""
    return PICTURE_TYPES[file.rpartition(".")[2].lower()]


def _gallery(folder: str) -> Gallery | None:
    return next((gallery for gallery in GALLERIES if gallery == folder), None)


def _refused_file(file: str) -> tuple[str, str] | None:
    if file.startswith("."):
        return "hidden-file", f"'{shortened(file)}' begins with a dot: such files are a computer's own, not pictures"
    stem, _, extension = file.rpartition(".")
    if not stem or extension.lower() not in PICTURE_TYPES:
        return "not-a-picture", f"'{shortened(file)}' is no picture: drop {PICTURES}"
    return None

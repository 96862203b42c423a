"""The shop's whole catalogue: what a line of Shoptet's snapshot says, and in which piece (shard) of ours a product stands. Pure.

Source: Shoptet's description, "List of all products" (docs/shoptet.md, "Catalogue"): one product a line, as its detail is.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec

from gallery_sync.core.shop_times import epoch
from gallery_sync.core.shop_values import GALLERIES, Change, Gallery, Image
from gallery_sync.core.spellings import code_key

T = TypeVar("T")

CODES_A_SHARD: Final = 1_500
"""So that a shard is read in one small piece, and holds enough codes to find one that is nearly the same."""
MOST_SHARDS: Final = 256
MOST_CHANGED: Final = 10_000
"""Changed products that are noted one by one; with more, every product counts as changed."""


class BadLine(ValueError):
    """A line of the snapshot that does not say which product it is; says what is wrong with it."""


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """A product as the catalogue keeps it. `images` and `prints` are of the galleries that show anything.

    `with_ean`: the code that has each of `eans`; of a product that an earlier version read, none.
    """

    guid: str
    name: str
    visibility: str
    codes: tuple[str, ...]
    eans: tuple[str, ...]
    images: dict[Gallery, int]
    prints: dict[Gallery, str]
    with_ean: tuple[str, ...] = ()


class CodeRow(msgspec.Struct, frozen=True, array_like=True):
    """What a code means, as the catalogue keeps it: the code as Shoptet writes it, the product's guid and name."""

    code: str
    guid: str
    name: str


class EanRow(msgspec.Struct, frozen=True, array_like=True):
    """Which code has an EAN, and what it means."""

    ean: str
    code: CodeRow


class _Variant(msgspec.Struct):
    code: str
    ean: str | None = None


class _Image(Image, frozen=True, rename="camel", kw_only=True):
    gallery: str


class _Product(msgspec.Struct):
    guid: str
    name: str | None = None
    visibility: str | None = None
    variants: tuple[_Variant, ...] = ()
    images: tuple[_Image, ...] = ()


class _Codes(msgspec.Struct):
    guid: str
    variants: tuple[_Variant, ...] = ()


def read_line(line: bytes) -> Listed:
    """Read a line of the snapshot. Raises BadLine."""
    said = _decoded(_product, line)
    shown: dict[Gallery, list[Image]] = {}
    for gallery in GALLERIES:
        images: list[Image] = [image for image in said.images if image.gallery == gallery]
        if images:
            shown[gallery] = images
    return Listed(
        said.guid.lower(),
        said.name or "",
        said.visibility or "",
        tuple(variant.code for variant in said.variants),
        tuple(variant.ean for variant in said.variants if variant.ean),
        {gallery: len(images) for gallery, images in shown.items()},
        {gallery: fingerprint(images) for gallery, images in shown.items()},
        tuple(variant.code for variant in said.variants if variant.ean),
    )


def read_codes(line: bytes) -> tuple[str, ...]:
    """Read no more than a line's codes. Raises BadLine."""
    return tuple(variant.code for variant in _decoded(_codes, line).variants)


def fingerprint(images: Iterable[Image]) -> str:
    """Give what tells one look at a gallery from another: names, places and times of change of its images, in 16 characters.

    The same in a listing, in a product's detail and in a snapshot, whose order and way of writing times may differ.
    """
    rows = sorted((image.name, image.priority, epoch(image.change_time) or image.change_time) for image in images)
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def code_shard(bounds: Sequence[str], key: str) -> int:
    """Give the number of the shard in which codes of this key stand (`code_key`, or `written_key` in a set that has that)."""
    return bisect_right(bounds, key)


def written_key(code: str) -> str:
    """Give what all ways of writing a code in a file's name have in common, where it can hold no `/`.

    Whatever is neither letter nor digit is alike in it, so the sign of choice for a `/` has no part in it.
    """
    return "".join(letter if letter.isalnum() else "-" for letter in code_key(code))


def ean_shard(digits: int, ean: str) -> str:
    """Give the name of the shard in which an EAN stands: EANs of one maker begin alike, so their hashes say it."""
    return product_shard(digits, hashlib.sha256(ean.encode()).hexdigest())


def product_shard(digits: int, guid: str) -> str:
    """Give the name of the shard in which a product stands: the first hexadecimal digits of its guid."""
    start = guid.lower()[:digits]
    return start if re.fullmatch(f"[0-9a-f]{{{digits}}}", start) else "0" * digits


def product_shards(digits: int) -> tuple[str, ...]:
    """Give the names of all shards of products."""
    return tuple(f"{number:0{digits}x}" for number in range(16**digits)) if digits else ("",)


_product = msgspec.json.Decoder(_Product)
_codes = msgspec.json.Decoder(_Codes)


def _decoded(decoder: msgspec.json.Decoder[T], line: bytes) -> T:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLine(str(error)) from None


class Changed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed in the shop since the catalogue was asked for: products by guid, and when (epoch seconds, Shoptet's clock).

    `until`: all changes up to this moment are in it. `latest`: the newest of all. `everything`: when more changed than is noted.
    """

    until: float = 0.0
    guids: dict[str, float] = {}
    latest: float = 0.0
    everything: float = 0.0


def with_changes(before: Changed, found: Iterable[Change] | None, since: float, now: float) -> Changed:
    """Add what Shoptet listed (None: more than it lists) to what is known since `since`, when the catalogue was asked for.

    A change whose time cannot be read happened just now.
    """
    kept = {guid: at for guid, at in before.guids.items() if at >= since}
    if found is None:
        return Changed(now, {}, now, now)
    new = {change.guid.lower(): epoch(change.change_time) or now for change in found}
    merged = {**kept, **{guid: at for guid, at in new.items() if at >= since}}
    latest = max([before.latest, *new.values()])
    if len(merged) > MOST_CHANGED:
        return Changed(now, {}, latest, now)
    return Changed(now, merged, latest, before.everything if before.everything >= since else 0.0)


def known_at(asked_at: float, changed: Changed, guid: str) -> float | None:
    """Give up to which moment a product is known to be as the catalogue says (epoch seconds); None where it changed since."""
    if guid in changed.guids or changed.everything >= asked_at:
        return None
    return max(asked_at, changed.until)

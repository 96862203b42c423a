"""Uploads from the page: what the names of files mean before they are sent, and where each is put, straight into the bucket."""

import base64
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gallery_sync.core import names
from gallery_sync.core.checksums import checksum, is_same
from gallery_sync.core.links import Link
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.pages.products import Products
from gallery_sync.work.judge import Judged
from gallery_sync.work.world import PageWorld

AROUND: Final = frozenset({"unknown-gallery", "too-deep"})
"""Refusals of names that have too many folders."""
MOST_NAMES: Final = 200
"""Of one question."""
MOST_PATH: Final = 1_024
"""Characters of the path of a file."""
MOST_AROUND: Final = 5
"""Folders around a file that are tried without."""
MOST_BYTES: Final = 60_000_000_000
"""Of one file. A ZIP may be large; what is too large to be opened is refused when it is."""
Why = Callable[[str, str], str]
"""Gives the words of a refusal, by its code and the engine's own reason."""
BATCH: Final = "gallery-sync-batch"
"""The metadata that says what was uploaded together."""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as a browser has it: its path within what was picked, and its size in bytes."""

    path: str
    size: int


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question: what these files would be. `into`: the gallery (`{guid}/{gallery}`) that they are meant for, or empty."""

    files: tuple[File, ...]
    into: str = ""


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is to be uploaded: its name in the bucket, as the answer to the question gave it, and its CRC32C (base64)."""

    name: str
    size: int
    crc32c: str
    batch: str = ""


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    """What a file would be: its name in the bucket, and the product; or why it would be refused, and what was meant, perhaps."""

    path: str
    name: str
    product: str
    code: str
    why: str
    near: tuple[tuple[str, str], ...] = ()


class BadQuestion(ValueError):
    """The browser asks what no page of ours does."""


def place_of(into: str, link: Link) -> tuple[str, Gallery] | None:
    """Read the gallery that files are meant for, by the page or by the link; None for none. Raises BadQuestion."""
    guid, _, gallery = into.partition("/")
    found = next((one for one in GALLERIES if one == gallery), None)
    if into and (not names.is_guid(guid) or found is None or not link.shows(guid.lower())):
        raise BadQuestion
    if into and found is not None:
        return guid.lower(), found
    return (link.product, "shop") if link.product else None


def answers(world: PageWorld, products: Products, link: Link, asked: Files, why: Why) -> list[Answer]:
    """Say what each file would be. Raises BadQuestion, BadDocument, StorageUnavailable."""
    if len(asked.files) > MOST_NAMES:
        raise BadQuestion
    if any(not 0 <= file.size <= MOST_BYTES or len(file.path) > MOST_PATH for file in asked.files):
        raise BadQuestion
    place = place_of(asked.into, link)
    return [_answer(world, products, place, link, file, why) for file in asked.files]


def _answer(
    world: PageWorld, products: Products, place: tuple[str, Gallery] | None, link: Link, file: File, why: Why
) -> Answer:
    found = _meant(world, products, place, file)
    if not found.refused and not _is_shown(found, link):
        return Answer(file.path, "", "", "", why("not-yours", "your link is for another product"))
    if found.refused:
        near = tuple((row.code, row.name) for row in found.near[:3]) if not link.product else ()
        return Answer(file.path, "", "", "", why(found.refused, found.why), near)
    return Answer(file.path, found.name, found.product, found.code, "")


def _is_shown(found: Judged, link: Link) -> bool:
    """Whether a link may bring this: of one for a product, what is in that product's folder alone."""
    if not link.product:
        return True
    is_its = found.guid == link.product or found.is_archive or found.is_table
    return is_its and found.name.startswith(f"{link.product}/")


def _meant(world: PageWorld, products: Products, place: tuple[str, Gallery] | None, file: File) -> Judged:
    """Judge a file: in the gallery that it is meant for, else by its path, with and without the folders around it."""
    segments = [one for one in file.path.split("/") if one]
    if place is not None:
        paths: Sequence[str] = [f"{place[0]}/{place[1]}/{segments[-1]}" if segments else ""]
    else:
        paths = ["/".join(segments[at:]) for at in range(len(segments))][:MOST_AROUND]
    found = list(products.judged(((path, file.size) for path in paths), world.placing))
    if not found:
        return Judged(file.path, refused="bad-product", why="it has no name")
    fits = next((one for one in found if not one.refused), None)
    # Of several reasons the one that names what was meant helps most, and that around it are other folders least.
    return fits or max(found, key=lambda one: (bool(one.near), one.refused not in AROUND))


def begin(world: PageWorld, products: Products, link: Link, start: Start, origin: str) -> str | None:
    """Begin the upload of a file, and give its address (a secret); None where the bucket has the same one.

    Raises BadQuestion, BadDocument, StorageUnavailable.
    """
    if not 0 <= start.size <= MOST_BYTES or len(start.batch) > 64 or not _is_sum(start.crc32c):
        raise BadQuestion
    found = next(products.judged([(start.name, start.size)], world.placing), None)
    if found is None or found.refused or found.name != start.name or not _is_shown(found, link):
        raise BadQuestion
    there = world.drops.find(start.name)
    if there is not None and is_same(there.checksum, checksum(None, start.crc32c, start.size)):
        return None
    metadata = {BATCH: start.batch} if start.batch else {}
    return world.uploads.begin(start.name, start.size, origin=origin, metadata=metadata)


def _is_sum(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 4
    except ValueError:
        return False

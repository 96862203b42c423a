"""`gallery-sync names`: what the name of each file would mean, before anything is uploaded, by the shop's catalogue.

It asks Shoptet nothing, and opens no file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, SLASHES, BadPattern, Placing, read_patterns
from gallery_sync.state.catalogue import Catalogue
from gallery_sync.state.written import WrittenCodes
from gallery_sync.work import judge
from infra.cli.stop import Stop

__all__ = ["BUCKET", "Name", "in_folder", "judged", "patterns", "summary"]

BUCKET: Final = "bucket"
"""The word for the drop bucket itself, in the place of a folder."""


@dataclass(frozen=True, slots=True)
class Name:
    """A file, the product that it is for with its code, and why it would be refused (nothing: it would not)."""

    file: str
    code: str
    product: str
    gallery: str
    why: str


def patterns(environ: Mapping[str, str], given: Sequence[str]) -> Placing:
    """Give how names are read: as `given`, else as the settings say. Raises Stop."""
    text = "; ".join(given) or environ.get("NAME_PATTERNS", "").strip() or DEFAULT_PATTERNS
    try:
        return Placing(read_patterns(text), environ.get("SLASH_SIGNS", "").strip() or SLASHES)
    except BadPattern as error:
        raise Stop(str(error)) from None


def in_folder(folder: Path) -> Iterator[tuple[str, int]]:
    """Give the files of a folder and all below it, as they would be named in the bucket, with their sizes (bytes).

    Raises Stop where there is no such folder.
    """
    if not folder.is_dir():
        raise Stop(f"{folder} is no folder: name one, or '{BUCKET}' for the drop bucket")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.stat().st_size


def judged(files: Iterable[tuple[str, int]], catalogue: Catalogue, how: Placing) -> Iterator[Name]:
    """Say what each name would mean. Raises BadDocument, StorageUnavailable."""
    for one in judge.judged(files, catalogue, WrittenCodes(catalogue), how):
        if one.is_archive:
            yield Name(one.name, "", "a ZIP: its files are judged when it is unpacked", "", "")
        elif not one.is_table:
            yield Name(one.name, one.code, one.product, one.gallery, one.why)


def summary(rows: Sequence[Name]) -> str:
    """Say how many files have a product, and how many would be refused."""
    refused = sum(1 for row in rows if row.why)
    products = len({row.code for row in rows if row.code})
    return (
        f"{len(rows) - refused} of {len(rows)} files have a product ({products} products), {refused} would be refused"
    )

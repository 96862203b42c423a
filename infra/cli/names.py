"""`gallery-sync names`: what the name of each file would mean, before anything is uploaded, by the shop's catalogue.

It asks Shoptet nothing, and opens no file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gallery_sync.core import archive, names, placing
from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, SLASHES, BadPattern, Placing, read_patterns
from gallery_sync.core.near import nearest
from gallery_sync.core.placing import Placed
from gallery_sync.state.catalogue import Catalogue
from gallery_sync.state.written import WrittenCodes
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
    codes = WrittenCodes(catalogue)
    for name, size in files:
        if archive.read_name(name) is not None:
            yield Name(name, "", "a ZIP: its files are judged when it is unpacked", "", "")
            continue
        meaning = placing.meaning(name, size, how)
        match meaning:
            case names.Drop():
                yield _in_products_folder(meaning, catalogue)
            case placing.Loose():
                yield _loose(name, codes, how)
            case names.Refusal():
                yield Name(name, "", "", "", meaning.reason)
            case names.Folder():
                continue


def _in_products_folder(drop: names.Drop, catalogue: Catalogue) -> Name:
    if names.is_guid(drop.product):
        listed = catalogue.product(drop.product)
        if listed is not None:
            return Name(drop.name, ", ".join(listed.codes), listed.name, drop.gallery, "")
        return Name(drop.name, "", "", drop.gallery, "no product has this guid")
    row = catalogue.code(drop.product)
    if row is not None:
        return Name(drop.name, row.code, row.name, drop.gallery, "")
    alike = [_said(one) for one in nearest(drop.product, catalogue.near(drop.product))]
    perhaps = f"; is it {' or '.join(alike)}?" if alike else ""
    return Name(drop.name, "", "", drop.gallery, f"no product has the code '{names.shortened(drop.product)}'{perhaps}")


def _loose(name: str, codes: WrittenCodes, how: Placing) -> Name:
    held = placing.candidates(name, how)
    verdict = placing.judge(name, {one: codes.found(one) for one in held}, how)
    if isinstance(verdict, Placed):
        return Name(name, verdict.code, verdict.product, "shop", "")
    refused = verdict or placing.unknown(name, held, codes.near_of(held), how)
    return Name(name, "", "", "", refused.reason)


def _said(row: CodeRow) -> str:
    return f"{row.code} ({row.name})" if row.name else row.code


def summary(rows: Sequence[Name]) -> str:
    """Say how many files have a product, and how many would be refused."""
    refused = sum(1 for row in rows if row.why)
    products = len({row.code for row in rows if row.code})
    return (
        f"{len(rows) - refused} of {len(rows)} files have a product ({products} products), {refused} would be refused"
    )

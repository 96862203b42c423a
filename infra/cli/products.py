"""`gallery-sync products`: what the shop has, by its catalogue in the state bucket, and which folders fit nothing of it.

It asks Shoptet nothing. Lists come as a table, as CSV for Excel as Shoptet's users have it (`;`, a byte order mark), or as JSON.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from gallery_sync.clock import Clock
from gallery_sync.core import names
from gallery_sync.core.near import nearest
from gallery_sync.ports.storage import Documents
from gallery_sync.state import refusals
from gallery_sync.state.catalogue import Catalogue, Known, read_head
from gallery_sync.work.catalogue import denied
from infra.cli.export import Exported
from infra.cli.names import Name
from infra.cli.stop import Stop

__all__ = ["Format", "Product", "Unmatched", "as_of", "products", "read", "rendered", "unmatched"]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a table program take a text for a formula."""


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Product:
    """A product: its codes, its name, whether it is shown in the shop, and how many pictures each gallery has."""

    codes: tuple[str, ...]
    name: str
    visibility: str
    pictures: int
    pictures_360: int
    guid: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A folder that fits no product, and what it was meant to be, perhaps."""

    folder: str
    gallery: str
    perhaps: tuple[str, ...]
    why: str


def read(documents: Documents) -> Catalogue:
    """Give the catalogue. Raises Stop where there is none, saying why; BadDocument, StorageUnavailable."""
    head = read_head(documents)
    if head is not None:
        return Catalogue(documents, head)
    if why := denied(documents):
        raise Stop(f"the shop's catalogue is not to be had: {why}")
    raise Stop("the shop's catalogue was not read yet: the sweep, every ten minutes, orders it")


def as_of(catalogue: Catalogue, clock: Clock) -> str:
    """Say how old the catalogue is, and how large."""
    hours = (clock.now() - catalogue.head.asked_at) / 3600
    return f"{catalogue.head.products} products, as they were {hours:.0f} hours ago"


def products(catalogue: Catalogue, *, without_pictures: bool) -> list[Product]:
    """Give the products in the order of their codes; only those whose normal gallery is empty, if that is asked for."""
    listed = (
        Product(one.codes, one.name, one.visibility, one.images.get("shop", 0), one.images.get("shop360", 0), one.guid)
        for one in catalogue.products()
    )
    return sorted(
        (one for one in listed if not (without_pictures and one.pictures)), key=lambda one: (one.codes, one.guid)
    )


def unmatched(documents: Documents) -> list[Unmatched]:
    """Give the folders whose product Shoptet does not know, with the codes that are nearly the same."""
    known = Known(documents)
    found = []
    for refused in refusals.read_all(documents):
        product = names.decode_product(refused.prefix) if refused.prefix is not None else None
        if refused.prefix is None or not isinstance(product, str):
            continue
        near = () if names.is_guid(product) else nearest(product, known.near(product))
        perhaps = tuple(f"{row.code} ({row.name})" if row.name else row.code for row in near)
        found.append(Unmatched(f"{refused.prefix}/", refused.gallery or "", perhaps, refused.reason))
    return sorted(found, key=lambda one: (one.folder, one.gallery))


def rendered(rows: Sequence[Product | Unmatched | Name | Exported], form: Format, empty: str) -> str:
    """Give the rows as text; `empty` says of a table without any what that means."""
    plain = [{name: _plain(value) for name, value in asdict(row).items()} for row in rows]
    if form is Format.JSON:
        return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2) + "\n"
    if form is Format.CSV:
        return _csv(plain)
    return _table(plain) if plain else f"{empty}\n"


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _csv(rows: Iterable[dict[str, str]]) -> str:
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for number, row in enumerate(rows):
        if not number:
            writer.writerow(row)
        writer.writerow(f"'{text}" if text.startswith(FORMULA) else text for text in row.values())
    return out.getvalue()


def _table(rows: Sequence[dict[str, str]]) -> str:
    table = Table()
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    out = io.StringIO()
    # As wide as it has to be where nobody looks, so that nothing is cut in a file.
    Console(file=out, width=200, no_color=True, markup=False).print(table)
    return out.getvalue()

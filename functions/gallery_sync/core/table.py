"""Order, descriptions and variants of pictures by a table: `gallery.csv` or `.xlsx`, as Excel and LibreOffice write it. Pure.

    file;order;description;variant          in a product's folder, or in one of its galleries' folders
    code;file;order;description;variant     at the top of the bucket; without a code the file's name says whose it is

The names of columns may be English, Czech or Slovak, in any order; other columns are left alone. Each row counts by itself: one
that is wrong is told with its line, and all others are taken.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from gallery_sync.core import descriptions, names
from gallery_sync.core.shop_values import GALLERIES, MAX_PRIORITY, Gallery
from gallery_sync.core.spellings import composed

FILES: Final = ("gallery.csv", "gallery.xlsx")
"""What a table is called, in any case."""
MOST_BYTES: Final = 5_000_000
MOST_ROWS: Final = 50_000
MOST_TOLD: Final = 200
"""Rows whose mistakes are written down one by one."""

Column = Literal["file", "code", "order", "description", "variant"]

COLUMNS: Final[Mapping[str, Column]] = {
    **dict.fromkeys(("file", "filename", "file name", "image", "picture", "soubor", "súbor", "obrázek", "obrázok"), "file"),
    **dict.fromkeys(("code", "product", "product code", "sku", "kód", "kod", "produkt", "kód produktu", "kód zboží"), "code"),
    **dict.fromkeys(("order", "position", "priority", "pořadí", "poradi", "poradie", "priorita"), "order"),
    **dict.fromkeys(("description", "alt", "alt text", "title", "popis", "popisek", "popisok"), "description"),
    **dict.fromkeys(("variant", "variants", "variant code", "varianta", "varianty", "kód varianty", "kód variantu"), "variant"),
}  # fmt: skip
"""What columns are called: English, Czech, Slovak."""
ENCODINGS: Final = ("utf-8-sig", "cp1250")
"""As Excel and LibreOffice write here; what is no UTF-8 is Windows-1250. With its own byte order mark UTF-16 is told before."""
DELIMITERS: Final = ";,\t"


class BadTable(ValueError):
    """A table that nobody can read; says why, and what to do."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What a table says of a picture: its number at Shoptet, its description, and the codes of variants that are to show it.

    None where it says nothing.
    """

    priority: int | None = None
    description: str | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table with its line: whose picture (empty: the file's name says it), which, and what is said of it."""

    number: int
    code: str
    file: str
    row: Row


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a line, for people."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table's place, by its name: a product's folder (as it is written) and gallery, or the whole bucket (no prefix)."""

    name: str
    prefix: str
    gallery: Gallery


def read_name(name: str) -> Table | None:
    """Say whether an object's full name is a table's, and what for. Never raises."""
    *folders, file = name.split("/")
    if file.casefold() not in FILES or len(folders) > 2:
        return None
    gallery: Gallery | None = "shop"
    if len(folders) == 2:
        gallery = next((one for one in GALLERIES if one == folders[1]), None)
    if gallery is None or (folders and isinstance(names.decode_product(folders[0]), names.BadProduct)):
        return None
    return Table(name, folders[0] if folders else "", gallery)


def cells(content: bytes) -> list[list[str]]:
    """Read a CSV's cells, whatever its encoding and delimiter are. Raises BadTable."""
    text = _text(content)
    head = text.lstrip("\ufeff\r\n ").partition("\n")[0]
    # The one that makes names of columns of the first line.
    delimiter = max(DELIMITERS, key=lambda sign: len(_named(next(iter(csv.reader([head], delimiter=sign)), []))))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadTable(f"it is no CSV: {error}: save it anew as CSV, or as xlsx") from None


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise BadTable("its text can be read in no encoding: save it anew as CSV in UTF-8") from None
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadTable("its text can be read in no encoding: save it anew as CSV in UTF-8")


def lines(found: Sequence[Sequence[str]], *, has_code: bool) -> tuple[list[Line], list[Flaw]]:
    """Read a table's rows. `has_code`: it is for many products, else its rows need none. Raises BadTable.

    Of two rows about one picture the first counts. Lines are counted from 1, the names of columns among them.
    """
    filled = [(number, row) for number, row in enumerate(found, 1) if any(cell.strip() for cell in row)]
    if not filled:
        raise BadTable("it is empty: its first line has to name the columns: file;order;description")
    columns = _named(filled[0][1])
    if "file" not in columns.values():
        raise BadTable(
            f"its first line names no column 'file' (or soubor, súbor): it holds {_shown(filled[0][1])}; "
            "write: file;order;description"
        )
    if len(filled) - 1 > MOST_ROWS:
        raise BadTable(f"it has {len(filled) - 1} rows, the most is {MOST_ROWS}: split it among products' folders")
    good, flaws = list[Line](), list[Flaw]()
    seen: dict[tuple[str, str], int] = {}
    for number, row in filled[1:]:
        values = {column: row[at].strip() for at, column in columns.items() if at < len(row)}
        line = _line(number, values, has_code=has_code)
        key = (line.code, line.file) if isinstance(line, Line) else ("", "")
        if isinstance(line, Flaw):
            flaws.append(line)
        elif key in seen:
            flaws.append(
                Flaw(number, f"'{names.shortened(line.file)}' was on line {seen[key]} already: that one counts")
            )
        else:
            seen[key] = number
            good.append(line)
    return good, flaws


def _named(head: Iterable[str]) -> dict[int, Column]:
    """Give which column each place of the first line names, each once."""
    found: dict[int, Column] = {}
    for at, cell in enumerate(head):
        column = COLUMNS.get(composed(cell.strip().lstrip("\ufeff")).casefold())
        if column is not None and column not in found.values():
            found[at] = column
    return found


def _line(number: int, values: Mapping[Column, str], *, has_code: bool) -> Line | Flaw:
    *folders, file = composed(values.get("file", "")).split("/")
    code = values.get("code", "")
    if folders and not code:
        # As it is named in the bucket: its folder says whose it is.
        product = names.decode_product(folders[0])
        code = product if isinstance(product, str) else ""
    if not file:
        return Flaw(number, "it names no file")
    priority: int | None = None
    if order := values.get("order", ""):
        priority = _number(order)
        if priority is None:
            return Flaw(number, f"the order '{names.shortened(order)}' is no whole number from 1 to {MAX_PRIORITY}")
    description = _unquoted(values.get("description", "")) or None
    if description is not None and (wrong := descriptions.flaw(description)) is not None:
        return Flaw(number, f"the description {wrong}")
    variant = _unquoted(values.get("variant", "")) or None
    if variant is not None and (wrong := descriptions.flaw(variant)) is not None:
        return Flaw(number, f"the variant {wrong}")
    return Line(number, code if has_code else "", file, Row(priority, description, variant))


def _unquoted(text: str) -> str:
    """Take back the apostrophe that an export puts before what a table program would take for a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def _number(text: str) -> int | None:
    """Read a whole number as sheets write it: `3`, `3.0` or `3,0`."""
    whole, _, rest = text.replace(",", ".").partition(".")
    if not whole.isascii() or not whole.isdecimal() or len(whole) > 9 or rest.strip("0"):
        return None
    return int(whole) if 1 <= int(whole) <= MAX_PRIORITY else None


def _shown(head: Iterable[str]) -> str:
    return names.shortened(
        ", ".join(unicodedata.normalize("NFC", cell.strip()) for cell in head if cell.strip()) or "nothing"
    )


def said(metadata: Mapping[str, str], row: Row) -> dict[str, str]:
    """Give a file's metadata with what a table says where they say nothing themselves."""
    own = {key.lower() for key in metadata}
    told = {
        "priority": str(row.priority) if row.priority is not None else None,
        "description": row.description,
        "variant": row.variant,
    }
    return {**metadata, **{key: text for key, text in told.items() if text is not None and key not in own}}

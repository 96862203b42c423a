"""Tables as real programs saved them, and workbooks that nobody should open: each in a process of its own."""

import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from gallery_sync.core.table import BadTable, Line, Row, cells, lines
from gallery_sync.decoding import sheet

TABLES = Path(__file__).parents[2] / "corpus" / "tables"
SAVED = sorted(path for path in TABLES.iterdir() if path.suffix in (".csv", ".xlsx"))
READ = [
    Line(2, "", "čelní.jpg", Row(1, "Zepředu – žluťoučký kůň")),
    Line(3, "", "zadní.jpg", Row(2, 'Zezadu; s uvozovkami "tak"')),
    Line(4, "", "detail.jpg", Row(None, "Detail")),
    Line(5, "", "0070.jpg", Row(10, "Číslo s nulami")),
]


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in rows:
        first.append(row)
    book.create_sheet("another").append(["file"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_what_libreoffice_saved_is_read(path: Path) -> None:
    content = path.read_bytes()
    found = sheet.cells(content) if path.suffix == ".xlsx" else cells(content)
    assert lines(found, has_code=False) == (READ, [])


def test_all_of_them_are_there() -> None:
    assert len(SAVED) == 5


def test_what_openpyxl_wrote_is_read_numbers_as_people_see_them() -> None:
    content = workbook(
        ["code", "file", "order", "description", "since"],
        [None] * 5,
        [70, "1.jpg", 3.0, None, date(2026, 1, 2)],
        ["0070", "2.jpg", 4, "čelní", True],
        [70.5, "3.jpg", 2.5, "", 1],
    )
    good, flaws = lines(sheet.cells(content), has_code=True)
    assert good == [Line(3, "70", "1.jpg", Row(3)), Line(4, "0070", "2.jpg", Row(4, "čelní"))]
    assert [(flaw.number, flaw.reason) for flaw in flaws] == [(5, "the order '2.5' is no whole number from 1 to 65535")]


def zipped(size: int) -> bytes:
    """A workbook whose sheet is of one letter, again and again."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["file"]))) as good,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            body = good.read(name)
            if name == "xl/worksheets/sheet1.xml":
                cell = b'<row r="2"><c r="A2" t="inlineStr"><is><t>' + b"A" * size + b"</t></is></c></row>"
                body = body.replace(b"</sheetData>", cell + b"</sheetData>")
            bad.writestr(name, body)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"no workbook", b"PK\x03\x04" + b"x" * 100, workbook(["file"])[:2000], zipped(450_000_000)],
    ids=["empty", "a text", "no zip", "cut off", "a bomb"],
)
def test_a_workbook_that_cannot_be_opened_is_a_bad_table(content: bytes) -> None:
    with pytest.raises(BadTable, match="save it anew as xlsx, or as CSV"):
        sheet.cells(content)


def test_a_cell_far_away_takes_no_memory() -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first["A1"], first["XFD1048576"] = "file", "far"
    target = io.BytesIO()
    book.save(target)
    with pytest.raises(BadTable):
        sheet.cells(target.getvalue())

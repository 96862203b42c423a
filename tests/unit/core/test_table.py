"""Tables as people save them: any encoding, delimiter and language; a wrong row is told with its line, all others count."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.table import BadTable, Flaw, Line, Row, Table, cells, lines, read_name, said

CZECH = "soubor;pořadí;popis\nčelní.jpg;1;Zepředu – „z dálky“\nzadní.jpg;2;Zezadu\n"
READ = [Line(2, "", "čelní.jpg", Row(1, "Zepředu – „z dálky“")), Line(3, "", "zadní.jpg", Row(2, "Zezadu"))]


@pytest.mark.parametrize(
    "content",
    [
        CZECH.encode("utf-8"),
        CZECH.encode("utf-8-sig"),
        CZECH.encode("cp1250"),
        CZECH.encode("utf-16"),
        CZECH.replace(";", ",").encode("utf-8"),
        CZECH.replace(";", "\t").encode("utf-16"),
        CZECH.replace("\n", "\r\n").encode("cp1250"),
        CZECH.replace("soubor;pořadí;popis", '"soubor";"pořadí";"popis"').encode(),
        CZECH.replace("soubor;pořadí;popis", " Súbor ;PORADIE;Popisok").encode(),
        CZECH.replace("soubor;pořadí;popis", "file;order;description").encode(),
        CZECH.replace("soubor", "soubor").replace("č", "c\u030c").encode(),
    ],
    ids=["utf-8", "bom", "windows-1250", "utf-16", "commas", "tabs", "crlf", "quotes", "slovak", "english", "mac"],
)
def test_a_table_is_read_however_it_was_saved(content: bytes) -> None:
    assert lines(cells(content), has_code=False) == (READ, [])


def test_quotes_hold_delimiters_and_line_ends() -> None:
    table = 'file,description\n"a.jpg","one, two\nthree ""four"""\n'
    assert lines(cells(table.encode()), has_code=False)[0] == [
        Line(2, "", "a.jpg", Row(None, 'one, two\nthree "four"'))
    ]


def test_a_wrong_row_is_told_with_its_line_and_all_others_count() -> None:
    table = "file;order;description;weight\na.jpg;1;x;3\n\n;2;y\nb.jpg;first;z\nc.jpg;3.0\nd.jpg;70000\na.jpg;9\ne.jpg;;\u202e\n"
    good, flaws = lines(cells(table.encode()), has_code=False)
    assert good == [Line(2, "", "a.jpg", Row(1, "x")), Line(6, "", "c.jpg", Row(3))]
    assert [flaw.number for flaw in flaws] == [4, 5, 7, 8, 9]
    assert [flaw.reason for flaw in flaws][:2] == [
        "it names no file",
        "the order 'first' is no whole number from 1 to 65535",
    ]
    assert flaws[3] == Flaw(8, "'a.jpg' was on line 2 already: that one counts")
    assert "control character" in flaws[4].reason


def test_a_row_names_the_variants_that_are_to_show_its_picture() -> None:
    good, flaws = lines(cells("soubor;varianta\na.jpg;62/XL, 62/M\nb.jpg;\nc.jpg;\u202e\n".encode()), has_code=False)
    assert [line.row for line in good] == [Row(variant="62/XL, 62/M"), Row()]
    assert [flaw.number for flaw in flaws] == [4]
    assert said({}, good[0].row) == {"variant": "62/XL, 62/M"}
    assert said({"Variant": "62/L"}, good[0].row) == {"Variant": "62/L"}
    # What an earlier version noted of a table is read.
    assert msgspec.json.decode(b'[3,"front"]', type=Row) == Row(3, "front")


def test_a_table_for_many_products_names_codes_or_folders() -> None:
    table = "kód;soubor;pořadí\n62/XL;1.jpg;1\n;62%2FXL/2.jpg;2\n;ABC_1.jpg;3\n62/XL;1.jpg;4\nABC;1.jpg;1\n"
    good, flaws = lines(cells(table.encode()), has_code=True)
    assert [(line.code, line.file) for line in good] == [
        ("62/XL", "1.jpg"),
        ("62/XL", "2.jpg"),
        ("", "ABC_1.jpg"),
        ("ABC", "1.jpg"),
    ]
    assert [flaw.number for flaw in flaws] == [5]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"\n;;\n", "it is empty"),
        (b"name;weight\na;1\n", "names no column 'file' (or soubor, súbor): it holds name, weight"),
        (b"\xff\xfe\x00", "no encoding"),
        (b"file\0;order\n", "no encoding"),
        (b'file;order\n"a.jpg;1\n', "it is no CSV"),
        (b"file\n" + b"a.jpg\n" * 50_001, "50001 rows, the most is 50000"),
    ],
)
def test_a_table_that_nobody_can_read_says_why(content: bytes, says: str) -> None:
    with pytest.raises(BadTable) as caught:
        lines(cells(content), has_code=False)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("gallery.csv", Table("gallery.csv", "", "shop")),
        ("Gallery.XLSX", Table("Gallery.XLSX", "", "shop")),
        ("ABC/gallery.csv", Table("ABC/gallery.csv", "ABC", "shop")),
        ("ABC/shop360/gallery.csv", Table("ABC/shop360/gallery.csv", "ABC", "shop360")),
        ("ABC/winter/gallery.csv", None),
        ("a/b/c/gallery.csv", None),
        ("50%/gallery.csv", None),
        ("ABC/table.csv", None),
        ("gallery.csv.bak", None),
    ],
)
def test_what_a_table_is_called(name: str, table: Table | None) -> None:
    assert read_name(name) == table


@pytest.mark.parametrize("text", ["=1+1", "-20 %", "+ baterie", "@home", "'tak'", "plain"])
def test_a_description_comes_back_from_an_export_as_it_was(text: str) -> None:
    exported = f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
    ((line,), _) = lines(cells(f"file;description\na.jpg;{exported}\n".encode()), has_code=False)
    assert line.row.description == text


def test_metadata_of_the_file_itself_win() -> None:
    assert said({}, Row(3, "x")) == {"priority": "3", "description": "x"}
    assert said({"Priority": "9", "other": "y"}, Row(3, "x")) == {"Priority": "9", "other": "y", "description": "x"}
    assert said({"description": ""}, Row(None, "x")) == {"description": ""}


@given(st.binary(max_size=300))
def test_no_content_is_worse_than_refused(content: bytes) -> None:
    try:
        good, flaws = lines(cells(b"file;order;description\n" + content), has_code=True)
    except BadTable:
        return
    assert all(line.file and "/" not in line.file for line in good)
    assert len({line.number for line in good} | {flaw.number for flaw in flaws}) == len(good) + len(flaws)

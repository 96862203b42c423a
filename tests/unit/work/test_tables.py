"""What a table says comes to its pictures, whichever was dropped first, and goes with it; nothing is left of an earlier one."""

import dataclasses

import pytest

from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.table import read_name
from gallery_sync.state import placed, tables
from gallery_sync.state.catalogue import Catalogue, read_head
from gallery_sync.state.placed import PlacedDrops
from gallery_sync.state.written import WrittenCodes
from gallery_sync.work.place import place
from gallery_sync.work.tables import read_table
from tests.unit.core.build import NOW, FixedClock
from tests.unit.work.test_place import EVERYTHING, SOME, Desk, Killed, one_by_one


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.shop(("ABC", "ABC/XL"), ("70",), eans={"8590000000017": "ABC/XL"})
    return desk


def table(desk: Desk, name: str, text: str) -> None:
    desk.contents[name] = text.encode()
    desk.drop(name)


def says(desk: Desk, folder: str) -> dict[str, dict[str, str]]:
    """What the files of a folder come with."""
    files = PlacedDrops(desk.files, desk.documents, one_by_one).list(f"{folder}/")
    return {file.name: dict(file.metadata) for file in files if not file.name.endswith((".csv", ".xlsx"))}


def test_a_folders_table_speaks_of_its_pictures_before_they_come_and_after(desk: Desk) -> None:
    table(desk, "ABC/gallery.csv", "file;order;description\n1.jpg;2;front\n2.jpg;1;\nABC_3.jpg;;flat\n")
    assert desk.run() == ["ABC"]
    desk.drop("ABC_3.jpg")
    desk.files.generations |= {"ABC/1.jpg": 1, "ABC/shop/2.jpg": 1, "ABC/shop360/1.jpg": 1}
    assert desk.run() == ["ABC"]
    assert says(desk, "ABC") == {
        "ABC/1.jpg": {"priority": "2", "description": "front"},
        "ABC/shop/2.jpg": {"priority": "1"},
        "ABC/shop360/1.jpg": {},
        "ABC//ABC_3.jpg": {"description": "flat"},
    }
    assert says(desk, "abc") == {}


def test_one_table_for_the_whole_bucket_by_code_ean_and_name(desk: Desk) -> None:
    rows = [
        "kód;soubor;popis",
        "70;1.jpg;seventy",
        "8590000000017;1.jpg;by EAN",
        ";ABC-XL_2.jpg;by name",
        "ABCC;1.jpg;nobody's",
    ]
    table(desk, "gallery.csv", "\n".join([*rows, ";IMG_1.jpg;nobody's"]))
    desk.drop("ABC-XL_2.jpg")
    desk.files.generations |= {"70/1.jpg": 1, "ABC%2FXL/1.jpg": 1}
    assert {"70", "ABC%2FXL"} <= set(desk.run())
    assert says(desk, "70") == {"70/1.jpg": {"description": "seventy"}}
    assert says(desk, "ABC%2FXL") == {
        "ABC%2FXL/1.jpg": {"description": "by EAN"},
        "ABC%2FXL//ABC-XL_2.jpg": {"description": "by name"},
    }
    read = tables.read(desk.documents, "gallery.csv")
    assert read is not None
    assert (read.rows, read.flawed) == (3, 2)
    assert read.flaws[0][0] == 5
    assert "no product has the code 'ABCC'; is it ABC (product ABC)?" in read.flaws[0][1]
    (line,) = [line for line in desk.said() if "rows taken" in line["message"]]
    assert line["severity"] == "WARNING"
    assert line["message"].startswith("gallery.csv: 3 rows taken, 2 not: line 5: no product has the code 'ABCC'")


def test_a_product_that_is_dropped_by_guid_has_its_rows_too(desk: Desk) -> None:
    guid = f"{b'70'.hex():0>8}-0000-0000-0000-000000000000"
    table(desk, "gallery.csv", "code;file;description\n70;1.jpg;seventy\n")
    desk.files.generations[f"{guid}/1.jpg"] = 1
    desk.run()
    assert says(desk, guid) == {f"{guid}/1.jpg": {"description": "seventy"}}


def test_a_folders_own_table_counts_before_one_for_all(desk: Desk) -> None:
    table(desk, "gallery.csv", "code;file;description\n70;1.jpg;for all\n70;2.jpg;for all\n")
    table(desk, "70/gallery.xlsx", "file|description\n1.jpg|its own")
    desk.files.generations |= {"70/1.jpg": 1, "70/2.jpg": 1}
    desk.run()
    assert says(desk, "70") == {"70/1.jpg": {"description": "its own"}, "70/2.jpg": {"description": "for all"}}


def test_a_changed_table_concerns_only_whom_it_says_something_else_of(desk: Desk) -> None:
    table(desk, "gallery.csv", "code;file;order\n70;1.jpg;1\nABC;1.jpg;1\n")
    desk.run()
    table(desk, "gallery.csv", "code;file;order\n70;1.jpg;2\nABC;1.jpg;1\n")
    assert [one for one in desk.run() if "-" not in one] == ["70"]
    table(desk, "gallery.csv", "code;file;order\n70;1.jpg;2\n")
    assert [one for one in desk.run() if "-" not in one] == ["ABC"]
    desk.delete("gallery.csv")
    assert [one for one in desk.run() if "-" not in one] == ["70"]
    assert [path for path in desk.documents.documents if path.startswith((placed.PREFIX, tables.PREFIX))] == []


def test_a_table_that_cannot_be_read_is_refused_and_the_one_before_stays(desk: Desk) -> None:
    table(desk, "70/gallery.csv", "file;description\n1.jpg;before\n")
    desk.files.generations["70/1.jpg"] = 1
    desk.run()
    table(desk, "70/gallery.csv", "name;weight\n1;2\n")
    assert desk.run() == []
    code, reason = desk.refused()["70/gallery.csv"]
    assert code == "bad-table"
    assert "names no column 'file'" in reason
    assert "what it said before stays" in reason
    assert says(desk, "70") == {"70/1.jpg": {"description": "before"}}
    table(desk, "70/gallery.csv", "file;description\n1.jpg;after\n")
    desk.run()
    assert (says(desk, "70"), desk.refused()) == ({"70/1.jpg": {"description": "after"}}, {})


def test_a_new_catalogue_reads_the_table_for_all_anew_and_makes_up_for_lost_events(desk: Desk) -> None:
    table(desk, "gallery.csv", "code;file;description\nNEW;1.jpg;new\n")
    desk.run()
    desk.files.generations |= {"NEW/1.jpg": 1, "70/gallery.csv": 1}
    desk.contents["70/gallery.csv"] = b"file;order\n1.jpg;3\n"
    desk.shop(("NEW",), ("70",))
    assert {"70", "NEW"} <= set(desk.run(EVERYTHING))
    assert says(desk, "NEW") == {"NEW/1.jpg": {"description": "new"}}
    del desk.files.generations["gallery.csv"]
    desk.run(EVERYTHING)
    assert says(desk, "NEW") == {"NEW/1.jpg": {}}


def test_without_a_catalogue_a_folders_table_counts_and_one_for_all_waits() -> None:
    desk = Desk()
    table(desk, "70/gallery.csv", "file;order\n1.jpg;3\n")
    table(desk, "gallery.csv", "code;file;order\n70;1.jpg;4\n")
    desk.files.generations["70/1.jpg"] = 1
    assert desk.run() == ["70"]
    assert (says(desk, "70"), desk.waits()) == ({"70/1.jpg": {"priority": "3"}}, ["gallery.csv"])
    desk.shop(("70",))
    desk.run()
    assert desk.waits() == []


def test_of_many_lines_that_fit_nothing_only_those_that_are_told_cost_a_search(desk: Desk) -> None:
    searched = list[str]()

    class Counting(WrittenCodes):
        def near(self, text: str) -> tuple[CodeRow, ...]:
            searched.append(text)
            return super().near(text)

    table(desk, "gallery.csv", "code;file\n" + "".join(f"NO-{number};1.jpg\n" for number in range(1_000)))
    head = read_head(desk.documents)
    assert head is not None
    what = read_name("gallery.csv")
    assert what is not None
    assert read_table(desk.world(), Counting(Catalogue(desk.documents, head)), what, NOW + 60)
    came = tables.read(desk.documents, "gallery.csv")
    assert came is not None
    assert (came.flawed, len(came.flaws), len(searched)) == (1_000, 200, 200)


def test_a_table_for_which_a_run_has_no_time_is_gone_on_with(desk: Desk) -> None:
    class Slow(FixedClock):
        def now(self) -> float:
            self._now += 25.0
            return self._now

    codes = [f"C-{number}" for number in range(4_000)]
    desk.shop(*((code,) for code in codes))
    table(desk, "gallery.csv", "code;file;order\n" + "".join(f"{code};1.jpg;3\n" for code in codes))
    clock, runs, enqueued = Slow(), 0, list[str]()
    while desk.waits():
        desk.queue.asked.clear()
        place(dataclasses.replace(desk.world(), clock=clock), SOME)
        enqueued += [str(asked[1]) for asked in desk.queue.asked if asked[0] == "drop"]
        assert not desk.waits() or ("place", False) in desk.queue.asked
        runs += 1
        assert runs < 20
    assert runs > 1
    assert len(enqueued) == len(set(enqueued)) == 8_000
    desk.files.generations |= {f"{code}/1.jpg": 1 for code in codes}
    assert all(says(desk, code) == {f"{code}/1.jpg": {"priority": "3"}} for code in codes[::97])
    # Of one that is dropped again as it was, nobody is told.
    table(desk, "gallery.csv", desk.contents["gallery.csv"].decode())
    before = dict(desk.documents.documents)
    assert desk.run() == []
    assert {path for path in before if before[path] != desk.documents.documents.get(path)} <= {
        tables.path("gallery.csv"),
        f"{placed.WAITING}gallery.csv",
    }


def test_a_table_that_is_too_large_is_refused_before_it_is_read(desk: Desk) -> None:
    desk.files.sizes["70/gallery.csv"] = 5_000_001
    desk.drop("70/gallery.csv")
    desk.run()
    assert "5000001 bytes, the most is 5000000" in desk.refused()["70/gallery.csv"][1]


def test_who_is_killed_while_a_table_is_read_leaves_nothing_of_the_one_before() -> None:
    for left in range(1, 60):
        desk = Desk()
        desk.shop(("ABC",), ("70",), ("71",))
        table(desk, "gallery.csv", "code;file;order\n70;1.jpg;1\n71;1.jpg;1\n")
        desk.run()
        table(desk, "gallery.csv", "code;file;order\nABC;1.jpg;1\n71;1.jpg;2\n")
        desk.documents.left = left
        try:
            place(desk.world(), SOME)
        except Killed:
            desk.documents.left = None
        else:
            break
        # Meanwhile it was changed once more.
        table(desk, "gallery.csv", "code;file;order\n71;1.jpg;3\n")
        enqueued = {str(asked[1]) for asked in desk.queue.asked if asked[0] == "drop"}
        enqueued |= set(desk.run())
        desk.files.generations |= {f"{code}/1.jpg": 1 for code in ("70", "71", "ABC")}
        assert says(desk, "70") | says(desk, "ABC") == {"70/1.jpg": {}, "ABC/1.jpg": {}}, left
        assert says(desk, "71") == {"71/1.jpg": {"priority": "3"}}
        assert {"70", "71"} <= enqueued
    assert left > 5

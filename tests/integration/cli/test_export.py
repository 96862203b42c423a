"""`gallery-sync export`: what became of each picture, as a table that can be edited and dropped again."""

import json

import pytest

from gallery_sync.core.ledger import Entry, Failure, Ledger
from gallery_sync.core.table import Row, cells, lines
from gallery_sync.state import tables
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.state.tables import ReadTable
from tests.unit.core.build import live, replace, wanted

from .support import Deployment
from .test_products import documents

GUID = "0e37ad1f-0000-4000-8000-000000000001"
KEY = "drop:62%2FXL/{}"


@pytest.fixture
def dropped(deployment: Deployment) -> Deployment:
    for prefix in ("ledger/", tables.PREFIX):
        for one in list(documents(deployment).list(prefix)):
            documents(deployment).delete(one.path)
    numbered = replace(wanted("b.jpg"), priority=2, description="zezadu; =1+1")
    entries = {
        KEY.format("b.jpg"): Entry(numbered, live("b.jpg", "1.jpg")),
        KEY.format("a.jpg"): Entry(replace(wanted("a.jpg"), priority=10), live("a.jpg", "2.jpg")),
        KEY.format("c.jpg"): Entry(wanted("c.jpg"), failure=Failure("unfit", "it is a PDF", 1.0)),
        "drop:62%2FXL//62-XL_4.jpg": Entry(wanted("d.jpg")),
        "url:pim": Entry(wanted("e.jpg")),
    }
    named = {
        key: replace(
            entry,
            wanted=replace(entry.wanted, content=replace(entry.wanted.content, source=key.removeprefix("drop:"))),
        )
        for key, entry in entries.items()
        if entry.wanted is not None
    }
    Ledgers(documents(deployment)).change(GUID, "shop", lambda _: Ledger(GUID, "shop", entries=named))
    tables.write(
        documents(deployment), ReadTable("gallery.csv", 1, "shop", {"x": ""}, 1, ((7, "no product has the code"),), 1)
    )
    return deployment


def test_all_pictures_and_what_became_of_them(dropped: Deployment) -> None:
    rows = json.loads(dropped.run("export", "--format", "json").stdout)
    assert [(row["code"], row["file"], row["order"], row["state"], row["why"]) for row in rows] == [
        ("62/XL", "62-XL_4.jpg", "", "waiting", ""),
        ("62/XL", "c.jpg", "", "failed", "it is a PDF"),
        ("62/XL", "b.jpg", "2", "live", ""),
        ("62/XL", "a.jpg", "10", "live", ""),
        ("", "gallery.csv, line 7", "", "not taken", "no product has the code"),
    ]
    assert json.loads(dropped.run("export", "nobody", "--format", "json").stdout) == []
    assert len(json.loads(dropped.run("export", "62/xl", "--format", "json").stdout)) == 4


def test_what_is_exported_can_be_dropped_as_a_table(dropped: Deployment) -> None:
    text = dropped.run("export", "62/XL").stdout
    good, flaws = lines(cells(text.encode()), has_code=True)
    assert flaws == []
    assert {(line.code, line.file): line.row for line in good} == {
        ("62/XL", "a.jpg"): Row(10),
        ("62/XL", "b.jpg"): Row(2, "zezadu; =1+1"),
        ("62/XL", "c.jpg"): Row(),
        ("62/XL", "62-XL_4.jpg"): Row(),
    }

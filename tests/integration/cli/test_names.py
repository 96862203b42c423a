"""`gallery-sync names`: what the name of each file would mean, before anything is uploaded."""

import csv
import io
import json
from pathlib import Path

import pytest

from gallery_sync.connect.settings import StateSettings
from gallery_sync.core.catalogue import Listed
from gallery_sync.state.catalogue import Writer

from .support import Deployment, LocalCloud
from .test_products import GUID, documents

LAMP = Listed(GUID, "Stolní lampa", "visible", ("LAMP-1", "LAMP-1/BLK"), ("8590000000017",), {}, {}, ("LAMP-1/BLK",))
CHAIR = Listed("11111111-1111-1111-1111-111111111111", "Židle", "visible", ("CHAIR",), (), {}, {})


@pytest.fixture
def listed(deployment: Deployment) -> Deployment:
    for one in list(documents(deployment).list("catalogue")):
        documents(deployment).delete(one.path)
    writer = Writer(documents(deployment), "a", (), 0)
    for product in (LAMP, CHAIR):
        writer.add(product)
    assert writer.finish(1.0, None, 0) is not None
    return deployment


def folder(tmp_path: Path, *names: str) -> str:
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
    return str(tmp_path)


def rows(listed: Deployment, *arguments: str) -> dict[str, dict[str, str]]:
    result = listed.run("names", *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return {row["file"]: row for row in json.loads(result.stdout)}


def test_a_folder_of_all_kinds(listed: Deployment, tmp_path: Path) -> None:
    files = ("LAMP-1-BLK_1.jpg", "8590000000017_2.png", "LAPM-1_1.jpg", "chair/1.jpg", f"{GUID}/shop360/1.jpg")
    found = rows(listed, folder(tmp_path, *files, "CHIAR/1.jpg", "notes.txt"))
    assert {file: (row["code"], row["product"], row["gallery"]) for file, row in found.items() if not row["why"]} == {
        "LAMP-1-BLK_1.jpg": ("LAMP-1/BLK", "Stolní lampa", "shop"),
        "8590000000017_2.png": ("LAMP-1/BLK", "Stolní lampa", "shop"),
        "chair/1.jpg": ("CHAIR", "Židle", "shop"),
        f"{GUID}/shop360/1.jpg": ("LAMP-1, LAMP-1/BLK", "Stolní lampa", "shop360"),
    }
    assert "is it LAMP-1 (Stolní lampa)" in found["LAPM-1_1.jpg"]["why"]
    assert "no product has the code 'CHIAR'; is it CHAIR (Židle)?" in found["CHIAR/1.jpg"]["why"]
    assert "is no picture" in found["notes.txt"]["why"]


def test_a_pattern_of_choice_and_only_what_would_be_refused(listed: Deployment, tmp_path: Path) -> None:
    where = folder(tmp_path, "supplier/a/goods_CHAIR_1.jpg", "supplier/a/CHAIR_1.jpg")
    pattern = ("--pattern", "supplier/**/goods_{code}_{n}")
    assert list(rows(listed, where, *pattern, "--refused")) == ["supplier/a/CHAIR_1.jpg"]
    assert rows(listed, where, *pattern)["supplier/a/goods_CHAIR_1.jpg"]["code"] == "CHAIR"
    listed.environ["NAME_PATTERNS"] = "supplier/*/{code}_{n}"
    assert list(rows(listed, where, "--refused")) == ["supplier/a/goods_CHAIR_1.jpg"]


def test_the_drop_bucket_itself(listed: Deployment) -> None:
    settings = listed.environ
    bucket = LocalCloud(listed.secrets).storage(StateSettings.read(settings)).bucket(settings["DROP_BUCKET"])
    bucket.blob("CHAIR_1.jpg").upload_from_string(b"picture")
    try:
        result = listed.run("names", "bucket", "--format", "csv")
    finally:
        bucket.blob("CHAIR_1.jpg").delete()
    assert "1 of 1 files have a product (1 products), 0 would be refused" in result.output
    text = result.stdout.partition("\ufeff")[2]
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert (row["file"], row["code"], row["product"]) == ("CHAIR_1.jpg", "CHAIR", "Židle")


def test_what_is_no_folder_or_no_pattern_is_said(listed: Deployment, tmp_path: Path) -> None:
    result = listed.run("names", str(tmp_path / "no"))
    assert (result.exit_code, "is no folder: name one, or 'bucket'" in result.output) == (1, True)
    result = listed.run("names", str(tmp_path), "--pattern", "{n}")
    assert (result.exit_code, "has to hold {code} or {ean}, once" in result.output) == (1, True)
    assert "there is no file" in listed.run("names", str(tmp_path)).output

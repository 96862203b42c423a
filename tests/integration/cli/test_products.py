"""`gallery-sync products`: what the shop has, and which folders fit nothing of it."""

import csv
import io
import json

import msgspec
import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import StateSettings
from gallery_sync.core.catalogue import Listed
from gallery_sync.state import refusals
from gallery_sync.state.catalogue import Writer
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.catalogue import PATH, Reading

from .support import Deployment, LocalCloud

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
LAMP = Listed(GUID, "Stolní lampa", "visible", ("LAMP-1", "LAMP-1/BLK"), (), {}, {})
MUG = Listed("11111111-1111-1111-1111-111111111111", "=HYPERLINK(1)", "hidden", ("HRNEK;01",), (), {"shop": 3}, {})


def documents(deployment: Deployment) -> BucketDocuments:
    settings = StateSettings.read(deployment.environ)
    return BucketDocuments(LocalCloud(deployment.secrets).storage(settings).bucket(settings.state_bucket))


@pytest.fixture(autouse=True)
def _alone(deployment: Deployment) -> None:
    """Other tests share the bucket."""
    for prefix in ("catalogue", refusals.PREFIX):
        for one in list(documents(deployment).list(prefix)):
            documents(deployment).delete(one.path)


@pytest.fixture
def listed(deployment: Deployment) -> Deployment:
    writer = Writer(documents(deployment), "a", (), 0)
    for one in (MUG, LAMP):
        writer.add(one)
    assert writer.finish(1.0, None, 0) is not None
    refused = RefusedDrop("LAPM-1/shop/", "no-product", "why it is refused", 1.0, "LAPM-1", "shop", 1, 2.0)
    refusals.record(documents(deployment), refused)
    refusals.record(documents(deployment), RefusedDrop("x.txt", "type", "no picture", 1.0))
    return deployment


def test_products_without_pictures(listed: Deployment) -> None:
    result = listed.run("products", "--without-pictures")
    assert result.exit_code == 0, result.output
    assert "2 products, as they were " in result.output
    assert "Stolní lampa" in result.output
    assert "LAMP-1, LAMP-1/BLK" in result.output
    assert "HRNEK" not in result.output


def test_all_products_as_json(listed: Deployment) -> None:
    result = listed.run("products", "--format", "json")
    rows = json.loads(result.stdout)
    assert [(row["codes"], row["pictures"]) for row in rows] == [(["HRNEK;01"], 3), (["LAMP-1", "LAMP-1/BLK"], 0)]


def test_csv_is_what_excel_opens_and_no_name_is_a_formula(listed: Deployment) -> None:
    text = listed.run("products", "--format", "csv").stdout
    assert text.startswith("\ufeffcodes;name;")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["codes"], row["name"]) for row in rows] == [
        ("HRNEK;01", "'=HYPERLINK(1)"),
        ("LAMP-1, LAMP-1/BLK", "Stolní lampa"),
    ]


def test_folders_that_fit_no_product_with_what_they_were_meant_to_be(listed: Deployment) -> None:
    (row,) = json.loads(listed.run("products", "--unmatched", "--format", "json").stdout)
    assert (row["folder"], row["gallery"], row["why"]) == ("LAPM-1/", "shop", "why it is refused")
    assert row["perhaps"] == ["LAMP-1 (Stolní lampa)"]
    assert "LAMP-1 (Stolní lampa)" in listed.run("products", "--unmatched").output


def test_without_a_catalogue_it_says_why(deployment: Deployment) -> None:
    result = deployment.run("products")
    assert (result.exit_code, "was not read yet" in result.output) == (1, True)
    documents(deployment).write(PATH, msgspec.json.encode(Reading(denied="give the token the right")), generation=0)
    result = deployment.run("products", "--without-pictures")
    assert (result.exit_code, "not to be had: give the token the right" in result.output) == (1, True)
    assert deployment.run("products", "--unmatched").output == "every folder fits a product\n"


def test_the_check_tells_of_the_catalogue(listed: Deployment) -> None:
    assert "✓ the shop's catalogue: 2 products, 3 codes" in listed.run("check").output
    documents(listed).write(PATH, msgspec.json.encode(Reading(denied="no right")), generation=0)
    assert (
        "✓ the shop's catalogue: not to be had (no right): each code is asked for alone" in listed.run("check").output
    )


def test_two_lists_at_a_time_are_refused(listed: Deployment) -> None:
    assert listed.run("products", "--unmatched", "--without-pictures").exit_code == 2

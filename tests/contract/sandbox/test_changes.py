"""The list of products that have changed: docs/shoptet.md, "Catalogue"."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from infra.local.sandbox.clock import parsed, shown
from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, SHIRT, TABLE, WALLET, Api, Files, picture

CHANGES = "/api/products/changes"
DAY = 24 * 3_600


def changes(api: Api, since: float = 0, **query: object) -> list[tuple[str, str]]:
    return [(row["guid"], row["changeType"]) for row in answered(api, since, **query)["changes"]]


def answered(api: Api, since: float = 0, **query: object) -> dict[str, Any]:
    text = "".join(f"&{name}={value}" for name, value in query.items())
    answer = api.call("GET", f"{CHANGES}?from={quote(shown(since))}{text}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def later(api: Api) -> float:
    """An hour passes; the moment after it."""
    return float(api.control("POST", "clock", {"advance": 3_600})["now"])


def test_a_creation_is_an_edit(api: Api) -> None:
    assert sorted(changes(api)) == sorted((guid, "edit") for guid in (MUG, TABLE, SHIRT, WALLET))
    since = later(api)
    assert changes(api, since) == []
    api.control("POST", "products", {"guid": "new", "name": "New", "code": "N"})
    assert changes(api, since) == [("new", "edit")]


def test_each_product_is_listed_once_with_its_last_change(api: Api) -> None:
    since = later(api)
    api.by_hand(MUG)
    api.by_hand(WALLET)
    later(api)
    api.by_hand(TABLE)
    moment = later(api)
    api.control("DELETE", f"products/{MUG}")
    assert changes(api, since) == [(WALLET, "edit"), (TABLE, "edit"), (MUG, "delete")]
    assert parsed(answered(api, since)["changes"][2]["changeTime"]) == pytest.approx(moment, abs=5)
    later(api)
    api.control("POST", "products", {"guid": MUG, "name": "Mug", "code": "M"})
    assert changes(api, since) == [(WALLET, "edit"), (TABLE, "edit"), (MUG, "edit")]


def test_it_can_be_filtered_by_the_kind_of_change(api: Api) -> None:
    since = later(api)
    api.by_hand(TABLE)
    api.control("DELETE", f"products/{MUG}")
    assert changes(api, since, changeType="edit") == [(TABLE, "edit")]
    assert changes(api, since, changeType="delete") == [(MUG, "delete")]


def name_by_hand(api: Api, _url: str, _name: str) -> None:
    api.control("POST", "products", {"guid": MUG, "name": "Another", "code": "HRNEK-01"})


def visibility_by_hand(api: Api, _url: str, _name: str) -> None:
    api.control("POST", "products", {"guid": MUG, "name": "Kávový hrnek", "code": "HRNEK-01", "visibility": "hidden"})


def code_by_hand(api: Api, _url: str, _name: str) -> None:
    api.control("POST", "products", {"guid": MUG, "name": "Kávový hrnek", "code": "HRNEK-02"})


def ean_by_hand(api: Api, _url: str, _name: str) -> None:
    variants = [{"code": "HRNEK-01", "ean": "8590000000001"}]
    api.control("POST", "products", {"guid": MUG, "name": "Kávový hrnek", "code": "HRNEK-01", "variants": variants})


def variants_image(api: Api, _url: str, name: str) -> None:
    rows = {"data": {"variants": [{"code": "HRNEK-01", "image": name}]}}
    assert api.call("PATCH", f"/api/products/{MUG}", rows).status_code == 200


def new_variant(api: Api, _url: str, _name: str) -> None:
    rows = {"data": {"variants": [{"code": "HRNEK-01/B"}]}}
    assert api.call("PATCH", f"/api/products/{MUG}", rows).status_code == 200


def image_by_hand(api: Api, _url: str, _name: str) -> None:
    api.by_hand(MUG, gallery="shop360")


def attributes_by_hand(api: Api, _url: str, name: str) -> None:
    api.control("PATCH", f"images/{MUG}/shop/{name}", {"priority": 7})


def deletion_by_hand(api: Api, _url: str, name: str) -> None:
    api.control("DELETE", f"images/{MUG}/shop/{name}")


def insertion(api: Api, url: str, _name: str) -> None:
    api.ended(api.insert(MUG, {"sourceUrl": url}))


def source_update(api: Api, url: str, name: str) -> None:
    api.ended(api.source(MUG, {"name": name, "sourceUrl": url}))


def attributes(api: Api, _url: str, name: str) -> None:
    rows = {"data": {"images": [{"name": name, "description": "new"}]}}
    assert api.call("PATCH", f"/api/products/{MUG}/images/shop", rows).status_code == 200


def deletion(api: Api, _url: str, name: str) -> None:
    assert api.call("DELETE", f"/api/products/{MUG}/images/shop/{name}").status_code == 200


def deletion_of_all(api: Api, _url: str, _name: str) -> None:
    assert api.call("DELETE", f"/api/products/{MUG}/images/shop").status_code == 200


Act = Callable[[Api, str, str], None]

OF_THE_PRODUCT: list[Act] = [
    name_by_hand,
    visibility_by_hand,
    code_by_hand,
    ean_by_hand,
    variants_image,
    new_variant,
]
OF_ITS_IMAGES: list[Act] = [
    image_by_hand,
    attributes_by_hand,
    deletion_by_hand,
    insertion,
    source_update,
    attributes,
    deletion,
    deletion_of_all,
]


@pytest.fixture
def url(files: Files) -> str:
    return files.put("a.png", picture())


@pytest.mark.parametrize("change", [*OF_THE_PRODUCT, *OF_ITS_IMAGES])
def test_each_change_of_a_product_or_of_its_images_counts(api: Api, url: str, change: Act) -> None:
    name = api.by_hand(MUG)
    since = later(api)
    change(api, url, name)
    assert changes(api, since) == [(MUG, "edit")]
    detail = api.call("GET", f"/api/products/{MUG}").json()["data"]
    assert detail["changeTime"] == answered(api, since)["changes"][0]["changeTime"]


@pytest.mark.parametrize("change", [*OF_THE_PRODUCT, *OF_ITS_IMAGES])
def test_changes_of_images_alone_can_be_left_out(open_sandbox: OpenSandbox, url: str, change: Act) -> None:
    api = open_sandbox(changes_show_images=False)
    name = api.by_hand(MUG)
    since = later(api)
    change(api, url, name)
    assert changes(api, since) == ([(MUG, "edit")] if change in OF_THE_PRODUCT else [])


def test_a_variant_that_loses_its_image_is_a_change_of_its_product(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(changes_show_images=False)
    name = api.by_hand(MUG)
    variants_image(api, "", name)
    since = later(api)
    answer = api.call("DELETE", f"/api/products/{MUG}/images/shop/{name}?removeReference=true")
    assert answer.status_code == 200
    assert changes(api, since) == [(MUG, "edit")]


def test_what_leaves_a_product_as_it_is_is_no_change(api: Api) -> None:
    name = api.by_hand(MUG)
    variants_image(api, "", name)
    since = later(api)
    variants_image(api, "", name)
    api.control("POST", "products", {"guid": TABLE, "name": "Dřevěný stolek", "code": "STOLEK"})
    assert api.call("DELETE", f"/api/products/{MUG}/images/shop").json()["errors"]
    assert changes(api, since) == []


def test_its_history_is_30_days_long(api: Api) -> None:
    api.control("DELETE", f"products/{MUG}")
    api.advance(30 * DAY - 60)
    assert (MUG, "delete") in changes(api)
    api.advance(120)
    assert changes(api) == []


def test_it_has_pages_of_1000_at_most(api: Api) -> None:
    for number in range(3):
        later(api)
        api.control("POST", "products", {"guid": f"g{number}", "name": "New", "code": f"N{number}"})
    pages = [answered(api, itemsPerPage=3, page=page) for page in (1, 2, 3, 4)]
    assert pages[1]["paginator"] == {
        "totalCount": 7,
        "page": 2,
        "pageCount": 3,
        "itemsOnPage": 3,
        "itemsPerPage": 3,
    }
    assert [len(page["changes"]) for page in pages] == [3, 3, 1, 0]
    assert len({row["guid"] for page in pages for row in page["changes"]}) == 7
    assert answered(api)["paginator"]["itemsPerPage"] == 1_000
    assert answered(api, itemsPerPage=5_000)["paginator"]["itemsPerPage"] == 1_000


def test_its_start_may_be_written_with_or_without_a_colon_in_the_zone_and_in_any_zone(api: Api) -> None:
    since = later(api)
    api.by_hand(MUG)
    moment = datetime.fromtimestamp(int(since), UTC)
    for text in (
        moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        (moment + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
    ):
        answer = api.call("GET", f"{CHANGES}?from={quote(text)}")
        assert [row["guid"] for row in answer.json()["data"]["changes"]] == [MUG], text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?from=",
        "?from=yesterday",
        "?from=2018-01-01T01:01:01",
        "?from=2018-01-01T01:01:01+02:00",
        "?from=2018-01-01T01:01:01%2B02:00&changeType=add",
        "?from=2018-01-01T01:01:01%2B02:00&page=0",
    ],
)
def test_what_cannot_be_understood_gives_400(api: Api, query: str) -> None:
    assert api.call("GET", CHANGES + query).status_code == 400

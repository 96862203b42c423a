"""The whole catalogue in one job: docs/shoptet.md, "Catalogue". The list of changes is in test_changes.py."""

import gzip
import json
from urllib.parse import quote

import pytest
import requests

from infra.local.sandbox.clock import shown
from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import (
    MUG,
    SHIRT,
    TABLE,
    WALLET,
    Api,
    Receiver,
    error_codes,
    eventually,
)

SNAPSHOT, CHANGES = "/api/products/snapshot", "/api/products/changes?from=2018-01-01T01:01:01%2B02:00"
DAY = 24 * 3_600


def ordered(api: Api, query: str = "") -> str:
    answer = api.call("GET", SNAPSHOT + query)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["data"]["jobId"])


def guids(api: Api, query: str) -> list[str]:
    return [product["guid"] for product in api.snapshot(query)]


def test_a_snapshot_is_a_job_like_all_others(api: Api, receiver: Receiver) -> None:
    api.call("DELETE", "/api/webhooks/1")
    api.register(f"{receiver.url}/finished")
    api.call("POST", "/api/webhooks/renew-signature-key")
    job = ordered(api)
    detail = api.ended(job)
    assert (detail["status"], detail["endpoint"]) == ("completed", SNAPSHOT)
    (listed,) = api.call("GET", "/api/system/jobs").json()["data"]["jobs"]
    assert (listed["jobId"], listed["endpoint"]) == (job, SNAPSHOT)
    eventually(lambda: receiver.received)
    assert json.loads(receiver.received[0][0])["eventInstance"] == job


def test_its_endpoint_is_its_path_also_where_those_of_images_are_short(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(job_endpoint="short")
    assert api.ended(ordered(api))["endpoint"] == SNAPSHOT


def test_its_result_is_a_gzip_file_and_not_an_encoding_of_the_transfer(api: Api) -> None:
    answer = requests.get(api.ended(ordered(api))["resultUrl"], timeout=5)
    assert answer.headers["Content-Type"].split(";")[0] == "application/gzip"
    assert "Content-Encoding" not in answer.headers
    lines = gzip.decompress(answer.content).decode().splitlines()
    assert [json.loads(line)["guid"] for line in lines] == [MUG, TABLE, SHIRT, WALLET]


def test_its_result_is_there_for_a_day(api: Api) -> None:
    url = api.ended(ordered(api))["resultUrl"]
    api.advance(DAY - 60)
    assert requests.get(url, timeout=5).status_code == 200
    api.advance(60)
    assert requests.get(url, timeout=5).status_code == 404


def test_a_product_is_as_its_detail_with_the_images_of_all_galleries_if_they_are_included(api: Api) -> None:
    first, second = api.by_hand(MUG, description="front"), api.by_hand(MUG, gallery="shop360")
    (mug,) = api.snapshot(f"?include=images&productGuids={MUG}")
    assert mug == api.call("GET", f"/api/products/{MUG}?include=images").json()["data"]
    assert [(image["name"], image["gallery"]) for image in mug["images"]] == [(first, "shop"), (second, "shop360")]
    assert mug["images"][0] == api.listing(MUG)[0]
    (bare,) = api.snapshot(f"?productGuids={MUG}")
    assert bare == {name: value for name, value in mug.items() if name != "images"}


def test_a_product_tells_its_visibility_its_page_and_its_variants(api: Api) -> None:
    variants = [{"code": "c/1", "ean": "8590000000001"}, {"code": "C/2"}]
    api.control(
        "POST",
        "products",
        {"guid": MUG, "name": "Bílý hrnek", "code": "C", "variants": variants, "visibility": "detail-only"},
    )
    name = api.by_hand(MUG)
    shown_by = {"data": {"variants": [{"code": "C/2", "image": name}]}}
    assert api.call("PATCH", f"/api/products/{MUG}", shown_by).status_code == 200
    mug, table, *_ = api.snapshot()
    assert (mug["name"], mug["visibility"]) == ("Bílý hrnek", "detail-only")
    assert mug["url"].endswith("/bily-hrnek/")
    assert [(row["code"], row["ean"], row["image"]) for row in mug["variants"]] == [
        ("C/1", "8590000000001", name),
        ("C/2", None, name),
    ]
    assert [(row["code"], row["ean"], row["image"]) for row in table["variants"]] == [("STOLEK", None, None)]
    assert table["visibility"] == "visible"


def test_a_visibility_that_shoptet_does_not_have_is_refused(api: Api) -> None:
    product = {"guid": "new", "name": "New", "code": "N", "visibility": "now and then"}
    assert requests.post(f"{api.url}/_control/products", json=product, timeout=5).status_code == 400


def test_it_shows_the_shop_as_it_was_when_the_job_began_to_run(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(pending_seconds=(60, 60), job_seconds=(60, 60))
    job = ordered(api, f"?include=images&productGuids={MUG}")
    before = api.by_hand(MUG)
    api.advance(60)
    eventually(lambda: api.status(job) == "running")
    api.by_hand(MUG)
    api.advance(60)
    result = requests.get(api.ended(job)["resultUrl"], timeout=5)
    assert [image["name"] for image in json.loads(gzip.decompress(result.content))["images"]] == [before]


def test_it_can_be_narrowed_to_products_by_code_or_guid(api: Api) -> None:
    assert guids(api, "?productCodes=62/xl,stolek,NOTHING") == [TABLE, SHIRT]
    assert guids(api, "?productCodes=62%2FM,62/XL") == [SHIRT]
    assert guids(api, f"?productGuids={WALLET},{MUG},unknown") == [MUG, WALLET]
    assert guids(api, "?productGuids=unknown") == []


def test_it_can_be_filtered_but_products_that_are_named_come_all_the_same(api: Api) -> None:
    api.control("POST", "products", {"guid": MUG, "name": "Mug", "code": "M", "visibility": "hidden"})
    assert guids(api, "?visibility=hidden") == [MUG]
    assert guids(api, "?visibility=hidden&productCodes=62") == [SHIRT]
    assert guids(api, "?type=service") == []
    assert guids(api, "?brandName=Storm") == []
    api.advance(3_600)
    edited = api.control("POST", "clock", {"advance": 0})["now"]
    api.by_hand(TABLE)
    assert guids(api, f"?changeTimeFrom={quote(shown(edited))}") == [TABLE]
    assert guids(api, f"?creationTimeFrom={quote(shown(edited))}") == []
    assert guids(api, f"?changeTimeTo={quote(shown(edited - 60))}") == [MUG, SHIRT, WALLET]


@pytest.mark.parametrize("query", ["creationTimeTo=now", "changeTimeFrom=now", "visibility=no&changeTimeTo=now"])
def test_a_filter_that_cannot_be_understood_gives_400_and_no_job(api: Api, query: str) -> None:
    answer = api.call("GET", f"{SNAPSHOT}?{query}")
    assert (answer.status_code, error_codes(answer)) == (400, ["invalid-parameter"])
    assert api.control("GET", "jobs")["jobs"] == []


MANY = ",".join(f"C{number}" for number in range(51))


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (
            f"productCodes={MANY}",
            [("invalid-parameter", 'Invalid "productCodes" parameter. Expected max. 50 elements, but 51 given.')],
        ),
        (
            f"productGuids={MANY}",
            [("invalid-parameter", 'Invalid "productGuids" parameter. Expected max. 50 elements, but 51 given.')],
        ),
        (
            f"productCodes=62&productGuids={MUG}",
            [
                (
                    "invalid-parameter",
                    'Invalid "productCodes" parameter. You can use "productCodes" or "productGuids", but not both.',
                )
            ],
        ),
        ("productCodes=", [("missing-parameter", 'Missing value for parameter "productCodes".')]),
        ("productGuids=,%20", [("missing-parameter", 'Missing value for parameter "productGuids".')]),
    ],
)
def test_products_that_are_named_wrongly_give_400_in_shoptets_words(
    api: Api, query: str, errors: list[tuple[str, str]]
) -> None:
    answer = api.call("GET", f"{SNAPSHOT}?{query}")
    assert answer.status_code == 400
    assert [(row["errorCode"], row["message"]) for row in answer.json()["errors"]] == errors
    assert api.control("GET", "jobs")["jobs"] == []


def test_50_products_may_be_named(api: Api) -> None:
    assert guids(api, f"?productCodes={MANY.rpartition(',')[0]}") == []


def test_the_faults_of_jobs_are_its_faults_too(api: Api) -> None:
    api.fault("products.snapshot", "job_failed")
    failed = api.ended(ordered(api))
    assert (failed["status"], failed["resultUrl"]) == ("failed", None)
    api.fault("products.*", "job_never_ends")
    job = ordered(api)
    eventually(lambda: api.status(job) == "running")
    api.advance(3 * 3_600)
    assert api.detail(job)["status"] == "failed"
    api.fault("jobs.result", "status", status=503)
    assert requests.get(api.ended(ordered(api))["resultUrl"], timeout=5).status_code == 503


@pytest.mark.parametrize("path", [SNAPSHOT, CHANGES])
def test_a_token_needs_the_right_to_them(open_sandbox: OpenSandbox, path: str) -> None:
    tokens = [
        {"value": "images", "rights": ["images.*", "product.*"]},
        {"value": "all", "rights": ["products.*", "webhooks.*"]},
    ]
    api = open_sandbox(webhook=False, private_tokens=tokens)
    api.token = "all"
    api.register()
    assert api.call("GET", path).status_code in (200, 202)
    api.token = "images"
    answer = api.call("GET", path)
    assert (answer.status_code, error_codes(answer)) == (403, ["invalid-token-no-rights"])

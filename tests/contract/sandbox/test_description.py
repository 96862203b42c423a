import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from infra.local.sandbox.description import Operation, api_operations, load_document, operations
from infra.local.sandbox.operations import HANDLERS
from infra.local.schemas import Draft202012Validator
from tests.contract.sandbox.comparison import differences
from tests.contract.sandbox.cut import cut
from tests.contract.sandbox.support import MUG, SHIRT, Api, Files, picture

Document = dict[str, Any]

OFFICIAL = Path(__file__).with_name("official.yaml")
"""What Shoptet's own description says of these operations."""

GALLERY = "/api/products/{guid}/images/{gallery}"


@functools.cache
def official() -> Document:
    return dict(load_document(OFFICIAL))


def own() -> Document:
    """A copy of our description that a test may change."""
    return copy.deepcopy(dict(load_document()))


def test_every_described_operation_has_a_handler_and_the_other_way_round() -> None:
    assert {operation.name for operation in api_operations()} == HANDLERS.keys()


@pytest.mark.parametrize("operation", api_operations(), ids=lambda operation: operation.name)
def test_our_description_agrees_with_the_official_one(operation: Operation) -> None:
    assert differences(operation, official()) == []


def test_the_official_part_is_as_it_was_cut_with_nothing_but_what_is_compared() -> None:
    part = yaml.safe_load(OFFICIAL.read_text(encoding="utf-8"))
    assert cut(part) == part


def body_images(document: Document, path: str, method: str) -> Document:
    schema = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return dict(schema["properties"]["data"])["properties"]["images"]  # type: ignore[no-any-return]


def answer_data(document: Document, path: str, method: str, status: str) -> Document:
    schema = document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    return schema["properties"]["data"]  # type: ignore[no-any-return]


def fewer_images(document: Document) -> None:
    body_images(document, GALLERY, "post")["maxItems"] = 50


def a_longer_url(document: Document) -> None:
    body_images(document, GALLERY, "post")["items"]["properties"]["sourceUrl"]["maxLength"] = 4_000


def an_optional_name(document: Document) -> None:
    body_images(document, GALLERY, "patch")["items"]["required"] = []


def an_open_body(document: Document) -> None:
    del body_images(document, GALLERY + "/source", "patch")["items"]["additionalProperties"]


def another_type(document: Document) -> None:
    body_images(document, GALLERY + "/source", "patch")["items"]["properties"]["priority"]["type"] = "string"


def a_required_flag(document: Document) -> None:
    document["paths"][GALLERY]["delete"]["parameters"][0]["required"] = True


def a_parameter_less(document: Document) -> None:
    document["paths"]["/api/system/jobs"]["get"]["parameters"].pop(0)


def another_status(document: Document) -> None:
    responses = document["paths"][GALLERY]["post"]["responses"]
    responses["200"] = responses.pop("202")


def an_answers_field_less(document: Document) -> None:
    answer_data(document, GALLERY, "get", "200")["properties"]["images"]["items"]["required"].remove("cdnName")


def an_answer_without_its_product(document: Document) -> None:
    responses = document["paths"]["/api/products/{guid}"]["patch"]["responses"]
    responses["200"] = document["paths"][GALLERY]["delete"]["responses"]["200"]


def another_type_in_an_answer(document: Document) -> None:
    answer_data(document, GALLERY, "post", "202")["properties"]["jobId"]["type"] = "integer"


def a_filter_less(document: Document) -> None:
    document["paths"]["/api/products/snapshot"]["get"]["parameters"].pop(0)


def an_optional_start(document: Document) -> None:
    document["paths"]["/api/products/changes"]["get"]["parameters"][0]["required"] = False


def another_type_of_a_change(document: Document) -> None:
    changes = answer_data(document, "/api/products/changes", "get", "200")["properties"]["changes"]
    changes["items"]["properties"]["changeType"]["type"] = "integer"


def another_method(document: Document) -> None:
    item = document["paths"]["/api/system/jobs/{jobId}"]
    item["patch"] = item.pop("get")


def another_path(document: Document) -> None:
    document["paths"]["/api/jobs"] = document["paths"].pop("/api/system/jobs")


@pytest.mark.parametrize(
    "plant",
    [
        fewer_images,
        a_longer_url,
        an_optional_name,
        an_open_body,
        another_type,
        a_required_flag,
        a_parameter_less,
        another_status,
        an_answers_field_less,
        an_answer_without_its_product,
        another_type_in_an_answer,
        a_filter_less,
        an_optional_start,
        another_type_of_a_change,
        another_method,
        another_path,
    ],
)
def test_a_planted_difference_is_found(plant: Callable[[Document], None]) -> None:
    document = own()
    plant(document)
    assert [line for operation in operations(document) for line in differences(operation, official())]


def every_answer(api: Api, url: str) -> dict[str, requests.Response]:
    """One successful answer of every operation."""
    gallery, name, shown = f"/api/products/{SHIRT}/images/shop", api.by_hand(SHIRT), api.by_hand(SHIRT)
    source = {"data": {"images": [{"name": name, "sourceUrl": url}]}}
    variants = {"data": {"variants": [{"code": "62/M", "image": shown}]}}
    attributes = {"data": {"images": [{"name": name, "priority": 1}, {"name": "nothing.png"}]}}
    answers = {
        "images.insert": api.call("POST", gallery, {"data": {"images": [{"sourceUrl": url}]}}),
        "images.source": api.call("PATCH", f"{gallery}/source", source),
        "images.update": api.call("PATCH", gallery, attributes),
        "product.update": api.call("PATCH", f"/api/products/{SHIRT}", variants),
        "product.detail": api.call("GET", f"/api/products/{SHIRT}?include=images"),
        "product.by_code": api.call("GET", "/api/products/code/62"),
        "products.snapshot": api.call("GET", "/api/products/snapshot?include=images"),
        "products.changes": api.call("GET", "/api/products/changes?from=2018-01-01T01:01:01%2B02:00"),
        "images.list": api.call("GET", gallery),
    }
    job = api.ended(answers["images.insert"].json()["data"]["jobId"])["jobId"]
    hooks = {"data": [{"event": "order:create", "url": "https://shop.example/", "sendPayload": "full"}]}
    answers |= {
        "images.delete": api.call("DELETE", f"{gallery}/{name}"),
        "images.delete_all": api.call("DELETE", gallery),
        "jobs.list": api.call("GET", "/api/system/jobs"),
        "jobs.detail": api.call("GET", f"/api/system/jobs/{job}"),
        "webhooks.register": api.call("POST", "/api/webhooks", hooks),
        "eshop.info": api.call("GET", "/api/eshop?include=imageCuts"),
        "webhooks.list": api.call("GET", "/api/webhooks"),
        "webhooks.get": api.call("GET", "/api/webhooks/1"),
        "webhooks.notifications": api.call("GET", "/api/webhooks/notifications"),
        "webhooks.renew_key": api.call("POST", "/api/webhooks/renew-signature-key"),
        "webhooks.update": api.call("PATCH", "/api/webhooks/1", {"data": {"sendPayload": None}}),
        "webhooks.delete": api.call("DELETE", "/api/webhooks/1"),
    }
    return answers


@pytest.mark.parametrize("source", ["own", "official"])
def test_every_answer_of_the_sandbox_is_as_described(api: Api, files: Files, source: str) -> None:
    answers = every_answer(api, files.put("a.png", picture()))
    assert answers.keys() == HANDLERS.keys()
    for operation in api_operations():
        answer = answers[operation.name]
        assert answer.status_code in operation.answers, (operation.name, answer.text)
        schema = operation.answers[answer.status_code]
        if source == "official":
            described = official()["paths"][operation.path][operation.method.lower()]["responses"]
            schema = described[str(answer.status_code)]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(answer.json())


def test_every_product_of_a_snapshot_is_as_the_official_description_has_it(api: Api) -> None:
    api.by_hand(SHIRT)
    schema = Draft202012Validator(official()["components"]["schemas"]["product"])
    products = api.snapshot("?include=images")
    assert len(products) == 4
    for product in products:
        schema.validate(product)


def test_an_empty_gallery_is_as_described_too(api: Api) -> None:
    schema = official()["paths"][GALLERY]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = api.call("GET", f"/api/products/{MUG}/images/shop360").json()
    Draft202012Validator(schema).validate(answer)

"""Who may call, and that hostile requests change nothing and learn nothing."""

import http.client
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from infra.local.cloud import API_KEYS, LocalCloud
from tests.e2e.http.caller import Caller, images
from tests.e2e.support import Product, Sandbox, log_lines

pytestmark = pytest.mark.long

KEY = API_KEYS["local"][0]
LIMIT = 1_000_000


def raw(address: str, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Send a request line as it is: no library folds the path."""
    parts = urlsplit(address)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in {"Authorization": f"Bearer {KEY}", "Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_without_a_key_everything_is_the_same_401_and_nothing_is_asked_or_written(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    galleries, clean = cloud.addresses["galleries"], cloud.addresses["clean_gallery"]
    body = {"images": [{"sourceUrl": "https://pim.example/1.png"}]}
    before = [listed.path for listed in cloud.documents.list("operations/")]
    answers = []
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY[:-1]}"},
        {"Authorization": f"Bearer {KEY} {KEY}"},
        {"Authorization": "Bearer \xff"},
    ):
        # Under one id, which the answers repeat.
        sent = {"X-Request-Id": b"request-1", **{name: value.encode("latin-1") for name, value in headers.items()}}
        urls = (galleries + images(product.code), f"{galleries}/nowhere", f"{galleries}/v1/products/%zz")
        answers += [requests.get(url, headers=sent, timeout=30) for url in urls]
        answers.append(requests.post(galleries + images(product.code), json=body, headers=sent, timeout=30))
        answers.append(requests.post(galleries + images(product.code), data=b"{", headers=sent, timeout=30))
        answers.append(requests.delete(clean + images(product.code), headers=sent, timeout=30))
        answers.append(requests.put(clean + images(product.code), headers=sent, timeout=30))
    assert {(answer.status_code, answer.text, answer.headers["WWW-Authenticate"]) for answer in answers} == {
        (401, answers[0].text, "Bearer")
    }
    assert [listed.path for listed in cloud.documents.list("operations/")] == before
    assert sandbox.calls() == {}


@pytest.mark.parametrize(
    ("name", "method", "path", "status"),
    [
        ("reader", "GET", "images", 200),
        ("reader", "POST", "images", 403),
        ("reader", "PATCH", "images", 403),
        ("reader", "PATCH", "images/source", 403),
        ("reader", "POST", "sync", 403),
        ("reader", "DELETE", "images", 403),
        ("writer", "POST", "sync", 202),
        ("writer", "DELETE", "images", 403),
        ("writer", "DELETE", "images/1.png", 403),
    ],
)
def test_a_key_does_what_it_has_a_right_to(
    cloud: LocalCloud, product: Product, name: str, method: str, path: str, status: int
) -> None:
    answer = Caller(cloud, name).call(method, f"/v1/products/{product.guid}/galleries/shop/{path}")
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["errors"][0]["code"] == "no-right"


def test_cleaning_many_takes_the_right_to_clean(cloud: LocalCloud, product: Product) -> None:
    body = {"galleries": [{"product": product.guid, "gallery": "shop"}], "removeReference": False}
    assert Caller(cloud, "writer").call("POST", "/v1/cleanups", body).status_code == 403


def test_an_operation_is_shown_to_its_caller_only(cloud: LocalCloud, caller: Caller, product: Product) -> None:
    accepted = caller.call("POST", f"/v1/products/{product.guid}/galleries/shop/sync")
    href = accepted.headers["Location"]
    assert caller.call("GET", href).status_code == 200
    hidden = Caller(cloud, "reader").call("GET", href, X_Request_Id="request-1")
    missing = Caller(cloud, "reader").call("GET", f"/v1/operations/{uuid.uuid4().hex}", X_Request_Id="request-1")
    assert (hidden.status_code, hidden.text) == (404, missing.text)


def test_the_description_is_served_to_anybody(cloud: LocalCloud) -> None:
    answer = requests.get(f"{cloud.addresses['galleries']}/openapi.yaml", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/yaml; charset=utf-8")
    assert answer.text.startswith("openapi: 3.1.0\n")


HOSTILE = [
    ("GET", "/v1/products/62%2FXL%2Fgalleries%2Fshop%2Fimages/galleries/shop/images", {400, 404}),
    ("GET", "/v1/products/62/XL/galleries/shop/images", {404}),
    ("GET", "/v1/products/%zz/galleries/shop/images", {400}),
    ("GET", "/v1/products/%/galleries/shop/images", {400}),
    ("GET", "/v1/products/%ff/galleries/shop/images", {400}),
    ("GET", "/v1/products/%C0%AF/galleries/shop/images", {400}),
    ("GET", "/v1/products/%00/galleries/shop/images", {400}),
    ("GET", "/v1/products/a%0d%0aX/galleries/shop/images", {400}),
    ("GET", "/v1/products/../galleries/shop/images", {400}),
    ("GET", "/v1/products/%2e%2e/galleries/shop/images", {400}),
    ("GET", "/v1/products/%20/galleries/shop/images", {400}),
    ("GET", f"/v1/products/{'x' * 65}/galleries/shop/images", {400}),
    ("GET", f"/v1/products/{'x' * 5000}/galleries/shop/images", {400}),
    ("GET", "/v1/products//galleries/shop/images", {404}),
    ("GET", "//v1/products/x/galleries/shop/images", {404}),
    ("GET", "/v1/products/x/galleries/shop/images/", {404}),
    ("GET", "/v1/products/x/galleries/shop/../../../operations", {404}),
    ("GET", "/v1/products/x/galleries/shop%2Fimages", {404}),
    ("GET", "/v1/products/x/galleries/other/images", {404}),
    ("GET", "/v1/products/x/galleries/shop/images?a=b", {400}),
    ("GET", "/v1/operations/..%2F..%2Fledger", {404}),
    ("GET", "/v1/operations/applied", {404}),
    ("GET", "/", {404}),
    ("GET", "/favicon.ico", {404}),
    ("DELETE", "/v1/products/x/galleries/shop/images/1.png", {421}),
    ("POST", "/v1/cleanups", {421}),
    ("POST", "/openapi.yaml", {405}),
    ("PUT", "/v1/products/x/galleries/shop/images", {405}),
    ("TRACE", "/v1/products/x/galleries/shop/images", {405}),
    ("OPTIONS", "/v1/products/x/galleries/shop/images", {405}),
]


@pytest.mark.parametrize(("method", "target", "statuses"), HOSTILE)
def test_a_hostile_path_is_refused_before_anything_is_asked(
    cloud: LocalCloud, sandbox: Sandbox, method: str, target: str, statuses: set[int]
) -> None:
    status, body = raw(cloud.addresses["galleries"], method, target)
    assert status in statuses, body
    assert body.startswith(b'{"errors":[{"code":"')
    assert {call for call in sandbox.calls() if call != "product.by_code"} == set()


CLEANING = [
    ("/v1/products/x/galleries/shop/images/", {404}),
    ("/v1/products/x/galleries/shop/images/..", {400}),
    ("/v1/products/x/galleries/shop/images/%2e%2E", {400}),
    ("/v1/products/x/galleries/shop/images/.", {400}),
    ("/v1/products/x/galleries/shop/images/..%2Fshop360", {400}),
    ("/v1/products/x/galleries/shop/images/a%2Fb", {400}),
    ("/v1/products/x/galleries/shop/images/%E2%80%A8", {400}),
    ("/v1/products/x/galleries/shop/images?removeReference=yes", {400}),
    ("/v1/products/x/galleries/shop/images?removeReference=true&removeReference=false", {400}),
    ("/v1/products/x/galleries/shop/images?removereference=true", {400}),
    ("/v1/products/x/galleries/shop/images?dryRun", {400}),
    ("/v1/products/x/galleries/shop/images?%ff=true", {400}),
    ("/v1/products/x/galleries/shop/images/1.png?purge=true", {400}),
]


@pytest.mark.parametrize(("target", "statuses"), CLEANING)
def test_a_deletion_that_is_not_exactly_right_deletes_nothing(
    cloud: LocalCloud, sandbox: Sandbox, target: str, statuses: set[int]
) -> None:
    status, body = raw(cloud.addresses["clean_gallery"], "DELETE", target)
    assert status in statuses, body
    assert sandbox.calls() == {}


def test_a_target_with_scheme_and_host_means_the_same_path(cloud: LocalCloud, product: Product) -> None:
    address = cloud.addresses["galleries"]
    assert raw(address, "GET", address + images(product.guid))[0] == 200


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 50_000):
        yield b"x" * 50_000


def test_a_body_over_the_limit_is_413_whether_its_length_is_said_or_not(cloud: LocalCloud, product: Product) -> None:
    url = cloud.addresses["galleries"] + images(product.guid)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    for body in (b"x" * (LIMIT + 1), pieces(20 * LIMIT)):
        answer = requests.post(url, data=body, headers=headers, timeout=60)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "body-too-large")
    within = requests.post(url, data=pieces(LIMIT), headers=headers, timeout=60)
    assert (within.status_code, within.json()["errors"][0]["code"]) == (400, "not-json")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_another_content_type_is_415(cloud: LocalCloud, product: Product, headers: dict[str, str]) -> None:
    url = cloud.addresses["galleries"] + images(product.guid)
    sent = {"Authorization": f"Bearer {KEY}", **headers}
    assert requests.post(url, data=b"{}", headers=sent, timeout=30).status_code == 415


def test_a_body_where_none_belongs_is_refused(cloud: LocalCloud, product: Product) -> None:
    status, _ = raw(cloud.addresses["clean_gallery"], "DELETE", images(product.guid), b'{"name": "1.png"}')
    assert status == 400


def test_keys_and_source_urls_are_in_no_log(cloud: LocalCloud, caller: Caller, product: Product) -> None:
    row = {"sourceUrl": "http://127.0.0.1:1/picture.png?signature=hunter2", "key": "k"}
    caller.ended(caller.call("POST", images(product.guid), {"images": [row]}))
    requests.get(cloud.addresses["galleries"] + images("x"), headers={"Authorization": "Bearer hunter3"}, timeout=30)
    for function in ("galleries", "clean_gallery", "sync_gallery", "poll_jobs"):
        text = cloud.processes.log_end(function, 10_000_000)
        assert "hunter" not in text
        assert KEY not in text
    assert log_lines(cloud, "galleries", "WARNING")
    assert "hunter" not in str(caller.images(product.guid))

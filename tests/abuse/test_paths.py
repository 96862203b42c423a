"""Paths that two readers may read differently: refused with a key, and all alike without one."""

import pytest

from tests.abuse.site import API_KEYS, BODIES, CODE, GUID, IMAGES, PUBLIC, Site, genuine, is_refused
from tests.abuse.wire import Answer, exchange, lines, said

KEY = ("Authorization", f"Bearer {API_KEYS['all']}")
BASE = f"/v1/products/{CODE}/galleries/shop"

TRICKS: list[str | bytes] = [
    "/v1/products/..%2f..%2fadmin/galleries/shop/images",
    "/v1/products/%2e%2e/galleries/shop/images",
    "/v1/products/%2e%2e%2f/galleries/shop/images",
    "/v1/products/%252e%252e%252f/galleries/shop/images",
    "/v1/products/..%255c/galleries/shop/images",
    "/v1/products/..%c0%af/galleries/shop/images",
    "/v1/products/%e0%80%af/galleries/shop/images",
    "/v1/products/..%5c..%5c/galleries/shop/images",
    "/v1/products/..\\..\\/galleries/shop/images",
    f"/v1/products/{CODE}%00/galleries/shop/images",
    f"/v1/products/{CODE}%00.png/galleries/shop/images",
    f"/v1/products/{CODE}%0d%0aX-A:%20b/galleries/shop/images",
    f"/v1/products/{CODE}%e2%80%a8/galleries/shop/images",
    f"/v1/products/{CODE}%20/galleries/shop/images",
    f"/v1/products/{CODE};v=1/galleries/shop/images",
    f"/v1/products;v=1/{CODE}/galleries/shop/images",
    f"/v1/products/{CODE}/galleries/shop;x/images",
    f"/v1/products/{CODE}/galleries/shop%2fimages",
    f"/v1/products/{CODE}/galleries/shop/images;x",
    f"/v1/products/{CODE}/galleries/shop/images%00",
    f"/v1/products/{CODE}/galleries/shop/images/",
    f"/v1/products/{CODE}/galleries/shop/images/.",
    f"/v1/products/{CODE}/galleries/shop/images/..",
    f"/v1/products/{CODE}/galleries/shop/images/../images",
    f"/v1/products/{CODE}/galleries/shop/images/%2e",
    f"/v1/products/{CODE}/galleries/shop//images",
    f"/v1/products/{CODE}/galleries/SHOP/images",
    f"/v1/products/{CODE}/galleries/%73hop%20/images",
    f"/v1/products/{CODE}/galleries/ｓhop/images".encode(),
    f"/v1/products/{CODE}/galleries/%EF%BD%93hop/images",
    f"/v1／products/{CODE}/galleries/shop/images".encode(),
    f"/v1%2fproducts/{CODE}/galleries/shop/images",
    f"/V1/products/{CODE}/galleries/shop/images",
    f"//v1/products/{CODE}/galleries/shop/images",
    f"/./v1/products/{CODE}/galleries/shop/images",
    f"/x/../v1/products/{CODE}/galleries/shop/images",
    f"/v1/products/{'%2e' * 500}/galleries/shop/images",
    f"/v1/products/{'a/' * 2_000}galleries/shop/images",
    "/" * 8_000,
    "/" + "%25" * 20_000,
    f"{IMAGES}?" + "a=b&" * 5_000,
    f"{IMAGES}?__proto__=true",
    f"{IMAGES}?dryRun=true&dryRun=false",
    f"{IMAGES}?dryRun=true%00",
    f"{IMAGES}?dryRun=tru%C3%A9",
    f"{IMAGES}?dryRun%3Dtrue",
    f"{IMAGES}?%64ryRun=TRUE",
    f"{IMAGES}?dryRun=true;purge=true",
    f"{IMAGES}%3FdryRun=true",
    f"{IMAGES}%23?dryRun=true",
    "*",
    "",
    CODE,
    "http://[::1/v1",
    "http:///v1/products",
    "file:///etc/passwd",
    f"http://x@evil.example{IMAGES}/..",
    "javascript:alert(1)",
    "/.env",
    "/.git/config",
    "/robots.txt%2e",
    "/openapi.yaml/../v1/products",
    "/etc/passwd",
    "/v1/operations/..%2f..%2fledger%2f" + GUID + "%2fshop",
    "/v1/operations/" + "0" * 32,
    "/v1/operations/%30" + "0" * 31 + "%2fapplied",
]


def called(site: Site, name: str, target: str | bytes, *headers: tuple[str, str], method: str = "GET") -> Answer:
    return exchange(site.url(name), said(method, target, headers))


@pytest.mark.parametrize("name", ["galleries", "clean_gallery"])
def test_with_a_key_a_trick_is_refused_and_touches_no_gallery(site: Site, name: str) -> None:
    before = site.held()
    for target in TRICKS:
        method = "DELETE" if name == "clean_gallery" else "GET"
        answer = called(site, name, target, KEY, method=method)
        assert answer.status is not None, target
        assert 400 <= answer.status < 500, (target, answer)
        is_refused(answer)
    after = site.held()
    # A strange code may be some product's: Shoptet is asked for it, and a deletion is written down before that.
    assert {**after["shoptet"], "product.by_code": 0} == {**before["shoptet"], "product.by_code": 0}
    new = set(after["objects"]["state"]) - set(before["objects"]["state"])
    assert [path for path, _ in new if not path.startswith(("operations/", "open/operations/"))] == []
    assert (after["tasks"], after["objects"]["drops"]) == (before["tasks"], [])


@pytest.mark.parametrize("name", ["galleries", "clean_gallery"])
def test_without_a_key_no_path_tells_anything_from_another(unchanged: Site, name: str) -> None:
    same = ("X-Request-Id", "request-1")  # which the answers repeat
    there = called(unchanged, name, IMAGES, same)
    assert there.status == 401
    others = ["/v1/cleanups", f"{BASE}/images/1.png", "/v1/products/NOBODY/galleries/shop/images"]
    for target in [*TRICKS, *others]:
        for method in ("GET", "DELETE", "PUT"):
            answer = called(unchanged, name, target, same, method=method)
            # What is no request at all the server refuses by itself, before any function is called.
            assert answer.status == 400 or (answer.status, answer.body) == (401, there.body), (target, answer)


@pytest.mark.parametrize("name", ["job_finished", "webhooks"])
def test_no_path_lets_an_unsigned_call_in(unchanged: Site, name: str) -> None:
    for target in TRICKS:
        answer = exchange(unchanged.url(name), said("POST", target, [], BODIES[name]))
        assert answer.status in (400, 401, 404), (target, answer)
        is_refused(answer)


def test_an_absolute_target_means_its_path_whatever_host_it_names(unchanged: Site) -> None:
    for base in ("http://evil.example", "https://127.0.0.1:1", "http://functions.test"):
        assert called(unchanged, "galleries", f"{base}/v1/operations/{'0' * 32}", KEY).status == 404
        assert called(unchanged, "galleries", f"{base}{BASE}/nowhere", KEY).status == 404


@pytest.mark.parametrize("name", PUBLIC)
def test_a_target_without_a_path_leads_to_the_path_that_it_lacks(unchanged: Site, name: str) -> None:
    """The framework's own answer, to the host that the caller named: no function is called."""
    answer = exchange(unchanged.url(name), said("GET", "http://evil.example", genuine(name)))
    assert answer.status == 308
    assert answer.headers.endswith(b"\r\nLocation: http://functions.test/")


@pytest.mark.parametrize("name", PUBLIC)
def test_no_method_lets_a_stranger_in_or_is_echoed(unchanged: Site, name: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "A" * 20):
        answer = exchange(unchanged.url(name), said(method, "/v1/events", [("X-Probe", "echo-me")], b""))
        is_refused(answer)
        assert "echo-me" not in answer.text
        assert answer.status != 405 or name == "webhooks", method


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_no_http_is_refused(unchanged: Site, name: str) -> None:
    headers = lines(genuine(name))
    for line in (
        b"",
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"get / HTTP/1.1\r\n",
        b"GET / HTTP/3.7\r\n",
        b"GET / / HTTP/1.1\r\n",
        b"GET /\x00 HTTP/1.1\r\n",
        b"GET /\xff HTTP/1.1\r\n",
        b"GET\t/\tHTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(range(256)) * 40,
    ):
        answer = exchange(unchanged.url(name), line + headers + b"\r\n", end=True)
        assert answer.status is None or 400 <= answer.status < 500, (line[:40], answer)

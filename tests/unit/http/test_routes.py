"""Which route a raw path means, and that nothing inside a segment changes it."""

import pytest

from gallery_sync.http.answers import Rejected
from gallery_sync.http.handlers import ROUTES
from gallery_sync.http.query import switches
from gallery_sync.http.routes import decoded, route

BASE = "/v1/products/62%2FXL/galleries/shop/images"


def test_a_product_with_a_slash_is_one_segment() -> None:
    one, names = route(ROUTES, "GET", BASE)
    assert (one.right, dict(names)) == ("read", {"product": "62/XL", "gallery": "shop"})


@pytest.mark.parametrize(
    ("method", "path", "right", "function"),
    [
        ("GET", BASE, "read", "galleries"),
        ("HEAD", BASE, "read", "galleries"),
        ("POST", BASE, "write", "galleries"),
        ("PATCH", BASE, "write", "galleries"),
        ("PATCH", f"{BASE}/source", "write", "galleries"),
        ("POST", "/v1/products/x/galleries/shop360/sync", "write", "galleries"),
        ("GET", f"/v1/operations/{'0' * 32}", "read", "galleries"),
        ("DELETE", BASE, "clean", "clean_gallery"),
        ("DELETE", f"{BASE}/127.png", "clean", "clean_gallery"),
        ("POST", "/v1/cleanups", "clean", "clean_gallery"),
    ],
)
def test_each_route_has_its_right_and_function(method: str, path: str, right: str, function: str) -> None:
    one, _ = route(ROUTES, method, path)
    assert (one.right, one.function) == (right, function)


def test_every_change_takes_more_than_the_right_to_read() -> None:
    assert {one.method for one in ROUTES if one.right == "read"} == {"GET"}
    assert {one.right for one in ROUTES if one.method == "DELETE"} == {"clean"}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//",
        "/v1",
        f"{BASE}/",
        f"/{BASE}",
        f"{BASE}/a/b",
        BASE.replace("62%2FXL", ""),
        BASE.replace("62%2FXL", "62/XL"),
        BASE.replace("/images", "%2Fimages"),
        BASE.upper(),
        "/v1/./cleanups",
        "/v1/x/../cleanups",
        "/v1/cleanups%2F",
        "/v1/%63leanups",
    ],
)
def test_a_path_that_is_not_exactly_a_route_is_404(path: str) -> None:
    with pytest.raises(Rejected) as refused:
        route(ROUTES, "GET", path)
    assert refused.value.status == 404


def test_another_method_is_405_with_those_that_there_are() -> None:
    with pytest.raises(Rejected) as refused:
        route(ROUTES, "PUT", BASE)
    assert (refused.value.status, refused.value.headers) == (405, {"Allow": "DELETE, GET, PATCH, POST"})
    with pytest.raises(Rejected) as refused:
        route(ROUTES, "DELETE", f"{BASE}/source")
    assert refused.value.headers == {"Allow": "PATCH"}


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        ("62%2FXL", "62/XL"),
        ("62%252FXL", "62%2FXL"),
        ("a+b", "a+b"),
        ("%C5%BElut%C3%BD", "žlutý"),
        ("..", ".."),
    ],
)
def test_a_segment_is_decoded_once(segment: str, text: str) -> None:
    assert decoded("product", segment) == text


@pytest.mark.parametrize(
    "segment", ["%", "%2", "%zz", "a%", "%ff", "%C0%AF", "%ED%A0%80", "%00", "%0a", "%7f", "%E2%80%A8"]
)
def test_a_broken_encoding_is_400_and_names_the_segment(segment: str) -> None:
    with pytest.raises(Rejected) as refused:
        decoded("product", segment)
    assert (refused.value.status, refused.value.flaws[0].path) == (400, "product")


@pytest.mark.parametrize(
    ("query", "value"),
    [("", False), ("dryRun=false", False), ("dryRun=true", True), ("dryRun=%74rue", True), ("dry%52un=true", True)],
)
def test_a_switch_is_true_or_false(query: str, value: bool) -> None:
    assert switches(query, "dryRun", "purge") == {"dryRun": value, "purge": False}


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ("dryRun", "bad-query", None),
        ("&", "bad-query", None),
        ("dryRun=%ff", "bad-query", None),
        ("dryRun=", "bad-parameter", "dryRun"),
        ("dryRun=1", "bad-parameter", "dryRun"),
        ("dryRun=TRUE", "bad-parameter", "dryRun"),
        ("dryRun=true&dryRun=true", "repeated-parameter", "dryRun"),
        ("dryrun=true", "unknown-parameter", "dryrun"),
        ("x=true", "unknown-parameter", "x"),
    ],
)
def test_any_other_query_is_400(query: str, code: str, path: str | None) -> None:
    with pytest.raises(Rejected) as refused:
        switches(query, "dryRun")
    [flaw] = refused.value.flaws
    assert (refused.value.status, flaw.code, flaw.path) == (400, code, path)

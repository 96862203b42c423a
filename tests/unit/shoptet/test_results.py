"""Where a job's result may come from, and what is understood of it."""

import json

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.shop_values import ResultRow
from gallery_sync.shoptet.addresses import trusted_result
from gallery_sync.shoptet.results import Results, parse_result
from tests.unit.shoptet.fakes import BASE, Script, VirtualClock, answer, raw_server, refused_connection, unhurried

URL = "https://12345.myshoptet.com/api-results/3ax1844-sfva5eu.json"


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        (URL, True),
        ("https://myshoptet.com/x", True),
        ("https://12345.MyShoptet.com:443/x", True),
        ("https://cdn.shoptet.cz/x", True),
        ("https://www.shop.example/api-results/x.json", True),
        ("https://shop.example/x", False),
        ("https://sub.www.shop.example/x", False),
        ("http://12345.myshoptet.com/x", False),
        ("https://evilmyshoptet.com/x", False),
        ("https://myshoptet.com.evil.example/x", False),
        ("https://myshoptet.com@evil.example/x", False),
        ("https://user:password@12345.myshoptet.com/x", False),
        ("https://@12345.myshoptet.com/x", False),
        ("https://evil.example\\.myshoptet.com/x", False),
        ("https://evil.example/.myshoptet.com", False),
        ("https://evil.example#.myshoptet.com", False),
        ("https://evil.example?.myshoptet.com", False),
        ("https://12345.myshoptet.com.:443/x", False),
        ("https://12345.myshoptet.com:8443/x", False),
        ("https://12345.myshoptet.com:99999/x", False),
        ("https://12345.myshoptet.com:0/x", False),
        ("https://185.184.254.1/x", False),
        ("https://[::1]/x", False),
        ("https://[::1/x", False),
        ("https://127.0.0.1/x", False),
        ("http://127.0.0.1:8080/x", False),
        ("https://12345.mysh\u043eptet.com/x", False),
        ("https://12345.myshoptet.com/x\n", False),
        (" https://12345.myshoptet.com/x", False),
        ("ftp://12345.myshoptet.com/x", False),
        ("//12345.myshoptet.com/x", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_results_come_only_from_the_shop_and_from_shoptet_over_https(url: str, trusted: bool) -> None:
    assert trusted_result(url, shop_host="WWW.shop.example", local=False) is trusted


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:8080/x", True),
        ("http://127.0.0.1.evil.example/x", False),
        ("http://169.254.169.254/computeMetadata/v1/", False),
        ("http://user@127.0.0.1/x", False),
        (URL, False),
    ],
)
def test_the_local_cloud_reads_results_from_loopback_alone(url: str, trusted: bool) -> None:
    assert trusted_result(url, shop_host=None, local=True) is trusted


def test_an_unknown_shop_host_trusts_no_empty_host() -> None:
    assert not trusted_result("https:///x", shop_host=None, local=False)
    assert not trusted_result("https://shop.example/x", shop_host=None, local=False)


@unhurried
@given(st.text() | st.text().map(lambda text: f"https://{text}.myshoptet.com/"))
def test_no_url_makes_the_check_of_its_host_raise(url: str) -> None:
    assert trusted_result(url, shop_host=None, local=False) in (True, False)


def results(script: Script, api_url: str = BASE, shop_url: str | None = "https://shop.example/") -> Results:
    return Results(script.session(), VirtualClock(), api_url=api_url, shop_url=shop_url)


def test_a_result_is_downloaded_without_any_login() -> None:
    script = Script(answer(200, b"[]"), answer(200, b"{}"))
    downloads = results(script)
    assert downloads.fetch(URL) == b"[]"
    assert downloads.fetch("https://shop.example/x.json") == b"{}"
    assert set(script.requests[0].headers) == {"Accept", "Accept-Encoding", "Connection"}


def test_an_address_that_is_not_trusted_is_never_asked() -> None:
    script = Script()
    assert results(script).fetch("https://evil.example/x") is None
    assert results(script, shop_url=None).fetch("https://shop.example/x") is None
    assert script.requests == []


@pytest.mark.parametrize("status", [201, 301, 302, 401, 403, 404, 410])
def test_a_result_that_is_gone_or_moved_is_none(status: int) -> None:
    script = Script(answer(status, b"[]", {"Location": URL}))
    assert results(script).fetch(URL) is None
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "step", [refused_connection, requests.ReadTimeout, lambda: answer(503, b""), lambda: answer(429, b"")]
)
def test_a_download_that_failed_for_the_moment_is_tried_twice(step: type[requests.ReadTimeout]) -> None:
    assert results(Script(step(), answer(200, b"[]"))).fetch(URL) == b"[]"
    assert results(Script(step(), step())).fetch(URL) is None


def test_a_result_that_is_too_large_is_none() -> None:
    huge = [answer(200, b"x" * (10 * 1024 * 1024 + 1)) for _ in range(2)]
    assert results(Script(*huge)).fetch(URL) is None


def test_the_local_cloud_serves_results_over_plain_http() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    with raw_server(lambda connection: connection.sendall(head)) as url:
        assert Results(requests.Session(), VirtualClock(), api_url=url).fetch(url + "/x") == b"[]"


ROW = {"name": "127.png", "sourceUrl": "https://s.example/a.png?sig=1", "priority": 7}
UNDERSTOOD = ResultRow(None, "127.png", "https://s.example/a.png?sig=1", 7, None)


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ([ROW], (UNDERSTOOD,)),
        ({"data": {"images": [ROW]}, "errors": None}, (UNDERSTOOD,)),
        ({"images": [ROW]}, (UNDERSTOOD,)),
        ({"results": [ROW]}, (UNDERSTOOD,)),
        ({"data": [ROW]}, (UNDERSTOOD,)),
        ({"data": None, "images": [ROW]}, (UNDERSTOOD,)),
        ([], ()),
        ([{"imageName": "1.png"}], (ResultRow(name="1.png"),)),
        (
            [{"filename": "1.png", "url": "https://s.example/1"}],
            (ResultRow(name="1.png", source_url="https://s.example/1"),),
        ),
        ([{"name": "https://s.example/1.png", "sourceUrl": "u"}], (ResultRow(source_url="u"),)),
        ([{"name": "1.png", "priority": True}], (ResultRow(name="1.png"),)),
        ([{"name": "1.png", "status": "success", "message": "Uploaded"}], (ResultRow(name="1.png"),)),
        ([{"name": "1.png", "status": 201, "message": "Created"}], (ResultRow(name="1.png"),)),
        ([{"name": "1.png", "message": "Uploaded"}], (ResultRow(name="1.png"),)),
        ([{"name": "1.png", "error": None, "errors": []}], (ResultRow(name="1.png"),)),
        ([{"sourceUrl": "u", "status": "failed"}], (ResultRow(source_url="u", error="status failed"),)),
        ([{"sourceUrl": "u", "status": 422, "message": "Too large"}], (ResultRow(source_url="u", error="Too large"),)),
        ([{"sourceUrl": "u", "message": "Too large"}], (ResultRow(source_url="u", error="Too large"),)),
        (
            [{"sourceUrl": "u", "errorCode": "bad", "message": "No image"}],
            (ResultRow(source_url="u", error="bad: No image"),),
        ),
        ([{"sourceUrl": "u", "error": "No\nimage"}], (ResultRow(source_url="u", error="No image"),)),
        (
            [{"sourceUrl": "u", "errors": [{"errorCode": "bad", "message": "No"}, "image", {}]}],
            (ResultRow(source_url="u", error="bad: No; image; unnamed"),),
        ),
        (
            [{"sourceUrl": "u", "error": "see https://s.example/?sig=1"}],
            (ResultRow(source_url="u", error="see https://s.example/?…"),),
        ),
        ([{"index": 0, "name": "a"}, {"index": 1, "name": "b"}], (ResultRow(0, "a"), ResultRow(1, "b"))),
        ([{"index": 2, "name": "b"}, {"index": 1, "name": "a"}], (ResultRow(1, "b"), ResultRow(0, "a"))),
        ([{"position": 1, "name": "a"}], (ResultRow(0, "a"),)),
        ([{"index": 1, "name": "b"}, {"index": 5, "name": "a"}], (ResultRow(None, "b"), ResultRow(None, "a"))),
        ([{"index": 0, "name": "b"}, {"name": "a"}], (ResultRow(None, "b"), ResultRow(None, "a"))),
        (
            {
                "data": {"images": [ROW]},
                "errors": [
                    {"errorCode": "bad", "message": "No image", "instance": "https://s.example/b.png"},
                    {"errorCode": "bad", "message": "Gone", "instance": "9.png"},
                    {"message": "Odd", "instance": "data/images"},
                    5,
                    {"errorCode": "bad", "message": "No", "instance": "images[3]"},
                    {
                        "errorCode": "bad",
                        "message": "Too large",
                        "instance": "",
                        "sourceUrl": "https://s.example/c.png",
                    },
                ],
            },
            (
                UNDERSTOOD,
                ResultRow(source_url="https://s.example/b.png", error="bad: No image", apart=True),
                ResultRow(name="9.png", error="bad: Gone", apart=True),
                ResultRow(error="Odd", apart=True),
                ResultRow(error="5", apart=True),
                ResultRow(3, error="bad: No", apart=True),
                ResultRow(source_url="https://s.example/c.png", error="bad: Too large", apart=True),
            ),
        ),
        (
            {"data": None, "errors": [{"errorCode": "bad", "message": "No", "instance": "9.png"}]},
            (ResultRow(name="9.png", error="bad: No", apart=True),),
        ),
        (
            {"data": {"images": [{"priority": 1}]}, "errors": [{"message": "No", "instance": "images[3]"}]},
            (ResultRow(3, error="No", apart=True),),
        ),
        (
            {"data": {"images": ["127.png"]}, "errors": [{"message": "No", "instance": "images[0]"}]},
            (ResultRow(0, error="No", apart=True),),
        ),
        ({"data": None, "errors": []}, None),
        ({}, None),
        ({"data": {"jobId": "a1"}}, None),
        ({"data": {"images": {"a": 1}}}, None),
        (["127.png"], None),
        ([ROW, 5], None),
        ([{"unknown": 1}], None),
        ([{}], None),
        ("text", None),
        (None, None),
        (5, None),
    ],
)
def test_a_result_is_read_where_it_can_be_understood(document: object, rows: tuple[ResultRow, ...] | None) -> None:
    assert parse_result(json.dumps(document).encode()) == rows


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse_result(b"\xef\xbb\xbf" + json.dumps([ROW]).encode()) == (UNDERSTOOD,)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'[{"name": "\xff"}]', b'[{"name": "a"}'])
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert parse_result(body) is None


KEYS = st.sampled_from(
    [
        "data",
        "images",
        "results",
        "name",
        "sourceUrl",
        "errors",
        "error",
        "status",
        "message",
        "index",
        "errorCode",
        "x",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@unhurried
@given(JSON.map(msgspec.json.encode) | st.binary())
def test_no_body_makes_reading_a_result_raise(body: bytes) -> None:
    rows = parse_result(body)
    assert rows is None or all(isinstance(row, ResultRow) for row in rows)

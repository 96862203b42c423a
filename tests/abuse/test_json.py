"""Bodies that no parser likes, from callers with a key or a signature: one refusal each, and never a stumble."""

import json

import pytest

from tests.abuse.site import API_KEYS, IMAGES, PUBLIC, TARGETS, Site, genuine, is_refused
from tests.abuse.wire import exchange, said

DEEP = 20_000
URL = "https://pim.example/1.png"


def inserted(**fields: object) -> bytes:
    return json.dumps({"images": [{"sourceUrl": URL, **fields}]}).encode()


BODIES = {
    "empty": b"",
    "NUL": b"\x00",
    "half": b'{"images": [',
    "two": b"{}{}",
    "a comment": b'{/**/"images": []}',
    "NaN": b'{"images": NaN}',
    "a number of 100 kB": b'{"images": ' + b"9" * 100_000 + b"}",
    "an exponent": b'{"images": 1e999999999}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a known field": b'{"images":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep in an unknown field": b'{"x":' + b"[" * 900 + b"]" * 900 + b', "images": []}',
    "deep data": b'{"type":"gallery.sync","timestamp":"x","data":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "invalid UTF-8": b'{"images": "\xff\xfe"}',
    "overlong UTF-8": b'{"images": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"images": "\xed\xa0\x80"}',
    "half a surrogate pair": b'{"\\ud800": 1}',
    "UTF-16": '{"images": []}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"images": []}',
    "a field twice": b'{"images": [], "images": [{}]}',
    "__proto__": b'{"__proto__": {"images": []}}',
    "a field's name of 100 kB": b'{"' + b"x" * 100_000 + b'": 1}',
    "a hundred thousand rows": b'{"images": [' + b",".join([b"{}"] * 100_000) + b"]}",
    "rows of numbers": b'{"images": [' + b",".join([b"1"] * 200_000) + b"]}",
    "a field in backticks": b'{"`": 1, "$.images[`": 2}',
    "line breaks in a field": b'{"a\\nb\\u2028c": 1}',
    "a key of control characters": inserted(key="a\x00b"),
    "a key that is a file's": inserted(key="drop:A/shop/1.png"),
    "an empty key": inserted(key=""),
    "a key too long": inserted(key="k" * 501),
    "priority true": inserted(priority=True),
    "priority 1e300": b'{"images":[{"sourceUrl":"https://pim.example/1.png","priority":1e300}]}',
    "priority of 400 digits": b'{"images":[{"sourceUrl":"https://pim.example/1.png","priority":' + b"9" * 400 + b"}]}",
    "priority half": inserted(priority=1.5),
    "priority negative": inserted(priority=-1),
    "a description of control characters": inserted(description="a\x1bb"),
    "a description too long": inserted(description="d" * 1_001),
}

ADDRESSES = [
    "",
    "file:///etc/passwd",
    "gopher://pim.example/1.png",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "//pim.example/1.png",
    "https:pim.example/1.png",
    "https://user:secret@pim.example/1.png",
    "https://pim.example@evil.example/1.png",
    "https://pim.example\\@evil.example/1.png",
    "https://[::1]/1.png",
    "https://pim.example:0/1.png",
    "https://pim.example:999999/1.png",
    "https://pim.example/a b.png",
    "https://pim.example/\r\nX: y",
    "https://pim.example/\u202e.png",
    "https://pím.example/1.png",
    "https://pim.example/1.png#fragment",
    "https://" + "a" * 2_000,
    "HTTPS://pim.example/1.png",
    " https://pim.example/1.png",
]


@pytest.mark.parametrize("name", ["job_finished", "webhooks", "galleries"])
def test_a_body_that_is_no_request_is_refused_whoever_sends_it(unchanged: Site, name: str) -> None:
    for what, body in BODIES.items():
        answer = exchange(unchanged.url(name), said("POST", TARGETS[name], genuine(name, body), body))
        assert answer.status is not None, what
        assert 400 <= answer.status < 500, (what, answer)
        is_refused(answer)
        assert len(answer.body) < 20_000, what
        json.loads(answer.body)


def test_many_cleanups_in_a_body_that_is_no_request_are_refused(unchanged: Site) -> None:
    headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {API_KEYS['all']}")]
    for what, body in BODIES.items():
        answer = exchange(unchanged.url("clean_gallery"), said("POST", "/v1/cleanups", headers, body))
        assert answer.status is not None, what
        is_refused(answer)
        json.loads(answer.body)


def test_an_address_that_is_not_plainly_one_is_refused(unchanged: Site) -> None:
    for address in ADDRESSES:
        body = json.dumps({"images": [{"sourceUrl": address, "key": "k"}]}).encode()
        answer = exchange(unchanged.url("galleries"), said("POST", IMAGES, genuine("galleries"), body))
        assert answer.status == 400, (address, answer)
        is_refused(answer)
        assert "secret" not in answer.text


@pytest.mark.parametrize("name", PUBLIC)
def test_a_stranger_is_refused_before_a_body_is_parsed(unchanged: Site, name: str) -> None:
    """The same answer for every body: nothing tells that one was read."""
    answers = set()
    for body in BODIES.values():
        method, target = ("POST", TARGETS[name]) if name != "clean_gallery" else ("POST", "/v1/cleanups")
        # Under one id, which the answers repeat.
        headers = [("Content-Type", "application/json"), ("X-Request-Id", "request-1")]
        answer = exchange(unchanged.url(name), said(method, target, headers, body))
        if len(body) <= 64 * 1024 or name != "job_finished":
            answers.add((answer.status, answer.body))
        else:
            assert answer.status in (401, 413)
    ((status, _),) = answers
    assert status == 401

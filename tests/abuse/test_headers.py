"""Headers that mean two things, or none: no call gets in by them, and none of them fells a function."""

import pytest

from tests.abuse.site import API_KEYS, BODIES, IMAGES, METHODS, PUBLIC, SECRET, TARGETS, Site, genuine, is_refused
from tests.abuse.wire import Headers, chunk, exchange, head, lines, said

KEY = f"Bearer {API_KEYS['all']}"
SIGNATURE = "0" * 40


CLAIMS: list[Headers] = [
    [("X-HTTP-Method-Override", "GET"), ("X-HTTP-Method", "GET"), ("X-Method-Override", "GET")],
    [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "localhost")],
    [("X-Forwarded-For", "185.184.254.1"), ("Forwarded", "for=185.184.254.1;proto=https")],
    [("X-Original-URL", "/openapi.yaml"), ("X-Rewrite-URL", "/openapi.yaml"), ("X-Forwarded-Prefix", "/x")],
    [("SCRIPT_NAME", "/v1"), ("PATH_INFO", "/openapi.yaml"), ("REMOTE_USER", "admin")],
    [("Script-Name", "/v1"), ("Path-Info", "/openapi.yaml"), ("Remote-User", "admin")],
    [("X-Serverless-Authorization", "Bearer x"), ("X-Goog-Authenticated-User-Email", "admin@example.com")],
    [("X-CloudTasks-QueueName", "sync"), ("X-CloudScheduler", "true"), ("X-Appengine-Cron", "true")],
    [("ce-id", "1"), ("ce-source", "x"), ("ce-type", "google.cloud.storage.object.v1.finalized")],
    [("Proxy", "http://127.0.0.1:1"), ("Proxy-Authorization", KEY), ("Cookie", f"Authorization={KEY}")],
    [("Expect", "100-continue")],
    [("Connection", "Authorization"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")],
    [("Range", "bytes=0-"), ("If-None-Match", "*"), ("Accept-Encoding", "x" * 4000)],
    [("Content-Encoding", "gzip"), ("Content-Disposition", "form-data"), ("Accept", "*/*, " * 500)],
]

KEYS: list[list[str]] = [
    [KEY, "Bearer wrong"],
    ["Bearer wrong", KEY],
    [KEY, KEY],
    ["", KEY],
    [f"Basic {API_KEYS['all']}"],
    [f"Bearer{API_KEYS['all']}"],
    [f"Bearer {API_KEYS['all']}, Bearer {API_KEYS['all']}"],
    [f"{KEY}\xa0x"],
    [f"Bearer \xe2\x80\x8b{API_KEYS['all']}"],
    [API_KEYS["all"]],
]


def wrong(name: str) -> Headers:
    """The headers of a call that looks genuine, and is not."""
    if name == "job_finished":
        return [("Shoptet-Webhook-Signature", SIGNATURE)]
    if name == "webhooks":
        signed = dict(genuine(name, b"another body"))
        return list(signed.items())
    return [("Content-Type", "application/json"), ("Authorization", "Bearer wrong")]


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_header_claims_lets_nobody_in(unchanged: Site, name: str) -> None:
    for claim in CLAIMS:
        sent = said(METHODS[name], TARGETS[name], [*wrong(name), *claim], BODIES[name])
        answer = exchange(unchanged.url(name), sent)
        assert answer.status == 401, (claim, answer)
        is_refused(answer)


@pytest.mark.parametrize("name", ["galleries", "clean_gallery"])
def test_two_keys_or_half_a_key_are_no_key(unchanged: Site, name: str) -> None:
    for keys in KEYS:
        answer = exchange(unchanged.url(name), said(METHODS[name], IMAGES, [("Authorization", key) for key in keys]))
        assert answer.status == 401, (keys, answer)
        is_refused(answer)


@pytest.mark.parametrize("name", PUBLIC)
def test_an_underscore_is_no_dash_in_what_lets_a_caller_in(unchanged: Site, name: str) -> None:
    headers = [(header.replace("-", "_"), value) for header, value in genuine(name) if header != "Content-Type"]
    headers = [(("AUTHORIZATION_" if header == "Authorization" else header), value) for header, value in headers]
    is_refused(exchange(unchanged.url(name), said(METHODS[name], TARGETS[name], headers, BODIES[name])), (401,))


@pytest.mark.parametrize("name", ["job_finished", "webhooks"])
def test_a_signature_that_is_given_twice_counts_only_if_it_is_one(unchanged: Site, name: str) -> None:
    good = genuine(name)
    for headers in ([*good, *wrong(name)], [*wrong(name), *good]):
        sent = said("POST", TARGETS[name], headers, BODIES[name])
        is_refused(exchange(unchanged.url(name), sent), (400, 401))


BROKEN = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "two equal lengths": b"Content-Length: 5\r\nContent-Length: 5\r\n",
    "a list of lengths": b"Content-Length: 5, 5\r\n",
    "a signed length": b"Content-Length: +5\r\n",
    "a negative length": b"Content-Length: -5\r\n",
    "a length in hexadecimal": b"Content-Length: 0x5\r\n",
    "a length of many digits": b"Content-Length: " + b"9" * 5000 + b"\r\n",
    "a length of other digits": "Content-Length: ²\r\n".encode("latin-1"),
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "chunks twice": b"Transfer-Encoding: chunked, chunked\r\n",
    "chunks before gzip": b"Transfer-Encoding: chunked, gzip\r\n",
    "gzip alone": b"Transfer-Encoding: gzip\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n",
    "a folded header": b"Authorization: Bearer\r\n wrong\r\n",
    "NUL in a value": b"X-A: a\x00b\r\n",
    "CR in a value": b"X-A: a\rb\r\n",
    "LF in a value": b"X-A: a\nAuthorization: Bearer x\r\n",
    "DEL in a value": b"X-A: \x7f\r\n",
    "NUL in a name": b"X\x00A: b\r\n",
    "no name": b": b\r\n",
    "no colon": b"Authorization\r\n",
    "a name that is no ASCII": b"\xc3\x9f: b\r\n",
    "a header of 100 kB": b"X-A: " + b"a" * 100_000 + b"\r\n",
    "ten thousand headers": b"X-A: b\r\n" * 10_000,
    "an unknown expectation": b"Expect: miracle\r\n",
    "two hosts": b"Host: a\r\nHost: b\r\n",
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_message_that_has_two_meanings_has_none(unchanged: Site, name: str) -> None:
    top = f"{METHODS[name]} {TARGETS[name]} HTTP/1.1\r\nHost: functions.test\r\n".encode()
    for what, broken in BROKEN.items():
        # The genuine headers too: whoever has a key gets no further with a broken message.
        rest = lines([(header, value) for header, value in genuine(name) if header != "Content-Type"])
        answer = exchange(unchanged.url(name), [top + broken + rest + b"Connection: close\r\n\r\n", b"hello"], end=True)
        assert answer.status is None or 400 <= answer.status < 500, (what, answer)
        if answer.status is not None:
            is_refused(answer)


@pytest.mark.parametrize("name", PUBLIC)
def test_an_unknown_coding_is_the_one_thing_that_the_server_answers_with_501(unchanged: Site, name: str) -> None:
    """RFC 9112, 6.1. No function is called; the platform's own front end takes no such message at all."""
    sent = head(METHODS[name], TARGETS[name], [*genuine(name), ("Transfer-Encoding", "cow")])
    is_refused(exchange(unchanged.url(name), sent), (501,))


CHUNKS = {
    "no number": b"zz\r\nhello\r\n0\r\n\r\n",
    "a negative one": b"-5\r\nhello\r\n0\r\n\r\n",
    "a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "an underscore": b"1_0\r\nhello\r\n0\r\n\r\n",
    "longer than said": b"3\r\nhello\r\n0\r\n\r\n",
    "huge": b"f" * 5000 + b"\r\n",
    "huge and short": b"fffffffffffffff\r\nhello",
    "an endless extension": b"5;" + b"a" * 100_000,
    "a bare line feed": b"5\nhello\n0\n\n",
    "cut": b"5\r\nhel",
    "not ended": b"5\r\nhello\r\n",
    "a trailer that is no header": b"5\r\nhello\r\n0\r\nnonsense\r\n\r\n",
    "a key in a trailer": b"0\r\nAuthorization: " + KEY.encode() + b"\r\n\r\n",
    "endless trailers": b"0\r\n" + b"X-A: b\r\n" * 50_000,
}


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("let_in", [False, True], ids=["stranger", "with a key"])
def test_broken_chunks_are_refused_without_a_stumble(unchanged: Site, name: str, let_in: bool) -> None:
    headers = [*(genuine(name) if let_in else wrong(name)), ("Transfer-Encoding", "chunked")]
    for what, broken in CHUNKS.items():
        answer = exchange(unchanged.url(name), [head(METHODS[name], TARGETS[name], headers), broken], end=True)
        assert answer.status is None or 400 <= answer.status < 500, (what, answer)
        if answer.status is not None:
            is_refused(answer)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_second_request_in_the_body_of_the_first_is_not_answered(unchanged: Site, name: str) -> None:
    """What a front end that counts otherwise would let through: the hidden one is the body's end, or never read."""
    hidden = said(METHODS[name], TARGETS[name], genuine(name), BODIES[name])
    for headers in ([("Content-Length", "4"), ("Transfer-Encoding", "chunked")], [("Content-Length", "0, 4")]):
        sent = head(METHODS[name], TARGETS[name], headers) + chunk(b"") + hidden
        answer = exchange(unchanged.url(name), sent, end=True)
        assert answer.status is None or 400 <= answer.status < 500
        assert answer.text.count("HTTP/1.1") == 0
    assert SECRET not in answer.text

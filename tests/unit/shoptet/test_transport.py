"""One exchange over real sockets: what is told apart when no whole answer comes."""

import socket
import ssl
import time
from collections.abc import Callable

import pytest
import requests
import urllib3

from gallery_sync.clock import SystemClock
from gallery_sync.shoptet.transport import Broken, NotSent, RawAnswer, Timeouts, exchange
from tests.unit.shoptet.fakes import NOW, Script, VirtualClock, answer, raw_server, refused_connection, reset

SHORT = Timeouts(connect=0.5, read=0.3, total=0.6)
HEAD = b"HTTP/1.1 200 OK\r\nX-Request-ID: r1\r\n"


def get(url: str, session: requests.Session | None = None) -> RawAnswer:
    return exchange(session or requests.Session(), SystemClock(), SHORT, "GET", url + "/x?secret=1", {})


def test_a_whole_answer_comes_back_as_it_is() -> None:
    with raw_server(lambda talk: talk.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")) as url:
        came = get(url)
    assert (came.status, came.headers["x-request-id"], came.body) == (200, "r1", b"{}")
    assert "{}" not in repr(came)


def test_a_refused_connection_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent, match="the connection was refused"):
        get(f"http://127.0.0.1:{port}")


def stall(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n{")
    time.sleep(0.6)


def unresolved() -> requests.ConnectionError:
    pool = urllib3.connection.HTTPConnection("api.example")
    return requests.ConnectionError(
        urllib3.exceptions.NameResolutionError("api.example", pool, socket.gaierror("secret=1"))
    )


def drip(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("talk", "why", "headers_seen"),
    [
        (reset, "the connection broke", False),
        (lambda connection: connection.close(), "the connection broke", False),
        (lambda connection: time.sleep(0.6), "no answer within 0.3 s", False),
        (lambda connection: connection.sendall(b"nonsense\r\n\r\n"), "the connection broke", False),
        (lambda c: c.sendall(HEAD + b"Content-Length: 100\r\n\r\n{"), "the answer was cut off", True),
        (lambda c: c.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"), "the connection broke", True),
        (stall, "no answer within 0.3 s", True),
        (lambda c: c.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\nplain"), "the connection broke", True),
        (drip, "did not end in time", True),
    ],
    ids=["reset", "closed", "silent", "nonsense", "truncated", "chunk cut", "stalled", "not gzip", "dripping"],
)
def test_whatever_breaks_after_sending_is_broken(
    talk: Callable[[socket.socket], None], why: str, headers_seen: bool
) -> None:
    started = time.monotonic()
    with raw_server(talk) as url, pytest.raises(Broken, match=why) as broken:
        get(url)
    assert (broken.value.headers.get("X-Request-ID") == "r1") is headers_seen
    assert "secret" not in str(broken.value)
    assert broken.value.__suppress_context__ or broken.value.__context__ is None
    assert time.monotonic() - started < 8


def test_an_answer_of_any_size_is_read_up_to_the_bound() -> None:
    script = Script(answer(200, b"x" * (10 * 1024 * 1024)), answer(200, b"x" * (10 * 1024 * 1024 + 1)))
    assert len(get("https://api.example", script.session()).body) == 10 * 1024 * 1024
    with pytest.raises(Broken, match="larger than 10 MB"):
        get("https://api.example", script.session())


@pytest.mark.parametrize(
    ("raised", "expected", "why"),
    [
        (refused_connection(), NotSent, "refused"),
        (unresolved(), NotSent, "could not be resolved"),
        (requests.ConnectTimeout("secret=1"), NotSent, "no connection within 0.5 s"),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("secret=1")), NotSent, "certificate"),
        (requests.exceptions.SSLError(ssl.SSLError("secret=1")), Broken, "the connection broke"),
        (requests.ReadTimeout("secret=1"), Broken, "no answer within"),
        (requests.ConnectionError("secret=1"), Broken, "the connection broke"),
        (urllib3.exceptions.LocationParseError("secret=1"), Broken, "the connection broke"),
        (ConnectionResetError("secret=1"), Broken, "the connection broke"),
    ],
)
def test_only_what_certainly_was_not_sent_counts_as_not_sent(
    raised: Exception, expected: type[Exception], why: str
) -> None:
    with pytest.raises(expected, match=why) as caught:
        get("https://api.example", Script(raised).session())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "ftp://api.example", "https://"])
def test_what_cannot_be_requested_is_not_sent(url: str) -> None:
    with pytest.raises(NotSent, match="could not be made"):
        get(url)


def test_a_token_that_cannot_stand_in_a_header_stays_out_of_the_error() -> None:
    with pytest.raises(NotSent) as caught:
        exchange(requests.Session(), VirtualClock(), SHORT, "GET", "https://api.example", {"T": "s3cret\r\nX: y"})
    assert "s3cret" not in str(caught.value)


def test_an_exchange_follows_no_redirect_uses_no_proxy_and_sends_only_what_it_is_given() -> None:
    script = Script(answer(302, b"", {"Location": "https://evil.example/", "Set-Cookie": "a=b"}), answer(200, b"{}"))
    session = script.session()
    session.auth, session.headers["X-Session"] = ("user", "password"), "1"
    clock = VirtualClock(NOW)
    for _ in range(2):
        exchange(session, clock, Timeouts(), "GET", "https://api.example/", {"Accept": "a/b"})
    assert script.lines == ["GET /", "GET /"]
    for request, options in zip(script.requests, script.options, strict=True):
        assert dict(request.headers) == {"Accept": "a/b", "Accept-Encoding": "identity", "Connection": "close"}
        assert options == {"stream": True, "timeout": (5.0, 30.0), "verify": True, "proxies": {}}

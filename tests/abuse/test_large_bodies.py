"""Bodies of 32 MB, however their length is told: refused, never held in memory."""

import itertools
from collections.abc import Iterator

import pytest

from tests.abuse.memory import Peak
from tests.abuse.site import METHODS, PUBLIC, TARGETS, Site, genuine, is_refused
from tests.abuse.test_headers import wrong
from tests.abuse.wire import Headers, answered, chunk, dial, exchange, head

SIZE = 32_000_000
"""What the platform itself takes at most: 32 MB."""
PIECE = b"x" * 250_000
MOST_GROWN = 16.0
"""Megabytes. What may be held of a body is 1 MB (64 kB for job_finished) as pieces and once more joined, for each of the
calls under way, here one; the server's own reads are 1 MB at most. The rest is room for what the interpreter and its
allocator keep. A body that is held costs 32."""


def pieces(size: int = SIZE) -> Iterator[bytes]:
    for _ in range(size // len(PIECE)):
        yield PIECE


def chunks(size: int = SIZE) -> Iterator[bytes]:
    yield from map(chunk, pieces(size))
    yield chunk(b"")


def spread(name: str, headers: Headers, body: Iterator[bytes]) -> Iterator[bytes]:
    yield head(METHODS[name], TARGETS[name], headers)
    yield from body


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("let_in", [False, True], ids=["stranger", "with a key"])
@pytest.mark.parametrize("told", ["length", "chunks"])
def test_a_body_of_32_mb_is_refused_and_never_held(unchanged: Site, name: str, let_in: bool, told: str) -> None:
    length = ("Content-Length", str(SIZE)) if told == "length" else ("Transfer-Encoding", "chunked")
    headers = [*(genuine(name) if let_in else wrong(name)), length]
    peak = Peak(unchanged.functions[name])
    with dial(unchanged.url(name)) as connection:
        # As an ordinary client: it sends all of it before it reads, and nothing breaks meanwhile.
        for piece in spread(name, headers, pieces() if told == "length" else chunks()):
            connection.sendall(piece)
        answer = answered(connection)
    is_refused(answer)
    assert answer.status in ((400, 413) if let_in else (401, 413))
    assert peak.grown < MOST_GROWN, peak.grown


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize(
    ("said", "sent"),
    [(5, SIZE), (SIZE, 5), (10**18, 1_000_000), (200_000_000, 100_000_000)],
    ids=["more than said", "less than said", "an exabyte", "more than is read"],
)
def test_a_length_that_lies_is_refused_and_nothing_waits_for_the_rest(
    unchanged: Site, name: str, said: int, sent: int
) -> None:
    headers = [*wrong(name), ("Content-Length", str(said))]
    peak = Peak(unchanged.functions[name])
    body = pieces(sent) if sent > 5 else iter([b"hello"])
    answer = exchange(unchanged.url(name), spread(name, headers, body), end=True)
    # Whoever sends on after the answer may find the connection closed before it could be read.
    assert answer.status is None or answer.status in (400, 401, 413), answer
    if answer.status is not None:
        is_refused(answer)
    assert peak.grown < MOST_GROWN, peak.grown


@pytest.mark.parametrize("name", PUBLIC)
def test_no_path_makes_the_framework_hold_what_no_function_reads(unchanged: Site, name: str) -> None:
    """Some paths are answered without any function, and the description of the routes to everybody."""
    for target in ("/robots.txt", "/favicon.ico", "/openapi.yaml", "/nowhere", "http://evil.example"):
        peak = Peak(unchanged.functions[name])
        sent = head("POST", target, [*wrong(name), ("Transfer-Encoding", "chunked")])
        answer = exchange(unchanged.url(name), itertools.chain([sent], chunks()))
        assert answer.status in (308, 401, 404, 405, 413), (target, answer)
        assert peak.grown < MOST_GROWN, (target, peak.grown)
        broken = exchange(unchanged.url(name), sent + b"zz\r\nhello\r\n", end=True)
        assert broken.status in (308, 400, 401, 404, 405), (target, broken)

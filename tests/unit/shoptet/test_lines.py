"""A result that is read line by line: whole, or refused, and never held."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.ports.shop_errors import NoResult
from gallery_sync.shoptet import lines as module
from gallery_sync.shoptet.lines import Lines
from gallery_sync.shoptet.transport import Timeouts
from tests.unit.shoptet.fakes import BASE, Script, VirtualClock, answer, raw_server, refused_connection

URL = "https://12345.myshoptet.com/api-results/3ax1844-sfva5eu.jsonl"
ROWS = [b'{"guid": "1"}', '{"guid": "č"}'.encode(), b"{}"]


def lines(*steps: requests.Response | BaseException) -> list[bytes]:
    return list(Lines(Script(*steps).session(), VirtualClock(), api_url=BASE).read(URL))


def test_the_lines_of_a_packed_file() -> None:
    assert lines(answer(200, gzip.compress(b"\n".join(ROWS)))) == ROWS


@pytest.mark.parametrize(
    "body",
    [
        b"\n".join(ROWS) + b"\n",
        b"\r\n".join(ROWS),
        b"\n\n".join(ROWS),
        gzip.compress(ROWS[0] + b"\n" + ROWS[1][:5]) + gzip.compress(ROWS[1][5:] + b"\n" + ROWS[2]),
    ],
    ids=["plain", "Windows", "empty lines", "two files in one"],
)
def test_a_file_that_is_not_packed_or_in_pieces_or_with_other_ends_is_read_as_well(body: bytes) -> None:
    assert lines(answer(200, body)) == ROWS


@given(st.lists(st.binary(max_size=50).map(lambda line: line.replace(b"\n", b"").strip()), min_size=1), st.data())
def test_pieces_of_any_size_give_the_same_lines(rows: list[bytes], data: st.DataObject) -> None:
    packed = gzip.compress(b"\n".join(rows))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(packed)), max_size=10)))
    pieces = [packed[start:end] for start, end in zip([0, *cuts], [*cuts, len(packed)], strict=True) if start < end]
    found = list(module._split(module._unpacked(iter(pieces))))
    assert found == [row for row in rows if row]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (answer(200, gzip.compress(b"\n".join(ROWS))[:-1]), "cut off"),
        (answer(200, gzip.compress(b"\n".join(ROWS))[:-9]), "cut off"),
        (answer(200, gzip.compress(b"\n".join(ROWS))[:12]), "cut off"),
        (answer(200, b"\x1f\x8b" + b"nonsense" * 9), "not packed as it should be"),
        (answer(200, gzip.compress(b"\n".join(ROWS)) + b"more"), "not packed as it should be"),
        (answer(200, b""), "is empty"),
        (answer(404, b"gone"), "the answer was 404"),
        (answer(410, b"gone"), "the answer was 410"),
        (answer(302, b"", {"Location": "https://evil.example/"}), "the answer was 302"),
        (answer(500, b"oops"), "the answer was 500"),
        (refused_connection(), "refused"),
    ],
)
def test_what_is_not_whole_is_refused_and_says_why(step: requests.Response | BaseException, why: str) -> None:
    with pytest.raises(NoResult, match=why):
        lines(step)


@pytest.mark.parametrize("url", ["", "http://12345.myshoptet.com/x", "https://evil.example/x", "https://127.0.0.1/x"])
def test_nothing_is_read_from_where_no_result_lies(url: str) -> None:
    script = Script()
    with pytest.raises(NoResult, match="on no host of Shoptet's"):
        list(Lines(script.session(), VirtualClock(), api_url=BASE).read(url))
    assert script.lines == []


def test_a_connection_that_breaks_in_the_middle_is_no_end_of_the_file() -> None:
    def talk(connection: object) -> None:
        connection.recv(9999)  # type: ignore[attr-defined]
        body = b"\n".join(ROWS)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + body)  # type: ignore[attr-defined]

    with raw_server(talk) as url, pytest.raises(NoResult, match=r"cut off|broke"):
        list(Lines(requests.Session(), VirtualClock(), api_url=url).read(url))


def test_a_result_that_does_not_end_in_time_is_given_up() -> None:
    script = Script(answer(200, gzip.compress(b"\n".join(ROWS))))
    reader = Lines(script.session(), VirtualClock(), api_url=BASE, timeouts=Timeouts(1, 1, total=-1))
    with pytest.raises(NoResult, match="did not end in time"):
        list(reader.read(URL))


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    packed = gzip.compress(b"x" * (module.MOST_OF_A_LINE * 8))
    tracemalloc.start()
    try:
        with pytest.raises(NoResult, match="one of its lines has more than 16 MB"):
            lines(answer(200, packed))
        assert tracemalloc.get_traced_memory()[1] < 4 * module.MOST_OF_A_LINE
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    def pieces() -> Iterator[bytes]:
        row = b'{"guid": "%d", "description": "' + b"x" * 4000 + b'"}\n'
        packer = zlib.compressobj(wbits=31)
        for number in range(20_000):
            yield packer.compress(row % number)
        yield packer.flush()

    tracemalloc.start()
    try:
        count = sum(1 for _ in module._split(module._unpacked(piece for piece in pieces() if piece)))
        assert count == 20_000
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()

"""What Shoptet answers: understood within its bounds, or an error of the client's own; and never a hang."""

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.cloud.signing import _signature
from gallery_sync.core.shop_times import epoch, query_time
from gallery_sync.core.shop_values import ResultRow
from gallery_sync.ports.shop_errors import AnswerLost, ShoptetError, TryLater, Unavailable
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.redact import MAX_CHARACTERS, one_line
from gallery_sync.shoptet import addresses, limits
from gallery_sync.shoptet.classify import Call, Reply, classify
from gallery_sync.shoptet.client import _Detail, _Images, _Jobs, _Product, _Webhooks
from gallery_sync.shoptet.pages import MOST_PAGES, MOST_READINGS, Incomplete, Page, read_all
from gallery_sync.shoptet.result_format import parse_result
from gallery_sync.shoptet.transport import RawAnswer
from tests.unit.fuzz.support import ANY_TEXT, JSON, TEXT, fuzzed, like, written

NOW = 1_719_835_200.0
SECONDS = 2.0
"""For what takes milliseconds; the worst that was met took minutes."""

error_rows = st.lists(like(errorCode=TEXT, message=TEXT, instance=TEXT) | JSON, max_size=3)
jobs = like(jobId=TEXT, endpoint=TEXT, status=TEXT, creationTime=TEXT, resultUrl=TEXT, log=TEXT)
images = st.lists(like(name=TEXT, priority=st.integers(), description=TEXT), max_size=2)
paginator = like(totalCount=st.integers(), pageCount=st.integers(), page=st.integers())
envelopes = like(
    data=like(images=images, job=jobs, jobs=st.lists(jobs, max_size=2), guid=TEXT, paginator=paginator),
    errors=error_rows,
    metadata=like(requestId=TEXT),
)
header_values = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("Retry-After", "Date", "X-Request-ID", limits.FILLING_HEADER), TEXT)
)
statuses = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 403, 404, 408, 409, 413, 422, 423, 429, 500, 502, 503])


@pytest.mark.parametrize("of", [_Images, _Detail, _Jobs, _Product, _Webhooks], ids=lambda of: of.__name__)
@fuzzed
@given(status=statuses, headers=header_values, body=written(envelopes), write=st.booleans())
def test_an_answer_is_understood_or_an_error_of_ours(
    of: type[Any], status: int, headers: dict[str, str], body: bytes, write: bool
) -> None:
    call = Call("POST /x" if write else "GET /x", write, ("s3cret",))
    outcome = classify(RawAnswer(status, headers, body), call, of, now=NOW)
    if isinstance(outcome, Reply):
        assert isinstance(outcome.data, of)
        assert 200 <= status < 300
        return
    assert isinstance(outcome, ShoptetError)
    assert len(str(outcome).splitlines()) == 1
    if isinstance(outcome, TryLater):
        assert NOW <= outcome.at <= NOW + limits.LONGEST_WAIT
    # A write is never said to be undone where it may have been done, nor a read to be lost.
    assert not (write and isinstance(outcome, Unavailable))
    assert not (not write and isinstance(outcome, AnswerLost))


results = like(
    data=st.lists(like(name=TEXT, sourceUrl=TEXT, index=st.integers(), status=TEXT, error=JSON), max_size=3),
    images=JSON,
    errors=error_rows,
)


@fuzzed
@given(written(results | JSON))
def test_a_result_is_rows_or_not_understood(body: bytes) -> None:
    rows = parse_result(body)
    for row in rows or ():
        assert isinstance(row, ResultRow)
        assert row.name is None or "/" not in row.name
        assert row.error is None or len(row.error) <= MAX_CHARACTERS
        assert row.index is None or row.index >= 0


@pytest.mark.parametrize("inner", [(b"[", b"]"), (b'{"message":', b"}")], ids=["lists", "objects"])
def test_however_deep_an_answer_is_it_never_raises(inner: tuple[bytes, bytes]) -> None:
    # Around a thousand, what decodes may be a level too deep for what writes or reads it.
    for depth in (100, 300, 400, 500, 700, *range(880, 1_000), 100_000):
        deep = inner[0] * depth + b"1" + inner[1] * depth
        for body in (b'{"errors":[' + deep + b"]}", b'{"data":[{"name":"a.png","error":' + deep + b"}]}", deep):
            parse_result(body)
            classify(RawAnswer(400, {}, body), Call("GET /x", False), object, now=NOW)


@fuzzed
@given(TEXT | st.integers(0, 10**12).map(str) | st.just("Mon, 01 Jul 2024 12:01:11 GMT"), TEXT)
def test_a_wait_is_within_an_hour_or_not_understood(text: str, date: str) -> None:
    at = limits.retry_after({"Retry-After": text, "Date": date}, NOW)
    assert at is None or NOW <= at <= NOW + limits.LONGEST_WAIT


@fuzzed
@given(TEXT | st.builds("{}/{}".format, st.integers(-5, 10**12), st.integers(-5, 10**12)), st.floats(-10, 1e6))
def test_a_filling_slows_for_seconds_at_most_or_is_not_understood(text: str, age: float) -> None:
    assert 0 <= limits.slow_down(limits.filling(text), age) <= limits.LONGEST_SLOWING


@fuzzed
@given(TEXT | st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}+0200"))
def test_a_time_is_a_moment_or_none(text: str) -> None:
    moment = epoch(text)
    assert moment is None or math.isfinite(moment)
    if moment is not None and 0 <= moment < 4e9:
        assert epoch(query_time(moment)) == int(moment)


@fuzzed
@given(ANY_TEXT | TEXT, st.lists(TEXT, max_size=2))
def test_every_text_becomes_one_bounded_line_without_its_secrets(text: str, secrets: list[str]) -> None:
    line = one_line(text, secrets)
    assert len(line) <= MAX_CHARACTERS
    assert len(line.splitlines()) <= 1
    line.encode()
    assert not any(len(secret) > 3 and secret in line for secret in secrets if "…" not in secret)


@pytest.mark.parametrize("text", ["?" * 200_000, "?a" * 100_000, "?=" * 100_000, "x-goog-" * 30_000, "key=" * 50_000])
def test_no_text_takes_long_to_become_a_line(text: str) -> None:
    started = time.process_time()
    one_line(text)
    assert time.process_time() - started < SECONDS


pages = st.lists(
    st.builds(Page, st.lists(st.integers(0, 30), max_size=4), st.integers(-1, 40), st.integers(-1, 60)),
    min_size=1,
    max_size=5,
)


@fuzzed
@given(pages)
def test_a_list_in_pages_ends_whatever_its_counts_say(answers: list[Page[int]]) -> None:
    asked: list[int] = []

    def page(number: int) -> Page[int]:
        asked.append(number)
        return answers[(len(asked) - 1) % len(answers)]

    try:
        rows = read_all(page, lambda row: row)
    except Incomplete:
        rows = ()
    assert len(asked) <= MOST_READINGS * MOST_PAGES
    assert len(set(rows)) == len(rows)


hosts = st.sampled_from(
    ["shop.example", "1.myshoptet.com", "myshoptet.com.evil.example", "127.0.0.1", "[::1]", "[", "x:y"]
)


@fuzzed
@given(TEXT | st.builds("{}://{}/{}".format, st.sampled_from(["https", "http", "ftp", "HTTPS"]), hosts | TEXT, TEXT))
def test_an_address_is_trusted_only_where_it_leads_to_shoptet(url: str) -> None:
    if addresses.trusted_result(url, shop_host="shop.example", local=False):
        host = url.split("/")[2].rpartition(":")[0] or url.split("/")[2]
        assert url.lower().startswith("https://")
        assert host.lower() == "shop.example" or host.lower().endswith(addresses.SHOPTET_DOMAINS)
    addresses.is_loopback(url)
    try:
        base = addresses.secure_base(url, "the URL")
    except ValueError as error:
        assert str(error) == "the URL must be an https address without login, query and fragment"
    else:
        assert not base.endswith("/")


@fuzzed
@given(written(like(signedBlob=st.just("AAAA") | TEXT)))
def test_a_signature_of_iam_is_bytes_or_storage_that_is_not_available(answer: bytes) -> None:
    try:
        assert isinstance(_signature(answer), bytes)
    except StorageUnavailable as error:
        assert str(error)

"""Answer by answer: what it means for a GET and for a write."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.shop_values import RowError
from gallery_sync.ports.shop_errors import (
    AnswerLost,
    Conflict,
    Crowded,
    DetailsExhausted,
    Locked,
    NotAllowed,
    NotFound,
    Refused,
    ShoptetError,
    TooMany,
    TryLater,
    Unavailable,
)
from gallery_sync.shoptet.classify import Call, Reply, classify, classify_failure
from gallery_sync.shoptet.transport import Broken, NotSent, RawAnswer
from tests.unit.shoptet.fakes import NOW, REQUEST_ID, error, unhurried

GET = Call("GET /api/thing", write=False, secrets=("s3cret",))
POST = Call("POST /api/thing", write=True, secrets=("s3cret",))
HTML = b"<html><body>Maintenance</body></html>"
RETRY_AFTER = {"Retry-After": "Mon, 01 Jul 2024 12:01:11 GMT"}


class Accepted(msgspec.Struct, rename="camel"):
    job_id: str


def envelope(data: object = None, *errors: object) -> bytes:
    return json.dumps({"data": data, "errors": list(errors) or None, "metadata": {"requestId": REQUEST_ID}}).encode()


@dataclass(frozen=True)
class Case:
    status: int
    body: bytes
    get: type[ShoptetError] | str
    write: type[ShoptetError] | str
    headers: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "200": Case(200, envelope({"jobId": "a1"}), "a1", "a1"),
    "202": Case(202, envelope({"jobId": "a1"}), "a1", "a1"),
    "202 with fields beyond the description": Case(
        202, b'{"data": {"jobId": "a1", "new": [1]}, "errors": null, "metadata": {"more": 1}, "x": {}}', "a1", "a1"
    ),
    "202 without errors and metadata": Case(202, b'{"data": {"jobId": "a1"}}', "a1", "a1"),
    "200 with an HTML page": Case(200, HTML, Unavailable, AnswerLost),
    "200 with nothing": Case(200, b"", Unavailable, AnswerLost),
    "200 with truncated JSON": Case(200, envelope({"jobId": "a1"})[:-9], Unavailable, AnswerLost),
    "200 with broken UTF-8": Case(200, b'{"data": {"jobId": "\xff"}}', Unavailable, AnswerLost),
    "200 with endless brackets": Case(200, b'{"data": ' + b"[" * 100_000, Unavailable, AnswerLost),
    "200 with somebody else's JSON": Case(200, b'{"status": "ok"}', Unavailable, AnswerLost),
    "200 with a list": Case(200, b"[]", Unavailable, AnswerLost),
    "202 with a number as jobId": Case(202, envelope({"jobId": 17}), Unavailable, AnswerLost),
    "202 with null as jobId": Case(202, envelope({"jobId": None}), Unavailable, AnswerLost),
    "202 without jobId": Case(202, envelope({}), Unavailable, AnswerLost),
    "202 without data": Case(202, b'{"errors": null, "metadata": null}', Unavailable, AnswerLost),
    "202 with null as data": Case(202, envelope(None), Unavailable, AnswerLost),
    "302": Case(302, HTML, Unavailable, AnswerLost),
    "400": Case(400, envelope(None, error("invalid-request-data")), Refused, Refused),
    "400 with an HTML page": Case(400, HTML, Refused, Refused),
    "401 expired": Case(401, envelope(None, error("expired-token")), NotAllowed, NotAllowed),
    "403 no rights": Case(403, envelope(None, error("invalid-token-no-rights")), NotAllowed, NotAllowed),
    "403 with an HTML page": Case(403, HTML, NotAllowed, NotAllowed),
    "403 details": Case(
        403, envelope(None, error("job-detail-try-counter-exceeded-limit")), DetailsExhausted, DetailsExhausted
    ),
    "404": Case(404, envelope(None, error("product-not-found")), NotFound, NotFound),
    "404 of a gateway": Case(404, HTML, Unavailable, AnswerLost),
    "405": Case(405, HTML, Refused, Refused),
    "408": Case(408, HTML, Unavailable, AnswerLost),
    "409": Case(409, envelope(None, error("image-referenced")), Conflict, Conflict),
    "413": Case(413, envelope(None, error("too-many-items")), TooMany, TooMany),
    "413 of nginx": Case(413, HTML, TooMany, TooMany),
    "422": Case(422, envelope(None, error("invalid-request-data")), Refused, Refused),
    "423": Case(423, envelope(None, error("locked")), Locked, Locked),
    "429 of the bucket": Case(429, envelope(None, error("bucket-full")), TryLater, TryLater, RETRY_AFTER),
    "429 of nginx": Case(429, HTML, Crowded, Crowded),
    "500": Case(500, envelope(None, error("internal-error")), Unavailable, AnswerLost),
    "503 with an HTML page": Case(503, HTML, Unavailable, AnswerLost),
}


@pytest.mark.parametrize("call", [GET, POST], ids=["GET", "write"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_answer_has_one_meaning(case: Case, call: Call) -> None:
    answer = RawAnswer(case.status, {"X-Request-ID": REQUEST_ID, **case.headers}, case.body)
    outcome = classify(answer, call, Accepted, now=NOW)
    expected = case.write if call.write else case.get
    if isinstance(expected, str):
        assert isinstance(outcome, Reply)
        assert outcome.data.job_id == expected
        assert outcome.request_id == REQUEST_ID
        return
    assert type(outcome) is expected
    assert outcome.request_id == REQUEST_ID
    line = str(outcome)
    assert line.startswith(f"{call.name}: {case.status} ")
    assert REQUEST_ID in line
    assert "\n" not in line
    if isinstance(outcome, TryLater):
        assert NOW < outcome.at <= NOW + 71
    if isinstance(outcome, AnswerLost | Refused | NotAllowed):
        assert outcome.status == case.status


@pytest.mark.parametrize(
    ("failure", "get", "write"),
    [
        (NotSent("the connection was refused"), Unavailable, Unavailable),
        (Broken("the connection broke"), Unavailable, AnswerLost),
        (Broken("no answer within 30 s", {"X-Request-ID": REQUEST_ID}), Unavailable, AnswerLost),
    ],
)
def test_a_missing_answer_is_lost_only_to_a_write_that_was_sent(
    failure: NotSent | Broken, get: type[ShoptetError], write: type[ShoptetError]
) -> None:
    for call, expected in ((GET, get), (POST, write)):
        outcome = classify_failure(failure, call, now=NOW)
        assert type(outcome) is expected
        assert str(failure) in str(outcome)
        assert outcome.request_id == (REQUEST_ID if getattr(failure, "headers", None) else None)


def test_the_moment_to_try_again_follows_retry_after_or_grows() -> None:
    def at(status: int, headers: Mapping[str, str], attempt: int) -> float:
        outcome = classify(RawAnswer(status, headers, HTML), GET, Accepted, now=NOW, attempt=attempt)
        assert isinstance(outcome, TryLater)
        return outcome.at - NOW

    assert at(429, RETRY_AFTER, 0) == 71
    assert [at(429, {}, attempt) for attempt in (0, 1, 2, 50)] == [1, 2, 4, 60]
    assert [at(423, {}, attempt) for attempt in (0, 1, 2)] == [1, 2, 4]
    assert at(503, {}, 0) == 60
    assert at(503, RETRY_AFTER, 0) == 71


@pytest.mark.parametrize(
    ("status", "row", "advice"),
    [
        (401, error("expired-token"), "SHOPTET_PRIVATE_API_TOKEN"),
        (403, error("invalid-token-no-rights"), "grant"),
        (403, error("missing-module", '"consumptionTax" module is not active.'), "module that Shoptet names"),
        (403, error("forbidden", "Webhook job:finished is not registered"), "gallery-sync webhook register"),
        (403, error("job-detail-try-counter-exceeded-limit", "wait for job:finished event"), "list of jobs"),
        (403, error("something-else"), "support"),
    ],
)
def test_not_allowed_says_what_a_person_should_do(status: int, row: dict[str, str], advice: str) -> None:
    outcome = classify(RawAnswer(status, {}, envelope(None, row)), POST, Accepted, now=NOW)
    assert isinstance(outcome, NotAllowed)
    assert advice in outcome.advice
    assert outcome.advice in str(outcome)
    assert outcome.code == row["errorCode"]


def test_skipped_rows_come_with_a_reply_whatever_they_are_made_of() -> None:
    body = envelope(
        {"jobId": "a1"}, error("image-referenced", "Used by 62/XL", "7.png"), {"instance": 5, "message": None}, "odd"
    )
    outcome = classify(RawAnswer(200, {}, body), POST, Accepted, now=NOW)
    assert isinstance(outcome, Reply)
    assert outcome.rows == (
        RowError("image-referenced", "Used by 62/XL", "7.png"),
        RowError("", "", "5"),
        RowError("", "odd"),
    )


def test_a_refusal_carries_all_rows_and_its_line_the_first() -> None:
    rows = [error("invalid-request-data", "Image 1 is wrong", "payload"), error("invalid-request-data", "Image 2 too")]
    outcome = classify(RawAnswer(422, {}, envelope(None, *rows)), POST, Accepted, now=NOW)
    assert isinstance(outcome, Refused)
    assert [row.message for row in outcome.rows] == ["Image 1 is wrong", "Image 2 too"]
    assert "422 invalid-request-data: Image 1 is wrong (and 1 more)" in str(outcome)


def test_neither_tokens_nor_signatures_get_from_an_answer_into_an_error() -> None:
    row = error("bad", "s3cret may not load https://s.example/a.png?X-Goog-Signature=abc", "https://x.example/?k=abc")
    for status in (200, 400, 401, 403, 404, 409, 413, 422, 423, 429, 500):
        outcome = classify(RawAnswer(status, {}, envelope({}, row)), POST, Accepted, now=NOW)
        assert isinstance(outcome, ShoptetError)
        shown = f"{outcome} {outcome!r} {getattr(outcome, 'rows', '')}"
        assert "s3cret" not in shown
        assert "abc" not in shown


@unhurried
@given(st.integers(100, 599), st.binary() | st.binary().map(lambda junk: b'{"data": ' + junk + b"}"), st.booleans())
def test_no_answer_makes_the_classification_raise(status: int, body: bytes, write: bool) -> None:
    outcome = classify(RawAnswer(status, {}, body), POST if write else GET, Accepted, now=NOW)
    assert isinstance(outcome, ShoptetError)

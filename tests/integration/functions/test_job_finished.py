"""`job_finished`, open to everybody: only what Shoptet has signed makes somebody look."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping

import pytest
import requests

from gallery_sync.shoptet.webhook import MAX_BODY

from .conftest import KEYS, Forks, Function, Queues, running

NOTIFICATION = {
    "eshopId": 222651,
    "event": "job:finished",
    "eventCreated": time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime()),
    "eventInstance": "3ax1844",
}
BODY = json.dumps(NOTIFICATION).encode()
ANSWER_SECONDS = 4.0
"""What Shoptet gives a receiver (docs/shoptet.md, "Webhooks from Shoptet")."""


@pytest.fixture(scope="module")
def job_finished(
    settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[Function]:
    # Windows of 20 ms: each test has its own.
    with running(
        "job_finished",
        {**settings, "TIME_SCALE": "0.01", "SHOPTET_ESHOP_ID": "222651"},
        tmp_path_factory.mktemp("logs"),
        forks,
    ) as function:
        yield function
        assert "Traceback" not in function.written()


@pytest.fixture(autouse=True)
def _own_window(job_finished: Function) -> None:
    time.sleep(0.05)


def signature(body: bytes, key: str = KEYS[0]) -> str:
    return hmac.new(key.encode(), body, hashlib.sha1).hexdigest()


def send(function: Function, body: bytes, given: str | bytes | None) -> requests.Response:
    headers = {} if given is None else {"Shoptet_Webhook_Signature": given}
    return function.post(body, **headers)  # type: ignore[arg-type]  # requests sends bytes as they are


@pytest.mark.parametrize("key", KEYS)
def test_a_finished_job_makes_one_look_under_either_key(job_finished: Function, queues: Queues, key: str) -> None:
    given = signature(BODY, key)
    with job_finished.logging() as lines:
        assert send(job_finished, BODY, given).status_code == 200
    (task,) = queues.tasks(queues.poll)
    assert (task.http_request.url, task.http_request.body) == ("http://127.0.0.1:1/poll", b"{}")
    assert queues.tasks(queues.sync) == []
    assert [(line["severity"], line["job"]) for line in lines] == [("INFO", "3ax1844")]
    assert given not in job_finished.written()


@pytest.mark.parametrize(("given", "status"), [(signature(BODY), 200), ("0" * 40, 401)], ids=["right", "wrong"])
def test_every_answer_carries_an_id_that_stands_in_its_line(
    job_finished: Function, queues: Queues, given: str, status: int
) -> None:
    with job_finished.logging() as lines:
        answer = job_finished.post(BODY, Shoptet_Webhook_Signature=given, X_Request_Id="delivery-1")
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (status, "delivery-1")
    assert [line["request"] for line in lines] == ["delivery-1"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(queues.tasks(queues.poll)) == (status == 200)


def test_a_signature_in_capitals_counts(job_finished: Function, queues: Queues) -> None:
    assert send(job_finished, BODY, signature(BODY).upper()).status_code == 200
    assert len(queues.tasks(queues.poll)) == 1


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "0" * 40,
        "é".encode(),
        b"\xff\xfe",
        "x" * 5000,
        signature(BODY, "another key"),
        signature(BODY, ""),
        signature(BODY)[:-1],
        signature(BODY + b" "),
        "sha1=" + signature(BODY),
    ],
    ids=["none", "empty", "zeros", "utf-8", "bytes", "long", "key", "empty-key", "cut", "other-body", "labelled"],
)
def test_what_is_not_signed_changes_nothing_and_learns_nothing(
    job_finished: Function, queues: Queues, given: str | bytes | None
) -> None:
    with job_finished.logging() as lines:
        answer = send(job_finished, BODY, given)
    assert answer.status_code == 401
    assert answer.json() == {"error": "the signature is missing or wrong"}
    assert queues.tasks(queues.poll) == []
    assert [line["severity"] for line in lines] == ["WARNING"]


def test_a_call_without_a_body_is_refused(job_finished: Function, queues: Queues) -> None:
    assert requests.get(job_finished.url, timeout=5).status_code == 401
    assert queues.tasks(queues.poll) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_a_post_is_taken_however_well_it_is_signed(job_finished: Function, queues: Queues, method: str) -> None:
    headers = {"Shoptet-Webhook-Signature": signature(BODY)}
    answer = requests.request(method, job_finished.url, data=BODY, headers=headers, timeout=5)
    assert (answer.status_code, answer.headers.get("Allow")) == (405, "POST")
    assert queues.tasks(queues.poll) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"eventCreated": "2019-01-08T15:13:39+0100"}, "eventCreated"),
        ({"eventCreated": "yesterday"}, "eventCreated"),
        ({"eshopId": 222652}, "e-shop 222652"),
    ],
)
def test_an_old_notification_and_another_shops_are_refused_with_the_reason(
    job_finished: Function, queues: Queues, change: dict[str, object], words: str
) -> None:
    body = json.dumps({**NOTIFICATION, **change}).encode()
    with job_finished.logging() as lines:
        answer = send(job_finished, body, signature(body))
    assert (answer.status_code, words in answer.json()["error"]) == (400, True)
    assert [line["message"] for line in lines] == [answer.json()["error"]]
    assert queues.tasks(queues.poll) == []


@pytest.mark.parametrize("event", ["order:create", "job:failed", "JOB:FINISHED", ""])
def test_another_event_is_taken_and_ignored(job_finished: Function, queues: Queues, event: str) -> None:
    body = json.dumps({**NOTIFICATION, "event": event}).encode()
    with job_finished.logging() as lines:
        assert send(job_finished, body, signature(body)).status_code == 200
    assert (queues.tasks(queues.poll), lines) == ([], [])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"event": "job:finished"}', b"[" * 10_000])
def test_what_is_signed_and_no_notification_is_refused_in_one_line(
    job_finished: Function, queues: Queues, body: bytes
) -> None:
    with job_finished.logging() as lines:
        answer = send(job_finished, body, signature(body))
    assert answer.status_code == 400
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert line["message"] == answer.json()["error"]
    assert line["message"].startswith("the body is not a notification of Shoptet's: ")
    assert queues.tasks(queues.poll) == []


def pieces(body: bytes) -> Iterator[bytes]:
    """A body that goes out in chunks, without a Content-Length."""
    for at in range(0, len(body), 8_192):
        yield body[at : at + 8_192]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("excess", [1, 2, 300_000])
def test_a_body_that_is_too_large_is_refused_whoever_signed_it(
    job_finished: Function, queues: Queues, chunked: bool, excess: int
) -> None:
    body = BODY.ljust(MAX_BODY + excess)
    given = signature(body)
    with job_finished.logging() as lines:
        answer = job_finished.post(pieces(body) if chunked else body, Shoptet_Webhook_Signature=given)
    assert answer.status_code == 413
    assert queues.tasks(queues.poll) == []
    assert [line["severity"] for line in lines] == ["WARNING"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_just_not_too_large_is_taken(job_finished: Function, queues: Queues, chunked: bool) -> None:
    body = BODY.ljust(MAX_BODY)
    answer = job_finished.post(pieces(body) if chunked else body, Shoptet_Webhook_Signature=signature(body))
    assert answer.status_code == 200
    assert len(queues.tasks(queues.poll)) == 1


@pytest.mark.parametrize("fault", [{"delay": 30.0}, {"code": "PERMISSION_DENIED"}], ids=["hangs", "refuses"])
def test_shoptet_is_answered_in_time_although_cloud_tasks_is_not_there(
    job_finished: Function, queues: Queues, fault: dict[str, object]
) -> None:
    queues.fault(call="CreateTask", times=1000, **fault)
    started = time.monotonic()
    with job_finished.logging() as lines:
        # Shoptet repeats what is not answered with 200, after 15 minutes; until then the jobs are looked at anyway.
        answer = send(job_finished, BODY, signature(BODY))
    assert time.monotonic() - started < ANSWER_SECONDS
    assert (answer.status_code, answer.json()) == (503, {"error": "not now: send it again later"})
    (line,) = lines
    assert (line["severity"], line["job"]) == ("ERROR", "3ax1844")
    assert queues.poll in line["message"]
    assert queues.tasks(queues.poll) == []

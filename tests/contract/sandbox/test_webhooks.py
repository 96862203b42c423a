import hashlib
import hmac
import json
import re
from typing import Any

import pytest

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, Api, Files, Receiver, error_codes, eventually, picture

DAY = 24 * 3_600
URL = "http://127.0.0.1:8123/finished"


@pytest.fixture
def url(files: Files) -> str:
    return files.put("a.png", picture())


@pytest.fixture
def bare(open_sandbox: OpenSandbox) -> Api:
    """A sandbox without any webhook."""
    return open_sandbox(webhook=False)


@pytest.fixture
def told(bare: Api, receiver: Receiver) -> Api:
    """A sandbox that tells the receiver of finished jobs."""
    bare.register(f"{receiver.url}/finished")
    return bare


def new_key(api: Api) -> str:
    return str(api.call("POST", "/api/webhooks/renew-signature-key").json()["data"]["signatureKey"])


def deliveries(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api.call("GET", f"/api/webhooks/notifications{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"]["notifications"])


def test_an_event_takes_one_url_and_a_second_gives_422(api: Api) -> None:
    answer = api.call("POST", "/api/webhooks", {"data": [{"event": "job:finished", "url": URL}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"] == "Webhook already exists for this event"


def test_webhooks_are_registered_together_or_not_at_all(bare: Api) -> None:
    rows = [{"event": "order:create", "url": URL}, {"event": "job:finished", "url": "https://shop.example:8000/"}]
    assert bare.call("POST", "/api/webhooks", {"data": rows}).status_code == 422
    assert bare.call("GET", "/api/webhooks").json()["data"]["webhooks"] == []
    rows[1]["url"] = "https://shop.example/"
    assert bare.call("POST", "/api/webhooks", {"data": rows}).status_code == 201
    assert len(bare.call("GET", "/api/webhooks").json()["data"]["webhooks"]) == 2


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://shop.example/finished", 201),
        ("http://shop.example:8080/finished", 201),
        ("https://shop.example:8443/finished", 201),
        ("http://localhost:5123/finished", 201),
        ("https://shop.example:9000/finished", 422),
        ("ftp://shop.example/finished", 422),
        ("finished", 422),
        ("http://[finished", 422),
        ("https://shop.example/" + "a" * 2_000, 422),
    ],
)
def test_only_urls_that_shoptet_would_call_can_be_registered(bare: Api, url: str, status: int) -> None:
    answer = bare.call("POST", "/api/webhooks", {"data": [{"event": "job:finished", "url": url}]})
    assert answer.status_code == status


def test_more_than_50_webhooks_at_once_give_413(bare: Api) -> None:
    rows = [{"event": f"order:event{number}", "url": URL} for number in range(51)]
    assert bare.call("POST", "/api/webhooks", {"data": rows}).status_code == 413


def test_a_webhook_is_read_changed_and_deleted_by_its_id(bare: Api) -> None:
    hook = bare.register(URL)
    path = f"/api/webhooks/{hook}"
    assert bare.call("PATCH", path, {"data": {"url": "https://shop.example/new"}}).status_code == 200
    shown = bare.call("GET", path).json()["data"]["webhook"]
    assert (shown["id"], shown["event"], shown["url"]) == (hook, "job:finished", "https://shop.example/new")
    assert bare.call("PATCH", path, {"data": {"url": "https://shop.example:1/"}}).status_code == 422
    assert bare.call("PATCH", path, {"data": {}}).status_code == 422
    assert bare.call("DELETE", path).status_code == 200
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"data": {"url": URL}})):
        answer = bare.call(method, path, body)
        assert (answer.status_code, error_codes(answer)) == (404, ["webhook-not-found"])


def test_each_signature_key_is_new(api: Api) -> None:
    keys = {new_key(api), new_key(api)}
    assert len(keys) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys)


def test_a_finished_job_is_told_with_a_signature_over_the_raw_body(told: Api, receiver: Receiver, url: str) -> None:
    old, key = new_key(told), new_key(told)
    job = told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: receiver.received)
    ((body, headers),) = receiver.received
    event = json.loads(body)
    assert (event["eshopId"], event["event"], event["eventInstance"]) == (222_651, "job:finished", job)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d{4}", event["eventCreated"])
    assert len(event) == 4
    signed = headers["Shoptet-Webhook-Signature"]
    assert signed == hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
    assert signed != hmac.new(old.encode(), body, hashlib.sha1).hexdigest()


def test_without_a_signature_key_nothing_is_signed(told: Api, receiver: Receiver, url: str) -> None:
    told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: receiver.received)
    assert "Shoptet-Webhook-Signature" not in receiver.received[0][1]


@pytest.mark.parametrize("kind", ["job_failed", "job_killed"])
def test_a_job_that_ends_badly_is_told_too(told: Api, receiver: Receiver, url: str, kind: str) -> None:
    told.fault("images.insert", kind)
    told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: receiver.received)


def test_a_delivery_is_tried_three_times_fifteen_minutes_apart(told: Api, receiver: Receiver, url: str) -> None:
    receiver.answers = [500]
    told.insert(MUG, {"sourceUrl": url})
    for attempt in (1, 2, 3):
        eventually(
            lambda wanted=attempt: (
                deliveries(told) and deliveries(told)[0]["status"] == "failed" and len(receiver.received) == wanted
            )
        )
        assert deliveries(told)[0]["active"] is (attempt < 3)
        told.advance(899)
        assert len(receiver.received) == attempt
        told.advance(1)
    (given_up,) = deliveries(told)
    assert (given_up["attempts"], given_up["active"]) == (3, False)
    assert len(receiver.received) == 3


@pytest.mark.parametrize("status", [201, 204, 302, 404])
def test_every_status_but_200_is_a_failure(told: Api, receiver: Receiver, url: str, status: int) -> None:
    receiver.answers = [status]
    told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: deliveries(told, "?status=failed"))


def test_a_later_attempt_can_succeed(told: Api, receiver: Receiver, url: str) -> None:
    receiver.answers = [500, 200]
    told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: deliveries(told, "?status=failed&active=true"))
    told.advance(900)
    eventually(lambda: deliveries(told, "?status=success"))
    assert deliveries(told)[0]["attempts"] == 2


def test_a_receiver_that_is_too_slow_has_failed(told: Api, receiver: Receiver, url: str) -> None:
    assert told.control("GET", "settings")["webhook_answer_seconds"] == 4
    told.settings(webhook_answer_seconds=0.1)
    receiver.delay = 0.3
    told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: deliveries(told, "?status=failed"))


def test_a_slow_delivery_does_not_hold_up_another(told: Api, receiver: Receiver, url: str) -> None:
    told.fault("webhook", "delay", delay=0.5)
    jobs = [told.insert(MUG, {"sourceUrl": url})]
    told.ended(jobs[0])
    jobs.append(told.insert(MUG, {"sourceUrl": url}))
    eventually(lambda: len(receiver.received) == 2)
    assert [json.loads(body)["eventInstance"] for body, _ in receiver.received] == [jobs[1], jobs[0]]


def test_a_webhook_can_come_before_the_answer_that_names_the_job(told: Api, receiver: Receiver, url: str) -> None:
    told.fault("images.insert", "delay", delay=0.4)
    job = told.insert(MUG, {"sourceUrl": url})
    assert [json.loads(body)["eventInstance"] for body, _ in receiver.received] == [job]


def test_deliveries_can_be_lost_doubled_and_forged(told: Api, receiver: Receiver, url: str) -> None:
    key = new_key(told)
    for kind in ("lose", "duplicate", "wrong_signature"):
        told.fault("webhook", kind)
        told.ended(told.insert(MUG, {"sourceUrl": url}))
    eventually(lambda: len(receiver.received) == 3)
    right = [
        headers["Shoptet-Webhook-Signature"] == hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
        for body, headers in receiver.received
    ]
    assert sorted(right) == [False, True, True]


def test_a_job_can_end_without_a_word(told: Api, receiver: Receiver, url: str) -> None:
    told.fault("images.insert", "no_webhook")
    told.ended(told.insert(MUG, {"sourceUrl": url}))
    assert deliveries(told) == []
    assert receiver.received == []


def test_the_log_of_deliveries_reaches_back_seven_days(told: Api, receiver: Receiver, url: str) -> None:
    job = told.insert(MUG, {"sourceUrl": url})
    eventually(lambda: deliveries(told, "?status=success&event=job:finished"))
    (row,) = deliveries(told)
    assert row["data"]["eventInstance"] == job
    assert row["webhookUrl"] == f"{receiver.url}/finished"
    assert deliveries(told, f"?from={row['created'].replace('+', '%2B')}") == [row]
    assert deliveries(told, "?status=new") == deliveries(told, "?event=order:create") == []
    told.advance(7 * DAY + 60)
    assert deliveries(told) == []


@pytest.mark.parametrize("query", ["?status=lost", "?from=yesterday", "?active=perhaps"])
def test_a_filter_of_deliveries_that_cannot_be_understood_gives_400(api: Api, query: str) -> None:
    assert api.call("GET", f"/api/webhooks/notifications{query}").status_code == 400

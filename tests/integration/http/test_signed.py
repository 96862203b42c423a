"""Signed events in this process: nothing is connected before the signature is known to be right."""

import datetime
import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.integration.http.conftest import SECRET, Call
from tests.integration.http.world import Around
from tests.unit.http.memory import NOW

EVENT = {"type": "gallery.sync", "timestamp": "2026-08-21T09:30:00Z", "data": {"product": "P", "gallery": "shop"}}


def signed(body: bytes, name: str = "msg_1") -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(name, now, body.decode()),
    }
    return {"data": body, "headers": headers}


RAW = json.dumps(EVENT).encode()


def test_an_event_is_written_down_and_left_to_a_task(event: Call, around: Around) -> None:
    answer = event(**signed(RAW))
    assert answer.status_code == 202
    name = answer.json["operation"]
    assert list(around.documents.documents) == [f"open/operations/{name}", f"operations/{name}.json"]
    assert around.queue.asked == [("operation", answer.json["operation"], NOW + 1)]
    assert around.shop.calls == []


def test_an_event_that_comes_again_is_enqueued_again_under_its_operation(event: Call, around: Around) -> None:
    first, again = event(**signed(RAW)), event(**signed(RAW))
    assert first.json == again.json
    assert len(around.queue.asked) == 2
    assert event(**signed(RAW.replace(b'"shop"', b'"shop360"'))).status_code == 409


def test_a_forged_event_connects_to_nothing(event: Call, around: Around) -> None:
    forged = signed(RAW)
    forged["data"] = RAW.replace(b'"P"', b'"Q"')
    assert event(**forged).status_code == 401
    assert event(data=RAW).status_code == 401
    assert (around.connected, around.documents.documents) == (0, {})


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/events", 405), ("POST", "/v1/cleanups", 404)])
def test_there_is_one_route(event: Call, method: str, path: str, status: int) -> None:
    assert event(method, path).status_code == status


def test_a_signed_event_that_is_no_json_is_415(event: Call, around: Around) -> None:
    sent = signed(RAW)
    sent["headers"]["Content-Type"] = "text/plain"
    assert (event(**sent).status_code, around.connected) == (415, 0)


@pytest.mark.parametrize("part", ["documents", "queue"])
def test_when_the_cloud_cannot_the_sender_is_to_send_again(event: Call, around: Around, part: str) -> None:
    getattr(around, part).broken = True
    assert event(**signed(RAW)).status_code == 503
    getattr(around, part).broken = False
    assert event(**signed(RAW)).status_code == 202
    assert len(around.queue.asked) == 1


def test_a_type_that_there_is_not_is_told_which_there_are(event: Call) -> None:
    answer = event(**signed(RAW.replace(b"gallery.sync", b"gallery.eat")))
    assert (answer.status_code, "galleries.clean" in answer.text) == (400, True)

"""Signed events in this process: nothing is connected before the signature is known to be right."""

import datetime
import hashlib
import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from gallery_sync.core.operation import operation_id
from gallery_sync.http import parts
from gallery_sync.http.access import WEBHOOKS
from gallery_sync.http.begin import begin, begin_event
from gallery_sync.state import paused
from tests.integration.http.conftest import SECRET, Call
from tests.integration.http.world import Around
from tests.unit.http.memory import NOW

EVENT = {"type": "gallery.sync", "timestamp": "2026-08-21T09:30:00Z", "data": {"product": "P", "gallery": "shop"}}


OTHER = "whsec_YW5vdGhlciBzZWNyZXQgb2Ygc2lnbmVkIGV2ZW50cyE="


def signed(body: bytes, name: str = "msg_1", secret: str = SECRET) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body.decode()),
    }
    return {"data": body, "headers": headers}


RAW = json.dumps(EVENT).encode()


def test_an_event_is_written_down_and_left_to_a_task(event: Call, around: Around) -> None:
    answer = event(**signed(RAW))
    assert answer.status_code == 202
    chosen, marker, written = around.documents.documents
    assert chosen.startswith("operations/by-event/")
    assert marker == f"open/operations/{answer.json['operation']}"
    assert written == f"operations/{answer.json['operation']}.json"
    assert around.queue.asked == [("operation", answer.json["operation"], NOW + 1)]
    assert around.shop.calls == []


def test_an_event_that_comes_again_is_enqueued_again_under_its_operation(event: Call, around: Around) -> None:
    first, again = event(**signed(RAW)), event(**signed(RAW))
    assert first.json == again.json
    assert len(around.queue.asked) == 2
    assert event(**signed(RAW.replace(b'"shop"', b'"shop360"'))).status_code == 409


def test_in_a_pause_an_event_is_taken_and_the_answer_says_so(event: Call, around: Around) -> None:
    assert "Gallery-Sync-Paused" not in event(**signed(RAW)).headers
    paused.pause(around.documents, NOW)
    answer = event(**signed(RAW, "msg_2"))
    assert (answer.status_code, answer.headers["Gallery-Sync-Paused"]) == (202, "true")
    assert around.queue.asked[-1][:2] == ("operation", answer.json["operation"])


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


def test_an_operation_is_not_to_be_guessed_from_its_events_id(around: Around, event: Call) -> None:
    first = event(**signed(RAW)).json["operation"]
    around.documents.documents.clear()
    assert event(**signed(RAW)).json["operation"] != first
    assert first not in (operation_id(WEBHOOKS, "msg_1"), hashlib.sha256(b"msg_1").hexdigest()[:32])


@pytest.mark.parametrize("secrets", [[OTHER], [OTHER, SECRET], [SECRET, OTHER], [f"erp:write:{OTHER}"]])
def test_an_event_that_is_repeated_while_the_secret_changes_has_the_same_operation(
    event: Call, secrets: list[str]
) -> None:
    first = event(**signed(RAW))
    again = event(secrets=secrets, **signed(RAW, secret=OTHER))
    assert (again.status_code, again.json) == (202, first.json)


def test_an_event_that_an_earlier_version_wrote_down_is_found_again(around: Around, event: Call) -> None:
    before = begin(around.documents, WEBHOOKS, "msg_1", parts.event(RAW)[1])
    assert before.id == operation_id(WEBHOOKS, "msg_1")
    assert event(**signed(RAW)).json["operation"] == before.id
    assert event(**signed(RAW.replace(b'"shop"', b'"shop360"'))).status_code == 409


def test_of_two_at_the_same_time_both_have_the_operation_of_the_first(around: Around) -> None:
    found: list[str] = []

    def overtaken(_body: bytes) -> None:
        around.documents.overtaking = lambda _body: None
        found.append(begin_event(around.documents, "msg_1", parts.event(RAW)[1]).id)

    around.documents.overtaking = overtaken
    found.append(begin_event(around.documents, "msg_1", parts.event(RAW)[1]).id)
    assert len(set(found)) == 1


CLEAN = json.dumps({**EVENT, "type": "gallery.clean"}).encode()


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        (f"erp:write:{SECRET}", RAW, 202),
        (f"erp:write:{SECRET}", CLEAN, 403),
        (f"erp:clean:{SECRET}", RAW, 403),
        (f"erp:clean:{SECRET}", CLEAN, 202),
        (f"erp:read:{SECRET}", RAW, 403),
        (SECRET, CLEAN, 202),
    ],
)
def test_a_secret_with_rights_signs_what_they_allow(
    event: Call, around: Around, secret: str, body: bytes, status: int
) -> None:
    answer = event(secrets=[secret], **signed(body))
    assert answer.status_code == status
    assert (around.connected > 0) is (status == 202)


def test_an_event_that_is_signed_twice_has_the_rights_of_both(event: Call) -> None:
    once, twice = signed(CLEAN), signed(CLEAN, secret=OTHER)
    twice["headers"]["webhook-signature"] += f" {once['headers']['webhook-signature']}"
    assert event(secrets=[f"a:write:{OTHER}", f"b:clean:{SECRET}"], **twice).status_code == 202

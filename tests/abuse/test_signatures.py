"""Signatures that are forged, cut, old, moved to another message, or genuine and sent again."""

import base64
import hashlib
import hmac
import json
import re

from gallery_sync.ports.queue import parse_task
from tests.abuse.site import (
    EVENT,
    NOTIFICATION,
    SECRET,
    TARGETS,
    Site,
    event_headers,
    is_refused,
    shoptet_signature,
)
from tests.abuse.wire import Answer, exchange, said
from tests.integration.functions.conftest import KEYS, Queues

JSON = ("Content-Type", "application/json")
GENUINE = shoptet_signature(NOTIFICATION)


def notify(site: Site, signature: str | bytes, body: bytes = NOTIFICATION) -> Answer:
    sent = said("POST", "/", [JSON, ("Shoptet-Webhook-Signature", signature)], body)
    return exchange(site.url("job_finished"), sent)


def event(site: Site, headers: dict[str, str], body: bytes = EVENT) -> Answer:
    return exchange(site.url("webhooks"), said("POST", TARGETS["webhooks"], [JSON, *headers.items()], body))


FORGED: list[tuple[str | bytes, bytes]] = [
    (shoptet_signature(NOTIFICATION, "wrong"), NOTIFICATION),
    (shoptet_signature(NOTIFICATION, ""), NOTIFICATION),
    (shoptet_signature(NOTIFICATION, KEYS[0] + ","), NOTIFICATION),
    (shoptet_signature(NOTIFICATION, ",".join(KEYS)), NOTIFICATION),
    (GENUINE[:-1], NOTIFICATION),
    (GENUINE[:20], NOTIFICATION),
    (GENUINE + "0", NOTIFICATION),
    (GENUINE + GENUINE, NOTIFICATION),
    (f"{GENUINE},{GENUINE}", NOTIFICATION),
    (f"sha1={GENUINE}", NOTIFICATION),
    (base64.b64encode(bytes.fromhex(GENUINE)).decode(), NOTIFICATION),
    (GENUINE.encode("utf-16-be").replace(b"\x00", b"\xff"), NOTIFICATION),
    ("", NOTIFICATION),
    ("%" * 8000, NOTIFICATION),
    (GENUINE, NOTIFICATION + b" "),
    (GENUINE, NOTIFICATION.replace(b"3ax1844", b"3ax1845")),
    (GENUINE, b""),
    (hmac.new(KEYS[0].encode(), NOTIFICATION, hashlib.sha256).hexdigest(), NOTIFICATION),
    (hashlib.sha1(KEYS[0].encode() + NOTIFICATION).hexdigest(), NOTIFICATION),  # noqa: S324  # the mistake itself
    (hashlib.sha1(NOTIFICATION).hexdigest(), NOTIFICATION),  # noqa: S324
]
"""Signatures that are not Shoptet's, and the bodies that they come with."""


def test_a_signature_of_shoptets_that_is_not_exactly_right_is_refused(unchanged: Site) -> None:
    for signature, body in FORGED:
        answer = notify(unchanged, signature, body)
        assert answer.status == 401, (signature, body)
        is_refused(answer)
        # The same words for every mistake: nobody learns how close a guess was.
        assert json.loads(answer.body) == {"error": "the signature is missing or wrong"}


def test_a_notification_that_is_sent_again_for_ever_makes_somebody_look_and_nothing_else(site: Site) -> None:
    site.next_look_window()
    before = site.held()
    for _ in range(20):
        assert notify(site, GENUINE).status == 200
    bodies = site.queues.bodies(Queues.poll)
    assert bodies == [{}] * len(bodies)
    assert 1 <= len(bodies) <= 2
    after = site.held()
    assert (after["objects"], after["shoptet"]) == (before["objects"], before["shoptet"])


def changed(headers: dict[str, str], **more: str) -> dict[str, str]:
    return headers | {name.replace("_", "-"): value for name, value in more.items()}


def forged() -> list[tuple[str, dict[str, str], bytes]]:
    good = event_headers(EVENT, "msg_1")
    signature = good["webhook-signature"]
    other = "whsec_" + base64.b64encode(b"another secret of thirty-two byte").decode()
    return [
        ("none", {}, EVENT),
        ("another id", changed(good, webhook_id="msg_2"), EVENT),
        ("no id", {name: value for name, value in good.items() if name != "webhook-id"}, EVENT),
        ("an id that reaches over", changed(good, webhook_id=f"msg_1.{good['webhook-timestamp']}"), EVENT),
        ("another time", changed(good, webhook_timestamp=str(int(good["webhook-timestamp"]) + 1)), EVENT),
        ("old", event_headers(EVENT, "msg_1", age=301), EVENT),
        ("ahead", event_headers(EVENT, "msg_1", age=-302), EVENT),
        ("never", changed(good, webhook_timestamp="nan"), EVENT),
        ("endless", changed(good, webhook_timestamp="inf"), EVENT),
        ("huge", changed(good, webhook_timestamp="9" * 400), EVENT),
        ("negative", changed(good, webhook_timestamp="-1"), EVENT),
        ("hexadecimal", changed(good, webhook_timestamp="0x65"), EVENT),
        ("another body", good, EVENT.replace(b"HRNEK-01", b"HRNEK-02")),
        ("a longer body", good, EVENT + b" "),
        ("no body", good, b""),
        ("bytes", good, b"\xff\xfe\x00"),
        ("another secret", event_headers(EVENT, "msg_1", secret=other), EVENT),
        ("cut", changed(good, webhook_signature=signature[:-4]), EVENT),
        ("without its version", changed(good, webhook_signature=signature.removeprefix("v1,")), EVENT),
        ("another version", changed(good, webhook_signature="v1a," + signature[3:]), EVENT),
        ("empty", changed(good, webhook_signature="v1,"), EVENT),
        ("commas", changed(good, webhook_signature="v1,,,,"), EVENT),
        ("not base64", changed(good, webhook_signature="v1,%%%"), EVENT),
        ("a thousand guesses", changed(good, webhook_signature=" ".join(["v1,AAAA"] * 900)), EVENT),
        ("shoptet's", {"Shoptet-Webhook-Signature": shoptet_signature(EVENT)}, EVENT),
        ("an api key", {"Authorization": "Bearer abuse-api-key-of-all"}, EVENT),
    ]


def test_an_event_whose_signature_is_not_exactly_right_is_refused(unchanged: Site) -> None:
    for what, headers, body in forged():
        answer = event(unchanged, headers, body)
        assert answer.status == 401, (what, answer)
        is_refused(answer, (401,))
        (flaw,) = json.loads(answer.body)["errors"]
        assert flaw == {
            "code": "no-signature",
            "message": "the signature is missing or wrong, or more than 5 minutes old",
        }, what


def test_a_genuine_event_that_is_sent_again_begins_nothing_new(site: Site) -> None:
    site.queues.empty()
    headers = event_headers(EVENT, "msg_once")
    first = event(site, headers)
    held = site.held()["objects"]
    again = event(site, event_headers(EVENT, "msg_once"))
    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert site.held()["objects"] == held
    operations = {parse_task(task.http_request.body).operation for task in site.queues.tasks(Queues.sync)}
    assert operations == {json.loads(first.body)["operation"]}


def test_the_id_of_an_event_that_was_taken_serves_for_no_other(site: Site) -> None:
    assert event(site, event_headers(EVENT, "msg_taken")).status == 202
    before = site.held()
    other = EVENT.replace(b'"shop"', b'"shop360"')
    is_refused(event(site, event_headers(other, "msg_taken"), other), (409,))
    assert site.held() == before


def test_ids_that_would_name_another_document_are_only_ids(site: Site) -> None:
    before = {name for name, _ in site.held()["objects"]["state"]}
    for number, event_id in enumerate(("../ledger/x", "a/b", "%2e%2e%2f", "..", "operations/applied.json", "x" * 255)):
        # Hashed with the caller's name, so no id reaches outside of its folder.
        assert event(site, event_headers(EVENT, event_id)).status == 202, number
    for event_id in ("x" * 256, "a b", "a\tb", "é"):
        signed = event_headers(EVENT, event_id)
        assert event(site, {k: v.encode().decode("latin-1") for k, v in signed.items()}).status in (400, 401)
    new = {name for name, _ in site.held()["objects"]["state"]} - before
    # Each is a request, the marker that it is open, and the id that its event has.
    assert len(new) == 18
    written = [re.sub("[0-9a-f]{32,64}", "ID", name) for name in new]
    assert (
        sorted(written) == ["open/operations/ID"] * 6 + ["operations/ID.json"] * 6 + ["operations/by-event/ID.json"] * 6
    )


def test_the_secret_itself_is_no_signature(unchanged: Site) -> None:
    for signature in (SECRET, f"v1,{SECRET}", f"v1,{SECRET.removeprefix('whsec_')}"):
        is_refused(event(unchanged, changed(event_headers(EVENT), webhook_signature=signature)), (401,))
    for key in KEYS:
        is_refused(notify(unchanged, key), (401,))

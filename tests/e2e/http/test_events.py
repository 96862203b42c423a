"""Signed events: each type does what its REST call does, once; a flaw of the signature does nothing at all."""

import json
import time
import uuid
from collections.abc import Callable
from functools import partial

import pytest

from infra.local.cloud import OLD_WEBHOOK_SECRET, LocalCloud
from infra.local.pictures import picture_bytes
from infra.local.sample import Picture
from tests.e2e.http.caller import Caller, states
from tests.e2e.support import Product, Sandbox, digests, wait_quiet

pytestmark = pytest.mark.long

Hang = Callable[[int], list[str]]


def shown(sandbox: Sandbox, product: Product) -> list[str]:
    return [image["name"] for image in sandbox.shown(product.guid)]


def test_every_type_of_event_does_what_its_rest_call_does(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    [theirs] = hang(1)
    place = {"product": product.code, "gallery": "shop"}
    rows = [{"sourceUrl": f"{pictures}/event/{n}.png", "key": str(n)} for n in (1, 2)]
    inserted = caller.done(caller.send("images.insert", {**place, "images": rows}))
    first, second = (row["name"] for row in inserted["galleries"][0]["images"])
    replaced = {"name": first, "sourceUrl": f"{pictures}/event/3.png"}
    caller.done(caller.send("images.source", {**place, "images": [replaced]}))
    caller.done(caller.send("images.update", {**place, "images": [{"key": "2", "description": "second"}]}))
    images = {image["name"]: image for image in sandbox.shown(product.guid)}
    assert [images[first]["sha256"]] == digests([Picture("", picture_bytes("event", "3"), "")])
    assert images[second]["description"] == "second"
    caller.done(caller.send("image.delete", {**place, "name": theirs}))
    assert shown(sandbox, product) == [first, second]
    caller.done(caller.send("gallery.sync", place))
    assert states(caller.done(caller.send("gallery.clean", {**place, "dryRun": True}))) == ["would-be-deleted"] * 2
    caller.done(caller.send("gallery.clean", {**place, "removeReference": True}))
    assert shown(sandbox, product) == []
    hang(2)
    caller.done(caller.send("galleries.clean", {"galleries": [place], "removeReference": False}))
    assert shown(sandbox, product) == []


def test_an_event_that_comes_twice_gives_the_same_operation_and_does_nothing_twice(
    cloud: LocalCloud, caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    event = uuid.uuid4().hex
    data = {"product": product.guid, "gallery": "shop", "images": [{"sourceUrl": f"{pictures}/twice/1.png"}]}
    answers = [caller.send("images.insert", data, event_id=event) for _ in range(3)]
    caller.done(answers[0])
    answers.append(caller.send("images.insert", data, event_id=event))
    assert len({answer.text for answer in answers}) == 1
    wait_quiet(cloud)
    assert len(shown(sandbox, product)) == 1
    data["images"] = [{"sourceUrl": f"{pictures}/twice/2.png"}]
    other = caller.send("images.insert", data, event_id=event)
    assert (other.status_code, other.json()["errors"][0]["code"]) == (409, "another-request")


def test_an_event_is_answered_within_a_second(caller: Caller, product: Product) -> None:
    data = {
        "galleries": [{"product": product.guid, "gallery": "shop", "imageName": f"{n}.png"} for n in range(100)],
        "removeReference": False,
    }
    caller.send("gallery.sync", {"product": product.guid, "gallery": "shop"})  # The first call connects.
    started = time.monotonic()
    answer = caller.send("galleries.clean", {**data, "dryRun": True})
    assert (answer.status_code, time.monotonic() - started < 1) == (202, True)


def event(product: Product) -> bytes:
    data = {"product": product.guid, "gallery": "shop"}
    return json.dumps({"type": "gallery.sync", "timestamp": "2026-08-21T09:30:00Z", "data": data}).encode()


def test_both_secrets_count_while_one_is_being_changed(caller: Caller, product: Product) -> None:
    answer = caller.send_raw(event(product), uuid.uuid4().hex, secret=OLD_WEBHOOK_SECRET)
    assert answer.status_code == 202


def test_any_flaw_of_a_signature_is_the_same_401_and_nothing_is_read_or_enqueued(
    cloud: LocalCloud, caller: Caller, product: Product
) -> None:
    before = [listed.path for listed in cloud.documents.list("operations/")]
    raw, name = event(product), "flaw"
    wrong = "whsec_" + "d3Jvbmcgc2VjcmV0IHdyb25nIHNlY3JldA=="
    good = caller.send_raw(raw, "good", age=0).request.headers["webhook-signature"]
    assert isinstance(good, str)
    send = partial(caller.send_raw, X_Request_Id="request-1")  # which the answers repeat
    answers = [
        send(raw, name, secret=wrong),
        send(raw, name, age=301),
        send(raw, name, age=-310),
        send(raw, name, webhook_signature=""),
        send(raw, name, webhook_signature="v1"),
        send(raw, name, webhook_signature="v1,"),
        send(raw, name, webhook_signature="v1,%%%"),
        send(raw, name, webhook_signature=good),
        send(raw, name, webhook_signature=good.replace("v1,", "v2,")),
        send(raw, name, webhook_id=""),
        send(raw, name, webhook_id="other"),
        send(raw, name, webhook_timestamp=""),
        send(raw, name, webhook_timestamp="nan"),
        send(raw, name, webhook_timestamp="1e999"),
        send(raw, name, webhook_timestamp="0"),
        send(b"\xff\xfe", name),
        send(b"", name, webhook_signature=good),
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    after = [listed.path for listed in cloud.documents.list("operations/") if listed.path not in before]
    assert len([path for path in after if path.count("/") == 1]) == 1, "only the good event's"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"type": "images.eat"}, "type"),
        ({"more": 1}, "more"),
        ({"data": {"product": "x"}}, "data.gallery"),
        ({"data": {"product": "x", "gallery": "shop", "name": "1.png"}}, "data.name"),
        ({"data": []}, "data"),
        (
            {"type": "images.insert", "data": {"product": "x", "gallery": "shop", "images": [{}]}},
            "data.images[0].sourceUrl",
        ),
        (
            {
                "type": "images.update",
                "data": {"product": "x", "gallery": "shop", "images": [{"name": "1.png", "priority": 0}]},
            },
            "data.images[0].priority",
        ),
        ({"type": "gallery.clean", "data": {"product": "", "gallery": "shop"}}, "data.product"),
        (
            {"type": "galleries.clean", "data": {"galleries": [], "removeReference": True}},
            "data.galleries",
        ),
    ],
)
def test_a_genuine_event_with_a_flaw_is_told_which_field(
    caller: Caller, product: Product, change: dict[str, object], path: str
) -> None:
    body = {**json.loads(event(product)), **change}
    answer = caller.send_raw(json.dumps(body).encode(), uuid.uuid4().hex)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)

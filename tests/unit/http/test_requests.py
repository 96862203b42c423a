"""Bodies within their bound, operations under the caller's id, and signatures."""

import datetime
import json
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from standardwebhooks import Webhook

from gallery_sync.core import operation
from gallery_sync.core.operation import AskedImage, Operation, Part
from gallery_sync.http import parts
from gallery_sync.http.answers import Rejected, not_now, refusal, upstream_status
from gallery_sync.http.asked import MAX_BODY
from gallery_sync.http.begin import answer_later, begin
from gallery_sync.http.body import drain
from gallery_sync.http.signed import genuine
from gallery_sync.state import operations
from tests.unit.http.memory import NOW, Dripping, Memory, asked

LOOK = parts.sync("P", "shop")
SECRET = "whsec_bG9jYWwtc2VjcmV0LW9mLXNpZ25lZC1ldmVudHM="
OTHER = "whsec_YW5vdGhlci1zZWNyZXQtb2Ytc2lnbmVkLWV2ZW50cw=="


def status(call: object) -> int:
    assert callable(call)
    with pytest.raises(Rejected) as refused:
        call()
    return refused.value.status


def test_a_body_is_read_up_to_its_bound_whatever_its_length_was_said_to_be() -> None:
    whole = asked(body=b"x" * MAX_BODY)
    assert len(whole.raw()) == MAX_BODY
    for said in (None, 10, MAX_BODY + 1):
        request = asked(body=b"x" * (MAX_BODY + 50_000), length=said)
        assert status(request.raw) == 413
        assert isinstance(request.body, Dripping)
        assert request.body.seen <= MAX_BODY + 1


def test_what_is_left_of_a_body_is_drained_in_pieces() -> None:
    request = asked(body=b"x" * 300_000)
    drain(request.body)
    assert request.body.read(1) == b""


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=latin-1", False),
        ("application/json; boundary=x", False),
        ("application/problem+json", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_a_body_says_that_it_is_json(kind: str, good: bool) -> None:
    request = asked("POST", body=b"{}", Content_Type=kind)
    if good:
        assert request.json() == b"{}"
    else:
        assert status(request.json) == 415


def test_the_same_request_gives_the_same_operation_however_it_was_written() -> None:
    documents = Memory()
    body = {"images": [{"name": "1.png", "priority": 1}]}
    texts = [json.dumps(body, indent=indent) for indent in (None, 4)] + ['{"images":[{"priority":1.0,"name":"1.png"}]}']
    found = {begin(documents, "pim", "k", parts.attributes(text.encode(), "P", "shop")) for text in texts}
    assert len(found) == 1
    name = found.pop().id
    assert list(documents.documents) == [f"open/operations/{name}", f"operations/{name}.json"]


def test_another_request_under_the_same_id_is_a_conflict() -> None:
    documents = Memory()
    begin(documents, "pim", "k", LOOK)
    for other in (parts.sync("P", "shop360"), parts.sync("Q", "shop"), (*LOOK, *LOOK)):
        assert status(lambda other=other: begin(documents, "pim", "k", other)) == 409


def test_ids_of_two_callers_do_not_meet() -> None:
    documents = Memory()
    begin(documents, "pim", "k", LOOK)
    begin(documents, "erp", "k", parts.sync("Q", "shop"))
    assert operation.operation_id("pim", "k") != operation.operation_id("pi", "mk")
    assert len([path for path in documents.documents if path.startswith(operations.PREFIX)]) == 2


def test_without_an_id_every_request_is_another() -> None:
    documents = Memory()
    assert begin(documents, "pim", None, LOOK).id != begin(documents, "pim", None, LOOK).id


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "č", "a\x7f"])
def test_an_id_is_printable_ascii(key: str) -> None:
    assert status(lambda: begin(Memory(), "pim", key, LOOK)) == 400


def test_many_at_once_begin_one_operation() -> None:
    documents = Memory()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: begin(documents, "pim", "k", LOOK), range(50)))
    assert len(found) == 1


def test_an_answer_of_202_says_where_the_operation_is() -> None:
    given = answer_later(Operation("0" * 32, "pim", "d", LOOK), preferred=True)
    assert given.headers["Location"] == f"/v1/operations/{'0' * 32}"
    assert given.headers["Preference-Applied"] == "respond-async"
    assert msgspec.json.decode(given.body) == {"operation": "0" * 32, "href": f"/v1/operations/{'0' * 32}"}


def test_a_refusal_names_code_message_and_path() -> None:
    with pytest.raises(Rejected) as refused:
        parts.sync("", "shop")
    answer = refusal(refused.value, "request-1")
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = msgspec.json.decode(answer.body)
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}
    assert (body["title"], body["status"], body["instance"]) == ("Bad Request", 400, "request-1")
    assert body["detail"] == body["errors"][0]["message"]
    assert set(body["errors"][0]) == {"code", "message", "path"}


@pytest.mark.parametrize(("seconds", "header"), [(-5, "1"), (0.2, "1"), (12.4, "12")])
def test_not_now_says_when_in_whole_seconds(seconds: float, header: str) -> None:
    assert not_now(seconds, "later").headers == {"Retry-After": header}


@pytest.mark.parametrize(
    ("shoptets", "ours"),
    [(400, 400), (404, 404), (409, 409), (413, 413), (422, 422), (401, 502), (403, 502), (200, 409), (500, 502)],
)
def test_shoptets_refusal_comes_through_but_not_what_it_says_of_our_token(shoptets: int, ours: int) -> None:
    assert upstream_status(shoptets) == ours


def headers(raw: str, *, age: float = 0, secret: str = SECRET, name: str = "msg_1") -> dict[str, str]:
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, moment, raw),
    }


@pytest.mark.parametrize(
    ("age", "good"), [(0, True), (290, True), (-290, True), (310, False), (-310, False), (1e9, False)]
)
def test_a_signature_counts_for_five_minutes_both_ways(age: float, good: bool) -> None:
    assert genuine(b"{}", headers("{}", age=age), [SECRET]) is good


def test_each_of_several_secrets_counts_and_no_other() -> None:
    assert genuine(b"{}", headers("{}", secret=OTHER), [SECRET, OTHER])
    assert not genuine(b"{}", headers("{}", secret=OTHER), [SECRET])
    assert not genuine(b"{}", headers("{}"), [])


def test_one_good_signature_among_others_is_enough() -> None:
    signed = headers("{}")
    signed["webhook-signature"] = f"v1a,b2xk v1,b2xk {signed['webhook-signature']}"
    assert genuine(b"{}", signed, [SECRET])


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,,"},
        {"webhook-signature": "v1,%"},
        {"webhook-signature": "v1,č"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "-1e400"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
    ],
)
def test_any_flaw_of_a_signature_is_simply_not_genuine(change: dict[str, str]) -> None:
    changed: dict[str, str] = {**headers("{}"), **change}
    assert not genuine(b"{}", changed, [SECRET])
    assert not genuine(b"\xff", headers("{}"), [SECRET])
    assert not genuine(b"{ }", headers("{}"), [SECRET])


def test_the_digest_of_an_operation_covers_every_switch() -> None:
    documents = Memory()
    switches = {"removeReference": False, "dryRun": False, "purge": False, "keep": True}
    begin(documents, "pim", "k", parts.clean("P", "shop", None, switches))
    for name, value in switches.items():
        changed = parts.clean("P", "shop", None, {**switches, name: not value})
        assert isinstance(changed[0], Part)
        assert status(lambda changed=changed: begin(documents, "pim", "k", changed)) == 409


def test_a_request_that_nobody_brought_into_the_ledgers_is_found_by_the_listing_alone() -> None:
    documents = Memory()
    done, half, never = (begin(documents, "pim", key, (*LOOK, *LOOK)) for key in ("done", "half", "never"))
    operations.conclude(documents, never.id, "0", operation.Outcome(NOW))
    operations.note_accepted(documents, half, 1)
    for parts_done in (1, 2, 1):
        operations.note_accepted(documents, done, parts_done)
    ids = sorted((done.id, half.id, never.id))
    assert [(one.operation, one.accepted) for one in operations.written_down(documents)] == [
        (one, one == done.id) for one in ids
    ]
    assert [one.operation for one in operations.written_down(documents, ids[1])] == ids[1:]
    assert {one.at for one in operations.written_down(documents)} == {NOW}
    assert [operations.accepted(documents, one.id) for one in (done, half, never)] == [2, 1, 0]


PLACE: dict[str, object] = {"product": "P", "gallery": "shop"}
EVENTS: list[tuple[str, dict[str, object], Part]] = [
    ("gallery.sync", PLACE, Part("sync", "P", "shop")),
    ("gallery.clean", {**PLACE, "purge": True}, Part("clean", "P", "shop", purge=True)),
    ("image.delete", {**PLACE, "name": "1.png"}, Part("delete", "P", "shop", name="1.png")),
    (
        "images.update",
        {**PLACE, "images": [{"key": "k", "priority": 1}]},
        Part("attributes", "P", "shop", (AskedImage(key="url:k", priority=1),)),
    ),
    (
        "images.insert",
        {**PLACE, "images": [{"sourceUrl": "https://a/1.png", "key": "k"}]},
        Part("insert", "P", "shop", (AskedImage("https://a/1.png", "url:k"),)),
    ),
    (
        "images.source",
        {**PLACE, "images": [{"sourceUrl": "https://a/1.png", "name": "1.png"}]},
        Part("source", "P", "shop", (AskedImage("https://a/1.png", name="1.png"),)),
    ),
    (
        "galleries.clean",
        {"galleries": [PLACE], "removeReference": True, "dryRun": True},
        Part("clean", "P", "shop", remove_reference=True, dry_run=True),
    ),
]


@pytest.mark.parametrize(("kind", "data", "part"), EVENTS)
def test_an_event_asks_for_what_its_rest_call_does(kind: str, data: dict[str, object], part: Part) -> None:
    body = {"type": kind, "timestamp": "2026-08-21T09:30:00Z", "data": data}
    assert parts.event(json.dumps(body).encode()) == (kind, (part,))


def test_a_flaw_in_an_event_names_the_field_from_the_event_on() -> None:
    body = {"type": "gallery.sync", "timestamp": "", "data": {**PLACE, "more": 1}}
    with pytest.raises(Rejected) as refused:
        parts.event(json.dumps(body).encode())
    assert refused.value.flaws[0].path == "data.more"
    with pytest.raises(Rejected) as refused:
        parts.event(json.dumps({**body, "data": 7}).encode())
    assert refused.value.flaws[0].path == "data"

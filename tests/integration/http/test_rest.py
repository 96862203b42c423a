"""REST in this process: what is done at once, what waits, and what is said when Shoptet or the cloud cannot."""

import contextlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gallery_sync.core import ledger, ledger_document, operation
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.core.ledger import Content, Entry, Failure, Flight, Ledger, Live, Pause, Snapshot, Wanted
from gallery_sync.core.limits import MAX_INTENTS, MAX_KEYS
from gallery_sync.http import rest
from gallery_sync.http.asked import take_every_path
from gallery_sync.http.limit import MOST, Limit
from gallery_sync.ports import shop_errors
from gallery_sync.state import operations, paused, removed
from tests.integration.http.conftest import KEYS, Call
from tests.integration.http.world import GUID, Around
from tests.unit.http.memory import NOW

IMAGES = "/v1/products/P/galleries/shop/images"
DESCRIBE = {"images": [{"name": "1.png", "description": "x"}]}
FLIGHT = Flight("f", "insert", NOW, NOW + 60, NOW + 300, {})


def stored(around: Around) -> Ledger:
    body = around.documents.documents[ledger_document.path(GUID, "shop")].body
    return ledger_document.decode(body, "test")


def put(around: Around, **fields: Any) -> None:
    """Let the ledger say this."""
    path = ledger_document.path(GUID, "shop")
    there = around.documents.documents.get(path)
    generation = there.generation if there is not None else 0
    around.documents.write(path, ledger_document.encode(Ledger(GUID, "shop", **fields)), generation=generation)


def later(seconds: float = 20) -> shop_errors.TryLater:
    return shop_errors.TryLater("429 slow down", call="GET", at=NOW + 1 + seconds, request_id="r-429")


def test_nothing_is_connected_for_a_caller_without_a_key_or_right(call: Call, around: Around) -> None:
    assert [call("GET", IMAGES, key=key).status_code for key in ("nobody", "")] == [401, 401]
    assert call("DELETE", IMAGES, key="reader").status_code == 403
    assert call("GET", "/nowhere").status_code == 404
    assert (around.connected, around.documents.documents, around.queue.asked) == (0, {}, [])


def test_a_call_at_the_wrong_function_is_told_the_right_one(call: Call) -> None:
    answer = call("DELETE", IMAGES, function="galleries")
    assert (answer.status_code, "clean_gallery" in answer.text) == (421, True)


def test_the_description_takes_no_key_and_get_alone(call: Call) -> None:
    assert call("GET", "/openapi.yaml", key="").text.startswith("openapi: 3.1.0")
    assert (call("PUT", "/openapi.yaml").status_code, call("PUT", "/openapi.yaml").headers["Allow"]) == (405, "GET")


def test_a_listing_joins_the_gallery_with_the_ledger(call: Call, around: Around) -> None:
    around.shop.names = ["1.png", "2.png", "3.png", "4.png"]

    def entry(checksum: str, live: Live | None, **more: Any) -> Entry:
        return Entry(Wanted(Content("https://pim.example/?secret", 1, checksum, 0, url=True), NOW), live, **more)

    put(
        around,
        flight=msgspec.structs.replace(FLIGHT, images={"url:flying": Snapshot(checksum="b")}),
        entries={
            "url:live": entry("a", Live("1.png", "a", 1)),
            "url:flying": entry("b", Live("2.png", "a", 1)),
            "url:failed": entry("b", None, failure=Failure("x", "it cannot be read: https://a/?secret=1", NOW)),
            "url:waiting": entry("c", None, last_reason="slow"),
            "url:gone": entry("a", Live("9.png", "a", 1, state="gone")),
            "name:3.png": entry("a", Live("3.png", "a", 1)),
        },
    )
    found = call("GET", IMAGES).json
    assert found is not None
    assert [(row["name"], row["state"], row.get("key")) for row in found["images"]] == [
        ("1.png", "live", "url:live"),
        ("2.png", "under-way", "url:flying"),
        ("3.png", "live", None),
        ("4.png", "foreign", None),
    ]
    assert {row["key"]: row["state"] for row in found["others"]} == {
        "url:failed": "failed",
        "url:waiting": "waiting",
        "url:gone": "deleted",
    }
    assert "secret" not in str(found)


def test_attributes_are_changed_at_once_where_the_gallery_is_free(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    answer = call("PATCH", IMAGES, json=DESCRIBE)
    assert (answer.status_code, answer.json["images"]) == (200, [{"state": "updated", "name": "1.png"}])
    assert stored(around).intents == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"flight": FLIGHT},
        {"pause": Pause(NOW + 100, "slow", 1)},
        {"intents": (ledger.Intent("other/0", "clean", NOW),)},
    ],
)
def test_where_it_is_not_free_the_wish_waits_and_a_look_is_enqueued(
    call: Call, around: Around, fields: dict[str, Any]
) -> None:
    around.shop.names = ["1.png"]
    put(around, **fields)
    answer = call("PATCH", IMAGES, json=DESCRIBE)
    assert (answer.status_code, "update_attributes" in around.shop.calls) == (202, False)
    assert stored(around).intents[-1].id == f"{answer.json['operation']}/0.0"
    assert ("gallery", GUID, "shop") in around.queue.asked
    state = call("GET", answer.headers["Location"]).json
    assert (state["state"], state["galleries"][0]["state"]) == ("waiting", "waiting")


def test_who_prefers_so_waits_for_nothing(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    answer = call("PATCH", IMAGES, json=DESCRIBE, headers={"Prefer": "wait=5, respond-async; x=1"})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async")
    assert "update_attributes" not in around.shop.calls


def test_a_wish_whose_answer_is_lost_waits_for_its_repetition(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    around.shop.fails["update_attributes"] = [shop_errors.AnswerLost("reset", call="PATCH")]
    assert call("PATCH", IMAGES, json=DESCRIBE).status_code == 202
    assert len(stored(around).intents) == 1


def test_a_task_that_came_first_is_waited_for(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    key = {"Idempotency-Key": "k"}
    name = operation.operation_id("all", "k")
    put(around, flight=FLIGHT)
    assert call("PATCH", IMAGES, json=DESCRIBE, headers=key).status_code == 202
    flown = msgspec.structs.replace(FLIGHT, action="attributes", intent=f"{name}/0.0")
    put(around, flight=flown, intents=stored(around).intents)

    def conclude() -> None:
        image = operation.ImageOutcome("updated", "1.png")
        operations.conclude(around.documents, name, "0.0", operation.Outcome(NOW, (image,)))
        put(around)

    around.clock.meanwhile = conclude
    assert call("PATCH", IMAGES, json=DESCRIBE, headers=key).status_code == 200
    assert "update_attributes" not in around.shop.calls


def test_while_the_product_cannot_be_looked_up_a_task_does_it_later(call: Call, around: Around) -> None:
    around.shop.fails["guid_of"] = [later()]
    answer = call("POST", IMAGES, json={"images": [{"sourceUrl": "https://pim.example/1.png"}]})
    assert answer.status_code == 202
    assert around.queue.asked == [("operation", answer.json["operation"], NOW + 21)]
    state = call("GET", answer.headers["Location"]).json
    assert state["galleries"][0]["images"] == [{"state": "waiting", "key": state["galleries"][0]["images"][0]["key"]}]


def test_a_listing_that_shoptet_cannot_give_now_says_when_to_ask_again(call: Call, around: Around) -> None:
    around.shop.fails["images"] = [later(7)]
    answer = call("GET", IMAGES)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.json["errors"][0]["requestId"] == "r-429"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (shop_errors.Refused("422 no", call="GET", status=422, request_id="r", code="no"), 422),
        (
            shop_errors.NotAllowed(
                "403 no", call="GET", status=403, advice="grant the right", request_id="r", code="no"
            ),
            502,
        ),
        (shop_errors.NotFound("404 no", call="GET", status=404, request_id="r"), 404),
    ],
)
def test_a_refusal_of_shoptets_comes_through(call: Call, around: Around, error: Exception, status: int) -> None:
    around.shop.fails["images"] = [error]
    answer = call("GET", IMAGES)
    assert (answer.status_code, answer.json["errors"][0]["requestId"]) == (status, "r")
    around.shop.fails["guid_of"] = [error]
    around.documents.documents.clear()
    answer = call("POST", IMAGES, json={"images": [{"sourceUrl": "https://pim.example/1.png"}]})
    assert (answer.status_code, answer.json["errors"][0]["requestId"]) == (status, "r")


def test_a_deletion_tells_what_was_deleted_and_skipped(call: Call, around: Around) -> None:
    around.shop.names, around.shop.referenced = ["1.png", "2.png"], {"2.png"}
    assert call("DELETE", f"{IMAGES}/2.png?keep=false").status_code == 409
    answer = call("DELETE", f"{IMAGES}?removeReference=false&keep=false")
    assert [row["name"] for row in answer.json["deleted"]] == ["1.png"]
    assert [row["reason"] for row in answer.json["skipped"]] == ["a variant references it"]
    assert call("DELETE", f"{IMAGES}/2.png?removeReference=true&keep=false").json["deleted"][0]["name"] == "2.png"
    assert call("DELETE", f"{IMAGES}/2.png?keep=false").json["errors"][0]["code"] == "no-such-image"


def test_what_is_deleted_is_kept_before_and_whoever_asks_waits_a_little_for_that(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    answer = call("DELETE", f"{IMAGES}/1.png")
    assert (answer.status_code, around.shop.names) == (202, ["1.png"])
    assert ("fetch", GUID, "shop", NOW + 1) in around.queue.asked
    (intent,) = stored(around).intents
    assert intent.keep == "due"

    def kept() -> None:
        (waits,) = stored(around).intents[1:]
        operation, piece = waits.id.split("/")
        row = KeptImage("1.png", f"removed/{operation}/{piece}/picture.png")
        removed.write(around.documents, Kept(operation, piece, GUID, "shop", NOW, images=(row,)), 0)
        done = msgspec.structs.replace(waits, keep="done", before=("1.png",))
        around.clock.meanwhile = lambda: None
        put(around, intents=(done,))

    around.clock.meanwhile = kept
    answer = call("DELETE", f"{IMAGES}/1.png")
    assert (answer.status_code, around.shop.names) == (200, [])
    assert [row["name"] for row in answer.json["deleted"]] == ["1.png"]


def test_what_was_kept_is_asked_back_by_the_operation_that_deleted_it(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    operation = call("DELETE", f"{IMAGES}/1.png").json["operation"]
    path = f"/v1/operations/{operation}/restore"
    for unknown in (path, f"/v1/operations/{'0' * 32}/restore", "/v1/operations/x/restore"):
        assert call("POST", unknown).status_code == 404
    assert call("POST", path).json["errors"][0]["code"] == "nothing-kept"
    others = Kept("1" * 32, "0", GUID, "shop", NOW, caller="somebody else")
    removed.write(around.documents, others, 0)
    assert call("POST", f"/v1/operations/{'1' * 32}/restore").json["errors"][0]["code"] == "no-such-operation"
    row = KeptImage("1.png", f"removed/{operation}/0/picture.png", priority=7, description="a person's")
    removed.write(around.documents, Kept(operation, "0", GUID, "shop", NOW, caller="all", images=(row,)), 0)
    around.shop.names = []
    put(around, intents=())
    answer = call("POST", path)
    assert answer.status_code == 202
    ((key, entry),) = stored(around).entries.items()
    assert key == f"back:{operation}/0/1.png"
    assert entry.wanted is not None
    assert (entry.wanted.content.source, entry.wanted.priority, entry.wanted.description) == (row.path, 7, "a person's")
    assert [intent.kind for intent in stored(around).intents] == ["restore"]
    view = call("GET", f"/v1/operations/{answer.json['operation']}").json
    assert (view["state"], view["galleries"][0]["kind"]) == ("waiting", "restore")
    assert call("POST", path, json={}).status_code == 400


def test_a_dry_run_writes_nothing_but_the_code(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    assert call("DELETE", f"{IMAGES}?dryRun=true").json == {
        "dryRun": True,
        "images": [{"state": "would-be-deleted", "name": "1.png"}],
    }
    assert call("DELETE", f"{IMAGES}/9.png?dryRun=true").status_code == 404
    assert list(around.documents.documents) == ["codes/P.json"]
    assert around.queue.asked == []


def test_many_cleanups_are_written_down_and_left_to_a_task(call: Call, around: Around) -> None:
    body = {"galleries": [{"product": "P", "gallery": "shop"}], "removeReference": False}
    answer = call("POST", "/v1/cleanups", json=body)
    assert (answer.status_code, around.shop.calls) == (202, [])
    assert around.queue.asked == [("operation", answer.json["operation"], NOW + 1)]


def test_a_repetition_makes_sure_that_the_work_is_enqueued(call: Call, around: Around) -> None:
    body, key = {"images": [{"sourceUrl": "https://pim.example/1.png"}]}, {"Idempotency-Key": "k"}
    first = call("POST", IMAGES, json=body, headers=key)
    around.queue.asked.clear()
    again = call("POST", IMAGES, json=body, headers=key)
    assert (again.status_code, again.json) == (202, first.json)
    assert around.queue.asked == [("gallery", GUID, "shop")]


def test_a_caller_that_died_before_enqueueing_is_made_up_for_by_its_repetition(call: Call, around: Around) -> None:
    body, key = {"images": [{"sourceUrl": "https://pim.example/1.png"}]}, {"Idempotency-Key": "k"}
    around.queue.broken = True
    assert call("POST", IMAGES, json=body, headers=key).status_code == 503
    around.queue.broken = False
    assert call("POST", IMAGES, json=body, headers=key).status_code == 202
    assert around.queue.asked == [("gallery", GUID, "shop")]
    assert len(stored(around).entries) == 1


def test_an_operation_tells_how_far_each_picture_is(call: Call, around: Around) -> None:
    rows = [{"sourceUrl": f"https://pim.example/{n}.png", "key": str(n)} for n in range(4)]
    answer = call("POST", IMAGES, json={"images": rows})
    there = stored(around)
    entries = dict(there.entries)
    checksums = {key: entry.wanted.content.checksum for key, entry in entries.items() if entry.wanted is not None}
    entries["url:0"] = msgspec.structs.replace(entries["url:0"], live=Live("1.png", checksums["url:0"], 1))
    entries["url:1"] = msgspec.structs.replace(entries["url:1"], failure=Failure("x", "unreadable", NOW))
    del entries["url:3"]
    flying = {"url:2": Snapshot(checksum=checksums["url:2"])}
    put(around, entries=entries, flight=msgspec.structs.replace(FLIGHT, images=flying, job_id="j1"))
    state = call("GET", answer.headers["Location"]).json
    assert state["state"] == "under-way"
    assert [(row["state"], row.get("jobId")) for row in state["galleries"][0]["images"]] == [
        ("live", None),
        ("failed", None),
        ("under-way", "j1"),
        ("superseded", None),
    ]
    put(
        around,
        entries=entries
        | {"url:2": msgspec.structs.replace(entries["url:2"], live=Live("2.png", checksums["url:2"], 1))},
    )
    assert call("GET", answer.headers["Location"]).json["state"] == "failed"


def test_storage_that_does_not_answer_is_503_and_in_the_log(call: Call, around: Around) -> None:
    around.documents.broken = True
    answer = call("POST", IMAGES, json={"images": [{"sourceUrl": "https://pim.example/1.png"}]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert '"severity": "ERROR"' in around.lines.getvalue()


def test_a_ledger_of_another_version_is_told_and_not_written_over(call: Call, around: Around) -> None:
    around.documents.write(ledger_document.path(GUID, "shop"), b'{"schema": 9}', generation=0)
    answer = call("GET", IMAGES)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (500, "bad-document")


def test_a_source_update_of_an_unknown_key_fails_and_the_rest_is_on_its_way(call: Call) -> None:
    rows = [
        {"key": "nobody", "sourceUrl": "https://pim.example/1.png"},
        {"name": "1.png", "sourceUrl": "https://a/2.png"},
    ]
    answer = call("PATCH", f"{IMAGES}/source", json={"images": rows})
    state = call("GET", answer.headers["Location"]).json
    assert [row["state"] for row in state["galleries"][0]["images"]] == ["failed", "waiting"]


def test_an_operation_of_many_galleries_tells_what_came_of_each(call: Call, around: Around) -> None:
    galleries = [{"product": "P", "gallery": "shop"}, {"product": "P", "gallery": "shop", "imageName": "1.png"}]
    answer = call("POST", "/v1/cleanups", json={"galleries": galleries, "removeReference": False})
    name, href = answer.json["operation"], answer.headers["Location"]
    assert call("GET", href).json["state"] == "waiting"
    outcome = operation.Outcome(NOW, (operation.ImageOutcome("deleted", "1.png", "name:1.png"),))
    operations.conclude(around.documents, name, "0", outcome)
    assert call("GET", href).json["state"] == "under-way"
    refused = operation.Outcome(NOW, problem=operation.no_such_image("1.png"))
    operations.conclude(around.documents, name, "1", refused)
    found = call("GET", href).json
    assert found["state"] == "failed"
    assert [part["state"] for part in found["galleries"]] == ["done", "failed"]
    assert found["galleries"][0]["images"] == [{"state": "deleted", "name": "1.png"}]
    assert found["galleries"][1]["error"]["code"] == "no-such-image"


def test_a_look_is_done_once_it_is_enqueued(call: Call, around: Around) -> None:
    path = "/v1/products/P/galleries/shop/sync"
    answer = call("POST", path)
    assert (answer.status_code, around.queue.asked) == (202, [("gallery", GUID, "shop")])
    assert call("GET", answer.headers["Location"]).json["state"] == "done"
    assert call("POST", path, data=b"{}").status_code == 400


@pytest.mark.parametrize(
    "place", ["/v1/products/P/galleries/other/images", "/v1/operations/ABC", f"/v1/operations/{'0' * 32}"]
)
def test_what_there_is_not_is_404(call: Call, place: str) -> None:
    assert call("GET", place).status_code == 404


def test_who_writes_the_ledger_at_the_same_time_does_not_stop_a_change(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]

    def overtake(body: bytes) -> None:
        if b'"flight"' in body and stored(around).prefixes == ():
            put(around, prefixes=("P",), intents=stored(around).intents)

    around.documents.overtaking = overtake
    assert call("PATCH", IMAGES, json=DESCRIBE).status_code == 200
    assert stored(around).prefixes == ("P",)


def test_a_raw_target_with_scheme_and_host_is_understood(call: Call) -> None:
    target = f"http://galleries.example{IMAGES}?x=1"
    answer = call("GET", IMAGES, environ_overrides={"RAW_URI": target})
    assert answer.json["errors"][0]["path"] == "x"
    assert call("GET", IMAGES, environ_overrides={"RAW_URI": "http://[broken/"}).status_code == 400


def test_a_gallery_that_is_full_takes_no_more_pictures_and_says_how_many_it_has(call: Call, around: Around) -> None:
    put(
        around,
        entries={
            f"url:{n}": Entry(Wanted(Content("https://pim.example/", 1, str(n), 0, url=True), NOW))
            for n in range(MAX_KEYS)
        },
    )
    answer = call("POST", IMAGES, json={"images": [{"sourceUrl": "https://pim.example/1.png"}]})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (409, "gallery-full")
    assert str(MAX_KEYS) in answer.json["errors"][0]["message"]
    assert len(stored(around).entries) == MAX_KEYS
    assert call("DELETE", f"{IMAGES}?removeReference=false&keep=false").status_code == 200


def test_a_gallery_for_which_too_much_waits_asks_to_come_later(call: Call, around: Around) -> None:
    waiting = tuple(ledger.Intent(f"other/{n}", "attributes", NOW) for n in range(MAX_INTENTS))
    put(around, intents=waiting)
    answer = call("PATCH", IMAGES, json=DESCRIBE)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (429, "too-many-waiting")
    assert stored(around).intents == waiting


def test_every_answer_carries_an_id_that_stands_in_each_line_of_its_request(call: Call, around: Around) -> None:
    answer = call("GET", IMAGES, headers={"X-Request-Id": "order-4711.a_b"})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (200, "order-4711.a_b")
    lines = [json.loads(line) for line in around.lines.getvalue().splitlines()]
    assert lines
    assert {line["request"] for line in lines} == {"order-4711.a_b"}
    around.log.say("INFO", "something else")
    assert "request" not in json.loads(around.lines.getvalue().splitlines()[-1])


@pytest.mark.parametrize(
    ("headers", "pattern"),
    [
        ({}, "[0-9a-f]{32}"),
        ({"X-Request-Id": "short"}, "[0-9a-f]{32}"),
        ({"X-Request-Id": "x" * 65}, "[0-9a-f]{32}"),
        ({"X-Request-Id": "a b c d e f"}, "[0-9a-f]{32}"),
        ({"X-Cloud-Trace-Context": "0123456789abcdef0123456789abcdef/12;o=1"}, "0123456789abcdef0123456789abcdef"),
        ({"X-Cloud-Trace-Context": "../../etc", "X-Request-Id": "ab"}, "[0-9a-f]{32}"),
    ],
)
def test_an_id_is_the_callers_if_it_is_sane_else_the_platforms_or_a_new_one(
    call: Call, headers: dict[str, str], pattern: str
) -> None:
    answers = [call("GET", IMAGES, headers=headers, key=key) for key in ("all", "nobody")]
    for answer in answers:
        assert re.fullmatch(pattern, answer.headers["X-Request-Id"])


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", IMAGES, "nobody", 401),
        ("POST", IMAGES, "reader", 403),
        ("GET", "/v1/nothing", "all", 404),
        ("PUT", IMAGES, "all", 405),
        ("PUT", "/openapi.yaml", "all", 405),
        ("POST", IMAGES, "all", 415),
    ],
)
def test_a_refusal_is_a_problem_as_the_rfc_has_it(call: Call, method: str, path: str, key: str, status: int) -> None:
    answer = call(method, path, key=key, headers={"X-Request-Id": "request-1"})
    problem = answer.json
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (problem["type"], problem["status"], problem["instance"]) == ("about:blank", status, "request-1")
    assert problem["detail"] == problem["errors"][0]["message"]
    assert problem["title"]


@pytest.mark.parametrize("path", [IMAGES, "/openapi.yaml", "/v1/nothing"])
def test_no_answer_is_to_be_guessed_at(call: Call, path: str) -> None:
    assert call("GET", path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("tail", ["galleries/shop/images", "galleries/shop/images/1.png", "galleries/shop/sync"])
def test_a_code_with_a_raw_slash_is_told_how_to_write_it(call: Call, tail: str) -> None:
    for code in ("62/XL", "a/b/c"):
        [flaw] = call("GET", f"/v1/products/{code}/{tail}").json["errors"]
        assert (flaw["code"], flaw["path"], "%2F" in flaw["message"]) == ("no-such-route", "product", True)
    [flaw] = call("GET", "/v1/products/62/nothing").json["errors"]
    assert "%2F" not in flaw["message"]


def test_one_callers_requests_leave_room_for_the_others(around: Around) -> None:
    held, waiting = threading.Barrier(MOST + 1), threading.Event()

    def look(*_: object) -> tuple[()]:
        held.wait(10)
        waiting.wait(10)
        return ()

    around.shop.images = look  # type: ignore[assignment,method-assign]
    service = rest.Service("galleries", KEYS, around.world, around.log)
    app = Flask("test")
    take_every_path(app, lambda one: rest.respond(one, service))

    def ask(key: str, path: str = IMAGES) -> TestResponse:
        return app.test_client().get(path, headers={"Authorization": f"Bearer {key}"})

    with ThreadPoolExecutor(MOST) as pool:
        under_way = [pool.submit(ask, "reader") for _ in range(MOST)]
        held.wait(10)
        refused, other = ask("reader"), ask("all", f"/v1/operations/{'0' * 32}")
        waiting.set()
        assert [one.result().status_code for one in under_way] == [200] * MOST
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert str(MOST) in refused.json["errors"][0]["message"]  # type: ignore[index]
    assert other.status_code == 404
    assert ask("reader", f"/v1/operations/{'0' * 32}").status_code == 404


def test_a_caller_that_is_alone_takes_nobodys_place() -> None:
    limit = Limit(["pim", "pim"])
    with contextlib.ExitStack() as stack:
        for _ in range(MOST + 1):
            stack.enter_context(limit.place("pim"))


def test_in_a_pause_what_is_asked_is_taken_waits_and_every_answer_says_so(call: Call, around: Around) -> None:
    around.shop.names = ["1.png"]
    paused.pause(around.documents, NOW)
    for method, path, body in (
        ("PATCH", IMAGES, DESCRIBE),
        ("DELETE", IMAGES, None),
        ("POST", IMAGES, {"images": [{"sourceUrl": "https://pim.example/1.png"}]}),
    ):
        answer = call(method, path, json=body)
        assert (answer.status_code, answer.headers.get("Gallery-Sync-Paused")) == (202, "true")
    assert not {"update_attributes", "delete_all", "delete"} & set(around.shop.calls)
    assert [intent.kind for intent in stored(around).intents] == ["attributes", "clean"]
    paused.resume(around.documents)
    answer = call("POST", IMAGES, json={"images": [{"sourceUrl": "https://pim.example/2.png"}]})
    assert (answer.status_code, "Gallery-Sync-Paused" in answer.headers) == (202, False)

"""Requests that cannot be carried out at once, that are repeated, or that are about many galleries."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import requests

from infra.local.cloud import LocalCloud
from tests.e2e.http.caller import Caller, images, states
from tests.e2e.support import Product, Sandbox, new_product, picture, wait, wait_live, wait_quiet

pytestmark = pytest.mark.long

Hang = Callable[[int], list[str]]
Refer = Callable[[Sequence[str]], None]


def in_flight(caller: Caller, sandbox: Sandbox, product: Product, pictures: str) -> requests.Response:
    """Let an insertion be under way for a few seconds."""
    sandbox.set(job_seconds=(3, 3))
    row = {"sourceUrl": f"{pictures}/flight/1.png", "key": "flight"}
    accepted = caller.call("POST", images(product.guid), {"images": [row]})
    wait("the insertion's job", lambda: "jobId" in str(caller.operation(accepted)))
    return accepted


def test_what_is_asked_while_the_gallery_is_in_flight_is_done_when_it_has_landed(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    first, second = hang(2)
    insertion = in_flight(caller, sandbox, product, pictures)
    assert states(caller.operation(insertion)) == ["under-way"]
    described = caller.call("PATCH", images(product.guid), {"images": [{"name": first, "description": "later"}]})
    deleted = caller.call("DELETE", f"{images(product.guid)}/{second}")
    assert caller.operation(described)["state"] == caller.operation(deleted)["state"] == "waiting"
    caller.done(insertion)
    assert states(caller.done(described)) == ["updated"]
    assert states(caller.done(deleted)) == ["deleted"]
    shown = {image["name"]: image["description"] for image in sandbox.shown(product.guid)}
    assert (shown[first], second in shown, len(shown)) == ("later", False, 2)


def test_a_cleanup_that_comes_during_an_insertion_takes_its_pictures_along(
    caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    insertion = in_flight(caller, sandbox, product, pictures)
    cleanup = caller.call("DELETE", images(product.guid))
    assert states(caller.done(cleanup)) == ["deleted"]
    assert states(caller.ended(insertion)) == ["superseded"]
    assert sandbox.shown(product.guid) == []


def test_who_prefers_so_gets_an_operation_though_the_gallery_is_free(
    caller: Caller, product: Product, hang: Hang
) -> None:
    [name] = hang(1)
    body = {"images": [{"name": name, "priority": 5}]}
    answer = caller.call("PATCH", images(product.guid), body, Prefer="respond-async")
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert states(caller.done(answer)) == ["updated"]


def test_the_same_request_again_gives_the_same_answer_and_does_nothing_twice(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    hang(2)
    key, path = uuid.uuid4().hex, images(product.guid)
    body = {"images": [{"sourceUrl": f"{pictures}/twice/1.png"}]}
    answers = [caller.call("POST", path, body, Idempotency_Key=key) for _ in range(2)]
    caller.done(answers[0])
    answers.append(caller.call("POST", path, body, Idempotency_Key=key))
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    deletions = [caller.call("DELETE", path, Idempotency_Key=f"d-{key}") for _ in range(2)]
    assert [answer.status_code for answer in deletions] == [200, 200]
    assert deletions[0].json()["deleted"] == deletions[1].json()["deleted"] != []
    assert (sandbox.calls()["images.insert"], sandbox.calls()["images.delete_all"]) == (1, 1)
    # A repetition from before the cleanup does not bring the picture back.
    assert states(caller.operation(caller.call("POST", path, body, Idempotency_Key=key))) == ["superseded"]
    assert sandbox.shown(product.guid) == []


def test_the_same_key_for_another_request_is_refused(caller: Caller, product: Product) -> None:
    key, path = uuid.uuid4().hex, f"/v1/products/{product.guid}/galleries/shop/sync"
    assert caller.call("POST", path, Idempotency_Key=key).status_code == 202
    refused = caller.call("POST", path.replace("shop/", "shop360/"), Idempotency_Key=key)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "another-request")


def test_two_callers_do_not_share_their_keys(cloud: LocalCloud, caller: Caller, product: Product) -> None:
    path = f"/v1/products/{product.guid}/galleries/shop/sync"
    mine = caller.call("POST", path, Idempotency_Key="one")
    other = Caller(cloud, "writer")
    assert other.call("POST", path.replace("shop/", "shop360/"), Idempotency_Key="one").status_code == 202
    assert other.call("GET", mine.headers["Location"]).status_code == 404


def test_many_at_the_same_time_with_one_key_are_one_request(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    key, path = uuid.uuid4().hex, images(product.guid)
    body = {"images": [{"sourceUrl": f"{pictures}/race/{n}.png"} for n in range(3)]}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: caller.call("POST", path, body, Idempotency_Key=key), range(6)))
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    caller.done(answers[0])
    assert len(sandbox.shown(product.guid)) == 3
    with ThreadPoolExecutor(6) as pool:
        cleaned = list(pool.map(lambda _: caller.call("DELETE", path, Idempotency_Key=f"c-{key}"), range(6)))
    ended = [answer.json()["deleted"] for answer in cleaned if answer.status_code == 200]
    assert ended
    assert all(one == ended[0] and len(one) == 3 for one in ended)
    assert {answer.status_code for answer in cleaned} <= {200, 202}
    assert (sandbox.calls()["images.insert"], sandbox.calls()["images.delete_all"]) == (1, 1)


def test_many_galleries_are_cleaned_by_one_operation_with_an_outcome_for_each(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, refer: Refer
) -> None:
    first, second = hang(2)
    refer([first])
    empty = sandbox.add_product()
    body = {
        "galleries": [
            {"product": product.code, "gallery": "shop"},
            {"product": empty.guid, "gallery": "shop360"},
            {"product": "NOBODY", "gallery": "shop"},
            {"product": empty.code, "gallery": "shop", "imageName": "7.png"},
        ],
        "removeReference": False,
    }
    operation = caller.ended(caller.call("POST", "/v1/cleanups", body))
    parts = operation["galleries"]
    assert [part["state"] for part in parts] == ["done", "done", "failed", "failed"]
    assert [(image["name"], image["state"]) for image in parts[0]["images"]] == [
        (first, "skipped"),
        (second, "deleted"),
    ]
    assert [part["error"]["code"] for part in parts[2:]] == ["no-product", "no-such-image"]
    assert [image["name"] for image in sandbox.shown(product.guid)] == [first]


def test_a_dry_run_of_many_deletes_nothing(caller: Caller, sandbox: Sandbox, product: Product, hang: Hang) -> None:
    names = hang(2)
    body = {"galleries": [{"product": product.guid, "gallery": "shop"}], "removeReference": True, "dryRun": True}
    operation = caller.done(caller.call("POST", "/v1/cleanups", body))
    assert states(operation) == ["would-be-deleted"] * 2
    assert [image["name"] for image in sandbox.shown(product.guid)] == names


def test_what_was_cleaned_stays_away_until_it_is_dropped_again(
    cloud: LocalCloud, caller: Caller, sandbox: Sandbox, product: Product
) -> None:
    file = picture(f"{product.guid}/shop/1.png", "1")
    cloud.upload(file.name, file.body, file.content_type)
    wait_live(cloud, [file])
    [row] = caller.call("DELETE", images(product.guid)).json()["deleted"]
    assert row["key"] == f"drop:{file.name}"
    caller.done(caller.call("POST", f"/v1/products/{product.guid}/galleries/shop/sync"))
    wait_quiet(cloud)
    assert sandbox.shown(product.guid) == []
    cloud.upload(file.name, file.body, file.content_type)
    wait("the file to be live again", lambda: len(sandbox.shown(product.guid)) == 1)


def test_purging_takes_the_files_out_of_the_bucket_as_well(cloud: LocalCloud, caller: Caller, product: Product) -> None:
    file = picture(f"{product.guid}/shop/1.png", "1")
    cloud.upload(file.name, file.body, file.content_type)
    wait_live(cloud, [file])
    assert caller.call("DELETE", f"{images(product.guid)}?purge=true").status_code == 200
    assert list(cloud.storage.list_blobs("drop", prefix=product.guid)) == []
    assert len(list(cloud.storage.list_blobs("state", prefix="removed/"))) >= 1


def test_a_dropped_picture_can_be_replaced_by_url_also_after_its_file_is_gone(
    cloud: LocalCloud, caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    file = picture(f"{product.guid}/shop/1.png", "1")
    cloud.upload(file.name, file.body, file.content_type)
    wait_live(cloud, [file])
    cloud.remove(file.name)
    wait_quiet(cloud)
    [before] = sandbox.shown(product.guid)
    rows = [{"key": f"drop:{file.name}", "sourceUrl": f"{pictures}/dropped/2.png"}]
    assert states(caller.done(caller.call("PATCH", f"{images(product.guid)}/source", {"images": rows}))) == ["live"]
    [after] = sandbox.shown(product.guid)
    assert (after["name"] == before["name"], after["sha256"] == before["sha256"]) == (True, False)


def test_codes_with_slashes_and_percent_signs_find_their_product(
    cloud: LocalCloud, caller: Caller, sandbox: Sandbox
) -> None:
    for code in (f"62/{uuid.uuid4().hex[:8]}", f"A//B {uuid.uuid4().hex[:8]}"):
        made = sandbox.add_product(Product(new_product().guid, code))
        assert caller.images(code)["product"] == made.guid
        assert caller.images(code.lower())["product"] == made.guid
    answer = caller.call("GET", f"/v1/products/{quote('62%2FXL', safe='')}/galleries/shop/images")
    assert answer.status_code in (400, 404)


def test_a_product_that_shoptet_does_not_know_is_404_with_its_request_id(caller: Caller, pictures: str) -> None:
    body = {"images": [{"sourceUrl": f"{pictures}/nobody/1.png"}]}
    for answer in (
        caller.call("GET", images("NOBODY")),
        caller.call("POST", images("NOBODY"), body),
        caller.call("PATCH", images("NOBODY"), {"images": [{"name": "1.png", "priority": 1}]}),
        caller.call("DELETE", images("NOBODY")),
    ):
        assert answer.status_code == 404
        [error] = answer.json()["errors"]
        assert (error["code"], bool(error["requestId"])) == ("no-product", True)


def test_while_shoptet_is_away_reading_says_when_to_ask_again_and_writing_is_done_later(
    caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    # Longer than a call is tried again in place.
    away = {"status": 429, "headers": {"Retry-After": "11"}}
    sandbox.order("product.by_code", "status", **away)
    answer = caller.call("GET", images(product.code))
    assert (answer.status_code, 9 <= int(answer.headers["Retry-After"]) <= 11) == (503, True)
    sandbox.order("product.by_code", "status", **away)
    accepted = caller.call("POST", images(product.code), {"images": [{"sourceUrl": f"{pictures}/away/1.png"}]})
    assert caller.operation(accepted)["state"] == "waiting"
    assert states(caller.done(accepted)) == ["live"]

"""Each of Shoptet's six product-image calls, asked for over HTTP, and what the gallery shows afterwards."""

import hashlib
from collections.abc import Callable, Sequence

from infra.local.pictures import picture_bytes
from tests.e2e.http.caller import Caller, images, states
from tests.e2e.support import Product, Sandbox

Hang = Callable[[int], list[str]]
Refer = Callable[[Sequence[str]], None]


def digest(title: str, number: str) -> str:
    return hashlib.sha256(picture_bytes(title, number)).hexdigest()


def test_the_list_is_shoptets_with_key_and_state(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    [theirs] = hang(1)
    asked = {"images": [{"sourceUrl": f"{pictures}/list/1.png", "key": "front", "description": "Front"}]}
    caller.done(caller.call("POST", images(product.code), asked))
    found = caller.images(product.code)
    assert found["product"] == product.guid
    foreign, ours = found["images"]
    assert (foreign["name"], foreign["state"], foreign.get("key")) == (theirs, "foreign", None)
    assert (ours["state"], ours["key"], ours["description"]) == ("live", "url:front", "Front")
    assert [image["name"] for image in sandbox.shown(product.guid)] == [image["name"] for image in found["images"]]


def test_a_picture_that_failed_is_listed_with_its_reason(caller: Caller, product: Product, pictures: str) -> None:
    asked = {"images": [{"sourceUrl": f"{pictures}/gone/1.png?secret=abc", "key": "lost"}]}
    accepted = caller.call("POST", images(product.guid), asked)
    operation = caller.ended(accepted)
    assert (operation["state"], states(operation)) == ("failed", ["failed"])
    [other] = caller.images(product.guid)["others"]
    assert (other["key"], other["state"]) == ("url:lost", "failed")
    assert other["reason"] == operation["galleries"][0]["images"][0]["reason"]
    assert "secret" not in str(other)


def test_insertion_puts_the_pictures_into_the_gallery_in_order(
    caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    rows = [{"sourceUrl": f"{pictures}/insert/{n}.png"} for n in ("b", "a", "c")]
    operation = caller.done(caller.call("POST", images(product.guid, "shop360"), {"images": rows}))
    shown = sandbox.shown(product.guid, "shop360")
    assert [image["sha256"] for image in shown] == [digest("insert", n) for n in ("b", "a", "c")]
    assert states(operation) == ["live"] * 3
    assert [row["name"] for row in operation["galleries"][0]["images"]] == [image["name"] for image in shown]


def test_more_than_a_hundred_pictures_are_one_operation(
    caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    rows = [{"sourceUrl": f"{pictures}/many/{n}.png", "key": f"many-{n}"} for n in range(130)]
    operation = caller.done(caller.call("POST", images(product.guid), {"images": rows}))
    assert states(operation) == ["live"] * 130
    assert [image["sha256"] for image in sandbox.shown(product.guid)] == [digest("many", str(n)) for n in range(130)]
    assert sandbox.calls()["images.insert"] == 2


def test_a_key_that_is_there_gets_the_new_picture_under_its_name(
    caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    for number in ("1", "2"):
        row = {"sourceUrl": f"{pictures}/again/{number}.png", "key": "front"}
        caller.done(caller.call("POST", images(product.guid), {"images": [row]}))
    [shown] = sandbox.shown(product.guid)
    assert shown["sha256"] == digest("again", "2")
    assert len(sandbox.jobs(product.guid)) == 2


def test_source_update_replaces_pictures_by_key_and_by_name(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    [theirs] = hang(1)
    row = {"sourceUrl": f"{pictures}/source/1.png", "key": "ours"}
    caller.done(caller.call("POST", images(product.guid), {"images": [row]}))
    before = [image["name"] for image in sandbox.shown(product.guid)]
    rows = [
        {"name": theirs, "sourceUrl": f"{pictures}/source/2.png"},
        {"key": "ours", "sourceUrl": f"{pictures}/source/3.png", "description": "new"},
    ]
    operation = caller.done(caller.call("PATCH", f"{images(product.guid)}/source", {"images": rows}))
    assert states(operation) == ["live", "live"]
    shown = sandbox.shown(product.guid)
    assert [image["name"] for image in shown] == before
    assert [image["sha256"] for image in shown] == [digest("source", "2"), digest("source", "3")]
    assert shown[1]["description"] == "new"


def test_source_update_of_a_key_that_is_not_there_fails_and_says_so(
    caller: Caller, sandbox: Sandbox, product: Product, pictures: str
) -> None:
    rows = [{"key": "nobody", "sourceUrl": f"{pictures}/source/9.png"}]
    operation = caller.ended(caller.call("PATCH", f"{images(product.guid)}/source", {"images": rows}))
    [image] = operation["galleries"][0]["images"]
    assert (image["state"], image["reason"]) == ("failed", "the gallery has no such key: insert it first")
    assert sandbox.shown(product.guid) == []


def test_attributes_change_at_once_and_each_image_is_answered_for(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, pictures: str
) -> None:
    first, second = hang(2)
    row = {"sourceUrl": f"{pictures}/attributes/1.png", "key": "ours"}
    caller.done(caller.call("POST", images(product.guid), {"images": [row]}))
    changes = {
        "images": [
            {"name": second, "priority": 3, "description": "theirs"},
            {"key": "ours", "priority": 1},
            {"name": "999999.png", "priority": 2},
        ]
    }
    answer = caller.call("PATCH", images(product.guid), changes)
    assert answer.status_code == 200
    assert [(row["state"], row.get("name")) for row in answer.json()["images"]][::2] == [
        ("updated", second),
        ("failed", "999999.png"),
    ]
    shown = sandbox.shown(product.guid)
    ours = answer.json()["images"][1]["name"]
    assert [image["name"] for image in shown] == [ours, second, first]
    assert (shown[1]["priority"], shown[1]["description"]) == (3, "theirs")
    # What a caller said of an image of ours stays so when the gallery is looked at again.
    caller.done(caller.call("POST", f"/v1/products/{product.guid}/galleries/shop/sync"))
    assert [image["name"] for image in sandbox.shown(product.guid)] == [ours, second, first]


def test_delete_all_skips_what_variants_reference_until_it_is_told_to_remove_that_too(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, refer: Refer
) -> None:
    first, second, third = hang(3)
    refer([second])
    answer = caller.call("DELETE", images(product.guid))
    assert answer.status_code == 200
    assert [image["name"] for image in answer.json()["deleted"]] == [first, third]
    [skipped] = answer.json()["skipped"]
    assert skipped["name"] == second
    assert skipped["reason"]
    assert [image["name"] for image in sandbox.shown(product.guid)] == [second]
    answer = caller.call("DELETE", f"{images(product.guid)}?removeReference=true")
    assert answer.status_code == 200, (answer.text, caller.ended(answer))
    assert ([image["name"] for image in answer.json()["deleted"]], answer.json()["skipped"]) == ([second], [])
    assert sandbox.shown(product.guid) == []


def test_delete_one_is_refused_while_a_variant_references_it(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, refer: Refer
) -> None:
    first, second = hang(2)
    refer([first])
    answer = caller.call("DELETE", f"{images(product.guid)}/{first}")
    assert answer.status_code == 409
    [error] = answer.json()["errors"]
    assert error["requestId"]
    assert [image["name"] for image in sandbox.shown(product.guid)] == [first, second]
    answer = caller.call("DELETE", f"{images(product.guid)}/{first}?removeReference=true")
    assert (answer.status_code, answer.json()["deleted"][0]["name"]) == (200, first)
    assert [image["name"] for image in sandbox.shown(product.guid)] == [second]
    assert caller.call("DELETE", f"{images(product.guid)}/{first}").status_code == 404


def test_a_dry_run_tells_what_would_be_deleted_and_deletes_nothing(
    caller: Caller, sandbox: Sandbox, product: Product, hang: Hang
) -> None:
    names = hang(2)
    answer = caller.call("DELETE", f"{images(product.guid)}?dryRun=true")
    assert [image["name"] for image in answer.json()["images"]] == names
    answer = caller.call("DELETE", f"{images(product.guid)}/{names[1]}?dryRun=true")
    assert [image["name"] for image in answer.json()["images"]] == names[1:]
    assert [image["name"] for image in sandbox.shown(product.guid)] == names
    assert sandbox.calls().get("images.delete_all", 0) == 0

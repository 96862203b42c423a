"""What a caller had deleted comes back pixel for pixel, in its order, with its descriptions and its variants' references.

Over the project's own client, the sandbox, and the local storage and tasks.
"""

import hashlib
import json
from typing import Any

import pytest

from infra.cli import restore
from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.inside import on
from tests.faults.table.place import CODE, Place, Shown, opened

FILES = {f"{n}.png": picture(colour=colour) for n, colour in enumerate(("#aa0000", "#00aa00", "#0000aa"), 1)}
FOREIGN = picture(colour="#abcdef")
IMAGES = f"/v1/products/{MUG}/galleries/shop/images"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def shop(place: Place) -> Shown:
    """Three dropped pictures, one of them described, and one that a person added and described; a variant shows the second."""
    for name, content in FILES.items():
        place.put(f"{MUG}/{name}", content, **({"description": "front"} if name == "1.png" else {}))
    place.all_done()
    place.by_hand(FOREIGN, description="a person's")
    place.refer(second(place))
    assert len(place.shown()) == 4
    return place.shown()


def second(place: Place) -> str:
    return next(image.name for image in place.api.images(MUG) if image.picture.sha256 == sha(FILES["2.png"]))


def referenced(place: Place) -> dict[str, str | None]:
    """The content that each variant shows."""
    names = {image.name: image.picture.sha256 for image in place.api.images(MUG)}
    answer = place.api.call("GET", f"/api/products/{MUG}").json()["data"]
    return {variant["code"]: names.get(variant["image"]) for variant in answer["variants"]}


def asks(place: Place, method: str, path: str) -> dict[str, Any]:
    answer = place.callers.call(method, path, None)
    found: dict[str, Any] = json.loads(answer.data)
    return found


def deleted(place: Place, query: str = "removeReference=true") -> str:
    """Have the gallery cleaned, and give the operation's id."""
    operation = str(asks(place, "DELETE", f"{IMAGES}?{query}")["operation"])
    place.all_done()
    return operation


def restored(place: Place, operation: str) -> dict[str, Any]:
    """Have it back, and give what became of each image."""
    asked = asks(place, "POST", f"/v1/operations/{operation}/restore")
    place.all_done()
    told = asks(place, "GET", f"/v1/operations/{asked['operation']}")
    assert told["state"] in ("done", "failed"), told
    return told


def test_what_was_cleaned_comes_back_as_it_was(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        before, shows = shop(place), referenced(place)
        operation = deleted(place)
        assert (place.shown(), place.calls("images.delete_all")) == ((), 1)
        told = restored(place, operation)
        assert place.shown() == before
        assert referenced(place) == shows
        assert [image["state"] for image in told["galleries"][0]["images"]] == ["live"] * 4
        # What was ours is ours again, what was a person's is theirs.
        live = {key.rpartition("/")[2] for key, entry in place.ledger().entries.items() if entry.live is not None}
        assert live == set(FILES)
        assert place.quiet()
        # Again does nothing.
        inserted = place.calls("images.insert")
        restored(place, operation)
        assert (place.shown(), place.calls("images.insert")) == (before, inserted)


def test_what_was_purged_comes_back_without_its_files_and_a_new_drop_replaces_it(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(mirror_deletes=True)) as place:
        before = shop(place)
        operation = deleted(place, "removeReference=true&purge=true")
        assert (place.shown(), place.files()) == ((), [])
        restored(place, operation)
        assert place.shown() == before
        new = picture(colour="#ffff00")
        place.put(f"{MUG}/2.png", new)
        place.all_done()
        assert [one for one, _ in place.shown()] == [
            sha(new) if one == sha(FILES["2.png"]) else one for one, _ in before
        ]


def test_one_image_that_was_deleted_comes_back(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        before, shows = shop(place), referenced(place)
        operation = str(asks(place, "DELETE", f"{IMAGES}/{second(place)}?removeReference=true")["operation"])
        place.all_done()
        assert len(place.shown()) == 3
        restored(place, operation)
        assert place.shown() == before
        assert referenced(place) == shows


def test_what_came_since_it_was_kept_stays(cloud: Cloud) -> None:
    late = picture(colour="#00ff00")
    with opened(cloud, Circumstances()) as place:
        shop(place)
        asks(place, "DELETE", f"{IMAGES}?removeReference=true")
        while not place.documents("removed/") or any(one.keep == "due" for one in place.ledger().intents):
            assert place.step()
        place.by_hand(late)
        place.all_done()
        assert [one for one, _ in place.shown()] == [sha(late)]
        assert place.calls("images.delete_all") == 0


def test_what_changed_since_it_was_kept_is_kept_as_it_is_now(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        shop(place)
        operation = str(asks(place, "DELETE", f"{IMAGES}?removeReference=true")["operation"])
        while not place.documents("removed/") or any(one.keep == "due" for one in place.ledger().intents):
            assert place.step()
        place.clock.sleep(5)
        name = next(image.name for image in place.api.images(MUG) if image.picture.sha256 == sha(FOREIGN))
        place.api.control("PATCH", f"images/{MUG}/shop/{name}", {"description": "another word"})
        changed = place.shown()
        place.all_done()
        assert place.shown() == ()
        restored(place, operation)
        assert place.shown() == changed


def test_what_cannot_be_kept_deletes_nothing_and_says_what_to_do(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        before = shop(place)
        place.api.fault("originals.get", "status", times=500)
        operation = deleted(place)
        assert place.shown() == before
        told = asks(place, "GET", f"/v1/operations/{operation}")
        error = told["galleries"][0]["error"]
        assert (told["state"], error["code"]) == ("failed", "not-kept")
        assert "keep=false" in error["message"]
        assert place.calls("images.delete_all") + place.calls("images.delete") == 0
        assert place.quiet()
        again = deleted(place, "removeReference=true&keep=false")
        assert place.shown() == ()
        answer = place.callers.call("POST", f"/v1/operations/{again}/restore", None)
        assert (answer.status_code, json.loads(answer.data)["errors"][0]["code"]) == (404, "nothing-kept")


def test_a_file_that_waits_is_not_held_up_by_what_cannot_be_kept(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        shop(place)
        place.api.fault("originals.get", "status", times=500)
        asks(place, "DELETE", f"{IMAGES}?removeReference=true")
        began = place.clock.now()
        place.put(f"{MUG}/4.png", picture(colour="#444444"))
        while sha(picture(colour="#444444")) not in {one for one, _ in place.shown()}:
            assert place.step()
        assert place.clock.now() < began + 300


def test_a_variant_that_shows_another_image_by_now_keeps_it_and_one_that_is_gone_is_not_made_anew(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        before = shop(place)
        operation = deleted(place)
        place.by_hand(picture(colour="#0a0b0c"))
        name = place.by_hand(picture(colour="#010203"))
        place.api.call("PATCH", f"/api/products/{MUG}", {"data": {"variants": [{"code": f"{CODE}/V", "image": name}]}})
        restored(place, operation)
        assert referenced(place)[f"{CODE}/V"] == sha(picture(colour="#010203"))
        assert {one for one, _ in before} <= {one for one, _ in place.shown()}


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("call", ["product.update", "images.insert", "images.delete_all", "product.detail"])
def test_a_lost_answer_anywhere_on_the_way_changes_nothing_of_it(cloud: Cloud, call: str, fault: str) -> None:
    with opened(cloud, Circumstances()) as place:
        before, shows = shop(place), referenced(place)
        if call in ("images.delete_all", "product.detail"):
            place.api.fault(call, fault)
        operation = deleted(place)
        assert place.shown() == ()
        if call in ("product.update", "images.insert"):
            place.api.fault(call, fault)
        restored(place, operation)
        assert place.shown() == before
        assert referenced(place) == shows


@pytest.mark.parametrize(("fault", "more"), [("reset_after", {"work": False}), ("status", {"status": 422})])
def test_references_that_cannot_be_set_again_are_told_at_their_images(
    cloud: Cloud, fault: str, more: dict[str, object]
) -> None:
    with opened(cloud, Circumstances()) as place:
        before = shop(place)
        operation = deleted(place)
        place.api.fault("product.update", fault, times=50, **more)
        told = restored(place, operation)
        assert place.shown() == before
        reasons = {image["name"]: image.get("reason", "") for image in told["galleries"][0]["images"]}
        assert [name for name, reason in reasons.items() if "its variants do not show it" in reason] == [second(place)]
        assert place.quiet()


def test_what_waits_to_be_kept_is_no_gallery_that_nobody_works_on(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        shop(place)
        place.api.fault("originals.get", "status", times=500)
        asks(place, "DELETE", f"{IMAGES}?removeReference=true")
        until = place.clock.now() + 3_000
        while place.clock.now() < until and place.step():
            pass
        assert any(intent.keep == "due" for intent in place.ledger().intents)
        place.sweep()
        assert [line for line in place.errors("WARNING") if "nobody works" in line] == []


def test_a_task_that_is_lost_while_it_waits_to_be_kept_is_made_up_for(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        shop(place)
        asks(place, "DELETE", f"{IMAGES}?removeReference=true")
        lost(place)
        for _ in range(3):
            place.sweep()
            place.all_done()
        assert place.shown() == ()


def lost(place: Place) -> None:
    """Lose every task that waits."""
    for queue in place.queues:
        for held in on(place.cloud.tasks.loop, lambda queue=queue: list(queue.book.tasks())):  # type: ignore[misc]
            on(place.cloud.tasks.loop, lambda queue=queue, held=held: queue.delete(held.task.name))  # type: ignore[misc]


def test_what_the_command_line_wants_back_comes_with_a_sweep(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        before = shop(place)
        operation = deleted(place)
        restore.restore(place.world.documents, restore.kept_of(place.world.documents, operation))
        for _ in range(2):
            place.sweep()
            place.all_done()
        assert place.shown() == before


def test_it_comes_back_by_a_call_also_when_the_request_itself_is_forgotten(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        before = shop(place)
        operation = deleted(place)
        for path in place.documents(f"operations/{operation}"):
            place.world.documents.delete(path)
        restored(place, operation)
        assert place.shown() == before

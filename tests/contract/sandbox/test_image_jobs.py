import hashlib

import pytest
import requests

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, Api, Files, noise, picture


def content(api: Api, name: str, guid: str = MUG) -> bytes:
    """The bytes that the shop has stored under a name."""
    return requests.get(f"{api.url}/_pictures/{guid}/shop/{name}?original=1", timeout=5).content


@pytest.mark.parametrize(("kind", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")])
def test_an_insertion_downloads_the_picture_and_the_shop_names_it(
    api: Api, files: Files, kind: str, extension: str
) -> None:
    url = files.put("anything", picture(kind))
    job = api.ended(api.insert(MUG, {"sourceUrl": url, "priority": 7, "description": "Hrnek"}))
    assert job["status"] == "completed"
    (image,) = api.listing(MUG)
    assert image["name"] == f"101.{extension}"
    assert (image["priority"], image["description"], image["isMainImage"]) == (7, "Hrnek", True)
    assert content(api, image["name"]) == picture(kind)
    assert files.requests == [("GET", "/anything")]


def test_images_without_a_priority_go_to_the_end_in_the_order_sent(api: Api, files: Files) -> None:
    first = api.by_hand(MUG, priority=500)
    urls = [files.put(f"{number}.png", picture(colour=colour)) for number, colour in enumerate(("red", "blue"))]
    api.ended(api.insert(MUG, *({"sourceUrl": url} for url in urls)))
    names = api.names(MUG)
    assert names[0] == first
    assert [content(api, name) for name in names[1:]] == [picture(colour="red"), picture(colour="blue")]


def test_a_repeated_insertion_inserts_twice(api: Api, files: Files) -> None:
    url = files.put("a.png", picture())
    for _ in range(2):
        api.ended(api.insert(MUG, {"sourceUrl": url}))
    assert len(api.names(MUG)) == 2


@pytest.mark.parametrize("broken", [b"", b"<html></html>", picture()[:60], picture("TIFF")])
def test_a_broken_picture_does_not_appear_and_its_error_is_in_the_result(api: Api, files: Files, broken: bytes) -> None:
    bad, good = files.put("bad", broken), files.put("good", picture())
    job = api.ended(api.insert(MUG, {"sourceUrl": bad}, {"sourceUrl": good}))
    assert job["status"] == "completed"
    assert len(api.names(MUG)) == 1
    result = requests.get(job["resultUrl"], timeout=5).json()
    assert [row["instance"] for row in result["errors"]] == ["images[0]"]
    assert [row["sourceUrl"] for row in result["data"]["images"]] == [good]
    assert job["log"].startswith("1: ")


def test_a_failed_download_is_an_error_in_the_result(api: Api, files: Files) -> None:
    rows = [{"sourceUrl": f"{files.url}/missing.png"}, {"sourceUrl": "http://127.0.0.1:9/"}, {"sourceUrl": "ftp://a/b"}]
    job = api.ended(api.insert(MUG, *rows))
    assert job["status"] == "completed"
    assert len(requests.get(job["resultUrl"], timeout=5).json()["errors"]) == 3
    assert api.names(MUG) == []


def test_a_png_over_the_limit_is_lost_without_a_word(open_sandbox: OpenSandbox, files: Files) -> None:
    api, large = open_sandbox(silent_png_bytes=2_000), noise()
    assert len(large) > 2_000
    job = api.ended(api.insert(MUG, {"sourceUrl": files.put("large.png", large)}))
    assert (job["status"], job["log"]) == ("completed", None)
    assert requests.get(job["resultUrl"], timeout=5).json()["errors"] is None
    assert api.names(MUG) == []


def test_the_limit_of_the_silent_loss_is_for_png_alone_and_10_mb_by_default(api: Api, files: Files) -> None:
    assert api.control("GET", "settings")["silent_png_bytes"] == 10_000_000
    api.settings(silent_png_bytes=100)
    api.ended(api.insert(MUG, {"sourceUrl": files.put("a.jpg", picture("JPEG"))}))
    assert len(api.names(MUG)) == 1


def test_a_source_update_replaces_the_content_and_keeps_the_name(api: Api, files: Files) -> None:
    name = api.by_hand(MUG, priority=30, description="stays")
    (before,) = api.listing(MUG)
    api.advance(60)
    job = api.ended(api.source(MUG, {"name": name, "sourceUrl": files.put("new.png", picture())}))
    (after,) = api.listing(MUG)
    assert job["status"] == "completed"
    assert content(api, name) == picture()
    assert (after["name"], after["priority"], after["description"]) == (name, 30, "stays")
    assert after["changeTime"] >= job["creationTime"] > before["changeTime"]
    assert after["cdnName"] != before["cdnName"]


def test_a_source_update_can_change_priority_and_description(api: Api, files: Files) -> None:
    name, url = api.by_hand(MUG, priority=30), files.put("new.png", picture())
    api.ended(api.source(MUG, {"name": name, "sourceUrl": url, "priority": 70_000, "description": "new"}))
    (image,) = api.listing(MUG)
    assert (image["priority"], image["description"]) == (70_000, "new")


def test_a_source_update_of_an_unknown_name_is_an_error_in_the_result(api: Api, files: Files) -> None:
    job = api.ended(api.source(MUG, {"name": "nothing.png", "sourceUrl": files.put("new.png", picture())}))
    assert job["status"] == "completed"
    assert [row["instance"] for row in requests.get(job["resultUrl"], timeout=5).json()["errors"]] == ["nothing.png"]


def test_a_source_update_with_too_large_a_png_is_lost_without_a_word(open_sandbox: OpenSandbox, files: Files) -> None:
    api = open_sandbox(silent_png_bytes=2_000)
    name = api.by_hand(MUG)
    before = content(api, name)
    job = api.ended(api.source(MUG, {"name": name, "sourceUrl": files.put("large.png", noise())}))
    assert (job["status"], job["log"]) == ("completed", None)
    assert content(api, name) == before


def test_a_product_that_is_deleted_meanwhile_fails_the_job(open_sandbox: OpenSandbox, files: Files) -> None:
    api = open_sandbox(job_seconds=(0.3, 0.3))
    job = api.insert(MUG, {"sourceUrl": files.put("a.png", picture())})
    api.control("DELETE", f"products/{MUG}")
    assert api.ended(job)["status"] == "failed"


def test_the_control_shows_what_is_really_there(api: Api, files: Files) -> None:
    api.ended(api.insert(MUG, {"sourceUrl": files.put("a.png", picture(size=(40, 30))), "priority": 5}))
    (image,) = api.control("GET", "galleries")[MUG]["shop"]
    expected = {"name": "101.png", "priority": 5, "width": 40, "height": 30, "referenced_by": []}
    assert expected.items() <= image.items()
    assert image["sha256"] == hashlib.sha256(picture(size=(40, 30))).hexdigest()

"""Uploads: names are judged before anything is sent, each link brings only what it may, and the same file goes once."""

import base64
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gallery_sync.core.catalogue import Listed
from gallery_sync.core.files import BucketFile
from gallery_sync.core.links import Link, form_token
from gallery_sync.state import refusals
from gallery_sync.state.catalogue import Writer
from gallery_sync.state.refusals import RefusedDrop
from tests.unit.core.build import GUID, NOW
from tests.unit.pages.visits import Site

OTHER = "11111111-7481-11e8-8216-002590dad85e"
SUM = base64.b64encode(b"\x01\x02\x03\x04").decode()


@pytest.fixture
def site() -> Site:
    site = Site()
    writer = Writer(site.documents, "a", (), 0)
    writer.add(Listed(GUID, "Lampa", "visible", ("LAMP-1", "LAMP-1/BLK"), ("8590000000017",), {}, {}, ("LAMP-1/BLK",)))
    writer.add(Listed(OTHER, "Židle", "visible", ("CHAIR",), (), {}, {}))
    assert writer.finish(1.0, None, 0) is not None
    return site


def ask(site: Site, link: Link, path: str, body: Any, *, token: str | None = None, **headers: str) -> TestResponse:
    headers = {"X-Form-Token": form_token(link) if token is None else token, "Sec-Fetch-Site": "same-origin", **headers}
    return site.visit(path, link, "POST", json=body, headers=headers)


def meant(site: Site, link: Link, *paths: str, into: str = "") -> list[tuple[str, str, str]]:
    answer = ask(site, link, "/drop/names", {"files": [{"path": path, "size": 10} for path in paths], "into": into})
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["product"], one["why"]) for one in answer.get_json()]


def test_a_name_is_judged_with_and_without_the_folders_around_it(site: Site) -> None:
    link = site.link("drop")
    for path, name, product in (
        ("LAMP-1/1.jpg", "LAMP-1/1.jpg", "Lampa"),
        ("photos/LAMP-1/1.jpg", "LAMP-1/1.jpg", "Lampa"),
        ("a/b/LAMP-1/shop360/1.jpg", "LAMP-1/shop360/1.jpg", "Lampa"),
        ("LAMP-1-BLK_2.jpg", "LAMP-1-BLK_2.jpg", "Lampa"),
        ("november/8590000000017_1.jpg", "8590000000017_1.jpg", "Lampa"),
        (f"{OTHER}/1.jpg", f"{OTHER}/1.jpg", "Židle"),
        ("all.zip", "all.zip", ""),
        ("LAMP-1/gallery.csv", "LAMP-1/gallery.csv", ""),
    ):
        assert meant(site, link, path) == [(name, product, "")], path


def test_what_would_be_refused_is_said_before_it_is_sent_with_what_was_meant(site: Site) -> None:
    link = site.link("drop")
    answer = ask(site, link, "/drop/names", {"files": [{"path": "LAPM-1/1.jpg", "size": 10}]}).get_json()[0]
    assert (answer["name"], answer["near"]) == ("", [["LAMP-1", "Lampa"]])
    assert answer["why"] == "No product has the code 'LAPM-1'; is it LAMP-1 (Lampa)?"
    for path in ("notes.txt", ".hidden.jpg", "LAMP-1/x.exe", "", "/"):
        ((name, _, why),) = meant(site, link, path)
        assert (name, bool(why)) == ("", True), path


def test_without_a_catalogue_names_say_what_they_can() -> None:
    site = Site()
    link = site.link("drop")
    assert meant(site, link, "LAMP-1/1.jpg")[0] == ("LAMP-1/1.jpg", "", "")
    assert meant(site, link, "all.zip", "gallery.csv", "IMG_1.jpg")[0][0] == "all.zip"
    assert meant(site, link, "LAMP-1/notes.txt")[0][0] == ""
    mine = site.link("drop", GUID, name="b" * 16)
    assert meant(site, mine, "1.jpg") == [(f"{GUID}/shop/1.jpg", "", "")]


def test_a_guid_that_no_product_has_is_refused(site: Site) -> None:
    nobody = "22222222-7481-11e8-8216-002590dad85e"
    assert meant(site, site.link("drop"), f"{nobody}/1.jpg")[0][2] == "No product has this guid."


def test_a_question_costs_no_more_than_a_folder_of_pictures_does(site: Site) -> None:
    link = site.link("drop")
    deep = "/".join(["x"] * 400) + "/LAMP-1/1.jpg"
    assert meant(site, link, deep)[0][0] == ""
    assert meant(site, link, "a/b/c/d/LAMP-1/1.jpg")[0][0] == "LAMP-1/1.jpg"
    assert ask(site, link, "/drop/names", {"files": [{"path": "x" * 1025, "size": 1}]}).status_code == 400


def test_what_is_dropped_on_a_product_is_its(site: Site) -> None:
    link = site.link("drop")
    assert meant(site, link, "any/IMG_1.jpg", into=f"{OTHER}/shop360") == [(f"{OTHER}/shop360/IMG_1.jpg", "Židle", "")]
    mine = site.link("drop", GUID, name="b" * 16)
    assert meant(site, mine, "CHAIR/1.jpg") == [(f"{GUID}/shop/1.jpg", "Lampa", "")]
    for name in ("all.zip", "gallery.csv"):
        assert meant(site, mine, name) == [(f"{GUID}/shop/{name}", "", "")]
        assert start(site, mine, f"{GUID}/shop/{name}").status_code == 200
    for into in (f"{OTHER}/shop", "x", f"{GUID}/other"):
        assert ask(site, mine, "/drop/names", {"files": [], "into": into}).status_code == 400
        assert site.visit(f"/drop?into={into}", mine).status_code == 404


def start(site: Site, link: Link, name: str, **more: Any) -> TestResponse:
    return ask(site, link, "/drop/start", {"name": name, "size": 10, "crc32c": SUM, "batch": "b1", **more})


def test_an_upload_goes_straight_to_the_bucket_for_pages_of_this_site(site: Site) -> None:
    answer = start(site, site.link("drop"), "LAMP-1/1.jpg").get_json()
    assert answer == {"same": False, "address": "https://storage.googleapis.com/upload?upload_id=1"}
    assert site.uploads.begun == [("LAMP-1/1.jpg", 10, "https://page.example", {"gallery-sync-batch": "b1"})]


def test_what_is_there_is_not_sent_again(site: Site) -> None:
    link = site.link("drop")
    site.drops.files["LAMP-1/1.jpg"] = BucketFile("LAMP-1/1.jpg", 1, f"md5:x crc32c:{SUM}:10", 10, NOW)
    assert start(site, link, "LAMP-1/1.jpg").get_json() == {"same": True, "address": ""}
    assert start(site, link, "LAMP-1/1.jpg", size=11).get_json()["same"] is False
    assert len(site.uploads.begun) == 1


@pytest.mark.parametrize(
    "name",
    [
        f"{OTHER}/shop/1.jpg",
        "LAMP-1/1.jpg",
        "all.zip",
        "gallery.csv",
        "../token.json",
        f"{GUID}/shop/../x.jpg",
        "",
        "x.jpg",
    ],
)
def test_a_link_for_one_product_brings_nothing_else(site: Site, name: str) -> None:
    assert start(site, site.link("drop", GUID), name).status_code == 400
    assert site.uploads.begun == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"name": "LAMP-1/1.jpg"},
        {"name": "LAMP-1/1.jpg", "size": -1, "crc32c": SUM},
        {"name": "LAMP-1/1.jpg", "size": 10, "crc32c": "x"},
        {"name": "LAMP-1/1.jpg", "size": 10**15, "crc32c": SUM},
        {"name": "LAMP-1/1.jpg", "size": 10, "crc32c": SUM, "batch": "b" * 65},
        {"name": "LAMP-1/1.jpg", "size": 10, "crc32c": SUM, "more": 1},
        {"name": "notes.txt", "size": 10, "crc32c": SUM},
        {"name": "photos/LAMP-1/1.jpg", "size": 10, "crc32c": SUM},
    ],
)
def test_what_no_page_of_ours_asks_is_refused(site: Site, body: Any) -> None:
    assert ask(site, site.link("drop"), "/drop/start", body).status_code == 400
    assert site.uploads.begun == []


@pytest.mark.parametrize("path", ["/drop/names", "/drop/start"])
def test_who_may_not_or_is_not_from_here_uploads_nothing(site: Site, path: str) -> None:
    body = {"name": "LAMP-1/1.jpg", "size": 10, "crc32c": SUM} if path.endswith("start") else {"files": []}
    link = site.link("view")
    assert ask(site, link, path, body).status_code == 403
    assert site.visit("/drop", link).status_code == 403
    assert "/drop" not in site.visit("/", link).text
    drop = site.link("drop", name="b" * 16)
    assert ask(site, drop, path, body, token="x").status_code == 403
    assert ask(site, drop, path, body, Origin="https://evil.example").status_code == 403
    assert ask(site, drop, path, {"files": [{"path": "a", "size": 1}] * 201}).status_code == 400
    assert ask(site, drop, "/drop/other", body).status_code == 404
    assert site.uploads.begun == []
    # It may not press the other buttons.
    assert site.press(f"/g/{GUID}/shop/look", drop).status_code == 403


def refused(site: Site, name: str, prefix: str | None = None, *files: str) -> None:
    for one in files:
        site.drops.files[one] = BucketFile(one, 1, f"crc32c:{one}", 10, NOW)
    gallery: Any = "shop" if prefix else None
    refusals.record(site.documents, RefusedDrop(name, "no-product", "there is none", NOW, prefix, gallery))


def test_a_folder_that_was_mistyped_goes_to_the_right_product_by_a_button(site: Site) -> None:
    refused(site, "LAPM-1/shop/", "LAPM-1", "LAPM-1/1.jpg", "LAPM-1/shop360/2.jpg")
    link = site.link()
    page = site.visit("/", link).text
    assert "Move to LAMP-1 Lampa" in page
    assert "Move to" not in site.visit("/", site.link("drop", name="b" * 16)).text
    answer = site.press("/refused/move", link, name="LAPM-1/shop/", code="LAMP-1")
    assert answer.headers["Location"] == "/?done=moved"
    assert sorted(site.drops.files) == ["LAMP-1/1.jpg", "LAMP-1/shop360/2.jpg"]
    assert "Move to" not in site.visit("/?done=moved", link).text
    again = site.press("/refused/move", link, name="LAPM-1/shop/", code="LAMP-1")
    assert again.headers["Location"] == "/?done=changed"


def test_a_code_with_a_slash_is_a_folder_as_it_is_written_there(site: Site) -> None:
    refused(site, "LAMP-1-BLKK_1.jpg", None, "LAMP-1-BLKK_1.jpg")
    link = site.link()
    assert "Move to LAMP-1/BLK Lampa" in site.visit("/", link).text
    site.press("/refused/move", link, name="LAMP-1-BLKK_1.jpg", code="LAMP-1/BLK")
    assert list(site.drops.files) == ["LAMP-1%2FBLK/LAMP-1-BLKK_1.jpg"]


def test_nothing_is_written_over_and_what_stays_is_told(site: Site) -> None:
    refused(site, "LAPM-1/shop/", "LAPM-1", "LAPM-1/1.jpg", "LAPM-1/2.jpg", "LAMP-1/1.jpg")
    link = site.link()
    for done in ("moved-some", "stays"):
        answer = site.press("/refused/move", link, name="LAPM-1/shop/", code="LAMP-1")
        assert answer.headers["Location"] == f"/?done={done}"
        assert sorted(site.drops.files) == ["LAMP-1/1.jpg", "LAMP-1/2.jpg", "LAPM-1/1.jpg"]
    assert site.drops.files["LAMP-1/1.jpg"].checksum == "crc32c:LAMP-1/1.jpg"


def test_who_may_not_moves_nothing_and_nobody_to_where_no_product_is(site: Site) -> None:
    refused(site, "LAPM-1/shop/", "LAPM-1", "LAPM-1/1.jpg")
    may_not = (
        site.link("view", name="1" * 16),
        site.link("drop", name="2" * 16),
        site.link("manage", GUID, name="3" * 16),
    )
    for link in may_not:
        assert site.press("/refused/move", link, name="LAPM-1/shop/", code="LAMP-1").status_code == 403
    link = site.link()
    for name, code in (("LAPM-1/shop/", "NOPE"), ("LAPM-1/shop/", ""), ("other", "LAMP-1"), ("", "")):
        assert site.press("/refused/move", link, name=name, code=code).headers["Location"] == "/?done=changed"
    assert site.press("/refused/move", link, token="x", name="LAPM-1/shop/", code="LAMP-1").status_code == 403
    assert list(site.drops.files) == ["LAPM-1/1.jpg"]


def test_the_page_that_uploads_may_run_its_own_script_and_nothing_else(site: Site) -> None:
    answer = site.visit("/drop", site.link("drop"))
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'; connect-src 'self' https://storage.googleapis.com" in policy
    assert "unsafe" not in policy
    assert answer.text.count("<script") == 1
    script = site.visit("/drop.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "innerHTML" not in script.text
    assert "eval(" not in script.text
    assert "script-src" not in site.visit("/", site.link(name="b" * 16)).headers["Content-Security-Policy"]

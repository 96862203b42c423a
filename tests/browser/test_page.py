"""What a person does on the page, on a desktop and on a phone; and that it can be used by everybody."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.browser.conftest import HRNEK, PENEZENKA, SCREENSHOTS, STOLEK, picture, until
from tests.e2e.support import Sandbox, wait_quiet

Link = Callable[..., str]
SIZES = {"desktop": (1280, 900), "phone": (375, 740)}
LANGUAGES = {"en": "en-GB", "cs": "cs-CZ", "sk": "sk-SK"}
PAGES = {
    "overview": "/",
    "gallery": f"/g/{HRNEK}/shop",
    "held": f"/g/{STOLEK}/shop",
    "removed": f"/g/{PENEZENKA}/shop",
    "drop": "/drop",
    "search": "/?q=hrnek",
    "near": "/?q=HRNEK-02",
    "nothing": "/nothing",
}


@pytest.fixture
def visit(browser: Any, cloud: LocalCloud) -> Iterator[Callable[..., Any]]:
    """Open a link as somebody does for the first time; gives the page, on which any script that is refused is an error."""
    contexts = []

    def opened(link: str, size: str = "desktop", language: str = "en", scheme: str = "light") -> Any:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=LANGUAGES[language], color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(link)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_person_sees_what_needs_them_and_helps(
    cloud: LocalCloud, visit: Callable[..., Any], link: Link, size: str
) -> None:
    address = link()
    page = visit(address, size)
    # The secret is not in the address any more, nor in what the page holds.
    assert page.url == f"{cloud.addresses['status_link']}/"
    assert address.rpartition(".")[2] not in page.content()
    assert page.locator("h1").inner_text().endswith("need you")
    assert "Kávový hrnek" in page.locator("main").inner_text()
    assert "It is cut off" in page.locator("main").inner_text()
    until(
        lambda: page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)"), "pictures are shown"
    )
    if size == "desktop":
        page.get_by_role("button", name="Try again").click()
        assert page.get_by_role("status").inner_text().startswith("It is tried again")
        page.reload()
        until(lambda: _live(page), "3.jpg is in the shop")
    else:
        page.get_by_role("link", name="See what would go").click()
        assert page.get_by_role("button", name="Delete these 4 images").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        # Left as it is: nothing goes.
        page.get_by_role("link", name="gallery-sync").click()
        ledger = cloud.ledgers.read(STOLEK, "shop").ledger
        assert ledger.hold is not None
        assert ledger.released == ()


def _live(page: Any) -> bool:
    page.reload()
    row = page.locator("li", has_text="3.jpg")
    return row.count() == 1 and "in the shop" in row.inner_text()


def test_a_mistyped_folder_is_put_right_by_a_button(cloud: LocalCloud, visit: Callable[..., Any], link: Link) -> None:
    page = visit(link())
    page.get_by_role("button", name="Move to HRNEK-01 Kávový hrnek").click()
    assert page.get_by_role("status").inner_text() == "It lies in the folder of that product now."
    bucket = cloud.storage.bucket("drop")
    assert bucket.get_blob("HRNK-01/9.jpg") is None
    assert bucket.get_blob("HRNEK-01/9.jpg") is not None
    until(lambda: len(Sandbox(cloud.sandbox).shown(HRNEK)) >= 3, "it is in the shop")
    wait_quiet(cloud)
    page.goto(page.url.partition("?")[0])
    assert page.get_by_role("button", name="Move to").count() == 0


def test_a_cleanup_is_found_and_taken_back(cloud: LocalCloud, visit: Callable[..., Any], link: Link) -> None:
    page = visit(link(), "phone")
    page.get_by_role("searchbox").fill("peněženka")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Kožená peněženka").click()
    assert "2 images were deleted on" in page.locator("main").inner_text()
    assert "Asked by local." in page.locator("main").inner_text()
    page.get_by_role("button", name="Bring them back").click()
    assert page.get_by_role("status").inner_text() == "They come back within a few minutes."
    until(lambda: len(Sandbox(cloud.sandbox).shown(PENEZENKA)) == 2, "they are back")
    wait_quiet(cloud)
    page.reload()
    assert "were deleted" not in page.locator("main").inner_text()


def test_a_product_is_found_by_name_code_and_file(visit: Callable[..., Any], link: Link) -> None:
    page = visit(link("view"))
    for words in ("kavovy", "hrnek-01", "HRNEK-01/1.jpg", HRNEK):
        page.get_by_role("searchbox").fill(words)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Kávový hrnek").click()
        assert page.locator("h1").inner_text() == "Kávový hrnek"
    page.get_by_role("searchbox").fill("HRNEK-02")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="HRNEK-01").click()
    assert page.get_by_role("link", name="Kávový hrnek").is_visible()
    # Who may only look finds no button that changes anything.
    assert page.get_by_role("button").all_inner_texts() == ["Search", "Leave"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Forty files as a photographer hands them over, three of them wrong."""
    folder = tmp_path / "photos"
    (folder / "HRNEK-01" / "shop360").mkdir(parents=True)
    for n in range(1, 38):
        (folder / "HRNEK-01" / "shop360" / f"{n}.jpg").write_bytes(picture(f"hsl({n * 9}, 70%, 45%)"))
    (folder / "notes.txt").write_text("no picture")
    (folder / "HRNEK-1").mkdir()
    (folder / "HRNEK-1" / "1.jpg").write_bytes(picture("black"))
    (folder / "Thumbs.db").write_bytes(b"x")
    return folder


def test_a_folder_is_dropped_and_its_pictures_appear(
    cloud: LocalCloud, visit: Callable[..., Any], link: Link, photos: Path
) -> None:
    page = visit(link("drop"))
    page.get_by_role("link", name="Add pictures").click()
    assert page.locator("button:visible").all_inner_texts() == ["Search", "Leave"]
    page.locator("input[webkitdirectory]").set_input_files(photos)
    status = page.get_by_role("status")
    until(lambda: status.inner_text() == "ready: 37, refused: 3, sent: 0, not sent: 0", "all names are judged")
    # What is wrong stands first, with what was meant.
    rows = page.locator("#files li")
    assert rows.count() == 40
    wrong = [row.inner_text() for row in rows.all()[:3]]
    assert any("is it HRNEK-01 (Kávový hrnek)?" in one for one in wrong)
    assert cloud.storage.bucket("drop").get_blob("HRNEK-01/shop360/1.jpg") is None
    page.get_by_role("button", name="Send them").click()
    until(lambda: status.inner_text() == "ready: 0, refused: 3, sent: 37, not sent: 0", "all are sent")
    assert page.locator("#files .live p").all_inner_texts() == ["sent"] * 37
    until(lambda: len(Sandbox(cloud.sandbox).shown(HRNEK, "shop360")) == 37, "all are in the shop", 120)
    blobs = list(cloud.storage.list_blobs("drop", prefix="HRNEK-01/shop360/"))
    assert len({blob.metadata["gallery-sync-batch"] for blob in blobs}) == 1
    # The same folder again: nothing is sent.
    generations = {blob.name: blob.generation for blob in blobs}
    page.reload()
    page.locator("input[webkitdirectory]").set_input_files(photos)
    until(lambda: status.inner_text().startswith("ready: 37"), "all names are judged")
    page.get_by_role("button", name="Send them").click()
    until(lambda: status.inner_text() == "ready: 0, refused: 3, sent: 37, not sent: 0", "all are there")
    assert page.locator("#files .live p").all_inner_texts() == ["is there already: it was not sent again"] * 37
    assert {b.name: b.generation for b in cloud.storage.list_blobs("drop", prefix="HRNEK-01/shop360/")} == generations
    wait_quiet(cloud)


def test_an_upload_that_breaks_goes_on_where_it_stopped(
    cloud: LocalCloud, visit: Callable[..., Any], link: Link, tmp_path: Path
) -> None:
    large = tmp_path / "all.zip"
    # Not a ZIP, but that is found out later: what counts is that 20 MB arrive, byte for byte.
    content = hashlib.shake_128(b"large").digest(20_000_000)
    large.write_bytes(content)
    address = link("drop", HRNEK)
    page = visit(address)
    page.goto(page.url + f"drop?into={HRNEK}/shop")
    pieces: list[str] = []

    def noted(request: Any) -> None:
        if request.method == "PUT":
            pieces.append(request.headers.get("content-range", ""))

    page.on("request", noted)
    # The second piece breaks; the page is closed before it can be sent again.
    page.route(
        "**/upload/**", lambda route: route.abort() if "8388608-" in str(route.request.headers) else route.continue_()
    )
    page.locator("input[multiple]").set_input_files(large)
    page.get_by_role("button", name="Send them").click()

    def is_under_way() -> bool:
        # What the browser tells is heard only while it is asked something.
        page.wait_for_timeout(50)
        return any(piece.startswith("bytes 8388608-") for piece in pieces)

    until(is_under_way, "the second piece is under way")
    context = page.context
    page.close()
    assert cloud.storage.bucket("drop").get_blob(f"{HRNEK}/shop/all.zip") is None
    again = context.new_page()
    pieces.clear()
    again.on("request", noted)
    again.goto(f"{cloud.addresses['status_link']}/drop?into={HRNEK}/shop")
    again.locator("input[multiple]").set_input_files(large)
    again.get_by_role("button", name="Send them").click()
    until(lambda: "sent: 1" in again.get_by_role("status").inner_text(), "it has arrived")
    assert not any(piece.startswith("bytes 0-") for piece in pieces), "what had arrived was sent again"
    blob = cloud.storage.bucket("drop").get_blob(f"{HRNEK}/shop/all.zip")
    assert blob is not None
    assert blob.download_as_bytes() == content
    blob.delete()
    wait_quiet(cloud)


def test_leaving_closes_the_page(visit: Callable[..., Any], link: Link) -> None:
    page = visit(link("view"))
    page.get_by_role("button", name="Leave").click()
    assert page.locator("h1").inner_text() == "This page needs a link"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_can_use_it(visit: Callable[..., Any], link: Link, language: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    for size in SIZES:
        page = visit(link(), size, language, scheme)
        home = page.url.rstrip("/")
        for name, path in PAGES.items():
            page.goto(home + path)
            found = axe.run(page).response
            assert found["passes"], "axe looked at nothing"
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, size)
            assert page.evaluate("document.documentElement.lang") == language
            page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{language}-{scheme}.png", full_page=True)


def test_a_page_is_light(visit: Callable[..., Any], link: Link) -> None:
    page = visit(link())
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.reload(wait_until="networkidle")
    assert sum(size for url, size in sizes.items() if "thumbnail" not in url) < 30_000
    assert any("thumbnail" in url for url in sizes)

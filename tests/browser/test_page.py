"""What a person does on the page, on a desktop and on a phone; and that it can be used by everybody."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.browser.conftest import HRNEK, PENEZENKA, SCREENSHOTS, STOLEK, until
from tests.e2e.support import Sandbox, wait_quiet

Link = Callable[..., str]
SIZES = {"desktop": (1280, 900), "phone": (375, 740)}
LANGUAGES = {"en": "en-GB", "cs": "cs-CZ", "sk": "sk-SK"}
PAGES = {
    "overview": "/",
    "gallery": f"/g/{HRNEK}/shop",
    "held": f"/g/{STOLEK}/shop",
    "removed": f"/g/{PENEZENKA}/shop",
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

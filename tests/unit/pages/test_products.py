"""Products are found as people know them: by code, name, EAN, guid or a file; and what was meant is offered."""

import pytest

from gallery_sync.core.catalogue import Listed
from gallery_sync.pages.products import MOST_FOUND, Products
from gallery_sync.state import codes
from gallery_sync.state.catalogue import PATH, Writer
from tests.unit.core.build import GUID
from tests.unit.http.memory import Memory
from tests.unit.pages.visits import Site

OTHER = "11111111-7481-11e8-8216-002590dad85e"
LAMP = Listed(
    GUID, "Stolní lampa Žofie", "visible", ("LAMP-1", "LAMP-1/BLK"), ("8590000000017",), {}, {}, ("LAMP-1/BLK",)
)
CHAIR = Listed(OTHER, "Židle", "visible", ("CHAIR",), (), {}, {})


def products(*listed: Listed) -> Products:
    documents = Memory()
    writer = Writer(documents, "a", (), 0)
    for one in listed:
        writer.add(one)
    assert writer.finish(1.0, None, 0) is not None
    found = Products(documents)
    found.fresh()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "LAMP-1",
        "lamp-1",
        " LAMP-1/BLK ",
        "8590000000017",
        GUID,
        GUID.upper(),
        "LAMP-1/1.jpg",
        "LAMP-1%2FBLK/shop/1.jpg",
    ],
)
def test_a_product_is_found_as_people_know_it(text: str) -> None:
    assert products(LAMP, CHAIR).search(text) == ([LAMP], [])


@pytest.mark.parametrize("text", ["lampa", "zofie stol", "STOLNI", "Stolní lampa Žofie"])
def test_a_product_is_found_by_the_words_of_its_name(text: str) -> None:
    assert products(LAMP, CHAIR).search_names(text) == [LAMP]


@pytest.mark.parametrize("text", ["olní", "lampa židle", "x" * 200, "\x00", "%", "a/b/c"])
def test_what_no_product_is_called_finds_none(text: str) -> None:
    assert products(LAMP, CHAIR).search(text)[0] == []
    assert products(LAMP, CHAIR).search_names(text) == []


def test_a_code_that_is_nearly_one_is_offered() -> None:
    assert products(LAMP, CHAIR).search("LAPM-1") == ([], [("LAMP-1", "Stolní lampa Žofie")])


def test_many_of_one_name_are_bounded() -> None:
    many = [
        Listed(f"{n:08x}-7481-11e8-8216-002590dad85e", "Hrnek", "visible", (f"H{n}",), (), {}, {}) for n in range(50)
    ]
    assert len(products(*many).search_names("hrnek")) == MOST_FOUND


def test_without_a_catalogue_what_was_dropped_is_known() -> None:
    site = Site()
    site.documents.write(codes.path("LAMP-1"), f'{{"guid":"{GUID}","at":1.0}}'.encode(), generation=0)
    found = site.service.products()
    assert [one.guid for one in found.search(GUID)[0]] == [GUID]
    assert found.named([GUID]) == {}
    assert not found.has_code("LAMP-1")
    assert site.visit(f"/?q={GUID}", site.link()).status_code == 200


@pytest.mark.parametrize("broken", [PATH, "catalogue/a/products", "catalogue/a/codes"])
def test_a_catalogue_that_cannot_be_read_breaks_no_page(broken: str) -> None:
    site = Site()
    writer = Writer(site.documents, "a", (), 0)
    writer.add(LAMP)
    assert writer.finish(1.0, None, 0) is not None
    paths = [path for path in site.documents.documents if path.startswith(broken)]
    assert paths
    for path in paths:
        stored = site.documents.documents[path]
        site.documents.write(path, b"{", generation=stored.generation)
    link = site.link()
    for path in ("/", "/?q=lampa", "/?q=LAMP-1", f"/g/{GUID}/shop"):
        assert site.visit(path, link).status_code == 200, path


def test_a_search_shows_what_it_found_and_a_program_gets_it_as_json() -> None:
    site = Site()
    writer = Writer(site.documents, "a", (), 0)
    for one in (LAMP, CHAIR):
        writer.add(one)
    assert writer.finish(1.0, None, 0) is not None
    link, mine = site.link(), site.link(product=OTHER, name="b" * 16)
    assert "Stolní lampa Žofie" in site.visit("/?q=lampa", link).text
    assert "Did you mean one of these codes?" in site.visit("/?q=LAPM-1", link).text
    assert "Stolní" not in site.visit("/?q=lampa", mine).text
    assert "LAMP" not in site.visit("/?q=LAPM-2", mine).text
    # A search through all names counts as many requests; one by code does not.
    assert [site.visit("/?q=lampa", link).status_code for _ in range(9)][-1] == 429
    assert site.visit("/?q=LAMP-1", link).status_code in (200, 429)
    site.seconds += 10
    said = site.visit("/?q=chair", link, headers={"Accept": "application/json"}).get_json()
    assert [one[1] for one in said["products"]] == ["Židle"]

"""The catalogue in shards: what is written is found again, and one set takes the other's place at once."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.catalogue import CODES_A_SHARD, MOST_SHARDS, CodeRow, Listed
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.storage import Stored
from gallery_sync.state import catalogue
from gallery_sync.state.catalogue import PATH, Catalogue, Head, Sample, Writer, read_head
from tests.unit.http.memory import Memory


def product(guid: str, *codes: str) -> Listed:
    return Listed(guid, f"Name of {guid}", "visible", codes, (), {"shop": 1}, {"shop": "0123456789abcdef"})


def written(documents: Memory, name: str, products: list[Listed], buffered: int = catalogue.BUFFERED) -> Head:
    sample = Sample()
    for one in products:
        sample.offer(one.codes)
    writer = Writer(documents, name, sample.bounds(), sample.digits(), buffered)
    for one in products:
        writer.add(one)
    before, stored = read_head(documents), documents.read(PATH)
    generation = stored.generation if stored is not None else 0
    head = writer.finish(1.0, before, generation)
    assert head is not None
    return head


SHOPS = st.lists(
    st.tuples(st.uuids().map(str), st.lists(st.text(max_size=8), max_size=4)), max_size=30, unique_by=lambda one: one[0]
)


@given(SHOPS, st.integers(0, 500))
def test_every_product_and_code_is_found_again(shop: list[tuple[str, list[str]]], buffered: int) -> None:
    products = [product(guid, *codes) for guid, codes in shop]
    documents = Memory()
    found = Catalogue(documents, written(documents, "a", products, buffered))
    for one in products:
        assert found.product(one.guid) == one
        for code in one.codes:
            row = found.code(code)
            assert row is not None
            assert any(row == CodeRow(other, there.guid, there.name) for there in products for other in there.codes)
    assert sorted(found.products(), key=lambda one: one.guid) == sorted(products, key=lambda one: one.guid)
    assert found.product("00000000-0000-0000-0000-000000000000") is None
    assert found.code("a code that nobody has") is None


def test_a_code_is_found_in_any_case_and_in_both_forms_of_unicode() -> None:
    documents = Memory()
    found = Catalogue(documents, written(documents, "a", [product("1b02cb8e", "Č-1")]))
    assert found.code("č-1") == found.code("C\u030c-1") == CodeRow("Č-1", "1b02cb8e", "Name of 1b02cb8e")


@pytest.mark.parametrize("form", ["P-{:06}", "{:06}-SHOP", "{}"])
def test_a_large_shop_has_even_shards_whatever_its_codes_are_like_and_in_whatever_order_they_come(form: str) -> None:
    codes = [form.format(number) for number in range(60_000)]
    random.Random(1).shuffle(codes)
    documents = Memory()
    products = [product(f"{number:08x}"[::-1], code) for number, code in enumerate(codes)]
    head = written(documents, "a", products)
    assert 40_000 / CODES_A_SHARD <= len(head.bounds) + 1 <= MOST_SHARDS
    sizes = [len(stored.body.splitlines()) for path, stored in documents.documents.items() if "/codes/" in path]
    assert max(sizes) < 3 * CODES_A_SHARD
    assert sum(sizes) == 60_000


def test_near_are_the_codes_of_the_shards_around() -> None:
    documents = Memory()
    products = [product(f"{number:08x}", f"P-{number:05}") for number in range(20_000)]
    found = Catalogue(documents, written(documents, "a", products))
    near = {row.code for row in found.near("P-10000")}
    assert {"P-09999", "P-10001", "P-09000", "P-11000"} <= near
    assert len(near) < 10_000


def test_a_new_set_takes_the_old_ones_place_at_once_and_the_one_before_the_old_goes() -> None:
    documents = Memory()
    first = Catalogue(documents, written(documents, "a", [product("aa", "A")]))
    second = written(documents, "b", [product("bb", "B")])
    catalogue.clear_old(documents, second)
    # Whoever began to read the first still can.
    assert first.code("A") is not None
    now = read_head(documents)
    assert now == second
    assert Catalogue(documents, second).code("A") is None
    catalogue.clear_old(documents, written(documents, "c", []))
    assert not [path for path in documents.documents if path.startswith("catalogue/a/")]
    assert [path for path in documents.documents if path.startswith("catalogue/b/")]


def test_of_two_that_write_at_a_time_one_counts() -> None:
    documents = Memory()
    late = Writer(documents, "late", (), 0)
    late.add(product("aa", "A"))
    head = written(documents, "soon", [])
    assert late.finish(2.0, None, 0) is None
    assert read_head(documents) == head


def test_what_gallery_sync_did_not_write_is_refused_by_name() -> None:
    documents = Memory()
    head = written(documents, "a", [product("aa", "A")])
    for path in [path for path in documents.documents if path != PATH]:
        documents.documents[path] = Stored(b"{", 1)
    with pytest.raises(BadDocument, match="catalogue/a/codes/0 is not as gallery-sync wrote it"):
        Catalogue(documents, head).code("A")
    for path in [path for path in documents.documents if path != PATH]:
        documents.delete(path)
    with pytest.raises(BadDocument, match="is gone: delete catalogue"):
        Catalogue(documents, head).code("A")
    documents.write(PATH, b"{", generation=1)
    with pytest.raises(BadDocument, match="does not say which catalogue"):
        read_head(documents)

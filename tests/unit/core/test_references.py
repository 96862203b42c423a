"""Which variant shows which picture: as files ask, by codes that are there, the first in order first; what is not ours stays."""

from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core import references
from gallery_sync.core.ledger import Content, Entry, Failure, Ledger, Live, Reference, Wanted
from gallery_sync.core.numbering import Number
from gallery_sync.core.shop_values import Image, Product

GUID = "92ca3575-7481-11e8-8216-002590dad85e"


def entry(variant: str | None, name: str = "1.jpg", mine: tuple[str, ...] = ()) -> Entry:
    content = Content("LAMP-1/1.jpg", 1, "sum", 10)
    return Entry(Wanted(content, 1.0, variant=variant), Live(name, "sum", 1, variants=mine))


def product(**shows: str) -> Product:
    images = tuple(Image(name) for name in ("1.jpg", "2.jpg", "theirs.jpg"))
    return Product(GUID, "Lampa", frozenset(shows), {"shop": images, "shop360": ()}, shows=shows, has_variants=True)


def resolved(one: Entry, **shows: str) -> Entry:
    ledger = Ledger(GUID, "shop", entries={"drop:a": one})
    says = references.asked(ledger, {}, by_folder=False)
    return references.resolved(ledger, product(**shows), says).entries["drop:a"]


def test_a_code_is_found_in_any_case_and_a_text_that_is_one_code_is_not_cut() -> None:
    assert resolved(entry("xl"), XL="", M="").refers == Reference("xl", ("XL",))
    assert resolved(entry("a,b"), **{"A,B": "", "A": ""}).refers == Reference("a,b", ("A,B",))
    assert resolved(entry(" m ;XL|xl"), XL="", M="").refers == Reference(" m ;XL|xl", ("M", "XL"))


def test_what_is_told_to_the_shop_is_what_differs_from_what_was_set_last() -> None:
    fresh = resolved(entry("XL"), XL="theirs.jpg")
    assert references.news(fresh) == {"XL": "1.jpg"}
    assert references.is_due(fresh, "XL")
    done = resolved(entry("XL", mine=("XL",)), XL="1.jpg")
    assert (references.news(done), references.is_due(done, "XL")) == ({}, False)
    changed = resolved(entry("XL", mine=("XL",)), XL="theirs.jpg")
    assert (references.news(changed), references.is_due(changed, "XL")) == ({}, False)


def test_what_nobody_asks_for_any_more_is_taken_back_only_where_it_is_shown_still() -> None:
    assert references.news(resolved(entry(None, mine=("XL",)), XL="1.jpg")) == {"XL": ""}
    assert references.news(resolved(entry(None, mine=("XL",)), XL="theirs.jpg")) == {}
    assert references.news(resolved(entry(None, mine=("XL",)))) == {}


def test_a_variant_that_lost_its_image_to_another_name_gets_it_again() -> None:
    assert references.news(resolved(entry("XL", "2.jpg", ("XL",)), XL="before.jpg")) == {"XL": "2.jpg"}


def test_a_picture_that_failed_or_waits_beside_another_keeps_no_variant_from_the_next() -> None:
    failed = Entry(entry("XL").wanted, failure=Failure("unfit", "cut off", 1.0))
    twin = Entry(entry("XL").wanted, same_as="drop:c")
    entries = {"drop:a": failed, "drop:b": twin, "drop:c": entry("XL", "2.jpg")}
    numbers = {key: Number(n, n) for n, key in enumerate(entries)}
    ledger = Ledger(GUID, "shop", entries=entries)
    after = references.resolved(ledger, product(XL=""), references.asked(ledger, numbers, by_folder=False))
    assert references.news(after.entries["drop:c"]) == {"XL": "2.jpg"}
    assert after.entries["drop:c"].refers == Reference("XL", ("XL",))


def test_a_product_without_variants_has_none_to_show_it() -> None:
    ledger = Ledger(GUID, "shop", entries={"drop:a": entry("LAMP-1")})
    alone = Product(GUID, "Lampa", frozenset({"LAMP-1"}), {"shop": ()}, False, None, {"LAMP-1": ""})
    refers = references.resolved(ledger, alone, {"drop:a": "LAMP-1"}).entries["drop:a"].refers
    assert refers == Reference("LAMP-1", (), "the product has no variant 'LAMP-1'")


TEXTS = st.lists(st.sampled_from(["XL", "m", "L", "none", ""]), max_size=3).map(",".join)


@given(st.lists(st.tuples(TEXTS, st.lists(st.sampled_from(["XL", "M", "L"]), unique=True)), max_size=4))
def test_no_variant_is_promised_twice_and_none_is_told_that_is_not_there(asks: list[tuple[str, list[str]]]) -> None:
    entries = {f"drop:{n}": entry(text or None, f"{n}.jpg", tuple(mine)) for n, (text, mine) in enumerate(asks)}
    ledger = Ledger(GUID, "shop", entries=entries)
    numbers = {key: Number(100 - n, 0) for n, key in enumerate(entries)}
    says = references.asked(ledger, numbers, by_folder=True)
    shows = {"XL": "0.jpg", "M": "theirs.jpg"}
    after = references.resolved(ledger, product(**shows), says)
    told = [code for one in after.entries.values() for code, name in references.news(one).items() if name]
    assert len(told) == len(set(told))
    assert set(told) <= set(shows)
    # The last in order comes first where nobody said otherwise.
    first = next((key for key in reversed(entries) if "XL" in says.get(key, "").upper().split(",")), None)
    if first is not None:
        refers = after.entries[first].refers
        assert refers is not None
        assert "XL" in refers.codes

"""Whose a picture outside folders is: the longest code that exists, or nobody's, and never another's."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, BadPattern, Placing, read_patterns
from gallery_sync.core.names import Drop, Folder, Refusal
from gallery_sync.core.placing import (
    Candidate,
    Loose,
    Placed,
    PlacedName,
    candidates,
    grown,
    is_written,
    judge,
    key_of,
    meaning,
    unknown,
)

DEFAULT = Placing(read_patterns(DEFAULT_PATTERNS))


class Shop:
    """Codes and EANs of a shop, found as the catalogue finds them: by what all ways of writing have in common."""

    def __init__(self, codes: Iterable[str], eans: dict[str, str] | None = None) -> None:
        self.rows: dict[str, list[CodeRow]] = {}
        for code in codes:
            self.rows.setdefault(key_of(code.replace("%", "%25")), []).append(row(code))
        self.eans = eans or {}

    def found(self, one: Candidate) -> list[CodeRow]:
        if one.kind == "ean":
            return [row(self.eans[one.text])] if one.text in self.eans else []
        return self.rows.get(key_of(one.text), [])

    def judge(self, name: str, how: Placing = DEFAULT, before: PlacedName | None = None) -> Placed | Refusal | None:
        return judge(name, {one: self.found(one) for one in candidates(name, how)}, how, before)


def row(code: str, product: str | None = None) -> CodeRow:
    """A variant's code is its product's, with something behind a slash."""
    return CodeRow(code, product or f"guid-{code.partition('/')[0]}", f"product {code}")


def placing(patterns: str, slashes: str = "-_") -> Placing:
    return Placing(read_patterns(patterns), slashes)


SHOP = Shop(
    ["ABC", "ABC-12", "ABC-12_2", "62/XL", "62/XL-2", "70", "Tričko", "8590000000024"],
    {"8590000000017": "ABC", "8590000000024": "70"},
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ABC_1.jpg", "ABC"),
        ("ABC-1.jpg", "ABC"),
        ("ABC (3).jpg", "ABC"),
        ("ABC.jpg", "ABC"),
        ("abc_1.JPG", "ABC"),
        ("ABC-12_7.jpg", "ABC-12"),
        ("ABC-12.jpg", "ABC-12"),
        ("ABC-12_2.jpg", "ABC-12_2"),
        ("ABC-12_2_1.jpg", "ABC-12_2"),
        ("62-XL_1.jpg", "62/XL"),
        ("62_XL (1).png", "62/XL"),
        ("62%2FXL_1.jpg", "62/XL"),
        ("62-XL-2.jpg", "62/XL-2"),
        ("62-XL-2_2.jpg", "62/XL-2"),
        ("Tric\u030cko_1.heic", "Tričko"),
        ("8590000000017_1.jpg", "ABC"),
        ("8590000000017.jpg", "ABC"),
    ],
)
def test_the_longest_code_that_exists_wins(name: str, code: str) -> None:
    verdict = SHOP.judge(name)
    assert isinstance(verdict, Placed)
    assert verdict.code == code


@pytest.mark.parametrize(
    "name",
    [
        "ABCD_1.jpg",
        "AB_1.jpg",
        "xABC_1.jpg",
        "ABC12.jpg",
        "0070.jpg",
        "70x.jpg",
        "IMG_2034.jpg",
        "62XL_1.jpg",
        "859.jpg",
    ],
)
def test_there_are_no_partial_matches(name: str) -> None:
    assert SHOP.judge(name) is None


def test_what_may_be_two_products_is_refused_with_both() -> None:
    verdict = Shop(["62/XL", "62-XL"]).judge("62-XL_1.jpg")
    assert isinstance(verdict, Refusal)
    assert verdict.code == "ambiguous-name"
    assert "62/XL (product 62/XL)" in verdict.reason
    assert "62-XL (product 62-XL)" in verdict.reason


def test_a_code_that_is_another_products_ean_is_refused() -> None:
    verdict = SHOP.judge("8590000000024_1.jpg")
    assert isinstance(verdict, Refusal)
    assert "the EAN of 70" in verdict.reason


def test_of_one_products_codes_the_one_that_is_written_so_counts() -> None:
    same = {"62/XL": row("62/XL", "p"), "62-XL": row("62-XL", "p")}
    found = {
        one: [] if one.text != "62-XL" or one.kind == "ean" else list(same.values())
        for one in candidates("62-XL_1.jpg", DEFAULT)
    }
    verdict = judge("62-XL_1.jpg", found, DEFAULT)
    assert isinstance(verdict, Placed)
    assert verdict.code == "62-XL"


@pytest.mark.parametrize(
    ("pattern", "name", "code"),
    [
        ("{code}_{n}_{free}", "ABC-12_2_front view.jpg", "ABC-12"),
        ("{code}_{n}_{free}", "ABC-12_2_1_x.jpg", "ABC-12_2"),
        ("{code}==={free}", "ABC===anything at all.jpg", "ABC"),
        ("{code}{letter}", "ABCa.jpg", "ABC"),
        ("{n}_{code}", "03_62-XL.jpg", "62/XL"),
        ("goods_{code}_{n}", "goods_ABC_1.jpg", "ABC"),
        ("supplier/*/{code}_{n}", "supplier/2026-11/ABC-12_7.jpg", "ABC-12"),
        ("supplier/**/{ean}", "supplier/a/b/c/8590000000017.png", "ABC"),
        ("supplier/**/{ean}", "supplier/8590000000017.png", "ABC"),
    ],
)
def test_patterns_that_people_use(pattern: str, name: str, code: str) -> None:
    how = placing(pattern)
    assert isinstance(meaning(name, 1, how), Loose)
    verdict = SHOP.judge(name, how)
    assert isinstance(verdict, Placed)
    assert verdict.code == code


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("supplier/*/{code}_{n}", "supplier/ABC_1.jpg"),
        ("supplier/*/{code}_{n}", "supplier/a/b/ABC_1.jpg"),
        ("goods_{code}_{n}", "ABC_1.jpg"),
        ("{code}{letter}", "ABC1.jpg"),
        ("{ean}", "ABC.jpg"),
    ],
)
def test_a_name_that_no_pattern_reads_holds_nothing(pattern: str, name: str) -> None:
    assert candidates(name, placing(pattern)) == ()


@pytest.mark.parametrize(("slashes", "placed"), [("+", True), ("-_", False)])
def test_the_sign_for_a_slash_is_a_choice(slashes: str, placed: bool) -> None:
    assert isinstance(SHOP.judge("62+XL_1.jpg", placing("{code}_{n}", slashes)), Placed) is placed


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{n}", "has to hold {code} or {ean}"),
        ("{code}{ean}", "has to hold {code} or {ean}, once"),
        ("{code}_{number}", "{number}"),
        ("*/{code}", "written out"),
        ("{free}/{code}", "written out"),
        ("/{code}", "written out"),
        ("{code}/{n}", "what a product's folder does by itself"),
        ("{code}\u200b_{n}", "nobody sees"),
        (";".join(["{code}_{n}"] * 41), "41 patterns"),
    ],
)
def test_a_pattern_that_says_nothing_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(BadPattern, match=says.replace("{", r"\{").replace("}", r"\}")):
        read_patterns(pattern)


@pytest.mark.parametrize("text", ["off", " OFF ", "", " ; "])
def test_without_patterns_names_outside_folders_are_refused_as_ever(text: str) -> None:
    refused = meaning("ABC_1.jpg", 1, placing(text))
    assert isinstance(refused, Refusal)
    assert refused.code == "no-product"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("notes.txt", "not-a-picture"),
        (".hidden.jpg", "hidden-file"),
        ("a\n.jpg", "control-character"),
        (f"{'x' * 1_000}.jpg", "too-long"),
    ],
)
def test_what_is_no_picture_is_refused_at_once(name: str, code: str) -> None:
    refused = meaning(name, 1, DEFAULT)
    assert isinstance(refused, Refusal)
    assert refused.code == code


def test_a_products_folder_stays_a_products_folder() -> None:
    assert isinstance(meaning("ABC/ABC_1.jpg", 1, DEFAULT), Drop)
    assert isinstance(meaning("supplier/ABC_1.jpg", 1, DEFAULT), Drop)
    assert isinstance(meaning("supplier/", 0, placing("supplier/{code}")), Folder)


def test_a_long_name_with_free_text_on_both_sides_takes_no_time_to_speak_of() -> None:
    how = placing("{free}_{code}_{free}")
    longest = f"{'a_' * 100}.jpg"
    found = candidates(longest, how)
    assert 0 < len(found) < 200 * 64
    assert max(len(one.text) for one in found) == 63
    assert candidates(f"a{longest}", how) == ()
    assert "its name has more than 200 characters: rename the file" in unknown(f"a{longest}", (), (), how).reason


def test_a_name_stays_where_it_stands_and_a_longer_code_is_told() -> None:
    before = PlacedName("ABC", "ABC")
    verdict = SHOP.judge("ABC-12.jpg", before=before)
    assert isinstance(verdict, Placed)
    assert (verdict.code, verdict.longer) == ("ABC", row("ABC-12"))
    assert "ABC-12 (product ABC-12)" in grown(verdict)


def test_a_name_comes_to_no_shorter_code_because_its_own_was_renamed() -> None:
    assert Shop(["ABC"]).judge("ABC-12.jpg", before=PlacedName("ABC-12", "ABC-12")) is None


def test_a_name_whose_ean_has_another_product_now_follows_it() -> None:
    verdict = SHOP.judge("8590000000017_1.jpg", before=PlacedName("OLD", "8590000000017"))
    assert isinstance(verdict, Placed)
    assert verdict.code == "ABC"


def test_a_refusal_says_what_was_read_and_what_was_meant() -> None:
    read = candidates("ABD-12_3.jpg", DEFAULT)
    refused = unknown("ABD-12_3.jpg", read, [row("ABC-12")], DEFAULT)
    assert "reads as {code}_{n}" in refused.reason
    assert "'ABD-12'" in refused.reason
    assert "is it ABC-12 (product ABC-12)?" in refused.reason
    assert "like none of the patterns" in unknown("x.jpg", (), (), placing("goods_{code}")).reason


@pytest.mark.parametrize(
    ("text", "code", "is_one"),
    [
        ("62-XL", "62/XL", True),
        ("62/XL", "62/XL", True),
        ("62%2fxl", "62/XL", True),
        ("62.XL", "62/XL", False),
        ("62/XL", "62-XL", False),
        ("62-XL-1", "62/XL", False),
    ],
)
def test_how_a_code_may_be_written(text: str, code: str, is_one: bool) -> None:
    assert is_written(text, code) is is_one


def five_thousand(rng: random.Random) -> tuple[list[str], dict[str, str]]:
    """Codes, some of them beginnings of others, with slashes, and in each other's spelling; EANs of a third."""
    codes = dict[str, None]()
    while len(codes) < 5_000:
        start = rng.choice(["ABC", "X", "LAMP", "70", "007", "Tričko", "A B"])
        parts = [start, *(str(rng.randrange(400)) for _ in range(rng.randrange(1, 3)))]
        codes[rng.choice("-_/. ").join(parts)] = None
    eans = {f"859{number:010d}": code for number, code in enumerate(codes) if number % 3 == 0}
    return list(codes), eans


def test_of_5000_codes_every_name_comes_to_the_right_product_or_is_refused() -> None:
    rng = random.Random(7)
    codes, eans = five_thousand(rng)
    shop = Shop(codes, eans)
    right = refused = 0
    for code in codes:
        for said in (f"{code}_{rng.randrange(30)}.jpg", f"{code} ({rng.randrange(30)}).jpg", f"{code}.png"):
            name = said.replace("/", rng.choice("-_"))
            verdict = shop.judge(name)
            if isinstance(verdict, Placed):
                holds(name, verdict, eans)
                right += verdict.code == code or len(verdict.text) > len(code)
            else:
                assert isinstance(verdict, Refusal)
                assert code in verdict.reason or "more" in verdict.reason
                refused += 1
    for ean, code in eans.items():
        verdict = shop.judge(f"{ean}_1.jpg")
        assert isinstance(verdict, Placed)
        assert verdict.code == code
    assert right + refused == 3 * len(codes)
    assert right > 2.5 * len(codes)


def holds(name: str, verdict: Placed, eans: dict[str, str]) -> None:
    """A name holds what it was placed by: in full, and nothing of another code next to it."""
    assert verdict.text in name
    assert is_written(verdict.text, verdict.code) or eans.get(verdict.text) == verdict.code
    before, _, after = name.rpartition(".")[0].partition(verdict.text)
    assert before == ""
    assert after == "" or after[0] in "_- "


@settings(max_examples=300)
@given(
    st.lists(st.text("AB1-_/ ", min_size=1, max_size=6).map(str.strip).filter(bool), min_size=1, max_size=12),
    st.text("AB1-_() .", min_size=1, max_size=12),
)
def test_no_name_comes_to_a_product_whose_code_it_does_not_hold(codes: list[str], stem: str) -> None:
    verdict = Shop(dict.fromkeys(codes)).judge(f"{stem}.jpg")
    if isinstance(verdict, Placed):
        assert verdict.code in codes
        holds(f"{stem}.jpg", verdict, {})

"""What docs/names.md says in tables is what the code does."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from gallery_sync.core import names
from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.name_order import order
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, Placing, read_patterns
from gallery_sync.core.names import Drop, Refusal, parse
from gallery_sync.core.placing import Placed, candidates, is_written, judge
from gallery_sync.core.shop_values import Product
from gallery_sync.core.spellings import picture, variants

TEXT = (Path(__file__).parents[3] / "docs/names.md").read_text("utf-8")
GUID = "92ca3575-7481-11e8-8216-002590dad85e"
PRODUCTS = {
    "lamp-1": Product(GUID, "Lamp", frozenset({"LAMP-1"}), {}),
    GUID: Product(GUID, "Lamp", frozenset({"LAMP-1"}), {}),
    "62": Product("62" * 18, "Shirt", frozenset({"62/M", "62/XL"}), {}),
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert found, heading
    return found


def bare(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.parametrize(("name", "product", "gallery", "is_of"), rows("What a name means"))
def test_what_a_name_means(name: str, product: str, gallery: str, is_of: str) -> None:
    drop = parse(bare(name), 1)
    assert isinstance(drop, Drop)
    assert (drop.product, drop.gallery) == (product, gallery)
    means = PRODUCTS[drop.product.casefold().partition("/")[0]]
    ledger = Ledger(means.guid, drop.gallery, variants=variants(means, [drop.prefix]))
    place, file = picture(ledger, drop.name)
    assert (f"`{file}` of the variant {place}" if place else f"the product's `{file}`") == is_of


@pytest.mark.parametrize("line", rows("In which order"))
def test_the_order_of_names(line: list[str]) -> None:
    files = re.findall(r"`([^`]+)`", line[0])
    assert len(files) > 2
    assert all(
        order(f"{names.DROP_KEY}A/{one}") < order(f"{names.DROP_KEY}A/{other}") for one, other in pairwise(files)
    )


CODES = {code: CodeRow(code, code.partition("/")[0], "") for code in ("ABC", "ABC-12", "70", "62", "62/XL")}
EANS = {"8590000000017": CODES["62/XL"]}


@pytest.mark.parametrize(("pattern", "name", "whose"), rows("Pictures in no product's folder"))
def test_whose_a_picture_in_no_products_folder_is(pattern: str, name: str, whose: str) -> None:
    how = Placing(read_patterns(bare(pattern)))
    found = {
        one: [EANS[one.text]] if one.text in EANS else [row for row in CODES.values() if is_written(one.text, row.code)]
        for one in candidates(bare(name), how)
    }
    verdict = judge(bare(name), found, how)
    assert (verdict.code if isinstance(verdict, Placed) else "nobody's") == whose


def test_the_default_patterns_are_told() -> None:
    told = re.findall(r"`(\{code\}[^`]*)`", TEXT.partition("By\ndefault these are")[2])[:4]
    assert told == [one.text for one in read_patterns(DEFAULT_PATTERNS)[:4]]


@pytest.mark.parametrize(("name", "code"), rows("What is refused"))
def test_what_is_refused(name: str, code: str) -> None:
    refusal = parse(bare(name), 1)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code

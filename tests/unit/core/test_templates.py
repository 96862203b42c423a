"""What a picture without a description is called: by its product and place, once, and as no other one of its gallery."""

import pytest

from gallery_sync.core.descriptions import template_flaw
from gallery_sync.core.ledger import Content, Entry, Ledger, Live, Wanted, description_of
from gallery_sync.core.numbering import Number
from gallery_sync.core.templates import described

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
WANTED = Wanted(Content("LAMP-1/1.jpg", 1, "sum", 10), 1.0)
NUMBERS = {f"drop:{n}": Number(n * 100, n * 100) for n in range(1, 4)}


def told(entries: dict[str, Entry], template: str, product: str | None = "Lampa {n}") -> list[str]:
    numbers = {key: NUMBERS[key] for key in entries}
    after = described(Ledger(GUID, "shop", entries=entries), template, product, numbers)
    return [description_of(after.entries[key]) for key in sorted(entries)]


def test_each_is_called_by_its_place_and_as_no_other_one() -> None:
    new = Entry(WANTED)
    there = Entry(WANTED, Live("1.jpg", "sum", 1, description="Lampa {n} – 2"), described="Lampa {n} – 2")
    assert told(dict.fromkeys(NUMBERS, new), "{product} – {n}") == [f"Lampa {{n}} – {n}" for n in (1, 2, 3)]
    # One came before it, and one behind it: the second place is taken by name.
    assert told({"drop:1": new, "drop:2": new, "drop:3": there}, "{product} – {n}") == [
        "Lampa {n} – 1",
        "Lampa {n} – 3",
        "Lampa {n} – 2",
    ]
    assert told(dict.fromkeys(NUMBERS, new), "{product}") == ["Lampa {n}"] * 3


def test_what_has_one_or_is_shown_already_keeps_what_it_has() -> None:
    own = Entry(Wanted(WANTED.content, 1.0, description=""))
    shown = Entry(WANTED, Live("2.jpg", "sum", 1))
    assert told({"drop:1": own, "drop:2": shown}, "{product} – {n}") == ["", ""]
    assert told({"drop:1": Entry(WANTED)}, "", "Lampa") == [""]
    assert told({"drop:1": Entry(WANTED)}, "{product}", None) == [""]
    assert told({"drop:1": Entry(WANTED)}, "{product}", "x" * 1001) == [""]


@pytest.mark.parametrize("template", ["", "Foto", "{product}", "{product}, {n}. foto"])
def test_a_template_holds_the_product_and_the_place(template: str) -> None:
    assert template_flaw(template) is None


@pytest.mark.parametrize("template", ["{code}", "{", "{{n}}", "x" * 1001, "\x07"])
def test_a_template_that_holds_anything_else_is_no_template(template: str) -> None:
    assert template_flaw(template) is not None

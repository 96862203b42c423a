"""Which files are one picture, which of them counts, and what earlier versions showed under several spellings."""

import dataclasses
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core import spellings
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Entry, Ledger, Override, needs_content
from gallery_sync.core.observe import observe
from gallery_sync.core.shop_values import Product
from tests.unit.core.build import GUID, NOW, a_file, live, replace, wanted

COMPOSED, DECOMPOSED = "čelní.jpg", "c\u030celni\u0301.jpg"
VARIANTS = {"LAMP-1": "", "lamp-1": "", GUID: "", GUID.upper(): "", "LAMP-1%2FS": "lamp-1/s"}
EMPTY = Ledger(GUID, "shop", prefixes=tuple(VARIANTS), variants=VARIANTS)


def product(*codes: str, has_variants: bool | None = None) -> Product:
    return Product(GUID, "Lamp", frozenset(codes), {}, has_variants)


def file(name: str, generation: int = 1, checksum: str | None = None) -> DropFile:
    """A file that was dropped at this moment."""
    dropped = a_file(name, generation, checksum)
    return dataclasses.replace(dropped, created=NOW + generation)


def counting(ledger: Ledger, *files: DropFile) -> dict[str, tuple[str, list[str]]]:
    return {key: (one.file.drop.name, list(one.others)) for key, one in spellings.counting(ledger, files).items()}


def shows(name: str, generation: int = 1) -> Entry:
    """An image of a file that is live."""
    content = replace(wanted("x").content, source=name, generation=generation, checksum=f"sum-{name}-{generation}")
    return Entry(replace(wanted("x"), content=content), live(name, f"{name}.live", checksum=content.checksum))


@pytest.mark.parametrize(
    ("codes", "has_variants", "folder", "place"),
    [
        (("LAMP-1",), False, "LAMP-1", ""),
        (("LAMP-1",), None, "lamp-1", ""),
        (("A/B",), False, "A%2FB", ""),
        (("A/B",), None, "A%2FB", "a/b"),
        (("62/M", "62/XL"), True, "62%2Fxl", "62/xl"),
        (("62/M", "62/XL"), None, "62", ""),
        (("LAMP-1", "LAMP-1/S"), True, "lamp-1", ""),
        (("LAMP-1", "LAMP-1/S"), None, "LAMP-1%2FS", "lamp-1/s"),
        (("LAMP-1/S",), True, "LAMP-1%2FS", "lamp-1/s"),
        (("TS-L", "TS-XL"), True, "TS-XL", "ts-xl"),
        (("Židle",), False, "z\u030cidle", ""),
        (("Židle/A", "Židle/B"), None, "Z\u030cidle%2Fa", "židle/a"),
        (("TS-L", "TS-XL"), None, "TS-XL", "ts-xl"),
        (("TS-L",), None, "TS-L", ""),
        (("62/M", "62/XL"), True, GUID, ""),
        (("62/M", "62/XL"), True, GUID.upper(), ""),
    ],
)
def test_a_folder_is_the_products_own_place_or_a_variants(
    codes: tuple[str, ...], has_variants: bool | None, folder: str, place: str
) -> None:
    assert spellings.variants(product(*codes, has_variants=has_variants), [folder]) == {folder: place}


SPELLED = ("LAMP-1/1.jpg", "LAMP-1/shop/1.jpg", "lamp-1/1.jpg", f"{GUID}/1.jpg", f"{GUID.upper()}/shop/1.jpg")


def test_of_all_spellings_of_a_picture_the_one_that_was_dropped_last_counts() -> None:
    files = [file(name, generation) for generation, name in enumerate(SPELLED, 1)]
    assert counting(EMPTY, *files) == {f"drop:{SPELLED[-1]}": (SPELLED[-1], sorted(SPELLED[:-1]))}
    assert counting(EMPTY, *files, file("LAMP-1%2FS/1.jpg", 9)) == {
        f"drop:{SPELLED[-1]}": (SPELLED[-1], sorted(SPELLED[:-1])),
        "drop:LAMP-1%2FS/1.jpg": ("LAMP-1%2FS/1.jpg", []),
    }


def test_both_forms_of_unicode_are_one_picture_and_other_endings_and_letters_another() -> None:
    one, other = f"LAMP-1/{COMPOSED}", f"LAMP-1/{DECOMPOSED}"
    assert counting(EMPTY, file(one, 1), file(other, 2)) == {f"drop:{other}": (other, [one])}
    assert len(counting(EMPTY, file("LAMP-1/1.jpg"), file("LAMP-1/1.png"), file("LAMP-1/1.JPG"))) == 3


def test_a_picture_keeps_its_key_whichever_of_its_files_counts() -> None:
    first = observe(EMPTY, [file("LAMP-1/1.jpg", 1)], NOW)
    again = observe(first, [file("LAMP-1/1.jpg", 1), file("lamp-1/1.jpg", 2)], NOW)
    assert list(again.entries) == ["drop:LAMP-1/1.jpg"]
    (entry,) = again.entries.values()
    assert entry.wanted is not None
    assert (entry.wanted.content.source, entry.also) == ("lamp-1/1.jpg", {"LAMP-1/1.jpg": 1})
    # The last of the others counts where that one goes.
    back = observe(again, [file("LAMP-1/1.jpg", 1)], NOW)
    assert back.entries == first.entries


def test_folders_whose_places_are_not_known_are_places_of_their_own() -> None:
    unknown = replace(EMPTY, variants={})
    files = [file("LAMP-1/1.jpg", 1), file("lamp-1/1.jpg", 2), file(f"{GUID}/1.jpg", 3), file("62%2FXL/1.jpg", 4)]
    assert set(counting(unknown, *files)) == {"drop:lamp-1/1.jpg", f"drop:{GUID}/1.jpg", "drop:62%2FXL/1.jpg"}


BEFORE = {f"drop:{name}": shows(name) for name in SPELLED[:2]}


def test_what_earlier_versions_showed_under_several_spellings_stays_until_one_is_dropped_again() -> None:
    ledger = replace(EMPTY, entries=BEFORE)
    files = [dataclasses.replace(file(name), checksum=f"sum-{name}-1", created=NOW - 60) for name in SPELLED[:2]]
    assert observe(ledger, files, NOW) == ledger
    dropped = observe(ledger, [files[0], file(SPELLED[1], 7, "new")], NOW)
    assert dropped.entries[f"drop:{SPELLED[1]}"].also == {SPELLED[0]: 1}
    assert needs_content(dropped.entries[f"drop:{SPELLED[1]}"])
    assert dropped.entries[f"drop:{SPELLED[0]}"].wanted is None
    third = observe(ledger, [*files, file(SPELLED[2], 7, "new")], NOW)
    assert third.entries[f"drop:{SPELLED[0]}"].also == {SPELLED[0]: 1, SPELLED[1]: 1}


def test_a_picture_that_was_taken_for_another_one_keeps_the_image_once_that_is_known() -> None:
    """Two folders were dropped into, one after the other, with the same bytes, before anybody asked which product they mean."""
    shown, twin = f"{GUID}/1.jpg", "LAMP-1/1.jpg"
    ledger = replace(EMPTY, variants={}, entries={f"drop:{shown}": shows(shown)})
    first = dataclasses.replace(file(shown), checksum=f"sum-{shown}-1", created=NOW - 60)
    unknown = observe(ledger, [first, file(twin, 5, first.checksum)], NOW)
    assert unknown.entries[f"drop:{twin}"].same_as == f"drop:{shown}"
    known = observe(replace(unknown, variants=VARIANTS), [first, file(twin, 6, "new")], NOW)
    assert set(known.entries) == {f"drop:{shown}"}
    (entry,) = known.entries.values()
    assert entry.wanted is not None
    assert (entry.wanted.content.source, entry.also) == (twin, {shown: 1})


def test_a_callers_word_over_a_file_is_no_news_of_the_file() -> None:
    entry = BEFORE[f"drop:{SPELLED[0]}"]
    assert entry.wanted is not None
    url = replace(entry.wanted.content, source="https://x.test/1.jpg", url=True, generation=99, checksum="op:1")
    over = replace(entry, wanted=replace(entry.wanted, content=url), override=Override(entry.wanted, url))
    ledger = replace(EMPTY, entries=BEFORE | {f"drop:{SPELLED[0]}": over})
    files = [dataclasses.replace(file(name), created=NOW - 60) for name in SPELLED[:2]]
    assert set(spellings.counting(ledger, files)) == set(BEFORE)


FOLDERS = st.sampled_from([*VARIANTS, "LAMP-1/shop", f"{GUID}/shop", "LAMP-1%2FS/shop"])
FILES = st.sampled_from(["1.jpg", "2.jpg", COMPOSED, DECOMPOSED, "1.png"])
NAMES = st.builds("{}/{}".format, FOLDERS, FILES)


def rule(name: str) -> tuple[str, str]:
    """What docs/names.md says that a name is a picture of, said once more."""
    return ("variant" if name.startswith("LAMP-1%2FS") else "product"), name.rpartition("/")[2].replace(
        DECOMPOSED, COMPOSED
    )


@given(NAMES, NAMES)
def test_two_names_are_one_picture_exactly_when_the_rule_says_so(one: str, other: str) -> None:
    assert (spellings.picture(EMPTY, one) == spellings.picture(EMPTY, other)) == (rule(one) == rule(other))


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=12))
def test_whatever_is_dropped_and_deleted_each_picture_has_one_key_and_its_newest_file(
    acts: list[tuple[str, bool]],
) -> None:
    ledger, there = EMPTY, dict[str, DropFile]()
    for generation, (name, drops) in enumerate(acts, 1):
        there = {other: its for other, its in there.items() if other != name}
        if drops:
            there[name] = file(name, generation, f"sum-{generation}")
        ledger = observe(ledger, there.values(), NOW)
        assert ledger == observe(ledger, reversed(list(there.values())), NOW)
        newest = {rule(other): other for other, its in sorted(there.items(), key=lambda pair: pair[1].generation)}
        assert sorted(_sources(ledger.entries.values())) == sorted(newest.values())


def _sources(entries: Iterable[Entry]) -> list[str]:
    return [entry.wanted.content.source for entry in entries if entry.wanted is not None]

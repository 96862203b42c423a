"""What an object's name means: the grammar, its refusals, and the order that names give."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gallery_sync.core import names
from gallery_sync.core.names import BadProduct, Drop, Folder, Refusal, parse
from gallery_sync.core.shop_values import Gallery

GUID = "92ca3575-7481-11e8-8216-002590dad85e"

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates included: JSON can carry them, although no object's name holds any."""


@pytest.mark.parametrize(
    ("name", "product", "gallery", "file"),
    [
        (f"{GUID}/shop/front.png", GUID, "shop", "front.png"),
        (f"{GUID}/shop360/01_front.jpg", GUID, "shop360", "01_front.jpg"),
        (f"{GUID}/front.png", GUID, "shop", "front.png"),
        (f"{GUID.upper()}/front.png", GUID, "shop", "front.png"),
        ("SKU-1/front.png", "SKU-1", "shop", "front.png"),
        ("62%2FXL/front.png", "62/XL", "shop", "front.png"),
        ("62%2fXL/shop360/front.png", "62/XL", "shop360", "front.png"),
        ("50%25/a.gif", "50%", "shop", "a.gif"),
        ("Tričko modré/a.webp", "Tričko modré", "shop", "a.webp"),
        ("Tri%C4%8Dko/a.webp", "Tričko", "shop", "a.webp"),
        ("a+b/a.jpeg", "a+b", "shop", "a.jpeg"),
        ("A/FRONT.JPG", "A", "shop", "FRONT.JPG"),
        ("A/front.side.jpg", "A", "shop", "front.side.jpg"),
        ("A/100%.jpg", "A", "shop", "100%.jpg"),
        ("A/%2F.jpg", "A", "shop", "%2F.jpg"),
        ("shop/shop/shop.png", "shop", "shop", "shop.png"),
        ("shop360/a.png", "shop360", "shop", "a.png"),
        ("..A/a.png", "..A", "shop", "a.png"),
        ("x" * 64 + "/a.png", "x" * 64, "shop", "a.png"),
    ],
)
def test_a_name_inside_the_grammar_is_a_drop(name: str, product: str, gallery: Gallery, file: str) -> None:
    drop = parse(name, 1)
    assert drop == Drop(name, name.partition("/")[0], product, gallery, file)
    assert isinstance(drop, Drop)
    assert drop.key == f"drop:{name}"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "no-product"),
        ("a.png", "no-product"),
        ("/a.png", "empty-folder"),
        ("A//a.png", "empty-folder"),
        ("//a.png", "empty-folder"),
        ("A/shop/x/a.png", "too-deep"),
        ("62/XL/shop/a.png", "too-deep"),
        ("A/shop720/a.png", "unknown-gallery"),
        ("A/Shop/a.png", "unknown-gallery"),
        ("A/shop /a.png", "unknown-gallery"),
        ("62/XL/a.png", "unknown-gallery"),
        ("50%/a.png", "bad-product"),
        ("50%2/a.png", "bad-product"),
        ("%zz/a.png", "bad-product"),
        ("%FF/a.png", "bad-product"),
        ("%C4/a.png", "bad-product"),
        ("%00/a.png", "bad-product"),
        ("A%0AB/a.png", "bad-product"),
        ("A%E2%80%A8B/a.png", "bad-product"),
        (" A/a.png", "bad-product"),
        ("A%20/a.png", "bad-product"),
        ("./a.png", "bad-product"),
        ("../a.png", "bad-product"),
        ("%2e%2E/shop/a.png", "bad-product"),
        ("x" * 65 + "/a.png", "bad-product"),
        ("A/.DS_Store", "hidden-file"),
        ("A/.hidden.png", "hidden-file"),
        ("A/._front.png", "hidden-file"),
        ("A/front", "not-a-picture"),
        ("A/front.", "not-a-picture"),
        ("A/front.txt", "not-a-picture"),
        ("A/front.png.zip", "not-a-picture"),
        ("A/front.png ", "not-a-picture"),
        ("A/png", "not-a-picture"),
        ("A/Thumbs.db", "not-a-picture"),
        ("A/fr\nont.png", "control-character"),
        ("A\x00/front.png", "control-character"),
        ("A/fr\x85ont.png", "control-character"),
        ("A/fr\u2028ont.png", "control-character"),
        ("A/fr\ud800ont.png", "control-character"),
        ("\udfff/front.png", "control-character"),
        ("A/", "name-ends-in-slash"),
        ("A/shop/a.png/", "name-ends-in-slash"),
    ],
)
def test_a_name_outside_the_grammar_is_refused_with_its_code(name: str, code: str) -> None:
    refusal = parse(name, 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.name, refusal.code) == (name, code)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.png", "{product}/{gallery}/{file}"),
        ("62/XL/shop/a.png", "3 folders deep: use {product}/{gallery}/{file}, and write a '/' inside a code as %2F"),
        ("A/photos/a.png", "there is no gallery 'photos': use shop or shop360"),
        ("50%/a.png", "write a '%' in a code as %25"),
        ("%FF/a.png", "not percent-encoded UTF-8"),
        ("A/notes.txt", "'notes.txt' is no picture: drop JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP"),
    ],
)
def test_a_refusal_says_what_to_do(name: str, words: str) -> None:
    refusal = parse(name, 1)
    assert isinstance(refusal, Refusal)
    assert words in refusal.reason


def test_a_message_shows_of_a_long_name_the_beginning_and_the_end() -> None:
    fits, long = "x" * 80, "b" * 60 + "c" * 100 + "e" * 40
    assert names.shortened(fits) == fits
    assert names.shortened("") == ""
    assert names.shortened(fits + "y") == "x" * 49 + "…" + "x" * 29 + "y"
    assert names.shortened(long) == "b" * 49 + "…" + "e" * 30
    assert len(names.shortened(long)) == 80


@pytest.mark.parametrize("number", [0x00, 0x09, 0x7F, 0xA0, 0xAD, 0x200B, 0x2028, 0x202F, 0xE000, 0xFEFF])
def test_a_message_shows_what_nobody_sees_by_its_number(number: int) -> None:
    assert names.shortened(f"a {chr(number)}b") == f"a <U+{number:04X}>b"
    assert names.is_hidden(chr(number))


@pytest.mark.parametrize("letter", [" ", "!", "a", "ž", "e\u0301", "🙂", "中"])
def test_a_message_shows_what_people_see_as_it_is(letter: str) -> None:
    assert names.shortened(f"a{letter}b") == f"a{letter}b"


@pytest.mark.parametrize("name", ["A/", "A/shop/", "/", "A//", "a/b/c/d/", "x%/"])
def test_an_empty_object_whose_name_ends_in_a_slash_is_a_folder(name: str) -> None:
    assert parse(name, 0) == Folder(name)


@given(ANY_TEXT, st.integers(0, 2))
@example("\ud800/a.png", 1)
@example("%\ud800/a.png", 1)
def test_whatever_the_name_is_parsing_never_raises_and_a_refusal_has_a_code_and_one_line(name: str, size: int) -> None:
    meaning = parse(name, size)
    assert meaning.name == name
    if isinstance(meaning, Refusal):
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", meaning.code)
        assert meaning.reason == " ".join(meaning.reason.splitlines())
        assert meaning.reason


codes = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=64).filter(
    lambda code: code == code.strip() and code not in (".", "..") and not names.is_guid(code)
)
guids = st.uuids().map(str)
galleries: st.SearchStrategy[Gallery] = st.sampled_from(["shop", "shop360"])
stems = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="/"), min_size=1, max_size=30
).filter(lambda stem: not stem.startswith("."))
files = st.builds("{}.{}".format, stems, st.sampled_from([*names.PICTURE_TYPES, "JPG", "Png"]))


@given(codes | guids, galleries, files)
@example("62/XL", "shop", "1.png")
@example("100%", "shop", "1.png")
@example("%2F", "shop360", "1.png")
def test_a_name_that_was_built_means_what_it_was_built_from(product: str, gallery: Gallery, file: str) -> None:
    drop = parse(names.build(product, gallery, file), 1)
    assert isinstance(drop, Drop)
    assert (drop.product, drop.gallery, drop.file) == (product, gallery, file)


@given(codes, codes)
def test_two_products_never_share_a_folder(one: str, other: str) -> None:
    assert (names.encode_product(one) == names.encode_product(other)) == (one == other)


@pytest.mark.parametrize(
    ("product", "folder"),
    [("62/XL", "62%2FXL"), ("50%", "50%25"), ("Tričko modré", "Tričko modré"), ("a\tb", "a%09b"), (GUID, GUID)],
)
def test_a_folder_stays_readable(product: str, folder: str) -> None:
    assert names.encode_product(product) == folder


def test_an_encoded_control_character_is_still_no_part_of_a_code() -> None:
    assert isinstance(names.decode_product(names.encode_product("a\tb")), BadProduct)


@pytest.mark.parametrize(
    ("text", "is_guid"),
    [(GUID, True), (GUID.upper(), True), (GUID[:-1], False), (GUID + "0", False), ("SKU-1", False), ("", False)],
)
def test_a_guid_is_told_from_a_code(text: str, is_guid: bool) -> None:
    assert names.is_guid(text) is is_guid


def test_the_outbox_names_object_and_generation_and_nothing_of_the_product() -> None:
    one = names.outbox("62%2FXL/front.JPG", 5)
    assert re.fullmatch(r"outbox/[0-9a-f]{40}\.jpg", one)
    assert one == names.outbox("62%2FXL/front.JPG", 5)
    assert len({one, names.outbox("62%2FXL/front.JPG", 6), names.outbox("62%2FXL/back.JPG", 5)}) == 3


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("a.jpg", "image/jpeg"),
        ("A/b.JPEG", "image/jpeg"),
        ("a.b.png", "image/png"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
    ],
)
def test_a_picture_is_served_with_its_media_type(file: str, media_type: str) -> None:
    assert names.content_type(file) == media_type

"""The order that names give: as people count, where Czech and Slovak put letters, total, and the same in every run."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.name_order import order, order_of_earlier

LETTERS = st.characters(exclude_categories=("N", "Cs"), exclude_characters="/")


def keys(files: list[str]) -> list[str]:
    return [f"drop:A/shop/{file}" for file in files]


def rises(files: list[str]) -> bool:
    """Whether these files stand in their order."""
    return all(order(one) < order(other) for one, other in pairwise(keys(files)))


IN_ORDER = [
    ["2.png", "10.png"],
    ["a2.png", "a10.png", "b1.png"],
    ["A1.png", "a2.png", "B1.png"],
    ["img1a.png", "img1b.png", "img2.png"],
    ["1_z.png", "02_a.png", "3-b.png", "010_a.png", "a.png"],
    ["01_front.png", "01_side.png", "02_back.png"],
    ["1_a2.png", "1_a10.png"],
    ["1_a.png", "01-b.png"],
    ["2.png", "a.png"],
    ["1-a.png", "1a.png", "2.png"],
    ["9_a.png", "_a.png", "a9_.png"],
    ["1_a.png", "1234567890_a.png", "a.png"],
    ["1.jpg", "2-back.jpg", "3.jpg", "4_detail.jpg"],
    ["hoodie.jpg", "hoodie-2.jpg", "hoodie-3.jpg", "hoodie-10.jpg"],
    ["hoodie.png", "hoodie-2.jpg"],
    ["hoodie.jpg", "hoodie 2.jpg", "hoodie(3).jpg", "hoodie.4.jpg", "hoodie_5.jpg", "hoodie-6.jpg", "hoodie7.jpg"],
    ["hoodie.jpg", "hoodie-2.jpg", "hoodie-back.jpg"],
    ["hood.jpg", "hood-z.jpg", "hoodie.jpg"],
    ["1.jpg", "1 (2).jpg", "1 - kopie.jpg", "2.jpg"],
    ["IMG_9.JPG", "img_10.jpg", "IMG_11.jpeg"],
    ["0,5 l.jpg", "1,5 l.jpg"],
    ["bok.jpg", "čelní.jpg", "detail.jpg", "šikmo.jpg", "zadní.jpg"],
    ["celek.jpg", "cz.jpg", "čelní.jpg", "detail.jpg"],
    ["cena.jpg", "chata.jpg", "cihla.jpg", "hora.jpg"],
    ["rz.jpg", "řada.jpg", "sz.jpg", "šaty.jpg", "zz.jpg", "žula.jpg"],
    ["az.jpg", "äa.jpg", "b.jpg", "oz.jpg", "ôsmy.jpg", "p.jpg"],
    ["dal.jpg", "ďal.jpg", "dalo.jpg"],
    ["ano.jpg", "áno.jpg", "anoa.jpg"],
    ["los.jpg", "łos.jpg", "lot.jpg"],
    ["Čelo.jpg", "čep.jpg"],
    ["z.jpg", "жук.jpg"],
    ["y.jpg", "z.jpg", "žula.jpg", "ŋ.jpg", "ж.jpg"],
]


@pytest.mark.parametrize("in_order", IN_ORDER, ids=" ".join)
def test_files_are_shown_as_people_count_and_sort(in_order: list[str]) -> None:
    assert rises(in_order)


def test_a_letter_with_a_mark_stands_in_the_same_place_in_both_forms_of_unicode() -> None:
    in_order = ["cz.jpg", "c\u030celni\u0301.jpg", "detail.jpg"]
    assert rises(in_order)


def test_neither_the_folder_nor_the_extension_orders_a_file() -> None:
    in_order = ["drop:Z/1_a.png", "drop:62%2FXL/shop/1_b.gif", "drop:A/02_a.jpg"]
    assert all(order(one) < order(other) for one, other in pairwise(in_order))


@given(st.lists(st.text(max_size=12).map(lambda text: f"drop:A/{text}"), unique=True))
def test_the_order_of_names_is_total(names: list[str]) -> None:
    assert all(a < b for a, b in pairwise(sorted(order(name) for name in names)))


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.text(LETTERS, max_size=5))
def test_numbers_inside_names_sort_by_their_value(one: int, other: int, stem: str) -> None:
    first, second = (order(f"drop:A/{stem}{number}.jpg")[0] for number in (one, other))
    assert (first < second) == (one < other)


@given(st.text(LETTERS, min_size=1, max_size=6), st.sampled_from(" _-(."), st.integers(0, 99))
def test_the_plain_name_comes_before_its_numbered_ones(stem: str, separator: str, number: int) -> None:
    plain, numbered = order(f"drop:A/x{stem}.jpg"), order(f"drop:A/x{stem}{separator}{number}.jpg")
    assert plain < numbered


@given(st.text("aäbcčdďhoôrřsšzž1 _", min_size=1, max_size=6), st.text("aäbcčdďhoôrřsšzž1 _", min_size=1, max_size=6))
def test_what_stands_between_words_and_numbers_makes_no_difference(one: str, other: str) -> None:
    turned = str.maketrans(" _", "-(")
    first, second = (order(f"drop:A/{name}.jpg")[0] for name in (one, other))
    assert [order(f"drop:A/{name.translate(turned)}.jpg")[0] for name in (one, other)] == [first, second]


def test_the_order_of_earlier_versions_is_still_known() -> None:
    in_order = [
        "02_a.jpg",
        "03-a.jpg",
        "1.jpg",
        "2.jpg",
        "hoodie-2.jpg",
        "hoodie-10.jpg",
        "hoodie.jpg",
        "z.jpg",
        "č.jpg",
    ]
    assert all(order_of_earlier(one) < order_of_earlier(other) for one, other in pairwise(keys(in_order)))

"""Lists that change while their pages are read."""

import pytest

from gallery_sync.ports.shop_errors import NotFound
from gallery_sync.shoptet.pages import Incomplete, Page, read_all


class Pages:
    """Answers with its pages in turn; None is a page that does not exist."""

    def __init__(self, *pages: Page[str] | None) -> None:
        self.pages = list(pages)
        self.asked: list[int] = []

    def __call__(self, number: int) -> Page[str]:
        self.asked.append(number)
        page = self.pages.pop(0)
        if page is None:
            raise NotFound("404 page-not-found", call="GET /api/list", status=404)
        return page


def lower(row: str) -> str:
    return row.lower()


def test_all_pages_are_read_once() -> None:
    pages = Pages(Page("ab", 5, 3), Page("cd", 5, 3), Page("e", 5, 3))
    assert read_all(pages, lower) == tuple("abcde")
    assert pages.asked == [1, 2, 3]


def test_an_empty_list_is_one_page() -> None:
    assert read_all(Pages(Page("", 0, 0)), lower) == ()


def test_rows_that_newer_ones_push_to_the_next_page_count_once_as_last_seen() -> None:
    pages = Pages(Page("abc", 5, 2), Page("Cde", 6, 2))
    assert read_all(pages, lower) == ("a", "b", "C", "d", "e")


def test_a_row_that_slipped_to_a_page_already_read_is_found_by_reading_again() -> None:
    pages = Pages(Page("ab", 5, 3), Page("de", 4, 2), Page("bc", 4, 2), Page("de", 4, 2))
    assert read_all(pages, lower) == ("a", "b", "d", "e", "c")


def test_new_pages_that_appear_meanwhile_are_read() -> None:
    pages = Pages(Page("ab", 3, 2), Page("bc", 5, 3), Page("de", 5, 3))
    assert read_all(pages, lower) == tuple("abcde")
    assert pages.asked == [1, 2, 3]


def test_a_promised_page_that_is_gone_ends_the_reading() -> None:
    pages = Pages(Page("ab", 3, 2), None, Page("ab", 2, 1))
    assert read_all(pages, lower) == ("a", "b")


def test_a_first_page_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound):
        read_all(Pages(None), lower)


def test_a_count_that_never_fits_is_not_believed_against_two_equal_readings() -> None:
    pages = Pages(Page("ab", 99, 2), Page("c", 99, 2), Page("ab", 99, 2), Page("c", 99, 2))
    assert read_all(pages, lower) == ("a", "b", "c")


def test_a_list_that_changes_with_every_reading_is_incomplete() -> None:
    rows = iter("abcdefghijkl")
    pages = Pages(*(Page(next(rows), 99, 2) for _ in range(6)))
    with pytest.raises(Incomplete, match="changed each time"):
        read_all(pages, lower)


def test_the_number_of_pages_is_bounded() -> None:
    pages = Pages(*(Page("a", 9_999_999, 9_999) for _ in range(42)))
    with pytest.raises(Incomplete, match="more than 40 pages"):
        read_all(pages, lower)
    assert len(pages.asked) <= 41


def test_forty_full_pages_are_read() -> None:
    assert len(read_all(Pages(*(Page([f"{number}"], 40, 40) for number in range(40))), lower)) == 40

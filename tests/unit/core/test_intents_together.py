"""Which changes of attributes that wait go along in one call."""

import pytest

from gallery_sync.core.intents import carried_along
from gallery_sync.core.ledger import Entry, Intent, Ledger, Row
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL
from tests.unit.core.build import NOW, a_ledger, key, live, replace, shown

A, B, C = key("a.jpg"), key("b.jpg"), key("c.jpg")
ENTRIES = shown("a.jpg", "1.jpg", 1) | shown("b.jpg", "2.jpg", 2) | shown("c.jpg", "3.jpg", 3)


def change(of: str, *rows: Row, attempts: int = 0) -> Intent:
    return Intent(of, "attributes", NOW, rows=rows, attempts=attempts)


def waiting(*intents: Intent) -> Ledger:
    return replace(a_ledger(ENTRIES), intents=intents)


def along(*intents: Intent) -> list[str]:
    return [one.id for one in carried_along(waiting(*intents), intents[0])]


def test_changes_of_other_images_go_along_in_the_order_in_which_they_wait() -> None:
    assert along(change("1", Row(key=A)), change("2", Row(key=B)), change("3", Row(key=C))) == ["2", "3"]
    assert along(change("1", Row(key=A))) == []


@pytest.mark.parametrize("kind", ["clean", "delete"])
def test_nothing_but_a_change_of_attributes_carries_and_is_carried(kind: str) -> None:
    other = Intent("x", kind, NOW, name="9.jpg")  # type: ignore[arg-type]
    assert along(other, change("2", Row(key=B))) == []
    assert along(change("1", Row(key=A)), other, change("3", Row(key=C))) == []


def test_a_change_whose_answer_may_be_lost_neither_carries_nor_goes_along_nor_is_passed() -> None:
    assert along(change("1", Row(key=A), attempts=1), change("2", Row(key=B))) == []
    assert along(change("1", Row(key=A)), change("2", Row(key=B), attempts=1), change("3", Row(key=C))) == []


def test_two_changes_of_one_image_are_two_calls_and_nothing_passes_them() -> None:
    assert along(change("1", Row(key=A)), change("2", Row(key=A)), change("3", Row(key=C))) == []
    assert along(change("1", Row(key=A)), change("2", Row(key=B)), change("3", Row(key=C), Row(key=B))) == ["2"]


def test_a_key_and_the_name_of_its_image_are_one_image() -> None:
    by_name = change("2", Row("1.jpg"))
    assert along(change("1", Row(key=A)), by_name, change("3", Row(key=C))) == []
    assert along(change("1", Row(key=B)), by_name) == ["2"]


def test_images_that_are_not_ours_are_told_apart_by_their_names() -> None:
    assert along(change("1", Row("8.jpg")), change("2", Row("9.jpg"))) == ["2"]
    assert along(change("1", Row("8.jpg")), change("2", Row("8.jpg"))) == []


def test_a_name_that_a_person_deleted_is_no_image_of_ours_any_more() -> None:
    gone = {A: Entry(None, live("a.jpg", "1.jpg", state="gone")), B: Entry(ENTRIES[B].wanted)}
    ledger = replace(a_ledger(gone), intents=(change("1", Row(key=A)), change("2", Row("1.jpg"))))
    assert [one.id for one in carried_along(ledger, ledger.intents[0])] == ["2"]


def test_no_more_images_than_one_call_takes_go_along() -> None:
    def rows(of: str, count: int) -> tuple[Row, ...]:
        return tuple(Row(f"{of}{n}.jpg") for n in range(count))

    half, rest = MAX_IMAGES_PER_CALL // 2, MAX_IMAGES_PER_CALL - MAX_IMAGES_PER_CALL // 2
    full = (change("1", *rows("x", half)), change("2", *rows("y", rest)))
    assert along(*full) == ["2"]
    # Nor does one that would still fit pass the one that does not.
    assert along(*full, change("3", Row(key=A))) == ["2"]
    assert along(full[0], change("2", *rows("y", rest + 1)), change("3", Row(key=A))) == []

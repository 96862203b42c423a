"""Two checksums stand for the same content by what storage told of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.checksums import checksum, is_same
from gallery_sync.core.ledger import ORDER_RULE, Entry, needs_content
from gallery_sync.core.observe import observe
from gallery_sync.core.see import is_dropped_again
from tests.unit.core.build import NOW, a_file, a_ledger, key, live, replace, wanted

BOTH = checksum("bQ==", "Yw==", 7)
MD5, CRC = "md5:bQ==", "crc32c:Yw==:7"
A = key("a.jpg")


def test_a_checksum_names_what_storage_knows() -> None:
    assert BOTH == "md5:bQ== crc32c:Yw==:7"
    assert checksum("bQ==", None, 7) == MD5
    assert checksum(None, "Yw==", 7) == CRC
    assert checksum(None, None, 7) == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (BOTH, BOTH, True),
        (BOTH, MD5, True),
        (BOTH, CRC, True),
        (MD5, CRC, False),
        (BOTH, "md5:other", False),
        (BOTH, "md5:other crc32c:Yw==:7", False),
        (BOTH, "crc32c:Yw==:8", False),
        (CRC, "crc32c:other:7", False),
        ("op:1.0.0", "op:1.0.0", True),
        ("op:1.0.0", "op:1.0.1", False),
        ("", MD5, False),
        ("sum", "other sum", False),
    ],
)
def test_they_are_compared_by_what_both_have(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same
    assert is_same(other, one) is same


@given(st.text(), st.text())
def test_any_text_is_compared(one: str, other: str) -> None:
    assert is_same(one, one)
    assert is_same(one, other) == is_same(other, one)


@pytest.mark.parametrize(("first", "again"), [(BOTH, CRC), (CRC, BOTH), (MD5, BOTH), (BOTH, MD5)])
def test_the_same_bytes_dropped_in_another_way_are_not_sent_again(first: str, again: str) -> None:
    entry = Entry(wanted("a.jpg", checksum=first), live("a.jpg", "1.jpg", checksum=first))
    after = observe(a_ledger({A: entry}), [a_file("a.jpg", 2, again)], NOW)
    assert not needs_content(after.entries[A])
    assert is_dropped_again(after)


def test_what_storage_says_besides_of_the_very_same_file_is_learned_and_is_no_news() -> None:
    before = wanted("a.jpg", checksum=MD5)
    tried = Entry(before, live("a.jpg", "1.jpg", checksum="md5:old"), attempts=3, not_before=NOW + 9, last_reason="no")
    after = observe(a_ledger({A: tried}), [a_file("a.jpg", 1, BOTH)], NOW)
    assert after.entries[A] == replace(tried, wanted=replace(before, content=replace(before.content, checksum=BOTH)))
    assert after.order_rule != ORDER_RULE
    shown = Entry(before, live("a.jpg", "1.jpg", checksum=MD5))
    after = observe(a_ledger({A: shown}), [a_file("a.jpg", 1, BOTH)], NOW)
    assert after.entries[A].live == live("a.jpg", "1.jpg", checksum=BOTH)
    # Replaced by a composite one with the same bytes, it is known all the same.
    assert not needs_content(observe(after, [a_file("a.jpg", 2, CRC)], NOW).entries[A])

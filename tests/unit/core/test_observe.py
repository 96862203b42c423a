"""What the bucket's files change in the ledger."""

import dataclasses

import pytest

from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import MAY_BE_THERE, Entry, Failure, Ledger, is_waiting
from gallery_sync.core.observe import observe
from gallery_sync.core.shop_values import MAX_PRIORITY
from tests.unit.core.build import NOW, a_file, a_ledger, key, live, replace, shown, wanted

GAVE_UP = Failure("gave-up", "given up after 5 tries: no", NOW)


def dropped_at(created: float) -> DropFile:
    file = a_file("a.jpg", 2)
    return DropFile(file.drop, file.generation, file.checksum, file.size, created, {})


def entry_of(ledger: Ledger, file: str = "a.jpg") -> Entry:
    return ledger.entries[key(file)]


def test_a_new_file_is_wanted_with_its_content_and_metadata() -> None:
    ledger = observe(a_ledger(), [a_file("a.jpg", 7, "sum", priority="0012", description="Zepředu")], NOW)
    assert entry_of(ledger) == Entry(wanted("a.jpg", 7, "sum", priority=12, description="Zepředu"))


def test_without_metadata_there_is_no_description_and_the_natural_order() -> None:
    assert entry_of(observe(a_ledger(), [a_file("a.jpg")], NOW)) == Entry(wanted("a.jpg"))


def test_files_that_did_not_change_leave_the_ledger_as_it_is() -> None:
    tried = {key("a.jpg"): Entry(wanted("a.jpg"), attempts=3, not_before=NOW + 9, last_reason="no", batch=12)}
    for entries in (tried, {key("a.jpg"): Entry(wanted("a.jpg"), failure=GAVE_UP)}, shown("a.jpg", "1.jpg", 100)):
        ledger = a_ledger(entries)
        assert observe(ledger, [a_file("a.jpg")], NOW) == ledger


@pytest.mark.parametrize(
    "changed",
    [
        a_file("a.jpg", 2),
        a_file("a.jpg", 2, "sum-a.jpg-1"),
        a_file("a.jpg", description="new"),
        a_file("a.jpg", priority="3"),
    ],
)
def test_a_file_that_changed_forgets_its_failed_tries_but_not_what_is_live(changed: object) -> None:
    before = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"), 5, NOW, "no", 1, failure=GAVE_UP)
    after = entry_of(observe(a_ledger({key("a.jpg"): before}), [changed], NOW))  # type: ignore[list-item]
    assert after == Entry(after.wanted, before.live)
    assert after.wanted != before.wanted


MAY_BE = Failure(MAY_BE_THERE, "it may be there already", NOW)


@pytest.mark.parametrize(
    ("file", "sent_again"),
    [
        pytest.param(a_file("a.jpg"), False, id="nothing changed"),
        pytest.param(a_file("a.jpg", description="new"), False, id="its metadata changed"),
        pytest.param(a_file("a.jpg", 2), False, id="replaced before the failure was written down"),
        pytest.param(dropped_at(NOW), False, id="dropped again at that very moment: rather not than twice"),
        pytest.param(dropped_at(NOW + 1), True, id="dropped again after that"),
    ],
)
def test_a_file_whose_image_may_be_there_beyond_recognition_is_sent_again_only_by_a_later_drop(
    file: DropFile, sent_again: bool
) -> None:
    ledger = observe(a_ledger({key("a.jpg"): Entry(wanted("a.jpg"), failure=MAY_BE)}), [file], NOW)
    assert (entry_of(ledger).failure is None) is sent_again


def test_a_file_that_is_gone_is_no_longer_wanted_and_its_image_stays_known() -> None:
    ledger = a_ledger({**shown("a.jpg", "1.jpg", 100), key("b.jpg"): Entry(wanted("b.jpg"), failure=GAVE_UP)})
    assert observe(ledger, [], NOW).entries == {key("a.jpg"): Entry(None, ledger.entries[key("a.jpg")].live)}


def test_an_image_that_came_by_url_is_not_the_buckets_to_give_up() -> None:
    ledger = a_ledger({"url:a": Entry(wanted("a.jpg"))})
    assert observe(ledger, [], NOW) == ledger


def test_files_from_before_a_cleanup_are_out_until_they_are_dropped_again() -> None:
    ledger = a_ledger({key("a.jpg"): Entry(wanted("a.jpg"))}, cleaned_at=NOW)
    old, new = a_file("a.jpg"), a_file("b.jpg")
    again = type(new)(new.drop, 2, new.checksum, new.size, NOW + 1, {})
    assert list(observe(ledger, [old, again], NOW).entries) == [key("b.jpg")]
    assert observe(ledger, [dropped_at(NOW)], NOW).entries == {}


@pytest.mark.parametrize("number", ["1", "007", str(MAX_PRIORITY), "0" * 20 + "65535", "0" * 5000 + "7"])
def test_a_priority_is_a_whole_number_of_shoptets_range(number: str) -> None:
    entry = entry_of(observe(a_ledger(), [a_file("a.jpg", priority=number)], NOW))
    assert entry.failure is None
    assert entry.wanted is not None
    assert str(entry.wanted.priority) == number.lstrip("0")


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "", "1.5", "1e3", " 1", "first", "١", "²", "65536", "00006553599", "9" * 5000, "1\n2", "0" * 12],
)
def test_any_other_priority_is_a_warning_that_shows_it_on_one_line_and_the_picture_comes(number: str) -> None:
    entry = entry_of(observe(a_ledger(), [a_file("a.jpg", priority=number)], NOW))
    assert entry.wanted == wanted("a.jpg")
    assert is_waiting(entry)
    assert entry.warning is not None
    assert entry.warning.endswith(": write a whole number from 1 to 65535")
    assert "\n" not in entry.warning
    assert len(entry.warning) < 150


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\x00b", "U+0000"),
        ("\x1b[31mred", "U+001B"),
        ("abc\u202egpj", "U+202E"),
        ("\u2066abc", "U+2066"),
        ("x\ud800", "U+D800"),
        ("x" * 1_001, "has 1001 characters: write 1000 at most"),
    ],
)
def test_a_description_that_the_api_would_refuse_is_a_warning_and_the_picture_comes_without_it(
    text: str, words: str
) -> None:
    entry = entry_of(observe(a_ledger(), [a_file("a.jpg", description=text, priority="3")], NOW))
    assert entry.wanted == wanted("a.jpg", priority=3)
    assert is_waiting(entry)
    assert entry.warning is not None
    assert "metadata 'description'" in entry.warning
    assert words in entry.warning


@pytest.mark.parametrize("text", ["", "Zepředu\tna\nstole", "x" * 1_000, "עברית"])
def test_any_other_description_is_as_it_is_written(text: str) -> None:
    entry = entry_of(observe(a_ledger(), [a_file("a.jpg", description=text)], NOW))
    assert (entry.wanted, entry.warning) == (wanted("a.jpg", description=text), None)


def test_both_flaws_are_told() -> None:
    warning = entry_of(observe(a_ledger(), [a_file("a.jpg", description="\0", priority="x")], NOW)).warning
    assert warning is not None
    assert "'description'" in warning
    assert "'priority'" in warning


def test_metadata_counts_in_any_case_and_in_small_letters_first() -> None:
    ledger = observe(a_ledger(), [a_file("a.jpg", Description="Zepředu", PRIORITY="7")], NOW)
    assert entry_of(ledger).wanted == wanted("a.jpg", description="Zepředu", priority=7)
    both = observe(a_ledger(), [a_file("a.jpg", Priority="1", priority="2", PRIORITY="3")], NOW)
    assert entry_of(both).wanted == wanted("a.jpg", priority=2)


def test_a_warning_lasts_until_the_metadata_is_put_right() -> None:
    bad = observe(a_ledger(), [a_file("a.jpg", priority="first")], NOW)
    assert observe(bad, [a_file("a.jpg", priority="first")], NOW + 1) == bad
    assert entry_of(observe(bad, [a_file("a.jpg")], NOW)).warning is None
    assert entry_of(observe(bad, [a_file("a.jpg", priority="1")], NOW)).warning is None
    assert observe(bad, [], NOW).entries == {}


def test_a_warning_about_metadata_alone_keeps_the_tries_of_the_picture() -> None:
    tried = Entry(wanted("a.jpg"), attempts=3, not_before=NOW + 9, last_reason="no")
    entry = entry_of(observe(a_ledger({key("a.jpg"): tried}), [a_file("a.jpg", priority="first")], NOW))
    assert replace(entry, warning=None) == tried
    assert entry.warning is not None


def test_a_picture_that_an_earlier_version_kept_out_for_its_priority_comes() -> None:
    before = Entry(wanted("a.jpg"), failure=Failure("bad-priority", "write a whole number", NOW))
    entry = entry_of(observe(a_ledger({key("a.jpg"): before}), [a_file("a.jpg", priority="first")], NOW + 1))
    assert is_waiting(entry)
    assert entry.warning is not None


def test_an_empty_file_is_a_failure_that_says_so() -> None:
    failure = entry_of(observe(a_ledger(), [a_file("a.jpg", size=0, priority="first")], NOW)).failure
    assert failure == Failure("empty-file", "the file is empty: drop the picture again", NOW)


def test_an_empty_file_says_nothing_as_long_as_it_may_be_being_written() -> None:
    empty = a_file("a.jpg", 2, size=0)
    until = empty.created + 120.0
    assert observe(a_ledger(), [empty], until - 1, 120.0) == a_ledger()
    shows = a_ledger(shown("a.jpg", "1.jpg", 100))
    assert observe(shows, [empty], until - 1, 120.0) == shows
    assert observe(shows, [empty], until, 120.0).entries[key("a.jpg")].failure is not None


def test_how_a_file_is_encoded_is_known_for_its_copy() -> None:
    compressed = dataclasses.replace(a_file("a.jpg"), encoding="gzip")
    entry = observe(a_ledger(), [compressed], NOW).entries[key("a.jpg")]
    assert entry.wanted is not None
    assert entry.wanted.content.encoding == "gzip"

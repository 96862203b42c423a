"""What the bucket's files change in the ledger."""

import pytest

from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import MAY_BE_THERE, Entry, Failure, Ledger
from gallery_sync.core.observe import observe
from gallery_sync.core.shop_values import MAX_PRIORITY
from tests.unit.core.build import NOW, a_file, a_ledger, key, live, shown, wanted

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
def test_any_other_priority_is_a_failure_that_shows_it_on_one_line(number: str) -> None:
    failure = entry_of(observe(a_ledger(), [a_file("a.jpg", priority=number)], NOW)).failure
    assert failure is not None
    assert (failure.code, failure.at) == ("bad-priority", NOW)
    assert failure.reason.endswith(": write a whole number from 1 to 65535")
    assert "\n" not in failure.reason
    assert len(failure.reason) < 150


def test_a_bad_priority_that_was_put_right_is_forgotten() -> None:
    bad = observe(a_ledger(), [a_file("a.jpg", priority="first")], NOW)
    assert observe(bad, [a_file("a.jpg", priority="first")], NOW + 1) == bad
    assert entry_of(observe(bad, [a_file("a.jpg")], NOW)).failure is None
    assert entry_of(observe(bad, [a_file("a.jpg", priority="1")], NOW)).failure is None


def test_a_priority_that_went_bad_is_a_failure_even_where_what_is_wanted_stays() -> None:
    fine = observe(a_ledger(), [a_file("a.jpg")], NOW)
    failure = entry_of(observe(fine, [a_file("a.jpg", priority="first")], NOW)).failure
    assert failure is not None
    assert failure.code == "bad-priority"


def test_an_empty_file_is_a_failure_that_says_so() -> None:
    failure = entry_of(observe(a_ledger(), [a_file("a.jpg", size=0, priority="first")], NOW)).failure
    assert failure == Failure("empty-file", "the file is empty: drop the picture again", NOW)

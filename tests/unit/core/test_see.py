"""What a listing of the gallery says of our images: shown, gone, or too young to tell."""

import pytest

from gallery_sync.core.ledger import Entry, Ledger, Live, LiveState
from gallery_sync.core.observe import observe
from gallery_sync.core.see import is_dropped_again, see
from tests.unit.core.build import NOW, a_file, a_ledger, img, key, live, replace, shown, wanted

A = key("a.jpg")


def entry_of(ledger: Ledger) -> Entry:
    return ledger.entries[A]


def seen_as(state: LiveState, *listing: str) -> str:
    ledger = see(a_ledger({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", state=state))}), [img(n) for n in listing])
    shows = ledger.entries[A].live
    assert shows is not None
    return shows.state


@pytest.mark.parametrize(
    ("state", "listed", "not_listed"),
    [
        ("shown", "shown", "gone"),
        ("astray", "astray", "gone"),
        ("kept", "kept", "gone"),
        ("gone", "shown", "gone"),
        # A listing may lag behind: what a caller had deleted is not there, whatever it shows.
        ("deleted", "deleted", "deleted"),
    ],
)
def test_what_a_listing_makes_of_an_image(state: LiveState, listed: str, not_listed: str) -> None:
    assert seen_as(state, "1.jpg", "2.jpg") == listed
    assert seen_as(state, "0.jpg", "2.jpg") == not_listed


@pytest.mark.parametrize(("seen", "gone"), [(NOW - 1, True), (NOW, True), (NOW + 1, False)])
def test_what_landed_after_the_moment_of_a_listing_is_not_gone_because_it_lacks_it(seen: float, gone: bool) -> None:
    entry = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", seen=seen), attempts=2)
    after = see(a_ledger({A: entry}), [], since=NOW).entries[A]
    assert (after != entry) is gone


def test_an_image_whose_file_is_gone_is_seen_all_the_same() -> None:
    left = Entry(None, live("a.jpg", "1.jpg", 3))
    assert see(a_ledger({A: left}), [img("1.jpg")]).entries[A] == left


@pytest.mark.parametrize(
    ("entry", "again"),
    [
        pytest.param(Entry(wanted("a.jpg", 2, "sum"), live("a.jpg", "1.jpg", 1, checksum="sum")), True, id="later"),
        pytest.param(Entry(wanted("a.jpg", 1, "sum"), live("a.jpg", "1.jpg", 2, checksum="sum")), True, id="restored"),
        pytest.param(Entry(wanted("a.jpg", 1, "sum"), live("a.jpg", "1.jpg", 1, checksum="sum")), False, id="the same"),
        pytest.param(
            Entry(wanted("a.jpg", 2, "a"), live("a.jpg", "1.jpg", 1, checksum="b")), False, id="other content"
        ),
        pytest.param(
            Entry(wanted("a.jpg", 2, "b"), live("a.jpg", "1.jpg", 1, checksum="a")), False, id="content again"
        ),
        pytest.param(Entry(wanted("a.jpg", 2)), False, id="not shown yet"),
        pytest.param(Entry(None, live("a.jpg", "1.jpg")), False, id="not wanted any more"),
    ],
)
def test_a_file_was_dropped_again_if_its_content_is_shown_and_its_generation_is_another(
    entry: Entry, again: bool
) -> None:
    assert is_dropped_again(a_ledger({A: entry})) is again
    gone = replace(entry, live=replace(entry.live, state="gone")) if entry.live is not None else entry
    assert not is_dropped_again(a_ledger({A: gone}))


def test_an_image_that_the_gallery_lost_is_gone_and_one_that_is_back_is_not() -> None:
    ledger = a_ledger({**shown("a.jpg", "1.jpg", 100), **shown("b.jpg", "2.jpg", 200)})
    lost = see(ledger, [img("2.jpg")])
    assert [entry.live is not None and entry.live.gone for entry in lost.entries.values()] == [True, False]
    assert see(lost, [img("2.jpg"), img("1.jpg")]) == ledger


def test_a_listing_that_shows_what_is_live_changes_nothing() -> None:
    ledger = a_ledger({**shown("a.jpg", "1.jpg", 100), key("b.jpg"): Entry(wanted("b.jpg"))})
    assert see(ledger, [img("1.jpg", 4, description="a person's"), img("foreign.jpg")]) == ledger


def test_a_failed_try_at_an_image_that_a_person_deleted_is_not_repeated() -> None:
    entries = {k: replace(e, attempts=2, not_before=NOW + 60) for k, e in shown("a.jpg", "1.jpg", 100).items()}
    after = entry_of(see(a_ledger(entries), []))
    assert (after.attempts, after.not_before) == (0, 0.0)


def test_the_same_content_dropped_again_and_still_shown_counts_as_shown_with_its_generation() -> None:
    # So that the image stays gone if a person deletes it after this.
    ledger = observe(a_ledger(shown("a.jpg", "1.jpg", 100)), [a_file("a.jpg", 2, "sum-a.jpg-1")], NOW)
    after = entry_of(see(ledger, [img("1.jpg")]))
    assert after.live == Live("1.jpg", "sum-a.jpg-1", 2, 100)
    assert entry_of(see(see(ledger, [img("1.jpg")]), [])).live == Live("1.jpg", "sum-a.jpg-1", 2, 100, state="gone")


@pytest.mark.parametrize("checksum", ["a", "z"])
def test_other_content_does_not_count_as_shown_before_it_is(checksum: str) -> None:
    ledger = observe(a_ledger(shown("a.jpg", "1.jpg", 100)), [a_file("a.jpg", 2, checksum)], NOW)
    assert see(ledger, [img("1.jpg")]) == ledger

"""What a flight's end does to the ledger: live, another look, another try, or failed for good with its reason."""

from collections.abc import Sequence
from typing import Any

import pytest

from gallery_sync.core.ledger import Entry, Failure, Flight, Ledger, Live, Pause, is_waiting, needs_content
from gallery_sync.core.match import Match
from gallery_sync.core.settle import SILENT, not_copied, settle
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import (
    KEPT,
    MAX_ATTEMPTS,
    NOW,
    TIMING,
    a_flight,
    a_ledger,
    img,
    insertion,
    key,
    live,
    replace,
    sent,
    wanted,
)

A, B, C = key("a.jpg"), key("b.jpg"), key("c.jpg")
NEW = {A: Entry(wanted("a.jpg")), B: Entry(wanted("b.jpg"))}
FLIGHT = insertion({"a.jpg": 100, "b.jpg": 200})
SECOND = NOW + TIMING.second_listing
"""When a second look is due after a first one at NOW."""

IMG_A, IMG_B = img("1.jpg", 100), img("2.jpg", 200)
LIVE_A = Live("1.jpg", "sum-a.jpg-1", 1, 100)
BOTH = Match({A: IMG_A, B: IMG_B})
ONLY_A = Match({A: IMG_A}, (B,))


def settled(
    flight: Flight, outcome: Match, listing: Sequence[Image], now: float = NOW, entries: Any = None, **more: Any
) -> Ledger:
    ledger = a_ledger(NEW if entries is None else entries, flight=flight, **more)
    return settle(ledger, flight, listing, outcome, now, TIMING, MAX_ATTEMPTS, KEPT)


def looked_twice(flight: Flight, outcome: Match, listing: Sequence[Image], entries: Any = None) -> Ledger:
    first = settled(flight, outcome, listing, entries=entries)
    assert first.flight is not None
    return settle(first, first.flight, listing, outcome, SECOND, TIMING, MAX_ATTEMPTS, KEPT)


def test_what_the_gallery_shows_is_live_and_the_flight_is_over() -> None:
    ledger = settled(FLIGHT, BOTH, [IMG_A, IMG_B])
    assert ledger.flight is None
    assert ledger.entries[A] == Entry(wanted("a.jpg"), LIVE_A)
    assert ledger.entries[B] == Entry(wanted("b.jpg"), Live("2.jpg", "sum-b.jpg-1", 1, 200))


def test_live_is_what_was_sent_not_what_is_wanted_by_now() -> None:
    replaced_meanwhile = {A: Entry(wanted("a.jpg", 2)), B: NEW[B]}
    ledger = settled(FLIGHT, BOTH, [IMG_A, IMG_B], entries=replaced_meanwhile)
    assert ledger.entries[A].live == LIVE_A
    assert needs_content(ledger.entries[A])


def test_what_landed_although_its_file_was_deleted_meanwhile_is_known_all_the_same() -> None:
    ledger = settled(FLIGHT, BOTH, [IMG_A, IMG_B], entries={B: NEW[B]})
    assert ledger.entries[A] == Entry(None, LIVE_A)


def test_landing_forgets_the_tries_that_failed_and_the_gallerys_pause() -> None:
    tried = {A: replace(NEW[A], attempts=3, not_before=NOW, last_reason="no", batch=1), B: NEW[B]}
    ledger = settled(FLIGHT, BOTH, [IMG_A, IMG_B], entries=tried, pause=Pause(NOW, "busy", 4))
    assert ledger.entries[A] == Entry(wanted("a.jpg"), LIVE_A)
    assert ledger.pause is None


def test_missing_at_the_first_look_is_looked_for_again() -> None:
    ledger = settled(FLIGHT, ONLY_A, [IMG_A])
    assert ledger.flight == replace(FLIGHT, first_miss=NOW, claimed={A: "1.jpg"}, grace_until=SECOND)
    assert ledger.entries == NEW


@pytest.mark.parametrize("later", [0.0, 1.0, TIMING.second_listing - 0.1])
def test_a_look_too_soon_after_the_first_changes_nothing(later: float) -> None:
    first = settled(FLIGHT, ONLY_A, [IMG_A])
    assert first.flight is not None
    assert settle(first, first.flight, [IMG_A], ONLY_A, NOW + later, TIMING, MAX_ATTEMPTS, KEPT) == first


def test_missing_in_two_looks_minutes_apart_is_tried_again_after_a_pause() -> None:
    ledger = looked_twice(FLIGHT, ONLY_A, [IMG_A])
    assert ledger.flight is None
    assert ledger.entries[A].live == LIVE_A
    assert ledger.entries[B] == replace(NEW[B], attempts=1, not_before=SECOND + TIMING.retry_first, last_reason=SILENT)


def test_a_second_listing_that_comes_late_is_as_good() -> None:
    first = settled(FLIGHT, ONLY_A, [IMG_A])
    assert first.flight is not None
    ledger = settle(first, first.flight, [IMG_A], ONLY_A, SECOND + 500, TIMING, MAX_ATTEMPTS, KEPT)
    assert (ledger.flight, ledger.entries[B].attempts) == (None, 1)


def test_what_appears_between_the_looks_is_live() -> None:
    first = settled(FLIGHT, ONLY_A, [IMG_A])
    assert first.flight is not None
    for now in (NOW + 1, SECOND):
        ledger = settle(first, first.flight, [IMG_A, IMG_B], BOTH, now, TIMING, MAX_ATTEMPTS, KEPT)
        assert (ledger.flight, [is_waiting(entry) for entry in ledger.entries.values()]) == (None, [False, False])


def test_what_was_seen_once_and_is_gone_at_the_second_listing_was_deleted_by_a_person_and_is_never_sent_again() -> None:
    first = settled(FLIGHT, ONLY_A, [IMG_A])
    assert first.flight is not None
    ledger = settle(first, first.flight, [IMG_B], Match({B: IMG_B}, (A,)), SECOND, TIMING, MAX_ATTEMPTS, KEPT)
    assert ledger.entries[A] == Entry(wanted("a.jpg"), replace(LIVE_A, state="gone"))
    assert not needs_content(ledger.entries[A])


def test_what_shoptet_says_has_failed_needs_no_second_listing() -> None:
    flight = replace(FLIGHT, errors={B: "cannot be read"})
    ledger = settled(flight, ONLY_A, [IMG_A])
    assert ledger.flight is None
    assert ledger.entries[B] == replace(
        NEW[B], attempts=1, not_before=NOW + TIMING.retry_first, last_reason="cannot be read"
    )


def test_one_that_shoptet_said_nothing_of_waits_for_the_second_listing_with_all() -> None:
    flight = replace(FLIGHT, errors={B: "cannot be read"})
    neither = Match({}, (A, B))
    first = settled(flight, neither, [])
    assert first.flight is not None
    assert first.entries == NEW
    ledger = settle(first, first.flight, [], neither, SECOND, TIMING, MAX_ATTEMPTS, KEPT)
    assert [entry.last_reason for entry in ledger.entries.values()] == [SILENT, "cannot be read"]


def test_the_jobs_own_reason_is_told_where_there_is_none_for_the_image() -> None:
    flight = replace(FLIGHT, reason="Shoptet's job j1 ended as failed")
    ledger = looked_twice(flight, ONLY_A, [IMG_A])
    assert ledger.entries[B].last_reason == "Shoptet's job j1 ended as failed"


FAILED_JOB = {"job_created": "2024-07-01T14:00:00+0200", "reason": "Shoptet's job j1 ended as failed"}


def test_what_is_missing_after_a_job_that_failed_flies_again_in_halves() -> None:
    names = [f"{n}.jpg" for n in range(16)]
    flight = replace(insertion({name: 100 * n for n, name in enumerate(names, 1)}), **FAILED_JOB)
    entries = {key(name): Entry(wanted(name)) for name in names}
    ledger = looked_twice(flight, Match({}, tuple(entries)), (), entries)
    assert {(entry.batch, entry.attempts) for entry in ledger.entries.values()} == {(8, 1)}


def test_one_of_several_whose_job_failed_is_not_given_up_before_it_has_flown_alone() -> None:
    entries = {k: replace(entry, attempts=MAX_ATTEMPTS + 1, batch=2) for k, entry in NEW.items()}
    both = looked_twice(replace(FLIGHT, **FAILED_JOB), Match({}, (A, B)), (), entries)
    assert {(entry.batch, entry.failure) for entry in both.entries.values()} == {(1, None)}
    alone = replace(insertion({"b.jpg": 200}), **FAILED_JOB)
    assert looked_twice(alone, Match({}, (B,)), (), {B: both.entries[B]}).entries[B].failure is not None


@pytest.mark.parametrize(
    "flight",
    [
        pytest.param(
            replace(FLIGHT, job_created=FAILED_JOB["job_created"]), id="completed: a picture got lost by itself"
        ),
        pytest.param(replace(FLIGHT, reason="Shoptet's answer was lost"), id="no job is known"),
    ],
)
def test_what_is_missing_without_a_job_that_failed_flies_together_again(flight: Flight) -> None:
    assert looked_twice(flight, Match({}, (A, B)), ()).entries[B].batch == NEW[B].batch


def test_the_one_that_shoptet_names_is_to_blame_alone() -> None:
    flight = replace(FLIGHT, errors={B: "cannot be read"}, **FAILED_JOB)
    entries = looked_twice(flight, Match({}, (A, B)), ()).entries
    assert (entries[A].batch, entries[B].batch) == (1, NEW[B].batch)


def test_pauses_grow_and_the_last_try_is_a_failure_for_good() -> None:
    flight = replace(insertion({"b.jpg": 200}), errors={B: "cannot be read"})
    entries, pauses = {B: NEW[B]}, []
    for _ in range(MAX_ATTEMPTS - 1):
        entries = settled(flight, Match({}, (B,)), [], entries=entries).entries
        pauses.append(entries[B].not_before - NOW)
    assert pauses == [30, 60, 120, 240]
    last = settled(flight, Match({}, (B,)), [], entries=entries).entries[B]
    assert last.failure == Failure("gave-up", "given up after 5 tries: cannot be read", NOW)
    assert (last.not_before, is_waiting(last)) == (0.0, False)


def test_what_is_missing_while_a_name_is_unexplained_fails_visibly_and_is_not_sent_again() -> None:
    outcome = Match({A: IMG_A}, (B,), ("8.jpg", "9.jpg"))
    listing = [IMG_A, img("8.jpg", 1), img("9.jpg", 2)]
    ledger = looked_twice(FLIGHT, outcome, listing)
    failure = ledger.entries[B].failure
    assert failure is not None
    assert failure.code == "unexplained"
    assert "(8.jpg, 9.jpg)" in failure.reason
    assert not is_waiting(ledger.entries[B])
    assert ledger.entries[A].live == LIVE_A


def test_what_is_unexplained_at_the_first_look_is_looked_at_again_as_well() -> None:
    ledger = settled(FLIGHT, Match({A: IMG_A}, (B,), ("8.jpg",)), [IMG_A, img("8.jpg", 1)])
    assert ledger.flight is not None
    assert ledger.flight.first_miss == NOW


def test_what_shoptet_says_has_failed_is_tried_again_whatever_a_person_added() -> None:
    flight = replace(FLIGHT, errors={B: "cannot be read"})
    ledger = settled(flight, Match({A: IMG_A}, (B,), ("8.jpg",)), [IMG_A, img("8.jpg", 1)])
    assert (ledger.entries[B].failure, ledger.entries[B].attempts) == (None, 1)


def test_an_unexplained_name_does_no_harm_where_nothing_is_missing() -> None:
    ledger = settled(FLIGHT, replace_unexplained(BOTH, "8.jpg"), [IMG_A, IMG_B, img("8.jpg", 1)])
    assert [entry.failure for entry in ledger.entries.values()] == [None, None]


def replace_unexplained(outcome: Match, *names: str) -> Match:
    return Match(outcome.found, outcome.missing, names)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "(0.jpg)"),
        (5, "(0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg)"),
        (6, "(0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 1 more)"),
        (7, "(0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 2 more)"),
    ],
)
def test_a_long_list_of_unexplained_names_is_cut(count: int, told: str) -> None:
    names = tuple(f"{n}.jpg" for n in range(count))
    failure = looked_twice(FLIGHT, Match({}, (A, B), names), [img(name) for name in names]).entries[B].failure
    assert failure is not None
    assert told in failure.reason


def test_what_a_person_deleted_meanwhile_is_gone() -> None:
    other = {C: Entry(wanted("c.jpg"), live("c.jpg", "3.jpg"))}
    ledger = settled(FLIGHT, BOTH, [IMG_A, IMG_B], entries=NEW | other)
    assert ledger.entries[C].live == live("c.jpg", "3.jpg", state="gone")


@pytest.mark.parametrize(("seen", "gone"), [(NOW - 200, True), (NOW - 120, True), (NOW - 119, False), (NOW, False)])
def test_what_landed_less_than_a_second_listing_ago_is_not_gone_because_this_one_lags(seen: float, gone: bool) -> None:
    other = {C: Entry(wanted("c.jpg"), live("c.jpg", "3.jpg", seen=seen))}
    shows = settled(FLIGHT, BOTH, [IMG_A, IMG_B], entries=NEW | other).entries[C].live
    assert shows is not None
    assert shows.gone is gone


REPLACED = {A: Entry(wanted("a.jpg", 2, description="x"), live("a.jpg", "1.jpg", priority=100, description="x"))}
UPDATE = a_flight({A: replace(sent("a.jpg"), name="1.jpg", generation=2, checksum="sum-a.jpg-2")}, "source")


def test_a_source_update_that_landed_keeps_the_attributes_that_were_not_sent() -> None:
    ledger = settled(UPDATE, Match({A: IMG_A}), [IMG_A], entries=REPLACED)
    assert ledger.entries[A].live == Live("1.jpg", "sum-a.jpg-2", 2, 100, "x")


def test_a_source_update_that_gave_the_image_another_name_makes_it_live_under_that() -> None:
    renamed = img("1.webp", 100)
    ledger = settled(UPDATE, Match({A: renamed}), [renamed], entries=REPLACED)
    assert ledger.entries[A].live == Live("1.webp", "sum-a.jpg-2", 2, 100, "x")


def test_a_source_update_that_did_not_show_is_tried_again() -> None:
    ledger = looked_twice(UPDATE, Match({}, (A,)), [IMG_A], entries=REPLACED)
    assert (ledger.entries[A].attempts, ledger.entries[A].live) == (1, REPLACED[A].live)


def test_an_image_to_be_replaced_that_one_listing_lacks_is_looked_for_again() -> None:
    # The listing may lag behind: taken for deleted, it would be inserted a second time.
    ledger = settled(UPDATE, Match({}, (A,)), [], entries=REPLACED)
    assert ledger.flight is not None
    assert ledger.entries == REPLACED


def test_an_image_to_be_replaced_that_a_person_deleted_is_inserted_anew_without_a_failed_try() -> None:
    ledger = looked_twice(UPDATE, Match({}, (A,)), [], entries=REPLACED)
    assert ledger.flight is None
    entry = ledger.entries[A]
    assert entry.live is not None
    assert (entry.live.gone, entry.attempts, is_waiting(entry)) == (True, 0, True)


def test_an_image_that_a_person_deleted_before_its_last_try_has_not_failed() -> None:
    last = {A: replace(REPLACED[A], attempts=MAX_ATTEMPTS - 1)}
    others = [img("0.jpg", 1), img("2.jpg", 2)]
    assert looked_twice(UPDATE, Match({}, (A,)), others, entries=last).entries[A].failure is None


def test_an_image_whose_content_is_replaced_stays_where_a_person_moved_it() -> None:
    entries = REPLACED | {B: Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", priority=200))}
    moved = img("1.jpg", 300)
    shows = settled(UPDATE, Match({A: moved}), [moved, IMG_B], entries=entries).entries[A].live
    assert shows is not None
    assert shows.state == "shown"


def test_an_image_to_be_replaced_whose_name_is_gone_while_another_is_new_is_for_a_person() -> None:
    new = img("9.webp", 100)
    ledger = looked_twice(UPDATE, Match({}, (A,), ("9.webp",)), [new], entries=REPLACED)
    failure = ledger.entries[A].failure
    assert failure is not None
    assert failure.code == "unexplained"


def test_an_image_that_was_inserted_anew_takes_nothing_over_from_the_one_that_a_person_deleted() -> None:
    old = {A: Entry(wanted("a.jpg"), live("a.jpg", "0.jpg", description="x", state="gone")), B: NEW[B]}
    assert settled(FLIGHT, BOTH, [IMG_A, IMG_B], entries=old).entries[A].live == LIVE_A


@pytest.mark.parametrize("sent_generation", [1, 3], ids=["a later one", "one that was there before"])
def test_a_picture_that_was_asked_for_during_the_flight_is_not_to_blame_for_what_is_missing(
    sent_generation: int,
) -> None:
    other = {A: Entry(wanted("a.jpg", 2)), B: NEW[B]}
    flight = replace(FLIGHT, images=FLIGHT.images | {A: replace(FLIGHT.images[A], generation=sent_generation)})
    ledger = looked_twice(flight, Match({}, (A, B)), (), other)
    assert ledger.entries[A] == other[A]
    assert ledger.entries[B].attempts == 1


def test_a_file_that_could_not_be_copied_is_tried_again_and_fails_in_the_end_with_its_reason() -> None:
    ledger = a_ledger(NEW)
    for attempt in range(1, MAX_ATTEMPTS):
        ledger = not_copied(ledger, {A: "storage refuses"}, NOW, TIMING, MAX_ATTEMPTS)
        assert (ledger.entries[A].attempts, ledger.entries[A].last_reason) == (attempt, "storage refuses")
    ledger = not_copied(ledger, {A: "storage refuses"}, NOW, TIMING, MAX_ATTEMPTS)
    failure = ledger.entries[A].failure
    assert failure is not None
    assert failure.reason == "given up after 5 tries: storage refuses"
    assert ledger.entries[B] == NEW[B]


def test_of_a_file_that_was_deleted_while_its_picture_got_lost_nothing_is_left() -> None:
    assert set(looked_twice(FLIGHT, Match({}, (A, B)), (), {B: NEW[B]}).entries) == {B}

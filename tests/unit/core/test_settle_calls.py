"""What calls without a job, refusals and pauses do to the ledger."""

from typing import Any

import pytest

from gallery_sync.core import settle
from gallery_sync.core.ledger import (
    Action,
    Entry,
    Failure,
    Flight,
    Intent,
    Ledger,
    Live,
    LiveState,
    Pause,
    Snapshot,
    reconcile_at,
)
from gallery_sync.core.plan import Policy, StartFlight, plan
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import (
    GIVEN,
    KEPT,
    MAX_ATTEMPTS,
    NOBODY_KNOWS,
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
    shown,
    wanted,
)

A, B = key("a.jpg"), key("b.jpg")
SHOWN = shown("a.jpg", "1.jpg", 100) | shown("b.jpg", "2.jpg", 200)
CHANGE = a_flight({A: Snapshot(name="1.jpg", priority=7), B: Snapshot(name="2.jpg", description="x")}, "attributes")
BUSY = Pause(NOW - 60, "busy", 2)


def updated(skipped: dict[str, str], ledger: Ledger) -> Ledger:
    images = {"1.jpg": img("1.jpg", 7)}
    return settle.updated(ledger, CHANGE, images, skipped, NOW, TIMING, MAX_ATTEMPTS, KEPT)


def test_attributes_that_were_changed_are_live_and_the_content_stays_what_it_was() -> None:
    ledger = updated({}, a_ledger(SHOWN, flight=CHANGE, pause=BUSY))
    assert (ledger.flight, ledger.pause) == (None, None)
    assert ledger.entries[A].live == Live("1.jpg", "sum-a.jpg-1", 1, 7)
    assert ledger.entries[B].live == Live("2.jpg", "sum-b.jpg-1", 1, 200, "x")


def test_an_image_whose_attributes_shoptet_left_out_is_tried_again() -> None:
    ledger = updated({B: "no such image"}, a_ledger(SHOWN, flight=CHANGE))
    assert ledger.entries[A].live == Live("1.jpg", "sum-a.jpg-1", 1, 7)
    assert ledger.entries[B] == replace(
        SHOWN[B], attempts=1, not_before=NOW + TIMING.retry_first, last_reason="no such image"
    )


DELETION = a_flight({A: Snapshot(name="1.jpg"), B: Snapshot(name="2.jpg")}, "delete")
ABANDONED = {name: Entry(None, entry.live) for name, entry in SHOWN.items()}


def test_what_was_deleted_leaves_the_ledger_and_what_stays_fails_visibly() -> None:
    ledger = settle.deleted(a_ledger(ABANDONED, flight=DELETION, pause=BUSY), DELETION, {B: "a variant uses it"}, NOW)
    assert (ledger.flight, ledger.pause) == (None, None)
    assert ledger.entries == {B: replace(ABANDONED[B], failure=Failure("delete-refused", "a variant uses it", NOW))}


def test_what_a_deletion_did_not_get_to_stays_for_the_next() -> None:
    done = replace(DELETION, images={A: DELETION.images[A]})
    ledger = settle.deleted(a_ledger(ABANDONED, flight=DELETION), done, {}, NOW)
    assert ledger.entries == {B: ABANDONED[B]}


def test_a_file_dropped_again_while_its_image_was_deleted_is_still_wanted() -> None:
    ledger = settle.deleted(a_ledger({A: Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg"))}), DELETION, {}, NOW)
    assert ledger.entries == {A: Entry(wanted("a.jpg", 2))}


def test_a_flight_whose_job_is_known_keeps_what_was_learned_of_it_and_ends_the_gallerys_pause() -> None:
    flight = replace(insertion({"a.jpg": 100}), first_miss=NOW)
    ledger = settle.job_started(a_ledger(SHOWN, flight=flight, pause=BUSY), "j1", TIMING)
    assert ledger == a_ledger(SHOWN, flight=replace(flight, job_id="j1"))


def test_a_job_may_take_as_long_as_shoptet_needs_to_call_it_failed() -> None:
    flight = insertion({"a.jpg": 100})
    ledger = settle.job_started(a_ledger(SHOWN, flight=flight), "j1", TIMING)
    assert ledger.flight == replace(flight, job_id="j1", grace_until=NOW + TIMING.job_lost)


def test_a_job_of_a_flight_that_is_over_changes_nothing() -> None:
    assert settle.job_started(a_ledger(SHOWN, pause=BUSY), "j1", TIMING) == a_ledger(SHOWN, pause=BUSY)


def refused(ledger: Ledger, *files: str) -> Ledger:
    flight = insertion(dict.fromkeys(files, 100))
    return settle.refused(replace(ledger, flight=flight), flight, reason="HTTP 400", now=NOW, request_id="r1")


@pytest.mark.parametrize(("count", "half"), [(100, 50), (50, 25), (25, 12), (3, 1), (2, 1)])
def test_a_call_that_was_refused_flies_again_in_halves(count: int, half: int) -> None:
    files = [f"{n}.jpg" for n in range(count)]
    ledger = refused(a_ledger({key(f): Entry(wanted(f), attempts=1) for f in files}), *files)
    assert ledger.flight is None
    assert {(e.batch, e.failure, e.attempts, e.not_before) for e in ledger.entries.values()} == {(half, None, 1, 0.0)}


def test_one_image_that_was_refused_alone_has_failed_for_good() -> None:
    ledger = refused(a_ledger({A: Entry(wanted("a.jpg"))}), "a.jpg")
    assert ledger.entries[A].failure == Failure("refused", "HTTP 400", NOW, "r1")


@pytest.mark.parametrize("bad", [{"0.jpg"}, {"57.jpg"}, {"99.jpg"}, {"3.jpg", "98.jpg"}, set()])
def test_the_bad_images_among_a_hundred_are_found_and_all_others_land(bad: set[str]) -> None:
    files = [f"{n}.jpg" for n in range(100)]
    ledger, calls = a_ledger({key(f): Entry(wanted(f)) for f in files}), 0
    while isinstance(step := plan(ledger, (), NOW, Policy(), KEPT), StartFlight):
        calls += 1
        flight = a_flight(step.images, step.action)
        if any(key(f) in step.images for f in bad):
            ledger = settle.refused(ledger, flight, reason="HTTP 400", now=NOW, request_id=None)
        else:
            found = {k: img(f"{k[12:]}-live", s.priority) for k, s in step.images.items()}
            ledger = a_ledger(ledger.entries | {k: landed(ledger, k, step.images[k], i) for k, i in found.items()})
    assert {name for name, entry in ledger.entries.items() if entry.failure} == {key(f) for f in bad}
    assert sum(1 for entry in ledger.entries.values() if entry.live) == 100 - len(bad)
    assert calls <= 1 + 16 * len(bad)


def landed(ledger: Ledger, name: str, snapshot: Snapshot, image: Any) -> Entry:
    return settle.became_live(ledger.entries[name], snapshot, image, KEPT)


def test_a_change_of_attributes_that_was_refused_flies_again_in_halves() -> None:
    ledger = settle.refused(a_ledger(SHOWN, flight=CHANGE), CHANGE, reason="HTTP 400", now=NOW, request_id=None)
    assert [(entry.batch, entry.failure) for entry in ledger.entries.values()] == [(1, None), (1, None)]


def test_a_product_that_shoptet_does_not_know_fails_all_that_is_still_wanted() -> None:
    earlier = Failure("refused", "no picture", NOW - 60)
    entries = SHOWN | {
        key("new.jpg"): Entry(wanted("new.jpg"), not_before=NOW + 60),
        key("newer.jpg"): Entry(wanted("newer.jpg", 2), live("newer.jpg", "3.jpg")),
        key("bad.jpg"): Entry(wanted("bad.jpg"), failure=earlier),
    }
    before = a_ledger(entries, flight=CHANGE, due_at=NOW)
    ledger = settle.product_gone(before, reason="no such product", now=NOW, request_id="r1")
    gone = Failure("no-product", "no such product", NOW, "r1")
    assert (ledger.flight, ledger.due_at) == (None, 0.0)
    failures = {name.rpartition("/")[2]: entry.failure for name, entry in ledger.entries.items()}
    assert failures == {"a.jpg": None, "b.jpg": None, "new.jpg": gone, "newer.jpg": gone, "bad.jpg": earlier}


def test_a_gallerys_pauses_grow_and_are_never_shorter_than_shoptet_asked() -> None:
    ledger, pauses = a_ledger(SHOWN, flight=CHANGE), []
    for _ in range(4):
        ledger = settle.paused(ledger, None, "busy", NOW, TIMING)
        assert ledger.flight is None
        assert ledger.pause is not None
        pauses.append(ledger.pause.until - NOW)
    assert pauses == [30, 60, 120, 240]
    longer = settle.paused(ledger, NOW + 10_000, "busy", NOW, TIMING).pause
    assert longer == Pause(NOW + 10_000, "busy", 5)
    assert settle.paused(a_ledger(), NOW + 1, "busy", NOW, TIMING).pause == Pause(NOW + 30, "busy", 1)


def test_a_pause_counts_as_no_try_of_an_image() -> None:
    assert settle.paused(a_ledger(SHOWN, flight=CHANGE), None, "busy", NOW, TIMING).entries == SHOWN


def test_a_flight_that_did_nothing_is_a_try_that_failed() -> None:
    ledger = settle.resend(a_ledger(SHOWN, flight=CHANGE), CHANGE, "answer lost", NOW, TIMING, MAX_ATTEMPTS)
    assert ledger.flight is None
    assert {(e.attempts, e.not_before, e.last_reason) for e in ledger.entries.values()} == {
        (1, NOW + TIMING.retry_first, "answer lost")
    }


ACTIONS: list[Action] = ["insert", "source", "attributes", "delete", "clean"]


@pytest.mark.parametrize("action", ACTIONS)
def test_attributes_whose_answer_was_lost_are_sent_again_whatever_they_should_be_by_now(action: Action) -> None:
    flight = replace(CHANGE, action=action)
    ledger = settle.resend(a_ledger(SHOWN, flight=flight), flight, "answer lost", NOW, TIMING, MAX_ATTEMPTS)
    step = plan(ledger, (), NOW + TIMING.retry_first, Policy(), KEPT)
    # As the file says by now: the old number, and no description.
    again = {A: (100, ""), B: (200, "")} if action == "attributes" else {}
    images = step.images if isinstance(step, StartFlight) else {}
    assert {name: (snapshot.priority, snapshot.description) for name, snapshot in images.items()} == again


def test_attributes_of_an_image_that_is_no_longer_known_are_nothing_to_be_sure_of() -> None:
    ledger = settle.resend(a_ledger({A: Entry(wanted("a.jpg"))}), CHANGE, "lost", NOW, TIMING, MAX_ATTEMPTS)
    assert not ledger.entries[A].unsure


def test_an_answer_that_was_lost_counts_for_the_intent_that_the_flight_was_for() -> None:
    intents = tuple(Intent(f"op/{number}", "clean", NOW, attempts=number) for number in range(3))
    flight = a_flight({}, "clean", intent="op/1")
    ledger = settle.resend(a_ledger(flight=flight, intents=intents), flight, "lost", NOW, TIMING, MAX_ATTEMPTS)
    assert [intent.attempts for intent in ledger.intents] == [0, 2, 2]


def test_a_limit_of_tries_that_was_lowered_since_counts() -> None:
    tried = settle.tried(Entry(wanted("a.jpg"), attempts=MAX_ATTEMPTS + 3), "busy", NOW, TIMING, MAX_ATTEMPTS)
    assert tried.failure == Failure("gave-up", "given up after 9 tries: busy", NOW)


def test_tries_end() -> None:
    ledger = a_ledger({A: replace(SHOWN[A], attempts=MAX_ATTEMPTS - 1)})
    after = settle.resend(ledger, replace(CHANGE, images={A: sent("a.jpg")}), "lost", NOW, TIMING, MAX_ATTEMPTS)
    assert after.entries[A].failure == Failure("gave-up", "given up after 5 tries: lost", NOW)


def test_a_pause_is_swept_whatever_the_gallery_waits_for() -> None:
    """With only attributes to change, nothing but the pause itself says that a look is owed."""
    flight = Flight("f", "attributes", NOW, NOW + 60, NOW + 300, {key("1.jpg"): Snapshot(priority=5, name="1.jpg")})
    ledger = a_ledger(shown("1.jpg", "1.jpg", 100), flight=flight)
    after = settle.paused(ledger, None, "locked", NOW, TIMING)
    assert after.pause is not None
    assert reconcile_at(after) == after.pause.until


def landed_as(entry: Entry, snapshot: Snapshot, image: Image) -> Live:
    shows = settle.became_live(entry, snapshot, image, KEPT).live
    assert shows is not None
    return shows


@pytest.mark.parametrize(("shown_as", "place"), [(600, None), (40, 149), (None, 149)])
def test_an_image_is_ordered_by_its_place_where_the_shop_does_not_keep_what_it_is_sent(
    shown_as: int | None, place: int | None
) -> None:
    shows = landed_as(Entry(wanted("a.jpg")), sent("a.jpg", 600, place=149), img("1.jpg", shown_as))
    assert (shows.priority, shows.place) == (600, place)
    # A shop that gives numbers may give that one by chance.
    for facts in (GIVEN, NOBODY_KNOWS):
        live = settle.became_live(
            Entry(wanted("a.jpg")), sent("a.jpg", 600, place=149), img("1.jpg", shown_as), facts
        ).live
        assert live is not None
        assert live.place == 149


ASTRAY = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", priority=600, place=149, state="astray"))


def test_an_image_that_is_astray_stays_so_until_it_is_sent_a_number() -> None:
    described = landed_as(ASTRAY, Snapshot(name="1.jpg", description="x"), img("1.jpg", 40))
    assert (described.state, described.place) == ("astray", 149)
    moved = landed_as(ASTRAY, Snapshot(name="1.jpg", priority=14, place=149), img("1.jpg", 20))
    assert (moved.state, moved.priority, moved.place) == ("shown", 14, 149)


def test_an_adopted_image_is_ours_once_its_content_was_sent_and_not_before() -> None:
    adopted = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", priority=600, adopted=True))
    assert landed_as(adopted, Snapshot(name="1.jpg", description="x", priority=5), img("1.jpg", 5)).adopted
    assert not landed_as(adopted, sent("a.jpg", name="1.jpg"), img("1.jpg", 600)).adopted


@pytest.mark.parametrize("state", ["kept", "gone", "deleted", "shown"])
def test_an_image_that_was_changed_is_shown_whatever_was_thought_of_it(state: LiveState) -> None:
    entry = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", state=state))
    assert landed_as(entry, Snapshot(name="1.jpg", description="x"), img("1.jpg")).state == "shown"


@pytest.mark.parametrize(
    ("before", "told", "known"), [("old", None, "old"), (None, "new", "new"), ("old", "new", "new"), (None, None, None)]
)
def test_the_change_time_that_shoptet_told_last_is_known(before: str | None, told: str | None, known: str) -> None:
    entry = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", change_time=before))
    assert landed_as(entry, Snapshot(name="1.jpg"), img("1.jpg", change_time=told)).change_time == known


def test_of_an_image_that_the_ledger_knows_no_more_its_name_and_what_was_sent_are_known() -> None:
    assert landed_as(Entry(), Snapshot(name="1.jpg", priority=7), img("1.jpg", 7)) == Live("1.jpg", "", 0, 7)


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        pytest.param(None, live("a.jpg", "1.jpg"), NOW, id="it has landed"),
        pytest.param(live("a.jpg", "1.jpg", seen=5.0), live("a.jpg", "1.webp", seen=5.0), NOW, id="under a name after"),
        pytest.param(live("a.jpg", "1.webp", seen=5.0), live("a.jpg", "1.jpg", seen=5.0), NOW, id="under one before"),
        pytest.param(live("a.jpg", "1.jpg", seen=5.0), live("a.jpg", "1.jpg", seen=5.0), 5.0, id="it was there"),
        pytest.param(None, live("a.jpg", "1.jpg", state="gone"), 0.0, id="a person was faster"),
    ],
)
def test_it_is_noted_when_an_image_was_seen_to_have_landed(before: Live | None, after: Live, seen: float) -> None:
    ledgers = [a_ledger({A: Entry(wanted("a.jpg"), shows), B: Entry(wanted("b.jpg"))}) for shows in (before, after)]
    noted = settle.note_seen(ledgers[0], ledgers[1], NOW)
    assert noted.entries == ledgers[1].entries | {A: Entry(wanted("a.jpg"), replace(after, seen=seen))}


def test_a_picture_that_was_asked_for_during_the_flight_is_not_to_blame_for_its_refusal() -> None:
    newer = {A: Entry(wanted("a.jpg", 2))}
    assert refused(a_ledger(newer), "a.jpg").entries == newer

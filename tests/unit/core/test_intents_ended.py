"""What a cleanup, a deletion and a change of attributes leave in the ledger, from what was written down of them."""

import pytest

from gallery_sync.core import intents
from gallery_sync.core.ledger import Content, Entry, Intent, Ledger, Live, Override, Row, Wanted, generation_at
from gallery_sync.core.observe import observe
from gallery_sync.core.operation import ImageOutcome, ImageState, Outcome
from gallery_sync.core.plan import Nothing, Policy, plan
from tests.unit.core.build import KEPT, NOW, a_file, a_ledger, img, key, live, replace, shown, wanted

A, B = key("a.jpg"), key("b.jpg")
W_A = wanted("a.jpg")
SHOWN = shown("a.jpg", "1.jpg", 100)
BY_URL = Wanted(Content("https://pim.example/x.jpg", generation_at(NOW - 60), "op:w", 0, url=True), NOW - 60, rank=1.0)


def intent(kind: str, number: int = 0, **more: object) -> Intent:
    return replace(Intent(f"op/{number}", "clean", NOW), kind=kind, **more)


def after(ledger: Ledger, asked: Intent, *images: ImageOutcome) -> Ledger:
    return replace(intents.ended(intents.ask(ledger, asked), asked, Outcome(NOW, images)), done=())


def test_an_intent_waits_beside_others_whatever_they_are_called_and_ends_alone() -> None:
    first, second, third = (intent("delete", number, name="no.jpg") for number in (1, 2, 3))
    ledger = intents.ask(intents.ask(intents.ask(a_ledger(), second), first), third)
    assert ledger.intents == (second, first, third)
    assert intents.ask(ledger, second) == ledger
    assert intents.ended(ledger, second, Outcome(NOW)).intents == (first, third)
    fourth, zeroth = intent("delete", 4), intent("delete", 0)
    for other in (fourth, zeroth):
        assert intents.ended(ledger, other, Outcome(NOW)) == ledger


def test_an_intent_says_of_which_operation_it_is_and_which_piece() -> None:
    assert intents.piece(replace(intent("clean"), id="op1/2.0")) == ("op1", "2.0")


@pytest.mark.parametrize(
    ("asked", "listing", "was_cleaned"),
    [
        pytest.param(intent("clean", attempts=1, before=("1.jpg", "2.jpg")), (), True, id="all are gone"),
        pytest.param(intent("clean", attempts=3, before=("1.jpg",)), ("new.jpg",), True, id="only new ones are there"),
        pytest.param(intent("clean", attempts=1, before=("1.jpg", "2.jpg")), ("2.jpg",), False, id="one is left"),
        pytest.param(intent("clean", attempts=0, before=("1.jpg",)), (), False, id="it was never tried"),
        pytest.param(intent("clean", attempts=1, before=()), (), False, id="there was nothing"),
        pytest.param(intent("clean", attempts=1), (), False, id="nobody knows what there was"),
        pytest.param(intent("delete", attempts=1, before=("1.jpg",)), (), False, id="a deletion"),
        pytest.param(intent("attributes", attempts=1, before=("1.jpg",)), (), False, id="attributes"),
    ],
)
def test_a_cleanup_whose_answer_was_lost_was_carried_out_if_nothing_is_left_of_what_was_there(
    asked: Intent, listing: tuple[str, ...], was_cleaned: bool
) -> None:
    assert intents.was_cleaned(asked, [img(name) for name in listing]) is was_cleaned


def test_a_cleanup_leaves_of_our_images_those_that_shoptet_skipped_and_those_that_it_did_not_touch() -> None:
    states: list[ImageState] = ["deleted", "skipped"]
    files = {state: f"{state}.jpg" for state in (*states, "untouched")}
    entries = {k: e for state, file in files.items() for k, e in shown(file, f"{state}-live.jpg", 100).items()}
    ledger = after(a_ledger(entries), intent("clean"), *(ImageOutcome(state, f"{state}-live.jpg") for state in states))
    assert {name: entry.live and entry.live.state for name, entry in ledger.entries.items()} == {
        key("skipped.jpg"): "kept",
        key("untouched.jpg"): "shown",
    }
    assert ledger.cleaned_at == NOW


def test_an_image_that_landed_after_a_cleanup_was_first_tried_and_was_not_touched_is_not_inserted_again() -> None:
    late = {A: Entry(replace(W_A, created=NOW + 1), live("a.jpg", "1.jpg", priority=100))}
    assert after(a_ledger(late), intent("clean", before=("0.jpg",)), ImageOutcome("deleted", "0.jpg")).entries == late


def test_what_was_there_before_a_cleanup_is_known_although_a_listing_lags_behind() -> None:
    newer = Entry(replace(wanted("new.jpg"), created=NOW + 1), live("new.jpg", "2.jpg"))
    gone = Entry(None, live("gone.jpg", "3.jpg", state="gone"))
    ledger = a_ledger(SHOWN | {key("new.jpg"): newer, key("gone.jpg"): gone})
    assert intents.there_before(ledger, intent("clean"), [img("foreign.jpg")]) == ("foreign.jpg", "1.jpg")
    assert intents.there_before(ledger, intent("clean"), [img("1.jpg")]) == ("1.jpg",)
    assert intents.there_before(ledger, intent("delete"), [img("foreign.jpg")]) == ("foreign.jpg",)


def test_an_earlier_cleanup_does_not_take_a_later_one_back() -> None:
    assert after(a_ledger(cleaned_at=NOW + 5), intent("clean")).cleaned_at == NOW + 5


@pytest.mark.parametrize("kind", ["clean", "delete"])
@pytest.mark.parametrize(("created", "comes_back"), [(NOW - 1, False), (NOW, False), (NOW + 1, True)])
def test_only_what_was_dropped_after_the_request_comes_back(kind: str, created: float, comes_back: bool) -> None:
    dropped = {A: Entry(replace(W_A, created=created), live("a.jpg", "1.jpg"))}
    entry = after(a_ledger(dropped), intent(kind, name="1.jpg"), ImageOutcome("deleted", "1.jpg")).entries.get(
        A, Entry()
    )
    waits = Entry(replace(W_A, created=created))
    assert (entry == waits) is comes_back


def test_an_image_whose_file_is_gone_leaves_the_ledger_when_it_is_deleted() -> None:
    left = {A: Entry(None, live("a.jpg", "1.jpg", priority=100))}
    assert after(a_ledger(left), intent("delete", name="1.jpg")).entries == {}


def test_somebody_elses_image_that_is_deleted_changes_nothing() -> None:
    assert after(a_ledger(SHOWN), intent("delete", name="foreign.jpg")) == a_ledger(SHOWN)


def test_an_image_that_was_replaced_by_its_name_leaves_the_ledger_when_it_is_deleted() -> None:
    replaced = {"name:1.jpg": Entry(BY_URL, Live("1.jpg", "op:w", 1))}
    assert after(a_ledger(replaced), intent("delete", name="1.jpg")).entries == {}


def test_an_image_of_a_caller_that_is_deleted_stays_away() -> None:
    shows = Live("1.jpg", "op:w", 1)
    ledger = after(a_ledger({"url:x": Entry(BY_URL, shows)}), intent("delete", name="1.jpg"))
    gone = replace(shows, state="deleted", generation=BY_URL.content.generation)
    assert ledger.entries == {"url:x": Entry(BY_URL, gone)}


def described(entries: dict[str, Entry], *rows: tuple[Row, ImageOutcome]) -> Ledger:
    asked = intent("attributes", rows=tuple(row for row, _ in rows))
    return after(a_ledger(entries), asked, *(outcome for _, outcome in rows))


def row(name: str | None = "1.jpg", key: str = A, state: ImageState = "updated") -> tuple[Row, ImageOutcome]:
    return Row(name, key, 7, "x"), ImageOutcome(state, name, key)


def test_attributes_that_were_changed_for_a_caller_are_live_and_wanted_and_no_later_plan_undoes_them() -> None:
    placed = {A: Entry(W_A, live("a.jpg", "1.jpg", priority=14, place=149))}
    ledger = described(placed, row())
    asked = replace(W_A, priority=7, description="x")
    is_live = live("a.jpg", "1.jpg", priority=7, description="x")
    assert ledger.entries[A] == Entry(asked, is_live, override=Override(W_A, None, 7, "x"))
    observed = observe(ledger, [a_file("a.jpg")], NOW)
    assert plan(observed, (img("1.jpg", 7),), NOW, Policy(), KEPT) == Nothing()


def test_what_was_not_asked_to_change_stays() -> None:
    entries = {A: Entry(W_A, live("a.jpg", "1.jpg", priority=14, place=149, description="y", change_time="then"))}
    nothing = described(entries, (Row("1.jpg", A), ImageOutcome("updated", "1.jpg", A)))
    assert nothing.entries[A].live == entries[A].live


@pytest.mark.parametrize("state", ["waiting", "skipped", "superseded", "would-be-deleted"])
def test_attributes_that_did_not_reach_the_gallery_are_wanted_and_not_live(state: ImageState) -> None:
    entry = described(SHOWN, row(state=state)).entries[A]
    assert entry.wanted == replace(W_A, priority=7, description="x")
    assert entry.live == SHOWN[A].live


def test_attributes_that_failed_leave_the_image_as_it_is_and_its_neighbours_are_changed() -> None:
    both = SHOWN | shown("b.jpg", "2.jpg", 200)
    ledger = described(both, row(state="failed"), row("2.jpg", B))
    assert ledger.entries[A] == both[A]
    assert ledger.entries[B].live == live("b.jpg", "2.jpg", priority=7, description="x")


def test_an_image_that_the_ledger_does_not_know_keeps_no_other_from_its_attributes() -> None:
    ledger = described(SHOWN, row("9.jpg", key("unknown.jpg")), row())
    assert set(ledger.entries) == {A}
    assert ledger.entries[A].live == live("a.jpg", "1.jpg", priority=7, description="x")


def test_attributes_of_an_image_whose_file_is_gone_are_live_and_nothing_is_wanted() -> None:
    left = {A: Entry(None, live("a.jpg", "1.jpg", priority=100))}
    assert described(left, row()).entries == {A: Entry(None, live("a.jpg", "1.jpg", priority=7, description="x"))}


def test_attributes_of_a_key_that_is_not_shown_yet_fly_with_its_picture() -> None:
    ledger = described({A: Entry(W_A)}, row(None, state="waiting"))
    assert ledger.entries == {A: Entry(replace(W_A, priority=7, description="x"), override=Override(W_A, None, 7, "x"))}


@pytest.mark.parametrize("name", ["url:x", "name:1.jpg"])
def test_attributes_of_a_callers_own_picture_are_its_own_and_stand_over_nothing(name: str) -> None:
    shows = Live("1.jpg", "op:w", 1, 100)
    ledger = described({name: Entry(BY_URL, shows)}, row(key=name))
    wants = replace(BY_URL, priority=7, description="x")
    assert ledger.entries == {name: Entry(wants, replace(shows, priority=7, description="x"))}


def test_an_outcome_that_does_not_tell_of_every_row_is_an_error() -> None:
    asked = intent("attributes", rows=(Row("1.jpg", A), Row("2.jpg", B)))
    with pytest.raises(ValueError, match="shorter"):
        after(a_ledger(SHOWN), asked, ImageOutcome("updated", "1.jpg", A))

"""Which files are to be prepared, what is noted of them, and what the plan makes of that."""

from typing import Any

import pytest

from gallery_sync.core import preparing
from gallery_sync.core.kept import sent_for
from gallery_sync.core.ledger import Content, Entry, Failure, Pause, Preparation, reconcile_at, wanting
from gallery_sync.core.names import is_made, made, outbox, thumbnail
from gallery_sync.core.plan import Nothing, Policy, StartFlight, Step, Wait, plan
from gallery_sync.core.recipe import CODE, Recipe, Shape, Verdict
from gallery_sync.core.settle import became_live
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import KEPT, NOW, a_ledger, content, key, live, replace, shown, wanted

RECIPE = Recipe()
ON = Policy(recipe=RECIPE)
A, B = key("a.jpg"), key("b.jpg")
JPEG = Shape("JPEG", 800, 600, 1000)


def done(generation: int = 1, **more: Any) -> Preparation:
    return Preparation(generation, RECIPE.id, NOW, **more)


def waiting(file: str = "a.jpg", prepared: Preparation | None = None, **more: Any) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file), prepared=prepared, **more)}


def due(entries: dict[str, Entry], recipe: Recipe = RECIPE, now: float = NOW) -> list[str]:
    return preparing.due(a_ledger(entries), recipe, now)


def planned(entries: dict[str, Entry], policy: Policy = ON, now: float = NOW, **more: Any) -> Step:
    return plan(a_ledger(entries, **more), (), now, policy, KEPT)


def test_what_is_to_be_sent_is_prepared_first_and_once() -> None:
    assert due(waiting()) == [A]
    assert due(waiting(prepared=done())) == []
    assert due(waiting(prepared=done(2))) == [A]
    assert due(waiting(prepared=Preparation(1, at=NOW))) == [A]


def test_what_is_live_stays_whatever_the_recipe_is_by_now() -> None:
    entries = {A: replace(shown("a.jpg", "1.jpg", 10)[A], prepared=done())}
    assert due(entries, Recipe(max_side=1000)) == []
    assert due(shown("a.jpg", "1.jpg", 10)) == []


def test_what_is_prepared_stays_so_under_another_recipe() -> None:
    assert due(waiting(prepared=done()), Recipe(max_side=1000)) == []


@pytest.mark.parametrize("source", ["https://pim.example/a.jpg", "removed/operation/1.jpg"])
def test_what_is_no_file_goes_as_it_is(source: str) -> None:
    by_url = Content(source, 1, "op:1", 0, url=True)
    entries = {A: Entry(replace(wanted("a.jpg"), content=by_url))}
    assert due(entries) == []
    assert isinstance(planned(entries), StartFlight)


def test_what_waits_beside_the_same_picture_is_not_opened() -> None:
    assert due(waiting(same_as=B)) == []


def test_what_was_refused_is_judged_again_by_another_recipe_only() -> None:
    refused = waiting(prepared=done(refused="unlike"), failure=Failure(CODE, "why", NOW))
    assert due(refused) == []
    assert due(refused, Recipe(webp=True)) == [A]
    assert due(waiting(failure=Failure("gave-up", "why", NOW))) == []


def test_what_was_refused_is_opened_again_when_something_else_is_wanted_of_it() -> None:
    refused = waiting(prepared=done(refused="damaged"), failure=Failure(CODE, "why", NOW))[A]
    again = {A: wanting(refused, wanted("a.jpg", description="new"))}
    assert due(again) == [A]
    assert planned(again) == Nothing()


def test_what_was_made_may_be_sent_for_half_a_day() -> None:
    entries = waiting(prepared=done(path="outbox/made/1.jpg"))
    assert due(entries, now=NOW + preparing.GOOD_FOR - 1) == []
    assert due(entries, now=NOW + preparing.GOOD_FOR) == [A]


def test_what_is_asked_for_waits_since_it_was_asked_for_first() -> None:
    ledger = preparing.asked(a_ledger(waiting()), [A], NOW)
    assert ledger.entries[A].prepared == Preparation(1, at=NOW)
    assert preparing.asked(ledger, [A], NOW + 50) == ledger
    assert preparing.asked(a_ledger(waiting(prepared=done(7))), [A], NOW).entries[A].prepared == Preparation(1, at=NOW)


def test_a_gallery_comes_back_for_what_is_being_prepared_when_it_is_due() -> None:
    ledger = preparing.asked(a_ledger(waiting(), due_at=NOW + 600), [A], NOW)
    assert reconcile_at(ledger) == NOW + 600
    assert reconcile_at(replace(ledger, due_at=0.0)) == 1.0
    assert reconcile_at(a_ledger(waiting(prepared=done()), due_at=NOW + 600)) == 1.0


def test_nothing_of_a_file_changes_while_it_is_being_prepared() -> None:
    assert planned(waiting()) == Nothing()
    replaced = {A: Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg", priority=999))}
    assert planned(replaced) == Nothing()


def test_without_a_recipe_files_go_as_they_are() -> None:
    assert isinstance(planned(waiting(), Policy()), StartFlight)


def test_what_is_sent_is_what_was_made() -> None:
    step = planned(waiting(prepared=done(path="outbox/made/1.jpg")))
    assert isinstance(step, StartFlight)
    assert step.images[A].source == "outbox/made/1.jpg"
    assert step.images[A].checksum == content("a.jpg").checksum
    step = planned(waiting(prepared=done()))
    assert isinstance(step, StartFlight)
    assert step.images[A].source == outbox("A/shop/a.jpg", 1)


def test_what_was_dropped_together_is_sent_together_for_five_minutes() -> None:
    entries = waiting("a.jpg", done()) | waiting("b.jpg", Preparation(1, at=NOW))
    assert planned(entries, now=NOW + 10) == Wait(NOW + preparing.TOGETHER)
    step = planned(entries, now=NOW + preparing.TOGETHER)
    assert isinstance(step, StartFlight)
    assert list(step.images) == [A]


def test_a_full_call_waits_for_nobody() -> None:
    many = {k: e for n in range(100) for k, e in waiting(f"{n:03}.jpg", done()).items()}
    step = planned(many | waiting("z.jpg", Preparation(1, at=NOW)))
    assert isinstance(step, StartFlight)
    assert len(step.images) == 100


def test_what_failed_or_waits_beside_another_keeps_nobody_waiting() -> None:
    failed = waiting("b.jpg", Preparation(1, at=NOW), failure=Failure("gave-up", "why", NOW))
    assert isinstance(planned(waiting("a.jpg", done()) | failed), StartFlight)


def test_a_paused_gallery_knows_that_there_is_something_to_prepare() -> None:
    for prepared in (None, Preparation(1, at=NOW), done(path="outbox/made/1.jpg")):
        step = planned(waiting(prepared=prepared), pause=Pause(NOW + 60, "Shoptet asked for it", 1))
        assert step == Wait(NOW + 60)


def came(verdict: Verdict, file: str = "a.jpg") -> Preparation:
    return preparing.came_of(Entry(wanted(file)), verdict, RECIPE, NOW)


def test_what_is_noted_of_a_verdict() -> None:
    fine = came(Verdict(1000, JPEG, look="look"))
    assert fine == done(report="1 kB JPEG 800×600, as it is", look="look")
    repaired = came(Verdict(5000, Shape("TIFF", 800, 600, 5000), JPEG, warnings=("small",)), "a.tif")
    assert repaired.path == made("A/shop/a.tif", 1, RECIPE.id, "jpg")
    assert is_made(repaired.path)
    assert repaired.warning == "it has only 800×600 pixels, and will look blurred"
    refused = came(Verdict(5, refused="no-picture", what="a PDF"))
    assert (refused.refused, refused.path) == ("no-picture", "")
    assert refused.report.startswith("it is a PDF")


@pytest.mark.parametrize(
    ("file", "kind", "named"),
    [
        ("a.png", "JPEG", "jpg"),
        ("a.jfif", "JPEG", "jpg"),
        ("a.jpg", "WEBP", "webp"),
        ("a.JPG", "JPEG", ""),
        ("a.jpeg", "JPEG", ""),
    ],
)
def test_a_file_is_served_as_what_it_is(file: str, kind: str, named: str) -> None:
    path = came(Verdict(1000, Shape(kind, 800, 600, 1000)), file).path
    assert path.rpartition(".")[2] == named if named else path == ""


def test_what_came_is_noted_only_for_what_is_still_wanted() -> None:
    ledger = a_ledger(waiting())
    after = preparing.noted(ledger, {A: done(2), B: done()}, NOW)
    assert after == ledger
    assert preparing.noted(ledger, {A: done()}, NOW).entries[A].prepared == done()


def test_a_refused_picture_failed_and_a_better_recipe_ends_that() -> None:
    refused = preparing.noted(a_ledger(waiting()), {A: done(refused="unlike", report="why")}, NOW)
    assert refused.entries[A].failure == Failure(CODE, "why", NOW)
    assert preparing.noted(refused, {A: done()}, NOW).entries[A].failure is None
    other = Failure("gave-up", "why", NOW)
    kept = preparing.noted(a_ledger(waiting(failure=other)), {A: done()}, NOW)
    assert kept.entries[A].failure == other


def test_what_could_not_be_read_goes_on_to_whoever_says_why() -> None:
    ledger = a_ledger(waiting())
    after = preparing.noted(ledger, {A: preparing.unread(ledger.entries[A], RECIPE, NOW)}, NOW)
    assert isinstance(planned(after.entries), StartFlight)


def test_how_many_wait_for_nothing_but_to_be_sent() -> None:
    entries = waiting("a.jpg", done()) | waiting("b.jpg") | shown("c.jpg", "3.jpg", 10)
    assert preparing.ready(a_ledger(entries), NOW) == 1


def test_pictures_that_look_the_same_are_named_once() -> None:
    look = "0" * 32 + "808080"
    entries = (
        waiting("a.jpg", done(look=look)) | waiting("b.jpg", done(look=look)) | waiting("c.jpg", done(look="f" * 38))
    )
    assert preparing.lookalikes(a_ledger(entries), [A, B, key("c.jpg")]) == {A: B}


def test_the_probe_says_whether_webp_goes_as_it_is() -> None:
    assert not preparing.recipe_for(RECIPE, Facts()).webp
    assert not preparing.recipe_for(RECIPE, Facts(found={preparing.WEBP: "refused"})).webp
    assert preparing.recipe_for(RECIPE, Facts(found={preparing.WEBP: "taken"})).webp
    assert preparing.recipe_for(Recipe(webp=True), Facts()).webp


def test_what_was_sent_in_place_of_a_file_is_remembered_until_another_content_is_sent() -> None:
    step = planned(waiting(prepared=done(path="outbox/made/1.jpg")))
    assert isinstance(step, StartFlight)
    snapshot = step.images[A]
    entry = became_live(waiting()[A], snapshot, Image("1.jpg"), KEPT)
    assert entry.live is not None
    assert entry.live.made == "outbox/made/1.jpg"
    moved = became_live(
        entry, replace(snapshot, source="", checksum="", name="1.jpg", priority=20), Image("1.jpg"), KEPT
    )
    assert moved.live is not None
    assert moved.live.made == "outbox/made/1.jpg"
    plain = became_live(entry, replace(snapshot, source=outbox("A/shop/a.jpg", 2), name="1.jpg"), Image("1.jpg"), KEPT)
    assert plain.live is not None
    assert plain.live.made == ""


def test_a_file_of_which_something_was_made_does_not_hold_what_the_shop_shows() -> None:
    entry = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"))
    assert sent_for(A, entry)
    assert entry.live is not None
    assert sent_for(A, replace(entry, live=replace(entry.live, made="outbox/made/1.jpg"))) == ()


def test_names_say_which_generation_and_recipe_they_are_of() -> None:
    names = {made("a", g, r, "jpg") for g in (1, 2) for r in ("1", "2")} | {thumbnail("a", g) for g in (1, 2)}
    assert len(names) == 6
    assert not is_made(outbox("a.jpg", 1))

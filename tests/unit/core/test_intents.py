"""What callers ask does to the ledger, where it meets what people, files and other callers do at the same time."""

import dataclasses

import pytest

from gallery_sync.core import intents, pictures
from gallery_sync.core.ledger import Content, Entry, Failure, Intent, Ledger, Live, Override, Row, Wanted, generation_at
from gallery_sync.core.observe import observe
from gallery_sync.core.operation import AskedImage, ImageOutcome, Operation, Outcome, Part, Problem
from gallery_sync.core.pictures import ByUrl
from gallery_sync.core.plan import Nothing, Policy, StartFlight, Wait, plan
from gallery_sync.core.progress import part_progress
from gallery_sync.core.see import see
from tests.unit.core.build import GUID, KEPT, NOW, a_file, a_ledger, img, insertion, key, live, replace, shown, wanted

A = key("a.jpg")
PLAIN = Policy()
SHOWN = shown("a.jpg", "1.jpg", 100)
CLEAN = Intent("op-clean/0", "clean", NOW)
DELETE = Intent("op-delete/0", "delete", NOW, name="1.jpg")
GONE = ImageOutcome("deleted", "1.jpg")
LATER, EARLIER = NOW + 1, NOW - 1


def describing(*rows: Row) -> Intent:
    return Intent("op-describe/0.0", "attributes", NOW, rows=rows)


def run(ledger: Ledger, intent: Intent, *images: ImageOutcome) -> Ledger:
    """Let an intent wait and end with this outcome; that it is known as done is another test's."""
    return replace(intents.ended(intents.ask(ledger, intent), intent, Outcome(NOW, images)), done=())


def test_an_intent_that_has_ended_waits_no_longer_and_is_known_whoever_asks_for_it_again() -> None:
    ledger = intents.ask(intents.ask(a_ledger(SHOWN), CLEAN), DELETE)
    after = intents.ended(ledger, CLEAN, Outcome(NOW, (GONE,)))
    assert (after.intents, after.done, after.entries) == ((DELETE,), (CLEAN.id,), {})
    assert intents.ask(after, CLEAN) == after
    assert intents.ended(after, CLEAN, Outcome(NOW)) == after


def test_an_intent_that_was_refused_ends_without_an_effect() -> None:
    after = intents.ended(intents.ask(a_ledger(SHOWN), CLEAN), CLEAN, Outcome(NOW, problem=Problem(403, "no", "no")))
    assert (after.intents, after.done, after.entries) == ((), (CLEAN.id,), SHOWN)


def test_an_intent_ends_its_own_flight_and_never_that_of_something_else() -> None:
    waiting = intents.ask(a_ledger(SHOWN), CLEAN)
    own, other = (replace(insertion({"b.jpg": 200}), intent=name) for name in (CLEAN.id, None))
    assert intents.ended(replace(waiting, flight=own), CLEAN, Outcome(NOW)).flight is None
    assert intents.ended(replace(waiting, flight=other), CLEAN, Outcome(NOW)) == replace(waiting, flight=other)


def test_only_the_last_hundred_and_fifty_intents_that_ended_are_remembered() -> None:
    ledger = a_ledger(SHOWN)
    for number in range(152):
        intent = Intent(f"op/{number}", "delete", NOW, name="no.jpg")
        ledger = intents.ended(intents.ask(ledger, intent), intent, Outcome(NOW))
    assert (len(ledger.done), ledger.done[0], ledger.done[-1]) == (150, "op/2", "op/151")


def test_what_a_cleanup_left_as_a_variant_references_it_stays_ours() -> None:
    after = run(a_ledger(SHOWN), CLEAN, ImageOutcome("skipped", "1.jpg", reason="a variant"))
    assert after.entries == {A: Entry(None, live("a.jpg", "1.jpg", priority=100, state="kept"))}
    assert plan(after, (img("1.jpg", 100),), NOW, Policy(mirror_deletes=True), KEPT) == Nothing()


def test_a_cleanup_ends_what_was_never_shown_and_what_a_person_had_deleted() -> None:
    gone = Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", state="gone"))
    ledger = a_ledger({key("b.jpg"): gone, key("c.jpg"): Entry(wanted("c.jpg"))})
    assert run(ledger, replace(CLEAN, at=LATER)).entries == {}


def by_name(name: str, at: float, wish: str = "w") -> ByUrl:
    return ByUrl(wish, f"https://pim.example/{wish}.jpg", at, name=name)


def by_key(key: str, at: float, wish: str = "w") -> ByUrl:
    return ByUrl(wish, f"https://pim.example/{wish}.jpg", at, key=key)


def content_of(picture: ByUrl) -> Content:
    return Content(picture.source_url, generation_at(picture.at), f"op:{picture.id}", 0, url=True)


def wanted_content(ledger: Ledger, key: str) -> Content | None:
    wanted = ledger.entries[key].wanted
    return wanted.content if wanted is not None else None


def test_a_file_dropped_again_after_the_deletion_of_its_image_was_asked_for_comes_back() -> None:
    # The new content was shown already when its turn came.
    again = {A: Entry(replace(wanted("a.jpg", 2), created=LATER), live("a.jpg", "1.jpg", 2))}
    after = run(a_ledger(again), DELETE)
    assert after.entries[A] == Entry(again[A].wanted)
    assert isinstance(plan(after, (), NOW, PLAIN, KEPT), StartFlight)


def test_an_image_whose_file_was_dropped_before_its_deletion_was_asked_for_stays_away() -> None:
    after = run(a_ledger(SHOWN), DELETE)
    assert after.entries[A].live == replace(live("a.jpg", "1.jpg", priority=100), state="deleted")
    assert plan(after, (), NOW, PLAIN, KEPT) == Nothing()


@pytest.mark.parametrize("intent", [CLEAN, DELETE], ids=["cleanup", "deletion"])
def test_a_picture_that_a_caller_gave_for_a_file_after_that_was_asked_for_is_shown_again(intent: Intent) -> None:
    picture = by_key(A, LATER)
    ledger = pictures.want(a_ledger(SHOWN), [picture])
    after = run(ledger, intent, GONE)
    assert wanted_content(after, A) == content_of(picture)
    assert after.entries[A].live is None
    # The file itself, from before the cleanup, does not speak against it.
    observed = observe(after, [a_file("a.jpg")], NOW)
    assert wanted_content(observed, A) == content_of(picture)


def test_a_picture_for_an_image_by_its_name_fails_visibly_once_that_image_was_deleted() -> None:
    after = run(pictures.want(a_ledger(), [by_name("1.jpg", LATER)]), DELETE)
    seen = observe(after, [], NOW)
    assert seen.entries["name:1.jpg"].failure == Failure("no-such-image", "the gallery has no image '1.jpg'", LATER)
    assert plan(seen, (), NOW, PLAIN, KEPT) == Nothing()


def test_whether_a_cleanup_took_an_image_that_is_meant_by_its_name_the_gallery_tells() -> None:
    ledger = pictures.want(a_ledger(), [by_name("1.jpg", LATER)])
    after = run(ledger, CLEAN)
    assert after.entries == ledger.entries
    assert see(after, [img("1.jpg")], NOW + 120).entries["name:1.jpg"].failure is None
    assert see(after, [], NOW + 120).entries["name:1.jpg"].failure is not None


def test_an_image_that_a_caller_had_deleted_is_not_there_again_because_one_listing_lags() -> None:
    again = {A: Entry(wanted("a.jpg", 2, "sum-a.jpg-1"), live("a.jpg", "1.jpg"))}
    after = run(a_ledger(again), replace(DELETE, at=LATER))
    assert see(after, [img("1.jpg", 100)]) == after


def test_a_person_who_was_faster_than_a_cleanup_still_wins_over_what_was_wanted_since() -> None:
    gone = {A: Entry(replace(wanted("a.jpg"), created=LATER), live("a.jpg", "1.jpg", state="gone"))}
    after = run(a_ledger(gone), CLEAN)
    assert after.entries == gone
    assert plan(after, (), NOW, PLAIN, KEPT) == Nothing()


def test_a_replacement_by_name_that_was_carried_out_is_no_failure_once_the_image_is_gone() -> None:
    picture = by_name("1.jpg", NOW)
    landed = Entry(Wanted(content_of(picture), NOW), Live("1.jpg", f"op:{picture.id}", generation_at(NOW)))
    assert see(a_ledger({"name:1.jpg": landed}), []).entries == {}


def test_an_image_that_one_listing_lacks_is_replaced_by_its_name_all_the_same_as_its_caller_has_just_seen_it() -> None:
    ledger = pictures.want(a_ledger(), [by_name("1.jpg", NOW)])
    assert see(ledger, [], since=NOW - 120) == ledger
    assert see(ledger, [], since=NOW + 120).entries["name:1.jpg"].failure is not None


def test_an_image_that_was_missing_can_be_asked_for_by_its_name_again() -> None:
    failed = see(pictures.want(a_ledger(), [by_name("1.jpg", EARLIER, "first")]), [])
    assert failed.entries["name:1.jpg"].failure is not None
    ledger = pictures.want(failed, [by_name("1.jpg", NOW, "second")])
    step = plan(ledger, (img("1.jpg", 5),), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    assert step.action == "source"


def test_a_request_by_name_that_was_carried_out_is_not_carried_out_again_under_the_images_new_name() -> None:
    picture = by_name("1.jpg", NOW)
    landed = Entry(Wanted(content_of(picture), NOW), Live("1.webp", f"op:{picture.id}", generation_at(NOW)))
    ledger = a_ledger({"name:1.jpg": landed})
    assert pictures.want(ledger, [picture]) == ledger


def test_a_number_that_a_caller_asked_for_with_a_picture_by_name_is_sent_with_it() -> None:
    ledger = pictures.want(a_ledger(), [replace(by_name("1.jpg", NOW), priority=7)])
    step = plan(ledger, (img("1.jpg", 5),), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    assert [snapshot.priority for snapshot in step.images.values()] == [7]


def test_what_was_asked_by_name_for_an_image_that_turns_out_to_be_ours_becomes_its_keys() -> None:
    picture = by_name("1.jpg", NOW)
    ledger = a_ledger(pictures.want(a_ledger(), [picture]).entries | SHOWN)
    after = pictures.adopted(ledger)
    assert set(after.entries) == {A}
    base = SHOWN[A].wanted
    assert base is not None
    assert after.entries[A].override == Override(base, content_of(picture))
    step = plan(after, (img("1.jpg", 100),), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    assert (step.action, set(step.images)) == ("source", {A})


def test_what_was_asked_by_name_is_the_key_of_a_callers_own_image_too() -> None:
    own = by_key("url:front", EARLIER, "own")
    entry = Entry(Wanted(content_of(own), EARLIER, rank=1.0), Live("1.jpg", f"op:{own.id}", generation_at(EARLIER)))
    picture = by_name("1.jpg", NOW)
    after = pictures.adopted(a_ledger(pictures.want(a_ledger(), [picture]).entries | {"url:front": entry}))
    assert after.entries == {"url:front": Entry(Wanted(content_of(picture), NOW, rank=1.0), entry.live)}


def test_what_was_asked_by_name_gives_way_to_what_was_asked_later_by_key() -> None:
    named, keyed = by_name("1.jpg", EARLIER, "named"), by_key(A, NOW, "keyed")
    ledger = pictures.want(a_ledger(SHOWN), [keyed])
    after = pictures.adopted(a_ledger(pictures.want(a_ledger(), [named]).entries | ledger.entries))
    assert after.entries == ledger.entries


def test_a_request_counts_over_a_file_that_was_dropped_before_it_although_that_is_seen_after_it() -> None:
    picture = by_key(A, NOW)
    ledger = pictures.want(a_ledger(SHOWN), [picture])
    before, later = (dataclasses.replace(a_file("a.jpg", 2), created=at) for at in (EARLIER, LATER))
    assert wanted_content(observe(ledger, [before], NOW), A) == content_of(picture)
    assert wanted_content(observe(ledger, [later], NOW), A) == Content("A/shop/a.jpg", 2, "sum-a.jpg-2", 1000)


def test_a_request_for_an_image_whose_file_was_deleted_gives_way_to_a_file_dropped_after_it_only() -> None:
    picture = by_key(A, NOW)
    ledger = pictures.want(a_ledger({A: Entry(None, live("a.jpg", "1.jpg"))}), [picture])
    before, later = (dataclasses.replace(a_file("a.jpg", 2), created=at) for at in (EARLIER, LATER))
    assert wanted_content(observe(ledger, [before], NOW), A) == content_of(picture)
    assert wanted_content(observe(ledger, [later], NOW), A) == Content("A/shop/a.jpg", 2, "sum-a.jpg-2", 1000)


@pytest.mark.parametrize("again", ["described", "replaced"])
def test_what_a_caller_says_of_an_image_whose_file_is_gone_does_not_depend_on_that_file(again: str) -> None:
    ledger = pictures.want(a_ledger({A: Entry(None, live("a.jpg", "1.jpg"))}), [by_key(A, EARLIER, "first")])
    second = by_key(A, NOW, "second")
    after = (
        run(ledger, describing(Row(key=A, description="x")), ImageOutcome("waiting", key=A))
        if again == "described"
        else pictures.want(ledger, [second])
    )
    assert observe(after, [], NOW) == after
    assert after.entries[A].override is None


def test_an_empty_file_is_no_failure_while_a_caller_gives_its_picture() -> None:
    picture = by_key(A, NOW)
    ledger = pictures.want(a_ledger(SHOWN), [picture])
    assert observe(ledger, [a_file("a.jpg", size=0)], NOW).entries[A].failure is None


def test_attributes_that_were_changed_for_a_caller_are_known_with_their_change_time() -> None:
    # Else the next replacement could take that change for its own: Shoptet's times are whole seconds.
    changed = ImageOutcome("updated", "1.jpg", A, change_time="2024-07-01T14:00:00+0200")
    after = run(a_ledger(SHOWN), describing(Row("1.jpg", description="x")), changed)
    shows = after.entries[A].live
    assert shows is not None
    assert (shows.description, shows.change_time) == ("x", "2024-07-01T14:00:00+0200")


def test_a_picture_whose_image_was_deleted_before_it_was_shown_is_superseded_not_waiting() -> None:
    picture = by_key(A, EARLIER, "op1.0.0")
    ledger = run(pictures.want(a_ledger(SHOWN), [picture]), DELETE)
    operation = Operation("op1", "pim", "digest", (Part("source", GUID, "shop", (AskedImage(picture.source_url, A),)),))
    images, problem, over = part_progress(operation, 0, ledger, {}, accepted=True)
    assert (problem, over) == (None, True)
    assert images == (ImageOutcome("superseded", "1.jpg", A, reason="the image was deleted afterwards"),)
    assert not isinstance(plan(ledger, (), NOW, PLAIN, KEPT), Wait | StartFlight)

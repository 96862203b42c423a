"""The next step of a gallery without a flight, from what is wanted and what is shown."""

from typing import Any

import pytest

from gallery_sync.core import brake, intents, settle
from gallery_sync.core.ledger import Content, Entry, Failure, Intent, Ledger, Live, Pause, Row, Wanted
from gallery_sync.core.match import Match
from gallery_sync.core.names import outbox
from gallery_sync.core.numbering import with_strays
from gallery_sync.core.operation import ImageOutcome, Outcome
from gallery_sync.core.plan import Nothing, Policy, RunIntent, StartFlight, Step, Wait, plan
from gallery_sync.core.see import is_dropped_again
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import MAX_PRIORITY, Image
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
    key,
    live,
    replace,
    shown,
    wanted,
)

PLAIN = Policy()
MIRROR = Policy(mirror_deletes=True)
BROKEN = Failure("refused", "no picture", NOW)

W1, W2, W2_SAME = wanted("a.jpg"), wanted("a.jpg", 2), wanted("a.jpg", 2, "sum-a.jpg-1")
LIVE = live("a.jpg", "1.jpg", priority=100)
GONE = replace(LIVE, state="gone")
IMAGES = (img("1.jpg", 100, cdn_name="1.jpg?1", change_time="2024-07-01T12:00:00+0200"),)


def described(text: str | None) -> Wanted:
    return replace(W1, description=text)


@pytest.mark.parametrize(
    ("entry", "policy", "operation"),
    [
        pytest.param(Entry(W1), PLAIN, "insert", id="new"),
        pytest.param(Entry(W1, LIVE), PLAIN, None, id="shown as wanted"),
        pytest.param(Entry(W2, LIVE), PLAIN, "source", id="new content"),
        pytest.param(Entry(W2_SAME, LIVE), PLAIN, None, id="the same content again"),
        pytest.param(Entry(W1, GONE), PLAIN, None, id="a person deleted the image"),
        pytest.param(Entry(W2, GONE), PLAIN, "insert", id="dropped anew after a person deleted the image"),
        pytest.param(Entry(W2_SAME, GONE), PLAIN, "insert", id="the same content dropped again after that"),
        pytest.param(Entry(None, LIVE), PLAIN, None, id="the file is deleted: its image stays"),
        pytest.param(Entry(None, LIVE), MIRROR, "delete", id="the file is deleted, and takes its image along"),
        pytest.param(Entry(None, replace(LIVE, state="astray")), MIRROR, "delete", id="the same, its image is astray"),
        pytest.param(Entry(None, replace(LIVE, state="kept")), MIRROR, None, id="the same, a variant's image was kept"),
        pytest.param(Entry(None, GONE), MIRROR, None, id="the file is deleted, its image was already"),
        pytest.param(Entry(replace(W1, priority=7), LIVE), PLAIN, "attributes", id="another explicit priority"),
        pytest.param(Entry(replace(W1, priority=100), LIVE), PLAIN, None, id="an explicit priority that it has"),
        pytest.param(Entry(replace(W1, priority=7), GONE), PLAIN, None, id="attributes of an image that is gone"),
        pytest.param(Entry(described("x"), GONE), PLAIN, None, id="a description of an image that is gone"),
        pytest.param(Entry(described("x"), LIVE), PLAIN, "attributes", id="a description"),
        pytest.param(Entry(described("x"), replace(LIVE, description="x")), PLAIN, None, id="the description it has"),
        pytest.param(Entry(W1, replace(LIVE, description="x")), PLAIN, "attributes", id="a description removed"),
        pytest.param(Entry(W1, replace(LIVE, description="")), PLAIN, None, id="no description left to remove"),
        pytest.param(Entry(described(""), LIVE), PLAIN, None, id="an empty description is none"),
        pytest.param(Entry(W1, failure=BROKEN), PLAIN, None, id="new, failed for good"),
        pytest.param(Entry(W2, LIVE, failure=BROKEN), PLAIN, None, id="new content, failed for good"),
        pytest.param(Entry(None, LIVE, failure=BROKEN), MIRROR, None, id="a deletion that failed for good"),
        pytest.param(Entry(described("x"), LIVE, failure=BROKEN), PLAIN, None, id="attributes that failed for good"),
        pytest.param(Entry(W1, not_before=NOW), PLAIN, "insert", id="a pause that is over"),
    ],
)
def test_what_a_key_needs_is_the_next_step(entry: Entry, policy: Policy, operation: str | None) -> None:
    ledger = a_ledger({key("a.jpg"): entry})
    for listing in (IMAGES, ()):
        step = plan(ledger, listing, NOW, policy, KEPT)
        assert (step.action if isinstance(step, StartFlight) else None) == operation
        assert operation is not None or step == Nothing()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(Entry(W1), id="insert"),
        pytest.param(Entry(W2, LIVE), id="source"),
        pytest.param(Entry(replace(W1, priority=7), LIVE), id="attributes"),
        pytest.param(Entry(None, LIVE), id="delete"),
    ],
)
def test_whatever_is_tried_again_later_is_waited_for(entry: Entry) -> None:
    # Else nobody would look again: the step would be forgotten until the gallery changes otherwise.
    ledger = a_ledger(
        {key("a.jpg"): replace(entry, not_before=NOW + 60), key("b.jpg"): Entry(wanted("b.jpg"), not_before=NOW + 90)}
    )
    assert plan(ledger, IMAGES, NOW, MIRROR, KEPT) == Wait(NOW + 60)
    assert isinstance(plan(ledger, IMAGES, NOW + 60, MIRROR, KEPT), StartFlight)


def test_a_pause_that_hides_nothing_is_not_waited_for() -> None:
    ledger = a_ledger({key("a.jpg"): Entry(W1, LIVE, not_before=NOW + 60)})
    assert plan(ledger, IMAGES, NOW, MIRROR, KEPT) == Nothing()


@pytest.mark.parametrize(
    ("entries", "step"),
    [
        ({key("a.jpg"): Entry(W1)}, Wait(NOW + 60)),
        ({key("a.jpg"): Entry(W1, not_before=NOW + 90)}, Wait(NOW + 60)),
        ({key("a.jpg"): Entry(W1, LIVE)}, Nothing()),
        ({key("a.jpg"): Entry(W1, failure=BROKEN)}, Nothing()),
        ({}, Nothing()),
    ],
)
def test_a_paused_gallery_waits_only_where_there_is_something_to_do(entries: dict[str, Entry], step: Step) -> None:
    ledger = a_ledger(entries, pause=Pause(NOW + 60, "busy", 1))
    assert plan(ledger, IMAGES, NOW, PLAIN, KEPT) == step


@pytest.mark.parametrize("now", [NOW, NOW + 1000])
def test_a_gallery_whose_pause_is_over_goes_on(now: float) -> None:
    ledger = a_ledger({key("a.jpg"): Entry(W1)}, pause=Pause(NOW, "busy", 1))
    assert isinstance(plan(ledger, (), now, PLAIN, KEPT), StartFlight)


def test_what_callers_asked_comes_before_everything_else_but_a_pause_in_the_order_in_which_they_asked() -> None:
    asked = tuple(Intent(f"op/{number}", "clean", NOW) for number in range(3))
    ledger = a_ledger({key("a.jpg"): Entry(W1)}, intents=asked)
    assert plan(ledger, (), NOW, PLAIN, KEPT) == RunIntent(asked[0])
    assert plan(replace(ledger, pause=Pause(NOW + 60, "busy", 1)), (), NOW, PLAIN, KEPT) == Wait(NOW + 60)


def test_without_a_word_of_the_shops_owner_no_image_is_deleted_and_none_is_taken_out_of_a_variant() -> None:
    assert Policy() == Policy(mirror_deletes=False, remove_reference=False)


def test_what_is_wrong_goes_before_what_is_missing_and_content_before_attributes() -> None:
    entries = {
        key("d.jpg"): Entry(None, live("d.jpg", "4.jpg")),
        key("s.jpg"): Entry(wanted("s.jpg", 2), live("s.jpg", "3.jpg", priority=300)),
        key("i.jpg"): Entry(wanted("i.jpg")),
        key("a.jpg"): Entry(described("x"), LIVE),
    }
    listing = (img("1.jpg", 100), img("3.jpg", 300), img("4.jpg", 400))
    seen = []
    for _ in range(len(entries)):
        step = plan(a_ledger(entries), listing, NOW, MIRROR, KEPT)
        assert isinstance(step, StartFlight)
        seen.append(step.action)
        for name in step.images:
            del entries[name]
    assert seen == ["delete", "source", "insert", "attributes"]


def fly(ledger: Ledger, *listing: Image, policy: Policy = PLAIN, facts: Facts = KEPT) -> StartFlight:
    step = plan(with_strays(ledger, listing, facts), listing, NOW, policy, facts)
    assert isinstance(step, StartFlight)
    return step


def test_an_insertion_carries_content_number_and_description() -> None:
    step = fly(a_ledger({key("a.jpg"): Entry(described("Zepředu"))}))
    (snapshot,) = step.images.values()
    assert snapshot.source == outbox("A/shop/a.jpg", 1)
    assert (snapshot.generation, snapshot.checksum) == (1, "sum-a.jpg-1")
    assert (snapshot.priority, snapshot.description, snapshot.name) == (100, "Zepředu", None)


def test_of_a_callers_url_no_query_is_written_down_as_it_may_be_a_secret() -> None:
    for url in ("https://pim.example/a.jpg?token=1?2", "https://pim.example/a.jpg"):
        asked = Content(url, 5, "op:w", 0, url=True)
        (snapshot,) = fly(a_ledger({"url:a": Entry(Wanted(asked, NOW))})).images.values()
        assert (snapshot.source, snapshot.generation, snapshot.checksum) == ("https://pim.example/a.jpg", 5, "op:w")


def test_a_source_update_carries_the_new_content_and_what_the_listing_shows_before() -> None:
    (snapshot,) = fly(a_ledger({key("a.jpg"): Entry(W2, LIVE)}), *IMAGES).images.values()
    assert (snapshot.source, snapshot.generation, snapshot.checksum) == (outbox("A/shop/a.jpg", 2), 2, "sum-a.jpg-2")
    assert (snapshot.name, snapshot.cdn_name, snapshot.change_times) == (
        "1.jpg",
        "1.jpg?1",
        ("2024-07-01T12:00:00+0200",),
    )
    assert (snapshot.priority, snapshot.description) == (None, None)


def test_a_source_update_takes_changed_attributes_along() -> None:
    entry = Entry(replace(W2, priority=7, description="x"), LIVE)
    (snapshot,) = fly(a_ledger({key("a.jpg"): entry}), *IMAGES).images.values()
    assert (snapshot.priority, snapshot.description) == (7, "x")


@pytest.mark.parametrize(
    ("wants", "is_live", "priority", "description"),
    [
        (replace(W1, priority=7), LIVE, 7, None),
        (replace(W1, priority=7, description="x"), replace(LIVE, description="x"), 7, None),
        (described("x"), LIVE, None, "x"),
        (described("x"), replace(LIVE, description="y"), None, "x"),
        (W1, replace(LIVE, description="y"), None, ""),
    ],
)
def test_a_change_of_attributes_carries_only_what_differs_from_what_was_last_sent(
    wants: Wanted, is_live: object, priority: int | None, description: str | None
) -> None:
    # The gallery shows something else again: a person's changes there stay.
    in_shop = img("1.jpg", 5, description="a person's")
    (snapshot,) = fly(a_ledger({key("a.jpg"): Entry(wants, is_live)}), in_shop).images.values()  # type: ignore[arg-type]
    assert (snapshot.name, snapshot.priority, snapshot.description) == ("1.jpg", priority, description)
    assert (snapshot.source, snapshot.generation) == ("", 0)


def test_a_deletion_carries_the_name_alone() -> None:
    (snapshot,) = fly(a_ledger({key("a.jpg"): Entry(None, LIVE)}), *IMAGES, policy=MIRROR).images.values()
    assert (snapshot.name, snapshot.priority, snapshot.description, snapshot.source) == ("1.jpg", None, None, "")


def priorities(step: StartFlight) -> dict[str, int | None]:
    return {name.rpartition("/")[2]: snapshot.priority for name, snapshot in step.images.items()}


def new(*files: str, **attributes: Any) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file, **attributes)) for file in files}


def test_new_images_are_numbered_in_their_names_natural_order() -> None:
    assert priorities(fly(a_ledger(new("10.jpg", "2.jpg", "01_z.jpg")))) == {
        "01_z.jpg": 100,
        "2.jpg": 200,
        "10.jpg": 300,
    }


def test_numbers_are_unique_in_the_gallery_at_take_off() -> None:
    entries = shown("a.jpg", "1.jpg", 100) | new("b.jpg", "c.jpg")
    listing = (img("1.jpg", 100), img("foreign.jpg", 200), img("older.jpg", 201))
    assert priorities(fly(a_ledger(entries), *listing)) == {"b.jpg": 133, "c.jpg": 166}


def test_a_new_image_does_not_get_the_number_that_one_added_by_hand_would_get() -> None:
    last = img("foreign.jpg", MAX_PRIORITY - 3)
    assert priorities(fly(a_ledger(new("a.jpg", "b.jpg")), last)) == {"a.jpg": MAX_PRIORITY - 1, "b.jpg": MAX_PRIORITY}


def test_an_image_of_ours_that_a_person_moved_keeps_that_number_from_being_used() -> None:
    entries = shown("a.jpg", "1.jpg", 100) | new("b.jpg")
    assert priorities(fly(a_ledger(entries), img("1.jpg", 200))) == {"b.jpg": 202}


def test_an_explicit_priority_is_that_number_itself() -> None:
    assert priorities(fly(a_ledger(new("a.jpg", priority=7) | new("b.jpg")))) == {"a.jpg": 7, "b.jpg": 100}


def test_an_explicit_priority_is_not_given_to_an_automatic_one() -> None:
    assert priorities(fly(a_ledger(new("z.jpg", priority=100) | new("a.jpg")))) == {"z.jpg": 100, "a.jpg": 101}


def test_an_explicit_priority_that_is_taken_goes_under_another_number_and_is_put_right_afterwards() -> None:
    foreign = img("foreign.jpg", 7)
    assert priorities(fly(a_ledger(new("a.jpg", priority=7)), foreign)) == {"a.jpg": 9}
    landed = {key("a.jpg"): Entry(wanted("a.jpg", priority=7), live("a.jpg", "1.jpg", priority=9))}
    step = fly(a_ledger(landed), foreign, img("1.jpg", 9))
    assert (step.action, priorities(step)) == ("attributes", {"a.jpg": 7})


def test_two_files_that_ask_for_the_same_priority_fly_under_two_numbers() -> None:
    assert sorted(filter(None, priorities(fly(a_ledger(new("a.jpg", "b.jpg", priority=7)))).values())) == [7, 8]


def test_an_image_in_between_is_inserted_without_a_change_of_its_neighbours() -> None:
    entries = shown("1.jpg", "n1.jpg", 100) | shown("3.jpg", "n3.jpg", 200)
    listing = (img("n1.jpg", 100), img("n3.jpg", 200))
    step = fly(a_ledger(entries | new("2.jpg")), *listing)
    assert (step.action, priorities(step)) == ("insert", {"2.jpg": 149})
    after = entries | shown("2.jpg", "n2.jpg", 149)
    assert plan(a_ledger(after), (*listing, img("n2.jpg", 149)), NOW, PLAIN, KEPT) == Nothing()


def test_an_image_that_failed_keeps_its_place_as_long_as_it_is_shown() -> None:
    failed = {key("2.jpg"): Entry(wanted("2.jpg", 2), live("2.jpg", "n2.jpg", priority=200), failure=BROKEN)}
    entries = shown("1.jpg", "n1.jpg", 100) | failed | shown("3.jpg", "n3.jpg", 300) | new("1b.jpg")
    listing = (img("n1.jpg", 100), img("n2.jpg", 200), img("n3.jpg", 300))
    assert priorities(fly(a_ledger(entries), *listing)) == {"1b.jpg": 149}


def test_an_image_that_failed_before_it_was_shown_takes_no_place() -> None:
    entries = shown("1.jpg", "n1.jpg", 1) | {key("2.jpg"): Entry(wanted("2.jpg"), failure=BROKEN)}
    entries |= shown("3.jpg", "n3.jpg", 2)
    assert plan(a_ledger(entries), (), NOW, PLAIN, KEPT) == Nothing()


def test_an_image_that_a_person_deleted_takes_no_place() -> None:
    gone = {key("2.jpg"): Entry(wanted("2.jpg"), live("2.jpg", "n2.jpg", priority=2, state="gone"))}
    entries = shown("1.jpg", "n1.jpg", 1) | gone | shown("3.jpg", "n3.jpg", 2)
    assert plan(a_ledger(entries), (), NOW, PLAIN, KEPT) == Nothing()


def places(step: StartFlight) -> dict[str, tuple[int | None, int | None]]:
    return {name.rpartition("/")[2]: (snapshot.priority, snapshot.place) for name, snapshot in step.images.items()}


def test_a_place_is_written_down_only_where_another_number_is_sent_for_it() -> None:
    entries, foreign = new("a.jpg") | new("b.jpg", priority=7), img("foreign.jpg", 1000)
    assert places(fly(a_ledger(entries), foreign)) == {"b.jpg": (7, None), "a.jpg": (1100, None)}
    # Behind all others, as the shop gives numbers, or nobody knows.
    assert places(fly(a_ledger(entries), foreign, facts=GIVEN)) == {"b.jpg": (1137, None), "a.jpg": (1237, 100)}
    assert places(fly(a_ledger(entries), foreign, facts=NOBODY_KNOWS)) == {"b.jpg": (1137, None), "a.jpg": (1237, 1100)}


def test_a_number_that_somebody_asked_for_is_sent_for_no_other() -> None:
    entries = new("a.jpg") | new("z.jpg", priority=137)
    assert places(fly(a_ledger(entries), facts=NOBODY_KNOWS)) == {"a.jpg": (237, 100), "z.jpg": (337, None)}


def test_behind_images_whose_numbers_are_not_shown_stands_what_is_above_those_that_were_sent() -> None:
    assert places(fly(a_ledger(new("a.jpg")), img("foreign.jpg"), facts=GIVEN)) == {"a.jpg": (137, 100)}
    entries = shown("a.jpg", "1.jpg", 937) | new("b.jpg")
    assert places(fly(a_ledger(entries), img("1.jpg"), facts=GIVEN)) == {"b.jpg": (1037, None)}


@pytest.mark.parametrize(("before", "after", "sent"), [(10, 20, 14), (1000, 2000, 1100), (148, 150, 149)])
def test_one_that_is_astray_is_moved_between_its_neighbours_and_keeps_its_place(
    before: int, after: int, sent: int
) -> None:
    astray = {key("b.jpg"): Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", priority=600, place=149, state="astray"))}
    entries = shown("a.jpg", "1.jpg", 100) | astray | shown("c.jpg", "3.jpg", 200)
    step = fly(a_ledger(entries), img("1.jpg", before), img("3.jpg", after), img("2.jpg", 9000), facts=GIVEN)
    assert (step.action, places(step)) == ("attributes", {"b.jpg": (sent, 149 if sent != 149 else None)})


def test_an_adopted_image_goes_with_its_file_only_if_a_person_releases_it() -> None:
    listing = (img("1.jpg", 100),)
    ledger = a_ledger({key("a.jpg"): Entry(None, replace(LIVE, adopted=True))})
    assert plan(ledger, listing, NOW, MIRROR, KEPT) == Nothing()
    assert brake.braked(ledger, 1, MIRROR, NOW).hold is None
    released = replace(ledger, released=(key("a.jpg"),))
    assert fly(released, *listing, policy=MIRROR).action == "delete"


def test_a_number_that_was_asked_for_is_sent_without_a_place() -> None:
    entry = Entry(replace(W1, priority=7), live("a.jpg", "1.jpg", priority=100, place=150))
    assert places(fly(a_ledger({key("a.jpg"): entry}), *IMAGES)) == {"a.jpg": (7, None)}


def test_300_images_fly_100_at_a_time_in_their_order() -> None:
    step = fly(a_ledger(new(*(f"{i}.jpg" for i in range(300, 0, -1)))))
    assert list(step.images) == [key(f"{i}.jpg") for i in range(1, 101)]
    assert list(priorities(step).values()) == [i * 100 for i in range(1, 101)]


def test_numbers_leave_room_for_what_flies_later() -> None:
    entries = new(*(f"{i}.jpg" for i in range(1, 301)))
    for name, snapshot in fly(a_ledger(entries)).images.items():
        is_live = Live(name, snapshot.checksum, snapshot.generation, snapshot.priority)
        entries[name] = replace(entries[name], live=is_live)
    assert list(priorities(fly(a_ledger(entries))).values()) == [i * 100 for i in range(101, 201)]


def test_a_batch_that_was_refused_flies_again_in_halves_after_those_that_were_not() -> None:
    halved = {name: replace(entry, batch=2) for name, entry in new("1.jpg", "2.jpg", "3.jpg", "4.jpg").items()}
    assert list(fly(a_ledger(halved)).images) == [key("1.jpg"), key("2.jpg")]
    assert list(fly(a_ledger(halved | new("5.jpg"))).images) == [key("5.jpg")]
    quartered = halved | {key("1.jpg"): Entry(wanted("1.jpg"), batch=1), key("2.jpg"): Entry(wanted("2.jpg"), batch=1)}
    assert list(fly(a_ledger(quartered)).images) == [key("3.jpg"), key("4.jpg")]
    alone = {name: replace(entry, batch=1) for name, entry in halved.items()}
    assert list(fly(a_ledger(alone)).images) == [key("1.jpg")]


def test_those_whose_pause_is_not_over_do_not_fly_along() -> None:
    paused = {key("1.jpg"): Entry(wanted("1.jpg"), not_before=NOW + 1)}
    step = fly(a_ledger(paused | new("2.jpg")))
    assert priorities(step) == {"2.jpg": 200}


@pytest.mark.parametrize(
    ("wanted_generation", "checksum", "gone", "unsure"),
    [
        (1, None, False, False),
        (2, "sum-1.jpg-1", False, True),
        (2, None, False, False),
        (2, "sum-1.jpg-1", True, False),
    ],
    ids=["the same drop", "dropped again with the same content", "with other content", "known to be deleted"],
)
def test_only_the_gallery_tells_whether_content_that_is_dropped_again_is_still_shown(
    wanted_generation: int, checksum: str | None, gone: bool, unsure: bool
) -> None:
    entry = Entry(
        wanted("1.jpg", wanted_generation, checksum),
        live("1.jpg", "101.jpg", priority=100, state="gone" if gone else "shown"),
    )
    assert is_dropped_again(a_ledger({key("1.jpg"): entry})) is unsure


THREE = shown("a.jpg", "1.jpg", 100) | shown("c.jpg", "2.jpg", 200) | shown("e.jpg", "3.jpg", 300)
"""Three images, which a shop that gives numbers itself shows as 10, 20 and 30."""


def landed_in_a_shop_that_renumbers(files: dict[str, str], *listing: Image) -> Ledger:
    """Insert files beside the three; `files` says which name each gets."""
    ledger = a_ledger(THREE | new(*files))
    step = fly(ledger, img("1.jpg", 10), img("2.jpg", 20), img("3.jpg", 30), facts=GIVEN)
    flight = a_flight(step.images, before=("1.jpg", "2.jpg", "3.jpg"))
    found = {key(file): next(i for i in listing if i.name == name) for file, name in files.items()}
    flown = replace(ledger, flight=flight)
    return settle.settle(flown, flight, listing, Match(found), NOW, TIMING, MAX_ATTEMPTS, GIVEN)


def test_in_a_shop_that_renumbers_an_image_that_landed_behind_all_others_is_moved_between_its_neighbours() -> None:
    listing = (img("1.jpg", 10), img("2.jpg", 20), img("3.jpg", 30), img("4.jpg", 40), img("5.jpg", 50))
    ledger = landed_in_a_shop_that_renumbers({"b.jpg": "4.jpg", "d.jpg": "5.jpg"}, *listing)
    step = fly(ledger, *listing, facts=GIVEN)
    assert step.action == "attributes"
    b, d = step.images[key("b.jpg")], step.images[key("d.jpg")]
    assert (10 < (b.priority or 0) < 20 < (d.priority or 0) < 30, b.place, d.place) == (True, 149, 249)
    # Once moved, each keeps its place among those that were sent, and nothing is moved again.
    after = (img("1.jpg", 10), img("4.jpg", 20), img("2.jpg", 30), img("5.jpg", 40), img("3.jpg", 50))
    flight = a_flight(step.images, "attributes")
    moved = settle.updated(ledger, flight, {i.name: i for i in after}, {}, NOW, TIMING, MAX_ATTEMPTS, GIVEN)
    assert plan(moved, after, NOW, PLAIN, GIVEN) == Nothing()


@pytest.mark.parametrize(("file", "behind"), [("f.jpg", 40), ("b.jpg", 15)], ids=["behind all", "between others"])
def test_in_a_shop_that_renumbers_an_image_that_landed_where_it_belongs_stays_there(file: str, behind: int) -> None:
    listing = (img("1.jpg", 10), img("2.jpg", 20), img("3.jpg", 30), img("4.jpg", behind))
    ledger = landed_in_a_shop_that_renumbers({file: "4.jpg"}, *listing)
    assert plan(ledger, listing, NOW, PLAIN, GIVEN) == Nothing()


def test_in_a_shop_that_renumbers_an_image_lands_astray_although_others_that_are_astray_stand_before_it() -> None:
    astray = {key("b.jpg"): Entry(wanted("b.jpg"), live("b.jpg", "4.jpg", priority=50, state="astray"))}
    ledger = a_ledger(shown("e.jpg", "3.jpg", 100) | new("c.jpg"))
    step = fly(ledger, img("3.jpg", 10), img("4.jpg", 20), facts=GIVEN)
    assert step.action == "insert"
    flight = a_flight(step.images, before=("3.jpg", "4.jpg"))
    listing = (img("3.jpg", 10), img("4.jpg", 20), img("5.jpg", 30))
    outcome = Match({key("c.jpg"): listing[2]})
    flown = a_ledger(ledger.entries | astray, flight=flight)
    settled = settle.settle(flown, flight, listing, outcome, NOW, TIMING, MAX_ATTEMPTS, GIVEN)
    moves = fly(settled, *listing, facts=GIVEN)
    assert (moves.action, set(moves.images)) == ("attributes", {key("b.jpg"), key("c.jpg")})
    b, c = (moves.images[key(file)].priority or 0 for file in ("b.jpg", "c.jpg"))
    assert b < c < 10


def test_a_number_that_a_file_asks_for_is_sent_although_its_image_has_that_place_under_another() -> None:
    # Another was sent, as nobody knew what the shop does with numbers.
    step = fly(a_ledger(new("a.jpg")), img("foreign.jpg", 1), facts=NOBODY_KNOWS)
    assert places(step) == {"a.jpg": (137, 101)}
    asked = Entry(wanted("a.jpg", priority=101))
    for facts in (KEPT, GIVEN):
        landed = settle.became_live(asked, step.images[key("a.jpg")], img("1.jpg", 137), facts)
        after = fly(a_ledger({key("a.jpg"): landed}), img("foreign.jpg", 1), img("1.jpg", 137), facts=facts)
        assert (after.action, priorities(after)) == ("attributes", {"a.jpg": 101})


ASKED = tuple(Intent(f"op{n}/0.0", "attributes", NOW, rows=(Row("1.jpg", description=str(n)),)) for n in range(3))


def test_files_get_a_turn_after_each_intent_however_many_wait() -> None:
    ledger = a_ledger(new("a.jpg"), intents=ASKED)
    assert plan(ledger, (), NOW, Policy(), KEPT) == RunIntent(ASKED[0])
    ran = intents.ended(ledger, ASKED[0], Outcome(NOW, (ImageOutcome("failed", "1.jpg"),)))
    assert isinstance(plan(ran, (), NOW, Policy(), KEPT), StartFlight)
    # Where no file is due, the next intent is run at once.
    idle = replace(ran, entries={})
    assert plan(idle, (), NOW, Policy(), KEPT) == RunIntent(ASKED[1])


def test_a_turn_ends_with_the_flight_that_it_was_for() -> None:
    ledger = a_ledger(new("a.jpg"), intents=ASKED, yields=True)
    assert isinstance(plan(ledger, (), NOW, Policy(), KEPT), StartFlight)
    assert plan(replace(ledger, yields=False), (), NOW, Policy(), KEPT) == RunIntent(ASKED[0])


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Intent("op/0", "clean", NOW), id="a cleanup would take away what has just come"),
        pytest.param(Intent("op/0", "delete", NOW, name="1.jpg", before=("1.jpg",)), id="one whose answer may be lost"),
    ],
)
def test_no_file_comes_between(first: Intent) -> None:
    ledger = a_ledger(new("a.jpg"), intents=(first, *ASKED), yields=True)
    assert plan(ledger, (), NOW, Policy(), KEPT) == RunIntent(first)

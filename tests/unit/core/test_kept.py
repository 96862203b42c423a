"""What is kept of images before a request deletes them, and how it comes back."""

import msgspec
import pytest

from gallery_sync.core import intents, kept, restore
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.core.ledger import MAY_BE_THERE, Entry, Failure, Intent, Ledger, is_waiting
from gallery_sync.core.operation import ImageOutcome, Outcome, Problem
from gallery_sync.core.shop_facts import Facts, is_nowhere
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import GIVEN, GUID, KEPT, NOW, a_ledger, key, live, wanted

replace = msgspec.structs.replace

A, B = key("a.jpg"), key("b.jpg")
OURS = KeptImage("1.jpg", "removed/op/0/1.jpg", A, None, "front", checksum="sum-a.jpg-1", variants=("V",))
THEIRS = KeptImage("9.jpg", "removed/op/0/9.jpg", None, 200, "theirs", variants=("W", "X"))
WAS = Kept("op", "0", GUID, "shop", NOW, "Lamp", images=(OURS, THEIRS))
BACK = "back:op/0/9.jpg"
CLEAN = Intent("op/0", "clean", NOW, keep="done", before=("1.jpg", "9.jpg"))


def shown_as(name: str) -> Ledger:
    return a_ledger({A: Entry(wanted("a.jpg"), live("a.jpg", name))})


def test_everything_that_is_missing_is_wanted_again() -> None:
    after = restore.wanted_back(a_ledger(), WAS, [], NOW + 60)
    assert after.entries.keys() == {A, BACK}
    for name, row in ((A, OURS), (BACK, THEIRS)):
        want = after.entries[name].wanted
        assert want is not None
        assert (want.content.source, want.content.url) == (row.path, True)
        assert (want.priority, want.description, want.created) == (row.priority, row.description, NOW + 60)
        assert is_waiting(after.entries[name])
    want = after.entries[A].wanted
    assert want is not None
    assert want.content.checksum == "sum-a.jpg-1"


@pytest.mark.parametrize(("listed", "sent"), [(0, 1), (70_000, 65_535), (None, None), (200, 200)])
def test_a_number_that_nobody_may_send_becomes_the_nearest_that_one_may(listed: int | None, sent: int | None) -> None:
    was = replace(WAS, images=(replace(THEIRS, priority=listed),))
    want = restore.wanted_back(a_ledger(), was, [], NOW + 60).entries[BACK].wanted
    assert want is not None
    assert want.priority == sent


@pytest.mark.parametrize("problem", [None, Problem(403, "refused", "grant the right")])
def test_what_came_back_of_others_is_theirs_again_however_it_ended(problem: Problem | None) -> None:
    intent = Intent("op/1", "restore", NOW, rows=restore.rows(WAS))
    held = {A: Entry(wanted("a.jpg"), live("a.jpg", "5.jpg")), BACK: Entry(wanted("b.jpg"), live("b.jpg", "17.jpg"))}
    after = intents.ended(intents.ask(a_ledger(held), intent), intent, Outcome(NOW, problem=problem))
    assert after.entries.keys() == {A}


STAYS = [
    pytest.param(a_ledger(), [Image("1.jpg"), Image("9.jpg")], id="there as before"),
    pytest.param(shown_as("5.jpg"), [Image("5.jpg"), Image("9.jpg")], id="shown again under another name"),
    pytest.param(a_ledger({A: Entry(wanted("a.jpg", 2))}), [Image("9.jpg")], id="its file waits already"),
    pytest.param(
        a_ledger({A: Entry(replace(wanted("a.jpg", 2), created=NOW + 30), live("a.jpg", "1.jpg", 2, state="gone"))}),
        [Image("9.jpg")],
        id="dropped since, and deleted by a person",
    ),
]


@pytest.mark.parametrize(("ledger", "listing"), STAYS)
def test_what_is_there_or_newer_stays_as_it_is(ledger: Ledger, listing: list[Image]) -> None:
    assert restore.wanted_back(ledger, WAS, listing, NOW + 60) == ledger


def test_what_came_back_once_is_not_brought_back_twice() -> None:
    was = replace(WAS, images=(replace(THEIRS, restored="17.jpg"),))
    assert restore.wanted_back(a_ledger(), was, [Image("17.jpg")], NOW + 60) == a_ledger()
    assert restore.wanted_back(a_ledger(), was, [], NOW + 60) != a_ledger()


def test_a_file_that_is_there_still_is_sent_itself() -> None:
    ledger = a_ledger({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", state="deleted"))})
    want = restore.wanted_back(ledger, WAS, [Image("9.jpg")], NOW + 60).entries[A].wanted
    assert want is not None
    assert want.content == wanted("a.jpg").content


def test_what_became_of_each_is_told() -> None:
    failure = Failure("refused", "no picture", NOW)
    ledger = a_ledger(
        {A: Entry(wanted("a.jpg"), live("a.jpg", "5.jpg")), BACK: Entry(wanted("b.jpg"), failure=failure)}
    )
    assert restore.outcomes(ledger, WAS, [Image("5.jpg")]) == (
        ImageOutcome("live", "5.jpg", A),
        ImageOutcome("failed", "9.jpg", None, reason="no picture"),
    )
    assert [one.state for one in restore.outcomes(a_ledger(), WAS, [Image("9.jpg")])] == ["failed", "live"]


MAIN = Image("5.jpg", is_main_image=True)


@pytest.mark.parametrize(
    ("shows", "refers"),
    [
        ({"V": "", "W": "", "X": ""}, {"V": "5.jpg", "W": "17.jpg", "X": "17.jpg"}),
        ({"V": "5.jpg", "W": "5.jpg", "X": "17.jpg"}, {"W": "17.jpg"}),
        ({"V": "3.jpg", "W": "3.jpg"}, {}),
        ({}, {}),
    ],
    ids=["none has any", "the main image stands for none", "people gave them others", "they are gone"],
)
def test_variants_reference_again_what_they_did(shows: dict[str, str], refers: dict[str, str]) -> None:
    came = (ImageOutcome("live", "5.jpg", A), ImageOutcome("live", "17.jpg"))
    assert restore.references(WAS, came, shows, [MAIN, Image("17.jpg")]) == refers
    lost = (ImageOutcome("failed", "1.jpg", A), ImageOutcome("failed", "9.jpg"))
    assert restore.references(WAS, lost, shows, [MAIN]) == {}


def test_references_that_shoptet_refuses_are_told_at_their_images() -> None:
    came = (ImageOutcome("live", "5.jpg", A), ImageOutcome("live", "17.jpg"))
    told = restore.unreferenced(WAS, came, {"W": "17.jpg"}, "422 no such image")
    assert told[0] == came[0]
    assert told[1].reason == "it is back, but its variants do not show it: 422 no such image"


def test_a_restoration_waits_for_its_images_and_holds_nothing_up() -> None:
    back = Intent("op2/0", "restore", NOW, name="op/0", rows=restore.rows(WAS))
    after = Intent("op3/0", "attributes", NOW)
    ledger = replace(restore.wanted_back(a_ledger(), WAS, [], NOW), intents=(back, after))
    assert intents.next_one(ledger) == after
    landed = replace(ledger, entries={A: Entry(wanted("a.jpg"), live("a.jpg", "5.jpg"))})
    assert intents.next_one(landed) == back


def test_what_is_to_be_kept_first_holds_nothing_up_either() -> None:
    due, other = replace(CLEAN, keep="due"), Intent("op2/0", "clean", NOW)
    assert intents.next_one(a_ledger(intents=(due, other))) == other
    assert intents.next_one(a_ledger(intents=(due,))) is None
    assert intents.next_one(a_ledger(intents=(CLEAN, other))) == CLEAN


def test_an_image_of_others_is_theirs_again_when_it_is_back() -> None:
    back = Intent("op2/0", "restore", NOW, name="op/0", rows=restore.rows(WAS))
    entries = {A: Entry(wanted("a.jpg"), live("a.jpg", "5.jpg")), BACK: Entry(wanted("b.jpg"), live("b.jpg", "6.jpg"))}
    after = intents.ended(a_ledger(entries, intents=(back,)), back, Outcome(NOW))
    assert (set(after.entries), after.intents) == ({A}, ())


def test_after_a_cleanup_that_kept_a_picture_that_may_be_there_is_still_a_persons() -> None:
    newer = replace(wanted("a.jpg"), created=NOW + 30)
    ledger = a_ledger({A: Entry(newer, failure=Failure(MAY_BE_THERE, "perhaps", NOW))}, intents=(CLEAN,))
    assert intents.ended(ledger, CLEAN, Outcome(NOW)).entries[A].failure is not None
    unkept = replace(CLEAN, keep="")
    assert intents.ended(replace(ledger, intents=(unkept,)), unkept, Outcome(NOW)).entries[A].failure is None


LISTED = [Image("1.jpg", 100, "front", "t1"), Image("9.jpg", 200, "theirs", "t9")]
ROWS = (replace(OURS, change_time="t1"), replace(THEIRS, change_time="t9"))
HELD = a_ledger({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"))})


@pytest.mark.parametrize(
    ("ledger", "listing", "are"),
    [
        (HELD, LISTED, True),
        (HELD, LISTED[:1], True),
        (HELD, [*LISTED, Image("7.jpg")], True),
        (HELD, [LISTED[0], replace(LISTED[1], change_time="t10")], False),
        (HELD, [replace(LISTED[0], description="from behind"), LISTED[1]], False),
        (a_ledger({A: Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg", 2))}), LISTED, False),
        (a_ledger({A: Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg", 2, state="gone"))}), LISTED, True),
        (a_ledger({"name:9.jpg": Entry(wanted("b.jpg"), live("b.jpg", "9.jpg"))}), LISTED, True),
    ],
    ids=[
        "as they are",
        "one is gone",
        "another came",
        "one was changed",
        "one was described anew",
        "ours was replaced, and the listing lags",
        "ours is gone",
        "theirs was replaced by its name",
    ],
)
def test_whether_all_was_kept_as_it_is(ledger: Ledger, listing: list[Image], are: bool) -> None:
    assert kept.are_kept(ledger, ("1.jpg", "9.jpg"), listing, ROWS) is are


def test_what_came_since_stays_but_ours_from_before_the_cleanup_goes_along() -> None:
    landed = a_ledger({A: Entry(wanted("a.jpg"), live("a.jpg", "5.jpg"))})
    listing = [Image("1.jpg"), Image("5.jpg"), Image("7.jpg")]
    assert kept.to_be_kept(landed, replace(CLEAN, before=("1.jpg",)), listing) == ("1.jpg", "5.jpg")
    assert kept.to_be_kept(landed, replace(CLEAN, before=None), listing) == ("1.jpg", "5.jpg", "7.jpg")
    one = Intent("op/0", "delete", NOW, name="7.jpg", keep="due")
    assert kept.to_be_kept(landed, one, listing) == ("7.jpg",)
    assert kept.to_be_kept(landed, replace(one, name="8.jpg"), listing) == ()


def test_a_picture_has_a_place_of_its_own_in_each_state() -> None:
    places = {
        kept.picture_path("op", "0", "1.JPG", "t1", ""),
        kept.picture_path("op", "0", "1.JPG", "t2", ""),
        kept.picture_path("op", "0", "1.JPG", "t1", "sum"),
        kept.picture_path("op", "1", "1.JPG", "t1", ""),
    }
    assert len(places) == 4
    assert all(path.startswith("removed/op/") and path.endswith(".jpg") for path in places)


@pytest.mark.parametrize(
    ("facts", "numbers", "moved"),
    [(KEPT, (100, 200), False), (KEPT, (200, 100), True), (KEPT, (None, None), False), (GIVEN, (7, 8), False)],
)
def test_a_person_moved_ours_where_numbers_hold_and_are_others(
    facts: Facts, numbers: tuple[int | None, ...], moved: bool
) -> None:
    ledger = a_ledger(
        {
            A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", priority=100)),
            B: Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", priority=200)),
        }
    )
    listing = [Image(f"{n}.jpg", number) for n, number in enumerate(numbers, 1)]
    assert kept.is_moved(ledger, listing, facts) is moved


@pytest.mark.parametrize(
    ("facts", "gallery", "nowhere"),
    [
        (Facts(), "shop", False),
        (Facts(), "shop360", True),
        (Facts(probed_at=1.0), "shop", True),
        (Facts(originals={"shop": "a"}, probed_at=1.0), "shop", False),
        (Facts(originals={"shop360": "a"}), "shop360", False),
    ],
)
def test_where_nobody_will_ever_tell_where_pictures_are(facts: Facts, gallery: str, nowhere: bool) -> None:
    assert is_nowhere(facts, gallery) is nowhere

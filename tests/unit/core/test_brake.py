"""Deletions that nobody asked for by name: which go, which are held, and what ends a hold."""

import pytest

from gallery_sync.core import brake
from gallery_sync.core.ledger import Entry, Failure, Hold, Ledger, Loss
from gallery_sync.core.plan import Nothing, Policy, StartFlight, plan
from gallery_sync.core.schedule import HOUR
from tests.unit.core.build import KEPT, NOW, a_ledger, img, key, live, replace, shown, wanted

MIRROR = Policy(mirror_deletes=True)


def gallery(stay: int, go: int, new: int = 0) -> Ledger:
    """Images whose files are there, images whose files are gone, files that are not shown yet."""
    entries: dict[str, Entry] = {}
    for n in range(stay):
        entries |= shown(f"s{n}.jpg", f"s{n}", n + 1)
    entries |= {key(f"g{n}.jpg"): Entry(None, live(f"g{n}.jpg", f"g{n}")) for n in range(go)}
    entries |= {key(f"n{n}.jpg"): Entry(wanted(f"n{n}.jpg")) for n in range(new)}
    return a_ledger(entries)


def going(count: int) -> tuple[str, ...]:
    return tuple(sorted(key(f"g{n}.jpg") for n in range(count)))


@pytest.mark.parametrize(
    ("stay", "go", "new", "foreign", "held"),
    [
        pytest.param(7, 3, 0, 0, False, id="30 % is not more than 30 %"),
        pytest.param(6, 4, 0, 0, True, id="40 %"),
        pytest.param(69, 31, 0, 0, True, id="31 %"),
        pytest.param(70, 30, 0, 0, False, id="30 of 100"),
        pytest.param(699, 301, 0, 0, True, id="301 of 1000"),
        pytest.param(0, 4, 0, 0, False, id="a gallery of 4 has no brake"),
        pytest.param(0, 5, 0, 0, True, id="all of 5"),
        pytest.param(3, 2, 0, 0, True, id="2 of 5"),
        pytest.param(0, 2, 0, 3, True, id="other people's images are shown, too"),
        pytest.param(0, 3, 0, 7, False, id="and are part of the whole"),
        pytest.param(0, 10, 10, 0, False, id="new pictures in the place of all"),
        pytest.param(0, 10, 7, 0, False, id="new pictures in the place of most"),
        pytest.param(0, 10, 6, 0, True, id="new pictures in the place of too few"),
        pytest.param(10, 0, 0, 0, False, id="nothing goes"),
    ],
)
def test_what_a_gallery_may_lose_without_a_persons_word(stay: int, go: int, new: int, foreign: int, held: bool) -> None:
    after = brake.braked(gallery(stay, go, new), stay + go + foreign, MIRROR, NOW)
    assert (after.hold is not None) is held
    assert after.released == (() if held else going(go))
    assert after.hold is None or (after.hold.keys, after.hold.at) == (going(go), NOW)


def test_no_deletion_is_due_where_images_stay() -> None:
    assert brake.braked(gallery(0, 10), 10, Policy(), NOW) == gallery(0, 10)
    assert brake.deletions(gallery(0, 10), Policy()) == ()


def test_a_deletion_that_failed_for_good_is_no_longer_due() -> None:
    ledger = gallery(5, 1)
    failed = replace(ledger.entries[key("g0.jpg")], failure=Failure("delete-refused", "no", NOW))
    assert brake.deletions(replace(ledger, entries={**ledger.entries, key("g0.jpg"): failed}), MIRROR) == ()


def test_what_is_held_is_left_out_of_the_plan_and_all_else_goes_on() -> None:
    held = brake.braked(gallery(0, 10), 10, MIRROR, NOW)
    listing = tuple(img(f"g{n}", n + 1) for n in range(10))
    assert plan(held, listing, NOW, MIRROR, KEPT) == Nothing()
    step = plan(
        replace(held, entries={**held.entries, key("n.jpg"): Entry(wanted("n.jpg"))}), listing, NOW, MIRROR, KEPT
    )
    assert isinstance(step, StartFlight)
    assert (step.action, list(step.images)) == ("insert", [key("n.jpg")])


def test_a_folder_that_is_seen_to_go_piece_by_piece_is_held_all_the_same() -> None:
    ledger = brake.braked(gallery(70, 20), 90, MIRROR, NOW)
    assert (ledger.hold, ledger.lost) == (None, Loss(20, NOW))
    # They are deleted; a moment later the next files are seen to be gone.
    next_piece = replace(gallery(50, 20), lost=ledger.lost)
    held = brake.braked(next_piece, 70, MIRROR, NOW + 60)
    assert held.hold == Hold(going(20), 90, NOW + 60)
    assert brake.braked(next_piece, 70, MIRROR, NOW + HOUR).hold is None


def test_what_went_within_an_hour_adds_up_and_then_begins_anew() -> None:
    first = brake.braked(gallery(9, 1), 10, MIRROR, NOW)
    assert first.lost == Loss(1, NOW)
    again = replace(gallery(8, 1), lost=first.lost)
    assert brake.braked(again, 9, MIRROR, NOW + HOUR - 1).lost == Loss(2, NOW)
    assert brake.braked(again, 9, MIRROR, NOW + HOUR).lost == Loss(1, NOW + HOUR)
    assert brake.braked(again, 9, MIRROR, NOW + HOUR + 1).lost == Loss(1, NOW + HOUR + 1)


@pytest.mark.parametrize("new", [2, 3])
def test_a_deletion_that_new_pictures_make_up_for_is_no_loss(new: int) -> None:
    before = Loss(2, NOW - 60)
    assert brake.braked(replace(gallery(9, 2, new), lost=before), 11, MIRROR, NOW).lost == before
    assert brake.braked(gallery(9, 2, new), 11, MIRROR, NOW).lost is None


def test_a_new_version_of_a_picture_that_is_shown_makes_up_for_none() -> None:
    ledger = gallery(6, 4)
    newer = replace(ledger.entries[key("s0.jpg")], wanted=wanted("s0.jpg", 2))
    assert (
        brake.braked(replace(ledger, entries={**ledger.entries, key("s0.jpg"): newer}), 10, MIRROR, NOW).hold
        is not None
    )
    assert brake.braked(gallery(6, 4, 1), 10, MIRROR, NOW).hold is None


def test_nothing_is_news_without_a_hold_and_every_other_list_is_with_one() -> None:
    assert not brake.is_news(gallery(5, 1), MIRROR)
    for keys in (going(6)[:3], (*going(6), "drop:A/shop/z.jpg"), ("drop:A/shop/0.jpg",)):
        assert brake.is_news(replace(gallery(4, 6), hold=Hold(keys, 10, NOW)), MIRROR)


def test_what_waits_to_be_deleted_counts_once() -> None:
    ledger = brake.braked(gallery(8, 2), 10, MIRROR, NOW)
    more = {key("s0.jpg"): replace(ledger.entries[key("s0.jpg")], wanted=None)}
    third = brake.braked(replace(ledger, entries={**ledger.entries, **more}), 10, MIRROR, NOW)
    assert (third.hold, len(third.released)) == (None, 3)
    more |= {key("s1.jpg"): replace(ledger.entries[key("s1.jpg")], wanted=None)}
    fourth = brake.braked(replace(ledger, entries={**ledger.entries, **more}), 10, MIRROR, NOW)
    assert fourth.hold is not None
    assert (fourth.hold.keys, fourth.hold.shown) == ((key("s0.jpg"), key("s1.jpg")), 10)


def test_a_hold_ends_when_the_files_are_back() -> None:
    held = brake.braked(gallery(0, 10), 10, MIRROR, NOW)
    assert not brake.is_news(held, MIRROR)
    back = replace(gallery(10, 0), hold=held.hold)
    assert brake.is_news(back, MIRROR)
    assert brake.braked(back, 10, MIRROR, NOW).hold is None


def test_a_hold_ends_when_new_pictures_have_come_one_by_one() -> None:
    held = brake.braked(gallery(0, 10), 10, MIRROR, NOW)
    for arrived in range(1, 8):
        # Each has landed before the next is dropped: nothing is due but the deletions.
        now_there = replace(gallery(arrived, 10), hold=held.hold)
        after = brake.braked(now_there, 10 + arrived, MIRROR, NOW)
        assert (after.hold is None) is (arrived == 7)
    assert after.released == going(10)


def test_a_hold_that_a_person_solved_in_the_shop_ends() -> None:
    held = brake.braked(gallery(0, 10), 10, MIRROR, NOW)
    assert brake.braked(replace(gallery(0, 0), hold=held.hold), 0, MIRROR, NOW).hold is None


def test_a_hold_grows_with_what_is_deleted_after_it() -> None:
    held = brake.braked(gallery(4, 6), 10, MIRROR, NOW)
    more = brake.braked(replace(gallery(2, 8), hold=held.hold), 10, MIRROR, NOW + 60)
    assert more.hold == Hold(going(8), 10, NOW)


def test_a_hold_ends_when_images_are_to_stay_after_their_files() -> None:
    held = brake.braked(gallery(0, 10), 10, MIRROR, NOW)
    assert brake.is_news(held, Policy())
    assert brake.braked(held, 10, Policy(), NOW).hold is None


def test_a_person_releases_exactly_the_list_that_was_shown() -> None:
    held = brake.braked(gallery(0, 10), 10, MIRROR, NOW)
    assert held.hold is not None
    free = brake.released(held, held.hold, NOW)
    assert (free.hold, free.released, free.due_at) == (None, going(10), NOW)
    assert brake.braked(free, 10, MIRROR, NOW).released == going(10)
    for other in (going(9), (*going(10), "drop:A/shop/z.jpg")):
        assert brake.released(held, Hold(other, 10, NOW), NOW) == held
    assert brake.released(free, held.hold, NOW + 1) == free


def test_a_release_is_used_up_by_the_deletion_or_by_the_files_return() -> None:
    free = replace(gallery(5, 5), released=going(5))
    assert brake.used_up(free, MIRROR) == free
    assert brake.used_up(replace(gallery(10, 0), released=going(5)), MIRROR).released == ()
    again = brake.braked(brake.used_up(replace(gallery(5, 0), released=going(5)), MIRROR), 5, MIRROR, NOW)
    assert again.released == ()
    assert brake.braked(replace(gallery(5, 5), released=again.released), 10, MIRROR, NOW).hold is not None


def test_what_a_person_released_does_not_hold_back_a_small_deletion_beside_it() -> None:
    free = replace(gallery(90, 10), released=going(9))
    assert brake.braked(free, 100, MIRROR, NOW).hold is None

"""A renamed file keeps its image, and files with the same bytes are not shown twice."""

import dataclasses
import time

import pytest

from gallery_sync.core.checksums import checksum
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Entry, Failure, Ledger, is_waiting, reconcile_at
from gallery_sync.core.limits import MAX_KEYS
from gallery_sync.core.numbering import number
from gallery_sync.core.observe import observe
from gallery_sync.core.plan import Nothing, Policy, StartFlight, plan
from gallery_sync.core.twins import paired, waits_until
from tests.unit.core.build import KEPT, NOW, a_file, a_ledger, img, key, live, replace, shown, wanted

WAIT = 120.0
OLD, NEW = key("IMG_77.jpg"), key("02_back.jpg")
SUM = "sum-IMG_77.jpg-1"
SHOWN = a_ledger(shown("IMG_77.jpg", "1.jpg", 100))
MIRRORED = Policy(mirror_deletes=True)


def file(name: str, generation: int = 1, checksum: str = SUM, created: float = NOW - 60) -> DropFile:
    return dataclasses.replace(a_file(name, generation, checksum), created=created)


def seen(ledger: Ledger, *files: DropFile, now: float = NOW) -> Ledger:
    return observe(ledger, files, now, 0.0, WAIT)


COPIED = (file("IMG_77.jpg"), file("02_back.jpg", 2, created=NOW))


def test_a_copy_waits_beside_its_original_and_asks_shoptet_nothing() -> None:
    after = seen(SHOWN, *COPIED)
    assert after.entries[NEW].same_as == OLD
    assert not is_waiting(after.entries[NEW])
    assert plan(after, (), NOW, Policy(), KEPT) == Nothing()
    assert reconcile_at(after) == 0
    assert NEW not in number(after, (img("1.jpg", 100),), KEPT)
    assert seen(after, *COPIED, now=NOW + 9 * WAIT) == after


@pytest.mark.parametrize("mirror", [False, True])
def test_once_the_original_goes_the_copy_has_its_image_in_its_own_place(mirror: bool) -> None:
    ledger = seen(
        a_ledger(SHOWN.entries | shown("01.jpg", "0.jpg", 200)), file("01.jpg", checksum="sum-01.jpg-1"), *COPIED
    )
    after = seen(ledger, file("01.jpg", checksum="sum-01.jpg-1"), COPIED[1], now=NOW + 999)
    assert set(after.entries) == {NEW, key("01.jpg")}
    assert after.entries[NEW].same_as is None
    shows = after.entries[NEW].live
    assert shows is not None
    assert (shows.name, shows.generation) == ("1.jpg", 2)
    listing = (img("1.jpg", 100), img("0.jpg", 200))
    numbers = number(after, listing, KEPT)
    assert numbers[key("01.jpg")].place < numbers[NEW].place
    step = plan(after, listing, NOW, Policy(mirror_deletes=mirror), KEPT)
    assert isinstance(step, StartFlight)
    assert step.action == "attributes"


@pytest.mark.parametrize("gallery", ["shop", "shop360"])
def test_where_both_halves_of_a_rename_are_seen_at_once_the_image_is_inherited_at_once(gallery: str) -> None:
    before = replace(SHOWN, gallery=gallery)
    after = seen(before, COPIED[1])
    assert set(after.entries) == {NEW}
    assert plan(after, (), NOW, MIRRORED, KEPT) == Nothing()


def test_an_image_that_stayed_after_its_file_was_deleted_is_that_of_a_new_file_with_the_same_bytes() -> None:
    left = seen(SHOWN)
    assert left.entries[OLD].wanted is None
    assert set(seen(left, COPIED[1]).entries) == {NEW}


def test_frames_may_repeat_and_wait_only_for_a_while() -> None:
    turn = replace(SHOWN, gallery="shop360")
    waiting = seen(turn, *COPIED, now=NOW + WAIT - 1)
    assert waiting.entries[NEW].same_as == OLD
    assert waits_until(waiting, WAIT) == [NOW + WAIT]
    own = seen(waiting, *COPIED, now=NOW + WAIT)
    assert own.entries[NEW].same_as is None
    assert isinstance(plan(own, (), NOW, Policy(), KEPT), StartFlight)
    assert waits_until(seen(SHOWN, *COPIED), WAIT) == []


def test_of_new_files_with_the_same_bytes_the_one_that_was_dropped_first_flies() -> None:
    files = (file("b.jpg", 2, created=NOW), file("a.jpg", 3, created=NOW + 1), file("c.jpg", 1, created=NOW))
    after = seen(a_ledger(), *files)
    assert {name: entry.same_as for name, entry in after.entries.items()} == {
        key("b.jpg"): None,
        key("a.jpg"): key("b.jpg"),
        key("c.jpg"): key("b.jpg"),
    }
    step = plan(after, (), NOW, Policy(), KEPT)
    assert isinstance(step, StartFlight)
    assert set(step.images) == {key("b.jpg")}
    # That one failed for good: another has its turn.
    failed = replace(after.entries[key("b.jpg")], failure=Failure("gave-up", "no", NOW))
    again = seen(replace(after, entries=after.entries | {key("b.jpg"): failed}), *files)
    assert (again.entries[key("c.jpg")].same_as, again.entries[key("a.jpg")].same_as) == (None, key("c.jpg"))


def test_no_file_waits_for_an_image_that_somebody_deleted() -> None:
    gone = Entry(wanted("IMG_77.jpg"), live("IMG_77.jpg", "1.jpg", priority=100, state="gone"))
    after = seen(a_ledger({OLD: gone}), *COPIED)
    assert is_waiting(after.entries[NEW])
    # Nor once it is noticed later, nor is such an image inherited.
    waiting = seen(SHOWN, *COPIED)
    noticed = paired(replace(waiting, entries=waiting.entries | {OLD: gone}), NOW, WAIT)
    assert is_waiting(noticed.entries[NEW])
    assert is_waiting(seen(noticed, COPIED[1]).entries[NEW])


def test_a_file_that_comes_long_after_an_image_was_deleted_by_a_person_is_a_new_one() -> None:
    long_gone = Entry(None, live("IMG_77.jpg", "1.jpg", priority=100, state="gone"))
    after = seen(a_ledger({OLD: long_gone}), COPIED[1])
    assert is_waiting(after.entries[NEW])


def test_what_a_cleanup_kept_is_inherited_by_nobody() -> None:
    kept = Entry(None, live("IMG_77.jpg", "1.jpg", priority=100, state="kept"))
    assert is_waiting(seen(a_ledger({OLD: kept}), COPIED[1]).entries[NEW])


def test_two_images_that_were_shown_with_the_same_bytes_before_stay() -> None:
    both = {
        OLD: Entry(wanted("IMG_77.jpg", checksum=SUM), live("IMG_77.jpg", "1.jpg", checksum=SUM, priority=100)),
        NEW: Entry(wanted("02_back.jpg", checksum=SUM), live("02_back.jpg", "2.jpg", checksum=SUM, priority=50)),
    }
    files = (file("IMG_77.jpg"), file("02_back.jpg"))
    assert seen(a_ledger(both), *files) == a_ledger(both)


def test_a_file_that_is_replaced_by_the_bytes_of_another_is_replaced() -> None:
    both = a_ledger(SHOWN.entries | shown("02_back.jpg", "2.jpg", 200))
    after = seen(both, *COPIED)
    assert after.entries[NEW].same_as is None
    step = plan(after, (), NOW, Policy(), KEPT)
    assert isinstance(step, StartFlight)
    assert (step.action, set(step.images)) == ("source", {NEW})


@pytest.mark.parametrize("alike", [False, True], ids=["each another picture", "all the same picture"])
def test_as_many_files_as_a_gallery_may_have_are_looked_at_in_no_time(alike: bool) -> None:
    """Each compared with each, they took seven seconds."""
    sums = [checksum(f"md5-{0 if alike else n}", f"crc-{0 if alike else n}", 1000) for n in range(MAX_KEYS)]
    files = [file(f"{n}.jpg", n + 1, one) for n, one in enumerate(sums)]
    began = time.process_time()
    after = seen(a_ledger(), *files)
    assert time.process_time() - began < 2
    assert sum(is_waiting(entry) for entry in after.entries.values()) == (1 if alike else MAX_KEYS)


def test_which_of_several_comes_first_does_not_depend_on_the_order_of_the_ledger() -> None:
    files = [file(f"{n}.jpg", n, created=NOW) for n in range(1, 6)]
    after = seen(a_ledger(), *files)
    turned = replace(after, entries=dict(reversed(after.entries.items())))
    assert seen(turned, *reversed(files)).entries == after.entries


def test_each_image_whose_file_is_gone_is_inherited_once() -> None:
    two = {
        name: Entry(None, live("x", f"{name}.live", checksum=SUM, priority=100 * n))
        for n, name in enumerate((key("a.jpg"), key("b.jpg")), 1)
    }
    after = seen(a_ledger(two), *(file(f"new {n}.jpg", n, created=NOW) for n in range(1, 4)))
    names = [entry.live.name for entry in after.entries.values() if entry.live is not None]
    assert (sorted(names), len(after.entries)) == ([f"{key('a.jpg')}.live", f"{key('b.jpg')}.live"], 3)
    assert sum(entry.same_as is not None for entry in after.entries.values()) == 1

"""Folders whose code means another product by now, or none: what of them is left behind, fails, may go, and is told."""

import pytest

from gallery_sync.core import brake, folders
from gallery_sync.core.ledger import Entry, Failure, Ledger, Moved, Wanted
from gallery_sync.core.plan import Nothing, Policy, StartFlight, plan
from gallery_sync.core.shop_values import Product
from tests.unit.core.build import GUID, KEPT, NOW, a_ledger, img, live, replace, wanted

OTHER = "11111111-1111-1111-1111-111111111111"
ELSEWHERE = Moved(NOW, OTHER, "Mug", "Poster")
NOBODYS = Moved(NOW, here="Poster")
FAILED = Failure(folders.NO_PRODUCT, "no product", NOW)


def key(file: str, folder: str = "A") -> str:
    return f"drop:{folder}/shop/{file}"


def shown(file: str, folder: str = "A", failure: Failure | None = None) -> dict[str, Entry]:
    """An image that is shown, whose file feeds nothing here any more."""
    return {key(file, folder): Entry(None, live(file, f"{folder}-{file}"), failure=failure)}


def of_folder(folder: str) -> Wanted:
    what = wanted("new.jpg")
    return replace(what, content=replace(what.content, source=f"{folder}/shop/new.jpg"))


def moved(entries: dict[str, Entry], **folder: Moved) -> Ledger:
    return replace(a_ledger(entries), prefixes=(), moved=folder or {"A": ELSEWHERE})


@pytest.mark.parametrize(
    ("prefix", "meant"),
    [
        ("62%2FXL", True),
        ("62%2Fxl", True),
        ("HRNEK-01", True),
        ("HRNEK", False),
        ("HRNEK-011", False),
        (GUID, True),
        (GUID.upper(), True),
        (OTHER, False),
        ("%", False),
    ],
)
def test_a_folder_means_a_product_by_its_guid_or_one_of_its_codes(prefix: str, meant: bool) -> None:
    product = Product(GUID, "Mug", frozenset({"62/XL", "Hrnek-01"}), {"shop": (), "shop360": ()})
    assert folders.is_meant(product, prefix) is meant


def test_left_behind_is_what_is_shown_of_a_folder_that_another_product_has() -> None:
    entries = {
        **shown("1.jpg"),
        **shown("2.jpg", "AB"),
        **shown("3.jpg", "N"),
        **shown("kept.jpg", failure=FAILED),
        key("gone.jpg"): Entry(None, live("gone.jpg", "g", state="gone")),
        key("there.jpg"): Entry(wanted("there.jpg"), live("there.jpg", "t")),
    }
    ledger = moved(entries, A=ELSEWHERE, N=NOBODYS)
    assert folders.left_behind(ledger) == {key("1.jpg"): ELSEWHERE}


@pytest.mark.parametrize("mirrors", [False, True])
def test_what_is_left_behind_goes_only_when_it_is_released_and_the_brake_does_not_hold_it(mirrors: bool) -> None:
    policy = Policy(mirror_deletes=mirrors)
    ledger = moved({entry: value for n in range(9) for entry, value in shown(f"{n}.jpg").items()})
    listing = tuple(img(f"A-{n}.jpg", n + 1) for n in range(9))
    assert plan(ledger, listing, NOW, policy, KEPT) == Nothing()
    assert brake.deletions(ledger, policy) == ()
    assert brake.braked(ledger, 9, policy, NOW) == ledger
    free = folders.released(ledger, [key("1.jpg"), key("2.jpg"), key("none.jpg")], NOW)
    assert (free.released, free.due_at) == ((key("1.jpg"), key("2.jpg")), NOW)
    assert brake.used_up(free, policy).released == free.released
    step = plan(brake.braked(free, 9, policy, NOW), listing, NOW, policy, KEPT)
    assert isinstance(step, StartFlight)
    assert (step.action, sorted(step.images)) == ("delete", [key("1.jpg"), key("2.jpg")])


def test_a_release_counts_once_and_leaves_what_is_due_before() -> None:
    ledger = replace(moved(shown("1.jpg")), due_at=NOW + 5)
    free = folders.released(ledger, [key("1.jpg")], NOW)
    assert free.due_at == NOW + 5
    assert folders.released(free, [key("1.jpg")], NOW + 9) == free


def test_a_release_is_used_up_once_the_image_is_gone() -> None:
    free = replace(moved({}), released=(key("1.jpg"),))
    assert brake.used_up(free, Policy()).released == ()


def test_an_image_may_go_when_its_file_is_live_as_it_is_now_where_it_belongs() -> None:
    there = a_ledger(
        {
            key("live.jpg"): Entry(wanted("live.jpg"), live("live.jpg", "1")),
            key("new.jpg"): Entry(wanted("new.jpg")),
            key("changed.jpg"): Entry(wanted("changed.jpg", 2), live("changed.jpg", "2")),
            key("gone.jpg"): Entry(wanted("gone.jpg"), live("gone.jpg", "3", state="gone")),
            key("failed.jpg"): Entry(wanted("failed.jpg", 2), live("failed.jpg", "4"), failure=FAILED),
        }
    )
    keys = [*there.entries, key("unknown.jpg")]
    assert folders.may_go(keys, there) == [key("live.jpg")]
    assert folders.are_coming([key("live.jpg"), key("failed.jpg"), key("unknown.jpg"), key("gone.jpg")], there) is False
    assert folders.are_coming([key("live.jpg"), key("new.jpg")], there) is True


def test_where_no_product_has_the_code_what_is_still_to_be_sent_fails_and_what_is_shown_stays() -> None:
    entries = {
        key("new.jpg"): Entry(wanted("new.jpg")),
        key("live.jpg"): Entry(wanted("live.jpg"), live("live.jpg", "1")),
        key("new.jpg", "B"): Entry(of_folder("B")),
        key("new.jpg", "E"): Entry(of_folder("E")),
    }
    ledger = moved(entries, A=NOBODYS, E=ELSEWHERE)
    after = folders.told(ledger, "nobody", NOW)
    failed = {name: entry.failure for name, entry in after.entries.items() if entry.failure is not None}
    assert failed == {key("new.jpg"): Failure(folders.NO_PRODUCT, "nobody", NOW)}
    assert folders.told(after, "nobody", NOW + 1) == after


def test_what_failed_for_want_of_a_product_is_wanted_anew_when_it_is_known() -> None:
    other = Failure("gave-up", "five tries", NOW)
    entries = {
        key("new.jpg"): Entry(wanted("new.jpg"), attempts=3, not_before=NOW + 9, failure=FAILED),
        key("new.jpg", "B"): Entry(of_folder("B"), failure=FAILED),
        key("bad.jpg"): Entry(wanted("bad.jpg"), failure=other),
    }
    after = folders.known_again(moved(entries, B=NOBODYS))
    assert after.entries[key("new.jpg")] == Entry(wanted("new.jpg"))
    assert after.entries[key("new.jpg", "B")].failure == FAILED
    assert after.entries[key("bad.jpg")].failure == other


def test_a_moved_folder_is_remembered_as_long_as_anything_of_it_is_left_here() -> None:
    ledger = moved(shown("1.jpg"), A=ELSEWHERE, B=ELSEWHERE, C=NOBODYS, D=NOBODYS)
    ledger = replace(ledger, prefixes=("C",))
    assert folders.tidied(ledger).moved == {"A": ELSEWHERE, "C": NOBODYS}
    assert folders.tidied(moved({key("1.jpg"): Entry(None, live("1.jpg", "1", state="gone"))})).moved == {}
    whole = moved(shown("1.jpg"))
    assert folders.tidied(whole) is whole

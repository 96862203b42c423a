"""Each way in which a shop may number images × what happens to a gallery: each file once, its own picture, in order.

"In order" is asserted where numbers can hold: not in a shop that numbers its images itself and ignores a change of that.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gallery_sync.core.name_order import order
from gallery_sync.core.shop_facts import Verify
from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import Place, opened
from tests.faults.table.test_numbers import dropped, sums, under_their_keys

pytestmark = pytest.mark.long

Files = dict[str, bytes]


def counted(renumber: str, first: int, step: int) -> dict[str, Any]:
    return {"renumber": renumber, "renumber_from": first, "renumber_step": step}


SHOPS: dict[str, dict[str, Any]] = {
    "kept": {},
    "after insertions 10, 20": counted("insertions", 10, 10),
    "after insertions 1, 2": counted("insertions", 1, 1),
    "after insertions 0, 1": counted("insertions", 0, 1),
    "after insertions 100, 200": counted("insertions", 100, 100),
    "after changes 10, 20": counted("changes", 10, 10),
    "after changes 1, 2": counted("changes", 1, 1),
    "after changes 0, 10": counted("changes", 0, 10),
    "null": {"null_numbers": True},
    "null, after changes": {"null_numbers": True, **counted("changes", 10, 10)},
    "changes ignored": {"patched_numbers_kept": False, **counted("changes", 1, 1)},
}
FORMATS = ("names", "placed", "bare", "none")


def colours(names: Iterator[str] | list[str], blue: int) -> Files:
    return {name: picture(colour=f"#{at * 9 + 20:02x}{250 - at * 7:02x}{blue:02x}") for at, name in enumerate(names)}


SIX = colours([f"{number:03}.png" for number in range(1, 7)], 40)
THREE = colours([f"{number:03}.png" for number in range(1, 4)], 40)
TWENTY = colours([f"{number:03}.png" for number in range(1, 21)], 40)


def twenty_at_once(place: Place) -> Files:
    dropped(place, TWENTY)
    return TWENTY


def one_between(place: Place) -> Files:
    dropped(place, SIX)
    new = colours(["003-b.png", "000.png"], 200)
    dropped(place, new)
    return SIX | new


def ten_between(place: Place) -> Files:
    dropped(place, THREE)
    new = colours([f"001-{number:02}.png" for number in range(10)], 200)
    dropped(place, new)
    return THREE | new


def one_after_the_other(place: Place) -> Files:
    files = colours(["c.png", "a.png", "d.png", "b.png"], 90)
    for name, content in files.items():
        dropped(place, {name: content})
    return files


def replaced(place: Place) -> Files:
    dropped(place, SIX)
    new = colours(["002.png", "005.png"], 200)
    dropped(place, new)
    return SIX | new


def deleted_and_dropped_again(place: Place) -> Files:
    dropped(place, SIX)
    for name in ("002.png", "004.png"):
        place.remove(f"{MUG}/{name}")
    place.all_done()
    new = colours(["002.png", "004.png"], 200)
    dropped(place, new)
    return SIX | new


def one_that_is_no_picture(place: Place) -> Files:
    dropped(place, {**SIX, "004.png": b"this is no picture"})
    return {name: content for name, content in SIX.items() if name != "004.png"}


SITUATIONS: list[Callable[[Place], Files]] = [
    twenty_at_once,
    one_between,
    ten_between,
    one_after_the_other,
    replaced,
    deleted_and_dropped_again,
    one_that_is_no_picture,
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
@pytest.mark.parametrize("result_format", FORMATS)
@pytest.mark.parametrize("shop", SHOPS)
def test_each_file_is_there_once_under_its_own_key_and_in_order(
    cloud: Cloud, shop: str, result_format: str, situation: Callable[[Place], Files]
) -> None:
    how = {"result_format": result_format, **SHOPS[shop]}
    with opened(cloud, Circumstances(sandbox=how, mirror_deletes=True, verify="auto")) as place:
        files = situation(place)
        shown = [sha for sha, _ in place.shown()]
        assert sorted(shown) == sorted(sums(files).values())
        assert under_their_keys(place) == sums(files), place.errors()
        if shop != "changes ignored":
            assert shown == [sums(files)[name] for name in sorted(files, key=lambda name: order(f"drop:{MUG}/{name}"))]


@pytest.mark.parametrize("shop", [shop for shop in SHOPS if shop != "kept"])
def test_where_nobody_looks_at_pictures_all_are_for_a_person_and_none_is_taken_for_another(
    cloud: Cloud, shop: str
) -> None:
    with opened(cloud, Circumstances(sandbox={"result_format": "none", **SHOPS[shop]})) as place:
        files = one_that_is_no_picture(place)
        assert sorted(sha for sha, _ in place.shown()) == sorted(sums(files).values())
        codes = {entry.failure.code for entry in place.ledger().entries.values() if entry.failure is not None}
        assert (under_their_keys(place), codes) == ({}, {"unexplained"})


@pytest.mark.parametrize("verify", [None, "auto"], ids=["nobody looks", "looked at"])
@pytest.mark.parametrize("shop", SHOPS)
def test_after_a_lost_answer_nothing_is_sent_twice_and_who_cannot_be_told_is_for_a_person(
    cloud: Cloud, shop: str, verify: Verify | None
) -> None:
    with opened(cloud, Circumstances(sandbox={"result_format": "names", **SHOPS[shop]}, verify=verify)) as place:
        dropped(place, THREE)
        place.api.fault("images.insert", "reset_after")
        new = colours(["001-a.png", "001-b.png"], 200)
        dropped(place, new)
        assert place.calls("images.insert") == 2
        assert sorted(sha for sha, _ in place.shown()) == sorted(sums(THREE | new).values())
        entries = {key.rpartition("/")[2]: entry for key, entry in place.ledger().entries.items()}
        live = under_their_keys(place)
        for name in new:
            failure = entries[name].failure
            assert live.get(name) == sums(new)[name] or (failure is not None and failure.code == "unexplained")
        assert {name: live[name] for name in THREE} == sums(THREE)
        if shop == "kept" or verify is not None:
            assert live == sums(THREE | new)

"""The rotating check: a gallery is compared with Shoptet itself, although neither bucket nor ledger has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from gallery_sync.core.ledger import Flight, Intent, Ledger, Pause
from gallery_sync.core.schedule import Timing
from tests.contract.sandbox.support import MUG
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import CODE, Place, opened
from tests.faults.table.scenes import BLUE, INSERT, RED, shown

ROUND = Timing().audit_every
A, B = f"drop:{MUG}/a.png", f"drop:{MUG}/b.png"


@contextmanager
def live(cloud: Cloud, *, folder: str = MUG, **circumstances: Any) -> Iterator[Place]:
    """Give a place where two pictures are live, and the round of checks has begun."""
    with opened(cloud, Circumstances(**circumstances)) as place:
        place.put(f"{folder}/a.png", RED)
        place.put(f"{folder}/b.png", BLUE)
        work(place)
        place.sweep()
        work(place)
        assert place.shown() == INSERT.wanted
        yield place


def work(place: Place) -> None:
    while place.step():
        pass


def check(place: Place) -> list[dict[str, Any]]:
    """Let the gallery be checked an hour later, and give what was logged."""
    place.clock.sleep(3600)
    place.api.control("DELETE", "calls")
    lines = len(place.lines())
    place.queue.audit(MUG, "shop", place.clock.now())
    work(place)
    return place.lines()[lines:]


def a_person_deletes(place: Place, key: str) -> str:
    """Delete the key's image in the shop, and give its name."""
    name = name_of(place.ledger(), key)
    place.api.control("DELETE", f"images/{MUG}/shop/{name}")
    return name


def name_of(ledger: Ledger, key: str) -> str:
    there = ledger.entries[key].live
    assert there is not None
    return there.name


def calls(place: Place) -> dict[str, int]:
    counted: dict[str, int] = place.api.control("GET", "calls")["operations"]
    return counted


def as_kept(place: Place) -> Ledger:
    """The ledger, but for how the gallery was seen, which each look notes."""
    return msgspec.structs.replace(place.ledger(), seen_as=None)


def test_a_galleries_turn_comes_once_in_a_round(cloud: Cloud) -> None:
    with live(cloud) as place:
        place.clock.sleep(ROUND)
        place.sweep()
        bodies = [task.http_request.body for task in place.tasks()]
        assert bodies == [f'{{"gallery":"shop","guid":"{MUG}","check":true}}'.encode()]
        place.api.control("DELETE", "calls")
        work(place)
        assert calls(place) == {"product.detail": 1}
        place.sweep()
        assert place.tasks() == []


def test_where_all_is_as_it_should_be_a_check_costs_one_listing_and_writes_nothing(cloud: Cloud) -> None:
    with live(cloud) as place:
        before = as_kept(place)
        assert check(place) == []
        assert calls(place) == {"product.detail": 1}
        assert as_kept(place) == before


def test_what_a_person_deleted_is_gone_told_once_and_not_inserted_again(cloud: Cloud) -> None:
    with live(cloud) as place:
        name = a_person_deletes(place, A)
        (line,) = check(place)
        assert (line["severity"], line["gone"]) == ("INFO", 1)
        assert (
            f"a person deleted them in the shop; they stay out until their files change or are dropped again: {name}"
            in (line["message"])
        )
        assert calls(place) == {"product.detail": 1}
        there = place.ledger().entries[A].live
        assert there is not None
        assert there.gone
        assert place.shown() == shown(BLUE)

        assert check(place) == []
        assert place.shown() == shown(BLUE)
        # Dropping it again is how one asks for it back.
        place.put(f"{MUG}/a.png", RED)
        work(place)
        assert sorted(place.shown()) == sorted(INSERT.wanted)


def test_an_ordinary_look_asks_shoptet_nothing(cloud: Cloud) -> None:
    with live(cloud) as place:
        a_person_deletes(place, A)
        place.api.control("DELETE", "calls")
        place.queue.gallery(MUG, "shop", place.clock.now())
        work(place)
        assert calls(place) == {}


def test_images_that_are_not_ours_are_left_alone(cloud: Cloud) -> None:
    with live(cloud, mirror_deletes=True) as place:
        place.api.by_hand(MUG, priority=1)
        before = as_kept(place)
        assert check(place) == []
        assert len(place.shown()) == 3
        assert as_kept(place) == before


@pytest.mark.parametrize("mirrors", [False, True])
@pytest.mark.parametrize("folder", [MUG, CODE])
def test_a_folder_that_was_emptied_without_anybodys_notice_is_read_again(
    cloud: Cloud, mirrors: bool, folder: str
) -> None:
    with live(cloud, folder=folder, mirror_deletes=mirrors) as place:
        for file in ("a.png", "b.png"):
            place.drops.blob(f"{folder}/{file}").delete()
        place.queue.audit(MUG, "shop", place.clock.now())
        work(place)
        assert all(entry.wanted is None for entry in place.ledger().entries.values())
        assert place.shown() == (() if mirrors else INSERT.wanted)
        assert place.quiet()


@pytest.mark.parametrize("mirrors", [False, True])
def test_the_daily_full_look_finds_an_emptied_folder_before(cloud: Cloud, mirrors: bool) -> None:
    with live(cloud, mirror_deletes=mirrors) as place:
        for file in ("a.png", "b.png"):
            place.drops.blob(f"{MUG}/{file}").delete()
        place.clock.sleep(86_400)
        place.sweep()
        work(place)
        assert all(entry.wanted is None for entry in place.ledger().entries.values())
        assert place.shown() == (() if mirrors else INSERT.wanted)
        place.clock.sleep(86_400)
        place.sweep()
        assert place.tasks() == []


def change(place: Place, **changes: Any) -> None:
    place.world.ledgers.change(MUG, "shop", lambda held: msgspec.structs.replace(held, **changes))


def test_a_flight_under_way_is_looked_at_when_it_is_due_and_not_for_a_check(cloud: Cloud) -> None:
    with live(cloud) as place:
        now = place.clock.now()
        change(place, flight=Flight("f1", "insert", now, now + 60, grace_until=now + 2 * 86_400, images={}))
        place.clock.sleep(3600)
        place.api.control("DELETE", "calls")
        place.queue.audit(MUG, "shop", place.clock.now())
        assert place.step()
        assert calls(place) == {}
        (task,) = place.tasks()
        assert "check" not in task.http_request.body.decode()
        assert task.schedule_time.timestamp() >= now + 2 * 86_400


def test_a_gallery_that_is_paused_is_not_asked_about(cloud: Cloud) -> None:
    with live(cloud) as place:
        a_person_deletes(place, A)
        change(place, pause=Pause(place.clock.now() + 86_400, "Shoptet is being maintained", 1))
        assert check(place) == []
        assert calls(place) == {}
        there = place.ledger().entries[A].live
        assert there is not None
        assert not there.gone


def test_what_a_caller_asked_comes_first_and_the_check_after_it(cloud: Cloud) -> None:
    with live(cloud) as place:
        a_person_deletes(place, A)
        change(place, intents=(Intent("op/0", "delete", place.clock.now(), name=name_of(place.ledger(), B)),))
        lines = check(place)
        assert [line["message"].partition(",")[0] for line in lines] == [
            "delete carried out",
            "no longer in the gallery",
        ]
        assert place.shown() == ()


@pytest.mark.parametrize("kind", ["html", "reset_before", "timeout"])
def test_a_shop_that_does_not_answer_leaves_the_check_out(cloud: Cloud, kind: str) -> None:
    with live(cloud) as place:
        a_person_deletes(place, A)
        before = as_kept(place)
        place.api.fault("product.detail", kind, times=100, delay=0.3)
        lines = check(place)
        assert {line["severity"] for line in lines} == {"WARNING"}
        assert all(line["message"].startswith("not now: ") for line in lines)
        assert as_kept(place) == before
        # Not again and again: a look that asks nothing ends it, and the gallery's turn comes again.
        assert len([ran for ran in place.runs if "check" in ran.what]) == 1
        place.api.control("DELETE", "faults")
        (line,) = check(place)
        assert line["gone"] == 1


def test_a_product_that_is_gone_is_as_it_is_for_every_look(cloud: Cloud) -> None:
    with live(cloud) as place:
        before = as_kept(place)
        place.api.control("DELETE", f"products/{MUG}")
        assert check(place) == []
        assert calls(place) == {"product.detail": 1}
        assert as_kept(place) == before
        assert place.tasks() == []


def test_what_landed_a_moment_ago_is_not_taken_for_gone(cloud: Cloud) -> None:
    # A listing may lag behind the one that showed it.
    with live(cloud) as place:
        entry = place.ledger().entries[A]
        assert entry.live is not None
        seen = msgspec.structs.replace(entry.live, seen=place.clock.now())
        change(place, entries={**place.ledger().entries, A: msgspec.structs.replace(entry, live=seen)})
        a_person_deletes(place, A)
        before = as_kept(place)
        place.queue.audit(MUG, "shop", place.clock.now())
        work(place)
        assert as_kept(place) == before
        (line,) = check(place)
        assert line["gone"] == 1

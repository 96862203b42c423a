"""Ledgers that many runs change at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from google.cloud.storage import Client

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core import ledger as ledgers
from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Content, Entry, Flight, Ledger, Live, Wanted
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.storage import PreconditionFailed, StorageUnavailable
from gallery_sync.state.ledgers import TRIES, Held, Ledgers, listed_folders

from .conftest import World

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
EMPTY = Ledger(GUID, "shop")
MOST_ATTEMPTS = 20


def flight(name: str) -> Flight:
    return Flight(name, "insert", started=1.0, send_until=2.0, grace_until=3.0, images={})


def with_key(ledger: Ledger, key: str) -> Ledger:
    entry = Entry(wanted=Wanted(Content(key.removeprefix("drop:"), 1, f"md5:{key}", 1), created=1.0))
    return ledgers.with_entries(ledger, {key: entry})


def test_a_gallery_without_a_ledger_has_an_empty_one(world: World) -> None:
    assert Ledgers(world.documents).read(GUID, "shop360") == Held(Ledger(GUID, "shop360"), 0)


def test_a_ledger_is_read_as_it_was_written_and_shows_its_counts_in_a_listing(world: World) -> None:
    store = Ledgers(world.documents)
    written = store.write(store.read(GUID, "shop"), with_key(EMPTY, "drop:p/a.png"))
    assert store.read(GUID, "shop") == written
    (listed,) = world.documents.list(ledger_document.PREFIX)
    assert listed.path == f"ledger/{GUID}/shop.json"
    assert dict(listed.metadata) == ledger_document.counts(written.ledger).metadata() | {"folders": "p"}


def test_a_listing_names_the_folders_whose_files_a_ledger_would_miss(world: World) -> None:
    store = Ledgers(world.documents)
    ledger = EMPTY
    for key in ("drop:B/shop/b.png", "drop:A/a.png", "drop:62%2FXL/shop/č.png", "drop:A/shop/c.png", "url:front"):
        ledger = with_key(ledger, key)
    # Shown, but its file was deleted before; and a caller's URL for such a one: no folder is missed for either.
    old = Entry(None, Live("1.png", "md5:1", 1))
    by_url = Entry(Wanted(Content("https://x.test/a.png", 1, "u", 0, url=True), 1.0), Live("2.png", "md5:2", 1))
    ledger = ledgers.with_entries(ledger, {"drop:C/c.png": old, "drop:D/d.png": by_url})
    written = store.write(store.read(GUID, "shop"), ledger)
    (listed,) = world.documents.list(ledger_document.PREFIX)
    assert listed_folders(listed) == ["62%2FXL", "A", "B"]

    store.write(written, EMPTY)
    (listed,) = world.documents.list(ledger_document.PREFIX)
    assert listed_folders(listed) == []


def test_folders_that_an_objects_metadata_has_no_room_for_are_left_out(world: World) -> None:
    ledger = EMPTY
    for number in range(30):
        ledger = with_key(ledger, f"drop:{number:02}{'%C5%BE' * 60}/a.png")
    store = Ledgers(world.documents)
    store.write(store.read(GUID, "shop"), ledger)
    (listed,) = world.documents.list(ledger_document.PREFIX)
    assert [folder[:2] for folder in listed_folders(listed)] == [f"{number:02}" for number in range(11)]


def test_a_ledger_that_was_written_meanwhile_is_not_written_over(world: World) -> None:
    store = Ledgers(world.documents)
    held = store.read(GUID, "shop")
    store.write(held, with_key(EMPTY, "theirs"))
    with pytest.raises(PreconditionFailed):
        store.write(held, with_key(EMPTY, "mine"))
    assert set(store.read(GUID, "shop").ledger.entries) == {"theirs"}


def test_what_a_decision_leaves_as_it_is_is_not_written(world: World) -> None:
    assert Ledgers(world.documents).change(GUID, "shop", lambda ledger: ledger) == EMPTY
    assert world.server.calls().get("objects.insert", 0) == 0


def test_a_change_over_what_others_wrote_meanwhile_is_decided_again(world: World) -> None:
    store = Ledgers(world.documents)
    seen: list[set[str]] = []

    def decide(ledger: Ledger) -> Ledger:
        if not seen:
            store.write(store.read(GUID, "shop"), with_key(ledger, "theirs"))
        seen.append(set(ledger.entries))
        return with_key(ledger, "mine")

    assert set(store.change(GUID, "shop", decide).entries) == {"theirs", "mine"}
    assert seen == [set(), {"theirs"}]


def test_a_change_whose_answer_was_lost_is_decided_once(world: World) -> None:
    store = Ledgers(world.documents)
    seen: list[Ledger] = []
    world.server.fault(kind="objects.insert", reset=True, when="after")

    def decide(ledger: Ledger) -> Ledger:
        seen.append(ledger)
        return with_key(ledger, "mine")

    store.change(GUID, "shop", decide)
    assert len(seen) == 1
    assert set(store.read(GUID, "shop").ledger.entries) == {"mine"}


def test_a_change_gives_up_after_so_many_tries(world: World) -> None:
    store = Ledgers(world.documents, world.clock)
    tries: list[int] = []

    def decide(ledger: Ledger) -> Ledger:
        tries.append(len(tries))
        store.write(store.read(GUID, "shop"), with_key(ledger, f"theirs-{len(tries)}"))
        return with_key(ledger, "mine")

    with pytest.raises(StorageUnavailable, match=rf"ledger/{GUID}/shop\.json was written by others {TRIES} times"):
        store.change(GUID, "shop", decide)
    assert len(tries) == TRIES
    assert "mine" not in store.read(GUID, "shop").ledger.entries


def test_twenty_runs_that_change_one_ledger_lose_no_change(world: World, make_client: Callable[[], Client]) -> None:
    stores = [Ledgers(BucketDocuments(make_client().bucket(world.state_bucket.name))) for _ in range(20)]

    def change(number: int) -> int:
        """Change until it is done, as tasks that fail come again; gives how often."""
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                changed = stores[number].change(GUID, "shop", lambda ledger: with_key(ledger, f"key-{number}"))
            except StorageUnavailable:
                continue
            assert f"key-{number}" in changed.entries
            return attempt
        raise AssertionError(f"no try of {MOST_ATTEMPTS} went through")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(change, range(20)))
    assert set(Ledgers(world.documents).read(GUID, "shop").ledger.entries) == {f"key-{n}" for n in range(20)}


def test_of_twenty_runs_that_want_to_take_off_exactly_one_does(world: World, make_client: Callable[[], Client]) -> None:
    stores = [Ledgers(BucketDocuments(make_client().bucket(world.state_bucket.name))) for _ in range(20)]

    def take_off(number: int) -> bool:
        held = stores[number].read(GUID, "shop")
        if held.ledger.flight is not None:
            return False
        try:
            stores[number].write(held, msgspec.structs.replace(held.ledger, flight=flight(f"flight-{number}")))
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        flying = [number for number, took_off in enumerate(pool.map(take_off, range(20))) if took_off]
    found = Ledgers(world.documents).read(GUID, "shop").ledger.flight
    assert found is not None
    assert [f"flight-{number}" for number in flying] == [found.id]


def test_a_flight_is_changed_only_while_it_is_the_one_under_way(world: World) -> None:
    store = Ledgers(world.documents)
    mine, theirs = flight("mine"), flight("theirs")
    ended = store.write(store.read(GUID, "shop"), msgspec.structs.replace(EMPTY, flight=theirs))
    after = store.change_flight(EMPTY, mine, lambda held: msgspec.structs.replace(held, flight=None))
    assert after == ended.ledger
    after = store.change_flight(EMPTY, theirs, lambda held: msgspec.structs.replace(held, flight=None))
    assert after.flight is None
    assert store.read(GUID, "shop").ledger.flight is None


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"guid": "g", "gallery": "shop", "schema": 99}'])
def test_a_document_that_is_no_ledger_is_told_and_not_written_over(world: World, body: bytes) -> None:
    world.documents.write(f"ledger/{GUID}/shop.json", body, generation=0)
    with pytest.raises(BadDocument, match=rf"^ledger/{GUID}/shop\.json "):
        Ledgers(world.documents).change(GUID, "shop", lambda ledger: with_key(ledger, "mine"))
    stored = world.documents.read(f"ledger/{GUID}/shop.json")
    assert stored is not None
    assert stored.body == body

"""What a look at a picture in the shop does to the ledger: what differs is sent once more, and people win."""

from typing import Any

import msgspec
import pytest

from gallery_sync.core import receipts, settle
from gallery_sync.core.ledger import (
    Entry,
    Failure,
    Ledger,
    Live,
    Picture,
    Receipt,
    Saw,
    Sighting,
    Snapshot,
    is_waiting,
    reconcile_at,
)
from gallery_sync.core.plan import Nothing, Policy, StartFlight, plan
from gallery_sync.core.see import see
from gallery_sync.core.shop_facts import Facts, Verify, looks_at
from tests.unit.core.build import KEPT, NOW, a_ledger, img, key, live, sent, wanted

replace = msgspec.structs.replace

A = key("a.jpg")
LANDED, LATER = "2024-07-01T12:00:00+0000", "2024-07-01T12:05:00+0000"
JPEG = Picture("jpeg", 800, 600, 1_000, "5a5a")


def of(receipt: Receipt | None = None, change_time: str | None = LANDED, **more: Any) -> Ledger:
    shows = live("a.jpg", "1.jpg", priority=100, change_time=change_time, receipt=receipt, **more)
    return a_ledger({A: Entry(wanted("a.jpg"), shows)})


def after(ledger: Ledger, saw: Saw, at: float = NOW) -> Ledger:
    return receipts.noted(ledger, {A: Sighting(saw, JPEG, JPEG)}, ledger, at)


def receipt_of(ledger: Ledger) -> Receipt:
    shows = ledger.entries[A].live
    assert shows is not None
    assert shows.receipt is not None
    return shows.receipt


def step(ledger: Ledger) -> object:
    return plan(ledger, [img("1.jpg", 100)], NOW, Policy(), KEPT)


@pytest.mark.parametrize("saw", ["same", "similar", "unsure", "replaced"])
def test_what_is_as_it_was_sent_is_noted_and_not_looked_at_again(saw: Saw) -> None:
    ledger = after(of(), saw)
    assert receipt_of(ledger) == Receipt(saw, NOW, JPEG, JPEG)
    assert receipts.due(ledger) == []
    assert (reconcile_at(ledger), step(ledger)) == (0.0, Nothing())


def test_what_cannot_be_had_is_looked_at_three_times_in_all() -> None:
    ledger = of()
    for tries in range(1, receipts.MOST_TRIES + 1):
        assert receipts.due(ledger) == [A]
        ledger = after(ledger, "nothing")
        assert receipt_of(ledger).tries == tries
    assert receipts.due(ledger) == []


def test_another_picture_is_replaced_once_and_then_for_a_person() -> None:
    ledger = after(of(), "different")
    assert is_waiting(ledger.entries[A])
    assert reconcile_at(ledger) == 1.0
    flight = step(ledger)
    assert isinstance(flight, StartFlight)
    assert (flight.action, flight.images[A].name) == ("source", "1.jpg")
    again = settle.became_live(
        ledger.entries[A], replace(flight.images[A], name="1.jpg"), img("1.jpg", change_time=LATER), KEPT
    )
    ledger = replace(ledger, entries={A: again})
    assert receipt_of(ledger) == Receipt(times_different=1)
    assert not is_waiting(again)
    assert receipts.due(ledger) == [A]
    ledger = after(ledger, "different", NOW + 60)
    failure = ledger.entries[A].failure
    assert failure is not None
    assert (failure.code, failure.at) == ("different", NOW + 60)
    assert "1.jpg" in failure.reason
    assert receipts.due(ledger) == []
    assert isinstance(step(ledger), Nothing)


def test_what_is_right_after_it_was_sent_again_is_over() -> None:
    again = of(Receipt(times_different=1))
    ledger = after(again, "same")
    assert ledger.entries[A].failure is None
    assert (receipts.due(ledger), step(ledger)) == ([], Nothing())


@pytest.mark.parametrize(
    ("shown_at", "saw"), [(LATER, "replaced"), (LANDED, "different"), (None, "different"), ("yesterday", "different")]
)
def test_a_picture_that_a_person_put_there_since_stays(shown_at: str | None, saw: Saw) -> None:
    ledger = see(after(of(), "different"), [img("1.jpg", 100, change_time=shown_at)])
    assert receipt_of(ledger).saw == saw
    assert isinstance(step(ledger), StartFlight) == (saw == "different")


def test_without_a_time_of_its_last_change_nobody_knows_whose_it_is() -> None:
    ledger = after(of(change_time=None), "different")
    assert ledger.entries[A].failure is not None
    assert isinstance(step(ledger), Nothing)


def test_an_earlier_look_keeps_what_was_seen_where_nothing_is_seen_now() -> None:
    ledger = receipts.noted(of(), {A: Sighting("nothing", JPEG, None, "gone")}, of(), NOW)
    assert receipt_of(ledger) == Receipt("nothing", NOW, JPEG, why="gone", tries=1)
    ledger = receipts.noted(ledger, {A: Sighting("nothing", why="away")}, ledger, NOW)
    assert receipt_of(ledger) == Receipt("nothing", NOW, JPEG, why="away", tries=2)


CHANGED = [
    pytest.param(of(checksum="another"), id="another content landed"),
    pytest.param(replace(of(), entries={A: Entry(wanted("a.jpg"), live("a.jpg", "2.jpg"))}), id="another name"),
    pytest.param(replace(of(), entries={A: Entry(wanted("a.jpg"))}), id="deleted"),
    pytest.param(of(Receipt(times_different=1)), id="sent again"),
    pytest.param(of(Receipt(tries=1)), id="looked at by another run"),
    pytest.param(a_ledger(), id="forgotten"),
]


@pytest.mark.parametrize("there", CHANGED)
def test_what_changed_meanwhile_is_not_judged_by_an_old_look(there: Ledger) -> None:
    assert receipts.noted(there, {A: Sighting("different", JPEG, JPEG)}, of(), NOW) == there


def entry(of_live: Live | None, **more: object) -> Ledger:
    return a_ledger({A: Entry(more.pop("wanted", wanted("a.jpg")), of_live, **more)})  # type: ignore[arg-type]


NOT_DUE = [
    pytest.param(entry(None), id="not live"),
    pytest.param(entry(live("a.jpg", "1.jpg"), wanted=None), id="not wanted any more"),
    pytest.param(entry(live("a.jpg", "1.jpg", state="gone")), id="deleted by a person"),
    pytest.param(entry(live("a.jpg", "1.jpg", adopted=True)), id="never sent"),
    pytest.param(entry(live("a.jpg", "1.jpg", 2)), id="another content is wanted"),
    pytest.param(entry(live("a.jpg", "1.jpg"), failure=Failure("code", "reason", NOW)), id="for a person"),
    pytest.param(
        entry(
            live("a.jpg", "1.jpg"), wanted=replace(wanted("a.jpg"), content=replace(wanted("a.jpg").content, url=True))
        ),
        id="a caller's picture",
    ),
]


@pytest.mark.parametrize("ledger", NOT_DUE)
def test_what_is_not_ours_to_compare_is_not_looked_at(ledger: Ledger) -> None:
    assert receipts.due(ledger) == []


def test_a_change_of_attributes_keeps_the_receipt_and_another_content_does_not() -> None:
    before = of(Receipt("same", NOW, JPEG, JPEG)).entries[A]
    described = settle.became_live(before, Snapshot(description="new", name="1.jpg"), img("1.jpg"), KEPT)
    assert described.live is not None
    assert described.live.receipt == Receipt("same", NOW, JPEG, JPEG)
    other = settle.became_live(before, replace(sent("b.jpg"), name="1.jpg"), img("1.jpg"), KEPT)
    assert other.live is not None
    assert other.live.receipt == Receipt(before="5a5a")


def test_what_was_shown_before_is_known_until_something_else_was_seen() -> None:
    stale = of(Receipt(before="5a5a"))
    for saw, before in (("nothing", "5a5a"), ("different", "5a5a"), ("same", ""), ("similar", ""), ("unsure", "")):
        assert receipt_of(after(stale, saw)).before == before  # type: ignore[arg-type]
    assert receipts.landed(live("a.jpg", "1.jpg", receipt=Receipt("nothing")), "another") is None
    again = live("a.jpg", "1.jpg", receipt=Receipt("different", times_different=1, before="5a5a"))
    assert receipts.landed(again, again.checksum) == Receipt(times_different=1, before="5a5a")


@pytest.mark.parametrize(
    ("verify", "facts", "looks"),
    [
        ("off", Facts(originals={"shop": "https://shop.example/"}, probed_at=1.0), False),
        ("on", Facts(), True),
        ("on", Facts(probed_at=1.0), False),
        ("auto", Facts(), False),
        ("auto", Facts(originals={"shop": "https://shop.example/"}), False),
        ("auto", Facts(probed_at=1.0), False),
        ("auto", Facts(originals={"shop": "https://shop.example/"}, probed_at=1.0), True),
    ],
)
def test_auto_looks_where_the_probe_found_the_pictures(verify: Verify, facts: Facts, looks: bool) -> None:
    assert looks_at(facts, verify, "shop") is looks
    # Where its frames are nobody knows, whoever wants to look at them.
    assert looks_at(facts, verify, "shop360") is False

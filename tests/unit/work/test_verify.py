"""Looking at pictures in the shop: what is fetched, what is noted, and what happens where something is not to be had."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from gallery_sync.core import receipts
from gallery_sync.core.ledger import Content, Entry, Ledger, Receipt, Snapshot
from gallery_sync.core.likeness import SIDE, Signature
from gallery_sync.core.names import outbox
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_facts import Verify as How
from gallery_sync.core.shop_values import Gallery, Product
from gallery_sync.log import Log
from gallery_sync.ports import shop_errors
from gallery_sync.ports.decoder import Decoded, Unreadable
from gallery_sync.ports.queue import Fetch
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.state import shop_facts
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.verify import verify
from gallery_sync.work.world import FetchWorld
from tests.integration.http.world import Breakable, Clock, Written
from tests.unit.core.build import GUID, a_flight, content, key, live, wanted

replace = msgspec.structs.replace

ADDRESS = "https://shop.example/user/shop/orig/"
HERE = Facts(originals={"shop": ADDRESS}, probed_at=1.0)
A, B = key("a.jpg"), key("b.jpg")


def decode(content: bytes) -> Decoded:
    """Pictures of one grey, whose bytes are its number, and what stands behind a space is only how it was encoded."""
    shade = content.partition(b" ")[0]
    if not shade.isdigit():
        raise Unreadable("it is no picture")
    return Decoded(Signature(40, 30, shade.decode(), bytes([int(shade)]) * (SIDE * SIDE * 3)), "jpeg", b"")


@dataclass
class Town:
    """A shop's site, the bytes that were sent, and the documents."""

    documents: Breakable = field(default_factory=Breakable)
    queue: Written = field(default_factory=Written)
    clock: Clock = field(default_factory=Clock)
    lines: io.StringIO = field(default_factory=io.StringIO)
    site: dict[str, bytes] = field(default_factory=dict)
    copies: dict[str, bytes] = field(default_factory=dict)
    files: dict[tuple[str, int], bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    address: str | Exception | None = ADDRESS
    how: How = "on"
    seconds: float = 0.0
    """That one picture takes."""

    def originals(self) -> str | None:
        self.asked.append("originals")
        if isinstance(self.address, Exception):
            raise self.address
        return self.address

    def original(self, address: str, name: str) -> bytes:
        self.asked.append(address + name)
        self.clock.time += self.seconds
        if name not in self.site:
            raise NoOriginal("the shop's site answered 404")
        return self.site[name]

    def product(self, guid: str) -> Product:
        raise AssertionError("only what is kept asks for the product")

    def keep(self, content: Content, path: str) -> bool:
        raise AssertionError("nothing is to be kept")

    def keep_copy(self, made: str, path: str) -> bool:
        raise AssertionError("nothing is to be kept")

    def put(self, path: str, picture: bytes) -> None:
        raise AssertionError("nothing is to be kept")

    def copy(self, path: str) -> bytes | None:
        return self.copies.get(path)

    def file(self, content: Content) -> bytes | None:
        return self.files.get((content.source, content.generation))

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]

    def said(self, severity: str) -> list[str]:
        return [line["message"] for line in self.log if line["severity"] == severity]

    @property
    def ledgers(self) -> Ledgers:
        return Ledgers(self.documents, self.clock)

    def holds(self, entries: Mapping[str, Entry], **more: Any) -> None:
        self.ledgers.change(GUID, "shop", lambda held: replace(held, prefixes=("A",), entries=dict(entries), **more))

    def verify(self, gallery: Gallery = "shop") -> None:
        world = FetchWorld(
            documents=self.documents,
            queue=self.queue,
            clock=self.clock,
            log=Log("fetch_images", self.lines),
            timing=Timing(),
            shop=self,
            sent=self,
            removed=self,
            original=self.original,
            decode=decode,
            verify=self.how,
        )
        verify(world, Fetch(GUID, gallery), self.clock.now() + 45)

    @property
    def ledger(self) -> Ledger:
        return self.ledgers.read(GUID, "shop").ledger

    def receipt(self, name: str = A) -> Receipt | None:
        shows = self.ledger.entries[name].live
        return shows.receipt if shows is not None else None


@pytest.fixture
def town() -> Town:
    one = Town()
    shop_facts.note(one.documents, lambda _: HERE)
    one.holds({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", change_time="2024-07-01T12:00:00+0000"))})
    one.copies[outbox("A/shop/a.jpg", 1)] = b"10"
    one.site["1.jpg"] = b"10"
    return one


@pytest.mark.parametrize(
    ("shown", "saw"),
    [(b"10", "same"), (b"10 again", "same"), (b"11", "similar"), (b"16", "unsure"), (b"200", "different")],
)
def test_what_the_shop_shows_is_compared_with_what_was_sent(town: Town, shown: bytes, saw: str) -> None:
    town.site["1.jpg"] = shown
    town.verify()
    receipt = town.receipt()
    assert receipt is not None
    assert (receipt.saw, receipt.at) == (saw, town.clock.now())
    assert receipt.sent is not None
    assert receipt.shown is not None
    assert (receipt.sent.bytes, receipt.shown.bytes) == (2, len(shown))
    assert town.asked == [ADDRESS + "1.jpg"]
    assert [look for look in town.queue.asked if look[0] == "fetch"] == []


def test_what_the_shop_showed_before_is_stale_however_alike_the_two_are(town: Town) -> None:
    town.site["1.jpg"] = b"11"
    town.verify()
    shows = town.ledger.entries[A].live
    assert shows is not None
    assert shows.receipt is not None
    assert shows.receipt.saw == "similar"
    landed = replace(shows, checksum="sum-a.jpg-2", generation=2, receipt=receipts.landed(shows, "sum-a.jpg-2"))
    town.holds({A: Entry(wanted("a.jpg", 2), landed)})
    town.copies[outbox("A/shop/a.jpg", 2)] = b"12"
    town.verify()
    receipt = town.receipt()
    assert receipt is not None
    assert (receipt.saw, receipt.times_different) == ("different", 1)


def test_another_picture_is_told_and_its_gallery_reconciled(town: Town) -> None:
    town.site["1.jpg"] = b"200"
    town.verify()
    assert town.said("WARNING") == [
        "A/shop/a.jpg: the shop shows another picture than the one that was sent, which is sent again"
    ]
    assert ("gallery", GUID, "shop") in town.queue.asked


def test_a_second_time_it_is_for_a_person(town: Town) -> None:
    town.holds({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", receipt=Receipt(times_different=1)))})
    town.site["1.jpg"] = b"200"
    town.verify()
    (error,) = town.said("ERROR")
    assert "drop:A/shop/a.jpg failed for good: the shop shows another picture" in error
    # Reconciled once, which finds that nothing is open any more.
    assert town.queue.asked == [("gallery", GUID, "shop")]


def test_what_was_made_of_a_file_is_compared_and_never_the_file(town: Town) -> None:
    def sent_otherwise(held: Ledger) -> Ledger:
        entry = held.entries[A]
        assert entry.live is not None
        return replace(held, entries={A: replace(entry, live=replace(entry.live, made="outbox/made/1.jpg"))})

    Ledgers(town.documents, town.clock).change(GUID, "shop", sent_otherwise)
    town.copies = {"outbox/made/1.jpg": b"10"}
    town.files = {("A/shop/a.jpg", 1): b"90"}
    town.verify()
    receipt = town.receipt()
    assert receipt is not None
    assert receipt.saw == "same"


def test_without_a_copy_the_file_itself_is_compared_and_without_either_nothing(town: Town) -> None:
    town.copies.clear()
    town.files["A/shop/a.jpg", 1] = b"10"
    town.verify()
    receipt = town.receipt()
    assert receipt is not None
    assert receipt.saw == "same"
    town.files.clear()
    town.holds({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"))})
    town.verify()
    receipt = town.receipt()
    assert receipt is not None
    assert (receipt.saw, receipt.why) == ("nothing", "neither its copy nor its file is there any more")
    assert town.asked == [ADDRESS + "1.jpg"]


@pytest.mark.parametrize(
    ("site", "sent", "why"),
    [
        ({}, b"10", "what the shop shows cannot be had: the shop's site answered 404"),
        ({"1.jpg": b"<html>"}, b"10", "what the shop shows cannot be had: it is no picture"),
        ({"1.jpg": b"10"}, b"%PDF", "the file cannot be compared: it is no picture"),
    ],
)
def test_what_cannot_be_had_is_tried_three_times_ever_more_rarely(
    town: Town, site: dict[str, bytes], sent: bytes, why: str
) -> None:
    town.site, town.copies[outbox("A/shop/a.jpg", 1)] = site, sent
    waits = []
    for _ in range(4):
        town.verify()
        looks = [look for look in town.queue.asked if look[0] == "fetch"]
        waits.append(looks[-1][3] - town.clock.now() if looks else None)
        town.queue.asked.clear()
    assert waits == [30.0, 60.0, None, None]
    receipt = town.receipt()
    assert receipt is not None
    assert (receipt.saw, receipt.tries, receipt.why) == ("nothing", 3, why)


def test_what_there_is_no_time_for_is_looked_at_next(town: Town) -> None:
    town.holds({key(f"{n}.jpg"): Entry(wanted(f"{n}.jpg"), live(f"{n}.jpg", f"{n}.jpg")) for n in range(10)})
    town.copies = {outbox(f"A/shop/{n}.jpg", 1): b"10" for n in range(10)}
    town.site = {f"{n}.jpg": b"10" for n in range(10)}
    town.seconds = 20.0
    town.verify()
    assert len(town.asked) == 3
    assert [look for look in town.queue.asked if look[0] == "fetch"] == [("fetch", GUID, "shop", town.clock.now())]
    for _ in range(3):
        town.verify()
    assert sorted(town.asked) == sorted(ADDRESS + f"{n}.jpg" for n in range(10))


def test_where_the_pictures_are_is_asked_once_and_noted(town: Town) -> None:
    town.documents.delete(shop_facts.PATH)
    town.verify()
    assert town.asked == ["originals", ADDRESS + "1.jpg"]
    assert shop_facts.read(town.documents) == Facts(originals={"shop": ADDRESS})
    town.holds({A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"))})
    town.verify()
    assert town.asked == ["originals", ADDRESS + "1.jpg", ADDRESS + "1.jpg"]


NOT_TOLD = [
    (None, "Shoptet does not tell where the shop's pictures are"),
    (shop_errors.NotAllowed("no", call="GET /api/eshop", status=403, advice="allow it"), "is not to be had"),
    (shop_errors.NotFound("no", call="GET /api/eshop", status=404), "is not to be had"),
]


@pytest.mark.parametrize(("address", "why"), NOT_TOLD)
def test_where_nobody_tells_where_they_are_nothing_is_looked_at_and_after_three_times_it_ends(
    town: Town, address: str | Exception | None, why: str
) -> None:
    town.documents.delete(shop_facts.PATH)
    town.address = address
    for tries in range(1, 6):
        town.verify()
        receipt = town.receipt()
        assert receipt is not None
        assert (receipt.saw, receipt.tries) == ("nothing", min(tries, 3))
        assert why in receipt.why
    assert town.asked == ["originals"] * 3


def test_a_shop_that_cannot_tell_now_is_asked_later_and_nothing_counts(town: Town) -> None:
    town.documents.delete(shop_facts.PATH)
    town.address = shop_errors.TryLater("busy", call="GET /api/eshop", at=1_719_836_000.0)
    town.verify()
    assert (town.asked, town.receipt()) == (["originals"], None)
    assert len(town.said("WARNING")) == 1
    assert town.queue.asked == [("fetch", GUID, "shop", 1_719_836_000.0)]


def test_what_the_probe_could_not_fetch_and_frames_are_not_asked_for(town: Town) -> None:
    shop_facts.note(town.documents, lambda _: Facts(probed_at=1.0))
    town.verify()
    town.documents.delete(shop_facts.PATH)
    town.ledgers.change(
        GUID, "shop360", lambda held: replace(held, entries={A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"))})
    )
    town.verify("shop360")
    assert town.asked == []


@pytest.mark.parametrize(("how", "facts", "looks"), [("off", HERE, 0), ("auto", Facts(), 0), ("auto", HERE, 1)])
def test_whoever_does_not_want_it_has_nothing_looked_at(town: Town, how: How, facts: Facts, looks: int) -> None:
    shop_facts.note(town.documents, lambda _: facts)
    town.how = how
    town.verify()
    assert len(town.asked) == looks


@pytest.mark.parametrize(("how", "known"), [("off", {}), ("auto", {A: "9.jpg"})])
def test_who_is_who_is_asked_unless_it_is_off(town: Town, how: How, known: dict[str, str]) -> None:
    town.documents.delete(shop_facts.PATH)
    town.holds({A: Entry(wanted("a.jpg")), B: Entry(wanted("b.jpg"))}, flight=unclear("9.jpg"))
    town.how, town.site = how, {"9.jpg": b"10"}
    town.verify()
    assert town.ledger.flight is not None
    assert town.ledger.flight.claimed == known


def test_a_gallery_with_nothing_to_look_at_asks_nothing(town: Town) -> None:
    town.documents.delete(shop_facts.PATH)
    town.holds({A: Entry(wanted("a.jpg"))})
    town.verify()
    assert (town.asked, town.lines.getvalue()) == ([], "")


def unclear(*names: str, **claimed: str) -> Any:
    images = {k: Snapshot(outbox(content(f).source, 1), 1, f"sum-{f}-1", 100) for k, f in ((A, "a.jpg"), (B, "b.jpg"))}
    return a_flight(images, claimed=claimed, first_miss=1_719_835_200.0, unclear=names)


def test_new_images_that_nobody_can_explain_are_known_by_their_pictures(town: Town) -> None:
    town.holds({A: Entry(wanted("a.jpg")), B: Entry(wanted("b.jpg"))}, flight=unclear("7.jpg", "8.jpg", "9.jpg"))
    town.copies = {outbox("A/shop/a.jpg", 1): b"10", outbox("A/shop/b.jpg", 1): b"90"}
    town.site = {"7.jpg": b"91", "8.jpg": b"200", "9.jpg": b"10"}
    town.verify()
    flight = town.ledger.flight
    assert flight is not None
    assert flight.claimed == {A: "9.jpg", B: "7.jpg"}
    assert flight.unclear == ()
    asked = list(town.asked)
    town.verify()
    assert town.asked == asked


def test_too_many_to_be_opened_in_time_are_known_to_nobody_and_that_is_said(town: Town) -> None:
    town.holds({A: Entry(wanted("a.jpg")), B: Entry(wanted("b.jpg"))}, flight=unclear("7.jpg", "8.jpg", "9.jpg"))
    town.copies = {outbox("A/shop/a.jpg", 1): b"10", outbox("A/shop/b.jpg", 1): b"90"}
    town.site = {"7.jpg": b"91", "8.jpg": b"200", "9.jpg": b"10"}
    town.seconds = 30.0
    town.verify()
    assert town.ledger.flight is not None
    assert town.ledger.flight.claimed == {}
    assert town.said("WARNING") == ["2 files and 3 new images are too many to be known by their pictures in time"]
    assert len(town.asked) == 2


def test_of_what_is_claimed_already_or_has_failed_nothing_is_fetched(town: Town) -> None:
    flight = replace(unclear("9.jpg", **{A: "7.jpg"}), errors={B: "503"})
    town.holds({A: Entry(wanted("a.jpg")), B: Entry(wanted("b.jpg"))}, flight=flight)
    town.site["9.jpg"] = b"10"
    town.verify()
    assert town.ledger.flight is not None
    assert town.ledger.flight.claimed == {A: "7.jpg"}


def test_a_flight_that_has_ended_meanwhile_is_left_alone(town: Town) -> None:
    town.holds({A: Entry(wanted("a.jpg")), B: Entry(wanted("b.jpg"))}, flight=unclear("9.jpg"))

    def ended(address: str, name: str) -> bytes:
        town.holds({A: Entry(wanted("a.jpg"))}, flight=None)
        return b"10"

    town.original = ended  # type: ignore[method-assign]
    town.verify()
    assert town.ledger.flight is None

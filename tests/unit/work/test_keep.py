"""Keeping what a request is about to delete: from where, in what order, and what happens where it cannot be had."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from gallery_sync.core.ledger import Content, Entry, Intent, Ledger
from gallery_sync.core.operation import Problem
from gallery_sync.core.schedule import HOUR, Timing
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import Gallery, Image, Product
from gallery_sync.log import Log
from gallery_sync.ports import shop_errors
from gallery_sync.ports.queue import Fetch
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.state import operations, removed, shop_facts
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.fetch import fetch
from gallery_sync.work.world import FetchWorld
from tests.integration.http.world import Breakable, Clock, Written
from tests.unit.core.build import GUID, key, live, wanted

replace = msgspec.structs.replace

ADDRESS = "https://shop.example/user/shop/orig/"
OPERATION = "0" * 32
A = key("a.jpg")


@dataclass
class Town:
    """A product, the shop's site, and where pictures are kept."""

    documents: Breakable = field(default_factory=Breakable)
    queue: Written = field(default_factory=Written)
    clock: Clock = field(default_factory=Clock)
    lines: io.StringIO = field(default_factory=io.StringIO)
    images: list[Image] = field(default_factory=list)
    shows: dict[str, str] = field(default_factory=dict)
    site: dict[str, bytes] = field(default_factory=dict)
    sent: set[tuple[str, int]] = field(default_factory=set)
    made: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, bytes | Content] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: Exception | None = None
    meanwhile: Callable[[], None] = lambda: None
    seconds: float = 0.0

    def product(self, guid: str) -> Product:
        self.asked.append("product")
        if self.fails is not None:
            raise self.fails
        return Product(guid, "Lamp", frozenset(), {"shop": tuple(self.images), "shop360": ()}, shows=self.shows)

    def originals(self) -> str | None:
        self.asked.append("originals")
        return ADDRESS

    def original(self, address: str, name: str) -> bytes:
        self.asked.append(name)
        self.clock.time += self.seconds
        self.meanwhile()
        if name not in self.site:
            raise NoOriginal("the shop's site answered 404")
        return self.site[name]

    def keep(self, content: Content, path: str) -> bool:
        if (content.source, content.generation) not in self.sent:
            return False
        self.kept[path] = content
        return True

    def keep_copy(self, made: str, path: str) -> bool:
        if made not in self.made:
            return False
        self.kept[path] = self.made[made]
        return True

    def put(self, path: str, picture: bytes) -> None:
        self.kept[path] = picture

    def copy(self, path: str) -> bytes | None:
        return None

    def file(self, content: Content) -> bytes | None:
        return None

    @property
    def ledger(self) -> Ledger:
        return Ledgers(self.documents, self.clock).read(GUID, "shop").ledger

    def asks(self, kind: Any = "clean", gallery: Gallery = "shop", **more: Any) -> None:
        intent = Intent(f"{OPERATION}/0", kind, self.clock.now(), keep="due", **more)
        entries = {A: Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", priority=100))}
        Ledgers(self.documents, self.clock).change(
            GUID, gallery, lambda held: replace(held, entries=entries, intents=(intent,))
        )

    def fetch(self, gallery: Gallery = "shop") -> None:
        nothing: Any = None
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
            decode=nothing,
            verify="off",
        )
        fetch(world, Fetch(GUID, gallery))

    @property
    def intent(self) -> Intent:
        (one,) = self.ledger.intents
        return one

    def rows(self) -> list[tuple[str, str | None, bytes | str]]:
        found, _ = removed.read(self.documents, OPERATION, "0")
        pictures = [(row, self.kept[row.path]) for row in (found.images if found is not None else ())]
        return [(row.name, row.key, what.source if isinstance(what, Content) else what) for row, what in pictures]

    def problem(self) -> Problem | None:
        outcome = operations.concluded(self.documents, OPERATION, "0")
        return outcome.problem if outcome is not None else None

    def looks(self) -> list[float]:
        return [look[3] - self.clock.now() for look in self.queue.asked if look[0] == "fetch"]


@pytest.fixture
def town() -> Town:
    one = Town(
        images=[Image("1.jpg", 100, "front", "t1"), Image("9.jpg", 200, "theirs", "t9")],
        shows={"V": "9.jpg", "W": ""},
        site={"1.jpg": b"one", "9.jpg": b"nine"},
        sent={("A/shop/a.jpg", 1)},
    )
    one.asks()
    return one


def test_ours_is_kept_from_its_file_and_others_from_the_shops_site(town: Town) -> None:
    town.fetch()
    assert town.rows() == [("1.jpg", A, "A/shop/a.jpg"), ("9.jpg", None, b"nine")]
    assert town.asked == ["product", "originals", "9.jpg"]
    found, _ = removed.read(town.documents, OPERATION, "0")
    assert found is not None
    assert found.product == "Lamp"
    assert [(row.priority, row.description, row.variants) for row in found.images] == [
        (None, "front", ()),
        (200, "theirs", ("V",)),
    ]
    assert (town.intent.keep, town.intent.before) == ("done", ("1.jpg", "9.jpg"))
    assert ("gallery", GUID, "shop") in town.queue.asked


def test_where_neither_copy_nor_file_is_left_the_shops_site_is_asked(town: Town) -> None:
    town.sent.clear()
    town.fetch()
    assert town.rows() == [("1.jpg", A, b"one"), ("9.jpg", None, b"nine")]


@pytest.mark.parametrize("is_there", [True, False])
def test_of_a_file_of_which_something_was_made_that_is_kept_and_never_the_file(town: Town, is_there: bool) -> None:
    def sent_otherwise(held: Ledger) -> Ledger:
        entry = held.entries[A]
        assert entry.live is not None
        made = replace(entry, live=replace(entry.live, made="outbox/made/1.jpg"))
        return replace(held, entries={**held.entries, A: made})

    Ledgers(town.documents, town.clock).change(GUID, "shop", sent_otherwise)
    town.made = {"outbox/made/1.jpg": b"made"} if is_there else {}
    town.fetch()
    assert town.rows()[0] == ("1.jpg", A, b"made" if is_there else b"one")


def test_ours_between_those_of_others_keeps_its_number(town: Town) -> None:
    town.images.append(Image("2.jpg", 300, None, "t2"))
    entries = {**town.ledger.entries, key("b.jpg"): Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", priority=300))}
    Ledgers(town.documents, town.clock).change(GUID, "shop", lambda held: replace(held, entries=entries))
    town.site["2.jpg"] = b"two"
    town.fetch()
    found, _ = removed.read(town.documents, OPERATION, "0")
    assert found is not None
    assert [row.priority for row in found.images] == [100, 200, 300]


def test_a_deletion_keeps_its_one_image(town: Town) -> None:
    town.asks("delete", name="9.jpg")
    town.fetch()
    assert town.rows() == [("9.jpg", None, b"nine")]
    assert (town.intent.keep, town.intent.before) == ("done", ("9.jpg",))


def test_what_cannot_be_had_is_tried_for_an_hour_and_then_nothing_is_deleted(town: Town) -> None:
    del town.site["9.jpg"]
    town.fetch()
    assert (town.intent.keep, town.problem()) == ("due", None)
    (pause,) = town.looks()
    assert 30 <= pause <= 120
    town.clock.time += HOUR + 1
    town.fetch()
    problem = town.problem()
    assert problem is not None
    assert (problem.status, problem.code) == (502, "not-kept")
    assert "9.jpg (the shop's site answered 404)" in problem.message
    assert "keep=false" in problem.message
    assert town.intent.keep == "done"
    # What was kept of it stays kept, and is not fetched anew.
    assert town.rows() == [("1.jpg", A, "A/shop/a.jpg")]


def test_one_that_a_person_deleted_meanwhile_is_not_missed(town: Town) -> None:
    town.images = town.images[:1]
    town.asks(before=("1.jpg", "9.jpg"))
    del town.site["9.jpg"]
    town.fetch()
    assert town.intent.keep == "done"


@pytest.mark.parametrize("facts", [Facts(probed_at=1.0), Facts(originals={"shop360": ADDRESS}, probed_at=1.0)])
def test_where_the_probe_found_no_pictures_nobody_waits_for_an_hour(town: Town, facts: Facts) -> None:
    shop_facts.note(town.documents, lambda _: facts)
    town.fetch()
    problem = town.problem()
    assert problem is not None
    assert problem.code == "not-kept"
    assert (town.looks(), "originals" in town.asked) == ([], False)


def test_where_they_are_is_asked_once_however_many_are_missing(town: Town) -> None:
    town.images += [Image(f"{n}.png", n, None, "t") for n in range(20)]
    town.fetch()
    assert town.asked.count("originals") == 1


def test_what_is_known_of_the_shop_is_read_a_few_times_however_many_images_there_are(town: Town) -> None:
    town.images = [Image(f"{n}.png", n, None, "t") for n in range(20)]
    town.site = {f"{n}.png": b"picture" for n in range(20)}
    reads: list[str] = []
    read = town.documents.read
    town.documents.read = lambda path: (reads.append(path), read(path))[1]  # type: ignore[method-assign,func-returns-value]
    town.fetch()
    assert town.intent.keep == "done"
    assert reads.count(shop_facts.PATH) < 6


def test_an_image_of_others_that_was_replaced_by_its_name_stays_theirs(town: Town) -> None:
    theirs = Entry(wanted("b.jpg"), live("b.jpg", "9.jpg"))
    entries = {**town.ledger.entries, "name:9.jpg": theirs}
    Ledgers(town.documents, town.clock).change(GUID, "shop", lambda held: replace(held, entries=entries))
    town.fetch()
    assert town.rows() == [("1.jpg", A, "A/shop/a.jpg"), ("9.jpg", None, b"nine")]


def test_what_there_is_no_time_for_goes_on_at_once_where_it_was(town: Town) -> None:
    town.images = [Image(f"{n}.png", n, None, "t") for n in range(6)]
    town.site = {f"{n}.png": b"picture" for n in range(6)}
    Ledgers(town.documents, town.clock).change(GUID, "shop", lambda held: replace(held, entries={}))
    town.seconds = 20.0
    town.fetch()
    assert (town.intent.keep, town.looks()[0]) == ("due", 0.0)
    fetched = [name for name in town.asked if name.endswith(".png")]
    assert 1 < len(fetched) < 6
    town.fetch()
    assert town.intent.keep == "done"
    assert sorted(name for name in town.asked if name.endswith(".png")) == [f"{n}.png" for n in range(6)]


def test_what_changed_since_is_kept_anew_and_nothing_else(town: Town) -> None:
    town.fetch()
    town.asked.clear()
    town.images[1] = Image("9.jpg", 200, "theirs, changed", "t10")
    town.asks(before=("1.jpg", "9.jpg"))
    town.fetch()
    assert town.asked == ["product", "9.jpg"]
    found, _ = removed.read(town.documents, OPERATION, "0")
    assert found is not None
    assert [row.description for row in found.images] == ["front", "theirs, changed"]


@pytest.mark.parametrize(
    ("error", "code", "again"),
    [
        (shop_errors.TryLater("busy", call="GET", at=1_719_836_000.0), None, True),
        (shop_errors.NotFound("no product", call="GET", status=404, code="gone"), "gone", False),
        (shop_errors.NotAllowed("no", call="GET", status=403, advice="allow it"), None, True),
    ],
)
def test_a_product_that_cannot_be_asked_for(town: Town, error: Exception, code: str | None, again: bool) -> None:
    town.fails = error
    town.fetch()
    problem = town.problem()
    assert (problem.code if problem is not None else None) == code
    assert bool(town.looks()) == again


def test_another_run_that_keeps_the_same_is_no_failure(town: Town) -> None:
    def other() -> None:
        town.meanwhile = lambda: None
        town.fetch()
        town.asks(before=("1.jpg", "9.jpg"))

    town.meanwhile = other
    town.fetch()
    assert (town.intent.keep, town.problem()) == ("due", None)
    town.fetch()
    assert town.intent.keep == "done"


def test_a_mistake_of_our_own_is_said_and_fails_no_task(town: Town) -> None:
    town.fails = ValueError("mistaken")
    town.fetch()
    (line,) = [json.loads(line) for line in town.lines.getvalue().splitlines()]
    assert (line["severity"], line["code"]) == ("ERROR", "unexpected")
    assert "please report it: ValueError" in line["message"]

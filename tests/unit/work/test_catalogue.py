"""Reading the catalogue: a job a day, whatever becomes of it, and the changes in between."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import pytest

from gallery_sync.core.catalogue import Changed, fingerprint
from gallery_sync.core.ledger import Flight, SeenAs
from gallery_sync.core.schedule import DAY, HOUR, Timing
from gallery_sync.core.shop_values import Change, Image, JobDetail, Product
from gallery_sync.log import Log
from gallery_sync.ports import shop_errors
from gallery_sync.ports.shop_errors import NoResult, NotAllowed, TryLater
from gallery_sync.state import jobindex, paused, refusals
from gallery_sync.state.catalogue import CHANGES, Catalogue, read_head
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.catalogue import MOST_TRIES, PATH, Reading, compared_at, read_catalogue
from gallery_sync.work.catalogue_news import MOST, MOST_COMPARED, MOST_LOOKED_UP
from gallery_sync.work.world import CatalogueWorld
from tests.unit.core.build import FixedClock, RecordingTasks, queue_into
from tests.unit.http.memory import Memory

T = TypeVar("T")

NOW = 1_719_835_200.0
FLIGHT = Flight("flight-1", "insert", started=1.0, send_until=2.0, grace_until=3.0, images={})
GUID = "1b02cb8e-d7b5-11e0-9a5c-feab5ed617ed"
DENIED = NotAllowed("no right", call="GET /x", status=403, advice="give the token the right")
LATER = TryLater("busy", call="GET /x", at=NOW + 77)


def line(guid: str, code: str) -> bytes:
    return msgspec.json.encode({"guid": guid, "name": "Lampa", "variants": [{"code": code}]})


@dataclass
class Shop:
    """A shop whose answers are told before."""

    order: list[str | Exception] = field(default_factory=list)
    changed: list[tuple[Change, ...] | Exception | None] = field(default_factory=list)
    status: str | Exception = "completed"
    results: list[list[bytes | Exception]] = field(default_factory=list)
    products: dict[str, Product | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    since: list[float] = field(default_factory=list)

    def order_snapshot(self) -> str:
        self.asked.append("snapshot")
        return _given(self.order.pop(0))

    def changes(self, *, since: float) -> tuple[Change, ...] | None:
        self.since.append(since)
        return _given(self.changed.pop(0) if self.changed else ())

    def job(self, job_id: str) -> JobDetail:
        self.asked.append(job_id)
        return JobDetail(job_id, "/api/products/snapshot", _given(self.status), result_url="https://result")

    def product(self, guid: str) -> Product:
        self.asked.append(guid)
        return _given(self.products[guid])

    def lines(self, url: str) -> Iterator[bytes]:
        assert url == "https://result"
        for one in self.results.pop(0):
            yield _given(one)


def _given(what: T | Exception) -> T:
    if isinstance(what, Exception):
        raise what
    return what


@dataclass
class Place:
    """A state bucket, and what is done over it."""

    shop: Shop
    documents: Memory = field(default_factory=Memory)
    tasks: RecordingTasks = field(default_factory=RecordingTasks)
    log: io.StringIO = field(default_factory=io.StringIO)

    def run(self, ended: str | None = None, *, at: float = NOW, new_id: str = "1") -> None:
        read_catalogue(self.world(at, new_id), ended)

    def world(self, at: float = NOW, new_id: str = "1") -> CatalogueWorld:
        return CatalogueWorld(
            documents=self.documents,
            queue=queue_into(self.tasks),
            clock=FixedClock(at),
            log=Log("read_catalogue", self.log),
            timing=Timing(),
            shop=self.shop,
            lines=self.shop.lines,
            new_id=lambda: new_id,
        )

    def code(self, code: str) -> str | None:
        head = read_head(self.documents)
        row = Catalogue(self.documents, head).code(code) if head is not None else None
        return row.guid if row is not None else None

    @property
    def reading(self) -> Reading:
        stored = self.documents.read(PATH)
        return msgspec.json.decode(stored.body, type=Reading) if stored is not None else Reading()

    @property
    def changed(self) -> Changed:
        stored = self.documents.read(CHANGES)
        return msgspec.json.decode(stored.body, type=Changed) if stored is not None else Changed()

    @property
    def jobs(self) -> list[str]:
        return [job.job_id for job, _ in jobindex.under_way(self.documents)]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def told(self) -> list[tuple[str, str]]:
        lines = self.lines()
        self.log.truncate(0)
        self.log.seek(0)
        return [(line["severity"], line["message"]) for line in lines]


@pytest.fixture
def place() -> Place:
    """A shop that has one product, whose catalogue was read today."""
    rows: list[bytes | Exception] = [line(GUID, "LAMP-1")]
    place = Place(Shop(order=["job-1"], results=[rows, rows]))
    place.run()
    assert place.jobs == ["job-1"]
    place.run("job-1")
    place.told()
    return place


def test_the_first_sweep_orders_the_catalogue_as_a_job_like_all_others() -> None:
    place = Place(Shop(order=["job-1"]))
    place.run()
    assert place.jobs == ["job-1"]
    assert [job.is_snapshot for job, _ in jobindex.under_way(place.documents)] == [True]
    assert [task.queue.rpartition("/")[2] for task in place.tasks.tasks] == ["poll"]
    # The next one waits for it, and there is nothing yet that changes could be about.
    place.run(at=NOW + 600)
    assert (place.shop.asked, place.shop.since) == (["snapshot"], [])


def test_what_was_read_counts_for_a_day_and_then_is_ordered_anew(place: Place) -> None:
    assert (place.code("lamp-1"), place.jobs, place.reading.job) == (GUID, [], "")
    place.run(at=NOW + DAY - 1)
    assert place.shop.asked == ["snapshot", "job-1"]
    place.shop.order = ["job-2"]
    place.run(at=NOW + DAY)
    assert place.jobs == ["job-2"]


BROKEN: list[tuple[list[list[bytes | Exception]], str | Exception, str]] = [
    ([[b"{}"]], "completed", "its line 1 is no product"),
    ([[line(GUID, "A"), line(GUID, "A")[:-1]]], "completed", "its line 2 is no product"),
    ([[line(GUID, "\u010c").decode().encode("cp1250")]], "completed", "its line 1 is no product"),
    ([[line(GUID, "A"), NoResult("it was cut off")]], "completed", "it was cut off"),
    ([[line(GUID, "A")], [NoResult("the answer was 410")]], "completed", "the answer was 410"),
    ([[line(GUID, "A")], [b"{}"]], "completed", "its line 1 is no product"),
    ([[]], "completed", "it lists no product"),
    ([], "failed", "its job ended as failed"),
    ([], DENIED, "give the token the right"),
]


@pytest.mark.parametrize(("results", "status", "why"), BROKEN)
def test_a_result_that_is_not_whole_keeps_the_old_catalogue_and_says_so(
    place: Place, results: list[list[bytes | Exception]], status: str | Exception, why: str
) -> None:
    place.shop.order = ["job-2", "job-3"]
    place.run(at=NOW + DAY)
    place.shop.results, place.shop.status = results, status
    place.run("job-2", at=NOW + DAY + 60)
    ((severity, message),) = place.told()
    assert (severity, message.startswith("the snapshot of the catalogue was not read, and the last one stays: ")) == (
        "ERROR",
        True,
    )
    assert why in message
    assert (place.code("LAMP-1"), place.jobs) == (GUID, [])
    # Another is ordered an hour later, not before.
    place.run(at=NOW + DAY + 61)
    assert place.jobs == []
    place.run(at=NOW + DAY + 60 + HOUR)
    assert place.jobs == ["job-3"]


def test_a_run_that_is_killed_while_it_reads_is_repeated_but_not_for_ever(place: Place) -> None:
    place.shop.order = ["job-2"]
    place.run(at=NOW + DAY)
    for number in range(MOST_TRIES):
        place.shop.results = [[line(GUID, "LAMP-1"), MemoryError()]]
        with pytest.raises(MemoryError):
            place.run("job-2", at=NOW + DAY + 60, new_id=f"try-{number}")
        assert (place.code("LAMP-1"), place.jobs) == (GUID, ["job-2"])
    place.run("job-2", at=NOW + DAY + 60)
    assert place.told()[0][1].endswith("reading it was begun 3 times, and never came to an end")
    assert place.jobs == []


def test_a_shop_that_cannot_answer_now_is_asked_again_for_the_same_job(place: Place) -> None:
    place.shop.order = ["job-2"]
    place.run(at=NOW + DAY)
    place.shop.status = LATER
    for _ in range(MOST_TRIES + 1):
        place.run("job-2", at=NOW + DAY + 60)
    rows: list[bytes | Exception] = [line(GUID, "LAMP-2")]
    place.shop.status, place.shop.results = "completed", [rows, rows]
    place.run("job-2", at=NOW + DAY + 120)
    assert (place.code("LAMP-2"), place.jobs) == (GUID, [])


@pytest.mark.parametrize(
    ("error", "again"), [(DENIED, DAY), (LATER, 77.0), (shop_errors.AnswerLost("reset", call="GET /x"), HOUR)]
)
def test_where_it_cannot_be_ordered_it_is_tried_again_in_time(error: Exception, again: float) -> None:
    place = Place(Shop(order=[error, "job-1"]))
    place.run()
    place.run(at=NOW + again - 1)
    assert place.jobs == []
    place.run(at=NOW + again)
    assert place.jobs == ["job-1"]


def test_a_token_that_may_not_have_the_catalogue_is_told_once() -> None:
    place = Place(Shop(order=[DENIED, DENIED, "job-1", DENIED]))
    place.run()
    ((severity, message),) = place.told()
    assert severity == "WARNING"
    assert "each code is asked for alone" in message
    assert place.reading.denied == "no right: give the token the right"
    place.run(at=NOW + DAY)
    assert place.told() == []
    place.run(at=NOW + 2 * DAY)
    assert place.reading.denied == ""


def test_a_job_that_is_never_heard_of_again_is_given_up() -> None:
    place = Place(Shop(order=["job-1", "job-2"]))
    place.run()
    place.run(at=NOW + 4 * HOUR)
    assert place.shop.asked == ["snapshot"]
    place.run(at=NOW + 4 * HOUR + 700)
    assert place.reading.job == "job-2"
    # Its end is heard of late: nobody waits for it any more.
    place.run("job-1", at=NOW + 4 * HOUR + 800)
    assert place.jobs == ["job-2"]


def test_what_changed_is_asked_with_one_call_since_the_last_time(place: Place) -> None:
    place.shop.since.clear()
    place.shop.changed = [(Change(GUID, "edit", "2024-07-01T14:30:00+0200"),), (), (), LATER, DENIED, None]
    place.run(at=NOW + 3600)
    assert place.changed.guids == {GUID: NOW + 1800}
    # That nothing changed is written down every half hour.
    place.run(at=NOW + 4200)
    assert place.changed == Changed(NOW + 3600, {GUID: NOW + 1800}, NOW + 1800)
    place.run(at=NOW + 5400)
    assert place.changed == Changed(NOW + 5400, {GUID: NOW + 1800}, NOW + 1800)
    for later in (6000, 6600):
        place.run(at=NOW + later)
        assert place.changed.until == NOW + 5400
    place.run(at=NOW + 7200)
    assert place.changed.everything == NOW + 7200
    margin = Timing().clock_margin
    assert place.shop.since == [NOW - margin] + 2 * [NOW + 3600 - margin] + 3 * [NOW + 5400 - margin]


def test_a_catalogue_that_somebody_damaged_is_told_and_read_anew(place: Place) -> None:
    stored = place.documents.read("catalogue.json")
    assert stored is not None
    place.documents.write("catalogue.json", b"{", generation=stored.generation)
    place.shop.order = ["job-2"]
    rows: list[bytes | Exception] = [line(GUID, "LAMP-2")]
    place.shop.results = [rows, rows]
    place.run(at=NOW + 600)
    assert "catalogue.json in the state bucket is not as gallery-sync wrote it" in place.told()[0][1]
    place.run("job-2", at=NOW + 660)
    assert place.code("LAMP-2") == GUID


# What it means for folders and galleries.


def product(guid: str, *codes: str) -> Product:
    return Product(guid, "Lampa", frozenset(codes), {})


def refuse(place: Place, *prefixes: str) -> None:
    for prefix in prefixes:
        refused = RefusedDrop(refusals.folder(prefix, "shop"), "no-product", "why", NOW, prefix, "shop", 1, NOW + 9e9)
        assert refusals.record(place.documents, refused)


def change(guid: str, at: float = NOW, kind: str = "edit") -> Change:
    return Change(guid, kind, datetime.fromtimestamp(at, UTC).isoformat())


def reconciled(place: Place) -> list[dict[str, object]]:
    found = [json.loads(task.body) for task in place.tasks.tasks if task.queue.endswith("/sync")]
    place.tasks.tasks.clear()
    return found


def folder(prefix: str) -> dict[str, object]:
    return {"gallery": "shop", "prefix": prefix}


def audit(guid: str) -> dict[str, object]:
    return {"gallery": "shop", "guid": guid, "check": True}


OTHER = "0f3d0a5e-7481-11e8-8216-002590dad85e"


def read_again(place: Place, *rows: bytes, at: float = NOW + DAY, new_id: str = "2") -> None:
    """Let the next day's catalogue be read."""
    lines: list[bytes | Exception] = [*rows]
    place.shop.order, place.shop.results = ["job-2"], [lines, lines]
    place.run(at=at)
    place.run("job-2", at=at + 60, new_id=new_id)


def test_the_set_before_the_last_is_gone(place: Place) -> None:
    sets = [read_head(place.documents)]
    for day in (1, 2):
        read_again(place, line(GUID, "LAMP-1"), at=NOW + day * DAY, new_id=str(day + 1))
        sets.append(read_head(place.documents))
    left = {one.path.split("/")[1] for one in place.documents.list("catalogue/")}
    assert left == {head.set for head in sets[1:] if head is not None}
    assert len(left) == 2


def test_a_refused_folder_whose_code_is_in_a_new_catalogue_is_looked_at(place: Place) -> None:
    refuse(place, "LAMP-2", "LAMP-3", OTHER.upper(), "%")
    read_again(place, line(GUID, "lamp-2"), line(OTHER, "X"))
    assert sorted(map(str, reconciled(place))) == sorted(map(str, (folder(OTHER.upper()), folder("LAMP-2"))))


def test_a_refused_folder_whose_code_a_changed_product_has_is_looked_at_within_a_sweep(place: Place) -> None:
    refuse(place, "LAMP-2", "LAMP-3")
    place.shop.changed = [(change(OTHER),)]
    place.shop.products = {OTHER: product(OTHER, "lamp-3")}
    place.run(at=NOW + 600)
    assert reconciled(place) == [folder("LAMP-3")]
    # The same change, seen once more as questions overlap, costs nothing.
    place.shop.changed, place.shop.products = [(change(OTHER),)], {}
    place.run(at=NOW + 1200)
    assert reconciled(place) == []


def test_of_many_changes_and_few_refused_folders_the_folders_are_asked_for(place: Place) -> None:
    refuse(place, "LAMP-2", "LAMP-3")
    place.shop.changed = [tuple(change(f"{number:08x}-7481-11e8-8216-002590dad85e") for number in range(3))]
    place.run(at=NOW + 600)
    assert sorted(map(str, reconciled(place))) == [str(folder("LAMP-2")), str(folder("LAMP-3"))]
    assert place.shop.asked == ["snapshot", "job-1"]


def test_of_many_changes_and_many_refused_folders_the_next_snapshot_tells(place: Place) -> None:
    refuse(place, *(f"LAMP-{number}" for number in range(MOST + 1)))
    place.shop.changed = [tuple(change(f"{number:08x}-7481-11e8-8216-002590dad85e") for number in range(MOST + 1))]
    place.run(at=NOW + 600)
    assert reconciled(place) == []
    assert place.shop.asked == ["snapshot", "job-1"]


def test_changes_that_could_not_be_seen_to_are_asked_for_again(place: Place) -> None:
    refuse(place, "LAMP-2")
    place.shop.changed = [(change(OTHER),), (change(OTHER),)]
    place.shop.products = {OTHER: LATER}
    place.run(at=NOW + 600)
    assert (reconciled(place), place.changed.until) == ([], NOW)
    place.shop.products = {OTHER: product(OTHER, "LAMP-2")}
    place.run(at=NOW + 1200)
    assert reconciled(place) == [folder("LAMP-2")]


def test_a_product_that_is_gone_by_now_and_one_that_was_deleted_are_nobodys(place: Place) -> None:
    refuse(place, "LAMP-2")
    place.shop.changed = [(change(OTHER), change(GUID, kind="delete"))]
    place.shop.products = {OTHER: shop_errors.NotFound("404", call="GET /x", status=404)}
    place.run(at=NOW + 600)
    assert reconciled(place) == []


def ledger(place: Place, guid: str, at: float, images: tuple[Image, ...] | None, **more: Any) -> None:
    """Write a ledger whose last look was at `at`; None: it had none."""
    seen = SeenAs(at, fingerprint(images)) if images is not None else None
    Ledgers(place.documents).change(
        guid, "shop", lambda held: msgspec.structs.replace(held, seen_as=seen, due_at=1.0, **more)
    )


PICTURE = Image("1.png", 1, None, "2018-05-29T09:02:27+0200")


def shows(guid: str, *images: Image) -> bytes:
    rows = [{"gallery": "shop", "name": i.name, "priority": i.priority, "changeTime": i.change_time} for i in images]
    return msgspec.json.encode({"guid": guid, "variants": [], "images": rows})


@pytest.mark.parametrize(
    ("seen", "shown", "differs"),
    [
        ((PICTURE,), (PICTURE,), False),
        ((PICTURE,), (), True),
        ((PICTURE,), (PICTURE, Image("2.png", 2)), True),
        ((), (), False),
        ((), (PICTURE,), True),
        (None, (PICTURE,), False),
    ],
)
def test_a_gallery_is_compared_with_shoptet_where_the_days_catalogue_shows_it_otherwise(
    place: Place, seen: tuple[Image, ...] | None, shown: tuple[Image, ...], differs: bool
) -> None:
    ledger(place, GUID, NOW, seen)
    read_again(place, shows(GUID, *shown))
    assert reconciled(place) == ([audit(GUID)] if differs else [])
    # Once for each catalogue.
    place.run(at=NOW + DAY + 600)
    assert reconciled(place) == []


def test_a_gallery_whose_product_the_catalogue_lacks_is_compared(place: Place) -> None:
    ledger(place, OTHER, NOW, (PICTURE,))
    read_again(place, shows(GUID))
    assert reconciled(place) == [audit(OTHER)]


def test_a_look_after_the_catalogue_was_asked_for_knows_better(place: Place) -> None:
    ledger(place, GUID, NOW + DAY + 1, (PICTURE,))
    read_again(place, shows(GUID))
    assert reconciled(place) == []


def test_in_a_pause_nothing_is_compared_and_after_it_the_catalogue_is(place: Place) -> None:
    ledger(place, GUID, NOW, (PICTURE,))
    paused.pause(place.documents, NOW)
    read_again(place, shows(GUID))
    assert (reconciled(place), compared_at(place.world())) == ([], NOW)
    paused.resume(place.documents)
    place.run(at=NOW + DAY + 600)
    assert (reconciled(place), compared_at(place.world())) == ([audit(GUID)], NOW + DAY + 600)


def test_a_catalogue_that_lost_a_part_is_told_and_nothing_follows_from_it(place: Place) -> None:
    ledger(place, GUID, NOW, (PICTURE,))
    read_again(place, shows(GUID))
    reconciled(place)
    head = read_head(place.documents)
    assert head is not None
    place.documents.delete(f"catalogue/{head.set}/products/-0.jsonl")
    reading = place.documents.read(PATH)
    assert reading is not None
    place.documents.write(PATH, b"{}", generation=reading.generation)
    place.told()
    place.run(at=NOW + DAY + 600)
    assert reconciled(place) == []
    assert "is gone: delete catalogue.json" in place.told()[0][1]


@pytest.mark.parametrize(
    ("seen", "more", "compared"),
    [
        (NOW - 1, {}, True),
        (NOW, {}, False),
        (NOW + 1, {}, False),
        (None, {}, True),
        (NOW - 1, {"flight": FLIGHT}, False),
    ],
)
def test_a_product_that_changed_and_was_not_looked_at_since_is_compared(
    place: Place, seen: float | None, more: dict[str, Any], compared: bool
) -> None:
    ledger(place, GUID, seen or 0.0, (PICTURE,) if seen is not None else None, **more)
    place.shop.changed = [(change(GUID, NOW), change(OTHER, NOW))]
    place.run(at=NOW + 600)
    assert reconciled(place) == ([audit(GUID)] if compared else [])


def test_in_a_pause_a_product_that_changed_is_not_compared(place: Place) -> None:
    ledger(place, GUID, NOW, (PICTURE,))
    paused.pause(place.documents, NOW)
    place.shop.changed = [(change(GUID, NOW + 60),)]
    place.run(at=NOW + 600)
    assert reconciled(place) == []


def test_of_many_products_that_changed_some_are_compared_and_the_next_snapshot_tells_of_the_others(
    place: Place,
) -> None:
    guids = [f"{number:08x}-7481-11e8-8216-002590dad85e" for number in range(MOST + 1)]
    for guid in guids:
        ledger(place, guid, NOW, (PICTURE,))
    place.shop.changed = [tuple(change(guid, NOW + 60) for guid in guids)]
    place.run(at=NOW + 600)
    assert reconciled(place) == [audit(guid) for guid in guids[:MOST]]


def test_a_night_in_which_all_prices_change_makes_no_comparison(place: Place) -> None:
    ledger(place, GUID, NOW, (PICTURE,))
    place.shop.changed = [
        (change(GUID, NOW + 1), *(change(f"{number:08x}", NOW + 1) for number in range(MOST_LOOKED_UP)))
    ]
    place.run(at=NOW + 600)
    assert reconciled(place) == []


def test_a_shop_without_products_has_an_empty_catalogue() -> None:
    place = Place(Shop(order=["job-1"], results=[[], []]))
    place.run()
    place.run("job-1")
    assert [severity for severity, _ in place.told()] == ["INFO", "INFO"]
    assert (place.jobs, read_head(place.documents) is not None) == ([], True)


def test_a_day_on_which_every_gallery_differs_brings_a_bounded_number_of_comparisons_and_says_so(place: Place) -> None:
    guids = [f"{number:08x}-7481-11e8-8216-002590dad85e" for number in range(MOST_COMPARED + 3)]
    for guid in guids:
        ledger(place, guid, NOW, (PICTURE,))
    read_again(place, shows(GUID))
    moments = [task.at - NOW - DAY for task in place.tasks.tasks if task.queue.endswith("/sync")]
    assert len(moments) == MOST_COMPARED
    # Spread over two hours, none of a minute with many.
    assert 0 <= min(moments) < 300
    assert 6_900 < max(moments) < 7_300
    (compared,) = [line for line in place.lines() if line["message"] == "the shop was compared with its catalogue"]
    assert (compared["severity"], compared["differing"], compared["left_for_the_next"]) == (
        "WARNING",
        MOST_COMPARED + 3,
        3,
    )


def test_a_comparison_that_was_killed_before_it_was_noted_enqueues_the_same_tasks_again(place: Place) -> None:
    ledger(place, GUID, NOW, (PICTURE,))
    read_again(place, shows(GUID))
    names = [task.name for task in place.tasks.tasks if task.queue.endswith("/sync")]
    place.tasks.tasks.clear()
    stored = place.documents.read(PATH)
    assert stored is not None
    place.documents.write(PATH, b"{}", generation=stored.generation)
    place.run(at=NOW + DAY + 600)
    assert [task.name for task in place.tasks.tasks if task.queue.endswith("/sync")] == names != []

"""While all is paused, or a trial is for other products, nothing is sent to the shop, and nothing is forgotten."""

import dataclasses
import json
from collections.abc import Iterator

import pytest

from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Content
from gallery_sync.core.limits import MAX_FOLDERS
from gallery_sync.core.plan import Policy
from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.core.shop_values import Gallery
from gallery_sync.ports import storage
from gallery_sync.ports.queue import Reconcile
from gallery_sync.ports.storage import NotCopied
from gallery_sync.state import paused
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.standstill import wait
from gallery_sync.work.sweep import sweep
from gallery_sync.work.world import ReconcileWorld, SweepWorld
from tests.integration.http.world import GUID, Around, Breakable, Written
from tests.unit.core.build import insertion, replace

OTHER = "11111111-1111-1111-1111-111111111111"


class Files:
    """A drop bucket with one picture of the product."""

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        name = f"{GUID}/shop/a.jpg"
        if name.startswith(prefix):
            yield BucketFile(name, 1, "sum", 1000, 1.0, {})

    def find(self, name: str) -> BucketFile | None:
        return next((file for file in self.list(name) if file.name == name), None)


class Reached(Exception):
    """The run went on to send."""


class Outbox:
    def prepare(self, contents: object) -> dict[Content, str | NotCopied | None]:
        raise Reached

    def signed(self, path: str) -> str:
        raise Reached


def world(around: Around, *only: str) -> ReconcileWorld:
    known = {f.name: getattr(around.world(), f.name) for f in dataclasses.fields(around.world())}
    given = {**known, "drops": Files(), "only_products": only}
    return ReconcileWorld(**given, outbox=Outbox(), policy=Policy())


def sweeping(around: Around, *only: str) -> SweepWorld:
    base = around.world()
    return SweepWorld(
        documents=base.documents,
        queue=base.queue,
        clock=base.clock,
        log=base.log,
        timing=base.timing,
        drops=Files(),
        only_products=only,
    )


def told(around: Around, words: str) -> int:
    return sum(words in json.loads(line)["message"] for line in around.lines.getvalue().splitlines())


def sends(around: Around, *only: str, task: Reconcile | None = None) -> bool:
    reconcile(world(around, *only), task or Reconcile("shop", prefix=GUID))
    return told(around, "Reached in prepare") > 0


@pytest.mark.parametrize(
    ("pauses", "only", "sent"),
    [
        pytest.param(False, (), True, id="as ever"),
        pytest.param(True, (), False, id="paused"),
        pytest.param(False, (GUID,), True, id="a trial for this product"),
        pytest.param(False, (GUID.upper(),), True, id="a guid in capitals"),
        pytest.param(False, (OTHER, "P"), True, id="a trial for this product by its code"),
        pytest.param(False, (OTHER,), False, id="a trial for another product"),
        pytest.param(True, (GUID,), False, id="a trial that is paused"),
    ],
)
def test_what_is_dropped_is_sent_only_where_it_may(pauses: bool, only: tuple[str, ...], sent: bool) -> None:
    around = Around()
    if pauses:
        assert paused.pause(around.documents, 1.0)
    assert sends(around, *only) is sent
    ledger = around.world().ledgers.read(GUID, "shop").ledger
    assert ledger.due_at > 0
    assert sent or ledger.prefixes == (GUID,)


def test_a_gallery_that_waits_is_told_once() -> None:
    around = Around()
    for _ in range(3):
        assert not sends(around, OTHER)
    assert told(around, "waits: the product is not in ONLY_PRODUCTS") == 1
    assert around.queue.asked == []


def test_what_a_gallery_is_looked_at_for_later_does_not_keep_a_drop_waiting_after_the_pause() -> None:
    around = Around()
    later = around.clock.now() + HOUR
    around.world().ledgers.change(GUID, "shop", lambda held: replace(held, prefixes=(GUID,), due_at=later))
    paused.pause(around.documents, 1.0)
    sends(around)
    assert around.world().ledgers.read(GUID, "shop").ledger.due_at == around.clock.now()


def test_a_code_that_shoptet_does_not_know_is_told_and_lets_nothing_through() -> None:
    around = Around()
    assert not sends(around, "NOBODY-1")
    assert told(around, "ONLY_PRODUCTS names 'NOBODY-1', which Shoptet does not know") == 1


def test_a_folder_waits_only_where_it_is_not_one_too_many() -> None:
    around = Around()
    last, one_too_many = (str(number) for number in range(MAX_FOLDERS - 1, MAX_FOLDERS + 1))
    folders = tuple(str(number) for number in range(MAX_FOLDERS - 1))
    around.world().ledgers.change(GUID, "shop", lambda held: replace(held, prefixes=folders))
    assert [wait(around.world(), GUID, "shop", one, "paused") for one in (last, one_too_many, last)] == [
        True,
        False,
        True,
    ]
    assert around.world().ledgers.read(GUID, "shop").ledger.prefixes == (*folders, last)


def test_an_audit_is_left_out_in_a_pause() -> None:
    around = Around()
    paused.pause(around.documents, 1.0)
    assert not sends(around, task=Reconcile("shop", guid=GUID, audit=True))
    assert around.world().ledgers.read(GUID, "shop").generation == 0


def test_what_flies_is_finished_in_a_pause() -> None:
    around = Around()
    paused.pause(around.documents, 1.0)
    flight = replace(insertion({"a.jpg": 100}), action="attributes")
    around.world().ledgers.change(GUID, "shop", lambda held: replace(held, flight=flight))
    around.clock.time = flight.grace_until + 1
    assert not sends(around)
    assert around.world().ledgers.read(GUID, "shop").ledger.flight is None


def test_sweep_leaves_a_waiting_gallery_alone_until_it_may_go_on() -> None:
    around = Around()
    paused.pause(around.documents, 1.0)
    sends(around)
    around.clock.time += 10_000
    assert sweep(sweeping(around)).rescued == 0
    assert told(around, "nothing is sent to the shop") == 1
    assert paused.resume(around.documents)
    assert sweep(sweeping(around, OTHER)).rescued == 0
    assert ("gallery", GUID, "shop") not in around.queue.asked
    assert sweep(sweeping(around, GUID)).rescued == 1
    assert ("gallery", GUID, "shop") in around.queue.asked


def test_sweep_sees_to_a_flight_in_a_pause() -> None:
    around = Around()
    paused.pause(around.documents, 1.0)
    around.world().ledgers.change(GUID, "shop", lambda held: replace(held, flight=insertion({"a.jpg": 100})))
    around.clock.time += 10_000
    assert sweep(sweeping(around)).rescued == 1


class Audited(Written):
    """A queue that takes audits, too."""

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        self.asked.append(("audit", guid, gallery))


class Listed(Breakable):
    """Documents that note what was listed."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[str] = []

    def list(self, prefix: str, *, start: str = "") -> Iterator[storage.Listed]:
        self.listed.append(prefix)
        return super().list(prefix, start=start)


def test_a_sweep_that_reads_the_markers_alone_leaves_a_waiting_gallery_alone_too() -> None:
    around = Around(documents=(documents := Listed()))
    sweep(sweeping(around))
    paused.pause(around.documents, 1.0)
    sends(around)
    around.clock.time += 10_000
    documents.listed.clear()
    assert sweep(sweeping(around)).rescued == 0
    assert paused.resume(around.documents)
    assert sweep(sweeping(around)).rescued == 1
    paused.pause(around.documents, 1.0)
    around.world().ledgers.change(GUID, "shop", lambda held: replace(held, flight=insertion({"a.jpg": 100})))
    around.clock.time += 10_000
    assert sweep(sweeping(around)).rescued == 1
    assert "ledger/" not in documents.listed


def test_a_trial_leaves_other_galleries_alone_where_the_markers_are_read_alone() -> None:
    around = Around(documents=(documents := Listed()))
    sends(around, OTHER)
    for _ in range(2):
        # The first of a trial lists all ledgers for the audits.
        around.clock.time += 10_000
        documents.listed.clear()
        assert sweep(sweeping(around, OTHER)).rescued == 0
    assert "ledger/" not in documents.listed
    sweep(sweeping(around, GUID))
    around.clock.time += 600
    documents.listed.clear()
    assert sweep(sweeping(around, GUID)).rescued == 1
    assert "ledger/" not in documents.listed


def test_a_long_pause_lists_the_ledgers_once_a_day_and_its_audits_are_made_up_for() -> None:
    around = Around(documents=(documents := Listed()), queue=Audited())
    around.world().ledgers.change(GUID, "shop", lambda held: replace(held, due_at=1.0))
    sweep(sweeping(around))
    paused.pause(around.documents, 1.0)
    begun, audits = around.clock.time, 0
    documents.listed.clear()
    while around.clock.time < begun + 28 * DAY:
        around.clock.time += 3 * HOUR
        audits += sweep(sweeping(around)).audits
    assert audits == 0
    assert documents.listed.count("ledger/") <= 29
    assert paused.resume(around.documents)
    assert sweep(sweeping(around)).audits == 1


def test_a_pause_is_begun_and_ended_once() -> None:
    documents = Around().documents
    assert not paused.is_paused(documents)
    assert [paused.pause(documents, 1.0), paused.pause(documents, 2.0)] == [True, False]
    assert paused.is_paused(documents)
    assert [paused.resume(documents), paused.resume(documents)] == [True, False]
    assert not paused.is_paused(documents)

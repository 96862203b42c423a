"""A mistake of our own at one gallery is a visible, growing pause of that gallery: never a traceback in a loop."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest

from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Content, Flight, Ledger
from gallery_sync.core.plan import Policy
from gallery_sync.ports.queue import Reconcile
from gallery_sync.ports.storage import NotCopied, StorageUnavailable, WrittenByOthers
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.world import ReconcileWorld
from tests.integration.http.world import GUID, Around
from tests.unit.core.build import insertion
from tests.unit.http.memory import Memory

TASK = Reconcile("shop", guid=GUID)


class Fails:
    """A drop bucket whose listing fails with this."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        raise self.error


class NoOutbox:
    def prepare(self, contents: Sequence[Content]) -> Mapping[Content, str | NotCopied | None]:
        raise AssertionError("nothing is to be copied")

    def signed(self, path: str) -> str:
        raise AssertionError("nothing is to be signed")


def world(around: Around, error: Exception) -> ReconcileWorld:
    known = {f.name: getattr(around.world(), f.name) for f in dataclasses.fields(around.world())}
    return ReconcileWorld(**{**known, "drops": Fails(error)}, outbox=NoOutbox(), policy=Policy())


def fed(around: Around, flight: Flight | None = None) -> None:
    """A gallery that a folder feeds."""
    around.world().ledgers.change(
        GUID, "shop", lambda held: msgspec.structs.replace(held, prefixes=(GUID,), flight=flight)
    )


def told(around: Around) -> list[dict[str, object]]:
    return [json.loads(line) for line in around.lines.getvalue().splitlines()]


@pytest.mark.parametrize("error", [ValueError("68000 images in one gallery"), KeyError("name:1.jpg"), RecursionError()])
def test_a_mistake_pauses_the_gallery_with_its_reason_and_somebody_comes_back(error: Exception) -> None:
    around = Around()
    fed(around)
    reconcile(world(around, error), TASK)
    pause = around.world().ledgers.read(GUID, "shop").ledger.pause
    assert pause is not None
    assert type(error).__name__ in pause.reason
    assert "(test_mishaps.py:" in pause.reason
    assert "please report it" in pause.reason
    assert around.queue.asked == [("gallery", GUID, "shop")]
    (line,) = told(around)
    assert (line["severity"], line["code"], line["guid"]) == ("ERROR", "unexpected", GUID)


def test_the_pauses_grow_to_an_hour() -> None:
    around, pauses = Around(), []
    fed(around)
    for _ in range(10):
        reconcile(world(around, ValueError("no")), TASK)
        pause = around.world().ledgers.read(GUID, "shop").ledger.pause
        assert pause is not None
        pauses.append(round(pause.until - around.clock.now()))
        around.clock.time = pause.until
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_flight_that_is_under_way_stays_and_somebody_comes_back_all_the_same() -> None:
    around = Around()
    flight = insertion({"a.jpg": 100}, first_miss=1.0)
    fed(around, flight)
    around.shop.fails["product"] = [ValueError("a mistake while the flight is settled")]
    reconcile(world(around, ValueError("not reached")), TASK)
    assert around.world().ledgers.read(GUID, "shop").ledger.flight == flight
    assert around.queue.asked == [("gallery", GUID, "shop")]


def test_what_the_platform_is_to_repeat_is_not_taken_for_a_mistake() -> None:
    around = Around()
    fed(around)
    with pytest.raises(StorageUnavailable):
        reconcile(world(around, StorageUnavailable("503")), TASK)
    assert around.world().ledgers.read(GUID, "shop").ledger.pause is None


def test_a_ledger_that_others_write_all_the_time_is_left_to_a_later_task_and_not_to_one_that_failed() -> None:
    around = Around()
    fed(around)
    reconcile(world(around, WrittenByOthers("ledger/… was written by others 10 times in a row")), TASK)
    assert around.queue.asked == [("gallery", GUID, "shop")]
    assert around.world().ledgers.read(GUID, "shop").ledger.pause is None


def test_a_ledger_is_written_although_its_marker_cannot_be_removed() -> None:
    documents = NoDeletion()
    ledgers = Ledgers(documents)
    opened = ledgers.write(ledgers.read(GUID, "shop"), Ledger(GUID, "shop", due_at=1.0))
    written = ledgers.write(opened, Ledger(GUID, "shop"))
    assert ledgers.read(GUID, "shop") == written
    assert documents.refused == 1


class NoDeletion(Memory):
    """Documents that cannot be deleted."""

    refused = 0

    def delete(self, path: str, *, generation: int | None = None) -> None:
        self.refused += 1
        raise StorageUnavailable("503")

"""Ledgers that say nothing: none is made for a guid that Shoptet does not know, and an empty one goes."""

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Entry, Ledger, Live
from gallery_sync.core.operation import Operation, Part
from gallery_sync.core.plan import Policy
from gallery_sync.core.schedule import DAY, FORGET_AFTER, Timing
from gallery_sync.http import parts
from gallery_sync.http.begin import begin
from gallery_sync.log import Log
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import Stored
from gallery_sync.state import codes, operations
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.accept import accept
from gallery_sync.work.products import Feeding
from gallery_sync.work.start import start
from gallery_sync.work.world import ReconcileWorld
from tests.integration.http.world import GUID, Around
from tests.unit.core.build import NOW, a_ledger, replace, shown
from tests.unit.work.test_open import State, Watched

UNKNOWN = shop_errors.NotFound("404 no such product", call="GET images", status=404)
NOT_ALLOWED = shop_errors.NotAllowed("403", call="GET images", status=403, advice="grant the right")


def asked(around: Around, asks: tuple[Part, ...], name: str = "k") -> Operation:
    operation = begin(around.documents, "pim", name, asks)
    assert accept(around.world(), operation)
    return operation


def ledgers(around: Around) -> list[str]:
    return [path for path in around.documents.documents if path.startswith("ledger/")]


def test_a_cleanup_of_300_products_that_shoptet_does_not_know_makes_no_ledger() -> None:
    around = Around()
    around.shop.fails["images"] = [UNKNOWN] * 300
    switches = {"removeReference": False, "dryRun": False, "purge": False, "keep": True}
    guids = [str(uuid.UUID(int=number + 1)) for number in range(300)]
    operation = asked(around, tuple(parts.clean(guid, "shop", None, switches)[0] for guid in guids))
    assert ledgers(around) == []
    assert around.queue.asked == []
    outcome = operations.concluded(around.documents, operation.id, "299")
    assert outcome is not None
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.message) == (404, f"Shoptet knows no product '{guids[299]}'")


def test_shoptet_is_asked_once_for_a_guid_and_never_for_one_that_has_a_ledger() -> None:
    around = Around()
    for name in ("one", "two"):
        asked(around, parts.sync(GUID, "shop"), name)
    assert around.shop.calls == ["images"]
    assert codes.known_guid(around.documents, GUID) == GUID
    around.documents.delete(codes.path(GUID))
    Ledgers(around.documents).change(GUID, "shop", lambda held: replace(held, due_at=NOW))
    asked(around, parts.sync(GUID, "shop"), "three")
    assert around.shop.calls == ["images"]


def test_a_gallery_that_may_not_be_listed_loses_no_request() -> None:
    around = Around()
    around.shop.fails["images"] = [NOT_ALLOWED]
    switches = {"removeReference": False, "dryRun": False, "purge": False, "keep": True}
    asked(around, parts.clean(GUID, "shop", None, switches))
    assert ledgers(around) == [f"ledger/{GUID}/shop.json"]
    assert '"WARNING"' in around.lines.getvalue()


@dataclass
class Files:
    """A drop bucket with these files, which nobody reads."""

    names: list[str] = field(default_factory=list)

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        yield from (BucketFile(n, 1, "sum", 1000, NOW, {}) for n in sorted(self.names) if n.startswith(prefix))

    def find(self, name: str) -> BucketFile | None:
        return next((file for file in self.list(name) if file.name == name), None)


def rested(entry: Entry, names: list[str]) -> Ledger:
    """A quiet gallery's ledger with this entry of the file A/shop/a.jpg, after a reconcile long after it ended."""
    around = Around()
    around.clock.time = NOW + FORGET_AFTER + 1
    base = around.world()
    nothing: Any = None
    world = ReconcileWorld(
        documents=base.documents,
        queue=base.queue,
        clock=base.clock,
        log=Log("test", io.StringIO()),
        timing=Timing(),
        shop=base.shop,
        drops=Files(names),
        bin=nothing,
        new_id=base.new_id,
        max_attempts=5,
        outbox=nothing,
        policy=Policy(mirror_deletes=False, remove_reference=False),
    )
    held = world.ledgers.write(
        world.ledgers.read(GUID, "shop"), Ledger(GUID, "shop", entries={"drop:A/shop/a.jpg": entry})
    )
    start(world, held, Feeding((), {}), None)
    return world.ledgers.read(GUID, "shop").ledger


GONE = Entry(None, Live("1.jpg", "sum", 1, state="gone"))


def test_a_deletion_by_a_person_is_forgotten_with_its_file_and_not_before() -> None:
    assert rested(GONE, []).entries == {}
    assert rested(GONE, ["A/shop/a.jpg.png"]).entries == {}
    # Its folder feeds another product for now, and may come back.
    assert rested(GONE, ["A/shop/a.jpg"]).entries == {"drop:A/shop/a.jpg": GONE}


EMPTY = replace(a_ledger(), prefixes=())


@pytest.mark.parametrize(
    ("ledger", "days", "kept"),
    [
        (replace(EMPTY, done=("a/0",)), 2, False),
        (replace(EMPTY, done=("a/0",)), 0.5, True),
        (replace(EMPTY, cleaned_at=NOW), 20, True),
        (replace(EMPTY, cleaned_at=NOW), 32, False),
        (replace(EMPTY, entries={"url:a": GONE}), 40, True),
        (replace(EMPTY, entries=shown("a.jpg", "1.jpg", 100)), 40, True),
    ],
)
def test_the_daily_audit_deletes_a_ledger_that_says_nothing(ledger: Ledger, days: float, kept: bool) -> None:
    state = State()
    state.written(ledger)
    state.sweep(NOW + days * DAY)
    assert bool(state.paths("ledger/")) is kept


class Overtaken(Watched):
    """Documents in which somebody writes the ledger right after it was read."""

    overtakes = False

    def read(self, path: str) -> Stored | None:
        stored = super().read(path)
        if self.overtakes and path.startswith("ledger/"):
            self.overtakes = False
            Ledgers(self).change(EMPTY.guid, "shop", lambda held: replace(held, due_at=NOW))
        return stored


def test_a_ledger_that_somebody_writes_while_it_is_deleted_stays() -> None:
    documents = Overtaken()
    state = State(documents)
    state.written(EMPTY)
    documents.overtakes = True
    state.sweep(NOW + 2 * DAY)
    assert state.ledgers.read(EMPTY.guid, "shop").ledger.due_at == NOW

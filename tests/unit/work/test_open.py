"""What is open has a marker of its own, which goes when it is done: a sweep reads the markers, and not what there is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Failure, Ledger, SeenAs, with_entries
from gallery_sync.core.operation import Operation
from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_values import Gallery
from gallery_sync.http import parts
from gallery_sync.http.begin import begin
from gallery_sync.ports.storage import Listed, Stored
from gallery_sync.state import open_galleries, operations
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work import audit_requests
from gallery_sync.work.audit_galleries import list_ledgers
from gallery_sync.work.catalogue import PATH as READING
from gallery_sync.work.catalogue import Reading
from gallery_sync.work.sweep import Swept, sweep
from gallery_sync.work.world import SweepWorld
from tests.unit.core.build import GUID, NOW, TIMING, FixedClock, Lines, a_flight, a_ledger, key, replace, shown
from tests.unit.http import memory

LATER = NOW + 3 * TIMING.stuck
OTHER = GUID.replace("9", "8")


class Watched(memory.Memory):
    """Documents in memory that note each call, and when each was written."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str]] = []
        self.now = NOW
        self.at: dict[str, float] = {}
        self.meanwhile: Any = None
        self.given: list[str] = []

    def read(self, path: str) -> Stored | None:
        self.calls.append(("read", path))
        return super().read(path)

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        self.calls.append(("write", path))
        written = super().write(path, body, generation=generation, metadata=metadata)
        self.at[path] = self.now
        if path.startswith("ledger/") and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return written

    def delete(self, path: str, *, generation: int | None = None) -> None:
        self.calls.append(("delete", path))
        super().delete(path, generation=generation)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        self.calls.append(("list", prefix))
        for listed in super().list(prefix, start=start):
            self.given.append(listed.path)
            yield Listed(listed.path, listed.generation, self.at[listed.path], listed.metadata)

    def drop_marker(self, path: str) -> None:
        """Be as an earlier version left it."""
        self.documents.pop(path)


@dataclass
class Asked:
    """What was enqueued."""

    galleries: list[tuple[str, Gallery]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        self.galleries.append((guid, gallery))

    def operation(self, operation: str, at: float) -> None:
        self.operations.append(operation)

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        return

    def catalogue(self) -> None:
        return


class NoDrops:
    def list(self, prefix: str, *, start: str = "") -> Iterator[Any]:
        yield from ()


@dataclass
class State:
    """A state bucket, and sweeps over it."""

    documents: Watched = field(default_factory=Watched)
    asked: Asked = field(default_factory=Asked)
    lines: Lines = field(default_factory=Lines)

    @property
    def ledgers(self) -> Ledgers:
        return Ledgers(self.documents)

    def sweep(self, now: float) -> Swept:
        self.documents.now = now
        self.documents.calls.clear()
        return sweep(self.world(now))

    def world(self, now: float) -> SweepWorld:
        queue: Any = self.asked
        drops: Any = NoDrops()
        return SweepWorld(
            documents=self.documents,
            queue=queue,
            clock=FixedClock(now),
            log=self.lines.log,
            timing=TIMING,
            drops=drops,
        )

    def paths(self, prefix: str) -> list[str]:
        return [path for path in self.documents.documents if path.startswith(prefix)]

    def written(self, ledger: Ledger) -> list[tuple[str, str]]:
        """Write a ledger over the one that is there, and give the calls to the marker that it cost."""
        held = self.ledgers.read(ledger.guid, ledger.gallery)
        self.documents.calls.clear()
        self.ledgers.write(held, ledger)
        return [call for call in self.documents.calls if call[1].startswith("open/")]


@pytest.fixture
def state() -> State:
    return State()


MARKER = f"open/galleries/{GUID}/shop"
QUIET = a_ledger(shown("a.jpg", "1.jpg", 100))
FLYING = replace(QUIET, flight=a_flight({}))


def failed(ledger: Ledger, *files: str) -> Ledger:
    entries = {key(f): replace(ledger.entries[key("a.jpg")], failure=Failure("refused", "no", NOW)) for f in files}
    return with_entries(ledger, entries)


def begun(state: State, name: str) -> Operation:
    return begin(state.documents, "pim", name, parts.sync("P", "shop"))


def test_a_marker_is_written_before_a_ledger_that_is_open_and_removed_after_one_that_is_not(state: State) -> None:
    path = ledger_document.path(GUID, "shop")
    state.written(FLYING)
    assert [call for call in state.documents.calls if call[0] != "read"] == [("write", MARKER), ("write", path)]
    state.written(QUIET)
    assert [call for call in state.documents.calls if call[0] != "read"] == [("write", path), ("delete", MARKER)]
    assert state.paths("open/") == []


def test_most_writes_of_a_ledger_do_not_touch_its_marker(state: State) -> None:
    assert state.written(QUIET) == []
    assert state.written(FLYING) != []
    for later in (1.0, 2.0):
        flight = replace(a_flight({}), grace_until=NOW + later)
        assert state.written(replace(QUIET, flight=flight, due_at=later)) == []
    assert state.written(replace(QUIET, due_at=NOW)) == []
    assert state.written(QUIET) != []
    assert state.written(replace(QUIET, cleaned_at=1.0)) == []


def test_a_gallery_with_trouble_and_no_work_is_marked_with_how_many_keys_failed(state: State) -> None:
    state.written(failed(QUIET, "b.jpg"))
    (marker,) = open_galleries.all_marked(state.documents, state.lines.log)
    assert (marker.said.work, marker.said.failed) == (False, 1)
    assert dict(state.documents.metadata[MARKER])["failed"] == "1"
    state.written(failed(QUIET, "b.jpg", "c.jpg"))
    (marker,) = open_galleries.all_marked(state.documents, state.lines.log)
    assert marker.said.failed == 2


def test_a_gallery_that_is_opened_while_somebody_closes_it_keeps_its_marker(state: State) -> None:
    state.written(FLYING)
    # Right after the ledger was closed, and before its marker is removed.
    state.documents.meanwhile = lambda: state.ledgers.change(GUID, "shop", lambda held: replace(held, due_at=NOW))
    state.written(QUIET)
    assert state.ledgers.read(GUID, "shop").ledger.due_at == NOW
    assert MARKER in state.documents.documents


def test_many_that_open_one_gallery_at_once_write_its_marker_once(state: State) -> None:
    state.written(QUIET)
    held = state.ledgers.read(GUID, "shop")
    state.documents.calls.clear()
    for _ in range(30):
        open_galleries.put(state.documents, FLYING, held.generation)
    assert state.documents.calls.count(("write", MARKER)) == 1


def test_a_sweep_lists_no_ledger_and_no_request_once_the_days_audits_are_done(state: State) -> None:
    state.written(QUIET)
    state.sweep(LATER)
    state.sweep(LATER + 600.0)
    assert {path for kind, path in state.documents.calls if kind == "list"} == {
        "open/galleries/",
        "open/operations/",
        "jobs/",
        "refused/",
        "placing/",
    }


def test_a_sweep_finds_a_stuck_gallery_by_its_marker_and_counts_the_open_ones(state: State) -> None:
    state.sweep(NOW)
    state.documents.now = NOW
    state.written(replace(FLYING, flight=replace(a_flight({}), grace_until=NOW + 300)))
    state.written(Ledger(OTHER, "shop360", entries=failed(QUIET, "b.jpg").entries))
    assert state.sweep(NOW + 300 + TIMING.stuck - 1).rescued == 0
    swept = state.sweep(NOW + 300 + TIMING.stuck + 1)
    assert ("list", "ledger/") not in state.documents.calls
    assert (swept.galleries, swept.rescued) == (2, 1)
    assert state.asked.galleries == [(GUID, "shop")]
    assert "nobody works on this gallery" in state.lines.text


def test_a_gallery_whose_ledger_was_written_a_moment_ago_is_not_stuck_however_long_it_is_open(state: State) -> None:
    state.sweep(NOW)
    state.documents.now = NOW
    state.written(replace(QUIET, due_at=NOW))
    state.documents.now = LATER - 5.0
    assert state.written(replace(QUIET, due_at=NOW + 1)) == []
    assert state.sweep(LATER).rescued == 0


def test_a_marker_that_says_more_than_its_ledger_is_removed_by_the_sweep_that_finds_it(state: State) -> None:
    state.sweep(NOW)
    state.documents.now = NOW
    state.written(QUIET)
    open_galleries.put(state.documents, FLYING, 7)
    assert MARKER in state.documents.documents
    assert state.sweep(LATER).rescued == 0
    assert ("list", "ledger/") not in state.documents.calls
    assert MARKER not in state.documents.documents


def test_what_an_earlier_version_left_open_without_a_marker_is_found_and_marked_by_the_daily_audit(
    state: State,
) -> None:
    state.written(replace(QUIET, due_at=NOW))
    state.written(Ledger(OTHER, "shop360", entries=failed(QUIET, "b.jpg").entries))
    for path in state.paths("open/"):
        state.documents.drop_marker(path)
    # The first schema's name of it.
    path = ledger_document.path(GUID, "shop")
    state.documents.metadata[path] = {"look_at": "1", "failed": "0"}
    swept = state.sweep(LATER)
    assert (swept.galleries, swept.rescued) == (2, 1)
    assert sorted(state.paths("open/galleries/"), reverse=True) == [MARKER, f"open/galleries/{OTHER}/shop360"]


def test_a_marker_of_trouble_that_is_over_is_mended_once_a_day(state: State) -> None:
    state.written(failed(QUIET, "b.jpg"))
    body = state.documents.documents[MARKER]
    state.written(QUIET)
    state.documents.documents[MARKER], state.documents.at[MARKER] = body, NOW
    state.documents.metadata[MARKER] = {"reconcile_at": "0", "failed": "1"}
    assert state.sweep(LATER).galleries == 0
    assert state.paths("open/") == []


def test_a_request_is_marked_before_it_is_written_down(state: State) -> None:
    operation = begun(state, "one")
    marker = f"open/operations/{operation.id}"
    assert state.documents.calls == [("write", marker), ("write", f"operations/{operation.id}.json")]


def test_a_sweep_goes_on_with_marked_requests_and_removes_the_markers_of_those_that_are_done(state: State) -> None:
    state.sweep(NOW)
    state.documents.now = NOW
    done, left = begun(state, "done"), begun(state, "left")
    operations.note_accepted(state.documents, done, 1)
    state.sweep(LATER)
    assert state.asked.operations == [left.id]
    assert ("list", "operations/") not in state.documents.calls
    assert state.paths("open/operations/") == [f"open/operations/{left.id}"]
    state.sweep(LATER + 1.0)
    assert ("read", f"operations/{done.id}/applied.json") not in state.documents.calls


def test_a_request_that_was_marked_a_moment_ago_is_its_callers(state: State) -> None:
    state.sweep(NOW)
    state.documents.now = LATER - 5.0
    begun(state, "new")
    state.sweep(LATER)
    assert state.asked.operations == []


def test_a_request_that_an_earlier_version_wrote_down_without_a_marker_is_found_once_a_day(state: State) -> None:
    done, left = begun(state, "done"), begun(state, "left")
    operations.note_accepted(state.documents, done, 1)
    for path in state.paths("open/"):
        state.documents.drop_marker(path)
    state.sweep(LATER)
    assert state.asked.operations == [left.id]
    assert state.paths("open/operations/") == [f"open/operations/{left.id}"]
    state.sweep(LATER + 600.0)
    assert ("list", "operations/") not in state.documents.calls
    state.sweep(LATER + DAY)
    assert ("list", "operations/") in state.documents.calls


def test_the_ids_of_events_are_no_requests_and_are_not_gone_through() -> None:
    state = Watched()
    for name in ("a" * 32, "c" * 32):
        state.write(f"operations/{name}.json", b"{}", generation=0)
        operations.of_event(state, f"event {name}", name)
    state.calls.clear()
    assert [one.operation for one in operations.written_down(state)] == ["a" * 32, "c" * 32]
    assert len(state.given) == 3


class Ticking(FixedClock):
    """A clock on which every look costs half of a run's time."""

    def now(self) -> float:
        self._now += TIMING.run_budget / 2
        return self._now


def test_the_daily_audit_of_requests_goes_on_where_its_time_ended(state: State) -> None:
    names = [f"{number:032x}" for number in range(audit_requests.CHUNK + 3)]
    for name in names:
        state.documents.write(f"operations/{name}.json", b"{}", generation=0)
    queue: Any = state.asked
    drops: Any = None
    found = []
    for _ in range(3):
        state.asked.operations.clear()
        clock = Ticking(LATER)
        world = SweepWorld(
            documents=state.documents, queue=queue, clock=clock, log=state.lines.log, timing=TIMING, drops=drops
        )
        audit_requests.audit_requests(world, LATER + TIMING.run_budget * 1.1)
        found.append(list(state.asked.operations))
    assert found == [names[: audit_requests.CHUNK], names[audit_requests.CHUNK - 1 :], []]


@dataclass
class Met:
    """The audit of the shop, which notes the galleries that it meets."""

    places: list[tuple[str, Gallery]] = field(default_factory=list)

    def begin_listing(self) -> None:
        return

    def meet(self, guid: str, gallery: Gallery) -> None:
        self.places.append((guid, gallery))


@pytest.mark.parametrize(("days_ago", "looked_at", "audited"), [(1.9, True, False), (2, True, True), (1, False, True)])
def test_a_gallery_that_the_days_catalogue_is_compared_with_has_no_audit_of_its_own(
    state: State, days_ago: float, looked_at: bool, audited: bool
) -> None:
    state.written(replace(QUIET, seen_as=SeenAs(NOW, "0123456789abcdef") if looked_at else None))
    reading = msgspec.json.encode(Reading(compared="a", compared_at=NOW - days_ago * DAY))
    state.documents.write(READING, reading, generation=0)
    met: Any = Met()
    list_ledgers(state.world(NOW), {}, met, lambda _: False)
    assert (met.places == [(GUID, "shop")]) is audited

"""What callers ask, and the cloud: the documents and tasks that only a caller's request causes, and what they may meet.

The request is written down and a look at it enqueued while its sender waits; a look brings it into the ledger as a wish; the
next one carries the wish out, and writes down what came of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import requests

from tests.contract.sandbox.support import MUG
from tests.faults.table.cells import (
    LIVE_ONCE,
    AtShoptet,
    AtStorage,
    AtTasks,
    Cell,
    Follows,
    StorageCall,
    fails,
    repeated,
    waits,
)
from tests.faults.table.cloud import Circumstances
from tests.faults.table.place import OBSERVER, Place
from tests.faults.table.rows_storage import BRIEF as STORAGE_BRIEF
from tests.faults.table.rows_storage import FIRST, IMPATIENT, LASTING, OVER, first, get, over
from tests.faults.table.rows_tasks import BRIEF as TASKS_BRIEF
from tests.faults.table.rows_tasks import LASTING as TASKS_LASTING
from tests.faults.table.rows_tasks import REFUSED
from tests.faults.table.scenes import CALL_ATTRIBUTES, CALL_CLEAN, CALL_DELETE, CLEAN, PURGE, Scene

CLEAN_ALL: Final = "images.delete_all"


def _operation(document: str) -> tuple[str, Callable[[Place], requests.Response]]:
    """A pattern of a document of an operation, and a request for one that is not there."""
    return rf"o/operations%2F[0-9a-f]+{document}\.json", get(
        f"/download/storage/v1/b/STATE/o/operations%2F0{document}.json?alt=media"
    )


def _move(place: Place) -> requests.Response:
    name = f"{MUG}/probe.png"
    place.storage("POST", f"/upload/storage/v1/b/{place.drops.name}/o?uploadType=media&name={name}&{OBSERVER}", b"x")
    source = f"/storage/v1/b/{place.drops.name}/o/{MUG}%2Fprobe.png"
    answer = place.storage("POST", f"{source}/rewriteTo/b/{place.state.name}/o/probe", b"{}")
    place.storage("DELETE", f"{source}?{OBSERVER}")
    return answer


def _remove(place: Place) -> requests.Response:
    name = f"{MUG}/probe.png"
    place.storage("POST", f"/upload/storage/v1/b/{place.drops.name}/o?uploadType=media&name={name}&{OBSERVER}", b"x")
    return place.storage("DELETE", f"/storage/v1/b/{place.drops.name}/o/{MUG}%2Fprobe.png")


CALLS: Final = (
    StorageCall("name the event's request", "objects.insert", FIRST, first),
    StorageCall("mark the request", "objects.insert", FIRST, first, before=1),
    StorageCall("write the request", "objects.insert", FIRST, first, before=2),
    StorageCall("mark the gallery for a wish", "objects.insert", FIRST, first, before=3),
    StorageCall("read the request", "objects.download", *_operation("")),
    StorageCall("read how far it was applied", "objects.download", *_operation("%2Fapplied")),
    StorageCall(
        "see when it was asked", "objects.list", "prefix=operations", get("/storage/v1/b/STATE/o?prefix=operations")
    ),
    StorageCall("write the wish", "objects.insert", OVER, over),
    StorageCall("note that it is applied", "objects.insert", FIRST, first, before=4),
    StorageCall("read the outcome", "objects.download", *_operation("%2F0")),
    StorageCall("write the wish's flight", "objects.insert", OVER, over, before=1),
    StorageCall("purge: list the files", "objects.list", "b/DROPS/", get("/storage/v1/b/DROPS/o"), before=1),
    StorageCall("purge: copy a file", "objects.rewrite", "b/DROPS/", _move),
    StorageCall("purge: remove a file", "objects.delete", "b/DROPS/", _remove),
    StorageCall("write the outcome", "objects.insert", FIRST, first, before=5),
    StorageCall("end the wish", "objects.insert", OVER, over, before=2),
)
BRIEF: Final = ("503", "reset after the work")
GIVEN_UP: Final = ("503, given up", "503 after the work, given up")

AGAIN, NOT_AGAIN = (CLEAN_ALL, 2), (CLEAN_ALL, 1)
SWEPT: Final = waits(600.0, 2000.0, sweeps=True, sends=NOT_AGAIN)
LATE: Final[Mapping[str, Mapping[bool, tuple[str, int] | None]]] = {
    # A flight that nobody ends is over after the grace. Only the outcome, once it is written, tells that the call was made.
    # Files are moved before the flight begins.
    "write the wish's flight": {False: None, True: NOT_AGAIN},
    "write the outcome": {False: AGAIN, True: NOT_AGAIN},
    "end the wish": {False: NOT_AGAIN, True: None},
}
"""Calls that may be given up with a flight in the ledger, before and after the work; and how often Shoptet is called then."""


def _given_up(call: StorageCall, name: str) -> Cell:
    sends = LATE.get(call.name, {}).get(LASTING[name].get("when") == "after")
    words = "Cloud Storage did not"
    follows = repeated(words) if sends is None else repeated(words, since=290.0, within=500.0, sends=sends)
    return Cell(call.name, name, (AtStorage(call, LASTING[name], "a run"),), follows, PURGE, IMPATIENT)


def _conflicts() -> list[Cell]:
    """Somebody else was faster, or it really was this very call."""
    cells = []
    for call in CALLS:
        if call.kind == "objects.insert":
            for when in ("before", "after") if call.path == OVER else ("after",):
                fault = AtStorage(call, {"status": 412, "when": when})
                # Cloud Storage gives no 412 before the work that nobody caused; the sweep makes up for one.
                lonely = when == "before" and call.name == "write the wish's flight"
                follows = SWEPT if lonely else LIVE_ONCE
                cells.append(Cell(call.name, f"412 {when} the work", (fault,), follows, PURGE))
    return cells


STORAGE = [
    *(Cell(c.name, name, (AtStorage(c, STORAGE_BRIEF[name]),), LIVE_ONCE, PURGE) for c in CALLS for name in BRIEF),
    *(
        _given_up(call, name)
        for call in CALLS
        for name in GIVEN_UP
        if not (call.kind == "objects.download" and "after" in name)  # the same as before it
    ),
    *_conflicts(),
]

ENQUEUED: Final = {"enqueue the look at a request": 0, "enqueue the look at a wish": 1}
REPEATED: Final = repeated("queues/")


def _tasks(faults: dict[str, dict[str, Any]], follows: Follows, **more: Any) -> list[Cell]:
    lasts, around = more.get("lasts", "once"), more.get("around", Circumstances())
    return [
        Cell(call, name, (AtTasks(before, what, lasts),), follows, CLEAN, around)
        for call, before in ENQUEUED.items()
        for name, what in faults.items()
    ]


TASKS = [
    *_tasks({name: what for name, what in TASKS_BRIEF.items() if name != "slow"}, LIVE_ONCE),
    *_tasks(REFUSED, REPEATED),
    *_tasks(TASKS_LASTING, REPEATED, lasts="a run", around=IMPATIENT),
    *_tasks({"ALREADY_EXISTS": {"code": "ALREADY_EXISTS"}}, SWEPT),
]


def _called(scene: Scene, call: str, name: str, kind: str, follows: Follows, **more: Any) -> Cell:
    lasts = more.pop("lasts", "once")
    return Cell(scene.name, name, (AtShoptet(call, kind, lasts, None, more),), follows, scene)


def _at_once() -> list[Cell]:
    """The caller waits, and the function that it called carries it out."""
    cells = []
    for scene, call, again in (
        (CALL_CLEAN, CLEAN_ALL, 2),
        (CALL_DELETE, "images.delete", 1),
        (CALL_ATTRIBUTES, "images.update", 2),
    ):
        cells += [
            Cell(scene.name, "nothing", (), LIVE_ONCE, scene),
            _called(scene, call, "reset after the work", "reset_after", waits(290.0, 500.0, sends=(call, again))),
            _called(scene, call, "503", "status", waits(290.0, 500.0, sends=(call, 2)), status=503),
            _called(scene, call, "429, all tries", "status", waits(25.0, 300.0), status=429, lasts="a run"),
            _called(scene, call, "400", "status", fails("ordered-fault", sends=(call, 1)), status=400),
            _called(scene, call, "401", "status", fails("check SHOPTET", sends=(call, 1)), status=401),
        ]
    # A call with a key names its operation itself: the document that does it for an event is not written.
    by_key = [replace(c, before=c.before - 1) if c.path == FIRST and c.before else c for c in CALLS]
    given_up = {c.name: AtStorage(c, LASTING["503, given up"], "a run") for c in by_key}
    cells += [
        _called(
            CALL_CLEAN,
            "images.list",
            "503 to the listing, all tries",
            "status",
            waits(50.0, 300.0),
            status=503,
            lasts="a run",
        ),
        _called(
            CALL_CLEAN,
            "images.list",
            "404 product gone",
            "status",
            fails("ordered-fault", own=True),
            status=404,
            lasts="for ever",
        ),
        *(
            Cell(CALL_CLEAN.name, f"{name}: 503, given up", (given_up[name],), follows, CALL_CLEAN, IMPATIENT)
            for name, follows in (
                ("write the request", repeated("Cloud Storage did not")),
                ("write the wish", repeated("Cloud Storage did not")),
                ("write the wish's flight", repeated("Cloud Storage did not")),
                ("write the outcome", repeated("Cloud Storage did not", since=290.0, within=500.0, sends=AGAIN)),
                ("end the wish", repeated("Cloud Storage did not", since=290.0, within=500.0, sends=NOT_AGAIN)),
            )
        ),
    ]
    return cells


CELLS = [*STORAGE, *TASKS, *_at_once()]

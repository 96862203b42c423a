"""Cloud Storage: each kind of call that the package makes, and what that may meet."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from tests.contract.sandbox.support import MUG
from tests.faults.table.cells import LIVE_ONCE, AtStorage, Cell, StorageCall, repeated
from tests.faults.table.cloud import Circumstances
from tests.faults.table.place import CODE, OBSERVER, Place
from tests.faults.table.scenes import BY_CODE, INSERT, REPLACE, REPLACE_BY_CODE

FIRST, OVER = "b/STATE/o.*ifGenerationMatch=0(&|$)", "b/STATE/o.*ifGenerationMatch=[1-9]"
"""A document's first write, and one over another."""


def get(path: str) -> Callable[[Place], requests.Response]:
    def probe(place: Place) -> requests.Response:
        return place.storage("GET", path.replace("STATE", place.state.name).replace("DROPS", place.drops.name))

    return probe


def _upload(place: Place, query: str) -> requests.Response:
    return place.storage("POST", f"/upload/storage/v1/b/{place.state.name}/o?uploadType=media{query}", b"{}")


def first(place: Place) -> requests.Response:
    return _upload(place, "&name=probe&ifGenerationMatch=0")


def over(place: Place) -> requests.Response:
    there = _upload(place, f"&name=probe&{OBSERVER}").json()["generation"]
    return _upload(place, f"&name=probe&ifGenerationMatch={there}")


def _delete(place: Place) -> requests.Response:
    _upload(place, f"&name=jobs/probe&{OBSERVER}")
    return place.storage("DELETE", f"/storage/v1/b/{place.state.name}/o/jobs%2Fprobe")


def _rewrite(place: Place) -> requests.Response:
    source = f"/storage/v1/b/{place.drops.name}/o/{MUG}%2Fa.png"
    return place.storage("POST", f"{source}/rewriteTo/b/{place.state.name}/o/probe", b"{}")


def _sign(place: Place) -> requests.Response:
    return place.storage("POST", "/v1/projects/-/serviceAccounts/a@b.c:signBlob", b'{"payload": ""}')


_ledger = get(f"/download/storage/v1/b/STATE/o/ledger%2F{MUG}%2Fshop.json?alt=media")
_code = get(f"/download/storage/v1/b/STATE/o/codes%2F{CODE}.json?alt=media")

READ_LEDGER = StorageCall("read ledger", "objects.download", "b/STATE/o/ledger%2F", _ledger)
READ_CODE = StorageCall("read code", "objects.download", "b/STATE/o/codes", _code)
WRITE_CODE = StorageCall("write code", "objects.insert", FIRST, first)
CALLS = (
    READ_LEDGER,
    StorageCall("list drops", "objects.list", "b/DROPS/", get("/storage/v1/b/DROPS/o")),
    StorageCall("copy a drop", "objects.rewrite", "b/DROPS/", _rewrite),
    StorageCall("sign a URL", "signBlob", "", _sign),
    StorageCall("mark the gallery", "objects.insert", FIRST, first),
    StorageCall("write the flight", "objects.insert", FIRST, first, before=1),
    StorageCall("index the job", "objects.insert", FIRST, first, before=2),
    StorageCall("write the job's id", "objects.insert", OVER, over),
    StorageCall("list jobs", "objects.list", "b/STATE/o.*prefix=jobs", get("/storage/v1/b/STATE/o?prefix=jobs")),
    StorageCall("read ledger to settle", "objects.download", "b/STATE/o/ledger%2F", _ledger, before=2),
    StorageCall("settle", "objects.insert", OVER, over, before=1),
    StorageCall("remove the job", "objects.delete", "b/STATE/o/jobs", _delete),
    READ_CODE,
    WRITE_CODE,
)
SCENES = {READ_LEDGER.name: REPLACE, READ_CODE.name: REPLACE_BY_CODE, WRITE_CODE.name: BY_CODE}
"""Where a fault is to hit a document that is there already, or a code; else pictures are inserted."""

BRIEF: dict[str, dict[str, Any]] = {
    "408": {"status": 408},
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "503 after the work": {"status": 503, "when": "after"},
    "reset": {"reset": True},
    "reset after the work": {"reset": True, "when": "after"},
    "slow": {"delay": 0.1},
}
"""One call meets it, and the client tries again."""

LASTING: dict[str, dict[str, Any]] = {
    "408, given up": {"status": 408},
    "429, given up": {"status": 429},
    "503, given up": {"status": 503},
    "503 after the work, given up": {"status": 503, "when": "after"},
    "reset after the work, given up": {"reset": True, "when": "after"},
}
"""The client's time for retries is over, and so is the run."""

CONFLICTS = ("write the flight", "index the job", "write the job's id", "settle", "write code", "copy a drop")
"""Calls with a precondition: somebody else seems to have been faster, or really was this very call."""

IMPATIENT = Circumstances(patience=0.0)


def _brief(call: StorageCall, name: str) -> Cell:
    return Cell(call.name, name, (AtStorage(call, BRIEF[name]),), LIVE_ONCE, SCENES.get(call.name, INSERT))


def _lasting(call: StorageCall, name: str) -> Cell:
    words = "IAM " if call.kind == "signBlob" else "Cloud Storage did not"
    after_work = LASTING[name].get("when") == "after"
    follows = repeated(words)
    if call.name in LOST[after_work]:
        # A flight stands in the ledger that nobody knows a job of: after the grace the gallery tells.
        follows = repeated(words, since=290.0, within=500.0, sends=("images.insert", 1))
    fault = AtStorage(call, LASTING[name], "a run")
    return Cell(call.name, name, (fault,), follows, SCENES.get(call.name, INSERT), IMPATIENT)


LOST = {False: ("index the job", "write the job's id"), True: ("index the job", "write the flight")}
"""The writes, done and not done, after which the ledger holds a flight whose job it does not know."""


def _conflict(call: StorageCall) -> list[Cell]:
    scene = SCENES.get(call.name, INSERT)
    # A 412 for a copy means that it is there, or that the file has changed: both are looked at again. One for an entry
    # in the index means that it is there, which is believed.
    whens = ("after",) if call.name == "index the job" else ("before", "after")
    names = {"before": "412", "after": "412 after the work"}
    return [
        Cell(call.name, names[when], (AtStorage(call, {"status": 412, "when": when}),), LIVE_ONCE, scene)
        for when in whens
    ]


IN_HASTE = Circumstances(storage_silence=0.5, patience=6.0)
"""An answer that takes longer counts as not coming; what was asked is done all the same, after it has been asked again."""


def _too_slow(call: StorageCall) -> Cell:
    fault = AtStorage(call, {"delay": 1.0})
    # The entry that comes late may be written after the job was settled and its entry removed: a later poll removes it again.
    follows = replace(LIVE_ONCE, within=75.0 + 2 * 70.0) if call.name == "index the job" else LIVE_ONCE
    return Cell(call.name, "slow, beyond the timeout", (fault,), follows, SCENES.get(call.name, INSERT), IN_HASTE)


CELLS = [
    *(cell for call in CALLS if call.name in CONFLICTS for cell in _conflict(call)),
    *(_brief(call, name) for call in CALLS for name in BRIEF),
    *(_lasting(call, name) for call in CALLS for name in LASTING),
    *(_too_slow(call) for call in CALLS),
]

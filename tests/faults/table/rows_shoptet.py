"""Shoptet: each call × what it may answer, or not answer."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.faults.table.cells import (
    LIVE_ONCE,
    AtShoptet,
    Cell,
    Elsewhere,
    Fault,
    Follows,
    Lasts,
    fails,
    waits,
)
from tests.faults.table.cloud import Circumstances
from tests.faults.table.detours import Canned
from tests.faults.table.scenes import BY_CODE, DELETE, DESCRIBE, INSERT, REPLACE, Scene

SCENES: Final[Mapping[str, Scene]] = {
    "product.detail": INSERT,
    "images.insert": INSERT,
    "images.source": REPLACE,
    "images.update": DESCRIBE,
    "images.delete": DELETE,
    "jobs.list": INSERT,
    "jobs.detail": INSERT,
    "jobs.result": INSERT,
    "product.by_code": BY_CODE,
}
READS: Final = ("product.detail", "jobs.list", "jobs.detail", "product.by_code")
STARTS: Final = ("images.insert", "images.source")
CHANGES: Final = ("images.update", "images.delete")
WRITES: Final = (*STARTS, *CHANGES)
RESULT: Final = "jobs.result"
ALL: Final = (*READS, *WRITES, RESULT)


def envelope(status: int, data: object, code: str, message: str, instance: str = "") -> Canned:
    """An answer in Shoptet's envelope, with one row of errors."""
    document = {
        "data": data,
        "errors": [{"errorCode": code, "message": message, "instance": instance}],
        "metadata": {"requestId": "canned-1"},
    }
    return Canned(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


NO_RIGHT = envelope(403, None, "invalid-token-no-rights", "The token has no rights to this endpoint.")
NO_MODULE = envelope(403, None, "module-not-active", "The module 'API' is not active in this shop.")
NO_WEBHOOK = envelope(403, None, "webhook-not-registered", "There is no webhook for the event job:finished.")
NO_DETAIL = envelope(403, None, "job-detail-try-counter-exceeded-limit", "You have exceeded the limit.")
NO_ACCESS = envelope(401, None, "invalid-token", "The access token is not valid.")


def _cell(call: str, name: str, fault: Fault, follows: Follows, **circumstances: Any) -> Cell:
    around = Circumstances(mirror_deletes=call == "images.delete", **circumstances)
    return Cell(call, name, (fault,), follows, SCENES[call], around)


def _by_kind(
    name: str,
    kind: str,
    follows: Mapping[str, Follows],
    lasts: Lasts = "once",
    retry_after: float | None = None,
    **more: Any,
) -> list[Cell]:
    """A row: the same fault for each call that `follows` names."""
    return [_cell(c, name, AtShoptet(c, kind, lasts, retry_after, more), f) for c, f in follows.items()]


def _of(calls: tuple[str, ...], follows: Follows) -> dict[str, Follows]:
    return dict.fromkeys(calls, follows)


def _lost(call: str, *, done: bool) -> Follows:
    """An answer that was lost: the gallery tells, and only what was certainly not done is sent again."""
    if call in STARTS:
        # Not done: two looks that are two minutes apart, and half a minute before the next try.
        return waits(290.0, 420.0, sends=(call, 1)) if done else waits(400.0, 800.0, sends=(call, 2))
    again = 1 if call == "images.delete" and done else 2
    return waits(290.0, 500.0, sends=(call, again))


LOST_DONE = {call: _lost(call, done=True) for call in WRITES}
LOST_NOT_DONE = {call: _lost(call, done=False) for call in WRITES}
COUNTED = waits(50.0, 200.0)
"""A job's detail is not asked again in place: its answer may have been lost after Shoptet counted the request."""

IN_PLACE = {**_of((*READS, RESULT), LIVE_ONCE), "jobs.detail": COUNTED}
LATER = {**_of(READS, waits(30.0, 300.0)), RESULT: LIVE_ONCE}
LATER_ALL = {**LATER, **_of(WRITES, waits(25.0, 300.0)), "images.delete": waits(5.0, 300.0)}
"""A deletion may be repeated at any time, so it only waits as long as Shoptet asked for."""

RETRY_AFTER = {call: waits(595.0, 800.0, sends=(call, 2)) for call in (*WRITES, "product.by_code", "jobs.list")}
RETRY_AFTER |= {"product.detail": waits(595.0, 800.0), "jobs.detail": waits(50.0, 200.0, sends=("jobs.detail", 2))}
"""The detail is asked again by the next look at the jobs, which Shoptet did not ask to wait."""

REFUSED_ONCE = {
    "product.detail": waits(25.0, 200.0, tells="ordered-fault"),
    "jobs.list": waits(0.0, 400.0, tells="ordered-fault"),
    "jobs.detail": waits(50.0, 200.0, tells="ordered-fault"),
    "jobs.result": LIVE_ONCE,
    "images.insert": LIVE_ONCE,  # the two images fly one by one, and only one call meets the fault
}
"""A refusal of a GET is for a person; of a write it is for the one image that is to blame, which is found by halving."""

REFUSED_FOR_EVER = {
    "images.insert": fails("ordered-fault"),
    "images.source": fails("ordered-fault"),
    "images.update": fails("ordered-fault"),
    "images.delete": fails("stays in the gallery"),
    "product.by_code": fails("knows no product with this code"),
}


def _refusals() -> list[Cell]:
    cells: list[Cell] = []
    for status in (400, 409, 413, 422):
        cells += _by_kind(f"{status}", "status", REFUSED_ONCE, status=status)
        cells += _by_kind(f"{status}, for ever", "status", REFUSED_FOR_EVER, "for ever", status=status)
    return cells


def _not_allowed(name: str, canned: Canned, advice: str, calls: tuple[str, ...]) -> list[Cell]:
    """A person has to do something; nothing is lost meanwhile."""
    then = {
        "product.detail": waits(25.0, 200.0, tells=advice),
        "jobs.list": waits(0.0, 200.0, tells=advice),
        "jobs.detail": waits(50.0, 200.0, tells=advice),
        "product.by_code": waits(3000.0, 4000.0, tells=advice),
        "jobs.result": LIVE_ONCE,
    }
    return [
        _cell(call, name, Elsewhere(call, canned), then.get(call, waits(25.0, 200.0, tells=advice))) for call in calls
    ]


CELLS = [
    # The connection.
    *(_cell(call, "refused connection", Elsewhere(call), LIVE_ONCE) for call in ALL),
    *(
        _cell(call, "refused connection, all tries", Elsewhere(call, None, "a run"), LATER.get(call, waits(4.0, 300.0)))
        for call in ALL
    ),
    *_by_kind("reset before the work", "reset_before", {**IN_PLACE, **LOST_NOT_DONE}),
    *_by_kind("reset after the work", "reset_after", {**IN_PLACE, **LOST_DONE}),
    *_by_kind("reset, all tries", "reset_after", LATER, "a run"),
    *_by_kind("read timeout", "timeout", {**IN_PLACE, **LOST_DONE}, delay=0.6),
    *_by_kind("truncated", "truncated", {**IN_PLACE, **LOST_DONE}),
    # Refusals.
    *_refusals(),
    *_by_kind(
        "404 product gone",
        "status",
        {
            "product.detail": fails("knows no product with this guid"),
            "images.insert": fails("knows no such product"),
            "images.source": fails("404 ordered-fault"),
            "images.update": fails("404 ordered-fault"),
            "product.by_code": fails("knows no product with this code"),
        },
        "for ever",
        status=404,
    ),
    *_by_kind(
        "404",
        "status",
        {
            "jobs.list": waits(0.0, 400.0, tells="ordered-fault"),
            "jobs.detail": LIVE_ONCE,
            "jobs.result": LIVE_ONCE,
        },
        status=404,
    ),
    _cell(
        "images.delete",
        "404, a person was faster",
        AtShoptet("images.delete", "status", more={"status": 404, "work": True}),
        LIVE_ONCE,
    ),
    *_not_allowed("401", NO_ACCESS, "check SHOPTET_PRIVATE_API_TOKEN", ALL),
    *_not_allowed("403 no right", NO_RIGHT, "grant this token", ALL),
    *_not_allowed("403 no module", NO_MODULE, "order and activate the module", ALL),
    *_not_allowed("403 no webhook", NO_WEBHOOK, "gallery-sync webhook register", STARTS),
    _cell("jobs.detail", "403 detail limit", Elsewhere("jobs.detail", NO_DETAIL), waits(50.0, 400.0)),
    # Later.
    *_by_kind("423", "status", _of(ALL, LIVE_ONCE), status=423),
    *_by_kind("423, all tries", "status", LATER_ALL, "a run", status=423),
    *_by_kind("429", "status", _of(ALL, LIVE_ONCE), status=429),
    *_by_kind("429, all tries", "status", LATER_ALL, "a run", status=429),
    *_by_kind("429, Retry-After 2 s", "status", _of(ALL, LIVE_ONCE), retry_after=2.0, status=429),
    *_by_kind("429, Retry-After 10 min", "status", RETRY_AFTER, retry_after=600.0, status=429),
    # Broken.
    *(
        cell
        for status in (500, 503)
        for cell in (
            *_by_kind(f"{status}", "status", {**IN_PLACE, **LOST_NOT_DONE}, status=status),
            *_by_kind(f"{status} after the work", "status", {**IN_PLACE, **LOST_DONE}, status=status, work=True),
            *_by_kind(f"{status}, all tries", "status", LATER, "a run", status=status),
        )
    ),
    *_by_kind(
        "503, for ever",
        "status",
        {"images.insert": fails("given up after 5 tries", sends=("images.insert", 5))},
        "for ever",
        status=503,
    ),
    *_by_kind("HTML with 200", "html", {**IN_PLACE, **LOST_NOT_DONE}, status=200),
    *_by_kind("HTML with 200 after the work", "html", LOST_DONE, status=200, work=True),
    *_by_kind("HTML with 200, all tries", "html", LATER, "a run", status=200),
    *_by_kind("truncated JSON", "cut_json", {**IN_PLACE, **LOST_DONE}),
    *_by_kind("wrong jobId type", "wrong_job_id_type", {call: LOST_DONE[call] for call in STARTS}),
    *_by_kind(
        "missing fields",
        "missing_fields",
        {
            **_of(READS, LIVE_ONCE),
            "jobs.detail": COUNTED,
            **{c: LOST_DONE[c] for c in (*STARTS, "images.update")},
            "images.delete": LIVE_ONCE,
        },
    ),
    *_by_kind(
        "data is null",
        "null_data",
        {
            **_of(READS, LIVE_ONCE),
            "jobs.detail": COUNTED,
            **{c: LOST_DONE[c] for c in (*STARTS, "images.update")},
            "images.delete": LIVE_ONCE,
        },
    ),
    *_by_kind("extra fields", "extra_fields", _of(ALL, LIVE_ONCE)),
]

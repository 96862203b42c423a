"""Jobs: how they may end, or not; and what their result may say."""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from tests.contract.sandbox.support import MUG
from tests.faults.table.cells import (
    LIVE_ONCE,
    AtShoptet,
    Cell,
    Elsewhere,
    Fault,
    Follows,
    Meanwhile,
    fails,
    waits,
)
from tests.faults.table.cloud import Circumstances
from tests.faults.table.detours import Canned
from tests.faults.table.place import CODE, Place
from tests.faults.table.scenes import INSERT, REPLACE, Scene

HOUR: Final = 3600.0
SIGNED_SECONDS: Final = 2
INSERTION, UPDATE = ("images.insert", INSERT), ("images.source", REPLACE)
BOTH: Final = (INSERTION, UPDATE)
Start = tuple[str, Scene]


def _job(kind: str, start: Start, name: str, follows: Follows, lasts: Any = "once", **more: Any) -> Cell:
    call, scene = start
    return Cell(f"the job of {call}", name, (AtShoptet(call, kind, lasts, None, more),), follows, scene)


def _ends_badly() -> list[Cell]:
    cells = []
    for start in BOTH:
        call = start[0]
        # Two listings, two minutes apart, and a pause. Nobody knows which of two new pictures broke the job: each flies alone.
        halves = 2 if start is INSERTION else 1
        again = waits(140.0, 500.0, sends=(call, 1 + halves))
        given_up = fails("given up after 5 tries", sends=(call, 1 + 4 * halves))
        for how in ("failed", "killed", "expired"):
            cells += [
                _job(f"job_{how}", start, how, again),
                _job(f"job_{how}", start, f"{how}, for ever", given_up, "for ever"),
            ]
        cells += [
            _job("job_never_ends", start, "never ends", waits(3 * HOUR, 4 * HOUR, sends=(call, 1 + halves))),
            _job("image_fails", start, "an image in error", waits(25.0, 300.0, sends=(call, 2))),
            _job("lose_image", start, "an image silently missing", waits(140.0, 500.0, sends=(call, 2))),
        ]
    for how in ("failed", "killed", "expired"):
        done = waits(140.0, 500.0, sends=("images.insert", 2))
        cells.append(_job(f"job_{how}", INSERTION, f"{how}, half done", done, done=1))
    return cells


def _passes(seconds: float) -> Callable[[Place], None]:
    return lambda place: place.clock.sleep(seconds)


def _wait_for_real(_: Place) -> None:
    """Nobody can put the storage's clock forward, by which signed URLs expire."""
    time.sleep(SIGNED_SECONDS)


def _product_goes(place: Place) -> None:
    place.api.control("DELETE", f"products/{MUG}")


def _product_comes_back(place: Place) -> None:
    place.api.control("POST", "products", {"guid": MUG, "name": "Hrnek", "code": CODE})


def _after_take_off(name: str, fault: Fault, follows: Follows, start: Start = INSERTION, **around: Any) -> Cell:
    call, scene = start
    return Cell(f"the job of {call}", name, (fault,), follows, scene, Circumstances(**around))


def _late() -> list[Cell]:
    """Nobody looks for a while after take-off."""
    cells = []
    for start in BOTH:
        once = (start[0], 1)
        expired = Meanwhile(1, _passes(25 * HOUR))
        cells.append(_after_take_off("result expired", expired, waits(25 * HOUR, 26 * HOUR, sends=once), start))
        gone, forgets = Meanwhile(1, _passes(2 * HOUR)), {"record_seconds": HOUR}
        follows = waits(3 * HOUR, 4 * HOUR, sends=once)
        cells.append(_after_take_off("gone (404)", gone, follows, start, sandbox=forgets))
    return cells


def _meanwhile() -> list[Cell]:
    """Somebody or something else is faster than the job."""
    goes = Meanwhile(1, _product_goes, _product_comes_back)
    # The job begins after half a minute on the shop's clock, and by then the first URLs have expired on the storage's.
    slow = {"pending_seconds": (30, 30)}
    late = waits(50.0, 2000.0)
    return [
        _after_take_off("product gone meanwhile", goes, fails("knows no such product")),
        _after_take_off(
            "signed URL expired",
            Meanwhile(1, _wait_for_real),
            late,
            sandbox=slow,
            signed_seconds=SIGNED_SECONDS,
            idle=False,
        ),
    ]


def _results() -> list[Cell]:
    """What lies behind the link: it only helps, so whatever it says, the gallery decides."""
    other = {"images": [{"name": "1.png", "sourceUrl": "https://cdn.example.com/1.png"}, {"name": "2.png"}]}
    swapped = {"images": [{"name": "102.png"}, {"name": "101.png"}]}
    errors = {"images": [{"name": "999.png", "error": "no such image"}]}
    bodies = {
        "huge": b"[" + b'{"name": "101.png"},' * 600_000 + b"{}]",
        "not JSON": b"<html><body>result</body></html>",
        "empty": b"",
        "not UTF-8": b"\xff\xfe\x00[",
        "deep": b"[" * 100_000,
        "naming other images": json.dumps(other).encode(),
        "naming our images in another order": json.dumps(swapped).encode(),
        "naming other images as failed": json.dumps(errors).encode(),
        "a redirect": b"",
    }
    cells = []
    for name, body in bodies.items():
        status, headers = (302, {"Location": "http://127.0.0.1:1/"}) if name == "a redirect" else (200, {})
        for call, scene in BOTH:
            fault = Elsewhere("jobs.result", Canned(status, body, headers), "for ever")
            cells.append(Cell(f"the result of {call}", name, (fault,), LIVE_ONCE, scene))
    for kind in ("bare", "html", "missing", "none"):
        for call, scene in BOTH:
            around = Circumstances(sandbox={"result_format": kind})
            cells.append(Cell(f"the result of {call}", f"format {kind}", (), LIVE_ONCE, scene, around))
    return cells


CELLS = [
    *_ends_badly(),
    *_late(),
    *_meanwhile(),
    *_results(),
]

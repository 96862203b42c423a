"""One test, driven by the table: call × fault × what must follow."""

import re
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from gallery_sync.core.ledger import Content
from tests.contract.sandbox.support import MUG, OAUTH_TOKEN, TOKEN
from tests.faults.table import (
    rows_callers,
    rows_callers_cloud,
    rows_jobs,
    rows_shoptet,
    rows_storage,
    rows_tasks,
    rows_together,
    rows_unknowns,
)
from tests.faults.table.cells import Cell
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.deployed import FUNCTIONS, ONE_AT_A_TIME
from tests.faults.table.place import Place, opened
from tests.faults.table.scenes import CALLERS_SECRET, RED

CELLS = [
    *rows_storage.CELLS,
    *rows_tasks.CELLS,
    *rows_shoptet.CELLS,
    *rows_together.CELLS,
    *rows_jobs.CELLS,
    *rows_callers.CELLS,
    *rows_callers_cloud.CELLS,
    *rows_unknowns.CELLS,
]

SECRET = re.compile(r"X-Goog-(Signature|Credential)=(?!…)|\d+-a-[0-9a-f]{32}|" + "|".join((TOKEN, OAUTH_TOKEN)))
"""What must never be told: queries of signed URLs, access tokens, and the tokens of the settings."""

ANSWERS = {200, 202, 400, 404, 409, 413, 422, 502, 503}
"""What `openapi.yaml` knows, but for what is about the key or the request itself."""

MOST_SWEEPS = 3
DAY = 24 * 3600.0


def _shared_out(cell: Cell) -> Any:
    """Every twentieth cell, whichever its id says, is tried by `make test`, and the others by `make test-long`."""
    marks = () if zlib.crc32(cell.id.encode()) % 20 == 0 else (pytest.mark.long,)
    return pytest.param(cell, id=cell.id, marks=marks)


@pytest.mark.parametrize("cell", [_shared_out(cell) for cell in CELLS])
def test_what_follows(cloud: Cloud, cell: Cell) -> None:
    with opened(cloud, cell.circumstances) as place:
        cell.scene.prepare(place)
        place.all_done()
        assert place.shown() == cell.scene.before
        place.runs.clear()
        place.api.control("DELETE", "calls")
        for fault in cell.faults:
            fault.order(place)
        # At the beginning of a window, so that the events of one act lead to one look, however busy the machine is.
        place.clock.sleep(place.world.timing.window - place.clock.now() % place.world.timing.window)
        began = place.clock.now()
        cell.scene.act(place)
        over = until_quiet(place, cell)
        calls = {operation: place.calls(operation) for operation in (cell.follows.sends or ("",))[:1]}
        assert all(fault.met(place) for fault in cell.faults), "the fault was never met"
        check(place, cell, over - began, calls)
        if cell.scene.says:
            check_answers(place, cell)
        if cell.follows.fails is not None and cell.scene.again is not None:
            heal(place, cell, cell.scene.again)
        no_secret_is_told(place)
        nothing_unexpected_is_told(place)


def until_quiet(place: Place, cell: Cell) -> float:
    """Let the platform work until nothing is left to do; give the moment at which the gallery was as it should be."""
    over = 0.0
    for _ in range(MOST_SWEEPS + 1):
        while place.step():
            if not over and place.shown() == cell.scene.wanted and place.quiet():
                over = place.clock.now()
            for fault in cell.faults:
                if fault.lasts == "a run" and fault.met(place):
                    fault.lift(place)
        if place.quiet() and (over or not cell.follows.live):
            break
        place.sweep()
    return over


def check(place: Place, cell: Cell, elapsed: float, calls: dict[str, int]) -> None:
    """Compare what followed with what must follow."""
    follows, told = cell.follows, "\n".join(place.errors())
    story = [(ran.what, round(ran.at - place.runs[0].at), ran.raised) for ran in place.runs]
    assert place.quiet(), f"something is still open: {place.ledger()}"
    assert place.shown() == (cell.scene.wanted if follows.live else cell.scene.before), (told, story)
    failures = {key: entry.failure for key, entry in place.ledger().entries.items() if entry.failure is not None}
    if follows.live:
        known = follows.answers or follows.tells
        assert all(known is not None and known in failure.reason for failure in failures.values()), failures
        assert follows.since <= elapsed <= follows.within, (elapsed, story)
    assert bool(place.swept) == follows.sweeps, story
    raised = [ran.raised for ran in place.runs if ran.raised]
    assert bool(raised) == bool(follows.raises), raised
    assert all((follows.raises or "") in each for each in raised), raised
    if follows.fails is not None:
        written = [failure.reason for failure in failures.values()] or refusals(place)
        written = written or ([place.callers.told()[2]] if cell.scene.says else [])
        assert written, "the failure is written down nowhere"
        assert all(follows.fails in reason for reason in written), written
    if follows.own:
        assert (follows.fails or follows.answers or "") in "\n".join(place.errors("WARNING"))
    expected = (follows.fails if not follows.own else None) or follows.tells or follows.raises
    assert bool(told) == bool(expected), told
    assert (expected or "") in told, told
    if follows.sends is not None:
        operation, times = follows.sends
        assert calls[operation] == times, story
    most = max(place.api.details().values(), default=0)
    assert most <= 10, f"a job's detail was asked {most} times"


def check_answers(place: Place, cell: Cell) -> None:
    """Compare what the caller is told with what has happened."""
    follows = cell.follows
    state, images, reasons = place.callers.told()
    assert set(place.callers.answers) <= ANSWERS
    refused = follows.fails or follows.answers
    if refused is None:
        assert (state, images) == ("done", cell.scene.says), reasons
    else:
        assert state == "failed"
        assert refused in reasons, reasons
    if cell.scene.files is not None and follows.live:
        assert place.files() == list(cell.scene.files)
    assert CALLERS_SECRET not in place.log.getvalue() + reasons


def refusals(place: Place) -> list[str]:
    """What is written down about folders and objects that were refused."""
    return [(place.document(path) or b"").decode() for path in place.documents("refused/")]


def heal(place: Place, cell: Cell, again: Callable[[Place], None]) -> None:
    """Once the cause is gone, dropping the file again is all that a person has to do."""
    for fault in cell.faults:
        fault.lift(place)
    place.clock.sleep(60)
    again(place)
    place.all_done()
    assert place.shown() == cell.scene.wanted
    assert place.quiet()
    if cell.scene.says:
        assert place.callers.told()[:2] == ("done", cell.scene.says)
    assert not any(entry.failure for entry in place.ledger().entries.values())
    assert not refusals(place)


def no_secret_is_told(place: Place) -> None:
    """Neither in the log, nor in what is kept of the work."""
    kept = [place.ledger().__repr__(), *(ran.raised or "" for ran in place.runs), *refusals(place)]
    for text in (place.log.getvalue(), *kept):
        assert not SECRET.search(text), text


def nothing_unexpected_is_told(place: Place) -> None:
    """No mistake of our own was met, which would pause the gallery with an ERROR line."""
    assert '"code": "unexpected"' not in place.log.getvalue(), place.log.getvalue()


def test_what_a_place_does_one_after_the_other_an_instance_does_too() -> None:
    assert {name: FUNCTIONS[name].concurrency for name in ONE_AT_A_TIME} == dict.fromkeys(ONE_AT_A_TIME, 1)


def test_the_watch_for_secrets_knows_one_when_it_sees_it(cloud: Cloud) -> None:
    with opened(cloud, Circumstances()) as place:
        place.put(f"{MUG}/a.png", RED)
        (file,) = place.world.drops.list(f"{MUG}/")
        content = Content(file.name, file.generation, file.checksum, file.size)
        url = str(place.world.outbox.prepare([content])[content])
        place.world.log.say("INFO", f"downloads {url}")
        assert SECRET.search(url)
        assert "downloads" in place.log.getvalue()
        no_secret_is_told(place)
    assert all(SECRET.search(secret) for secret in (TOKEN, OAUTH_TOKEN, "222651-a-" + "0123456789abcdef" * 2))

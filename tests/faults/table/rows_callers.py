"""What callers ask: each call of Shoptet's that it leads to × what that may answer, or not answer.

A cleanup, a deletion or a change of attributes is one call, which may be repeated; what Shoptet refuses is the caller's
answer at once. Pictures by URL fly as dropped ones do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.contract.sandbox.support import MUG
from tests.faults.table.cells import (
    LIVE_ONCE,
    AtShoptet,
    Cell,
    Elsewhere,
    Fault,
    Follows,
    JustBefore,
    Lasts,
    Meanwhile,
    fails,
    waits,
)
from tests.faults.table.cloud import BY_URL, GREEN, WHITE, Circumstances
from tests.faults.table.detours import Canned
from tests.faults.table.place import Place, Shown
from tests.faults.table.rows_shoptet import NO_ACCESS, NO_MODULE, NO_RIGHT, NO_WEBHOOK, envelope
from tests.faults.table.scenes import (
    ATTRIBUTES,
    BLUE,
    CLEAN,
    CLEAN_REFERENCES,
    DELETE_ONE,
    DELETE_REFERENCED,
    DELETE_THEIRS,
    FIRST,
    INSERT_BY_URL,
    PURGE,
    RED,
    SKIPPING,
    SOURCE_BY_KEY,
    SOURCE_BY_NAME,
    THEIRS,
    Scene,
    shown,
)

HOUR: Final = 3600.0
CLEAN_ALL, DELETE, UPDATE = "images.delete_all", "images.delete", "images.update"
INSERT, SOURCE, LIST, BY_CODE = "images.insert", "images.source", "images.list", "product.by_code"

CARRIED: Final = ((CLEAN_ALL, CLEAN), (DELETE, DELETE_ONE), (UPDATE, ATTRIBUTES))
"""Calls that carry out a caller's wish by themselves."""
FLOWN: Final = ((INSERT, INSERT_BY_URL), (SOURCE, SOURCE_BY_KEY))
"""Calls that start a job."""
WRITES: Final = (*CARRIED, *FLOWN)
REFERENCES, BY_NAME = (CLEAN_ALL, CLEAN_REFERENCES), (SOURCE, SOURCE_BY_NAME)
ALL: Final = (*WRITES, REFERENCES, BY_NAME)
"""The last two are asked where the gallery's end differs from the others', or how one sees it."""
LISTED: Final = (LIST, CLEAN)
"""The listing before a wish is carried out."""
Ask = tuple[str, Scene]


def _cell(ask: Ask, name: str, fault: Fault, follows: Follows, **around: Any) -> Cell:
    call, scene = ask
    return Cell(f"{scene.name}, {call}", name, (fault,), follows, scene, Circumstances(**around))


def _row(
    name: str, kind: str, follows: Mapping[Ask, Follows], lasts: Lasts = "once", after: float | None = None, **more: Any
) -> list[Cell]:
    """The same fault for each ask that `follows` names; `after` seconds are what `Retry-After` says."""
    return [_cell(ask, name, AtShoptet(ask[0], kind, lasts, after, more), f) for ask, f in follows.items()]


def _of(asks: tuple[Ask, ...], follows: Follows) -> dict[Ask, Follows]:
    return dict.fromkeys(asks, follows)


def _lost(ask: Ask, *, done: bool) -> Follows:
    """An answer that was lost. What the gallery shows to be done is not sent again; the rest may be repeated."""
    call, scene = ask
    if ask in (*FLOWN, BY_NAME):
        return waits(290.0, 450.0, sends=(call, 1)) if done else waits(400.0, 800.0, sends=(call, 2))
    seen = done and scene in (CLEAN_REFERENCES, DELETE_ONE)
    return waits(290.0, 500.0, sends=(call, 1 if seen else 2))


DONE: Final = {ask: _lost(ask, done=True) for ask in WRITES}
NOT_DONE: Final = {ask: _lost(ask, done=False) for ask in WRITES}
ALL_DONE: Final = {ask: _lost(ask, done=True) for ask in ALL}
ALL_NOT_DONE: Final = {ask: _lost(ask, done=False) for ask in ALL}
LATER: Final = _of(WRITES, waits(25.0, 300.0))
AT_ONCE: Final = _of(WRITES, LIVE_ONCE)


def _refused(status: int, asks: tuple[Ask, ...] = CARRIED) -> dict[Ask, Follows]:
    """Shoptet's refusal is the caller's answer, and nothing is sent again for it."""
    return {ask: fails("ordered-fault", sends=(ask[0], 1), own=status in (404, 409)) for ask in asks}


def _refusals() -> list[Cell]:
    cells: list[Cell] = []
    for status in (400, 409, 413, 422):
        cells += _row(f"{status}", "status", _refused(status, (*CARRIED, LISTED)), status=status)
        for_ever = {ask: fails("ordered-fault") for ask in FLOWN}
        cells += _row(f"{status}, for ever", "status", for_ever, "for ever", status=status)
    return cells


def _not_allowed(name: str, canned: Canned, advice: str, asks: tuple[Ask, ...]) -> list[Cell]:
    """A wish ends with what a person has to do; a picture waits until it is done."""
    return [
        _cell(
            ask,
            name,
            Elsewhere(ask[0], canned),
            fails(advice) if ask not in FLOWN else waits(25.0, 200.0, tells=advice),
        )
        for ask in asks
    ]


@dataclass(frozen=True)
class _NoPicture:
    """The other system has no picture under the URL that it gave."""

    lasts: Lasts = "for ever"

    def order(self, place: Place) -> None:
        place.cloud.pictures.files.clear()
        place.cloud.pictures.requests.clear()

    def met(self, place: Place) -> bool:
        return ("GET", "/green.png") in place.cloud.pictures.requests

    def lift(self, place: Place) -> None:
        place.cloud.pictures.files.update(BY_URL)


NOT_DONE_WITH_200 = envelope(200, None, "image-referenced", "A variant shows it.", "101.png")

SHOPTETS = [
    # The connection.
    *(_cell(ask, "refused connection", Elsewhere(ask[0]), LIVE_ONCE) for ask in (*WRITES, LISTED)),
    *(
        _cell(ask, "refused connection, all tries", Elsewhere(ask[0], None, "a run"), waits(4.0, 300.0))
        for ask in (*WRITES, LISTED)
    ),
    *_row("reset before the work", "reset_before", {**ALL_NOT_DONE, LISTED: LIVE_ONCE}),
    *_row("reset after the work", "reset_after", ALL_DONE),
    *_row("read timeout", "timeout", {**DONE, LISTED: LIVE_ONCE}, delay=0.6),
    *_row("truncated", "truncated", DONE),
    # Refusals.
    *_refusals(),
    *_row("404", "status", _refused(404), status=404),
    *_row("404 product gone", "status", {LISTED: fails("ordered-fault", own=True)}, "for ever", status=404),
    *_row(
        "404 product gone",
        "status",
        {ask: fails("404 ordered-fault") for ask in (*FLOWN, BY_NAME)},
        "for ever",
        status=404,
    ),
    *_not_allowed("401", NO_ACCESS, "check SHOPTET_PRIVATE_API_TOKEN", (*WRITES, LISTED)),
    *_not_allowed("403 no right", NO_RIGHT, "grant this token", (*WRITES, REFERENCES)),
    *_not_allowed("403 no module", NO_MODULE, "order and activate the module", (*CARRIED, *FLOWN)),
    *_not_allowed("403 no webhook", NO_WEBHOOK, "gallery-sync webhook register", FLOWN),
    # Later.
    *_row("423", "status", AT_ONCE, status=423),
    *_row("423, all tries", "status", LATER, "a run", status=423),
    *_row("429", "status", {**AT_ONCE, LISTED: LIVE_ONCE}, status=429),
    *_row("429, all tries", "status", {**LATER, LISTED: waits(3.0, 300.0)}, "a run", status=429),
    *_row(
        "429, Retry-After 10 min",
        "status",
        {ask: waits(595.0, 800.0, sends=(ask[0], 2)) for ask in WRITES},
        after=600.0,
        status=429,
    ),
    # Broken.
    *_row("500", "status", NOT_DONE, status=500),
    *_row("503", "status", {**NOT_DONE, LISTED: LIVE_ONCE}, status=503),
    *_row("503 after the work", "status", DONE, status=503, work=True),
    *_row("503, all tries", "status", {LISTED: waits(50.0, 300.0)}, "a run", status=503),
    *_row(
        "503, for ever",
        "status",
        {ask: fails("given up", sends=(ask[0], 5)) for ask in ALL},
        "for ever",
        status=503,
    ),
    *_row("HTML with 200", "html", {**NOT_DONE, LISTED: LIVE_ONCE}, status=200),
    *_row("HTML with 200 after the work", "html", DONE, status=200, work=True),
    *_row("truncated JSON", "cut_json", DONE),
    *_row("wrong jobId type", "wrong_job_id_type", {ask: DONE[ask] for ask in FLOWN}),
    *_row("missing fields", "missing_fields", {ask: DONE[ask] for ask in (*FLOWN, (UPDATE, ATTRIBUTES))}),
    *_row("data is null", "null_data", {**AT_ONCE, **{ask: DONE[ask] for ask in (*FLOWN, (UPDATE, ATTRIBUTES))}}),
    *_row("extra fields", "extra_fields", AT_ONCE),
    # 200, and yet something was not done.
    _cell(
        (DELETE, DELETE_ONE),
        "200, a row in errors",
        Elsewhere(DELETE, NOT_DONE_WITH_200),
        fails("A variant shows it", own=True),
    ),
    Cell(
        "delete a referenced one", "409 of the shop's own", (), fails("used by a variant", own=True), DELETE_REFERENCED
    ),
    Cell("delete a person's", "nothing", (), LIVE_ONCE, DELETE_THEIRS),
    *(_cell(ask, "no picture behind the URL", _NoPicture(), fails("HTTP 404", sends=(ask[0], 5))) for ask in FLOWN),
]


def _then(
    name: str, scene: Scene, wanted: Shown, faults: tuple[Fault, ...], follows: Follows, says: tuple[str, ...] = ()
) -> Cell:
    """Somebody does something else meanwhile, and that counts as well."""
    return Cell(scene.name, name, faults, follows, replace(scene, wanted=wanted, says=says or scene.says, files=None))


def _hangs_up(place: Place) -> None:
    place.by_hand(WHITE, priority=60_000)


def _takes_down(place: Place, name: str) -> None:
    place.api.control("DELETE", f"images/{MUG}/shop/{name}")


def _drops(place: Place) -> None:
    place.put(f"{MUG}/c.png", GREEN)


LOST_DONE, LOST_NOT_DONE = AtShoptet(CLEAN_ALL, "reset_after"), AtShoptet(CLEAN_ALL, "status", more={"status": 503})
NOT_NOW = AtShoptet(CLEAN_ALL, "status", retry_after=600.0, more={"status": 429})
JUDGED: Final = waits(290.0, 500.0)
WITH_GREEN: Final = shown(GREEN, BLUE)

DROP_THEN_CLEAN = replace(CLEAN, act=_drops, says=(*SKIPPING, "deleted"), files=None)
PURGE_THEN_DROP = replace(PURGE, wanted=WITH_GREEN, files=(f"{MUG}/c.png",))

MEANWHILE = [
    # What people and callers add after a cleanup was begun stays, whatever became of its first try.
    *(
        _then(f"{name}; then a person adds an image", scene, wanted, (fault, Meanwhile(2, _hangs_up)), follows)
        for scene, wanted in ((CLEAN, shown(BLUE, WHITE)), (CLEAN_REFERENCES, shown(WHITE)))
        for name, fault, follows in (
            ("reset after the work", LOST_DONE, JUDGED),
            ("503", LOST_NOT_DONE, JUDGED),
            ("429, Retry-After 10 min", NOT_NOW, waits(595.0, 800.0)),
        )
    ),
    *(
        _then(f"{name}; then a file is dropped", CLEAN, WITH_GREEN, (fault, Meanwhile(2, _drops)), JUDGED)
        for name, fault in (("reset after the work", LOST_DONE), ("503", LOST_NOT_DONE))
    ),
]

DONE_BEFORE: Final = AtShoptet(DELETE, "status", more={"status": 404, "work": True})
MEANWHILE += [
    # A person is faster than the call.
    _then(
        "a person deletes it first",
        DELETE_ONE,
        DELETE_ONE.wanted,
        (JustBefore(DELETE, lambda place: _takes_down(place, FIRST)),),
        Follows(answers="image-not-found", own=True),
    ),
    _then(
        "a person deletes one of two first",
        ATTRIBUTES,
        shown((RED, "Front"), BLUE),
        (JustBefore(UPDATE, lambda place: _takes_down(place, THEIRS)),),
        Follows(answers="103.png", own=True),
    ),
    _then(
        "a person adds one first",
        CLEAN,
        shown(BLUE),
        (JustBefore(CLEAN_ALL, _hangs_up),),
        LIVE_ONCE,
    ),
    _then(
        "a person deletes it first",
        SOURCE_BY_NAME,
        shown(RED, BLUE),
        (JustBefore("product.detail", lambda place: _takes_down(place, THEIRS)),),
        Follows(answers="no image '103.png'", tells="no image '103.png'"),
    ),
    # The first try's answer was lost, and the listing still shows what it deleted.
    _then(
        "reset, and the listing lags",
        DELETE_ONE,
        DELETE_ONE.wanted,
        (AtShoptet(DELETE, "reset_before"), DONE_BEFORE),
        waits(290.0, 500.0, sends=(DELETE, 2)),
    ),
    # Asked while a picture is on its way: what took off before cannot land after it.
    Cell("clean", "asked while a picture flies", (Meanwhile(1, CLEAN.act),), LIVE_ONCE, DROP_THEN_CLEAN),
    Cell(
        "clean",
        "asked while a picture flies for ever",
        (AtShoptet(INSERT, "job_never_ends"), Meanwhile(1, CLEAN.act)),
        waits(3 * HOUR, 4 * HOUR),
        replace(DROP_THEN_CLEAN, says=SKIPPING),
    ),
    # Files that are dropped after it was asked stay, and are shown.
    Cell("clean, files too", "a file is dropped meanwhile", (Meanwhile(1, _drops),), LIVE_ONCE, PURGE_THEN_DROP),
]

CELLS = [*SHOPTETS, *MEANWHILE]

"""Shoptet again: the same calls at another moment, two faults at once, and the access token of an add-on."""

from dataclasses import dataclass
from typing import Any

from tests.faults.table.cells import LIVE_ONCE, AtShoptet, Cell, Follows, Lasts, waits
from tests.faults.table.cloud import Circumstances
from tests.faults.table.place import Place
from tests.faults.table.rows_shoptet import SCENES
from tests.faults.table.scenes import DELETE, DESCRIBE, INSERT, REPLACE, REPLACE_BY_CODE


def _at(call: str, after: int, name: str, kind: str, follows: Follows, lasts: Lasts = "once", **more: Any) -> Cell:
    fault = AtShoptet(call, kind, lasts, None, {"after": after, **more})
    return Cell(f"{call} to settle", name, (fault,), follows)


AT_SETTLING = [
    _at("product.detail", 1, "reset", "reset_before", LIVE_ONCE),
    _at("product.detail", 1, "503", "status", LIVE_ONCE, status=503),
    _at("product.detail", 1, "503, all tries", "status", waits(50.0, 300.0), "a run", status=503),
    _at("product.detail", 1, "429, all tries", "status", waits(20.0, 300.0), "a run", status=429),
    _at("product.detail", 1, "HTML with 200, all tries", "html", waits(50.0, 300.0), "a run", status=200),
    _at("product.detail", 1, "truncated JSON", "cut_json", LIVE_ONCE),
    _at("product.detail", 1, "missing fields", "missing_fields", LIVE_ONCE),
    _at("product.detail", 1, "extra fields", "extra_fields", LIVE_ONCE),
    _at("product.detail", 1, "400", "status", waits(50.0, 300.0, tells="ordered-fault"), status=400),
    _at("product.detail", 1, "401", "status", waits(50.0, 300.0, tells="check SHOPTET"), status=401),
    _at("product.detail", 1, "403", "status", waits(50.0, 300.0, tells="follow Shoptet's message"), status=403),
]

JUDGED = ("images.insert", 1)


def _judging(name: str, kind: str, follows: Follows, lasts: Lasts = "once", after: int = 0, **more: Any) -> Cell:
    """A lost answer, and then the list of jobs does not tell either."""
    faults = (
        AtShoptet("images.insert", "reset_after"),
        AtShoptet("jobs.list", kind, lasts, None, {"after": after, **more}),
    )
    return Cell("jobs.list to judge", name, faults, follows)


HOURS = 3 * 3600.0
JUDGING = [
    _judging("reset", "reset_before", waits(290.0, 500.0, sends=JUDGED)),
    _judging("503, all tries", "status", waits(350.0, 700.0, sends=JUDGED), "a run", status=503),
    _judging("HTML with 200, all tries", "html", waits(350.0, 700.0, sends=JUDGED), "a run", status=200),
    _judging("429, all tries", "status", waits(300.0, 700.0, sends=JUDGED), "a run", status=429),
    *(
        _judging(f"{status}", "status", waits(500.0, 1000.0, sends=JUDGED, tells="ordered-fault"), status=status)
        for status in (400, 401, 403, 404, 422)
    ),
    *(
        _judging(
            f"{s}, for ever", "status", waits(HOURS, 4 * 3600.0, sends=JUDGED, tells="ordered"), "for ever", status=s
        )
        for s in (400, 403, 404)
    ),
]


def _code_asked_again(name: str, kind: str, follows: Follows, **more: Any) -> Cell:
    """The product is gone, and what its code means by now cannot be asked."""
    faults = (
        AtShoptet("product.detail", "status", "once", None, {"status": 404}),
        AtShoptet("product.by_code", kind, "a run", None, more),
    )
    return Cell("product.by_code after 404", name, faults, follows, REPLACE_BY_CODE)


AFTER_404 = [
    _code_asked_again("503", "status", waits(50.0, 300.0), status=503),
    _code_asked_again("reset", "reset_before", waits(50.0, 300.0)),
    _code_asked_again("429", "status", waits(3.0, 300.0), status=429),
    _code_asked_again("401", "status", waits(25.0, 4000.0, tells="check SHOPTET"), status=401),
    _code_asked_again("403", "status", waits(25.0, 4000.0, tells="follow"), status=403),
    _code_asked_again("400", "status", waits(25.0, 4000.0, tells="ordered"), status=400),
]

ADDON = Circumstances(addon=True)


def _token(name: str, kind: str, follows: Follows, lasts: Lasts = "once", **more: Any) -> Cell:
    return Cell("access_token", name, (AtShoptet("access_token", kind, lasts, None, more),), follows, INSERT, ADDON)


@dataclass(frozen=True)
class _Expires(AtShoptet):
    """The add-on's access token is no longer valid, although its time has not come; after `passed` calls of the run."""

    def order(self, place: Place) -> None:
        place.api.control("DELETE", "access-tokens")

    def met(self, place: Place) -> bool:
        return place.calls("access_token") > 0


TOKENS = [
    _token("401", "status", waits(25.0, 4000.0, tells="check SHOPTET"), status=401),
    _token("403", "status", waits(25.0, 4000.0, tells="check SHOPTET"), status=403),
    _token("429", "status", waits(50.0, 300.0), status=429),
    _token("503", "status", waits(50.0, 300.0), status=503),
    _token("reset", "reset_before", waits(50.0, 300.0)),
    _token("reset after the work", "reset_after", waits(50.0, 300.0)),
    _token("HTML with 200", "html", waits(50.0, 300.0), status=200),
    _token("truncated JSON", "cut_json", waits(50.0, 300.0)),
    _token("extra fields", "extra_fields", LIVE_ONCE),
    *(
        Cell(
            call,
            "401 expired (add-on token)",
            (_Expires(call, ""),),
            LIVE_ONCE,
            scene,
            Circumstances(addon=True, mirror_deletes=call == "images.delete"),
        )
        for call, scene in SCENES.items()
        if scene in (REPLACE, DESCRIBE, DELETE)
    ),
]

CELLS = [*AT_SETTLING, *JUDGING, *AFTER_404, *TOKENS]

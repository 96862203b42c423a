"""What Shoptet has not documented, each way that the sandbox knows: what people and callers ask must come out all the same.

The formats of a job's result, of which the same is true, are in `rows_jobs`.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cells import LIVE_ONCE, AtShoptet, Cell, Fault, Follows, Lasts, waits
from tests.faults.table.cloud import GREEN, WHITE, Circumstances
from tests.faults.table.place import Place
from tests.faults.table.scenes import (
    ATTRIBUTES,
    BLUE,
    CLEAN,
    DELETE,
    DESCRIBE,
    GREY,
    INSERT,
    INSERT_BY_URL,
    RED,
    REPLACE,
    SOURCE_BY_KEY,
    SOURCE_BY_NAME,
    Scene,
    shown,
)

HOURS: Final = 3 * 3600.0
LAG: Final = 60.0
"""Seconds: below the two minutes between the two looks after which something counts as missing."""
CALLS: Final = {
    INSERT.name: "images.insert",
    INSERT_BY_URL.name: "images.insert",
    REPLACE.name: "images.source",
    SOURCE_BY_KEY.name: "images.source",
    SOURCE_BY_NAME.name: "images.source",
}
PICTURES: Final = (INSERT, REPLACE, INSERT_BY_URL, SOURCE_BY_KEY)
UNTIDY: Final = "  Seen  from \n the front "
TIDY: Final = "Seen from the front"


def _cell(scene: Scene, name: str, follows: Follows, *faults: Fault, idle: bool = True, **sandbox: Any) -> Cell:
    if scene is INSERT_BY_URL and sandbox.get("renumber"):
        # There they are inserted above all others, somebody else's image among them (`numbering.appended`).
        scene = replace(scene, wanted=shown(RED, BLUE, GREY, GREEN, WHITE))
    around = Circumstances(sandbox=sandbox, mirror_deletes=scene is DELETE, idle=idle)
    return Cell(f"unknown: {scene.name}", name, faults, follows, scene, around)


def _once(scene: Scene, follows: Follows = LIVE_ONCE) -> Follows:
    """It is sent once, and never again because of what the shop made of it."""
    return replace(follows, sends=(CALLS[scene.name], 1))


def _lost(scene: Scene) -> AtShoptet:
    return AtShoptet(CALLS[scene.name], "reset_after")


def _drop_untidy(place: Place) -> None:
    place.put(f"{MUG}/a.png", RED, description=UNTIDY)
    place.put(f"{MUG}/b.png", BLUE, description="   ")


GREEN_JPEG: Final = picture("JPEG", colour="#00aa00")
DESCRIBED = replace(INSERT, act=_drop_untidy, wanted=shown((RED, TIDY), BLUE))
DESCRIBE_UNTIDY = replace(
    DESCRIBE, act=lambda place: place.describe(f"{MUG}/a.png", UNTIDY), wanted=shown((RED, TIDY), BLUE)
)
REPLACE_JPEG = replace(REPLACE, act=lambda place: place.put(f"{MUG}/a.png", GREEN_JPEG), wanted=shown(GREEN_JPEG, BLUE))

ALL_AT_ONCE: Final[dict[str, Any]] = {
    "head_first": True,
    "renumber": "insertions",
    "normalise_descriptions": True,
    "source_changes_extension": True,
    "job_endpoint": "short",
    "foreign_jobs": 7,
    "result_format": "none",
}


def _drop_jpeg_and_describe(place: Place) -> None:
    REPLACE_JPEG.act(place)
    place.all_done()
    place.describe(f"{MUG}/a.png", "Front")


@dataclass(frozen=True)
class OthersJob:
    """A job of other people's that never ends, and of which nothing tells that it is not ours."""

    lasts: Lasts = "once"

    def order(self, place: Place) -> None:
        place.api.control("POST", "jobs", {"endpoint": "/api/products/images", "status": "running"})

    def met(self, place: Place) -> bool:
        return place.calls("jobs.list") > 0

    def lift(self, place: Place) -> None:
        pass


CELLS = [
    *(_cell(scene, "HEAD before GET", _once(scene), head_first=True) for scene in PICTURES),
    # The listing shows nothing yet when the job has ended.
    *(
        _cell(scene, "the listing lags", _once(scene, waits(115.0, 400.0)), listing_lag_seconds=LAG)
        for scene in PICTURES
    ),
    *(
        _cell(
            scene,
            "the listing lags, answer lost",
            _once(scene, waits(290.0, 700.0)),
            _lost(scene),
            listing_lag_seconds=LAG,
        )
        for scene in (INSERT, REPLACE)
    ),
    *(_cell(scene, "numbers 10, 20, 30", _once(scene), renumber="insertions") for scene in PICTURES),
    # Then nothing tells ours from another's: all are shown, and a person is told to look.
    *(
        _cell(scene, "numbers 10, 20, 30, answer lost", beyond, _lost(scene), renumber="insertions")
        for scene, beyond in (
            (INSERT, _once(INSERT, waits(290.0, 500.0, tells="cannot be matched"))),
            (
                INSERT_BY_URL,
                _once(INSERT_BY_URL, waits(290.0, 500.0, tells="cannot be matched", answers="cannot be matched")),
            ),
        )
    ),
    # What the shop makes of a description is not changed back.
    *(
        _cell(scene, "descriptions trimmed", Follows(sends=("images.update", times)), normalise_descriptions=True)
        for scene, times in ((DESCRIBED, 0), (DESCRIBE_UNTIDY, 1))
    ),
    *(
        _cell(scene, "another extension", _once(scene), source_changes_extension=True)
        for scene in (REPLACE_JPEG, SOURCE_BY_KEY)
    ),
    _cell(
        replace(REPLACE_JPEG, act=_drop_jpeg_and_describe, wanted=shown((GREEN_JPEG, "Front"), BLUE)),
        "another extension, then described",
        Follows(within=150.0, sends=("images.update", 1)),
        source_changes_extension=True,
    ),
    # Which job is whose.
    *(_cell(scene, "short endpoint", _once(scene), job_endpoint="short") for scene in PICTURES),
    *(
        _cell(
            scene, "short endpoint, answer lost", _once(scene, waits(290.0, 500.0)), _lost(scene), job_endpoint="short"
        )
        for scene in PICTURES
    ),
    *(_cell(scene, "others' jobs", _once(scene), foreign_jobs=7) for scene in PICTURES),
    *(
        _cell(scene, "others' jobs, answer lost", _once(scene, waits(290.0, 500.0)), _lost(scene), foreign_jobs=7)
        for scene in (INSERT, REPLACE)
    ),
    *(
        _cell(
            scene,
            "others' job that never ends, answer lost",
            _once(scene, waits(HOURS, 4 * 3600.0)),
            _lost(scene),
            OthersJob(),
            idle=False,
            job_endpoint="short",
        )
        for scene in (INSERT, REPLACE)
    ),
    *(
        _cell(scene, "own jobs only", _once(scene), list_foreign_jobs=False, foreign_jobs=7)
        for scene in (INSERT, REPLACE)
    ),
    # What a cleanup, a deletion and a change of attributes meet of this.
    *(
        _cell(scene, "all at once", LIVE_ONCE, **ALL_AT_ONCE)
        for scene in (
            INSERT,
            REPLACE,
            DESCRIBE,
            DELETE,
            CLEAN,
            ATTRIBUTES,
            INSERT_BY_URL,
            SOURCE_BY_KEY,
            SOURCE_BY_NAME,
        )
    ),
]

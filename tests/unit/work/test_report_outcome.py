"""What people read in the log of a caller's wish: what was carried out, what was left out, and why not."""

import pytest

from gallery_sync.core.operation import ImageOutcome, Outcome, Problem
from gallery_sync.work.report import report_outcome
from tests.unit.core.build import NOW, Lines

DELETED = ImageOutcome("deleted", "1.png")
SKIPPED = ImageOutcome("skipped", "2.png", reason="a variant shows it")
UNKNOWN = ImageOutcome("failed", key="url:front", reason="the gallery has no such key")


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        pytest.param(Outcome(NOW, (DELETED,)), [("INFO", "clean carried out")], id="carried out"),
        pytest.param(
            Outcome(NOW, (DELETED, SKIPPED, UNKNOWN)),
            [
                ("WARNING", "clean left out 2.png: a variant shows it"),
                ("WARNING", "clean left out url:front: the gallery has no such key"),
                ("INFO", "clean carried out"),
            ],
            id="carried out in part",
        ),
        *(
            pytest.param(
                Outcome(NOW, problem=Problem(status, "code", "because")),
                [("WARNING", "clean was refused: because")],
                id=f"the caller's own, {status}",
            )
            for status in (200, 404, 409)
        ),
        *(
            pytest.param(
                Outcome(NOW, problem=Problem(status, "code", "because", "r1")),
                [("ERROR", "clean failed for good: because")],
                id=f"for a person, {status}",
            )
            for status in (400, 401, 403, 413, 422, 502)
        ),
    ],
)
def test_a_wish_is_told_with_what_became_of_it(outcome: Outcome, lines: list[tuple[str, str]]) -> None:
    told = Lines()
    report_outcome(told.log, "clean", outcome, guid="g", gallery="shop")
    assert [(line["severity"], line["message"]) for line in told.read] == lines
    assert all((line["guid"], line["gallery"]) == ("g", "shop") for line in told.read)

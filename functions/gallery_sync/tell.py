"""What came of a caller's wish, as log lines: no ledger tells it, so `report` does not either."""

from typing import Final

from gallery_sync.log import Log
from gallery_sync.operations import Kind, Outcome

CALLERS_OWN: Final = (200, 404, 409)
"""Refusals (200 that lists an error among them) that say that what was asked does not fit the gallery: the caller's to put
right, and no alarm for the shop's people."""


def tell(log: Log, kind: Kind, outcome: Outcome, **place: str) -> None:
    """Log that a wish was carried out, or why not, and what it left out.

    `place` are the fields that say which gallery it is about.
    """
    problem = outcome.problem
    if problem is not None:
        own = problem.status in CALLERS_OWN
        log.say(
            "WARNING" if own else "ERROR",
            f"{kind} {'was refused' if own else 'failed for good'}: {problem.message}",
            **place,
            code=problem.code,
            request_id=problem.request_id,
        )
        return
    for image in outcome.images:
        if image.state in ("failed", "skipped"):
            left = image.name or image.key
            log.say("WARNING", f"{kind} left out {left}: {image.reason}", **place)
    log.say("INFO", f"{kind} carried out", **place, images=len(outcome.images))

"""Cloud Tasks: each enqueueing of a picture's way, and what it may meet."""

from typing import Any, Final

from tests.faults.table.cells import LIVE_ONCE, AtShoptet, AtTasks, Cell, Follows, repeated, waits
from tests.faults.table.cloud import Circumstances

CALLS: Final = {
    "enqueue the drop's look": 0,
    "enqueue the second drop's look": 1,
    "enqueue the look at the jobs": 2,
    "enqueue the settling": 3,
    "enqueue the next look at the jobs": 4,
}
"""How many enqueueings go before."""

BRIEF: Final[dict[str, dict[str, Any]]] = {
    "UNAVAILABLE": {"code": "UNAVAILABLE"},
    "DEADLINE_EXCEEDED": {"code": "DEADLINE_EXCEEDED"},
    "RESOURCE_EXHAUSTED": {"code": "RESOURCE_EXHAUSTED"},
    "UNAVAILABLE after the work": {"code": "UNAVAILABLE", "when": "after"},
    "DEADLINE_EXCEEDED after the work": {"code": "DEADLINE_EXCEEDED", "when": "after"},
    "slow": {"delay": 0.1},
}
"""One call meets it, and the client tries again."""

REFUSED: Final[dict[str, dict[str, Any]]] = {
    "NOT_FOUND (queue missing)": {"code": "NOT_FOUND"},
    "FAILED_PRECONDITION (queue disabled)": {"code": "FAILED_PRECONDITION"},
    "PERMISSION_DENIED": {"code": "PERMISSION_DENIED"},
}
"""Never tried again in place."""

LASTING: Final[dict[str, dict[str, Any]]] = {
    "UNAVAILABLE, given up": {"code": "UNAVAILABLE"},
    "RESOURCE_EXHAUSTED, given up": {"code": "RESOURCE_EXHAUSTED"},
}

IMPATIENT: Final = Circumstances(patience=0.0)
REPEATED: Final = repeated("queues/")


def _exists(call: str) -> Follows:
    """ALREADY_EXISTS although no such task waits: the look is lost, and others or the sweep make up for it."""
    if call == "enqueue the next look at the jobs":
        return LIVE_ONCE  # the settling is enqueued already
    if call.endswith("drop's look"):
        return LIVE_ONCE  # the other drop's look is the same one
    if call == "enqueue the settling":
        return waits(60.0, 200.0)  # the next look at the jobs enqueues it again
    return waits(600.0, 2000.0, sweeps=True, sends=("images.insert", 1))


LOST: Final = AtShoptet("images.insert", "reset_after")

CELLS = [
    *(Cell(c, name, (AtTasks(n, what),), LIVE_ONCE) for c, n in CALLS.items() for name, what in BRIEF.items()),
    *(Cell(c, name, (AtTasks(n, what),), REPEATED) for c, n in CALLS.items() for name, what in REFUSED.items()),
    *(
        Cell(c, name, (AtTasks(n, what, "a run"),), REPEATED, circumstances=IMPATIENT)
        for c, n in CALLS.items()
        for name, what in LASTING.items()
    ),
    *(Cell(c, "ALREADY_EXISTS", (AtTasks(n, {"code": "ALREADY_EXISTS"}),), _exists(c)) for c, n in CALLS.items()),
    *(
        Cell(
            "enqueue the look after a lost answer",
            name,
            (LOST, AtTasks(2, what)),
            repeated("queues/", since=290.0, within=500.0, sends=("images.insert", 1)),
        )
        for name, what in REFUSED.items()
    ),
    Cell(
        "enqueue the look after a lost answer",
        "ALREADY_EXISTS",
        (LOST, AtTasks(2, {"code": "ALREADY_EXISTS"})),
        waits(600.0, 2000.0, sweeps=True, sends=("images.insert", 1)),
    ),
]

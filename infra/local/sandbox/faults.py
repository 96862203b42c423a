"""Misbehaviour to order: for the next calls of an operation, for the jobs that they start, or for webhooks.

An order names an operation (`images.insert`, a pattern such as `images.*`, `jobs.result` for the download of a result,
`webhook` for deliveries) and a kind:

- of the answer: `status` (with `status`, `headers`), `html` (502, or `status`), `reset_before`, `reset_after`,
  `timeout` (no answer for `delay` seconds, then the connection ends), `delay` (the right answer, `delay` seconds late),
  `truncated` (the connection ends in mid-body), `cut_json` (half the JSON in a whole answer), `wrong_job_id_type`,
  `missing_fields`, `extra_fields`, `null_data`;
- of the job: `job_failed`, `job_killed`, `job_expired` (the first `done` images are finished before), `job_never_ends`,
  `lose_image` and `image_fails` (for the rows `rows`, from 0), `no_webhook`;
- of a webhook: `lose`, `duplicate`, `delay`, `wrong_signature`.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from infra.local.sandbox.answers import Fate

ENDINGS = {"job_failed": "failed", "job_killed": "killed", "job_expired": "expired", "job_never_ends": "never"}
JOB_KINDS = frozenset({*ENDINGS, "lose_image", "image_fails", "no_webhook"})
WITHOUT_WORK = frozenset({"status", "html", "reset_before"})
"""Kinds after which nothing has been done, unless the order says otherwise with `work`."""

Kind = Literal[
    "status",
    "html",
    "reset_before",
    "reset_after",
    "timeout",
    "delay",
    "truncated",
    "cut_json",
    "wrong_job_id_type",
    "missing_fields",
    "extra_fields",
    "null_data",
    "job_failed",
    "job_killed",
    "job_expired",
    "job_never_ends",
    "lose_image",
    "image_fails",
    "no_webhook",
    "lose",
    "duplicate",
    "wrong_signature",
]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order. It is used up after `times` calls, and lets the first `after` calls through.

    `work` says whether the call's work is done all the same; `path` limits the order to URLs that contain it.
    """

    operation: str
    kind: Kind
    times: int = 1
    after: int = 0
    path: str = ""
    status: int | None = None
    headers: dict[str, str] = {}
    delay: float = 0.0
    work: bool | None = None
    rows: tuple[int, ...] = (0,)
    done: int = 0

    @property
    def works(self) -> bool:
        """Whether the call's work is done."""
        return self.kind not in WITHOUT_WORK if self.work is None else self.work


@dataclass
class _Order:
    fault: Fault
    passed: int = 0
    used: int = 0


class Faults:
    """The orders that still stand, the oldest first."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def order(self, fault: Fault) -> None:
        """Take an order."""
        self._orders.append(_Order(fault))

    def clear(self) -> None:
        """Forget every order."""
        self._orders.clear()

    def standing(self) -> tuple[Fault, ...]:
        """What has been ordered and not yet used up."""
        return tuple(order.fault for order in self._orders)

    def take(self, operation: str, path: str) -> tuple[Fault, ...]:
        """What is to happen to this call: one order about its answer at most, and any about its job."""
        taken: list[Fault] = []
        for order in tuple(self._orders):
            fault = order.fault
            if not fnmatchcase(operation, fault.operation) or fault.path not in path:
                continue
            if fault.kind not in JOB_KINDS and any(other.kind not in JOB_KINDS for other in taken):
                continue
            if order.passed < fault.after:
                order.passed += 1
                continue
            order.used += 1
            if order.used >= fault.times:
                self._orders.remove(order)
            taken.append(fault)
        return tuple(taken)


def fate_of(faults: tuple[Fault, ...]) -> Fate:
    """What the orders mean for the job of a call."""
    ending = next((fault for fault in faults if fault.kind in ENDINGS), None)
    return Fate(
        ending=ENDINGS[ending.kind] if ending else "completed",
        done=ending.done if ending else 0,
        lost=_rows(faults, "lose_image"),
        failing=_rows(faults, "image_fails"),
        notified=not any(fault.kind == "no_webhook" for fault in faults),
    )


def about_answer(faults: tuple[Fault, ...]) -> Fault | None:
    """The order about the call's answer, if there is one."""
    return next((fault for fault in faults if fault.kind not in JOB_KINDS), None)


def _rows(faults: tuple[Fault, ...], kind: str) -> frozenset[int]:
    return frozenset(row for fault in faults if fault.kind == kind for row in fault.rows)

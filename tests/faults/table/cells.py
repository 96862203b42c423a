"""The words of the table: what goes wrong, how long it lasts, and what must follow."""

import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import requests
from google.api_core import exceptions
from google.cloud import tasks_v2

from tests.faults.table.cloud import TIMEOUT, Circumstances
from tests.faults.table.detours import CLOSED, Canned
from tests.faults.table.place import LOCATION, OBSERVER, Place
from tests.faults.table.scenes import INSERT, Scene

Lasts = Literal["once", "a run", "for ever"]
"""One call; until a run has met it, however often that tries; until a person sees the failure."""

MANY: Final = 10_000
SLOT: Final = 0.0001
"""Seconds: an order that delays a call by so little lets it through, and the next order meets the next call."""


class Fault(Protocol):
    """Something that goes wrong. `met` says whether it has."""

    @property
    def lasts(self) -> Lasts: ...
    def order(self, place: Place) -> None: ...
    def met(self, place: Place) -> bool: ...
    def lift(self, place: Place) -> None: ...


@dataclass(frozen=True)
class AtShoptet:
    """A fault that the sandbox knows (`infra.local.sandbox.faults`); `retry_after` seconds become an HTTP date."""

    call: str
    kind: str
    lasts: Lasts = "once"
    retry_after: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def order(self, place: Place) -> None:
        more = dict(self.more)
        if self.retry_after is not None:
            # Its answer carries the machine's date, against which this one counts.
            more["headers"] = {"Retry-After": email.utils.formatdate(time.time() + self.retry_after + 1, usegmt=True)}
        place.api.fault(self.call, self.kind, **{"times": 1 if self.lasts == "once" else MANY, **more})
        if self.kind == "job_never_ends":
            place.endless = True

    def met(self, place: Place) -> bool:
        if self.lasts == "once":
            standing = place.api.control("GET", "faults")["faults"]
            return not any((fault["operation"], fault["kind"]) == (self.call, self.kind) for fault in standing)
        return place.calls(self.call) > int(self.more.get("after", 0))

    def lift(self, place: Place) -> None:
        place.api.control("DELETE", "faults")


@dataclass(frozen=True)
class Elsewhere:
    """A call that another host answers, or (without an answer) none: the connection is refused."""

    call: str
    answer: Canned | None = None
    lasts: Lasts = "once"
    after: int = 0

    def order(self, place: Place) -> None:
        if self.answer is not None:
            place.cloud.shelf.answer = self.answer
        base = place.cloud.shelf.url if self.answer is not None else CLOSED
        place.detours.order(self.call, base, 1 if self.lasts == "once" else MANY, self.after)

    def met(self, place: Place) -> bool:
        return place.detours.taken > 0

    def lift(self, place: Place) -> None:
        place.detours.clear()


@dataclass(frozen=True)
class StorageCall:
    """A call of the storage's: `kind` as it counts them, a pattern of its target, and how many such go before it.

    `probe` makes a request that would meet a fault of this call which is still there.
    """

    name: str
    kind: str
    path: str
    probe: Callable[[Place], requests.Response]
    before: int = 0


@dataclass(frozen=True)
class AtStorage:
    """A fault of the storage."""

    call: StorageCall
    what: Mapping[str, Any]
    lasts: Lasts = "once"

    def order(self, place: Place) -> None:
        path = self.call.path.replace("DROPS", place.drops.name).replace("STATE", place.state.name)
        fits = {"kind": self.call.kind, "path": f"^(?!.*{OBSERVER}).*{path}"}
        if self.call.before:
            place.cloud.order_of_storage(**fits, delay=SLOT, times=self.call.before)
        place.cloud.order_of_storage(**fits, **self.what, times=1 if self.lasts == "once" else MANY)

    def met(self, place: Place) -> bool:
        if self.lasts != "once":
            return any(ran.raised for ran in place.runs)
        started = time.monotonic()
        try:
            with place.cloud.unlimited():
                answer = self.call.probe(place)
        except requests.ConnectionError:
            return False
        late = time.monotonic() - started >= self.what.get("delay", TIMEOUT)
        return answer.status_code != self.what.get("status") and not late

    def lift(self, place: Place) -> None:
        place.cloud.behave()


@dataclass(frozen=True)
class AtTasks:
    """A fault of Cloud Tasks, for the enqueueing after `before` others."""

    before: int
    what: Mapping[str, Any]
    lasts: Lasts = "once"

    def order(self, place: Place) -> None:
        if self.before:
            place.cloud.order_of_tasks(call="CreateTask", times=self.before)
        times = 1 if self.lasts == "once" else MANY
        place.cloud.order_of_tasks(call="CreateTask", times=times, **self.what)

    def met(self, place: Place) -> bool:
        if self.lasts != "once":
            return any(ran.raised for ran in place.runs)
        spare = f"{LOCATION}/queues/spare-{place.state.name}"
        place.cloud.queue(spare)
        task = tasks_v2.Task(http_request={"url": CLOSED})
        try:
            place.cloud.client.create_task(parent=spare, task=task, retry=None)
        except exceptions.GoogleAPICallError:
            return False
        return True

    def lift(self, place: Place) -> None:
        place.cloud.behave()


@dataclass(frozen=True, kw_only=True)
class Follows:
    """What must follow. Always: nothing twice, no secret told, no other exception than the two documented ones.

    live       in the end the gallery shows what is wanted, each once; else it stays as it was
    since      seconds from the act after which that may be so at the earliest: nobody may act before
    within     and at the latest
    fails      words of the reason that the ledger holds (or the caller's operation) and the log tells with severity ERROR;
               dropping or asking again heals it
    own        it is the caller's own to put right: the log tells the reason with severity WARNING
    tells      words of an ERROR line, although it ends well: a person has to do something
    raises     words of the exception with which a run ends, so that the platform repeats its task
    sweeps     it takes the sweep: a look was lost
    sends      how often Shoptet got this call
    answers    words of what the caller is told, although the gallery is as it was wanted
    """

    live: bool = True
    since: float = 0.0
    within: float = 75.0
    fails: str | None = None
    own: bool = False
    tells: str | None = None
    raises: str | None = None
    sweeps: bool = False
    sends: tuple[str, int] | None = None
    answers: str | None = None


LIVE_ONCE: Final = Follows()


def waits(since: float, within: float, **more: Any) -> Follows:
    """Nothing is lost, nobody acts too early, and then it is live."""
    return Follows(since=since, within=within, **more)


def fails(reason: str, **more: Any) -> Follows:
    """A visible failure; the gallery stays as it was."""
    return Follows(live=False, fails=reason, **more)


def repeated(reason: str, **more: Any) -> Follows:
    """The run ends in a documented exception, the platform repeats it, and then it is live."""
    return Follows(raises=reason, **{"within": 200.0, **more})


@dataclass(frozen=True)
class Cell:
    """One cell of the table."""

    call: str
    fault: str
    faults: tuple[Fault, ...]
    follows: Follows
    scene: Scene = INSERT
    circumstances: Circumstances = field(default_factory=Circumstances)

    @property
    def id(self) -> str:
        """How the test is called."""
        return f"{self.call}: {self.fault}"


@dataclass(frozen=True)
class Meanwhile:
    """What happens elsewhere once a run of the act has ended: the `run`-th, counted from 1. `undo` is the cause's end."""

    run: int
    what: Callable[[Place], None]
    undo: Callable[[Place], None] | None = None
    lasts: Lasts = "once"

    def order(self, place: Place) -> None:
        place.meanwhile[self.run] = self.what

    def met(self, place: Place) -> bool:
        return self.run not in place.meanwhile

    def lift(self, place: Place) -> None:
        if self.undo is not None:
            self.undo(place)


@dataclass(frozen=True)
class JustBefore:
    """What happens elsewhere while a request of this call is on its way."""

    call: str
    what: Callable[[Place], None]
    lasts: Lasts = "once"

    def order(self, place: Place) -> None:
        place.detours.just_before(self.call, lambda: self.what(place))

    def met(self, place: Place) -> bool:
        return place.detours.taken > 0

    def lift(self, place: Place) -> None:
        place.detours.clear()

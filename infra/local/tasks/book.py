"""What one queue holds: its tasks, when each is due, and the names that it remembers. No dispatching here."""

import heapq
import itertools
from dataclasses import dataclass

import grpc
from google.cloud import tasks_v2

from .dispatch import Outcome
from .errors import CallError, missing

NAME_MEMORY_SECONDS = 3600.0
"""How long a name stays used after its task is done or deleted. Google promises no minimum and says: up to 24 hours
(9 days for queues from a queue.yaml); about an hour is what its documentation named for years."""


@dataclass(slots=True, eq=False)
class Held:
    """A task in the queue. Times in epoch seconds."""

    task: tasks_v2.Task
    eta: float
    """What X-CloudTasks-TaskETA says: the schedule time."""
    due: float
    """When it may be dispatched: the ETA, or later where a fault delays it."""
    duplicate: bool = False
    """A second dispatch that a fault ordered: sent once, whatever comes of it."""
    entry: int | None = None
    """Its valid place in the order of what is due; None: it waits for nothing (it runs, or is gone)."""
    running: int = 0
    dispatches: int = 0
    executions: int = 0
    first: float | None = None
    previous: Outcome | None = None


class Book:
    """The tasks of one queue. Not thread-safe: it belongs to the server's event loop."""

    def __init__(self, name_memory: float) -> None:
        self._memory = name_memory
        self._tasks: dict[str, Held] = {}
        self._used: dict[str, float] = {}
        self._order: list[tuple[float, int, Held]] = []
        self._entries = itertools.count()

    def check_unused(self, name: str, now: float) -> None:
        """Raises CallError ALREADY_EXISTS for a name that is, or lately was, in use."""
        self._used = {used: until for used, until in self._used.items() if until > now}
        if name in self._tasks:
            raise CallError(grpc.StatusCode.ALREADY_EXISTS, f"The task {name!r} already exists.")
        if name in self._used:
            raise CallError(grpc.StatusCode.ALREADY_EXISTS, f"A task with the name {name!r} existed too recently.")

    def add(self, held: Held) -> None:
        """Keep a new task, whose name was checked, until it is done or removed."""
        self._tasks[held.task.name] = held
        self.schedule(held, held.due)

    def lose(self, held: Held, now: float) -> None:
        """Remember the name of a new task that will silently never run."""
        self._used[held.task.name] = now + self._memory

    def schedule(self, held: Held, due: float) -> None:
        """Let a task become due at this time, and not when it was to become due before."""
        held.due = due
        held.entry = next(self._entries)
        heapq.heappush(self._order, (due, held.entry, held))

    def next_due(self) -> Held | None:
        """The task that becomes due first, left in its place."""
        while self._order:
            _, entry, held = self._order[0]
            if held.entry == entry:
                return held
            heapq.heappop(self._order)
        return None

    def holds(self, held: Held) -> bool:
        """Whether the task is still there: not done, deleted or purged since."""
        return self._tasks.get(held.task.name) is held

    def get(self, name: str) -> Held:
        """The task of this name; raises CallError NOT_FOUND, also for one that is done."""
        if name not in self._tasks:
            raise missing(f"The task {name!r} does not exist.")
        return self._tasks[name]

    def remove(self, held: Held, now: float) -> None:
        """Forget the task but not its name."""
        held.entry = None
        del self._tasks[held.task.name]
        self._used[held.task.name] = now + self._memory

    def waiting(self) -> int:
        """How many dispatches are still to come: of tasks that do not run, and of ordered duplicates."""
        return sum(1 for _, entry, held in self._order if held.entry == entry)

    def purge(self, now: float) -> None:
        """Remove every task, and what duplicates wait."""
        for held in list(self._tasks.values()):
            self.remove(held, now)
        self._order.clear()

    def tasks(self) -> list[Held]:
        """All tasks, in the order of their names."""
        return [self._tasks[name] for name in sorted(self._tasks)]

"""Cloud Tasks in memory: names remembered for a while, a schedule, bounded dispatches, tries with back-off; or none of it."""

from collections import Counter, deque
from collections.abc import Callable

from gallery_sync.cloud.tasks import CloudTasks, Task
from gallery_sync.ports.queue import EnqueueFailed
from tests.faults.simulation.effects import Effects

DAY = 86_400.0

Dispatch = Callable[[Task, Callable[[bool], None]], None]
"""Starts a run of a task, and has it say whether it answered 2xx."""


class SimTasks(CloudTasks):
    """A queue's tasks. Each may be lost, late, or run twice, even at the same time."""

    def __init__(
        self,
        effects: Effects,
        dispatch: Dispatch,
        concurrency: dict[str, int],
        lost: Callable[[Task], None],
        tries: int,
    ) -> None:
        self._effects = effects
        self._dispatch = dispatch
        self._concurrency = concurrency
        self._lost = lost
        self._most_tries = tries
        self._remembered: dict[str, float] = {}
        self._running: Counter[str] = Counter()
        self._ready: dict[str, deque[tuple[Task, int]]] = {queue: deque() for queue in concurrency}
        self.waiting = 0
        """How many tasks are still to come or to be tried again."""

    def enqueue(self, task: Task) -> bool:
        """See CloudTasks."""
        fx = self._effects
        fx.point()
        if fx.happens(fx.faults.enqueue_fails):
            fx.tell("is not rid of its task %s", task.body)
            raise EnqueueFailed(task.queue)
        name = task.name
        if name is not None and self._remembered.get(name, 0.0) > fx.now:
            fx.point()
            return False
        if name is not None:
            self._remembered[name] = max(task.at, fx.now) + DAY
        self._accept(task)
        fx.point()
        if fx.happens(fx.faults.enqueue_unsaid):
            raise EnqueueFailed(task.queue)
        return True

    def _accept(self, task: Task) -> None:
        fx = self._effects
        when = max(task.at, fx.now) + fx.rng.random() * 0.3
        fx.tell("enqueues %s for +%.1f s", task.body.decode(), when - fx.now)
        if fx.happens(fx.faults.task_lost):
            fx.tell("  and that task is lost")
            self._lost(task)
            return
        if fx.happens(fx.faults.task_late):
            when += fx.rng.choice((20.0, 400.0, 4000.0)) * fx.rng.random()
        self._enter(task, 0, when)
        if fx.happens(fx.faults.task_twice):
            self._enter(task, 0, when + fx.rng.choice((0.05, 5.0, 300.0)) * fx.rng.random())

    def _enter(self, task: Task, tries: int, when: float) -> None:
        self.waiting += 1
        self._effects.scheduler.at(when, lambda: self._due(task, tries))

    def _due(self, task: Task, tries: int) -> None:
        self._ready[task.queue].append((task, tries))
        self._pump(task.queue)

    def _pump(self, queue: str) -> None:
        ready = self._ready[queue]
        while ready and self._running[queue] < self._concurrency[queue]:
            task, tries = ready.popleft()
            self._running[queue] += 1
            self._dispatch(task, lambda ok, task=task, tries=tries: self._ended(task, tries, ok))  # type: ignore[misc]

    def _ended(self, task: Task, tries: int, ok: bool) -> None:
        fx = self._effects
        self.waiting -= 1
        self._running[task.queue] -= 1
        if ok and task.name is not None:
            # Remembered for up to a day after it ended, and sometimes not at all.
            self._remembered[task.name] = fx.now + fx.rng.choice((0.0, 60.0, DAY))
        elif not ok and tries + 1 < self._most_tries:
            self._enter(task, tries + 1, fx.now + min(0.5 * 2**tries, 60.0))
        elif not ok:
            fx.tell("a task is given up: %s", task.body)
            self._lost(task)
        self._pump(task.queue)

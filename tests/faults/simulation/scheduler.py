"""Virtual time, and runs that interleave under one seed.

The package's code is synchronous, so every run has a real thread; but only one of them is awake at any moment, and hands
over only where it pauses, which is before and after every effect. Who goes on is decided by virtual time alone: what is
due is in one heap, ordered by moment and then by when it was entered. So a run of the simulation depends on its seed only.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

Action = Callable[[], None]
Done = Callable[[BaseException | None], None]

SURPLUS: Final = 1e-6
"""Seconds that something entered for the past is late, so that time never stands still."""


class Killed(BaseException):
    """The instance is gone at this line: nothing of the package may catch it."""


class Stuck(AssertionError):
    """More steps than any schedule needs: something goes round in circles."""


@dataclass(eq=False)
class Run:
    """One execution of a function: a thread's work, killed where it pauses beyond `deadline`."""

    name: str
    body: Action
    done: Done
    deadline: float
    killed: bool = False
    steps: int = 0


class _Thread:
    """A thread that waits for a run, carries it out, and looks on its way out who is next."""

    def __init__(self) -> None:
        self.wake = threading.Lock()
        self.wake.acquire()
        self.work: tuple[Scheduler, Run] | None = None
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self) -> None:
        self.wake.acquire()
        while self.work is not None:
            scheduler, run = self.work
            scheduler.carry_out(run)
            scheduler.finished(self)


@dataclass
class Threads:
    """Threads that wait for work, kept from one world to the next."""

    idle: list[_Thread] = field(default_factory=list)

    def take(self) -> _Thread:
        """Give a thread that has nothing to do."""
        return self.idle.pop() if self.idle else _Thread()


class _Main:
    """The test's own thread, asleep while a world turns."""

    def __init__(self) -> None:
        self.wake = threading.Lock()
        self.wake.acquire()


Sleeper = _Thread | _Main


class Scheduler:
    """A world's time. `now` is the true time, in epoch seconds; clocks that differ from it are others' business."""

    def __init__(self, threads: Threads, start: float, *, most_steps: int = 400_000) -> None:
        self.now = start
        self.current: Run | None = None
        self.active: dict[Run, _Thread] = {}
        self.steps = 0
        self._most_steps = most_steps
        self._threads = threads
        self._main = _Main()
        self._heap: list[tuple[float, int, Action | _Thread]] = []
        self._entered = 0
        self._until = start
        self._broken: BaseException | None = None

    def at(self, when: float, action: Action) -> None:
        """Let something happen at a moment (epoch seconds), outside of any run; it must not pause."""
        self._enter(when, action)

    def spawn(self, name: str, body: Action, done: Done, lives: float) -> Run:
        """Start a run now; it is killed if it still goes on after so many seconds. `done` gets what it raised."""
        run = Run(name, body, done, self.now + lives)
        thread = self._threads.take()
        thread.work = (self, run)
        self.active[run] = thread
        self._enter(self.now, thread)
        return run

    def pause(self, seconds: float) -> None:
        """Let time pass for the current run. Raises Killed where its instance dies meanwhile."""
        run = self.current
        if run is None:
            raise RuntimeError("nobody runs who could pause")
        if run.killed:
            raise Killed
        run.steps += 1
        when = max(min(self.now + seconds, run.deadline), self.now + SURPLUS)
        if self._broken is None and when <= self._until and (not self._heap or self._heap[0][0] > when):
            # Nothing else is due before: it need not go through the heap.
            self.now = when
            self.steps += 1
        else:
            thread = self.active[run]
            self._enter(when, thread)
            self._turn(thread)
        if run.killed or self.now >= run.deadline:
            run.killed = True
            raise Killed

    def run_until(self, when: float) -> None:
        """Let the world turn until a moment. Raises what broke it."""
        self._until = when
        self._turn(self._main)
        if self._broken is not None:
            raise self._broken
        self.now = max(self.now, when)

    @property
    def next_at(self) -> float | None:
        """When something happens next; None: never."""
        return self._heap[0][0] if self._heap else None

    def break_off(self, error: BaseException) -> None:
        """End the world: an invariant does not hold."""
        self._broken = self._broken or error

    def close(self) -> None:
        """Kill whatever still runs, so that its threads are free for the next world."""
        self._heap.clear()
        self._broken = None
        for run, thread in list(self.active.items()):
            run.killed = True
            run.done = _nothing
            self._enter(self.now, thread)
            self._until = self.now + 1
            self._turn(self._main)

    def carry_out(self, run: Run) -> None:
        """Execute a run in its own thread."""
        error: BaseException | None = None
        try:
            if not run.killed:
                run.body()
        except BaseException as caught:  # noqa: BLE001  # what it means is for `done` to say
            error = caught
        self.active.pop(run)
        self.current = None
        try:
            run.done(error)
        except BaseException as broken:  # noqa: BLE001  # told to the test's own thread
            self.break_off(broken)

    def finished(self, thread: _Thread) -> None:
        """Put a thread back, and hand over; returns once it has got another run."""
        thread.work = None
        self._threads.idle.append(thread)
        self._turn(thread)

    def _enter(self, when: float, what: Action | _Thread) -> None:
        self._entered += 1
        heappush(self._heap, (max(when, self.now + SURPLUS), self._entered, what))

    def _turn(self, me: Sleeper) -> None:
        """Let happen what is due until it is this thread's turn."""
        while True:
            if self._broken is not None or not self._heap or self._heap[0][0] > self._until:
                return self._hand_over(self._main, me)
            when, _, what = heappop(self._heap)
            self.now = max(self.now, when)
            self.steps += 1
            if self.steps > self._most_steps:
                self.break_off(Stuck(f"more than {self._most_steps} steps"))
            if isinstance(what, _Thread):
                if what.work is not None:
                    self.current = what.work[1]
                return self._hand_over(what, me)
            self.current = None
            try:
                what()
            except BaseException as broken:  # noqa: BLE001  # told to the test's own thread
                self.break_off(broken)

    @staticmethod
    def _hand_over(to: Sleeper, me: Sleeper) -> None:
        if to is not me:
            to.wake.release()
            me.wake.acquire()


def _nothing(_error: BaseException | None) -> None:
    return

"""A queue at work: which task goes out when, and what becomes of it."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from google.cloud import tasks_v2

from . import checks, names, retry
from .book import NAME_MEMORY_SECONDS, Book, Held
from .config import QueueConfig, to_message
from .dispatch import Outcome, Send, Sender, headers
from .faults import Faults
from .log import Attempt, Log

IDLE_SECONDS = 30.0
"""The dispatcher looks again after this at the latest, even if nothing woke it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`name_memory`: seconds for which a used name is refused. `deadline_scale`: factor on every dispatch deadline, so
    that a test need not wait for the 15 s that are the shortest deadline."""

    name_memory: float = NAME_MEMORY_SECONDS
    deadline_scale: float = 1.0


class Counts(msgspec.Struct, frozen=True):
    """A queue in numbers. `pending` dispatches wait, `running` ones are under way; the rest counts tasks since the
    start.

    `oldest_eta`: epoch seconds of the earliest schedule time among pending and running tasks.
    """

    name: str
    state: str
    pending: int
    running: int
    completed: int
    given_up: int
    lost: int
    oldest_eta: float | None


class LocalQueue:
    """One queue. Not thread-safe: it belongs to the server's event loop."""

    def __init__(self, config: QueueConfig, send: Sender, faults: Faults, log: Log, settings: Settings) -> None:
        self.config = config
        self.book = Book(settings.name_memory)
        self._send, self._faults, self._log, self._settings = send, faults, log, settings
        self._paused = False
        self._purged: float | None = None
        self._bucket = retry.Bucket(float(config.burst), time.time())
        self._throttle = retry.Throttle()
        self._running = self._completed = self._given_up = self._lost = 0
        self._wake = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()
        self._dispatcher = asyncio.create_task(self._dispatch())

    async def stop(self) -> None:
        """End the dispatcher and whatever it has under way."""
        ending = [self._dispatcher, *self._attempts]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def message(self) -> tasks_v2.Queue:
        """The queue as GetQueue shows it."""
        states = tasks_v2.Queue.State
        message = tasks_v2.Queue(to_message(self.config), state=states.PAUSED if self._paused else states.RUNNING)
        if self._purged is not None:
            message.purge_time = checks.timestamp(self._purged)
        return message

    def counts(self) -> Counts:
        """The queue in numbers."""
        return Counts(
            name=self.config.name,
            state="PAUSED" if self._paused else "RUNNING",
            pending=self.book.waiting(),
            running=self._running,
            completed=self._completed,
            given_up=self._given_up,
            lost=self._lost,
            oldest_eta=min((held.eta for held in self.book.tasks()), default=None),
        )

    def configure(self, config: QueueConfig) -> None:
        """Work with other settings from now on."""
        self.config = config
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Stop dispatching, or go on."""
        self._paused = paused
        self._wake.set()

    def purge(self) -> None:
        """Delete every task that is there."""
        self._purged = time.time()
        self.book.purge(self._purged)

    def create(self, asked: tasks_v2.Task) -> tasks_v2.Task:
        """Add a task; raises CallError for one that is not acceptable or whose name is used."""
        now = time.time()
        task = checks.accepted(self.config.name, asked, now)
        self.book.check_unused(task.name, now)
        short = names.short(self.config.name)
        eta = task.schedule_time.timestamp()
        held = Held(task, eta, eta + self._faults.delay(short))
        if self._faults.lose(short):
            self.book.lose(held, now)
            self._lost += 1
            self._log.began(self._attempt(held, None, 0, lost=True))
            return task
        self.book.add(held)
        if self._faults.duplicate(short):
            self.book.schedule(Held(task, eta, held.due, duplicate=True), held.due)
        self._wake.set()
        return task

    def delete(self, name: str) -> None:
        """Delete a task, also while it is being dispatched; raises CallError NOT_FOUND."""
        self.book.remove(self.book.get(name), time.time())

    def run(self, name: str) -> tasks_v2.Task:
        """Dispatch a task at once, whatever limits, pause or running attempt there is; raises CallError NOT_FOUND."""
        held = self.book.get(name)
        self._start(held, time.time())
        return held.task

    async def _dispatch(self) -> None:
        while True:
            self._wake.clear()
            wait = self._start_due(time.time())
            # Not wait_for: before Python 3.12 it forgets a cancellation that comes as the waiting ends.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    def _start_due(self, now: float) -> float:
        """Start what may be started; returns the seconds until there may be more, unless something happens first."""
        while not self._paused and self._running < self.config.max_concurrent:
            held = self.book.next_due()
            if held is None:
                break
            self._bucket = self._bucket.filled(self.config, now)
            wait = max(held.due - now, self._throttle.until - now, self._bucket.wait(self.config))
            if wait > 0:
                return min(wait, IDLE_SECONDS)
            self._bucket = self._bucket.taken()
            self._start(held, now)
        return IDLE_SECONDS

    def _start(self, held: Held, now: float) -> None:
        held.entry = None
        held.running += 1
        self._running += 1
        held.dispatches += 1
        held.first = held.first or now
        self._background(self._try(held, held.dispatches, now))
        if not held.duplicate:
            held.task.dispatch_count = held.dispatches
            held.task.last_attempt = tasks_v2.Attempt(
                schedule_time=checks.timestamp(held.eta), dispatch_time=checks.timestamp(now)
            )
            if held.dispatches == 1:
                held.task.first_attempt = tasks_v2.Attempt(dispatch_time=checks.timestamp(now))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)

    async def _try(self, held: Held, attempt: int, now: float) -> None:
        request = held.task.http_request
        deadline: timedelta = held.task.dispatch_deadline
        number = self._log.began(self._attempt(held, now, attempt))
        outcome = await self._send(
            Send(
                method=tasks_v2.HttpMethod(request.http_method).name,
                url=request.url,
                headers=headers(held.task, held.eta, attempt - 1, held.executions, held.previous),
                body=request.body,
                timeout=deadline.total_seconds() * self._settings.deadline_scale,
            )
        )
        answered = time.time()
        self._log.ended(number, answered, outcome.status, outcome.reason)
        held.running -= 1
        self._running -= 1
        self._throttle = self._throttle.after(status=outcome.status, retry_after=outcome.retry_after, now=answered)
        # Deleted or done meanwhile, or only a duplicate: then nothing more is to come of it.
        if self.book.holds(held):
            self._settle(held, outcome, answered)
        self._wake.set()

    def _settle(self, held: Held, outcome: Outcome, now: float) -> None:
        held.previous = outcome
        if outcome.status is not None:
            held.task.response_count += 1
            held.executions += outcome.status < 500
        held.task.last_attempt.response_time = checks.timestamp(now)
        held.task.last_attempt.response_status.code = outcome.code.value[0]
        held.task.last_attempt.response_status.message = outcome.reason
        since_first = now - (held.first or now)
        if outcome.success:
            self._completed += 1
            self.book.remove(held, now)
        elif retry.ended(self.config, held.dispatches, since_first) and not held.running:
            self._given_up += 1
            self.book.remove(held, now)
        elif not held.running:
            held.eta = now + retry.pause(self.config, held.dispatches)
            held.task.schedule_time = checks.timestamp(held.eta)
            self.book.schedule(held, held.eta)

    def _attempt(self, held: Held, now: float | None, attempt: int, *, lost: bool = False) -> Attempt:
        return Attempt(
            name=names.short(held.task.name),
            queue=names.short(self.config.name),
            url=held.task.http_request.url,
            body=held.task.http_request.body.decode(errors="replace"),
            attempt=attempt,
            scheduled=held.eta,
            dispatched=now,
            lost=lost,
            duplicate=held.duplicate,
        )

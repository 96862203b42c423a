"""How jobs run: they wait, do their work, end as they were told to, and tell the webhook."""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from infra.local.sandbox.answers import Fate
from infra.local.sandbox.clock import Clock
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.jobs import Job, JobBoard
from infra.local.sandbox.results import ResultFile
from infra.local.sandbox.shop import Unknown


@dataclass(frozen=True)
class Done:
    """What a job brought: its result, if it has one, and its log."""

    result: ResultFile | None
    log: str | None = None


Finish = Callable[[], Done]
"""What a job does at the moment of its end; raises `Unknown` if what it is about is gone."""


@dataclass(frozen=True)
class Work:
    """What a job has to do. `begin` is called as it starts to run, and what it answers as it ends."""

    begin: Callable[[], Awaitable[Finish]]
    fate: Fate
    origin: str


class Runner:
    """Runs jobs in the background, a few at a time."""

    def __init__(
        self,
        clock: Clock,
        config: Callable[[], SandboxConfig],
        board: JobBoard,
        finished: Callable[[Job], None],
    ) -> None:
        self._clock = clock
        self._config = config
        self._board = board
        self._finished = finished
        self._drawn = random.Random(config().seed)
        self._slots = asyncio.Semaphore(config().jobs_at_once)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Job, work: Work) -> None:
        """Queue a job."""
        task = asyncio.get_running_loop().create_task(self._run(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up every job that is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Work) -> None:
        async with self._slots:
            await self._clock.until(job.created + self._drawn.uniform(*self._config().pending_seconds))
            job.status, job.started = "running", self._clock.now()
            if work.fate.ending == "never":
                return
            end = job.started + self._drawn.uniform(*self._config().job_seconds)
            try:
                finish = await work.begin()
                await self._clock.until(end)
                if job.ended:
                    return
                self._finish(job, work, finish)
            except Exception as error:  # noqa: BLE001 -- told and ended, as at Shoptet every job ends
                traceback.print_exc()
                self._board.end(job, "failed", log=f"The sandbox failed: {type(error).__name__}.")
        if work.fate.notified:
            self._finished(job)

    def _finish(self, job: Job, work: Work, finish: Finish) -> None:
        try:
            done = finish()
        except Unknown as gone:
            # The product was deleted while the job was under way.
            self._board.end(job, "failed", log=str(gone))
            return
        if work.fate.ending != "completed":
            self._board.end(job, work.fate.ending, log=f"The job was {work.fate.ending}.")
            return
        self._board.end(job, "completed", done.result, done.log)
        if done.result is not None:
            job.result_url = f"{self._config().public_url or work.origin}/api-results/{done.result.name}"

"""The records of jobs: what they went through, who may still see them, and how often one has been asked about."""

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.local.sandbox.answers import Json, refuse
from infra.local.sandbox.clock import Clock, shown, shown_or_none
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.paging import page_of, within
from infra.local.sandbox.results import ResultFile

STATUSES = ("pending", "running", "completed", "failed", "expired", "killed")
UNFINISHED = ("pending", "running")
ID_ALPHABET = string.ascii_lowercase + string.digits
DEFAULT_JOBS_PER_PAGE = 100


@dataclass
class Job:
    """One job. Times are seconds since 1970. `details` counts the requests for its detail before it ended."""

    id: str
    endpoint: str
    operation: str
    created: float
    foreign: bool = False
    status: str = "pending"
    started: float | None = None
    completed: float | None = None
    log: str | None = None
    result: ResultFile | None = None
    result_url: str | None = None
    valid_until: float | None = None
    details: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in UNFINISHED


class JobBoard:
    """All jobs. Each look at them first marks those as failed that have been unfinished for too long."""

    def __init__(self, clock: Clock, config: Callable[[], SandboxConfig]) -> None:
        self._clock = clock
        self._config = config
        self._jobs: dict[str, Job] = {}

    def add(self, endpoint: str, operation: str, *, foreign: bool = False, age: float = 0) -> Job:
        """A new job, created `age` seconds ago."""
        job = Job(_random(7), endpoint, operation, self._clock.now() - age, foreign)
        self._jobs[job.id] = job
        return job

    def end(self, job: Job, status: str, result: ResultFile | None = None, log: str | None = None) -> None:
        """Record how a job ended, and where its result can be had."""
        job.status, job.completed, job.log, job.result = status, self._clock.now(), log, result
        if result is not None:
            job.valid_until = job.completed + self._config().result_valid_seconds

    def all(self) -> tuple[Job, ...]:
        """Every job whose record still exists, the latest first."""
        now, config = self._clock.now(), self._config()
        for job in self._jobs.values():
            if not job.ended and now - job.created >= config.overdue_seconds:
                # Shoptet's internal errors show only so: no log, no result, and no webhook either.
                job.status, job.completed = "failed", job.created + config.overdue_seconds
        kept = [job for job in self._jobs.values() if now - job.created < config.record_seconds]
        return tuple(sorted(kept, key=lambda job: job.created, reverse=True))

    def find(self, job_id: str) -> Job:
        """The job with this id; raises `Refusal` (404)."""
        for job in self._visible():
            if job.id == job_id:
                return job
        raise refuse(404, "job-not-found", f'Job with ID "{job_id}" not found.', job_id)

    def detail(self, job_id: str) -> Json:
        """A job's detail; raises `Refusal`: 404, or 403 for the eleventh request before it has ended."""
        job = self.find(job_id)
        if not job.ended:
            job.details += 1
            if job.details > self._config().details_before_end:
                raise refuse(
                    403,
                    "job-detail-try-counter-exceeded-limit",
                    f'You have exceeded the limit of job detail request for unprocessed job "{job_id}". '
                    "Please wait for job:finished event after job is completed!",
                    job_id,
                )
        duration = None if job.completed is None else f"{job.completed - (job.started or job.created):.3f}"
        return {**_row(job), "duration": duration, "resultUrl": job.result_url, "log": job.log}

    def page(self, query: Mapping[str, str | int | bool]) -> Json:
        """A page of the list of jobs, filtered; raises `Refusal` (400) for a filter that cannot be understood."""
        wanted = [job for job in self._visible() if _fits(job, query)]
        rows, paginator = page_of(wanted, query, DEFAULT_JOBS_PER_PAGE)
        return {"jobs": [_row(job) for job in rows], "paginator": paginator}

    def result(self, name: str) -> tuple[bytes, str]:
        """A result file's content and media type; raises `Refusal` (404) once it is no longer valid."""
        for job in self._jobs.values():
            file = job.result
            if file and file.name == name and file.content is not None and (job.valid_until or 0) > self._clock.now():
                return file.content, file.media_type
        raise refuse(404, "file-not-found", "The result does not exist, or is no longer valid.")

    def _visible(self) -> tuple[Job, ...]:
        return tuple(job for job in self.all() if not job.foreign or self._config().list_foreign_jobs)


def result_name(job: Job, extension: str) -> str:
    """The name of a job's result file: nobody can guess it, so that it needs no token."""
    return f"{job.id}-{_random(7)}.{extension}"


def _random(length: int) -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(length))


def _row(job: Job) -> Json:
    return {
        "jobId": job.id,
        "endpoint": job.endpoint,
        "creationTime": shown(job.created),
        "completionTime": shown_or_none(job.completed),
        "status": job.status,
        "validUntil": shown_or_none(job.valid_until),
    }


def _fits(job: Job, query: Mapping[str, str | int | bool]) -> bool:
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise refuse(400, "invalid-parameter", f"status must be one of {', '.join(STATUSES)}.", "status")
    return (status is None or job.status == status) and all(
        within(moment, query, name)
        for name, moment in (("creationTime", job.created), ("completionTime", job.completed))
    )

"""`jobs/{jobId}.json`: which gallery's flight a job belongs to. An index only: the ledger says what is true.

What it holds stands in the object's metadata, so that one listing shows all jobs under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.log import Log
from gallery_sync.ports.storage import Documents, Listed, PreconditionFailed

PREFIX: Final = "jobs/"
CATALOGUE: Final = "catalogue"
"""What stands in the place of a flight where a job makes the snapshot of the whole catalogue, which is of no gallery."""


@dataclass(frozen=True, slots=True)
class IndexedJob:
    """A job under way: its gallery, its flight, when the flight started (epoch seconds), how often its detail was asked."""

    job_id: str
    guid: str
    gallery: Gallery
    flight: str
    started: float
    asked: int = 0

    @property
    def is_snapshot(self) -> bool:
        """Whether it makes the snapshot of the catalogue."""
        return self.flight == CATALOGUE


def snapshot(job_id: str, started: float) -> IndexedJob:
    """Give the entry of a job that makes the snapshot of the catalogue."""
    return IndexedJob(job_id, "", GALLERIES[0], CATALOGUE, started)


def path(job_id: str) -> str:
    """Where a job's entry lies; an id is quoted, as its form is Shoptet's to choose."""
    return f"{PREFIX}{quote(job_id, safe='')}.json"


def add(documents: Documents, job: IndexedJob) -> None:
    """Enter a job. One that is entered already stays as it is."""
    try:
        documents.write(path(job.job_id), b"{}", generation=0, metadata=_metadata(job))
    except PreconditionFailed:
        return


def count_ask(documents: Documents, job: IndexedJob, generation: int) -> bool:
    """Count a request for the detail before it is sent; False if another run counted at the same time: leave it to that."""
    counted = IndexedJob(job.job_id, job.guid, job.gallery, job.flight, job.started, job.asked + 1)
    try:
        documents.write(path(job.job_id), b"{}", generation=generation, metadata=_metadata(counted))
    except PreconditionFailed:
        return False
    return True


def remove(documents: Documents, job_id: str) -> None:
    """Remove a job that is settled."""
    documents.delete(path(job_id))


def find(documents: Documents, job_id: str) -> IndexedJob | None:
    """Give one job's entry; None if there is none."""
    return next((job for job, _ in _entries(documents, path(job_id)) if job.job_id == job_id), None)


def under_way(documents: Documents, log: Log | None = None) -> Iterator[tuple[IndexedJob, int]]:
    """Give all jobs under way, each with the generation of its entry.

    What is no entry is left out, so that it does not keep the others waiting, and told to `log`.
    """
    return _entries(documents, PREFIX, log)


def _entries(documents: Documents, prefix: str, log: Log | None = None) -> Iterator[tuple[IndexedJob, int]]:
    for listed in documents.list(prefix):
        job = _read(listed)
        if job is not None:
            yield job, listed.generation
        elif log is not None:
            log.say(
                "ERROR",
                f"{listed.path} in the state bucket is not an entry of a job: only gallery-sync may write there; delete it",
            )


def _read(listed: Listed) -> IndexedJob | None:
    job_id = unquote(listed.path.removeprefix(PREFIX).removesuffix(".json"))
    meta = listed.metadata
    gallery = next((g for g in GALLERIES if g == meta.get("gallery")), None)
    if gallery is None:
        return None
    try:
        return IndexedJob(job_id, meta["guid"], gallery, meta["flight"], float(meta["started"]), int(meta["asked"]))
    except (KeyError, ValueError):
        return None


def _metadata(job: IndexedJob) -> dict[str, str]:
    return {
        "guid": job.guid,
        "gallery": job.gallery,
        "flight": job.flight,
        "started": repr(job.started),
        "asked": str(job.asked),
    }

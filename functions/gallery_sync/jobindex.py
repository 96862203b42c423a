"""`jobs/{jobId}.json`: which gallery's flight a job belongs to. An index only: the ledger says what is true.

What it holds stands in the object's metadata, so that one listing shows all jobs under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from gallery_sync.ports import Conflict, Documents
from gallery_sync.shoptet.model import GALLERIES, Gallery

PREFIX: Final = "jobs/"


@dataclass(frozen=True, slots=True)
class IndexedJob:
    """A job under way: its gallery, its flight, when the flight took off (epoch seconds), how often its detail was asked."""

    job_id: str
    guid: str
    gallery: Gallery
    flight: str
    started: float
    asked: int = 0


def path(job_id: str) -> str:
    """Where a job's entry lies; an id is quoted, as its form is Shoptet's to choose."""
    return f"{PREFIX}{quote(job_id, safe='')}.json"


def add(documents: Documents, job: IndexedJob) -> None:
    """Enter a job. One that is entered already stays as it is."""
    try:
        documents.write(path(job.job_id), b"{}", generation=0, metadata=_metadata(job))
    except Conflict:
        return


def count_ask(documents: Documents, job: IndexedJob, generation: int) -> bool:
    """Count a request for the detail before it is sent; False if another run counted at the same time: leave it to that."""
    counted = IndexedJob(job.job_id, job.guid, job.gallery, job.flight, job.started, job.asked + 1)
    try:
        documents.write(path(job.job_id), b"{}", generation=generation, metadata=_metadata(counted))
    except Conflict:
        return False
    return True


def remove(documents: Documents, job_id: str) -> None:
    """Remove a job that is settled."""
    documents.delete(path(job_id))


def find(documents: Documents, job_id: str) -> IndexedJob | None:
    """Give one job's entry; None if there is none."""
    return next((job for job, _ in _entries(documents, path(job_id)) if job.job_id == job_id), None)


def under_way(documents: Documents) -> Iterator[tuple[IndexedJob, int]]:
    """Give all jobs under way, each with the generation of its entry."""
    return _entries(documents, PREFIX)


def _entries(documents: Documents, prefix: str) -> Iterator[tuple[IndexedJob, int]]:
    for listed in documents.list(prefix):
        gallery = next((g for g in GALLERIES if g == listed.metadata.get("gallery")), None)
        if gallery is None:
            raise ValueError(
                f"{listed.path} in the state bucket is not an entry of a job: only gallery-sync may write there"
            )
        job_id = unquote(listed.path.removeprefix(PREFIX).removesuffix(".json"))
        meta = listed.metadata
        job = IndexedJob(job_id, meta["guid"], gallery, meta["flight"], float(meta["started"]), int(meta["asked"]))
        yield job, listed.generation


def _metadata(job: IndexedJob) -> dict[str, str]:
    return {
        "guid": job.guid,
        "gallery": job.gallery,
        "flight": job.flight,
        "started": repr(job.started),
        "asked": str(job.asked),
    }

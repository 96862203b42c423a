"""Polls the jobs: one list serves all that are under way; whoever's job has ended is told to settle."""

from gallery_sync.core import schedule
from gallery_sync.core.shop_values import Job
from gallery_sync.ports import shop_errors
from gallery_sync.state import jobindex
from gallery_sync.state.jobindex import IndexedJob
from gallery_sync.work.world import PollWorld

Entry = tuple[IndexedJob, int]


def poll(world: PollWorld) -> None:
    """Poll the jobs, and enqueue the next poll while any is under way.

    Raises StorageUnavailable, TasksError.
    """
    now = world.clock.now()
    entries = _without_forgotten(world, now)
    if not entries:
        return
    # One that nobody can settle must not widen the list by a day each day: its end is certain without it.
    expected = [job.started for job, _ in entries if not _is_lost(job, now, world)]
    try:
        since = min(expected, default=now) - world.timing.clock_margin
        jobs = {job.job_id: job for job in world.shop.jobs(created_from=since)} if expected else {}
    except (shop_errors.NotAllowed, shop_errors.Refused) as error:
        world.log.say("ERROR", f"the list of jobs is not to be had, asking each job within its budget: {error}")
        _ask_each(world, entries, now)
        return
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}")
        world.queue.poll(error.at)
        return
    open_ages = [now - job.started for job, _ in entries if not _has_ended(jobs.get(job.job_id), job, now, world)]
    for job, _ in entries:
        if _has_ended(jobs.get(job.job_id), job, now, world):
            _tell_ended(world, job)
    if open_ages:
        pause = schedule.next_poll(min(open_ages), world.timing)
    else:
        # An ended job leaves the index when it is settled; if that task is lost, the next poll enqueues it again.
        pause = schedule.unsettled(now - max(job.started for job, _ in entries), world.timing)
    world.queue.poll(schedule.together(now, pause))


def _tell_ended(world: PollWorld, job: IndexedJob) -> None:
    """Have whoever ordered a job see to it, as it has ended."""
    if job.is_snapshot:
        world.queue.snapshot_ended(job.job_id)
    else:
        world.queue.job_ended(job.guid, job.gallery, job.job_id)


def _without_forgotten(world: PollWorld, now: float) -> tuple[Entry, ...]:
    """Give the jobs under way; one that Shoptet itself has forgotten by now leaves the index, and is told."""
    entries = tuple(jobindex.under_way(world.documents))
    kept = tuple(entry for entry in entries if now <= entry[0].started + schedule.JOB_KEPT)
    for job, _ in set(entries) - set(kept):
        world.log.say(
            "ERROR",
            "this job was not settled while Shoptet knew of it, and is given up: look at the gallery's ledger",
            guid=job.guid,
            gallery=job.gallery,
            job=job.job_id,
        )
        jobindex.remove(world.documents, job.job_id)
    return kept


def _has_ended(job: Job | None, indexed: IndexedJob, now: float, world: PollWorld) -> bool:
    """Whether the list shows the end, or nothing can be expected of the job any more.

    One that met an internal error is marked failed after 3 hours; one that the list lacks is gone by then as well.
    """
    return (job is not None and job.ended) or _is_lost(indexed, now, world)


def _is_lost(indexed: IndexedJob, now: float, world: PollWorld) -> bool:
    return now > indexed.started + world.timing.job_lost


def _ask_each(world: PollWorld, entries: tuple[Entry, ...], now: float) -> None:
    """Without the list: ask the jobs' details, at growing distances, never more than 8 times an unfinished job.

    Each request is counted before it is sent: a run that dies after it has used up one of the ten that Shoptet allows
    (docs/shoptet.md, "Jobs"), whether it saw the answer or not.
    """
    next_at = []
    for job, generation in entries:
        due = schedule.next_detail(job.asked, job.started, world.timing)
        if now > job.started + world.timing.job_lost:
            _tell_ended(world, job)
        elif now >= due and jobindex.count_ask(world.documents, job, generation):
            if _detail_ended(world, job):
                _tell_ended(world, job)
            due = schedule.next_detail(job.asked + 1, job.started, world.timing)
        next_at.append(max(due, now + world.timing.poll_first))
    world.queue.poll(min(next_at))


def _detail_ended(world: PollWorld, job: IndexedJob) -> bool:
    try:
        return world.shop.job(job.job_id).ended
    except shop_errors.NotFound:
        return True
    except (shop_errors.TryLater, shop_errors.NotAllowed, shop_errors.Refused) as error:
        world.log.say("WARNING", f"not now: {error}", job=job.job_id)
        return False

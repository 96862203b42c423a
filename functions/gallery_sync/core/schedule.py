"""When things happen: windows, deadlines, the pauses between tries, the next poll of the jobs. Pure; seconds throughout."""

import hashlib
import math
from dataclasses import dataclass, fields, replace
from typing import Self

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Timing:
    """Every duration of this project, in seconds; their order is what makes a lost answer judgeable.

        read timeout (30) < send_within + read timeout < function timeout < dispatch deadline < grace

    A run that began to send before `send_until` has ended, or was killed by the platform, when `grace` is over.
    """

    window: float = 5.0
    """Drops of one gallery within this time become one run."""
    skew: float = 2.0
    """How far the clocks of instances, of Cloud Tasks and of Cloud Storage may be apart."""
    send_within: float = 60.0
    """From a flight's start, how long its call may still be begun."""
    run_budget: float = 90.0
    """How long a run begins new steps before it leaves the rest to a successor."""
    function_timeout: float = 180.0
    dispatch_deadline: float = 240.0
    grace: float = 300.0
    """From a flight's start; after it the answer of one without a job counts as lost."""
    second_listing: float = 120.0
    """Missing means missing in two listings that are this far apart: a listing may lag behind a finished job."""
    look_after: float = 60.0
    """How long after it landed a picture is looked at in the shop."""
    look_again: float = HOUR
    """After this its gallery is reconciled to see whether it was: the look may have been lost."""
    poll_window: float = 2.0
    """Hints and polls within this time become one."""
    poll_first: float = 15.0
    poll_longest: float = 300.0
    settle_again: float = 60.0
    """How long an ended job may stay unsettled before its settling is enqueued again."""
    job_lost: float = 3 * HOUR + 600.0
    """A job that met an internal error is marked failed after 3 hours, without a webhook (docs/shoptet.md, "Jobs")."""
    clock_margin: float = 300.0
    """How far Shoptet's clock may be from ours when jobs are looked up by their creation time."""
    retry_first: float = 30.0
    retry_longest: float = HOUR
    unknown_first: float = 600.0
    """After this a folder whose product Shoptet does not know is asked about again, and then ever more rarely."""
    unknown_longest: float = 6 * HOUR
    empty_wait: float = 120.0
    """How long an empty file may be being written before that is a failure."""
    rename_wait: float = 120.0
    """How long a copy of a frame may be half of a rename, whose other half is still to be seen."""
    code_valid: float = DAY
    """How long a code's guid is believed without asking again."""
    signed_url: float = 6 * HOUR
    """How long Shoptet may take to fetch a picture. IAM's signatures count for 12 hours at most."""
    stuck: float = 600.0
    """How long past its time a reconcile may be before sweep enqueues it again."""
    audit_every: float = 28 * DAY
    """How often each gallery is compared with Shoptet itself, although nothing in the bucket has changed."""

    def scaled(self, factor: float) -> Self:
        """Give the same order of durations, `factor` times as long: the local cloud does not wait for minutes.

        Except what Cloud Tasks bounds (a dispatch deadline is 15 s or more), the life of a signed URL, the facts of a
        shop that do not run faster, and what is done once in a month.
        """
        fixed = {"signed_url", "function_timeout", "dispatch_deadline", "job_lost", "code_valid", "clock_margin"}
        fixed |= {"audit_every"}
        return replace(self, **{f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in fixed})


@dataclass(frozen=True, slots=True)
class Slot:
    """A windowed task: its name is the same for everybody who asks within the window, and it runs after its end."""

    name: str
    at: float


def slot(kind: str, subject: str, when: float, window: float, skew: float) -> Slot:
    """Give the task for `subject` at or soon after `when`.

    The task runs at the end of the window that `when` lies in, plus a margin for clocks that differ. So it always runs
    after `when`, and whoever finds its name taken (ALREADY_EXISTS) knows that a run is still to come. A name is
    remembered by Cloud Tasks for up to a day; a later task has another window, so another name.
    """
    index = int(when // window)
    name = hashlib.sha256(f"{kind}\n{subject}\n{window:g}\n{index}".encode()).hexdigest()[:40]
    return Slot(f"{kind}-{name}", (index + 1) * window + skew)


def pause(attempts: int, timing: Timing) -> float:
    """Give the pause before another try, after `attempts` (1 or more) that failed: doubling, bounded."""
    return min(timing.retry_first * 2.0 ** min(attempts - 1, 30), timing.retry_longest)


def next_question(tries: int, timing: Timing) -> float:
    """Give the pause before Shoptet is asked again for a product that it did not know, after `tries` (1 or more)."""
    return min(timing.unknown_first * 2.0 ** min(tries - 1, 30), timing.unknown_longest)


def next_left_behind(age: float, timing: Timing) -> float:
    """Give the pause before it is looked again whether a picture is live on another product, from how long it is awaited."""
    return min(max(timing.second_listing, age / 2), HOUR)


def next_poll(youngest: float, timing: Timing) -> float:
    """Give the pause before the next poll, from the age of the youngest job under way.

    It grows with that age: while new jobs start, polls are frequent; ever rarer while nothing ends.
    """
    return min(max(timing.poll_first, youngest / 2), timing.poll_longest)


OPERATION_KEPT = 30 * DAY
"""How long a caller's request and its outcomes are kept: the state bucket's lifecycle (`terraform/shop/buckets.tf`)."""

FORGET_AFTER = OPERATION_KEPT + DAY
"""After this nothing refers any more to what ended: a lifecycle acts within a day."""

JOB_KEPT = 30 * DAY
"""How long Shoptet keeps a job's record (docs/shoptet.md, "Jobs")."""


def unsettled(age: float, timing: Timing) -> float:
    """Give the pause before the jobs that have ended are told to settle again, from the age of the youngest of them.

    A settling that was lost is made up for soon; one that fails each time costs ever less.
    """
    return min(max(timing.settle_again, age / 16), HOUR)


def together(now: float, pause: float) -> float:
    """Give a moment, 0.5 to 2 times `pause` from now, that is the same for everybody who asks at about the same time.

    Whoever polls and finds that nothing has ended enqueues the next poll. Polls that different hints began (a webhook, a
    second folder, a sweep) would go on beside each other for as long as a job takes; on a common grid they become one.
    """
    step = 2.0 ** math.floor(math.log2(pause))
    return (now // step + 2) * step


DETAIL_BUDGET = 8
"""How often an unfinished job's detail may be asked where the list of jobs is not allowed. An 11th gives 403 (docs/shoptet.md,
"Jobs"); the rest is left for answers that were lost after Shoptet counted them."""


def next_detail(asked: int, started: float, timing: Timing) -> float:
    """Give when (epoch seconds) to ask a job's detail for the next time: 8 times spread over the 3 hours that it may take."""
    if asked >= DETAIL_BUDGET:
        return started + timing.job_lost
    growth: float = (timing.job_lost / timing.poll_first) ** (1 / DETAIL_BUDGET)
    wait: float = timing.poll_first * growth**asked
    return started + wait

"""The tasks that make somebody look at a gallery or at the jobs. They carry names only, so a lost one loses nothing."""

import math
from dataclasses import dataclass

import msgspec

from gallery_sync.clock import Clock
from gallery_sync.schedule import Timing, slot
from gallery_sync.settings import PollTasks, SyncTasks, Tasks
from gallery_sync.shoptet.model import Gallery
from gallery_sync.tasks import PATIENCE_SECONDS, CloudTasks, Task, connect


class Look(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sync task's body: the gallery that a folder feeds, or a gallery by guid, or an object whose name was refused,
    or an operation whose request is to be brought into the ledgers.

    `job` is a hint: the list of jobs showed that this job of the gallery has ended. `check`: the gallery is listed at
    Shoptet although bucket and ledger agree; only a look by guid may ask for it.
    """

    gallery: Gallery | None = None
    prefix: str | None = None
    guid: str | None = None
    job: str | None = None
    refused: str | None = None
    operation: str | None = None
    check: bool = False


class BadLook(ValueError):
    """A task's body that is no look; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A queue, and the function that its tasks call."""

    queue: str
    url: str


class TaskLooks:
    """`ports.Looks` over Cloud Tasks: every look is a windowed task, so that many who ask cost one run."""

    def __init__(
        self, tasks: CloudTasks, clock: Clock, timing: Timing, sync: Target | None, poll: Target | None
    ) -> None:
        self._tasks = tasks
        self._clock = clock
        self._timing = timing
        self._sync = sync
        self._poll = poll

    def drop(self, prefix: str, gallery: Gallery, at: float) -> None:
        """See ports.Looks."""
        self._windowed(Look(gallery, prefix=prefix), f"drop/{prefix}/{gallery}", max(at, self._clock.now()))

    def refused(self, name: str) -> None:
        """See ports.Looks."""
        self._windowed(Look(refused=name), f"refused/{name}", self._clock.now())

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        """See ports.Looks."""
        self._windowed(Look(gallery, guid=guid), f"gallery/{guid}/{gallery}", max(at, self._clock.now()))

    def check(self, guid: str, gallery: Gallery, at: float) -> None:
        """See ports.Looks. Its name is of its own kind: an ordinary look at the gallery asks Shoptet nothing."""
        look = slot("check", f"{guid}/{gallery}", at, self._timing.window, self._timing.skew)
        self._enqueue(self._sync, Look(gallery, guid=guid, check=True), look.name, look.at)

    def operation(self, operation: str, at: float) -> None:
        """See ports.Looks."""
        self._windowed(Look(operation=operation), f"operation/{operation}", max(at, self._clock.now()))

    def ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        """See ports.Looks. At once; while a look for this job is under way, another is not enqueued.

        The name counts for one window only: if that look is lost, the look at the jobs after it enqueues another.
        """
        now = self._clock.now()
        again = slot("ended", f"{guid}/{gallery}/{job_id}", now, self._timing.settle_again, 0)
        self._enqueue(self._sync, Look(gallery, guid=guid, job=job_id), again.name, now)

    def jobs(self, at: float) -> None:
        """See ports.Looks."""
        look = slot("jobs", "", max(at, self._clock.now()), self._timing.poll_window, self._timing.skew)
        self._enqueue(self._poll, None, look.name, look.at)

    def _windowed(self, look: Look, subject: str, when: float) -> None:
        # Looks of two kinds never share a name: a look at a gallery does not list a folder that it does not know yet.
        window = slot("look", subject, when, self._timing.window, self._timing.skew)
        self._enqueue(self._sync, look, window.name, window.at)

    def _enqueue(self, target: Target | None, look: Look | None, name: str, at: float) -> None:
        if target is None:
            raise RuntimeError("this function was not given the queue that it enqueues to")
        body = msgspec.json.encode(look) if look is not None else b"{}"
        deadline = math.ceil(self._timing.dispatch_deadline)
        self._tasks.enqueue(Task(target.queue, target.url, body, at, name, deadline))


def parse(body: bytes) -> Look:
    """Read a sync task's body; raises BadLook."""
    try:
        look = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLook(f"the task's body is no look at a gallery: {error}") from None
    by_gallery = look.gallery is not None and (look.prefix is None) != (look.guid is None)
    if sum((by_gallery, look.refused is not None, look.operation is not None)) != 1:
        raise BadLook(
            "the task's body names neither one gallery (gallery and prefix or guid) nor a refused object or an operation"
        )
    if look.check and look.guid is None:
        raise BadLook("the task's body asks for a check of something else than a gallery by its guid")
    return look


_decoder = msgspec.json.Decoder(Look)


def connect_looks(settings: Tasks, clock: Clock, timing: Timing, patience: float = PATIENCE_SECONDS) -> TaskLooks:
    """Build what enqueues, to the queues that these settings name. `patience`: seconds that one enqueueing may take."""
    client = CloudTasks(connect(settings.cloud_tasks_emulator_host), settings.tasks_service_account, patience=patience)
    sync = Target(settings.sync_queue, settings.sync_url) if isinstance(settings, SyncTasks) else None
    poll = Target(settings.poll_queue, settings.poll_url) if isinstance(settings, PollTasks) else None
    return TaskLooks(client, clock, timing, sync, poll)

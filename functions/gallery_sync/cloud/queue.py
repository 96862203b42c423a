"""`ports.queue.WorkQueue` over Cloud Tasks: every reconcile is a windowed task, so that many who ask cost one run."""

import math
from dataclasses import dataclass

import msgspec

from gallery_sync.clock import Clock
from gallery_sync.cloud.tasks import CloudTasks, Task
from gallery_sync.core.schedule import Timing, slot
from gallery_sync.core.shop_values import Gallery
from gallery_sync.ports.queue import Fetch, PlaceNames, Prepare, ReadCatalogue, Reconcile


@dataclass(frozen=True, slots=True)
class Target:
    """A queue, and the function that its tasks call."""

    queue: str
    url: str


class TaskQueue:
    """See the module. A target is None for a function that enqueues nothing there; `catalogue`, `fetch` and `place` also where
    nobody does that."""

    def __init__(
        self,
        tasks: CloudTasks,
        clock: Clock,
        timing: Timing,
        sync: Target | None,
        poll: Target | None,
        catalogue: Target | None = None,
        fetch: Target | None = None,
        prepare: Target | None = None,
        place: Target | None = None,
    ) -> None:
        self._tasks = tasks
        self._clock = clock
        self._timing = timing
        self._sync = sync
        self._poll = poll
        self._catalogue = catalogue
        self._fetch = fetch
        self._prepare = prepare
        self._place = place

    def folder(self, prefix: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        self._windowed(Reconcile(gallery, prefix=prefix), f"drop/{prefix}/{gallery}", max(at, self._clock.now()))

    def refused(self, name: str) -> None:
        """See WorkQueue."""
        self._windowed(Reconcile(refused=name), f"refused/{name}", self._clock.now())

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        self._windowed(Reconcile(gallery, guid=guid), f"gallery/{guid}/{gallery}", max(at, self._clock.now()))

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue. Its name is of its own kind: an ordinary reconcile of the gallery asks Shoptet nothing."""
        task = slot("audit", f"{guid}/{gallery}", at, self._timing.window, self._timing.skew)
        self._enqueue(self._sync, Reconcile(gallery, guid=guid, audit=True), task.name, task.at)

    def operation(self, operation: str, at: float) -> None:
        """See WorkQueue."""
        self._windowed(Reconcile(operation=operation), f"operation/{operation}", max(at, self._clock.now()))

    def job_ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        """See WorkQueue. At once; while a reconcile for this job is under way, another is not enqueued.

        The name counts for one window only: if that task is lost, the poll after it enqueues another.
        """
        now = self._clock.now()
        again = slot("ended", f"{guid}/{gallery}/{job_id}", now, self._timing.settle_again, 0)
        self._enqueue(self._sync, Reconcile(gallery, guid=guid, job=job_id), again.name, now)

    def catalogue(self) -> None:
        """See WorkQueue."""
        self._read_catalogue(ReadCatalogue(), "", self._timing.poll_window)

    def snapshot_ended(self, job_id: str) -> None:
        """See WorkQueue. As `job_ended`: at once, and once in a window."""
        self._read_catalogue(ReadCatalogue(job_id), job_id, self._timing.settle_again)

    def _read_catalogue(self, what: ReadCatalogue, subject: str, window: float) -> None:
        if self._catalogue is not None:
            now = self._clock.now()
            self._enqueue(self._catalogue, what, slot("catalogue", subject, now, window, 0).name, now)

    def fetch(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        if self._fetch is not None:
            when = max(at, self._clock.now())
            # Soon: a caller may wait for it.
            task = slot("fetch", f"{guid}/{gallery}", when, self._timing.poll_window, self._timing.skew)
            self._enqueue(self._fetch, Fetch(guid, gallery), task.name, task.at)

    def prepare(self, guid: str, gallery: Gallery, at: float) -> None:
        """See WorkQueue."""
        when = max(at, self._clock.now())
        task = slot("prepare", f"{guid}/{gallery}", when, self._timing.poll_window, self._timing.skew)
        self._enqueue(self._prepare, Prepare(guid, gallery), task.name, task.at)

    def prepared(self, guid: str, gallery: Gallery) -> None:
        """See WorkQueue. At once, and by a name of its own: nothing else tells that this run has ended."""
        now = self._clock.now()
        task = slot("prepared", f"{guid}/{gallery}/{now}", now, self._timing.window, 0)
        self._enqueue(self._sync, Reconcile(gallery, guid=guid), task.name, now)

    def place(self, *, everything: bool = False) -> None:
        """See WorkQueue. A window's drops are one task."""
        if self._place is not None:
            now = self._clock.now()
            subject = "everything" if everything else ""
            task = slot("place", subject, now, self._timing.window, self._timing.skew)
            self._enqueue(self._place, PlaceNames(everything), task.name, task.at)

    def poll(self, at: float) -> None:
        """See WorkQueue."""
        task = slot("poll", "", max(at, self._clock.now()), self._timing.poll_window, self._timing.skew)
        self._enqueue(self._poll, None, task.name, task.at)

    def _windowed(self, what: Reconcile, subject: str, when: float) -> None:
        # Two kinds never share a name: a reconcile of a gallery does not list a folder that it does not know yet.
        window = slot("reconcile", subject, when, self._timing.window, self._timing.skew)
        self._enqueue(self._sync, what, window.name, window.at)

    def _enqueue(
        self,
        target: Target | None,
        what: Reconcile | ReadCatalogue | Fetch | Prepare | PlaceNames | None,
        name: str,
        at: float,
    ) -> None:
        if target is None:
            raise RuntimeError("this function was not given the queue that it enqueues to")
        body = msgspec.json.encode(what) if what is not None else b"{}"
        deadline = math.ceil(self._timing.dispatch_deadline)
        self._tasks.enqueue(Task(target.queue, target.url, body, at, name, deadline))

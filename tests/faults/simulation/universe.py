"""One world: storage, tasks, events, Shoptet and every instance of every function, under one seed."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

from gallery_sync.cloud.queue import Target, TaskQueue
from gallery_sync.cloud.tasks import Task
from gallery_sync.core import ledger_document
from gallery_sync.core.events import Changed
from gallery_sync.core.ledger import Content, Ledger
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.operation import Part, operation_id
from gallery_sync.core.plan import Policy
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.schedule import DAY, Timing
from gallery_sync.http import rest
from gallery_sync.http.access import ApiKey
from gallery_sync.http.begin import begin
from gallery_sync.ports.queue import TasksError, parse_catalogue_task, parse_fetch_task, parse_prepare_task, parse_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import catalogue as reading
from gallery_sync.work import drop as on_drop
from gallery_sync.work import fetch as fetching
from gallery_sync.work import poll as poll_jobs
from gallery_sync.work import prepare as preparing
from gallery_sync.work import reconcile as sync_gallery
from gallery_sync.work import sweep as sweeping
from gallery_sync.work.world import CatalogueWorld, FetchWorld, PollWorld, PrepareWorld, ReconcileWorld, SweepWorld
from tests.faults.simulation.chance import Setting
from tests.faults.simulation.client import POISON, Calls, SimClient
from tests.faults.simulation.desk import SimDesk
from tests.faults.simulation.effects import Effects, SkewedClock
from tests.faults.simulation.jobs import ANOTHER, Page, SimJobs
from tests.faults.simulation.record import Record
from tests.faults.simulation.requests import Request, asked
from tests.faults.simulation.scheduler import Killed, Scheduler, Threads
from tests.faults.simulation.shop import Place, SimShop
from tests.faults.simulation.site import SimSite, decode
from tests.faults.simulation.storage import SECRET, Bucket, SimBin, SimDocuments, SimDrops, SimOutbox
from tests.faults.simulation.story import Story, StoryLog
from tests.faults.simulation.tasks import SimTasks

T = TypeVar("T")
Result = TypeVar("Result")
STARTED: Final = 1_750_000_000.0
SWEEP_EVERY: Final = 600.0
MAX_ATTEMPTS: Final = 5
SYNC: Final = "projects/p/locations/l/queues/sync"
POLL: Final = "projects/p/locations/l/queues/poll"
CATALOGUE: Final = "projects/p/locations/l/queues/catalogue"
FETCH: Final = "projects/p/locations/l/queues/fetch"
PREPARE: Final = "projects/p/locations/l/queues/prepare"
PASSING: Final = (StorageUnavailable, BadDocument, TasksError)
"""What a function may raise: the platform then tries again."""
CALLER: Final = "caller"
API_KEY: Final = "key-of-the-caller"
KEYS: Final = (ApiKey(CALLER, frozenset(("read", "write", "clean")), hashlib.sha256(API_KEY.encode()).digest()),)
CALLERS_SECRET: Final = "sig=caller-0123"
"""What every URL of a caller's carries: Shoptet and our own documents may see it, and nobody else."""


class NotNow(Exception):
    """A caller was told to ask again."""


_threads = Threads()


def _one_by_one(function: Callable[[T], Result], items: Sequence[T]) -> list[Result]:
    """Spread nothing: only the scheduler decides who runs when."""
    return [function(item) for item in items]


class Universe:
    """A world that a test can turn."""

    def __init__(self, setting: Setting, *, kill_at: int | None = None) -> None:
        self.setting = setting
        self.rng = Random(f"world {setting.seed}")
        self.scheduler = Scheduler(_threads, STARTED)
        self.story = Story(STARTED)
        self.effects = Effects(self.scheduler, self.rng, setting.faults, self.story, kill_at=kill_at)
        self.timing = Timing(audit_every=setting.audit_every)
        self.record = Record()
        self.drops = Bucket(ahead=self.rng.uniform(-1, 1))
        self.state = Bucket(ahead=self.rng.uniform(-1, 1))
        self.copies: dict[str, Content] = {}
        self.calls = Calls()
        self.shop = SimShop(self.effects, setting.shoptet)
        self.pages: dict[str, Page] = {}
        """What callers' URLs show."""
        self.jobs = SimJobs(self.shop, self.effects, self.copies, self.pages, self._notify)
        width = setting.concurrency
        queues = {SYNC: width, POLL: 1 if width == 2 else width, CATALOGUE: 1 if width == 2 else width}
        queues[FETCH] = queues[POLL]
        queues[PREPARE] = width
        self.tasks = SimTasks(self.effects, self._dispatch, queues, self._task_lost, setting.task_tries)
        self.unseen: set[tuple[str, int]] = set()
        """Objects whose change nobody may have noticed: the world makes up for it at the end, as the daily look will."""
        self.errors: list[str] = []
        self.rewritten: Counter[str] = Counter()
        """How often each document was written."""
        self.written = 0
        """How often any was, but for the catalogue's: that goes on for ever."""
        self.instances = [SkewedClock(self.scheduler, self.rng.uniform(-1, 1)) for _ in range(3)]
        self._requests: dict[str, Callable[[], None]] = {}
        self._ids = 0
        self._on_the_way = 0
        self._sweeps_from = 0.0
        self._documents = SimDocuments(self.state, self.effects, self._wrote, limited=setting.one_write_a_second)
        self._drops = SimDrops(self.drops, self.effects)
        self._sweeps()

    @property
    def now(self) -> float:
        """The true time."""
        return self.scheduler.now

    def close(self) -> None:
        """Free the world's threads."""
        self.scheduler.close()

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.scheduler.run_until(self.scheduler.now + seconds)

    def changed(self, name: str, size: int) -> None:
        """The drop bucket changed: an event goes out, or does not."""
        fx = self.effects
        if fx.happens(fx.faults.event_lost):
            fx.tell("the event of %s is lost", name)
            self.unseen.add((name, size))
            return
        for _ in range(2 if fx.happens(fx.faults.event_twice) else 1):
            late = fx.rng.random() * (fx.rng.choice((10.0, 600.0, 7200.0)) if fx.happens(fx.faults.event_late) else 0.3)
            self._later(late, lambda: self._deliver(name, size, 0))

    def deliver_unseen(self) -> None:
        """Make up for the events and looks that were lost, unless that is left to the daily full look."""
        if self.setting.full_look:
            self.wait_for_full_look()
            return
        for name, size in sorted(self.unseen):
            # Later than the window of the look that was lost, which may be a minute and a half ahead: its name may still be
            # remembered.
            self._later(200.0, lambda name=name, size=size: self._deliver(name, size, 0))  # type: ignore[misc]
        self.unseen.clear()

    def wait_for_full_look(self) -> None:
        """Let a day begin on which nothing happens but the full look of its first sweep."""
        tomorrow = (self.now // DAY + 1) * DAY
        self._sweeps_from = tomorrow + 600.0
        self._later(tomorrow + SWEEP_EVERY * 2 - self.now, lambda: None)

    def send(self, parts: tuple[Part, ...]) -> str:
        """A caller sends a signed event, under an id of its own: until it is taken. Give the operation's id."""

        def take(clock: SkewedClock, key: str) -> None:
            operation = begin(self._documents, CALLER, key, parts)
            self.queue(clock).operation(operation.id, clock.now())

        return self._asked("webhooks", take, 60.0)

    def call(self, request: Request) -> str:
        """A caller makes an HTTP request, under an id of its own: until it is answered. Give the operation's id."""

        def take(clock: SkewedClock, key: str) -> None:
            # A request without an id gets a new one, and a world has to live the same life again.
            headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key, "X-Request-Id": "simulated"}
            service = rest.Service(request.function, KEYS, lambda: self.world(clock), self.log())
            given = rest.serve(asked(request, headers), service)
            self.effects.tell("answers %d %s", given.status, given.body.decode())
            if CALLERS_SECRET in given.body.decode():
                raise self.effects.broken(f"I6: a caller's URL stands in an answer: {given.body.decode()}")
            if given.status == 503:
                raise NotNow
            if given.status == 500:
                raise self.effects.broken(f"a caller gets 500: {given.body.decode()}")

        return self._asked(request.function, take, self.timing.function_timeout)

    def repeat(self, operation: str) -> None:
        """A caller sends a request once more."""
        self._requests[operation]()

    def _asked(self, function: str, take: Callable[[SkewedClock, str], None], lives: float) -> str:
        self._ids += 1
        key = f"request-{self._ids}"

        def ask() -> None:
            self.start(function, lambda clock: take(clock, key), done, lives)

        def done(ok: bool) -> None:
            if not ok:
                self._later(30.0, ask)

        ask()
        operation = operation_id(CALLER, key)
        self._requests[operation] = ask
        return operation

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way: no run, no task, no event or webhook, no job, no flight."""
        flying = any(ledger.flight is not None for ledger in self.record.current.values())
        waiting = self.scheduler.active or self.tasks.waiting or self._on_the_way
        return not (waiting or flying or self.jobs.under_way)

    def start(self, name: str, body: Callable[[SkewedClock], None], done: Callable[[bool], None], lives: float) -> None:
        """Run a function on one of the instances; `done` is told whether it answered 2xx."""
        clock = self.rng.choice(self.instances)
        self._ids += 1
        called = f"{name}#{self._ids}"

        def ended(error: BaseException | None) -> None:
            if error is not None and not isinstance(error, (Killed, NotNow, *PASSING)):
                raise error
            if error is not None:
                self.story.tell(self.scheduler.now, called, "ends with %s: %s", type(error).__name__, error)
            done(error is None)

        self.scheduler.spawn(called, lambda: body(clock), ended, math.inf if self.setting.faults.frozen else lives)

    def log(self) -> StoryLog:
        """Give a log whose lines are part of the story."""
        run = self.scheduler.current
        secrets = (SECRET, CALLERS_SECRET)
        return StoryLog(self.story, lambda: self.scheduler.now, run.name if run else "·", self.errors, secrets)

    def queue(self, clock: SkewedClock) -> TaskQueue:
        """Give the real looks over the simulated tasks."""
        sync, poll = Target(SYNC, "https://sync.test/"), Target(POLL, "https://poll.test/")
        catalogue = Target(CATALOGUE, "https://catalogue.test/") if self.setting.catalogue else None
        fetch = Target(FETCH, "https://fetch.test/")
        prepare = Target(PREPARE, "https://prepare.test/")
        return TaskQueue(self.tasks, clock, self.timing, sync, poll, catalogue, fetch, prepare)

    def world(self, clock: SkewedClock) -> ReconcileWorld:
        """Give what a sync works with."""
        return ReconcileWorld(
            documents=self._documents,
            queue=self.queue(clock),
            clock=clock,
            log=self.log(),
            timing=self.timing,
            shop=self.client(clock),
            drops=self._drops,
            bin=SimBin(self.drops, self.effects, self.changed),
            new_id=self._new_id,
            max_attempts=MAX_ATTEMPTS,
            outbox=SimOutbox(self.drops, self.copies, self.effects, prepared=self.setting.prepare),
            policy=Policy(
                self.setting.mirror_deletes,
                self.setting.remove_reference,
                self.setting.most_an_hour,
                Recipe() if self.setting.prepare else None,
            ),
            verify="on" if self.setting.verify else "off",
        )

    def fetch_world(self, clock: SkewedClock) -> FetchWorld:
        """Give what looking at pictures works with."""
        site = SimSite(self.shop, self.drops, self.copies, self.effects)
        return FetchWorld(
            documents=self._documents,
            queue=self.queue(clock),
            clock=clock,
            log=self.log(),
            timing=self.timing,
            shop=self.client(clock),
            sent=site,
            removed=site,
            original=site.original,
            decode=decode,
            verify="on" if self.setting.verify else "off",
        )

    def prepare_world(self, clock: SkewedClock) -> PrepareWorld:
        """Give what preparing files works with."""
        desk = SimDesk(self.drops, self.copies, self.effects)
        return PrepareWorld(
            documents=self._documents,
            queue=self.queue(clock),
            clock=clock,
            log=self.log(),
            timing=self.timing,
            sent=desk,
            made=desk,
            prepare=desk.prepare,
            recipe=Recipe(),
        )

    def poll_world(self, clock: SkewedClock) -> PollWorld:
        """Give what a look at the jobs works with."""
        return PollWorld(
            documents=self._documents,
            queue=self.queue(clock),
            clock=clock,
            log=self.log(),
            timing=self.timing,
            shop=self.client(clock),
        )

    def catalogue_world(self, clock: SkewedClock) -> CatalogueWorld:
        """Give what reading the catalogue works with."""
        client = self.client(clock)
        return CatalogueWorld(
            documents=self._documents,
            queue=self.queue(clock),
            clock=clock,
            log=self.log(),
            timing=self.timing,
            shop=client,
            lines=client.lines,
            new_id=self._new_id,
            spread=_one_by_one,
        )

    def sweep_world(self, clock: SkewedClock) -> SweepWorld:
        """Give what a sweep works with."""
        return SweepWorld(
            documents=self._documents,
            queue=self.queue(clock),
            clock=clock,
            log=self.log(),
            timing=self.timing,
            drops=self._drops,
            spread=_one_by_one,
        )

    def client(self, clock: SkewedClock) -> SimClient:
        """Give one instance's client of Shoptet."""
        mirrors = self.setting.mirror_deletes
        return SimClient(self.shop, self.jobs, self.effects, clock, self.calls, self._poisoned, mirrors=mirrors)

    def _wrote(self, path: str, body: bytes | None) -> None:
        if body is not None and SECRET.encode() in body:
            raise self.effects.broken(f"I6: a signed URL was written to {path}")
        self.rewritten[path] += 1
        self.written += not path.startswith("catalogue")
        self.record.wrote(self.scheduler.now, path, body)
        if (place := ledger_document.parse_path(path)) is not None and body is not None:
            self._renamed(place, self.record.current[place])

    def _renamed(self, place: Place, ledger: Ledger) -> None:
        """An image whose file is gone is another file's by now, if that has the same bytes and the ledger says so."""
        for key, entry in ledger.entries.items():
            live, name = entry.live, key.removeprefix("drop:")
            picture = self.shop.named(place, live.name) if live is not None and not live.gone else None
            if picture is None or picture.owner is None or ":" in picture.owner or name not in self.drops.blobs:
                continue
            if (
                picture.owner not in self.drops.blobs
                and picture.checksum.removeprefix(ANOTHER) == self.drops.blobs[name].checksum
            ):
                if picture.owner in self.shop.touched:
                    self.shop.touched[name] = self.shop.touched[picture.owner]
                picture.owner = name

    def _new_id(self) -> str:
        self._ids += 1
        return f"flight-{self._ids}"

    def _poisoned(self, url: str) -> bool:
        return self.jobs.download(url).checksum.startswith(POISON)

    def _dispatch(self, task: Task, answered: Callable[[bool], None]) -> None:
        if task.queue == SYNC:
            look = parse_task(task.body)
            self.start(
                "sync", lambda c: sync_gallery.reconcile(self.world(c), look), answered, self.timing.function_timeout
            )
        elif task.queue == CATALOGUE:
            job = parse_catalogue_task(task.body).job
            lives = self.timing.function_timeout
            self.start(
                "read_catalogue", lambda c: reading.read_catalogue(self.catalogue_world(c), job), answered, lives
            )
        elif task.queue == FETCH:
            look_at = parse_fetch_task(task.body)
            lives = self.timing.function_timeout
            self.start("fetch_images", lambda c: fetching.fetch(self.fetch_world(c), look_at), answered, lives)
        elif task.queue == PREPARE:
            waits = parse_prepare_task(task.body)
            lives = self.timing.function_timeout
            self.start("prepare", lambda c: preparing.prepare(self.prepare_world(c), waits), answered, lives)
        else:
            self.start("poll", lambda c: poll_jobs.poll(self.poll_world(c)), answered, self.timing.function_timeout)

    def _task_lost(self, task: Task) -> None:
        if task.queue != SYNC:
            return
        look = parse_task(task.body)
        if look.refused is not None:
            self.unseen.add((look.refused, 1))
        elif look.prefix is not None:
            self.unseen.add((f"{look.prefix}/{look.gallery}/lost.jpg", 1))

    def _deliver(self, name: str, size: int, tries: int) -> None:
        changed = Changed("drop", name, size)

        def done(ok: bool) -> None:
            if not ok and tries < 5:
                self._later(10.0 * 2**tries, lambda: self._deliver(name, size, tries + 1))
            elif not ok:
                self.unseen.add((name, size))

        self.start("on_drop", lambda c: on_drop.drop(changed, self.queue(c), c, self.log()), done, 60.0)

    def _notify(self, job_id: str) -> None:
        fx = self.effects
        for _ in range(2 if fx.happens(fx.faults.webhook_twice) else 1):
            if not fx.happens(fx.faults.webhook_lost):
                late = fx.rng.random() * (1800.0 if fx.happens(fx.faults.webhook_late) else 1.0)
                self._later(late, lambda: self.webhook(job_id, 0))

    def webhook(self, job_id: str, tries: int = 0) -> None:
        """Shoptet says that a job has finished, three times at most; `job_finished` enqueues a look."""

        def done(ok: bool) -> None:
            if not ok and tries < 2:
                self._later(900.0, lambda: self.webhook(job_id, tries + 1))

        self.start(f"job_finished({job_id})", lambda c: self.queue(c).poll(c.now()), done, 60.0)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Let an event or webhook arrive; the world is not at rest before."""
        self._on_the_way += 1

        def arrive() -> None:
            self._on_the_way -= 1
            action()

        self.scheduler.at(self.scheduler.now + seconds, arrive)

    def _sweeps(self) -> None:
        self.scheduler.at(self.scheduler.now + SWEEP_EVERY, self._swept)

    def _swept(self) -> None:
        if self.now >= self._sweeps_from:
            self.start("sweep", self._sweep_once, lambda _ok: None, self.timing.function_timeout)
        self._sweeps()

    def _sweep_once(self, clock: SkewedClock) -> None:
        sweeping.sweep(self.sweep_world(clock))

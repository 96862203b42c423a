"""The local cloud around one cell: real clients, the package's real work, and time that a test puts forward.

Nothing here waits: the clock that the package gets runs ahead of the machine's as often as somebody sleeps, and the
sandbox's clock with it. Tasks stay in their paused queues at the local Cloud Tasks, and are carried out from there one
after the other, each at the moment for which it was enqueued.
"""

import base64
import hashlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import tasks_v2
from google.cloud.storage import Bucket

from gallery_sync.cloud.queue import Target, TaskQueue
from gallery_sync.cloud.signing import IamSigner, UrlSigner
from gallery_sync.cloud.storage import (
    BucketBin,
    BucketDocuments,
    BucketDrops,
    BucketMade,
    BucketOutbox,
    BucketRemoved,
    BucketSent,
)
from gallery_sync.cloud.tasks import PATIENCE_SECONDS, CloudTasks
from gallery_sync.core import ledger, ledger_document
from gallery_sync.core.events import Changed
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.plan import Policy
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.schedule import Timing
from gallery_sync.log import Log
from gallery_sync.ports.preparer import Preparer
from gallery_sync.ports.queue import TasksError, parse_fetch_task, parse_prepare_task, parse_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.shoptet.auth import AddonToken, PrivateToken, Tokens
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.originals import Originals
from gallery_sync.shoptet.results import Results
from gallery_sync.shoptet.transport import Timeouts
from gallery_sync.state import jobindex
from gallery_sync.state.shared_token import StoredToken
from gallery_sync.work.drop import drop
from gallery_sync.work.fetch import fetch
from gallery_sync.work.poll import poll
from gallery_sync.work.prepare import prepare
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.sweep import sweep
from gallery_sync.work.world import FetchWorld, PrepareWorld, ReconcileWorld, SweepWorld
from infra.local.sandbox import make_app
from infra.local.storage.client import LOCAL_EMAIL
from infra.local.storage.objects import Edits, Preconditions, StoredObject
from infra.local.storage.store import Store
from infra.local.tasks.book import Held
from infra.local.tasks.queue import LocalQueue
from tests.contract.sandbox.support import MUG, OAUTH_TOKEN, TOKEN, quick
from tests.faults.table.callers import Callers
from tests.faults.table.cloud import TIMEOUT, Ahead, Circumstances, Cloud
from tests.faults.table.deployed import FUNCTIONS
from tests.faults.table.detours import Detours
from tests.faults.table.here import decode_here, prepare_here
from tests.faults.table.inside import Shop, on, served_inside

LOCATION: Final = "projects/local/locations/local"
SILENCE: Final = 0.4
"""Seconds after which an answer counts as not coming; the local servers answer within milliseconds."""
CODE: Final = "HRNEK-01"
"""The code of the product whose guid is MUG."""
BEHIND_ALL: Final = 50_000
"""The priority of an image that a person added, so that it is shown last."""
POLL: Final = "poll"
"""What a look at the jobs is called among the runs; a look at a gallery by its task's body."""
MOST_RUNS: Final = 250
"""Of one cell: more is a loop that does not end."""
ANYHOW: Final = Preconditions()
OBSERVER: Final = "key=observer"
"""In the query of the test's own requests to the storage: no fault meets them."""

Shown = tuple[tuple[str, str | None], ...]
"""A gallery: each picture's SHA-256 and description, in order."""


@dataclass
class Ran:
    """A run: what it was, when, and the documented exception that it ended with, if any."""

    what: str
    at: float
    raised: str | None = None


class Place:
    """One cell's buckets, queues and shop, and what happens in them."""

    def __init__(self, cloud: Cloud, shop: Shop, circumstances: Circumstances) -> None:
        number = next(cloud.numbers)
        self.cloud, self.circumstances = cloud, circumstances
        self.api = shop
        self.clock = Ahead(self.api.advance)
        cloud.limit(self.clock, circumstances.patience)
        self.detours = Detours()
        self.log = io.StringIO()
        self.runs: list[Ran] = []
        self.swept = 0
        self.endless = not circumstances.idle
        self.meanwhile: dict[int, Callable[[Place], None]] = {}
        self._again: Counter[str] = Counter()
        self._held_until: dict[str, float] = {}
        self.drops, self.state = (cloud.bucket(f"{kind}-{number}") for kind in ("drops", "state"))
        self.queues = tuple(
            cloud.queue(f"{LOCATION}/queues/{kind}-{number}") for kind in ("sync", "poll", "fetch", "prepare")
        )
        self.session = requests.Session()
        self.session.mount("http://", self.detours)
        self.preparer: Preparer = prepare_here
        self.world = self._world()
        self.sweeper = SweepWorld(
            documents=self.world.documents,
            queue=self.world.queue,
            clock=self.clock,
            log=self.world.log,
            timing=self.world.timing,
            drops=self.world.drops,
        )
        self.callers = Callers(self.world, self._refused_for_now)
        if circumstances.webhook:
            self.api.register()

    def _world(self) -> ReconcileWorld:
        patience, cloud, timing = self.circumstances.patience, self.cloud, Timing()
        silence = self.circumstances.storage_silence
        bounds = patience, (5.0, silence)
        session = self.session
        iam = AuthorizedSession(AnonymousCredentials())
        iam.mount("http://", cloud.shortcut)
        # Looking through the environment for proxies at each request would take a tenth of the time.
        session.trust_env = iam.trust_env = False
        documents = BucketDocuments(self.state, *bounds)
        signer = IamSigner(iam, LOCAL_EMAIL, self.clock, cloud.storage_url, silence)
        sign = UrlSigner(self.state, signer, self.circumstances.signed_seconds, cloud.storage_url)
        names = [queue.config.name for queue in self.queues]
        sync, polls, fetches, prepares = (Target(name, f"http://127.0.0.1:1/{n}") for n, name in enumerate(names))
        # Nothing here waits for it to be over but the cells that have none: on a busy machine any call may take a second.
        tasks = CloudTasks(cloud.client, None, patience=PATIENCE_SECONDS if patience else 0.6)
        http = Http(
            self.api.url, self._tokens(documents, session), session, self.clock, None, Timeouts(1, SILENCE, 3600)
        )
        results = Results(session, self.clock, api_url=self.api.url, timeouts=Timeouts(1, SILENCE, 3600))
        return ReconcileWorld(
            documents=documents,
            queue=TaskQueue(tasks, self.clock, timing, sync, polls, fetch=fetches, prepare=prepares),
            clock=self.clock,
            log=Log("table", self.log),
            timing=timing,
            shop=Shoptet(http, results),
            drops=BucketDrops(self.drops, *bounds),
            bin=BucketBin(self.drops, self.state, *bounds),
            outbox=BucketOutbox(self.drops, self.state, sign, *bounds),
            policy=Policy(
                self.circumstances.mirror_deletes,
                recipe=self.circumstances.recipe,
                template=self.circumstances.template,
                variant_folders=self.circumstances.variant_folders,
            ),
            verify=self.circumstances.verify or "off",
            max_attempts=5,
            new_id=lambda: hashlib.sha256(str(time.monotonic_ns()).encode()).hexdigest()[:16],
        )

    def _looks(self) -> FetchWorld:
        """What looking at pictures works with. They are opened here: the process that does it elsewhere has tests of its own."""
        world, bounds = self.world, (self.circumstances.patience, (5.0, self.circumstances.storage_silence))
        return FetchWorld(
            documents=world.documents,
            queue=world.queue,
            clock=self.clock,
            log=world.log,
            timing=world.timing,
            shop=Shoptet(
                Http(self.api.url, PrivateToken(TOKEN), self.session, self.clock, None, Timeouts(1, SILENCE, 3600)),
                Results(self.session, self.clock, api_url=self.api.url),
            ),
            sent=BucketSent(self.drops, self.state, *bounds),
            removed=BucketRemoved(self.drops, self.state, *bounds),
            original=lambda address, name: Originals(self.session, self.clock, address).fetch(name),
            decode=decode_here,
            verify=self.circumstances.verify or "off",
        )

    def _prepares(self) -> PrepareWorld:
        """What preparing files works with. They are opened here, too."""
        world, bounds = self.world, (self.circumstances.patience, (5.0, self.circumstances.storage_silence))
        return PrepareWorld(
            documents=world.documents,
            queue=world.queue,
            clock=self.clock,
            log=world.log,
            timing=world.timing,
            sent=BucketSent(self.drops, self.state, *bounds),
            made=BucketMade(self.state, *bounds),
            prepare=self.preparer,
            recipe=world.policy.recipe or Recipe(),
        )

    def _tokens(self, documents: BucketDocuments, session: requests.Session) -> Tokens:
        if self.circumstances.addon:
            return AddonToken(self.api.url, OAUTH_TOKEN, StoredToken(documents), session, self.clock)
        return PrivateToken(TOKEN)

    # What people do.

    def put(self, name: str, content: bytes, **metadata: str) -> None:
        """Drop a file; its event arrives."""
        edits = Edits({"contentType": "image/png"}, metadata)
        self._stored(lambda store: store.insert(self.drops.name, name, content, edits, ANYHOW))
        self._event(name, len(content))

    def describe(self, name: str, description: str) -> None:
        """Change a file's description; its event arrives."""
        edits = Edits(metadata={"description": description})
        self._stored(lambda store: store.edit(self.drops.name, name, edits, None, ANYHOW))
        self._event(name, 1)

    def remove(self, name: str) -> None:
        """Delete a file; its event arrives."""
        self._stored(lambda store: store.delete(self.drops.name, name, None, ANYHOW))
        self._event(name, 1)

    def _stored(self, change: Callable[[Store], object]) -> None:
        """What people do with files is not the package's doing: it needs no client."""
        self.cloud.server.do(lambda: change(self.cloud.inside.store))

    def _event(self, name: str, size: int) -> None:
        """Deliver an event, again while it is answered with an error, as Eventarc does."""
        for _ in range(10):
            try:
                drop(Changed(self.drops.name, name, size), self.queue, self.clock, self.world.log)
            except TasksError as error:
                self.runs.append(Ran("drop", self.clock.now(), str(error)))
                self.world.log.say("ERROR", str(error))
                self.clock.sleep(10)
                self.cloud.behave()
            else:
                return
        raise AssertionError(f"the event of {name} was never taken: {self.runs}")

    def _refused_for_now(self, seconds: float) -> None:
        """Let a caller wait who was answered 503, as a run does that the platform repeats."""
        self.runs.append(Ran("caller", self.clock.now(), self.errors()[-1]))
        self.clock.sleep(seconds)
        self.cloud.behave()

    def by_hand(self, content: bytes, **more: object) -> str:
        """Let a person add an image in the shop, behind all others; gives its name."""
        picture = base64.b64encode(content).decode()
        return self.api.by_hand(MUG, **{"content_base64": picture, "priority": BEHIND_ALL, **more})

    def refer(self, name: str) -> None:
        """Let a variant of the product reference an image."""
        variants = [{"code": f"{CODE}/V", "image": name}]
        self.api.control("POST", "products", {"guid": MUG, "name": "Hrnek", "code": CODE, "variants": variants})

    def all_done(self) -> None:
        """Let the platform work until no task is left."""
        while self.step():
            pass

    @property
    def queue(self) -> TaskQueue:
        """The real tasks."""
        found = self.world.queue
        assert isinstance(found, TaskQueue)
        return found

    # What is there.

    def tasks(self) -> list[tasks_v2.Task]:
        """The tasks that wait, the earliest first."""
        return [held.task for _, held in self._waiting()]

    def _waiting(self) -> list[tuple[LocalQueue, Held]]:
        """What lies in the queues, the earliest first."""
        found = on(
            self.cloud.tasks.loop, lambda: [(queue, held) for queue in self.queues for held in queue.book.tasks()]
        )
        return sorted(found, key=lambda each: self._due(each[1]))

    def _due(self, held: Held) -> float:
        return max(held.eta, self._held_until.get(held.task.name, 0.0))

    def shown(self, guid: str = MUG) -> Shown:
        """The gallery as the shop's visitors see it."""
        return tuple((image.picture.sha256, image.description or None) for image in self.api.images(guid))

    def ledger(self, guid: str = MUG) -> Ledger:
        """The gallery's ledger, as a person would read it."""
        path = ledger_document.path(guid, "shop")
        body = self.document(path)
        return ledger_document.decode(body, path) if body is not None else Ledger(guid, "shop")

    def document(self, path: str) -> bytes | None:
        """A document of the state bucket."""
        found = self._objects(self.state).get(path)
        return found.content if found is not None else None

    def documents(self, prefix: str) -> list[str]:
        """The names of the state bucket's documents that begin so."""
        return sorted(name for name in self._objects(self.state) if name.startswith(prefix))

    def storage(self, method: str, target: str, body: bytes = b"") -> requests.Response:
        """A plain request to the storage, without the client's retries."""
        return self.cloud.session.request(method, self.cloud.storage_url + target, data=body, timeout=TIMEOUT)

    def files(self) -> list[str]:
        """The names in the drop bucket."""
        return sorted(self._objects(self.drops))

    def _objects(self, bucket: Bucket) -> dict[str, StoredObject]:
        return self.cloud.server.do(lambda: dict(self.cloud.inside.store.bucket(bucket.name).objects))

    def quiet(self) -> bool:
        """Whether nothing is open: no flight, no wish, no key that waits, no job to settle."""
        there = self.ledger()
        return there.flight is None and not ledger.reconcile_at(there) and not self.documents(jobindex.PREFIX)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def errors(self, severity: str = "ERROR") -> list[str]:
        """The messages with severity ERROR, those that make somebody look; or with another."""
        return [line["message"] for line in self.lines() if line["severity"] == severity]

    def calls(self, operation: str) -> int:
        """How often Shoptet was asked this since the act began."""
        return int(self.api.counted()["operations"].get(operation, 0))

    # What the platform does.

    def step(self) -> bool:
        """Carry out the earliest task; False if there is none. One that ends in an error stays, as at Cloud Tasks."""
        waiting = self._waiting()
        if not waiting:
            return False
        queue, held = waiting[0]
        if self.runs and self.runs[-1].what != POLL:
            self.idle()
        self.clock.sleep(self._due(held) - self.clock.now())
        self._carry_out(queue, held.task)
        happens = self.meanwhile.pop(len(self.runs), None)
        if happens is not None:
            self.idle()
            happens(self)
        if self.runs[-1].what != POLL:
            self._nothing_double()
        assert len(self.runs) < MOST_RUNS, f"it does not end: {self.runs[-5:]}"
        return True

    def _carry_out(self, queue: LocalQueue, task: tasks_v2.Task) -> None:
        body, now = task.http_request.body, self.clock.now()
        ran = Ran(body.decode() if body != b"{}" else POLL, now)
        self.runs.append(ran)
        try:
            if task.http_request.url.endswith("/3"):
                with self._in_time("prepare_picture"):
                    prepare(self._prepares(), parse_prepare_task(body))
            elif task.http_request.url.endswith("/2"):
                with self._in_time("fetch_images"):
                    fetch(self._looks(), parse_fetch_task(body))
            elif body == b"{}":
                with self._in_time("poll_jobs"):
                    poll(self.world)
            else:
                with self._in_time("sync_gallery"):
                    reconcile(self.world, parse_task(body))
        except (StorageUnavailable, TasksError) as error:
            # These two are documented: the function answers 503, and Cloud Tasks repeats the task.
            ran.raised = str(error)
            self.world.log.say("ERROR", str(error))
            self._again[task.name] += 1
            self._held_until[task.name] = self.clock.now() + 10.0 * 2 ** self._again[task.name]
            return
        on(self.cloud.tasks.loop, lambda: queue.delete(task.name))

    def sweep(self) -> None:
        """Ten minutes pass, and Cloud Scheduler calls."""
        self.idle()
        self.clock.sleep(600)
        self.swept += 1
        with self._in_time("sweep"):
            sweep(self.sweeper)

    @contextmanager
    def _in_time(self, function: str) -> Iterator[None]:
        """Let a run end within the time that it has in a deployment, or the platform would have cut it off."""
        began, timeout = self.clock.now(), FUNCTIONS[function].timeout
        try:
            yield
        finally:
            took = self.clock.now() - began
            assert took <= timeout, f"{function} took {took:.0f} s of {timeout:.0f}"

    def idle(self) -> None:
        """Wait until the jobs have done what they can do at this moment: they take no time, but threads of their own."""
        end = time.monotonic() + 5
        while not self.endless and time.monotonic() < end:
            if not self.api.works():
                return
            time.sleep(0.002)
        assert self.endless, "a job did not end"

    def _nothing_double(self) -> None:
        pictures = Counter(sha for sha, _ in self.shown())
        assert not [sha for sha, times in pictures.items() if times > 1], f"shown twice after {self.runs[-1]}"


@contextmanager
def opened(cloud: Cloud, circumstances: Circumstances) -> Iterator[Place]:
    """Give a place of its own, with a shop that nobody used before."""
    rights = ("*",) if circumstances.listing else ("images.*", "jobs.detail", "product.*", "webhooks.*")
    tokens = {
        "private_tokens": [{"value": TOKEN, "rights": rights}],
        "oauth_tokens": [{"value": OAUTH_TOKEN, "rights": rights}],
    }
    with served_inside(lambda: make_app(quick(**tokens, **circumstances.sandbox))) as server:
        try:
            yield Place(cloud, Shop(server, cloud.session), circumstances)
        finally:
            cloud.behave()

"""The local cloud: storage, tasks, events, a Shoptet sandbox and every function, each a process with its real protocol.

with local_cloud(Plan()) as cloud:
    cloud.upload("92ca3575-…/shop/01_front.jpg", picture, "image/jpeg")
"""

import contextlib
import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import msgspec
import requests
from google.cloud.storage import Client

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import FUNCTIONS
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.results import Results
from gallery_sync.state.ledgers import Ledgers
from infra.local import nursery, runtime
from infra.local.processes import MODULE, ROOT, Processes, free_port
from infra.local.sandbox.config import SandboxConfig, default_config
from infra.local.storage.client import local_client
from infra.local.storage.server import WRITE_INTERVAL

TOKEN = "sandbox-private-token"  # noqa: S105  # the sandbox's own
API_KEYS = {
    "local": ("local-api-key-with-all-rights", "read+write+clean"),
    "reader": ("local-api-key-that-may-only-read", "read"),
    "writer": ("local-api-key-that-may-read-and-write", "read+write"),
}
"""The local callers by name: key and rights."""
WEBHOOK_SECRET = "whsec_bG9jYWwtc2VjcmV0LW9mLXNpZ25lZC1ldmVudHM="  # noqa: S105  # the local cloud's own
OLD_WEBHOOK_SECRET = "whsec_bG9jYWwtc2VjcmV0LXRoYXQtaXMtYmVpbmctY2hhbmdlZA=="  # noqa: S105
"""The two that count while a secret is being changed."""
DROP_BUCKET = "drop"
STATE_BUCKET = "state"
QUEUES = "projects/local/locations/local/queues"
MODULE_PATH = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "functions")))}
SWEEP_SECONDS = 600.0
"""As Cloud Scheduler calls sweep in a deployment; times the scale of the plan."""


@dataclass(frozen=True)
class Plan:
    """How the local cloud is to be: its shop, how fast its time runs, and settings that differ from the usual."""

    sandbox: SandboxConfig = field(default_factory=default_config)
    time_scale: float = 0.1
    window: float = 0.5
    settings: Mapping[str, str] = field(default_factory=dict)
    sweep: bool = True
    source: Path = ROOT / "functions"
    """The folder that holds the functions: the tree's, or an unpacked archive."""
    python: str = sys.executable
    """What the functions run with. The local servers always run with the interpreter of the runner itself."""


class LocalCloud:
    """A running local cloud: its addresses, and clients for it."""

    def __init__(self, plan: Plan, processes: Processes, addresses: Mapping[str, str]) -> None:
        self.plan = plan
        self.processes = processes
        self.addresses = addresses
        self._storage = local_client(addresses["storage"])

    @property
    def storage(self) -> Client:
        """A storage client, the real one."""
        return self._storage

    @property
    def sandbox(self) -> str:
        """The sandbox's address."""
        return self.addresses["sandbox"]

    @property
    def ledgers(self) -> Ledgers:
        """The ledgers in the state bucket."""
        return Ledgers(self.documents)

    @property
    def documents(self) -> BucketDocuments:
        """The state bucket's documents."""
        return BucketDocuments(self._storage.bucket(STATE_BUCKET))

    def upload(self, name: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        """Drop a file."""
        blob = self._storage.bucket(DROP_BUCKET).blob(name)
        blob.metadata = dict(metadata or {})
        blob.upload_from_string(body, content_type=content_type)

    def remove(self, name: str) -> None:
        """Delete a dropped file."""
        self._storage.bucket(DROP_BUCKET).blob(name).delete()

    def sweep(self) -> Mapping[str, int]:
        """Call sweep, as Cloud Scheduler does."""
        answer = requests.post(self.addresses["sweep"], json={}, timeout=60)
        answer.raise_for_status()
        found: Mapping[str, int] = answer.json()
        return found

    def shoptet(self) -> Shoptet:
        """The project's own client for the sandbox."""
        return shoptet_client(self.sandbox)


@contextlib.contextmanager
def local_cloud(
    plan: Plan | None = None, logs: Path | None = None, forks: nursery.Nursery | None = None
) -> Iterator[LocalCloud]:
    """Start everything, wait until each part answers, and end it all with the block.

    Several clouds can share `forks`; where it is left out, and can be had, the cloud has one of its own.
    Raises StartFailed with the end of the log of whatever did not start.
    """
    plan = plan or Plan()
    with contextlib.ExitStack() as stack:
        folder = logs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gallery-sync-")))
        if forks is None and nursery.AVAILABLE:
            forks = stack.enter_context(nursery.nursery())
        processes = stack.enter_context(Processes(folder, forks))
        addresses = {name: f"http://127.0.0.1:{free_port()}" for name in FUNCTIONS}
        _start_servers(plan, processes, addresses, folder)
        keys = _register_webhook(addresses)
        _start_functions(plan, processes, addresses, keys)
        cloud = LocalCloud(plan, processes, addresses)
        if plan.sweep:
            stack.enter_context(_scheduler(cloud, SWEEP_SECONDS * plan.time_scale))
        yield cloud


def shoptet_client(sandbox: str) -> Shoptet:
    """The project's own client, for a sandbox at this address."""
    session, clock = requests.Session(), SystemClock()
    return Shoptet(Http(sandbox, PrivateToken(TOKEN), session, clock), Results(session, clock, api_url=sandbox))


def _start_servers(plan: Plan, processes: Processes, addresses: dict[str, str], folder: Path) -> None:
    config = folder / "sandbox.json"
    config.write_bytes(msgspec.json.encode(plan.sandbox))
    events = f"{DROP_BUCKET}={addresses['on_drop']}"
    paced = ["--write-interval", f"{WRITE_INTERVAL * plan.time_scale:g}"]
    processes.start(
        "storage",
        [
            *MODULE,
            "infra.local.storage",
            "--bucket",
            DROP_BUCKET,
            STATE_BUCKET,
            "--events",
            events,
            *paced,
            "--cors",
            f"{DROP_BUCKET}={addresses['status_link']}",
        ],
        MODULE_PATH,
    )
    backoff = f"min_backoff={2 * plan.time_scale:g},max_backoff={60 * plan.time_scale:g}"
    processes.start(
        "tasks",
        [
            *MODULE,
            "infra.local.tasks",
            "--queue",
            f"{QUEUES}/sync:max_concurrent=2,max_attempts=100,{backoff}",
            "--queue",
            f"{QUEUES}/poll:max_concurrent=1,max_attempts=100,{backoff}",
            "--queue",
            f"{QUEUES}/catalogue:max_concurrent=1,max_attempts=100,{backoff}",
            "--queue",
            f"{QUEUES}/fetch:max_concurrent=1,max_attempts=100,{backoff}",
            "--queue",
            f"{QUEUES}/prepare:max_concurrent=4,max_attempts=100,{backoff}",
            "--queue",
            f"{QUEUES}/place:max_concurrent=1,max_attempts=100,{backoff}",
        ],
        MODULE_PATH,
    )
    processes.start("sandbox", [*MODULE, "infra.local.sandbox", "--config", str(config)], MODULE_PATH)
    addresses["storage"] = processes.first_line("storage")["url"]
    tasks = processes.first_line("tasks")
    addresses["tasks"], addresses["tasks_control"] = tasks["address"], tasks["control"]
    addresses["sandbox"] = processes.first_line("sandbox")["url"]


def _register_webhook(addresses: Mapping[str, str]) -> str:
    """Register job:finished, as a deployment does once; asynchronous calls give 403 without it."""
    shoptet = shoptet_client(addresses["sandbox"])
    shoptet.register_webhook("job:finished", addresses["job_finished"])
    return shoptet.renew_signature_key()


def _start_functions(plan: Plan, processes: Processes, addresses: Mapping[str, str], webhook_keys: str) -> None:
    """Start every function as the platform does: functions-framework, one source file and target each."""
    known = {
        "SHOPTET_API_URL": addresses["sandbox"],
        "SHOPTET_PRIVATE_API_TOKEN": TOKEN,
        "SHOPTET_WEBHOOK_KEYS": webhook_keys,
        "API_KEYS": ",".join(f"{name}:{rights}:{_sha256(key)}" for name, (key, rights) in API_KEYS.items()),
        "WEBHOOK_SECRETS": f"{WEBHOOK_SECRET},{OLD_WEBHOOK_SECRET}",
        "DROP_BUCKET": DROP_BUCKET,
        "STATE_BUCKET": STATE_BUCKET,
        "SYNC_QUEUE": f"{QUEUES}/sync",
        "POLL_QUEUE": f"{QUEUES}/poll",
        "SYNC_URL": addresses["sync_gallery"],
        "POLL_URL": addresses["poll_jobs"],
        "CATALOGUE_QUEUE": f"{QUEUES}/catalogue",
        "CATALOGUE_URL": addresses["read_catalogue"],
        "FETCH_QUEUE": f"{QUEUES}/fetch",
        "FETCH_URL": addresses["fetch_images"],
        "PREPARE_QUEUE": f"{QUEUES}/prepare",
        "PREPARE_URL": addresses["prepare_picture"],
        "PLACE_QUEUE": f"{QUEUES}/place",
        "PLACE_URL": addresses["place_names"],
        "SYNC_WINDOW_SECONDS": str(plan.window),
        "TIME_SCALE": str(plan.time_scale),
        "ALLOW_PRIVATE_SOURCES": "true",  # The local cloud's own pictures are on this machine.
        "STORAGE_EMULATOR_HOST": addresses["storage"],
        "CLOUD_TASKS_EMULATOR_HOST": addresses["tasks"],
        **plan.settings,
    }
    for name, settings in FUNCTIONS.items():
        demanded = {f.name.upper() for f in fields(settings)}
        port = addresses[name].rpartition(":")[2]
        processes.start(
            name,
            # -P: as with the framework's own command, the folder that it is started in is not a place of modules.
            [plan.python, "-P", "-m", "functions_framework"],
            {**runtime.environment(name, port), **{key: value for key, value in known.items() if key in demanded}},
            plan.source,
        )
    for name in FUNCTIONS:
        # The framework itself answers this path, so no function is called.
        processes.wait_for(name, f"{addresses[name]}/robots.txt")


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@contextlib.contextmanager
def _scheduler(cloud: LocalCloud, every: float) -> Iterator[None]:
    """Cloud Scheduler's part: call sweep again and again, until the block ends."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every):
            with contextlib.suppress(requests.RequestException):
                # A sweep that fails is what the next one is for, here as in a deployment.
                cloud.sweep()

    thread = threading.Thread(target=run, name="scheduler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(70)

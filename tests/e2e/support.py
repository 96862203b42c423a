"""What the end-to-end tests share: pictures, the sandbox's levers, what is shown and logged, and waits with an end."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import requests

from gallery_sync.core import ledger_document, names
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.shop_values import Gallery
from gallery_sync.state import jobindex
from infra.local import sample
from infra.local.cloud import LocalCloud
from infra.local.sample import Picture
from infra.local.state import Row, rows

PATIENCE = 90.0
"""Seconds that a test waits at most for what takes a few on an idle machine."""

SETTLED = ("live", "refused", "failed")

T = TypeVar("T")


@dataclass(frozen=True)
class Product:
    """A product of the sandbox's shop."""

    guid: str
    code: str


class Sandbox:
    """The sandbox's levers and counts (`infra.local.sandbox.control`)."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_control"

    def add_product(self, product: Product | None = None) -> Product:
        added = product or new_product()
        self._send("POST", "products", {"guid": added.guid, "name": added.code, "code": added.code})
        return added

    def shown(self, guid: str, gallery: Gallery = "shop") -> list[Mapping[str, Any]]:
        """The images of a gallery as customers see them, in order."""
        images: list[Mapping[str, Any]] = self._send("GET", "galleries")[guid][gallery]
        return images

    def add_image(self, guid: str, gallery: Gallery = "shop") -> None:
        """A person adds an image."""
        self._send("POST", "images", {"guid": guid, "gallery": gallery})

    def change(self, guid: str, name: str, **change: object) -> None:
        """A person changes an image's `priority`, `description` or picture (`content_base64`)."""
        self._send("PATCH", f"images/{guid}/shop/{name}", change)

    def delete(self, guid: str, name: str) -> None:
        """A person deletes an image."""
        self._send("DELETE", f"images/{guid}/shop/{name}")

    def counts(self) -> Mapping[str, Any]:
        """Everything that is counted: calls by operation, refusals by limit, the most connections at once."""
        return self._send("GET", "calls")

    def requests(self) -> list[Mapping[str, Any]]:
        """The last requests since `forget_calls` one by one, in the order of their answers."""
        requests: list[Mapping[str, Any]] = self._send("GET", "requests")["requests"]
        return requests

    def calls(self) -> Mapping[str, int]:
        """How often each operation was called since `forget_calls`."""
        operations: Mapping[str, int] = self.counts()["operations"]
        return operations

    def forget_calls(self) -> None:
        self._send("DELETE", "calls")

    def jobs(self, guid: str, operation: str | None = None) -> list[Mapping[str, Any]]:
        """The jobs that were ever started for a product."""
        jobs: list[Mapping[str, Any]] = self._send("GET", "jobs")["jobs"]
        return [job for job in jobs if guid in job["endpoint"] and operation in (None, job["operation"])]

    def order(self, operation: str, kind: str, **fault: object) -> None:
        """Order a fault (`infra.local.sandbox.faults`)."""
        self._send("POST", "faults", {"operation": operation, "kind": kind, **fault})

    def faults(self) -> list[Mapping[str, Any]]:
        """The faults that are still to come."""
        standing: list[Mapping[str, Any]] = self._send("GET", "faults")["faults"]
        return standing

    def forget_faults(self) -> None:
        self._send("DELETE", "faults")

    def settings(self) -> Mapping[str, Any]:
        return self._send("GET", "settings")

    def set(self, **settings: object) -> None:
        self._send("POST", "settings", settings)

    def _send(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer = requests.request(method, f"{self._url}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        found: Mapping[str, Any] = answer.json()
        return found


def new_product() -> Product:
    guid = str(uuid.uuid4())
    return Product(guid, f"P-{guid[:8].upper()}")


def picture(name: str, text: str, size: tuple[int, int] = (80, 60)) -> Picture:
    """A small picture that shows `text`, so that another text is another picture."""
    body = sample.draw(text, text, (40, 80, 120), size, name.rpartition(".")[2])
    return Picture(name, body, names.content_type(name))


def pictures(prefix: str, count: int, text: str = "") -> list[Picture]:
    """Pictures for a folder of the drop bucket such as `{guid}/shop`, in the order to be shown."""
    return [picture(f"{prefix}/{number}.jpg", f"{text}{number}") for number in range(1, count + 1)]


def drop(cloud: LocalCloud, files: Iterable[Picture]) -> None:
    """Upload files, several at a time."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: cloud.upload(file.name, file.body, file.content_type), files))


def digests(files: Iterable[Picture]) -> list[str]:
    """What `digests_shown` gives for a gallery that shows exactly these, in this order."""
    return [hashlib.sha256(file.body).hexdigest() for file in files]


def digests_shown(cloud: LocalCloud, guid: str, gallery: Gallery = "shop") -> list[str]:
    """The contents that a gallery shows, in order."""
    return [image["sha256"] for image in Sandbox(cloud.sandbox).shown(guid, gallery)]


def ledger(cloud: LocalCloud, guid: str, gallery: Gallery = "shop") -> Ledger:
    return cloud.ledgers.read(guid, gallery).ledger


def wait(what: str, condition: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """Wait until `condition` gives something that counts as true, and give that; AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"after {seconds:.0f} s still waiting for this: {what}")
        time.sleep(0.1)
    return found


def wait_settled(cloud: LocalCloud, files: Sequence[Picture], seconds: float = PATIENCE) -> list[Row]:
    """Wait until each file is live, refused or failed for good, and give what became of them."""

    left = list(files)

    def settled() -> list[Row] | None:
        # Waiting for one of them, not for all: else the ledgers of hundreds would be read again and again.
        if rows(cloud, left[:1])[0].state not in SETTLED:
            return None
        found = rows(cloud, files)
        left[:] = [file for file, row in zip(files, found, strict=True) if row.state not in SETTLED]
        return None if left else found

    return wait(f"{len(files)} files to be settled, the first {files[0].name}", settled, seconds)


def wait_live(cloud: LocalCloud, files: Sequence[Picture], seconds: float = PATIENCE) -> None:
    """Wait until each file is live with exactly its content."""
    found = wait_settled(cloud, files, seconds)
    assert [(row.file, row.reason) for row in found if row.state != "live"] == []


def wait_quiet(cloud: LocalCloud) -> None:
    """Wait until nothing will happen by itself any more: no event, task or job under way, and no ledger with work to do.

    Looks that are due later may be left: whoever found a flight has seen to one. They will find nothing to do.
    """
    tasks, storage = cloud.addresses["tasks_control"], cloud.addresses["storage"]
    # A drop's look is at the end of its window, plus the margin for clocks that differ.
    soon = cloud.plan.window + 2 * cloud.plan.time_scale + 0.5

    def quiet() -> bool:
        events = requests.get(f"{storage}/_control/events", timeout=30).json()
        queues = requests.get(f"{tasks}/_control/queues", timeout=30).json()["queues"]
        (sync,) = [queue for queue in queues if queue["name"].endswith("/sync")]
        idle = not events["pending"] and not any(queue["running"] for queue in queues)
        later = sync["oldest_eta"] is None or sync["oldest_eta"] > time.time() + soon
        return idle and later and next(iter(cloud.documents.list(jobindex.PREFIX)), None) is None and not unfinished()

    def unfinished() -> bool:
        return any(listed.metadata["reconcile_at"] != "0" for listed in cloud.documents.list(ledger_document.PREFIX))

    wait("no event, task or job under way", quiet)


def take_up(cloud: LocalCloud) -> None:
    """Reconcile what waits for a later moment now, as a sweep would then."""
    for listed in cloud.documents.list(ledger_document.PREFIX):
        if listed.metadata["reconcile_at"] != "0":
            guid, gallery = listed.path.removeprefix(ledger_document.PREFIX).removesuffix(".json").split("/")
            body = {"guid": guid, "gallery": gallery}
            requests.post(cloud.addresses["sync_gallery"], json=body, timeout=30).raise_for_status()


def reconciles(cloud: LocalCloud, **body: str) -> list[Mapping[str, Any]]:
    """The sync tasks so far whose look holds these fields, as the local Cloud Tasks has logged their attempts."""
    answer = requests.get(f"{cloud.addresses['tasks_control']}/_control/tasks", timeout=30)
    attempts: list[Mapping[str, Any]] = answer.json()["tasks"]
    return [one for one in attempts if one["queue"] == "sync" and body.items() <= json.loads(one["body"]).items()]


def log_lines(cloud: LocalCloud, function: str, severity: str) -> list[Mapping[str, Any]]:
    """The lines of a severity that a function has logged."""
    lines = [line for line in cloud.processes.log_end(function, 10_000_000).splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line.get("severity") == severity]


def storage_fault(cloud: LocalCloud, **fault: object) -> None:
    """Order a fault of the local storage (`infra.local.storage.control`)."""
    requests.post(f"{cloud.addresses['storage']}/_control/faults", json=fault, timeout=30).raise_for_status()

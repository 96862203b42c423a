"""Events of a bucket, pushed as Eventarc pushes direct Cloud Storage events: CloudEvents in binary mode, at least once.

Sources: https://cloud.google.com/eventarc/docs/cloudevents,
https://github.com/googleapis/google-cloudevents (StorageObjectData),
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import asyncio
import itertools
import json
import sys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp

from infra.local.storage.objects import Change, ChangeType
from infra.local.storage.resources import object_resource, timestamp

__all__ = ["Backoff", "CloudEvent", "Delivery", "Orders", "Target", "cloud_event", "parse_target"]

CHANGE_TYPES: tuple[ChangeType, ...] = ("finalized", "deleted", "metadataUpdated")

AT_ONCE = 8
"""Deliveries under way at the same time."""

TRY_SECONDS = 60.0
"""How long one try may take before it counts as failed."""

_GOOGLE = "https://www.googleapis.com"


@dataclass(frozen=True, slots=True)
class Target:
    """A trigger: where events of one type (None: of all) of a bucket go."""

    bucket: str
    url: str
    type: ChangeType | None = None


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often an event is tried, and the pauses between: doubled from `first` up to `longest`, in seconds."""

    tries: int = 10
    first: float = 0.1
    longest: float = 5.0

    def pauses(self) -> list[float]:
        """The pauses after each try but the last."""
        return [min(self.first * 2**n, self.longest) for n in range(self.tries - 1)]


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """An event as it goes over the wire."""

    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Orders:
    """How delivery is to misbehave: for the next `duplicate`, `drop` and `delayed` events.

    A duplicated event is delivered twice, a dropped one never, a delayed one `delay` seconds late.
    """

    duplicate: int = 0
    drop: int = 0
    delayed: int = 0
    delay: float = 0.0


def parse_target(text: str) -> Target:
    """A target like `BUCKET=URL` or `BUCKET=TYPE=URL`. Raises ValueError."""
    bucket, _, rest = text.partition("=")
    first, _, last = rest.partition("=")
    by_name = {name: name for name in CHANGE_TYPES}
    target = Target(bucket, last, by_name[first]) if first in by_name else Target(bucket, rest)
    if not bucket or not target.url.startswith(("http://", "https://")):
        raise ValueError(f"not BUCKET=URL or BUCKET=TYPE=URL with TYPE one of {', '.join(CHANGE_TYPES)}: {text!r}")
    return target


def cloud_event(change: Change, event_id: str) -> CloudEvent:
    """The event that tells of a change; its body is the object's resource, which is StorageObjectData as JSON.

    The links in it are Google's: an event does not know how its receiver reaches the storage.
    """
    stored = change.stored
    data = object_resource(stored, _GOOGLE)
    if change.type == "deleted":
        data["timeDeleted"] = timestamp(change.at)
    headers = {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-type": f"google.cloud.storage.object.v1.{change.type}",
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{stored.bucket}",
        "ce-subject": _header_value(f"objects/{stored.name}"),
        "ce-time": change.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "ce-bucket": stored.bucket,
    }
    return CloudEvent(headers, json.dumps(data).encode())


class Delivery:
    """Delivers events in the background, each to every target that wants it, until it is taken or given up.

    Everything runs on the server's event loop. `orders` may be changed at any time.
    """

    def __init__(self, targets: Iterable[Target], backoff: Backoff) -> None:
        self._targets = list(targets)
        self._backoff = backoff
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self.orders = Orders()
        self._counts = dict.fromkeys(("delivered", "failed", "dropped", "retried"), 0)

    def set_targets(self, targets: Sequence[Target]) -> None:
        """Send what happens from now on to other targets: a function may need the storage's address to start."""
        self._targets = list(targets)

    def counts(self) -> dict[str, int]:
        """Deliveries by what became of them: one event to two targets counts twice, a dropped event once."""
        return {"pending": len(self._tasks), **self._counts}

    def reset(self) -> None:
        """Forget orders and counts; what is pending stays so."""
        self.orders = Orders()
        self._counts = dict.fromkeys(self._counts, 0)

    async def start(self) -> None:
        """Must be called on the loop, before the first change."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TRY_SECONDS))

    async def stop(self) -> None:
        """Give up what is pending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def publish(self, change: Change) -> None:
        """Tell the targets of a change; returns at once."""
        wanted = [t for t in self._targets if t.bucket == change.stored.bucket and t.type in (None, change.type)]
        if not wanted:
            return
        if self.orders.drop > 0:
            self.orders.drop -= 1
            self._counts["dropped"] += 1
            return
        delay = 0.0
        if self.orders.delayed > 0:
            self.orders.delayed -= 1
            delay = self.orders.delay
        copies = 1
        if self.orders.duplicate > 0:
            self.orders.duplicate -= 1
            copies = 2
        # Duplicates and retries carry the same id: that is how a receiver can know them.
        event = cloud_event(change, str(uuid.uuid4().int >> 64))
        for target, _ in itertools.product(wanted, range(copies)):
            task = asyncio.get_running_loop().create_task(self._deliver(event, target.url, delay))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: CloudEvent, url: str, delay: float) -> None:
        await asyncio.sleep(delay)
        for pause in [*self._backoff.pauses(), None]:
            if await self._try(event, url):
                self._counts["delivered"] += 1
                return
            if pause is not None:
                self._counts["retried"] += 1
                await asyncio.sleep(pause)
        self._counts["failed"] += 1
        what = f"{event.headers['ce-type']} {event.headers['ce-subject']}"
        sys.stderr.write(f"storage: gave up the event {what} to {url} after {self._backoff.tries} tries\n")

    async def _try(self, event: CloudEvent, url: str) -> bool:
        if self._session is None:
            raise RuntimeError("the delivery of events was not started")
        async with self._slots:
            try:
                async with self._session.post(
                    url, data=event.body, headers=event.headers, allow_redirects=False
                ) as response:
                    return 200 <= response.status < 300
            except (aiohttp.ClientError, TimeoutError):
                # Whatever it was, Eventarc's answer to it is to try again; the end of the tries is told.
                return False


def _header_value(text: str) -> str:
    """Percent-encoded as the HTTP binding wants it (3.1.3.2): space, `"`, `%` and whatever is not printable ASCII."""
    safe = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
    return quote(text, safe=safe)

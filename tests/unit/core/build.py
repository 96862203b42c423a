"""Values for the core's tests: each with what does not matter already filled in."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gallery_sync.cloud.queue import Target, TaskQueue
from gallery_sync.cloud.tasks import CloudTasks, Task
from gallery_sync.core import match, settle
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Action, Content, Entry, Flight, Ledger, Live, Snapshot, Wanted
from gallery_sync.core.names import Drop, parse
from gallery_sync.core.plan import StartFlight
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import Image, ResultRow
from gallery_sync.log import Log

replace = msgspec.structs.replace

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
NOW = 1_719_835_200.0
"""Mon, 01 Jul 2024 12:00:00 GMT."""
TIMING = Timing()
MAX_ATTEMPTS = 5
KEPT = Facts(numbers="kept")
GIVEN = Facts(numbers="given")
NOBODY_KNOWS = Facts()


def key(file: str) -> str:
    return f"drop:A/shop/{file}"


def content(file: str, generation: int = 1, checksum: str | None = None) -> Content:
    return Content(f"A/shop/{file}", generation, checksum or f"sum-{file}-{generation}", 1000)


def wanted(file: str, generation: int = 1, checksum: str | None = None, **attributes: Any) -> Wanted:
    return Wanted(content(file, generation, checksum), NOW - 60, **attributes)


def live(file: str, name: str, generation: int = 1, **more: Any) -> Live:
    return Live(name, more.pop("checksum", None) or f"sum-{file}-{generation}", generation, **more)


def shown(file: str, name: str, priority: int, **more: Any) -> dict[str, Entry]:
    """An entry whose wanted content is live under this name and priority."""
    return {key(file): Entry(wanted(file, **more), live(file, name, priority=priority, **more))}


def a_ledger(entries: Mapping[str, Entry] | None = None, **more: Any) -> Ledger:
    return Ledger(GUID, "shop", prefixes=("A",), entries=dict(entries or {}), **more)


def a_file(name: str, generation: int = 1, checksum: str | None = None, size: int = 1000, **metadata: str) -> DropFile:
    """A file of the drop bucket; `name` without a folder is one of product A."""
    full = name if "/" in name else f"A/shop/{name}"
    drop = parse(full, size)
    assert isinstance(drop, Drop)
    return DropFile(drop, generation, checksum or f"sum-{name}-{generation}", size, NOW - 60, metadata)


def a_flight(images: Mapping[str, Snapshot], operation: Action = "insert", **more: Any) -> Flight:
    return Flight("f1", operation, NOW, NOW + 60, NOW + 300, dict(images), **more)


def insertion(files: Mapping[str, int], **more: Any) -> Flight:
    """An insertion of these files with these priorities."""
    return a_flight({key(f): sent(f, number) for f, number in files.items()}, **more)


def sent(file: str, priority: int | None = None, **more: Any) -> Snapshot:
    return Snapshot(f"outbox/{file}", 1, f"sum-{file}-1", priority, **more)


def img(name: str, priority: int | None = None, **more: Any) -> Image:
    return Image(name, priority, **more)


class FakeGallery:
    """A gallery at Shoptet that carries out at once whatever it is asked."""

    def __init__(self, images: Iterable[Image] = ()) -> None:
        self.images = {image.name: image for image in images}
        self.changes = 0
        self._next = 1

    @property
    def listing(self) -> tuple[Image, ...]:
        return tuple(self.images.values())

    def carry_out(
        self, ledger: Ledger, step: StartFlight, rows: Sequence[ResultRow] = (), *, most: int = 100
    ) -> Ledger:
        """Fly a step (its first `most` images only, as if time had not sufficed) and settle it."""
        carried = dict(list(step.images.items())[:most])
        before = tuple(self.images)
        # No answer is lost here.
        flight = a_flight(carried, step.action, before=before, job_created="2024-07-01T12:00:00+0000")
        self.changes += 1
        for snapshot in carried.values():
            self._apply(step.action, snapshot)
        flown = replace(ledger, flight=flight)
        match step.action:
            case "attributes":
                return settle.updated(flown, flight, self.images, {}, NOW, TIMING, MAX_ATTEMPTS, KEPT)
            case "delete":
                return settle.deleted(flown, flight, {}, NOW)
            case "insert":
                outcome = match.inserted(flight, self.listing, rows, KEPT)
            case "source":
                outcome = match.replaced(flight, self.listing)
        return settle.settle(flown, flight, self.listing, outcome, NOW, TIMING, MAX_ATTEMPTS, KEPT)

    def _apply(self, operation: Action, snapshot: Snapshot) -> None:
        if operation == "insert":
            name = f"new{self._next}.jpg"
            self._next += 1
            self.images[name] = Image(name, snapshot.priority, snapshot.description, cdn_name=f"{name}?1")
            return
        name = snapshot.name or ""
        if operation == "delete":
            del self.images[name]
            return
        image = self.images[name]
        self.images[name] = replace(
            image,
            priority=image.priority if snapshot.priority is None else snapshot.priority,
            description=image.description if snapshot.description is None else snapshot.description,
            cdn_name=f"{image.cdn_name}+" if operation == "source" else image.cdn_name,
        )


class FixedClock:
    """A moment that stays."""

    def __init__(self, now: float = NOW) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here may sleep")


class RecordingTasks(CloudTasks):
    """Notes what is enqueued, and refuses a name that was used, as Cloud Tasks does."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def enqueue(self, task: Task) -> bool:
        if any(task.name == known.name for known in self.tasks):
            return False
        self.tasks.append(task)
        return True


SYNC = Target("projects/p/locations/l/queues/sync", "https://sync.example/")
POLL = Target("projects/p/locations/l/queues/poll", "https://poll.example/")
CATALOGUE = Target("projects/p/locations/l/queues/catalogue", "https://catalogue.example/")


def queue_into(tasks: CloudTasks, sync: Target | None = SYNC, poll: Target | None = POLL) -> TaskQueue:
    return TaskQueue(tasks, FixedClock(), TIMING, sync, poll)


class Lines:
    """A log, and the lines that it wrote."""

    def __init__(self, function: str = "test") -> None:
        self._stream = io.StringIO()
        self.log = Log(function, self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

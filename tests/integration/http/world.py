"""A world for the HTTP layer in this process: documents in memory, a shop that can be told to refuse, looks written down."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gallery_sync.core.files import BucketFile
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_values import (
    Attributes,
    Gallery,
    Image,
    Job,
    JobDetail,
    NewImage,
    NewSource,
    Product,
    ResultRow,
    RowError,
    Updated,
)
from gallery_sync.http.limit import Limit
from gallery_sync.log import Log
from gallery_sync.ports import shop_errors
from gallery_sync.ports.queue import EnqueueFailed
from gallery_sync.ports.storage import StorageUnavailable, Stored
from gallery_sync.work.world import RequestWorld
from tests.unit.http.memory import NOW, Memory

GUID = "92ca3575-7481-11e8-8216-002590dad85e"


class Clock:
    """Time that passes only while somebody sleeps; `meanwhile` is what others do then."""

    def __init__(self) -> None:
        self.time = NOW + 1
        self.meanwhile: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.meanwhile()
        self.time += max(seconds, 0)


@dataclass
class FakeShop:
    """One product, `GUID` or the code `P`, whose gallery `shop` can be looked at; `fails` are errors by call, once each."""

    names: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    """What is there as well, and no listing shows yet."""
    referenced: set[str] = field(default_factory=set)
    fails: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.fails.get(call):
            raise self.fails[call].pop(0)

    def guid_of(self, code: str) -> str:
        self._called("guid_of")
        if code.upper() != "P":
            raise shop_errors.NotFound("404 no such product", call="GET /code", status=404, request_id="r-404")
        return GUID

    def images(self, guid: str, gallery: Gallery) -> tuple[Image, ...]:
        self._called("images")
        return tuple(Image(name, place + 1) for place, name in enumerate(self.names)) if gallery == "shop" else ()

    def product(self, guid: str) -> Product:
        self._called("product")
        shown = tuple(Image(name, place + 1) for place, name in enumerate(self.names))
        return Product(guid, "Poster", frozenset({"P"}), {"shop": shown, "shop360": ()})

    def update_attributes(
        self, guid: str, gallery: Gallery, images: Sequence[Attributes], *, send_until: float
    ) -> Updated:
        self._called("update_attributes")
        return Updated(tuple(Image(one.name, one.priority, one.description) for one in images), ())

    def delete_all(
        self, guid: str, gallery: Gallery, *, remove_reference: bool, send_until: float
    ) -> tuple[RowError, ...]:
        self._called("delete_all")
        kept = [name for name in self.names if name in self.referenced and not remove_reference]
        self.names = kept
        return tuple(RowError("image-used", "a variant references it", name) for name in kept)

    def delete(self, guid: str, gallery: Gallery, name: str, *, remove_reference: bool, send_until: float) -> None:
        self._called("delete")
        if name in self.referenced and not remove_reference:
            raise shop_errors.Conflict("409 a variant references it", call="DELETE", status=409, request_id="r-409")
        (self.hidden if name in self.hidden else self.names).remove(name)

    def insert(self, guid: str, gallery: Gallery, images: Sequence[NewImage], *, send_until: float) -> NoReturn:
        raise AssertionError("only sync_gallery inserts")

    def update_source(self, guid: str, gallery: Gallery, images: Sequence[NewSource], *, send_until: float) -> NoReturn:
        raise AssertionError("only sync_gallery replaces")

    def refer(self, guid: str, images: Mapping[str, str], *, send_until: float) -> None:
        self._called("refer")

    def jobs(self, *, created_from: float) -> tuple[Job, ...]:
        raise AssertionError("only poll_jobs looks at jobs")

    def job(self, job_id: str) -> JobDetail:
        raise AssertionError("only sync_gallery asks for a job")

    def result(self, detail: JobDetail) -> tuple[ResultRow, ...] | None:
        raise AssertionError("only sync_gallery asks for a result")


@dataclass
class Written:
    """`WorkQueue`, written down."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    broken: bool = False

    def _note(self, *look: Any) -> None:
        if self.broken:
            raise EnqueueFailed("the queue did not take a task")
        self.asked.append(look)

    def folder(self, prefix: str, gallery: Gallery, at: float) -> None:
        self._note("drop", prefix, gallery)

    def refused(self, name: str) -> None:
        self._note("refused", name)

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        self._note("gallery", guid, gallery)

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        raise AssertionError("only sweep asks for checks")

    def operation(self, operation: str, at: float) -> None:
        self._note("operation", operation, at)

    def job_ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        self._note("ended", job_id)

    def catalogue(self) -> None:
        self._note("catalogue")

    def snapshot_ended(self, job_id: str) -> None:
        self._note("catalogue")

    def fetch(self, guid: str, gallery: Gallery, at: float) -> None:
        self._note("fetch", guid, gallery, at)

    def prepare(self, guid: str, gallery: Gallery, at: float) -> None:
        self._note("prepare", guid, gallery)

    def prepared(self, guid: str, gallery: Gallery) -> None:
        self._note("prepared", guid, gallery)

    def place(self, *, everything: bool = False) -> None:
        self._note("place", everything)

    def poll(self, at: float) -> None:
        self._note("jobs")


class Breakable(Memory):
    """Documents that can be out of reach; `overtaking` is what others write right before."""

    broken = False

    def __init__(self) -> None:
        super().__init__()
        self.overtaking: Callable[[bytes], None] = lambda _body: None

    def read(self, path: str) -> Stored | None:
        self._check()
        return super().read(path)

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        self._check()
        self.overtaking(body)
        return super().write(path, body, generation=generation, metadata=metadata)

    def _check(self) -> None:
        if self.broken:
            raise StorageUnavailable("Cloud Storage did not read: ServiceUnavailable 503")


class NoFiles:
    """A drop bucket without files."""

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        yield from ()

    def find(self, name: str) -> BucketFile | None:
        return next((file for file in self.list(name) if file.name == name), None)

    def remove(self, file: BucketFile) -> bool:
        raise AssertionError("there is nothing to remove")


@dataclass
class Around:
    """The world and its parts, by hand."""

    documents: Breakable = field(default_factory=Breakable)
    shop: FakeShop = field(default_factory=FakeShop)
    queue: Written = field(default_factory=Written)
    clock: Clock = field(default_factory=Clock)
    lines: io.StringIO = field(default_factory=io.StringIO)
    connected: int = 0
    ids: int = 0
    limit: Limit = field(default_factory=lambda: Limit(("all", "reader")))

    @property
    def log(self) -> Log:
        return Log("test", self.lines)

    def world(self) -> RequestWorld:
        """Connect, and count that."""
        self.connected += 1
        return RequestWorld(
            documents=self.documents,
            queue=self.queue,
            clock=self.clock,
            log=self.log,
            timing=Timing(),
            shop=self.shop,
            drops=NoFiles(),
            bin=NoFiles(),
            new_id=self._new_id,
            max_attempts=5,
        )

    def _new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

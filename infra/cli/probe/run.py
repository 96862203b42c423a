"""What the probe does at the shop: one insertion, a change of numbers, a source update, and all gone again.

It works in a gallery that is empty. Before anything is sent, `probe.json` in the state bucket says so, and each image carries
the probe's mark in its description: what a killed run left is found by that, and taken away by the next.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from gallery_sync.clock import Clock
from gallery_sync.core.shop_values import (
    Attributes,
    Change,
    Gallery,
    Image,
    Job,
    JobDetail,
    NewImage,
    NewSource,
    Product,
    ResultRow,
    Updated,
)
from gallery_sync.ports.shop_errors import NoOriginal, NotAllowed, NotFound, Refused, TryLater
from gallery_sync.ports.storage import Documents
from infra.cli.probe import pictures
from infra.cli.stop import Stop

PATH: Final = "probe.json"
SHOWN_WITHIN: Final = 180.0
"""Seconds after a job's end within which the gallery, or the list of changes, has to show what it did."""
OTHERS_WITHIN: Final = 10.0
"""Seconds that a picture which may get lost has after the others are shown."""
LATEST: Final = 120.0
"""Seconds after a job's end within which a gallery that lags shows what it brought."""
CLOCKS: Final = 300.0
"""Seconds by which Shoptet's clock may be behind."""
JOB_LOST: Final = 3.5 * 3_600
"""Seconds after which no job is at work any more: Shoptet ends one after three hours."""
LOOKS_AT_A_JOB: Final = 8
"""Shoptet refuses the detail of a job that has not ended after ten."""
NEXT_SECOND: Final = 1.1
"""Seconds: Shoptet's times are whole ones."""
SENT: Final = {"plain": 137, "turned": 237, "webp": 337, "broken": 437, "large": 537}
"""The number that each picture is sent with: none that counting would give."""
MOVED: Final = 10_037
"""The number that is to bring the first image behind all others."""


class Shop(Protocol):
    """What the probe calls; `gallery_sync.shoptet.client.Shoptet` says what each raises."""

    def product(self, guid: str) -> Product: ...  # noqa: D102
    def images(self, guid: str, gallery: Gallery) -> tuple[Image, ...]: ...  # noqa: D102
    def insert(self, guid: str, gallery: Gallery, images: Sequence[NewImage], *, send_until: float) -> str: ...  # noqa: D102
    def update_source(self, guid: str, gallery: Gallery, images: Sequence[NewSource], *, send_until: float) -> str: ...  # noqa: D102
    def update_attributes(  # noqa: D102
        self, guid: str, gallery: Gallery, images: Sequence[Attributes], *, send_until: float
    ) -> Updated: ...
    def delete(self, guid: str, gallery: Gallery, name: str, *, remove_reference: bool, send_until: float) -> None: ...  # noqa: D102
    def job(self, job_id: str) -> JobDetail: ...  # noqa: D102
    def jobs(self, *, created_from: float) -> tuple[Job, ...]: ...  # noqa: D102
    def result(self, detail: JobDetail) -> tuple[ResultRow, ...] | None: ...  # noqa: D102
    def changes(self, *, since: float) -> tuple[Change, ...] | None: ...  # noqa: D102
    def originals(self) -> str | None: ...  # noqa: D102


class Store(Protocol):
    """Where the probe's pictures lie, for Shoptet to download."""

    def put(self, name: str, content: bytes, content_type: str) -> str:
        """Store a picture, and give the URL at which it can be had for an hour; it is a secret."""
        ...

    def clear(self) -> None:
        """Remove all that was put."""
        ...


class Originals(Protocol):
    """Fetches what the shop shows: `gallery_sync.shoptet.originals.Originals`."""

    def fetch(self, name: str) -> bytes:
        """Give one picture. Raises NoOriginal."""
        ...


@dataclass(frozen=True, kw_only=True)
class World:
    """What the probe works with; `say` tells a person what it is waiting for."""

    shop: Shop
    documents: Documents
    store: Store
    clock: Clock
    originals: Callable[[str], Originals]
    say: Callable[[str], None]
    new_id: Callable[[], str]


class Mark(msgspec.Struct, frozen=True):
    """A probe that is under way: where, since when (epoch seconds), whether it sent anything, and its job once that is known."""

    id: str
    guid: str
    gallery: Gallery
    at: float
    sent: bool = False
    job: str = ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen. Images by the names of `SENT`; None where it could not be."""

    endpoint: str
    guid: str
    gallery: Gallery
    rows: tuple[ResultRow, ...] | None
    has_result: bool
    others_jobs: bool | None
    lag: float
    sent: dict[str, str]
    shown: dict[str, Image]
    moved: tuple[Image, ...]
    before_source: Image
    after_source: Image | None
    address: str | None
    same_bytes: bool | None
    is_turned: bool | None
    shows_changes: bool | None


def probe(world: World, guid: str, gallery: Gallery, *, large: bool = False, visible: bool = False) -> Seen:
    """Look at the shop in an empty gallery, and leave it empty. `visible`: also where customers see the product.

    Raises Stop, the client's errors, StorageUnavailable.
    """
    tidy(world)
    product = world.shop.product(guid)
    named = product.name or guid
    if product.images[gallery]:
        raise Stop(f"the gallery {gallery} of {named} is not empty: name a product without pictures there")
    if not visible and product.visibility not in ("hidden", None):
        raise Stop(
            f"customers see {named}: hide it in the shop for the probe's minutes, name another, or add --visible"
        )
    mark = Mark(world.new_id(), guid, gallery, world.clock.now())
    _note(world, mark)
    try:
        return _look(world, mark, large=large)
    finally:
        tidy(world)


def tidy(world: World) -> None:
    """Take away what a probe left: its images, its pictures, its mark. Raises Stop where its job may still be at work."""
    stored = world.documents.read(PATH)
    if stored is None:
        return
    mark = msgspec.json.decode(stored.body, type=Mark)
    if mark.job:
        _ended(world, mark.job)
    at_work = mark.sent and not mark.job and _may_be_at_work(world, mark)
    until = world.clock.now() + (LATEST if mark.sent else 0.0)
    removed = False
    while True:
        left = _by_mark(world.shop.images(mark.guid, mark.gallery), mark)
        for image in left.values():
            _delete(world, mark, image.name)
            removed = True
        if (removed and not left) or world.clock.now() >= until:
            break
        world.clock.sleep(2.0)
    if at_work:
        raise Stop(f"the probe's job may still be at work at {mark.guid}: run gallery-sync probe again in some minutes")
    world.store.clear()
    world.documents.delete(PATH)


def _may_be_at_work(world: World, mark: Mark) -> bool:
    """Whether an insertion whose answer was never noted may still bring images: a job of this gallery that has not ended."""
    try:
        jobs = world.shop.jobs(created_from=mark.at - CLOCKS)
    except (NotAllowed, Refused):
        return world.clock.now() < mark.at + JOB_LOST
    return any(not job.ended and "/images" in job.endpoint for job in jobs)


def _look(world: World, mark: Mark, *, large: bool) -> Seen:
    shop, began = world.shop, mark.at
    sent, mark = _insert(world, mark, large=large)
    detail = _ended(world, mark.job)
    ended = world.clock.now()
    listing = _shown(world, mark, ("plain", "turned"))
    lag = max(0.0, world.clock.now() - ended - OTHERS_WITHIN)
    shown = _by_mark(listing, mark)
    first = shown["plain"]
    address = shop.originals()
    same, turned = _originals(world, address, first.name, shown["turned"].name)
    moved = _move(world, mark, first.name)
    before, after = _replace(world, mark)
    return Seen(
        endpoint=detail.endpoint,
        guid=mark.guid,
        gallery=mark.gallery,
        rows=shop.result(detail),
        has_result=detail.result_url is not None,
        others_jobs=_others(world, mark),
        lag=lag,
        sent=sent,
        shown=shown,
        moved=moved,
        before_source=before,
        after_source=after,
        address=address,
        same_bytes=same,
        is_turned=turned,
        shows_changes=_changes(world, mark, began),
    )


def _insert(world: World, mark: Mark, *, large: bool) -> tuple[dict[str, str], Mark]:
    """Send all in one job, one of which is no picture; give the description that each was sent with, and the mark by now."""
    files = {
        "plain": (pictures.plain(), "image/png"),
        "turned": (pictures.on_its_side(), "image/jpeg"),
        "webp": (pictures.webp(), "image/webp"),
        "broken": (pictures.no_picture(), "image/png"),
        **({"large": (pictures.large(), "image/png")} if large else {}),
    }
    described = {name: f"  gallery-sync  probe {mark.id} {name} " for name in files}
    images = [
        NewImage(world.store.put(name, content, kind), SENT[name], described[name])
        for name, (content, kind) in files.items()
    ]
    world.say(f"sending {len(images)} small files in one job, one of which is no picture")
    mark = msgspec.structs.replace(mark, sent=True)
    _note(world, mark)
    try:
        job = world.shop.insert(mark.guid, mark.gallery, images, send_until=world.clock.now() + 60)
    except (NotAllowed, Refused, TryLater):
        # Nothing was done, so there is nothing to wait for.
        _note(world, msgspec.structs.replace(mark, sent=False))
        raise
    mark = msgspec.structs.replace(mark, job=job)
    _note(world, mark)
    return described, mark


def _shown(world: World, mark: Mark, names: Sequence[str]) -> tuple[Image, ...]:
    """Wait until the gallery shows these, and a little longer for the others, which may get lost."""
    world.say("waiting until the gallery shows them")
    began = world.clock.now()
    while True:
        listing = world.shop.images(mark.guid, mark.gallery)
        if set(names) <= _by_mark(listing, mark).keys():
            world.clock.sleep(OTHERS_WITHIN)
            return world.shop.images(mark.guid, mark.gallery)
        if world.clock.now() > began + SHOWN_WITHIN:
            raise Stop(f"the gallery does not show plain pictures {SHOWN_WITHIN:.0f} s after their job ended")
        world.clock.sleep(1.0)


def _move(world: World, mark: Mark, name: str) -> tuple[Image, ...]:
    """Send the first image a number behind all others, and give the gallery after that."""
    world.clock.sleep(NEXT_SECOND)
    row = [Attributes(name, MOVED)]
    world.shop.update_attributes(mark.guid, mark.gallery, row, send_until=world.clock.now() + 60)
    world.clock.sleep(NEXT_SECOND)
    return world.shop.images(mark.guid, mark.gallery)


def _replace(world: World, mark: Mark) -> tuple[Image, Image | None]:
    """Give the first image another picture in another format; the image before and after that, None where it is gone."""
    before = _by_mark(world.shop.images(mark.guid, mark.gallery), mark)["plain"]
    url = world.store.put("replacement", pictures.replacement(), "image/jpeg")
    world.say("replacing one of them by a picture in another format")
    row = [NewSource(before.name, url)]
    job = world.shop.update_source(mark.guid, mark.gallery, row, send_until=world.clock.now() + 60)
    _note(world, msgspec.structs.replace(mark, job=job))
    _ended(world, job)
    began = world.clock.now()
    while world.clock.now() < began + SHOWN_WITHIN:
        after = _by_mark(world.shop.images(mark.guid, mark.gallery), mark).get("plain")
        if after is not None and after != before:
            return before, after
        world.clock.sleep(2.0)
    return before, after


def _ended(world: World, job_id: str) -> JobDetail:
    """Wait for a job's end. Raises Stop where it takes too long."""
    pause, began = 1.0, world.clock.now()
    for _ in range(LOOKS_AT_A_JOB):
        detail = world.shop.job(job_id)
        if detail.ended:
            return detail
        world.clock.sleep(pause)
        pause *= 2
    raise Stop(
        f"the job {job_id} did not end within {world.clock.now() - began:.0f} s: run gallery-sync probe again later"
    )


def _originals(world: World, address: str | None, plain: str, turned: str) -> tuple[bool | None, bool | None]:
    if address is None:
        return None, None
    try:
        source = world.originals(address)
        first, second = source.fetch(plain), source.fetch(turned)
    except (NoOriginal, ValueError) as error:
        world.say(f"the shop's pictures are not to be had: {error}")
        return None, None
    return (first, second) == (pictures.plain(), pictures.on_its_side()), pictures.is_turned(second) is True


def _others(world: World, mark: Mark) -> bool | None:
    """Whether the list shows jobs that are not of this shop's image calls; None where it may not be read."""
    try:
        jobs = world.shop.jobs(created_from=mark.at - 30 * 86_400)
    except (NotAllowed, Refused):
        return None
    return any("/images" not in job.endpoint and "/products/snapshot" not in job.endpoint for job in jobs)


def _changes(world: World, mark: Mark, since: float) -> bool | None:
    try:
        changes = world.shop.changes(since=since)
    except (NotAllowed, Refused):
        return None
    return None if changes is None else any(change.guid.lower() == mark.guid.lower() for change in changes)


def _delete(world: World, mark: Mark, name: str) -> None:
    try:
        until = world.clock.now() + 60
        world.shop.delete(mark.guid, mark.gallery, name, remove_reference=False, send_until=until)
    except NotFound:
        pass


def _by_mark(listing: Sequence[Image], mark: Mark) -> dict[str, Image]:
    """Give the probe's images by what each was sent as, told by its description."""
    found = {name: image for image in listing if (name := _meant(image, mark)) is not None}
    return dict(sorted(found.items(), key=lambda pair: SENT[pair[0]]))


def _meant(image: Image, mark: Mark) -> str | None:
    match = re.search(rf"probe {re.escape(mark.id)} (\w+)", image.description or "")
    return match[1] if match is not None and match[1] in SENT else None


def _note(world: World, mark: Mark) -> None:
    stored = world.documents.read(PATH)
    generation = stored.generation if stored is not None else 0
    world.documents.write(PATH, msgspec.json.encode(mark), generation=generation)

"""`ports.Shop` over the simulated Shoptet: the rules of its calls, and the errors of the real client."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gallery_sync.clock import Clock
from gallery_sync.core import names
from gallery_sync.core.shop_values import (
    GALLERIES,
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
    RowError,
    Updated,
)
from gallery_sync.ports import shop_errors
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.state import removed
from tests.faults.simulation import arguments
from tests.faults.simulation.effects import Effects
from tests.faults.simulation.jobs import SNAPSHOT, SimJobs
from tests.faults.simulation.shop import Place, SimShop
from tests.faults.simulation.site import ADDRESS

POISON = "poison"
"""Content whose URL spoils the call that carries it: Shoptet answers 400."""

T = TypeVar("T")

CODE_KNOWN: Final = 160.0
"""Seconds before an arrival that the product may have been asked for its codes, at most: a call is begun within two minutes
of that, and may be half a minute on its way."""


@dataclass
class Calls:
    """How often Shoptet was asked for what, and about what."""

    counts: dict[str, int] = field(default_factory=dict)
    about: Counter[tuple[str, object]] = field(default_factory=Counter)

    def count(self, kind: str, subject: object = None) -> None:
        """Count a call."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.about[kind, subject] += 1


class SimClient:
    """One instance's client."""

    def __init__(
        self,
        shop: SimShop,
        jobs: SimJobs,
        effects: Effects,
        clock: Clock,
        calls: Calls,
        poisoned: Callable[[str], bool],
        *,
        mirrors: bool,
    ) -> None:
        self._shop = shop
        self._jobs = jobs
        self._effects = effects
        self._clock = clock
        self._calls = calls
        self._poisoned = poisoned
        self._mirrors = mirrors

    def images(self, guid: str, gallery: Gallery) -> tuple[Image, ...]:
        """See ports.Shop."""
        self._valid(lambda real: real.images(guid, gallery))
        self._get("images", (guid, gallery))
        self._known(guid, "GET images")
        return self._shop.shown((guid, gallery))

    def insert(self, guid: str, gallery: Gallery, images: Sequence[NewImage], *, send_until: float) -> str:
        """See ports.Shop."""
        self._valid(lambda real: real.insert(guid, gallery, images, send_until=send_until))
        return self._start(guid, gallery, images, send_until, source=False)

    def update_source(self, guid: str, gallery: Gallery, images: Sequence[NewSource], *, send_until: float) -> str:
        """See ports.Shop."""
        self._valid(lambda real: real.update_source(guid, gallery, images, send_until=send_until))
        for image in images:
            page = self._jobs.page(image.source_url)
            if page is None or (page.place, page.name) != ((guid, gallery), image.name):
                self._must_be_ours((guid, gallery), image.name)
        return self._start(guid, gallery, images, send_until, source=True)

    def update_attributes(
        self, guid: str, gallery: Gallery, images: Sequence[Attributes], *, send_until: float
    ) -> Updated:
        """See ports.Shop."""
        place = (guid, gallery)
        self._valid(lambda real: real.update_attributes(guid, gallery, images, send_until=send_until))

        def work() -> Updated:
            skipped = []
            for image in images:
                if (place, image.name) not in self._shop.to_be_described:
                    self._must_be_ours(place, image.name)
                picture = self._shop.named(place, image.name)
                if picture is None:
                    skipped.append(RowError("image-not-found", "there is no such image", image.name))
                    continue
                self._shop.describe(picture, image.priority, image.description)
            self._shop.changed(place)
            return Updated(tuple(self._shop.image(p) for p in self._shop.ordered(place)), tuple(skipped))

        return self._write(f"PATCH {gallery} {[i.name for i in images]}", guid, send_until, work)

    def delete_all(
        self, guid: str, gallery: Gallery, *, remove_reference: bool, send_until: float
    ) -> tuple[RowError, ...]:
        """See ports.Shop."""
        place = (guid, gallery)
        self._valid(
            lambda real: real.delete_all(guid, gallery, remove_reference=remove_reference, send_until=send_until)
        )

        def work() -> tuple[RowError, ...]:
            if place not in self._shop.to_be_cleaned:
                raise self._effects.broken(f"I3: {place} was cleaned, and nobody asked for it")
            skipped = []
            for picture in list(self._shop.galleries[place]):
                if picture.referenced and not remove_reference:
                    skipped.append(RowError("image-referenced", "a variant references it", picture.name))
                else:
                    self._shop.deleted[picture.name] = picture.checksum or f"foreign {picture.name}"
                    self._shop.remove(place, picture)
            return tuple(skipped)

        return self._write(f"DELETE {gallery}", guid, send_until, work)

    def delete(self, guid: str, gallery: Gallery, name: str, *, remove_reference: bool, send_until: float) -> None:
        """See ports.Shop."""
        place, call = (guid, gallery), f"DELETE {gallery} {name}"
        self._valid(
            lambda real: real.delete(guid, gallery, name, remove_reference=remove_reference, send_until=send_until)
        )

        def work() -> None:
            picture = self._shop.named(place, name)
            if picture is None:
                raise shop_errors.NotFound("404 no such image", call=call, status=404)
            if (place, name) not in self._shop.to_be_deleted and place not in self._shop.to_be_cleaned:
                self._must_be_ours(place, name)
                if not self._mirrors:
                    raise self._effects.broken(f"I3: {name} was deleted, and nobody asked for it")
            if picture.referenced and not remove_reference:
                raise shop_errors.Conflict("409 a variant references the image", call=call, status=409)
            self._shop.deleted[name] = picture.checksum or f"foreign {name}"
            self._shop.remove(place, picture)

        self._write(call, guid, send_until, work)

    def jobs(self, *, created_from: float) -> tuple[Job, ...]:
        """See ports.Shop."""
        self._valid(lambda real: real.jobs(created_from=created_from))
        self._get("jobs")
        if not self._shop.how.list_allowed:
            raise shop_errors.NotAllowed("403", call="GET jobs", status=403, advice="grant the right")
        return self._jobs.listed(created_from)

    def job(self, job_id: str) -> JobDetail:
        """See ports.Shop."""
        self._valid(lambda real: real.job(job_id))
        self._get("job")
        detail = self._jobs.detail(job_id)
        if detail is None:
            raise shop_errors.NotFound("404 job-not-found", call="GET job", status=404)
        return detail

    def result(self, detail: JobDetail) -> tuple[ResultRow, ...] | None:
        """See ports.Shop."""
        self._effects.point()
        return None if self._effects.happens(self._effects.faults.get_fails) else self._jobs.result(detail.job_id)

    def product(self, guid: str) -> Product:
        """See ports.Shop. Names are the simulation's own."""
        self._valid(lambda real: real.product(guid))
        self._get("product", guid)
        self._known(guid, "GET product")
        codes = frozenset(code for code, meant in self._shop.codes.items() if meant == guid)
        images: dict[Gallery, tuple[Image, ...]] = {one: self._shop.shown((guid, one)) for one in GALLERIES}
        return Product(guid, f"product {guid}", codes, images)

    def originals(self) -> str | None:
        """See ports.OriginalsShop."""
        self._get("eshop")
        return ADDRESS

    def refer(self, guid: str, images: Mapping[str, str], *, send_until: float) -> None:
        """See ports.Shop: the simulation has no variants that are named."""
        raise AssertionError(f"no variant of {guid} can show {images}")

    def order_snapshot(self) -> str:
        """See ports.CatalogueShop."""
        self._valid(lambda real: real.order_snapshot())
        self._get("snapshot")
        return self._jobs.start_snapshot().id

    def changes(self, *, since: float) -> tuple[Change, ...] | None:
        """See ports.CatalogueShop. A deletion is none of the things that happen here."""
        self._valid(lambda real: real.changes(since=since))
        self._get("changes")
        ahead = self._shop.how.clock_ahead
        return tuple(
            Change(guid, "edit", self._shop.stamp(at)) for guid, at in self._shop.edited.items() if at + ahead >= since
        )

    def lines(self, url: str) -> Iterator[bytes]:
        """See CatalogueWorld. The connection may break at any line."""
        for line in self._jobs.all[url.removeprefix(SNAPSHOT)].lines:
            self._effects.point()
            if self._effects.happens(self._effects.faults.get_fails):
                raise shop_errors.NoResult("it was cut off")
            yield line

    def guid_of(self, code: str) -> str:
        """See ports.Shop."""
        self._get("code", code)
        guid = self._shop.codes.get(code)
        guid = None if guid in self._shop.gone else guid
        self._shop.told.setdefault(code, []).append((self._effects.now, guid))
        if guid is None:
            raise shop_errors.NotFound("404 no such code", call="GET code", status=404)
        return guid

    def _start(
        self, guid: str, gallery: Gallery, images: Sequence[NewImage | NewSource], send_until: float, *, source: bool
    ) -> str:
        call = f"{'PATCH source' if source else 'POST'} {gallery} {[i.priority for i in images]}"

        def work() -> str:
            for image in images:
                self._must_belong(guid, image.source_url)
            if any(self._poisoned(image.source_url) for image in images):
                raise shop_errors.Refused("400 a URL is not accepted", call=call, status=400)
            return self._jobs.start((guid, gallery), images, source=source).id

        return self._write(call, guid, send_until, work)

    def _must_belong(self, guid: str, url: str) -> None:
        """A dropped file lands on no product that its folder's code has not meant for a while.

        What is brought back by a person's word comes to where it was.
        """
        found = self._jobs.download(url) if self._jobs.page(url) is None else None
        owner = found.owner if found is not None and not found.origin.startswith(removed.PREFIX) else None
        drop = names.parse(owner, 1) if owner is not None else None
        if not isinstance(drop, names.Drop) or names.is_guid(drop.product):
            return
        if not self._shop.meant_lately(drop.product, guid, self._effects.now - CODE_KNOWN):
            raise self._effects.broken(f"I3: {owner} lands on {guid}, which its code no longer means")

    def _valid(self, call: Callable[[Shoptet], object]) -> None:
        flaw = arguments.flaw(call)
        if flaw is not None:
            raise self._effects.broken(f"I4: the real client would not send this: {flaw}")

    def _must_be_ours(self, place: Place, name: str) -> None:
        picture = self._shop.named(place, name)
        if picture is not None and picture.owner is None:
            raise self._effects.broken(f"I3: {name} in {place} is not ours")

    def _known(self, guid: str, call: str) -> None:
        if guid in self._shop.gone:
            raise shop_errors.NotFound("404 no such product", call=call, status=404)

    def _get(self, kind: str, subject: object = None) -> None:
        fx = self._effects
        self._calls.count(kind, subject)
        fx.point()
        if fx.happens(fx.faults.get_fails):
            fx.tell("GET %s fails", kind)
            raise shop_errors.Unavailable("503", call=f"GET {kind}", at=self._clock.now() + fx.rng.choice((1.0, 60.0)))
        if fx.happens(fx.faults.get_not_allowed):
            raise shop_errors.NotAllowed("403", call=f"GET {kind}", status=403, advice="grant the right")
        fx.point()

    def _write(self, call: str, guid: str, send_until: float, work: Callable[[], T]) -> T:
        """Send a write: on its way it can no longer be called back, whatever becomes of its sender."""
        fx = self._effects
        self._calls.count(call.partition(" ")[0])
        fx.point()
        if self._clock.now() >= send_until:
            fx.tell("%s is too late", call)
            raise shop_errors.TooLate("send_until has passed", call=call, at=self._clock.now())
        if fx.happens(fx.faults.write_refused_for_now):
            at = self._clock.now() + fx.rng.choice((0.0, 5.0, 90.0))
            kind = fx.rng.choice((shop_errors.TryLater, shop_errors.Locked, shop_errors.Unavailable))
            fx.tell("%s: not now (%s)", call, kind.__name__)
            raise kind("429 or 423", call=call, at=at)
        if fx.happens(fx.faults.write_not_allowed):
            fx.tell("%s: not allowed", call)
            raise shop_errors.NotAllowed("403 no webhook", call=call, status=403, advice="register the webhook")
        if fx.happens(fx.faults.lost_before):
            fx.tell("%s: the connection breaks before anything is done", call)
            fx.point()
            raise shop_errors.AnswerLost("reset", call=call)
        lost = fx.happens(fx.faults.lost_after)
        arrives = fx.now + fx.latency() + (fx.rng.choice((0.0, 30.0, 60.0)) if lost else 0.0)
        box: list[T | shop_errors.ShoptetError] = []
        fx.tell("sends %s%s", call, ", whose answer will be lost" if lost else "")
        fx.scheduler.at(arrives, lambda: self._arrive(call, guid, work, box))
        if lost:
            fx.scheduler.pause(min(arrives - fx.now, 25.0))
            raise shop_errors.AnswerLost("timeout", call=call)
        while not box:
            fx.point()
        answer = box[0]
        fx.point()
        if isinstance(answer, shop_errors.ShoptetError):
            raise answer
        return answer

    def _arrive(self, call: str, guid: str, work: Callable[[], T], box: list[T | shop_errors.ShoptetError]) -> None:
        try:
            self._known(guid, call)
            box.append(work())
        except shop_errors.ShoptetError as refusal:
            self._effects.tell("%s is answered with %s", call, refusal)
            box.append(refusal)

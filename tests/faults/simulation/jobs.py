"""Shoptet's jobs in memory: they take time, end well or badly, sometimes never, and say so in several ways."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gallery_sync.core.ledger import Content
from gallery_sync.core.shop_values import Job, JobDetail, NewImage, NewSource, ResultRow
from tests.faults.simulation.effects import Effects
from tests.faults.simulation.shop import Place, SimShop
from tests.faults.simulation.storage import URL

HOURS_TO_FAIL: Final = 3 * 3600.0
MOST_DETAILS: Final = 10
SNAPSHOT: Final = "https://shop.test/snapshots/"
TOO_LARGE: Final = "too-large"
ANOTHER: Final = "another than "
"""What a picture is, before the name of the content that it should have."""
"""Content that begins so never appears, without a word (docs/shoptet.md, "Product images")."""


@dataclass(frozen=True)
class Page:
    """A picture at a caller's URL: what it shows, and the image that it was asked for, by its owner or Shoptet's name."""

    place: Place
    url: str
    checksum: str
    owner: str | None
    name: str | None = None


@dataclass(frozen=True)
class Download:
    """What Shoptet gets from a URL. `origin` tells this wish from all others: the copy's path, or the caller's URL."""

    origin: str
    owner: str | None
    generation: int
    checksum: str


@dataclass
class SimJob:
    """A job, as Shoptet keeps it. `items` are what it was given: for a foreign job, nothing that we could know."""

    id: str
    place: Place
    endpoint: str
    created: float
    items: Sequence[NewImage | NewSource]
    status: str = "pending"
    completed: float | None = None
    details: int = 0
    rows: dict[int, ResultRow] = field(default_factory=dict)
    lines: tuple[bytes, ...] = ()
    """Of a snapshot: the products as they were when it ran."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in ("pending", "running")


class SimJobs:
    """All jobs of the shop. `finished` is told of every job that ends with a notification."""

    def __init__(
        self,
        shop: SimShop,
        effects: Effects,
        copies: Mapping[str, Content],
        pages: Mapping[str, Page],
        finished: Callable[[str], None],
    ) -> None:
        self._shop = shop
        self._effects = effects
        self._copies = copies
        self._pages = pages
        self._finished = finished
        self.all: dict[str, SimJob] = {}
        self._seen: set[str] = set()

    @property
    def under_way(self) -> bool:
        """Whether any job may still do something."""
        return any(not job.ended for job in self.all.values())

    def start(self, place: Place, items: Sequence[NewImage | NewSource], *, source: bool) -> SimJob:
        """Take a job on, and let it happen."""
        fx = self._effects
        full = f"/api/products/{place[0]}/images/{place[1]}{'/source' if source else ''}"
        endpoint = full if self._shop.how.endpoint == "full" else "/api/products/images"
        job = SimJob(f"job-{len(self.all) + 1}", place, endpoint, fx.now, items)
        self.all[job.id] = job
        takes = fx.rng.choice((1.0, 5.0, 40.0)) * (0.1 + fx.rng.random())
        if fx.happens(fx.faults.job_slow):
            takes = fx.rng.random() * 4000.0
        takes = self._shop.how.job_seconds or takes
        fx.tell("%s (%s, %d images) is taken on, for %.1f s", job.id, endpoint, len(items), takes)
        fx.scheduler.at(fx.now + takes * 0.3, lambda: self._run(job, takes * 0.7))
        return job

    def start_snapshot(self) -> SimJob:
        """Take on the job that makes a snapshot of all products."""
        fx = self._effects
        job = SimJob(f"job-{len(self.all) + 1}", ("", "shop"), "/api/products/snapshot", fx.now, ())
        self.all[job.id] = job
        takes = fx.rng.random() * (4000.0 if fx.happens(fx.faults.job_slow) else 60.0)
        fx.tell("%s makes a snapshot within %.1f s", job.id, takes)

        def run() -> None:
            job.lines = self._shop.snapshot()
            self._run(job, takes / 2)

        fx.scheduler.at(fx.now + takes / 2, run)
        return job

    def start_foreign(self, place: Place, unless: Callable[[], bool]) -> None:
        """Another integration inserts an image into a gallery, by a job of its own; unless it had better not then."""
        job = self.start(place, (), source=False)
        seconds = self._effects.rng.random() * 30.0
        self._effects.scheduler.at(self._effects.now + seconds, lambda: None if unless() else self._foreign(job))

    def _foreign(self, job: SimJob) -> None:
        picture = self._shop.add(job.place, None, "foreign", "jpg")
        self._effects.tell("%s: foreign %s appears", job.id, picture.name)

    def _run(self, job: SimJob, takes: float) -> None:
        fx = self._effects
        job.status = "running"
        status = "completed"
        done = len(job.items)
        if fx.happens(fx.faults.job_never_ends):
            status, takes = "failed", HOURS_TO_FAIL - (fx.now - job.created)
            done = fx.rng.choice((0, done, fx.rng.randint(0, done)))
        elif fx.happens(fx.faults.job_ends_badly):
            status = fx.rng.choice(("failed", "killed", "expired"))
            done = fx.rng.choice((0, done, fx.rng.randint(0, done)))
        notified = takes < HOURS_TO_FAIL / 2 or status == "completed"
        for index in range(done):
            share = (index + 1) / (done + 1) if self._shop.how.gradual else 1.0
            when = fx.now + min(takes, 60.0) * share
            fx.scheduler.at(when, lambda index=index: self._item(job, index))  # type: ignore[misc]
        fx.scheduler.at(fx.now + takes + 0.001, lambda: self._end(job, status, notified=notified))

    def _end(self, job: SimJob, status: str, *, notified: bool) -> None:
        job.status, job.completed = status, self._effects.now
        self._effects.tell("%s ends as %s", job.id, status)
        if notified:
            self._finished(job.id)

    def page(self, url: str) -> Page | None:
        """Give what a caller's URL was given for; None for any other."""
        return self._pages.get(url)

    def download(self, url: str) -> Download:
        """Fetch a picture."""
        page = self._pages.get(url)
        if page is not None:
            return Download(url, page.owner, 0, page.checksum)
        path = url.removeprefix(URL).partition("?")[0]
        copy = self._copies[path]
        # What was kept of somebody else's image is nobody's file.
        return Download(path, copy.source or None, copy.generation, copy.checksum)

    def _shown(self, place: Place, content: Download) -> str:
        """Give what an image shows of what was fetched: another picture, at times, the first time that this one comes."""
        fx, odds = self._effects, self._shop.how.shows_another
        # Where the frames of `shop360` are nobody knows, so nobody can look at them; nor is what comes back looked at.
        is_seen = content.origin in self._pages or content.origin in self._seen or content.origin.startswith("removed/")
        if place[1] != "shop" or is_seen or not odds:
            return content.checksum
        self._seen.add(content.origin)
        if fx.rng.random() >= odds:
            return content.checksum
        fx.tell("%s is shown as another picture", content.origin)
        return f"{ANOTHER}{content.checksum}"

    def _item(self, job: SimJob, index: int) -> None:
        fx, item = self._effects, job.items[index]
        content = self.download(item.source_url)
        says_error = fx.happens(fx.faults.job_says_error)
        if says_error or content.checksum.startswith(TOO_LARGE) or fx.happens(fx.faults.job_drops_image):
            fx.tell("%s leaves out %s (%s)", job.id, content.origin, "says so" if says_error else "silently")
            if says_error and self._shop.how.errors_apart:
                job.rows[index] = ResultRow(
                    source_url=item.source_url, error="503: it could not be fetched", apart=True
                )
            elif says_error:
                job.rows[index] = ResultRow(
                    index if self._shop.how.result == "bare" else None,
                    source_url=item.source_url if self._shop.how.result == "names" else None,
                    error="the picture could not be saved",
                )
            return
        name = self._insert(job, item, content) if isinstance(item, NewImage) else self._update(job, item, content)
        if name is not None and self._shop.how.result == "names":
            job.rows[index] = ResultRow(name=name, source_url=item.source_url, priority=item.priority)
        elif name is not None:
            job.rows[index] = ResultRow(priority=item.priority)

    def _insert(self, job: SimJob, item: NewImage, content: Download) -> str:
        fx, page = self._effects, self._pages.get(item.source_url)
        if any(p.source == content.origin for p in self._shop.galleries[job.place]):
            raise fx.broken(f"I2: {content.origin} #{content.generation} was inserted twice into {job.place}")
        if page is not None and (page.place != job.place or page.owner is None):
            raise fx.broken(f"I3: {page} was inserted into {job.place}")
        picture = self._shop.add(
            job.place,
            item.priority,
            item.description,
            _kind(content),
            owner=content.owner,
            source=content.origin,
            generation=content.generation,
            checksum=self._shown(job.place, content),
        )
        fx.tell("%s: %s #%d appears as %s", job.id, content.origin, content.generation, picture.name)
        return picture.name

    def _update(self, job: SimJob, item: NewSource, content: Download) -> str | None:
        fx, picture = self._effects, self._shop.named(job.place, item.name)
        if picture is None:
            return None
        page = self._pages.get(item.source_url)
        asked_by_name = page is not None and (page.place, page.name) == (job.place, item.name)
        respelled = _file(picture.owner) == _file(content.owner) is not None
        if picture.owner != content.owner and not asked_by_name and not respelled:
            raise fx.broken(f"I3: {item.name} of {picture.owner} was replaced by {content.origin} of {content.owner}")
        self._shop.describe(picture, item.priority, item.description)
        picture.generation, picture.checksum = content.generation, self._shown(job.place, content)
        picture.owner = content.owner if respelled else picture.owner
        self._shop.replace(job.place, picture, _kind(content))
        fx.tell("%s: %s shows %s #%d", job.id, picture.name, content.origin, content.generation)
        return picture.name

    def listed(self, created_from: float) -> tuple[Job, ...]:
        """Give all jobs since a moment of Shoptet's clock."""
        ahead = self._shop.how.clock_ahead
        return tuple(
            Job(j.id, j.endpoint, j.status, self._shop.stamp(j.created))
            for j in self.all.values()
            if j.created + ahead >= created_from
        )

    def detail(self, job_id: str) -> JobDetail | None:
        """Give one job; the 11th request for one that has not ended breaks the world (I4)."""
        job = self.all.get(job_id)
        if job is None:
            return None
        if not job.ended:
            job.details += 1
            if job.details > MOST_DETAILS:
                raise self._effects.broken(f"I4: {job.details} details of the unfinished {job_id} were asked for")
        completed = self._shop.stamp(job.completed) if job.completed is not None else None
        url = f"{SNAPSHOT}{job.id}" if job.lines and job.status == "completed" else None
        return JobDetail(job.id, job.endpoint, job.status, self._shop.stamp(job.created), completed, result_url=url)

    def result(self, job_id: str) -> tuple[ResultRow, ...] | None:
        """Give what the job's result says, in this shop's form."""
        if self._shop.how.result == "none":
            return None
        rows = [row for _, row in sorted(self.all[job_id].rows.items())]
        return tuple(sorted(rows, key=lambda row: row.apart))


def _kind(content: Download) -> str:
    return "png" if content.checksum.endswith("p") else "jpg"


def _file(owner: str | None) -> tuple[bool, str] | None:
    """Give what all spellings of a dropped picture have in common: whether it is a variant's, and the file's own name."""
    if owner is None or ":" in owner:
        return None
    return "%2F" in owner.partition("/")[0], owner.rpartition("/")[2]

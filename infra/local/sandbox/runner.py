"""How jobs run: they wait, download every picture for real, put the images into the gallery, and tell the webhook."""

import asyncio
import random
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import aiohttp
from yarl import URL

from infra.local.sandbox.answers import Fate, Json
from infra.local.sandbox.clock import Clock
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.jobs import Job, JobBoard, result_name
from infra.local.sandbox.pictures import Picture, Unreadable, read_picture
from infra.local.sandbox.results import RowOutcome, log_of, result_file
from infra.local.sandbox.shop import Shop, Unknown, normalised

CHUNK = 65_536


@dataclass(frozen=True)
class Work:
    """What a job has to do: the images of an insertion (`source` false) or of a source update."""

    guid: str
    gallery: str
    source: bool
    rows: tuple[Json, ...]
    fate: Fate
    origin: str


class Downloads:
    """Fetches pictures, a few at a time, and decodes them off the event loop."""

    def __init__(self, session: aiohttp.ClientSession, pool: ThreadPoolExecutor, config: SandboxConfig) -> None:
        self._session = session
        self._pool = pool
        self._slots = asyncio.Semaphore(config.downloads_at_once)

    async def fetch(self, url: str, config: SandboxConfig) -> Picture:
        """The picture at a URL; raises `Unreadable`."""
        async with self._slots:
            try:
                async with asyncio.timeout(config.download_seconds):
                    exact = URL(url, encoded=True)  # a signature in it may cover every character as it was sent
                    if config.head_first:
                        await self._look(exact)
                    content = await self._get(exact, config.download_bytes)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise Unreadable(f"The image could not be downloaded ({type(error).__name__}).") from error
            return await asyncio.get_running_loop().run_in_executor(self._pool, read_picture, content)

    async def _get(self, url: URL, most: int) -> bytes:
        async with self._session.get(url) as response:
            if response.status != 200:
                raise Unreadable(f"The image could not be downloaded (HTTP {response.status}).")
            content = bytearray()
            async for chunk in response.content.iter_chunked(CHUNK):
                content += chunk
                if len(content) > most:
                    raise Unreadable("The image is too large.")
            return bytes(content)

    async def _look(self, url: URL) -> None:
        """A HEAD request; a signed URL for GET refuses it, and that must not matter."""
        try:
            async with self._session.head(url):
                pass
        except aiohttp.ClientError:
            return


class Runner:
    """Runs jobs in the background, a few at a time."""

    def __init__(
        self,
        clock: Clock,
        config: Callable[[], SandboxConfig],
        shop: Shop,
        board: JobBoard,
        downloads: Downloads,
        finished: Callable[[Job], None],
    ) -> None:
        self._clock = clock
        self._config = config
        self._shop = shop
        self._board = board
        self._downloads = downloads
        self._finished = finished
        self._drawn = random.Random(config().seed)
        self._slots = asyncio.Semaphore(config().jobs_at_once)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Job, work: Work) -> None:
        """Queue a job."""
        task = asyncio.get_running_loop().create_task(self._run(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up every job that is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Work) -> None:
        async with self._slots:
            await self._clock.until(job.created + self._drawn.uniform(*self._config().pending_seconds))
            job.status, job.started = "running", self._clock.now()
            if work.fate.ending == "never":
                return
            end = job.started + self._drawn.uniform(*self._config().job_seconds)
            try:
                pictures = await asyncio.gather(*(self._picture(index, work) for index in range(len(work.rows))))
                await self._clock.until(end)
                if job.ended:
                    return
                self._finish(job, work, pictures)
            except Exception as error:  # noqa: BLE001 -- told and ended, as at Shoptet every job ends
                traceback.print_exc()
                self._board.end(job, "failed", log=f"The sandbox failed: {type(error).__name__}.")
        if work.fate.notified:
            self._finished(job)

    async def _picture(self, index: int, work: Work) -> Picture | Unreadable:
        if index in work.fate.failing:
            return Unreadable("The image could not be saved.")
        try:
            return await self._downloads.fetch(str(work.rows[index]["sourceUrl"]), self._config())
        except Unreadable as error:
            return error

    def _finish(self, job: Job, work: Work, pictures: Sequence[Picture | Unreadable]) -> None:
        config, fate = self._config(), work.fate
        whole = fate.ending == "completed"
        some = len(work.rows) if whole else fate.done
        try:
            outcomes = self._apply(work, pictures[:some], config)
        except Unknown as gone:
            # The product was deleted while the job was under way.
            self._board.end(job, "failed", log=str(gone))
            return
        if not whole:
            self._board.end(job, fate.ending, log=f"The job was {fate.ending}.")
            return
        result = result_file(result_name(job), config.result_format, outcomes)
        self._board.end(job, "completed", result, log_of(outcomes))
        if result is not None:
            job.result_url = f"{config.public_url or work.origin}/api-results/{result.name}"

    def _apply(self, work: Work, pictures: Sequence[Picture | Unreadable], config: SandboxConfig) -> list[RowOutcome]:
        self._shop.images(work.guid, work.gallery)  # raises Unknown for the whole job, not for each row
        if config.listing_lag_seconds:
            self._shop.hold_listing(work.guid, work.gallery, self._clock.now(), config.listing_lag_seconds)
        put = self._replace if work.source else self._insert
        outcomes = []
        for index, (row, picture) in enumerate(zip(work.rows, pictures, strict=False)):
            if isinstance(picture, Unreadable):
                outcomes.append(RowOutcome(row, error=str(picture)))
            elif index in work.fate.lost or _vanishes(picture, config):
                # Known from the field: the job looks finished, and the image never appears.
                outcomes.append(RowOutcome(row, str(row.get("name") or self._shop.new_name(picture.extension))))
            else:
                outcomes.append(put(work, row, picture, config))
        if config.renumber_priorities and not work.source:
            self._shop.renumber(work.guid, work.gallery)
        return outcomes

    def _insert(self, work: Work, row: Json, picture: Picture, config: SandboxConfig) -> RowOutcome:
        image = self._shop.insert(
            work.guid,
            work.gallery,
            picture,
            self._clock.now(),
            priority=cast(int | None, row.get("priority")),
            description=described(row, config),
        )
        return RowOutcome(row, image.name)

    def _replace(self, work: Work, row: Json, picture: Picture, config: SandboxConfig) -> RowOutcome:
        name = str(row["name"])
        stem, _, extension = name.rpartition(".")
        renamed = config.source_changes_extension and extension != picture.extension
        try:
            image = self._shop.change(
                work.guid,
                work.gallery,
                name,
                self._clock.now(),
                priority=cast(int | None, row.get("priority")),
                description=described(row, config),
                picture=picture,
                new_name=f"{stem}.{picture.extension}" if renamed else None,
            )
        except Unknown as unknown:
            return RowOutcome(row, error=str(unknown))
        return RowOutcome(row, image.name)


def described(row: Json, config: SandboxConfig) -> str | None:
    """The description that a row sends, as the shop stores it; None where it sends none."""
    description = cast(str | None, row.get("description"))
    return normalised(description) if config.normalise_descriptions else description


def _vanishes(picture: Picture, config: SandboxConfig) -> bool:
    return picture.extension == "png" and len(picture.content) > config.silent_png_bytes

"""The sandbox as a whole: its parts, made and ended together."""

import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from infra.local.sandbox.access import Access
from infra.local.sandbox.calls import Calls
from infra.local.sandbox.clock import Clock
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.deliveries import Deliveries
from infra.local.sandbox.downloads import Downloads
from infra.local.sandbox.faults import Faults
from infra.local.sandbox.jobs import JobBoard
from infra.local.sandbox.limits import Bucket, Connections, Locks
from infra.local.sandbox.pictures import drawn, read_picture
from infra.local.sandbox.products import Variant
from infra.local.sandbox.runner import Runner
from infra.local.sandbox.shop import Shop
from infra.local.sandbox.webhooks import JOB_FINISHED, Webhooks

DECODERS = 2
"""Threads that decode and shrink pictures, so that the event loop stays free."""

FOREIGN_ENDPOINTS = ("/api/products/images", "/api/orders/snapshot", "/api/products/snapshot")


@dataclass
class Sandbox:
    """Every part, and the configuration in force."""

    config: SandboxConfig
    clock: Clock
    shop: Shop
    board: JobBoard
    runner: Runner
    downloads: Downloads
    webhooks: Webhooks
    deliveries: Deliveries
    access: Access
    faults: Faults
    pool: ThreadPoolExecutor
    calls: Calls = field(default_factory=Calls)
    connections: Connections = field(default_factory=Connections)
    locks: Locks = field(default_factory=Locks)
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def bucket(self, token: str) -> Bucket:
        """The bucket of a token."""
        return self.buckets.setdefault(token, Bucket(seen=self.clock.now()))

    def settle_numbers(self, guid: str, gallery: str, *, insertion: bool = False) -> None:
        """Renumber a gallery that a call has changed, where this shop does that."""
        how = self.config
        if how.renumber == "changes" or (how.renumber == "insertions" and insertion):
            self.shop.renumber(guid, gallery, self.clock.now(), how.renumber_from, how.renumber_step)


SANDBOX = web.AppKey("SANDBOX", Sandbox)


@contextlib.asynccontextmanager
async def opened(config: SandboxConfig) -> AsyncIterator[Sandbox]:
    """The sandbox, with the shop of its configuration; jobs and deliveries end with it."""
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="pictures") as pool:
        async with aiohttp.ClientSession(headers={"User-Agent": "Shoptet sandbox"}) as session:
            sandbox = _built(config, session, pool)
            try:
                yield sandbox
            finally:
                await sandbox.runner.stop()
                await sandbox.deliveries.stop()


def _built(config: SandboxConfig, session: aiohttp.ClientSession, pool: ThreadPoolExecutor) -> Sandbox:
    clock, faults, shop = Clock(), Faults(), Shop(config.first_image_number)

    def current() -> SandboxConfig:
        return sandbox.config if sandbox else config

    sandbox: Sandbox | None = None
    board = JobBoard(clock, current)
    webhooks = Webhooks(clock)
    deliveries = Deliveries(clock, current, session, faults, webhooks)
    downloads = Downloads(session, pool, config)
    runner = Runner(clock, current, board, lambda job: deliveries.tell(JOB_FINISHED, job.id))
    sandbox = Sandbox(config, clock, shop, board, runner, downloads, webhooks, deliveries, Access(config), faults, pool)
    _stock(shop, config, clock.now())
    for number in range(config.foreign_jobs):
        endpoint = FOREIGN_ENDPOINTS[number % len(FOREIGN_ENDPOINTS)]
        board.end(board.add(endpoint, "foreign", foreign=True, age=60.0 * number), "completed")
    return sandbox


def _stock(shop: Shop, config: SandboxConfig, now: float) -> None:
    for seed in config.products:
        variants = [Variant(row.code.upper(), row.image, row.ean) for row in seed.variants]
        shop.put_product(seed.guid, seed.name, seed.code, variants, now, visibility=seed.visibility)
        for row in seed.images:
            shop.insert(
                seed.guid,
                row.gallery,
                read_picture(drawn(row.width, row.height, row.colour)),
                now,
                name=row.name,
                priority=row.priority,
                description=row.description,
            )

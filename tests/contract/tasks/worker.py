"""A worker for tasks to meet: a real HTTP server in a thread that notes what it receives."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from infra.local.serving import served


@dataclass(frozen=True)
class Hit:
    """A request: when it arrived (epoch seconds), and what it carried."""

    at: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Worker:
    """`statuses` are answered one after the other, the last one for ever; each after `seconds`."""

    statuses: list[int] = field(default_factory=lambda: [200])
    seconds: float = 0.0
    answer_headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    hits: list[Hit] = field(default_factory=list)
    peak: int = 0
    _busy: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.hits.append(Hit(time.time(), request.method, request.path_qs, dict(request.headers), body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self._busy -= 1
        return web.Response(status=status, headers=self.answer_headers)

    def wait(self, hits: int, within: float = 5.0) -> list[Hit]:
        """The hits, as soon as there are so many; fails after `within` seconds."""
        end = time.monotonic() + within
        while len(self.hits) < hits:
            assert time.monotonic() < end, f"{len(self.hits)} of {hits} requests came within {within} s"
            time.sleep(0.01)
        return self.hits

    @property
    def gaps(self) -> list[float]:
        """Seconds between one request and the next."""
        return [later.at - earlier.at for earlier, later in zip(self.hits, self.hits[1:], strict=False)]


@contextlib.contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", worker.handle)
        return app

    with served(make_app) as url:
        worker.url = url
        yield worker

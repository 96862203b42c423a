"""The local servers from inside: they run in threads of the test's own process, so it need not ask them over HTTP.

What the package does goes over the wire, as ever. What a test orders and looks at does not: it is done in the server's
own thread, between two requests.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import requests
from aiohttp import web

from infra.local.sandbox import control
from infra.local.sandbox.answers import Json
from infra.local.sandbox.products import Image, in_order
from infra.local.sandbox.state import SANDBOX, Sandbox
from infra.local.serving import served
from tests.contract.sandbox.support import Api

T = TypeVar("T")

PATIENCE: float = 20
"""Seconds that a server has for what is asked of it from inside."""


def on(loop: asyncio.AbstractEventLoop, work: Callable[[], T]) -> T:
    """Do something in the thread of this loop, between two of its steps, and give what came of it."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001  # whoever asked for it gets it
            future.set_exception(error)

    loop.call_soon_threadsafe(run)
    return future.result(PATIENCE)


def until_done(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Let something take its time in the thread of this loop."""
    return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)


@dataclass(frozen=True)
class Served:
    """A local server: where it is, its application and the loop that this belongs to."""

    url: str
    app: web.Application
    loop: asyncio.AbstractEventLoop

    def do(self, work: Callable[[], T]) -> T:
        """Do something in the server's thread."""
        return on(self.loop, work)


@contextmanager
def served_inside(make_app: Callable[[], web.Application]) -> Iterator[Served]:
    """Serve an application until the end of the block, so that it can be looked into."""
    found: list[tuple[web.Application, asyncio.AbstractEventLoop]] = []

    def make() -> web.Application:
        app = make_app()
        found.append((app, asyncio.get_running_loop()))
        return app

    with served(make) as url:
        yield Served(url, *found[0])


@dataclass(frozen=True)
class _Order:
    """Of a request, what the sandbox's levers look at."""

    app: web.Application
    match_info: Mapping[str, str]
    body: bytes

    async def read(self) -> bytes:
        return self.body


class Shop(Api):
    """A shop: its API over the wire, its levers from inside."""

    def __init__(self, server: Served, session: requests.Session) -> None:
        super().__init__(server.url, session=session)
        self._server = server

    @property
    def _sandbox(self) -> Sandbox:
        return self._server.app[SANDBOX]

    def images(self, guid: str) -> tuple[Image, ...]:
        """The images of a product, as the shop's visitors see them; none of one that is not there."""

        def look() -> tuple[Image, ...]:
            product = self._sandbox.shop.products.get(guid)
            return in_order(product.galleries["shop"].values()) if product else ()

        return self._server.do(look)

    def works(self) -> bool:
        """Whether a job is under way."""
        return self._server.do(lambda: not all(job.ended for job in self._sandbox.board.all()))

    def counted(self) -> dict[str, Any]:
        """What was called how often, and how it was answered."""
        return self._server.do(self._sandbox.calls.view)

    def details(self) -> dict[str, int]:
        """How often each of our jobs was asked about before it had ended."""
        jobs = self._server.do(lambda: list(self._sandbox.board.all()))
        return {job.id: job.details for job in jobs if not job.foreign}

    def advance(self, seconds: float) -> None:
        """See Api."""
        self._server.do(lambda: self._sandbox.clock.advance(seconds))

    def register(self, url: str = "http://127.0.0.1:9/finished") -> int:
        """See Api."""
        rows: list[Json] = [{"event": "job:finished", "url": url}]
        made: Any = self._server.do(lambda: self._sandbox.webhooks.register(rows))
        return int(made["webhooks"][0]["id"])

    def control(self, method: str, path: str, body: object = None) -> Any:
        """See Api: the same levers, pulled by hand."""
        handler, place = _lever(method, f"/_control/{path}")
        order = _Order(self._server.app, place, b"" if body is None else json.dumps(body).encode())
        answer = until_done(self._server.loop, _answered(handler, order))
        assert answer.status == 200, answer.text
        return json.loads(answer.text or "")


async def _answered(handler: control.Handler, order: _Order) -> web.Response:
    answer = await control.guarded(handler)(cast(web.Request, order))
    assert isinstance(answer, web.Response)
    return answer


def _lever(method: str, path: str) -> tuple[control.Handler, dict[str, str]]:
    """The handler of an order, and what its path names."""
    parts = path.split("/")
    for known, pattern, handler in control.ROUTES:
        pairs = list(zip(pattern.split("/"), parts, strict=False))
        fits = len(pattern.split("/")) == len(parts) and all(w == part or w.startswith("{") for w, part in pairs)
        if known == method and fits:
            return handler, {word.strip("{}"): part for word, part in pairs if word.startswith("{")}
    raise AssertionError(f"the sandbox has no lever {method} {path}")

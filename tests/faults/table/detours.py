"""What the sandbox cannot do: a connection that is refused, and answers that only Shoptet's own gateways would give."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from aiohttp import web
from requests.adapters import HTTPAdapter

from infra.local.serving import served

CLOSED = "http://127.0.0.1:1"
"""Nobody listens there: the connection is refused, as by a host that is down."""

CALLS: Mapping[str, tuple[str, str]] = {
    "product.detail": ("GET", r"/api/products/[0-9a-f-]{36}\?"),
    "images.list": ("GET", r"/api/products/[^/]+/images/shop(\?|$)"),
    "images.insert": ("POST", r"/api/products/[^/]+/images/shop$"),
    "images.source": ("PATCH", r"/images/shop/source$"),
    "images.update": ("PATCH", r"/images/shop$"),
    "images.delete_all": ("DELETE", r"/images/shop(\?|$)"),
    "images.delete": ("DELETE", r"/images/shop/[^/]+$"),
    "jobs.list": ("GET", r"/api/system/jobs\?"),
    "jobs.detail": ("GET", r"/api/system/jobs/[^/?]+$"),
    "jobs.result": ("GET", r"/api-results/"),
    "product.by_code": ("GET", r"/api/products/code/"),
    "access_token": ("GET", r"/action/ApiOAuthServer/getAccessToken"),
}
"""Each call of Shoptet's that the package makes here: method and a pattern of its URL."""


@dataclass(frozen=True)
class Canned:
    """An answer as it goes over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Shelf:
    """A server that gives each request the answer that lies ready: Shoptet's words that the sandbox does not know."""

    url: str = ""
    answer: Canned = field(default_factory=lambda: Canned(404, b""))

    @contextmanager
    def open(self) -> Iterator["Shelf"]:
        """Serve until the end of the block."""
        with served(self._app) as self.url:
            yield self

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{any:.*}", self._give)
        return app

    async def _give(self, _: web.Request) -> web.Response:
        return web.Response(status=self.answer.status, body=self.answer.body, headers=dict(self.answer.headers))


@dataclass
class _Order:
    call: str
    base: str
    times: int
    after: int
    taken: int = 0


class Detours(HTTPAdapter):
    """The session's adapter: sends the next requests of an ordered call to another address, all others as they are."""

    def __init__(self) -> None:
        super().__init__()
        self._orders: list[_Order] = []
        self._before: dict[str, Callable[[], None]] = {}
        self.taken = 0

    def order(self, call: str, base: str, times: int, after: int = 0) -> None:
        """Send the next `times` requests of this call to `base`, after letting `after` of them through."""
        self._orders.append(_Order(call, base, times, after))

    def just_before(self, call: str, happens: Callable[[], None]) -> None:
        """Let something happen elsewhere right before the next request of this call arrives."""
        self._before[call] = happens

    def clear(self) -> None:
        """Send everything where it should go."""
        self._orders.clear()
        self._before.clear()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """See HTTPAdapter."""
        url = request.url or ""
        for call in [call for call in self._before if _is(call, request)]:
            self._before.pop(call)()
            self.taken += 1
        for order in self._orders:
            if not _is(order.call, request):
                continue
            if order.after > 0:
                order.after -= 1
            elif order.taken < order.times:
                order.taken += 1
                self.taken += 1
                request = request.copy()
                request.url = url.replace("http://" + urlsplit(url).netloc, order.base, 1)
                break
        return super().send(request, *args, **kwargs)


def _is(call: str, request: requests.PreparedRequest) -> bool:
    method, pattern = CALLS[call]
    return request.method == method and re.search(pattern, request.url or "") is not None

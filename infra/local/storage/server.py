"""The local Cloud Storage as an application: takes each request apart, meets the faults that were ordered, answers."""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from aiohttp import web

from infra.local.storage.api import Api, Asked
from infra.local.storage.control import PREFIX, Control, Fault
from infra.local.storage.errors import ApiError, Refused
from infra.local.storage.events import Backoff, Delivery, Target
from infra.local.storage.routes import route
from infra.local.storage.signing import SigningKey
from infra.local.storage.store import Store

__all__ = ["STORAGE", "WRITE_INTERVAL", "Storage", "storage_app"]

MAX_BODY_BYTES = 256 * 1024 * 1024
"""Everything is kept in memory."""

WRITE_INTERVAL = 1.0
"""Seconds between two writes to one object, as Cloud Storage has it; `Store` says what of it is promised."""

DEFAULT_BACKOFF = Backoff()


def storage_app(
    buckets: Iterable[str] = (),
    targets: Iterable[Target] = (),
    backoff: Backoff = DEFAULT_BACKOFF,
    write_interval: float = 0.0,
    origins: Mapping[str, str] | None = None,
) -> web.Application:
    """The application, with these buckets, empty, and events going to these targets.

    `write_interval`: seconds between two writes to one object; 0 is no limit, for tests that are not about it. `origins`: by
    bucket, the origin of the pages that may upload to it (its CORS configuration).
    Raises ApiError for a bucket's name that Cloud Storage refuses, or one given twice.
    """
    delivery = Delivery(targets, backoff)
    store = Store(delivery.publish, write_interval=write_interval)
    for bucket in buckets:
        store.create_bucket(bucket)
    storage = Storage(store, Control(store, delivery), origins or {})

    async def deliver(_: web.Application) -> AsyncIterator[None]:
        await delivery.start()
        yield
        await delivery.stop()

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[STORAGE] = storage
    app.cleanup_ctx.append(deliver)
    # One route for everything: object names must be read from the target before anybody decodes it. `.` would not
    # match a line feed in a decoded path.
    app.router.add_route("*", r"/{path:[\s\S]*}", storage.handle)
    return app


class Storage:
    """What an application is made of. Tests in the same process may reach it: on its event loop only."""

    def __init__(self, store: Store, control: Control, origins: Mapping[str, str]) -> None:
        self.store = store
        self.control = control
        self._origins = origins
        self._api = Api(store, SigningKey())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request as it comes over the network, with the faults that were ordered."""
        allowed = self._allowed(request)
        if allowed and request.method == "OPTIONS":
            return web.Response(headers={**allowed, **PREFLIGHT})
        try:
            answer = await self._answer(request)
        except Refused as refused:
            answer = _refusal(refused)
        answer.headers.update(allowed)
        return answer

    def _allowed(self, request: web.Request) -> dict[str, str]:
        """Give the headers that let a page of another origin read the answer: where the bucket's configuration names it.

        Source: https://cloud.google.com/storage/docs/cross-origin
        """
        origin = request.headers.get("Origin", "")
        found = re.match(r"/upload/storage/v1/b/([^/]+)/o(\?|$)", request.raw_path)
        if not origin or found is None or self._origins.get(found[1]) != origin:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Range", "Vary": "Origin"}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> web.Response:
        """Answer a request that came without a network, and so meets no fault. Names of `headers` have any case."""
        try:
            call = route(method, target)
            self.control.count(call.kind)
            return self._api.answer(Asked(call, method, target, headers, body))
        except Refused as refused:
            return _refusal(refused)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        target = request.raw_path
        if target.startswith(PREFIX):
            return self.control.answer(request.method, target, await request.read())
        call = route(request.method, target)
        self.control.count(call.kind)
        asked = Asked(call, request.method, target, request.headers, await request.read())
        # What the limit of writes refuses meets no fault: an order is about a call that would be carried out.
        fault = None if self._api.too_soon(asked) else self.control.fault_for(request.method, target, call.kind)
        if fault is not None and fault.when == "before" and (lost := await _met(fault, request)) is not None:
            return lost
        answer = self._api.answer(asked)
        if fault is not None and fault.when == "after" and (lost := await _met(fault, request)) is not None:
            return lost
        return answer


PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "PUT",
    "Access-Control-Allow-Headers": "content-range, content-type",
    "Access-Control-Max-Age": "3600",
}

STORAGE = web.AppKey("STORAGE", Storage)


def _refusal(refused: Refused) -> web.Response:
    return web.Response(status=refused.status, body=refused.body(), headers={"Content-Type": refused.content_type})


async def _met(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """What a fault answers, or None where the right answer is to go out (late)."""
    await asyncio.sleep(fault.delay)
    if fault.reset:
        _reset(request)
        return web.Response(status=503)
    if fault.status:
        raise ApiError(fault.status, "backendError", "A fault that was ordered.")
    return None


def _reset(request: web.Request) -> None:
    """End the connection with a TCP reset, not an orderly close: what is written after this goes nowhere."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):  # the client may have gone already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()

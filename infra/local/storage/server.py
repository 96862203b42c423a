"""The local Cloud Storage as an application: takes each request apart, meets the faults that were ordered, answers."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterable

from aiohttp import web

from infra.local.storage.api import Api, Asked
from infra.local.storage.control import PREFIX, Control, Fault
from infra.local.storage.errors import ApiError, Refused
from infra.local.storage.events import Backoff, Delivery, Target
from infra.local.storage.routes import route
from infra.local.storage.signing import SigningKey
from infra.local.storage.store import Store

__all__ = ["WRITE_INTERVAL", "storage_app"]

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
) -> web.Application:
    """The application, with these buckets, empty, and events going to these targets.

    `write_interval`: seconds between two writes to one object; 0 is no limit, for tests that are not about it.
    Raises ApiError for a bucket's name that Cloud Storage refuses, or one given twice.
    """
    delivery = Delivery(targets, backoff)
    store = Store(delivery.publish, write_interval=write_interval)
    for bucket in buckets:
        store.create_bucket(bucket)
    server = _Server(Api(store, SigningKey()), Control(store, delivery))

    async def deliver(_: web.Application) -> AsyncIterator[None]:
        await delivery.start()
        yield
        await delivery.stop()

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.cleanup_ctx.append(deliver)
    # One route for everything: object names must be read from the target before anybody decodes it. `.` would not
    # match a line feed in a decoded path.
    app.router.add_route("*", r"/{path:[\s\S]*}", server.handle)
    return app


class _Server:
    def __init__(self, api: Api, control: Control) -> None:
        self._api = api
        self._control = control

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except Refused as refused:
            return web.Response(
                status=refused.status, body=refused.body(), headers={"Content-Type": refused.content_type}
            )

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        target = request.raw_path
        if target.startswith(PREFIX):
            return self._control.answer(request.method, target, await request.read())
        call = route(request.method, target)
        self._control.count(call.kind)
        fault = self._control.fault_for(request.method, target, call.kind)
        if fault is not None and fault.when == "before" and (lost := await _met(fault, request)) is not None:
            return lost
        body = await request.read()
        answer = self._api.answer(Asked(call, request.method, target, request.headers, body))
        if fault is not None and fault.when == "after" and (lost := await _met(fault, request)) is not None:
            return lost
        return answer


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

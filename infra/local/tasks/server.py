"""The server as a whole: gRPC for the functions, HTTP control for tests and the runner."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from aiohttp import web

from infra.local.serving import served

from . import control, dispatch
from .config import QueueConfig
from .faults import Faults
from .log import Log
from .queue import LocalQueue, Settings
from .service import Service, grpc_server

GRACE_SECONDS = 0.5
"""What calls under way get to end in, when the server stops."""


@dataclass(frozen=True, slots=True)
class TasksServer:
    """Where it is: `address` (host:port) for gRPC clients, `control` (URL without a trailing slash) for the control.

    `service` and `faults` are for tests in the same process, which need not ask over the wire; they belong to `loop`.
    """

    address: str
    control: str
    service: Service
    faults: Faults
    loop: asyncio.AbstractEventLoop


@contextlib.contextmanager
def served_tasks(
    queues: Iterable[QueueConfig] = (), *, settings: Settings | None = None, port: int = 0, control_port: int = 0
) -> Iterator[TasksServer]:
    """Serve Cloud Tasks with these queues from threads of this process, on free loopback ports unless told otherwise.

    At the end whatever is still being dispatched is broken off. Raises RuntimeError where it cannot start.
    """
    opened = tuple(queues)
    inside: list[tuple[str, Service, Faults, asyncio.AbstractEventLoop]] = []

    def make_app() -> web.Application:
        app = web.Application()
        faults, log = Faults(), Log()
        session = dispatch.session()
        send = dispatch.sender(session)
        service = Service(lambda config: LocalQueue(config, send, faults, log, settings or Settings()))
        control.add_routes(app, service, faults, log)

        async def running(_: web.Application) -> AsyncIterator[None]:
            for config in opened:
                service.add(config)
            loop = asyncio.get_running_loop()
            server, taken = grpc_server(service, faults, loop, port)
            server.start()
            inside.append((f"127.0.0.1:{taken}", service, faults, loop))
            yield
            # Off the loop: calls under way need the loop to end.
            await asyncio.to_thread(server.stop(GRACE_SECONDS).wait, 2 * GRACE_SECONDS)
            await service.stop()
            await session.close()

        app.cleanup_ctx.append(running)
        return app

    with served(make_app, control_port) as url:
        address, service, faults, loop = inside[0]
        yield TasksServer(address, url, service, faults, loop)

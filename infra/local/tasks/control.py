"""The control over HTTP: look at the queues and the dispatch log, order faults.

GET    /_control/queues   {"queues": [Counts ...]}
GET    /_control/tasks    {"tasks": [Attempt ...]}, oldest dispatch first
POST   /_control/faults   an Order; 204
DELETE /_control/faults   behave again; 204
"""

import msgspec
from aiohttp import web

from .faults import Faults, Order
from .log import Log
from .service import Service


def add_routes(app: web.Application, service: Service, faults: Faults, log: Log) -> None:
    """Serve the control from this application."""

    async def queues(_: web.Request) -> web.Response:
        return _json({"queues": [queue.counts() for queue in service.queues()]})

    async def tasks(_: web.Request) -> web.Response:
        return _json({"tasks": log.attempts()})

    async def order(request: web.Request) -> web.Response:
        try:
            faults.add(msgspec.json.decode(await request.read(), type=Order))
        except msgspec.DecodeError as error:
            return _json({"error": f"no fault that this server knows: {error}"}, status=400)
        return web.Response(status=204)

    async def behave(_: web.Request) -> web.Response:
        faults.clear()
        return web.Response(status=204)

    app.router.add_get("/_control/queues", queues)
    app.router.add_get("/_control/tasks", tasks)
    app.router.add_post("/_control/faults", order)
    app.router.add_delete("/_control/faults", behave)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")

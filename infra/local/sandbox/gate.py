"""What every request to the API passes, and what every answer carries.

In this order: nginx's limit of connections; an ordered fault; the token; the type of the body; the bucket; the token's
rights; the description; the lock of the URL; then the operation itself.
"""

import asyncio
import contextlib
import json
import random

from aiohttp import web

from infra.local.sandbox.access import presented, refuse_without_right
from infra.local.sandbox.answers import Answer, Call, Fate, Refusal, envelope, new_request_id, refuse
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.description import Operation, check_body, check_path, check_query
from infra.local.sandbox.faults import about_answer, fate_of
from infra.local.sandbox.limits import TooManyConnections
from infra.local.sandbox.misbehaviour import Outcome, sent
from infra.local.sandbox.operations import Handler
from infra.local.sandbox.shop import Unknown
from infra.local.sandbox.state import SANDBOX, Sandbox

NGINX_429 = (
    "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body>\r\n"
    "<center><h1>429 Too Many Requests</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
LIMITS = {423: "locked", 429: "bucket"}


class Gate:
    """One operation behind its gates."""

    def __init__(self, operation: Operation, handler: Handler, seed: int) -> None:
        self._operation = operation
        self._handler = handler
        self._drawn = random.Random(seed)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, and keep what came of it."""
        sandbox = request.app[SANDBOX]
        came = sandbox.clock.now()
        response = await self._served(sandbox, request)
        sandbox.calls.keep(request.method, request.path_qs, response.status, came, sandbox.clock.now())
        return response

    async def _served(self, sandbox: Sandbox, request: web.Request) -> web.StreamResponse:
        sandbox.calls.came(self._operation.name)
        limits = sandbox.config.connections_per_token, sandbox.config.connections_per_address
        try:
            with sandbox.connections.one(presented(request.headers), request.remote or "", *limits):
                return await self._answered(sandbox, request)
        except TooManyConnections:
            # nginx stands before Shoptet's own code: a page, and none of Shoptet's headers.
            sandbox.calls.refused("connections")
            sandbox.calls.answered(self._operation.name, 429)
            return web.Response(status=429, text=NGINX_429, content_type="text/html", headers={"Server": "nginx"})

    async def _answered(self, sandbox: Sandbox, request: web.Request) -> web.StreamResponse:
        faults = sandbox.faults.take(self._operation.name, request.path)
        fault, outcome = about_answer(faults), None
        if fault is None or fault.works:
            outcome = await self._outcome(sandbox, request, fate_of(faults))
        if fault is not None and fault.kind != "delay":
            sandbox.calls.answered(self._operation.name, fault.status or fault.kind)
        elif outcome is not None:
            sandbox.calls.answered(self._operation.name, outcome.status)
        return await sent(request, fault, outcome)

    async def _outcome(self, sandbox: Sandbox, request: web.Request, fate: Fate) -> Outcome:
        request_id = new_request_id()
        headers = {"X-Request-ID": request_id}
        try:
            answer = await self._admitted(sandbox, request, fate)
        except Unknown as unknown:
            refusal = refuse(404, f"{unknown.what}-not-found", str(unknown), unknown.instance)
            answer = Answer(None, refusal.errors, refusal.status)
        except Refusal as refusal:
            if refusal.status in LIMITS:
                sandbox.calls.refused(LIMITS[refusal.status])
            headers |= refusal.headers
            answer = Answer(None, refusal.errors, refusal.status)
        size, leak = sandbox.config.bucket_size, sandbox.config.bucket_leak_per_second
        bucket = sandbox.bucket(presented(request.headers))
        headers["X-RateLimit-Bucket-Filling"] = bucket.shown(sandbox.clock.now(), size, leak)
        document = envelope(answer.data, answer.errors, request_id)
        return Outcome(answer.status, json.dumps(document, ensure_ascii=False).encode(), headers)

    async def _admitted(self, sandbox: Sandbox, request: web.Request, fate: Fate) -> Answer:
        now, config, name = sandbox.clock.now(), sandbox.config, self._operation.name
        rights = sandbox.access.rights(request.headers, now)
        if request.content_type != "application/json":
            raise refuse(415, "unsupported-media-type", "The Content-Type must be application/json.", "Content-Type")
        bucket = sandbox.bucket(presented(request.headers))
        bucket.refuse_if_full(now, config.bucket_size, config.bucket_leak_per_second)
        try:
            refuse_without_right(rights, name)
            return await self._carried_out(sandbox, await self._call(request, fate))
        finally:
            bucket.add(self._cost(config), sandbox.clock.now(), config.bucket_leak_per_second)

    async def _call(self, request: web.Request, fate: Fate) -> Call:
        operation = self._operation
        check_path(operation, request.match_info)
        return Call(
            operation=operation.name,
            path=request.path,
            parameters=dict(request.match_info),
            query=check_query(operation, request.query),
            body=check_body(operation, await request.read()),
            origin=str(request.url.origin()),
            fate=fate,
        )

    async def _carried_out(self, sandbox: Sandbox, call: Call) -> Answer:
        config, writes = sandbox.config, self._operation.writes
        span = config.write_seconds if writes else config.read_seconds
        with contextlib.ExitStack() as held:
            if writes:
                held.enter_context(sandbox.locks.held(call.path, sandbox.clock.now(), config.lock_seconds))
            await asyncio.sleep(self._drawn.uniform(*span))
            return self._handler(sandbox, call)

    def _cost(self, config: SandboxConfig) -> float:
        usual = config.write_cost if self._operation.writes else config.read_cost
        return config.call_costs.get(self._operation.name, usual)

"""The sandbox as a web application: the API, the token of add-ons, results, pictures, the page, and the levers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from infra.local.sandbox import control
from infra.local.sandbox.answers import Answer, Refusal, envelope, new_request_id, refuse
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.description import api_operations
from infra.local.sandbox.eshop import find_original, original
from infra.local.sandbox.faults import about_answer
from infra.local.sandbox.gate import Gate
from infra.local.sandbox.misbehaviour import Outcome, sent
from infra.local.sandbox.operations import HANDLERS
from infra.local.sandbox.pages import POLICY, THUMBNAIL_SIDE, shop_page
from infra.local.sandbox.pictures import MEDIA_TYPES, thumbnail
from infra.local.sandbox.shop import Unknown
from infra.local.sandbox.state import SANDBOX, Sandbox, opened

MAX_BODY = 50_000_000
"""Bytes: a picture that a test adds by hand comes base64-encoded."""


def make_app(config: SandboxConfig) -> web.Application:
    """The application; it starts with the shop of the configuration, and forgets everything when it ends."""
    app = web.Application(client_max_size=MAX_BODY)

    async def sandbox(running: web.Application) -> AsyncIterator[None]:
        async with opened(config) as running[SANDBOX]:
            yield

    app.cleanup_ctx.append(sandbox)
    for operation in api_operations():
        gate = Gate(operation, HANDLERS[operation.name], config.seed)
        app.router.add_route(operation.method, operation.path, gate.serve)
    for method, path, handler in control.ROUTES:
        app.router.add_route(method, path, control.guarded(handler))
    app.router.add_get("/action/ApiOAuthServer/getAccessToken", access_token)
    app.router.add_get("/api-results/{name}", result)
    app.router.add_get("/user/shop/orig/{name}", original_picture)
    app.router.add_get("/_pictures/{guid}/{gallery}/{name}", picture)
    app.router.add_get("/", page)
    app.router.add_route("*", "/api/{rest:.*}", nothing_here)
    return app


async def access_token(request: web.Request) -> web.StreamResponse:
    """An add-on exchanges its OAuth token; the shop answers without the API's envelope."""

    def outcome(sandbox: Sandbox) -> Outcome:
        authorization = request.headers.get("Authorization", "")
        try:
            body, status = sandbox.access.issue(authorization, sandbox.clock.now(), sandbox.config), 200
        except Refusal as refusal:
            error = refusal.errors[0]
            body, status = {"error": error.error_code, "error_description": error.message}, refusal.status
        return Outcome(status, json.dumps(body).encode(), {})

    return await _beside_the_api(request, "access_token", outcome)


async def result(request: web.Request) -> web.StreamResponse:
    """A job's result: whoever knows its name may have it."""

    def outcome(sandbox: Sandbox) -> Outcome:
        try:
            content, media_type = sandbox.board.result(request.match_info["name"])
        except Refusal as refusal:
            return Outcome(refusal.status, b"Not Found", {}, "text/plain")
        return Outcome(200, content, {}, media_type)

    return await _beside_the_api(request, "jobs.result", outcome)


async def picture(request: web.Request) -> web.StreamResponse:
    """An image's thumbnail; with `?original=1` the very bytes that were downloaded."""
    sandbox, place = request.app[SANDBOX], request.match_info
    try:
        found = sandbox.shop.image(place["guid"], place["gallery"], place["name"]).picture
    except Unknown as unknown:
        return web.Response(status=404, text=str(unknown))
    if request.query.get("original"):
        return web.Response(body=found.content, content_type=MEDIA_TYPES[found.extension])
    small = await asyncio.get_running_loop().run_in_executor(sandbox.pool, thumbnail, found.content, THUMBNAIL_SIDE)
    return web.Response(body=small, content_type="image/png")


async def original_picture(request: web.Request) -> web.StreamResponse:
    """An image on the shop's own site, in its original resolution: no call of the API."""
    sandbox = request.app[SANDBOX]
    found = find_original(sandbox, request.match_info["name"])
    loop = asyncio.get_running_loop()
    content = (
        await loop.run_in_executor(sandbox.pool, original, found.picture, sandbox.config) if found else b"Not Found"
    )

    def outcome(_: Sandbox) -> Outcome:
        if found is None:
            return Outcome(404, content, {}, "text/plain")
        return Outcome(200, content, {}, MEDIA_TYPES[found.picture.extension])

    return await _beside_the_api(request, "originals.get", outcome)


async def page(request: web.Request) -> web.StreamResponse:
    """The shop as customers would see it."""
    html = shop_page(request.app[SANDBOX].shop.products.values())
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})


async def nothing_here(request: web.Request) -> web.StreamResponse:
    """A path or method that the slice does not have."""
    refusal, request_id = (
        refuse(404, "endpoint-not-found", "There is no such endpoint.", request.path),
        new_request_id(),
    )
    answer = Answer(None, refusal.errors, refusal.status)
    document = envelope(answer.data, answer.errors, request_id)
    return web.json_response(document, status=answer.status, headers={"X-Request-ID": request_id})


async def _beside_the_api(
    request: web.Request, operation: str, work: Callable[[Sandbox], Outcome]
) -> web.StreamResponse:
    """Count a call that has none of the API's gates, and let faults be ordered for it all the same."""
    sandbox = request.app[SANDBOX]
    sandbox.calls.came(operation)
    fault, outcome = about_answer(sandbox.faults.take(operation, request.path)), None
    if fault is None or fault.works:
        outcome = work(sandbox)
        sandbox.calls.answered(operation, outcome.status)
    return await sent(request, fault, outcome)

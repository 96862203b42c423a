"""The sandbox's own levers, under `/_control`: for tests and the demo, never part of Shoptet's API.

GET    /_control/galleries                      guid → gallery → images as they are, with checksums
GET    /_control/calls     DELETE               what was called how often; start counting anew
GET    /_control/requests                       the last requests one by one, each with its answer's status and times
GET    /_control/jobs                           every job
POST   /_control/jobs                           another caller's job: {endpoint, status, age}
POST   /_control/images                         a person adds an image
PATCH  /_control/images/{guid}/{gallery}/{name} a person changes its priority, description or picture
DELETE /_control/images/{guid}/{gallery}/{name} a person deletes it, references and all
POST   /_control/products                       a product is added, or all but its images changes (`config.ProductSeed`)
DELETE /_control/products/{guid}                a product is deleted
POST   /_control/faults    GET, DELETE          order a fault; see them; forget them (`faults.Fault`)
POST   /_control/settings  GET                  change settings (`config.SandboxConfig`)
POST   /_control/clock                          {advance: seconds}
DELETE /_control/access-tokens                  every issued access token becomes unknown
"""

import base64
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from infra.local.sandbox.answers import Refusal
from infra.local.sandbox.config import FIXED, ProductSeed, changed
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.pictures import Picture, Unreadable, drawn, read_picture
from infra.local.sandbox.products import Variant
from infra.local.sandbox.shop import Unknown
from infra.local.sandbox.state import SANDBOX
from infra.local.sandbox.views import galleries_view

Body = TypeVar("Body")


class HandMade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An image that a person adds: `content_base64`, or else a plain picture of this size (pixels) and colour."""

    guid: str
    gallery: str = "shop"
    priority: int | None = None
    description: str | None = None
    content_base64: str | None = None
    width: int = 64
    height: int = 48
    colour: str = "#aa9988"


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person changes on an image; what is left out stays."""

    priority: int | None = None
    description: str | None = None
    content_base64: str | None = None


class ForeignJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another caller's job, created `age` seconds ago."""

    endpoint: str = "/api/products/images"
    status: str = "completed"
    age: float = 0.0


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By how many seconds the clock is put forward."""

    advance: float


async def galleries(request: web.Request) -> web.Response:
    """What the shop really shows."""
    products = request.app[SANDBOX].shop.products.values()
    return web.json_response({product.guid: galleries_view(product) for product in products})


async def calls(request: web.Request) -> web.Response:
    """The counts."""
    sandbox = request.app[SANDBOX]
    details = {job.id: job.details for job in sandbox.board.all() if not job.foreign}
    view = {**sandbox.calls.view(), "max_connections": sandbox.connections.most, "details_before_end": details}
    return web.json_response(view)


async def forget_calls(request: web.Request) -> web.Response:
    """Start counting anew."""
    sandbox = request.app[SANDBOX]
    sandbox.calls.clear()
    sandbox.connections.most = 0
    return web.json_response({})


async def requests(request: web.Request) -> web.Response:
    """The last requests."""
    return web.json_response({"requests": request.app[SANDBOX].calls.requests()})


async def jobs(request: web.Request) -> web.Response:
    """Every job, the latest first."""
    rows = [
        {"jobId": job.id, "operation": job.operation, "endpoint": job.endpoint, "status": job.status, "log": job.log}
        for job in request.app[SANDBOX].board.all()
    ]
    return web.json_response({"jobs": rows})


async def add_job(request: web.Request) -> web.Response:
    """Another caller's job."""
    order, board = await _body(request, ForeignJob), request.app[SANDBOX].board
    job = board.add(order.endpoint, "foreign", foreign=True, age=order.age)
    if order.status in ("pending", "running"):
        job.status = order.status
    else:
        board.end(job, order.status)
    return web.json_response({"jobId": job.id})


async def add_image(request: web.Request) -> web.Response:
    """A person adds an image; answers its name."""
    order, sandbox = await _body(request, HandMade), request.app[SANDBOX]
    picture = _picture(order.content_base64) or read_picture(drawn(order.width, order.height, order.colour))
    image = sandbox.shop.insert(
        order.guid,
        order.gallery,
        picture,
        sandbox.clock.now(),
        priority=order.priority,
        description=order.description,
    )
    return web.json_response({"name": image.name})


async def change_image(request: web.Request) -> web.Response:
    """A person changes an image."""
    order, sandbox, place = await _body(request, Change), request.app[SANDBOX], request.match_info
    sandbox.shop.change(
        place["guid"],
        place["gallery"],
        place["name"],
        sandbox.clock.now(),
        priority=order.priority,
        description=order.description,
        picture=_picture(order.content_base64),
    )
    return web.json_response({})


async def delete_image(request: web.Request) -> web.Response:
    """A person deletes an image."""
    sandbox, place = request.app[SANDBOX], request.match_info
    now = sandbox.clock.now()
    sandbox.shop.delete(place["guid"], place["gallery"], place["name"], now, remove_reference=True)
    return web.json_response({})


async def put_product(request: web.Request) -> web.Response:
    """A product is added, or gets another name, other codes or another visibility."""
    order, sandbox = await _body(request, ProductSeed), request.app[SANDBOX]
    variants = [Variant(row.code.upper(), row.image, row.ean) for row in order.variants]
    now = sandbox.clock.now()
    sandbox.shop.put_product(order.guid, order.name, order.code, variants, now, visibility=order.visibility)
    return web.json_response({})


async def delete_product(request: web.Request) -> web.Response:
    """A product is deleted."""
    sandbox = request.app[SANDBOX]
    sandbox.shop.remove_product(request.match_info["guid"], sandbox.clock.now())
    return web.json_response({})


async def order_fault(request: web.Request) -> web.Response:
    """Order a fault."""
    request.app[SANDBOX].faults.order(await _body(request, Fault))
    return web.json_response({})


async def faults(request: web.Request) -> web.Response:
    """The faults that are still to come."""
    return web.json_response({"faults": msgspec.to_builtins(request.app[SANDBOX].faults.standing())})


async def clear_faults(request: web.Request) -> web.Response:
    """Forget every fault."""
    request.app[SANDBOX].faults.clear()
    return web.json_response({})


async def settings(request: web.Request) -> web.Response:
    """The settings in force, without what is a secret or has become state."""
    shown_settings = msgspec.to_builtins(request.app[SANDBOX].config)
    return web.json_response({name: value for name, value in shown_settings.items() if name not in FIXED})


async def change_settings(request: web.Request) -> web.Response:
    """Change settings."""
    sandbox = request.app[SANDBOX]
    sandbox.config = changed(sandbox.config, await _body(request, dict[str, object]))
    return web.json_response({})


async def advance(request: web.Request) -> web.Response:
    """Put the clock forward; answers what it shows, in seconds since 1970."""
    sandbox = request.app[SANDBOX]
    sandbox.clock.advance((await _body(request, Advance)).advance)
    return web.json_response({"now": sandbox.clock.now()})


async def revoke_tokens(request: web.Request) -> web.Response:
    """Every issued access token becomes unknown."""
    request.app[SANDBOX].access.revoke_all()
    return web.json_response({})


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

IMAGE = "/_control/images/{guid}/{gallery}/{name}"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/_control/galleries", galleries),
    ("GET", "/_control/calls", calls),
    ("DELETE", "/_control/calls", forget_calls),
    ("GET", "/_control/requests", requests),
    ("GET", "/_control/jobs", jobs),
    ("POST", "/_control/jobs", add_job),
    ("POST", "/_control/images", add_image),
    ("PATCH", IMAGE, change_image),
    ("DELETE", IMAGE, delete_image),
    ("POST", "/_control/products", put_product),
    ("DELETE", "/_control/products/{guid}", delete_product),
    ("POST", "/_control/faults", order_fault),
    ("GET", "/_control/faults", faults),
    ("DELETE", "/_control/faults", clear_faults),
    ("GET", "/_control/settings", settings),
    ("POST", "/_control/settings", change_settings),
    ("POST", "/_control/clock", advance),
    ("DELETE", "/_control/access-tokens", revoke_tokens),
)


def guarded(handler: Handler) -> Handler:
    """The handler, with one line of JSON for an order that cannot be carried out: 404 or 400."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Unknown as unknown:
            return web.json_response({"error": str(unknown)}, status=404)
        except (ValueError, Unreadable, Refusal) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def _body(request: web.Request, kind: type[Body]) -> Body:
    return msgspec.json.decode(await request.read(), type=kind)


def _picture(content_base64: str | None) -> Picture | None:
    return None if content_base64 is None else read_picture(base64.b64decode(content_base64, validate=True))

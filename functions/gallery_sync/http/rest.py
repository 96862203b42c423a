"""REST: API key, route, work, answer. Nothing is read or enqueued for a caller without a key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flask import Request, Response

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.http import access
from gallery_sync.http.access import ApiKey
from gallery_sync.http.answers import Answer, Flaw, Rejected, not_now, refusal, upstream_status
from gallery_sync.http.asked import Asked, from_flask, request_id, to_flask
from gallery_sync.http.begin import told_paused
from gallery_sync.http.handlers import ROUTES, Call, Work
from gallery_sync.http.limit import Limit
from gallery_sync.http.routes import route
from gallery_sync.log import Log, of_request
from gallery_sync.ports import shop_errors
from gallery_sync.ports.queue import TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.redact import one_line
from gallery_sync.work.world import RequestWorld

OPENAPI: Final = Path(__file__).with_name("openapi.yaml")
RETRY_SECONDS: Final = 5.0
"""When a caller may ask again after the cloud could not do its part."""


@dataclass(frozen=True, slots=True)
class Service:
    """The function of this name, and what it answers with; `connect` is called for a request with a key only.

    `private`: a sourceUrl may be a private address's, and without encryption.
    """

    function: str
    keys: Sequence[ApiKey]
    connect: Callable[[], RequestWorld]
    log: Log
    private: bool = False
    limit: Limit = field(init=False)

    def __post_init__(self) -> None:
        """Count the requests of all its callers together."""
        object.__setattr__(self, "limit", Limit(key.name for key in self.keys))


def respond(request: Request, service: Service) -> Response:
    """Answer a request."""
    name = request_id(request.headers)
    with of_request(name):
        try:
            given = _answer(from_flask(request), service)
        except Rejected as rejected:
            given = refusal(rejected, name)
    return to_flask(given, name)


def serve(asked: Asked, service: Service) -> Answer:
    """Answer a request, whatever server it came through."""
    name = request_id(asked.headers)
    with of_request(name):
        try:
            return _answer(asked, service)
        except Rejected as rejected:
            return refusal(rejected, name)


def openapi(request: Request) -> Response | None:
    """Give the description of all routes, which anybody may read; None for other paths."""
    if request.path != "/openapi.yaml":
        return None
    name = request_id(request.headers)
    if request.method not in ("GET", "HEAD"):
        flaw = Flaw("no-such-method", "this path takes GET only")
        given = refusal(Rejected(405, flaw, headers={"Allow": "GET"}), name)
    else:
        given = Answer(200, OPENAPI.read_bytes(), {"Content-Type": "application/yaml; charset=utf-8"})
    return to_flask(given, name, kept=True)


def _answer(asked: Asked, service: Service) -> Answer:
    log = service.log
    caller = access.find(service.keys, asked.headers.get("Authorization"))
    if caller is None:
        log.say("WARNING", "a call without a valid API key was refused")
        flaw = Flaw("no-key", "the API key is missing or wrong: send Authorization: Bearer and the key")
        raise Rejected(401, flaw, headers={"WWW-Authenticate": "Bearer"})
    one, names = route(ROUTES, asked.method, asked.path)
    if one.function != service.function:
        message = f"{one.method} {one.path} is served by the function {one.function}, which has an address of its own"
        raise Rejected(421, Flaw("another-function", message))
    if not caller.may(one.right):
        raise Rejected(403, Flaw("no-right", f"the key '{caller.name}' has no right to {one.right}"))
    try:
        with service.limit.place(caller.name):
            given = _worked(one.work, Call(service.connect(), caller, asked, names, service.private), log)
    except Rejected as rejected:
        log.say("INFO", "refused", caller=caller.name, call=f"{one.method} {one.path}", status=rejected.status)
        raise
    log.say("INFO", "answered", caller=caller.name, call=f"{one.method} {one.path}", status=given.status)
    return given


def _worked(work: Work, call: Call, log: Log) -> Answer:
    """Do a route's work, with what can go wrong at Shoptet and in the cloud as a refusal that says so."""
    try:
        return told_paused(work(call), call.world.documents)
    except (StorageUnavailable, TasksError) as error:
        log.say("ERROR", str(error))
        raise not_now(RETRY_SECONDS, "the cloud could not do its part: send the same request again") from None
    except BadDocument as error:
        log.say("ERROR", str(error))
        raise Rejected(500, Flaw("bad-document", one_line(str(error)))) from None
    except shop_errors.TryLater as error:
        log.say("WARNING", f"not now: {error}")
        wait = error.at - call.world.clock.now()
        raise not_now(wait, f"Shoptet cannot now: {error.message}", error.request_id) from None
    except shop_errors.NotFound as error:
        raise Rejected(404, Flaw("no-product", "Shoptet knows no such product", "product", error.request_id)) from None
    except shop_errors.Refused as error:
        flaw = Flaw(error.code or "refused", one_line(error.message), None, error.request_id)
        raise Rejected(upstream_status(error.status), flaw) from None
    except shop_errors.NotAllowed as error:
        log.say("ERROR", str(error))
        flaw = Flaw(error.code or "refused", one_line(f"{error.message}: {error.advice}"), None, error.request_id)
        raise Rejected(502, flaw) from None

"""What each route does. Whatever Shoptet or the cloud cannot do now is either left to a task or said with 503."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gallery_sync.core.ledger import Ledger
from gallery_sync.core.operation import Operation, Outcome, Part, Problem
from gallery_sync.core.shop_values import Gallery
from gallery_sync.http import parts, views
from gallery_sync.http.access import WEBHOOKS, ApiKey
from gallery_sync.http.answers import Answer, Flaw, Rejected, answer, upstream_status
from gallery_sync.http.asked import Asked
from gallery_sync.http.begin import ID, answer_later, begin, check_key
from gallery_sync.http.query import switches
from gallery_sync.http.routes import Route
from gallery_sync.http.wait import run_at_once
from gallery_sync.parallel import in_threads
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import TooManyWrites
from gallery_sync.state import codes, operations, removed
from gallery_sync.work.accept import accept, foresee
from gallery_sync.work.codes import codes_of
from gallery_sync.work.world import RequestWorld


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a known caller; `names` are the path's segments by name, decoded. `private`: it may name private addresses."""

    world: RequestWorld
    caller: ApiKey
    asked: Asked
    names: Mapping[str, str]
    private: bool = False

    @property
    def product(self) -> str:
        """The product that the path names."""
        return self.names["product"]

    @property
    def gallery(self) -> Gallery:
        """The gallery that the path names. Rejected (404)."""
        return parts.gallery(self.names["gallery"])


Work = Callable[[Call], Answer]


def list_images(call: Call) -> Answer:
    """Show a gallery."""
    switches(call.asked.query)
    part = parts.sync(call.product, call.gallery)[0]
    guid = _guid(call.world, part)
    listing = call.world.shop.images(guid, part.gallery)
    return answer(200, views.gallery(guid, part.gallery, listing, call.world.ledgers.read(guid, part.gallery).ledger))


def insert(call: Call) -> Answer:
    """Insert pictures, later."""
    switches(call.asked.query)
    return _later(call, parts.insert(call.asked.json(), call.product, call.gallery, private=call.private))


def source(call: Call) -> Answer:
    """Replace pictures, later."""
    switches(call.asked.query)
    return _later(call, parts.source(call.asked.json(), call.product, call.gallery, private=call.private))


def sync(call: Call) -> Answer:
    """Have a gallery reconciled, soon."""
    switches(call.asked.query)
    call.asked.nothing()
    return _later(call, parts.sync(call.product, call.gallery))


def attributes(call: Call) -> Answer:
    """Change attributes, at once if the gallery is free."""
    switches(call.asked.query)
    asked = parts.attributes(call.asked.json(), call.product, call.gallery)
    return _at_once(call, asked, lambda operation, outcome: views.Updated(operation.id, views.views(outcome.images)))


def clean_all(call: Call) -> Answer:
    """Delete all images of a gallery, at once if it is free."""
    return _clean(call, None, switches(call.asked.query, "removeReference", "dryRun", "purge", "keep", on=("keep",)))


def clean_one(call: Call) -> Answer:
    """Delete one image, at once if the gallery is free."""
    return _clean(
        call, call.names["name"], switches(call.asked.query, "removeReference", "dryRun", "keep", on=("keep",))
    )


def cleanups(call: Call) -> Answer:
    """Clean many galleries, each when it is free."""
    switches(call.asked.query)
    operation = _begin(call, parts.cleanups(call.asked.json()))
    call.world.queue.operation(operation.id, call.world.clock.now())
    return answer_later(operation)


def state(call: Call) -> Answer:
    """Show what became of an operation: the caller's own, or one of a signed event, whose sender has no key to ask with."""
    switches(call.asked.query)
    documents = call.world.documents
    operation = _own_operation(call)
    if operation is None:
        raise _no_such_operation()
    # Before the ledgers: what is noted as accepted stands in them, or something later took its place.
    accepted = operations.accepted(documents, operation.id)
    names = operations.concluded_pieces(documents, operation.id)
    found = in_threads(lambda piece: operations.concluded(documents, operation.id, piece), names)
    outcomes = {name: one for name, one in zip(names, found, strict=True) if one is not None}
    ledgers = {
        number: ledger
        for number, part in enumerate(operation.parts)
        if part.kind in ("insert", "source") and (ledger := _ledger(call.world, part)) is not None
    }
    return answer(200, views.operation(operation, accepted, outcomes, ledgers))


def restore(call: Call) -> Answer:
    """Bring back what an operation deleted: the caller's own, or one of a signed event."""
    switches(call.asked.query)
    call.asked.nothing()
    name = call.names["id"]
    found = removed.of_operation(call.world.documents, name) if ID.fullmatch(name) else []
    # The request itself may be forgotten by now.
    kept = [one for one in found if one.caller in (call.caller.name, WEBHOOKS)]
    if not kept and _own_operation(call) is None:
        raise _no_such_operation()
    if not kept:
        message = "nothing was kept of it: it deleted nothing, it was asked with keep=false, or that is too long ago"
        raise Rejected(404, Flaw("nothing-kept", message, "id"))
    return _later(call, parts.restore(kept))


def _own_operation(call: Call) -> Operation | None:
    """Give the operation that the path names: the caller's own, or a signed event's, whose sender has no key to ask with."""
    name = call.names["id"]
    operation = operations.find(call.world.documents, name) if ID.fullmatch(name) else None
    return operation if operation is not None and operation.caller in (call.caller.name, WEBHOOKS) else None


def _no_such_operation() -> Rejected:
    return Rejected(404, Flaw("no-such-operation", "you have no operation with this id", "id"))


def _clean(call: Call, name: str | None, chosen: Mapping[str, bool]) -> Answer:
    call.asked.nothing()
    check_key(call.asked.headers.get("Idempotency-Key"))
    asked = parts.clean(call.product, call.gallery, name, chosen)
    if asked[0].dry_run:
        outcome = foresee(call.world, _guid(call.world, asked[0]), asked[0])
        _raise(outcome.problem)
        return answer(200, views.Foreseen(True, views.views(outcome.images)))
    return _at_once(call, asked, _cleaned)


def _cleaned(operation: Operation, outcome: Outcome) -> views.Cleaned:
    images = views.views(outcome.images)
    deleted = [image for image in images if image.state == "deleted"]
    return views.Cleaned(operation.id, deleted, [image for image in images if image.state != "deleted"])


def _later(call: Call, asked: tuple[Part, ...]) -> Answer:
    """Bring a request into the ledgers, and say where its state is to be seen. A product that is unknown is said at once."""
    operation = _begin(call, asked)
    if _applied(call, operation):
        outcome = operations.concluded(call.world.documents, operation.id, "0")
        _raise(outcome.problem if outcome is not None else None)
    return answer_later(operation)


def _at_once(call: Call, asked: tuple[Part, ...], show: Callable[[Operation, Outcome], object]) -> Answer:
    preferred = _prefers_later(call.asked)
    operation = _begin(call, asked)
    if _applied(call, operation) and not preferred:
        guid = codes.known_guid(call.world.documents, asked[0].product)
        try:
            outcome = run_at_once(call.world, operation, guid)
        except TooManyWrites as error:
            # It waits in the ledger, and a reconcile is enqueued.
            call.world.log.say("WARNING", f"left to a task: {error}", operation=operation.id)
            return answer_later(operation, preferred)
        if outcome is not None:
            _raise(outcome.problem)
            return answer(200, show(operation, outcome))
    return answer_later(operation, preferred)


def _begin(call: Call, asked: tuple[Part, ...]) -> Operation:
    return begin(call.world.documents, call.caller.name, call.asked.headers.get("Idempotency-Key"), asked)


def _applied(call: Call, operation: Operation) -> bool:
    """Bring the request into the ledgers; where Shoptet cannot be asked for the product now, a task does it later."""
    world = call.world
    try:
        if operations.accepted(world.documents, operation.id):
            # A repetition: whoever asked first may not have got far after this was noted.
            _look_again(world, operation.parts[0])
            return True
        return accept(world, operation)
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", operation=operation.id)
        world.queue.operation(operation.id, error.at)
        return False
    except TooManyWrites as error:
        # Many work on this gallery right now. The request is written down, so nobody has to wait for them.
        world.log.say("WARNING", f"left to a task: {error}", operation=operation.id)
        world.queue.operation(operation.id, world.clock.now())
        return False


def _look_again(world: RequestWorld, part: Part) -> None:
    guid = codes.known_guid(world.documents, part.product)
    if guid is not None:
        world.queue.gallery(guid, part.gallery, world.clock.now())


def _guid(world: RequestWorld, part: Part) -> str:
    return codes_of(world).guid_of(part.product)


def _ledger(world: RequestWorld, part: Part) -> Ledger | None:
    guid = codes.known_guid(world.documents, part.product)
    return world.ledgers.read(guid, part.gallery).ledger if guid is not None else None


def _raise(problem: Problem | None) -> None:
    found = views.flaw(problem)
    if problem is not None and found is not None:
        raise Rejected(upstream_status(problem.status), found)


def _prefers_later(asked: Asked) -> bool:
    """Whether the header `Prefer` (RFC 7240) asks for an operation instead of a result."""
    preferences = asked.headers.get("Prefer", "").split(",")
    return any(one.partition(";")[0].strip().lower() == "respond-async" for one in preferences)


_IMAGES: Final = "/v1/products/{product}/galleries/{gallery}/images"

_GALLERIES: Final = "galleries"
_CLEAN: Final = "clean_gallery"

ROUTES: Final[tuple[Route[Work], ...]] = (
    Route("GET", _IMAGES, _GALLERIES, "read", list_images),
    Route("POST", _IMAGES, _GALLERIES, "write", insert),
    Route("PATCH", _IMAGES, _GALLERIES, "write", attributes),
    Route("PATCH", f"{_IMAGES}/source", _GALLERIES, "write", source),
    Route("POST", "/v1/products/{product}/galleries/{gallery}/sync", _GALLERIES, "write", sync),
    Route("GET", "/v1/operations/{id}", _GALLERIES, "read", state),
    Route("POST", "/v1/operations/{id}/restore", _GALLERIES, "write", restore),
    Route("DELETE", _IMAGES, _CLEAN, "clean", clean_all),
    Route("DELETE", f"{_IMAGES}/{{name}}", _CLEAN, "clean", clean_one),
    Route("POST", "/v1/cleanups", _CLEAN, "clean", cleanups),
)
"""All routes: every function knows them, and says which one serves a call that went to the wrong address."""

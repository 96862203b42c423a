"""What tests may order over HTTP under `/_control/`: faults, counts of calls, settings, and misbehaving events.

    POST   /_control/faults    {"method", "path", "kind", "status" | "reset" | "delay", "when", "times"}
    DELETE /_control/faults
    GET    /_control/calls     {"objects.insert": 3, ...}
    DELETE /_control/calls
    POST   /_control/settings  {"write_interval": seconds}  between two writes to one object; 0: no limit
    GET    /_control/events    {"pending", "delivered", "failed", "dropped", "retried"}
    POST   /_control/events    {"duplicate", "drop", "delayed", "delay", "targets": ["BUCKET=TYPE=URL", ...]}
    DELETE /_control/events    forgets orders and counts

Bodies are validated: an order that is not understood is refused with 400, not ignored.
"""

import re
from collections import Counter
from typing import Annotated, Literal, TypeVar

import msgspec
from aiohttp import web

from infra.local.storage.errors import ApiError
from infra.local.storage.events import Delivery, parse_target
from infra.local.storage.store import Store

__all__ = ["PREFIX", "Control", "Fault"]

PREFIX = "/_control/"

_T = TypeVar("_T")


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """An order to misbehave for the next `times` requests that fit.

    `method` (empty: any), `path` (a regular expression, searched in path and query as sent) and `kind` (empty: any, else
    as counted, like `objects.insert`) say which. `delay` seconds pass first. Then the answer is `status`, or the
    connection is reset, or, where neither is asked for, the right answer. `when` is `before` the work (which is then
    not done) or `after` it (which is done, and its answer lost).
    """

    method: str = ""
    path: str = ""
    kind: str = ""
    status: int = 0
    reset: bool = False
    delay: float = 0.0
    when: Literal["before", "after"] = "before"
    times: int = 1

    def fits(self, method: str, target: str, kind: str) -> bool:
        """Whether a request is meant."""
        return (
            self.times > 0
            and self.method.upper() in ("", method)
            and self.kind in ("", kind)
            and re.search(self.path, target) is not None
        )


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    write_interval: Annotated[float, msgspec.Meta(ge=0)]


class _EventOrders(msgspec.Struct, forbid_unknown_fields=True):
    duplicate: int | None = None
    drop: int | None = None
    delayed: int | None = None
    delay: float | None = None
    targets: list[str] | None = None


class Control:
    """The orders of a server, and its counts."""

    def __init__(self, store: Store, delivery: Delivery) -> None:
        self._store = store
        self._delivery = delivery
        self._faults: list[Fault] = []
        self._calls: Counter[str] = Counter()

    @property
    def ordered(self) -> bool:
        """Whether a fault was ordered, and not lifted since; it may be used up."""
        return bool(self._faults)

    def count(self, kind: str) -> None:
        """Count a call, whatever comes of it."""
        self._calls[kind] += 1

    def fault_for(self, method: str, target: str, kind: str) -> Fault | None:
        """The fault that a request meets, used up by one."""
        for fault in self._faults:
            if fault.fits(method, target, kind):
                fault.times -= 1
                return fault
        return None

    def answer(self, method: str, path: str, body: bytes) -> web.Response:
        """Carry out an order. Raises ApiError 400 or 404."""
        match method, path.removeprefix(PREFIX):
            case "POST", "faults":
                self._faults.append(_fault(body))
                return web.json_response({})
            case "DELETE", "faults":
                self._faults.clear()
                return web.json_response({})
            case "GET", "calls":
                return web.json_response(dict(sorted(self._calls.items())))
            case "DELETE", "calls":
                self._calls.clear()
                return web.json_response({})
            case "POST", "settings":
                self._store.write_interval = _decoded(body, _Settings).write_interval
                return web.json_response({})
            case "GET", "events":
                return web.json_response(self._delivery.counts())
            case "POST", "events":
                self._order_events(_decoded(body, _EventOrders))
                return web.json_response({})
            case "DELETE", "events":
                self._delivery.reset()
                return web.json_response({})
            case _:
                raise ApiError(404, "notFound", f"no such order: {method} {path}")

    def _order_events(self, wanted: _EventOrders) -> None:
        orders = self._delivery.orders
        if wanted.targets is not None:
            try:
                self._delivery.set_targets([parse_target(text) for text in wanted.targets])
            except ValueError as error:
                raise ApiError.invalid(str(error)) from error
        orders.duplicate = orders.duplicate if wanted.duplicate is None else wanted.duplicate
        orders.drop = orders.drop if wanted.drop is None else wanted.drop
        if wanted.delay is not None:
            # A delay alone means the next event.
            orders.delay = wanted.delay
            orders.delayed = 1 if wanted.delayed is None else wanted.delayed
        elif wanted.delayed is not None:
            orders.delayed = wanted.delayed


def _fault(body: bytes) -> Fault:
    fault = _decoded(body, Fault)
    try:
        re.compile(fault.path)
    except re.error as error:
        raise ApiError.invalid(f"path is not a regular expression: {error}", "path") from error
    if fault.status and not 100 < fault.status < 600:
        raise ApiError.invalid(f"not an HTTP status: {fault.status}", "status")
    if not (fault.status or fault.reset or fault.delay > 0):
        raise ApiError.invalid("a fault needs a status, a reset or a delay")
    return fault


def _decoded(body: bytes, type_: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError.invalid(str(error)) from error

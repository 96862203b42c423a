"""Misbehaviour on order: what tests ask of the server beyond what Cloud Tasks would do on a good day."""

from dataclasses import dataclass, field
from typing import Literal

import grpc
import msgspec


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /_control/faults` takes. Either `call`, or one of `duplicate`, `lose` and `delay`.

    - `call` (like `CreateTask`): the next `times` such calls take `delay` seconds longer and, where `code` is given,
      end with that gRPC code, either `before` anything was done, or `after` it was done: then only the answer is lost.
    - `duplicate`, `lose`: so many of the next tasks are dispatched twice, or silently never.
    - `delay` without `call`: every task created from now on is dispatched so many seconds later than scheduled.

    `queue` (short id) limits the last two to the tasks of one queue.
    """

    call: str | None = None
    code: str | None = None
    times: int = 1
    when: Literal["before", "after"] = "before"
    duplicate: int = 0
    lose: int = 0
    delay: float = 0.0
    queue: str | None = None

    def __post_init__(self) -> None:
        if self.code is not None and self.code not in grpc.StatusCode.__members__:
            raise ValueError(f"there is no gRPC code {self.code!r}")
        if min(self.times, self.duplicate, self.lose, self.delay) < 0:
            raise ValueError("numbers must not be negative")
        kinds = [self.call is not None, self.duplicate > 0, self.lose > 0, self.call is None and self.delay > 0]
        if sum(kinds) != 1:
            raise ValueError("order one fault at a time: call, duplicate, lose or delay")


@dataclass(slots=True)
class Faults:
    """The faults in force. Not thread-safe: it belongs to the server's event loop."""

    _orders: list[Order] = field(default_factory=list)

    def add(self, order: Order) -> None:
        """Put an order into force, after those that are there."""
        self._orders.append(order)

    def clear(self) -> None:
        """Behave again."""
        self._orders.clear()

    @property
    def ordered(self) -> bool:
        """Whether anything was ordered since the server last was to behave; it may be used up."""
        return bool(self._orders)

    def for_call(self, call: str) -> Order | None:
        """The fault that this call is to meet, taken off the order."""
        for index, order in enumerate(self._orders):
            if order.call == call and order.times > 0:
                self._orders[index] = msgspec.structs.replace(order, times=order.times - 1)
                return order
        return None

    def lose(self, queue: str) -> bool:
        """Whether the task just created in this queue (short id) gets lost."""
        return self._take("lose", queue)

    def duplicate(self, queue: str) -> bool:
        """Whether the task just created in this queue (short id) is dispatched twice."""
        return self._take("duplicate", queue)

    def delay(self, queue: str) -> float:
        """Seconds by which the task just created in this queue (short id) comes late."""
        return sum(order.delay for order in self._orders if order.call is None and _meant(order, queue))

    def _take(self, kind: Literal["lose", "duplicate"], queue: str) -> bool:
        for index, order in enumerate(self._orders):
            left: int = getattr(order, kind)
            if left > 1 and _meant(order, queue):
                self._orders[index] = msgspec.structs.replace(order, **{kind: left - 1})
                return True
            if left == 1 and _meant(order, queue):
                del self._orders[index]
                return True
        return False


def _meant(order: Order, queue: str) -> bool:
    return order.queue in (None, queue)

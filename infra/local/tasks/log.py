"""The dispatch log: every attempt that was made, for tests and people to read."""

import msgspec

KEPT = 20_000
"""Attempts that the log remembers; the oldest go first."""


class Attempt(msgspec.Struct, frozen=True):
    """One dispatch of a task. Times in epoch seconds. `status` is None while it runs, and where no answer came.

    `name` and `queue` are short ids; `body` is text (what is no UTF-8 is replaced); `attempt` counts from 1; `lost`
    tasks were never dispatched; a `duplicate` is a dispatch that was ordered as a fault.
    """

    name: str
    queue: str
    url: str
    body: str
    attempt: int
    scheduled: float
    dispatched: float | None
    answered: float | None = None
    status: int | None = None
    reason: str = ""
    lost: bool = False
    duplicate: bool = False


class Log:
    """The attempts in the order in which they began. Not thread-safe: it belongs to the server's event loop."""

    def __init__(self) -> None:
        self._attempts: dict[int, Attempt] = {}
        self._next = 0

    def began(self, attempt: Attempt) -> int:
        """Note an attempt; the number is for `ended`."""
        self._next += 1
        self._attempts[self._next] = attempt
        self._attempts.pop(self._next - KEPT, None)
        return self._next

    def ended(self, number: int, at: float, status: int | None, reason: str) -> None:
        """Note how it ended."""
        if number in self._attempts:
            ended = msgspec.structs.replace(self._attempts[number], answered=at, status=status, reason=reason)
            self._attempts[number] = ended

    def attempts(self) -> list[Attempt]:
        """All that is remembered, oldest first."""
        return list(self._attempts.values())

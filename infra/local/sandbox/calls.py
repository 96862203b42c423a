"""What the sandbox has counted: tests compare it with what a trip may cost."""

from collections import Counter, deque

from infra.local.sandbox.answers import Json

MOST_KEPT = 20_000
"""Requests that are kept one by one; older ones are forgotten."""


class Calls:
    """Counts by operation, and the last requests one by one. Every request counts, whatever its answer."""

    def __init__(self) -> None:
        self._operations: Counter[str] = Counter()
        self._answers: dict[str, Counter[str]] = {}
        self._refused: Counter[str] = Counter()
        self._requests: deque[Json] = deque(maxlen=MOST_KEPT)

    def came(self, operation: str) -> None:
        """Count a request."""
        self._operations[operation] += 1

    def answered(self, operation: str, status: int | str) -> None:
        """Count an answer by its status, or by what happened instead of one, such as `reset_after`."""
        self._answers.setdefault(operation, Counter())[str(status)] += 1

    def keep(self, method: str, target: str, status: int, came: float, went: float) -> None:
        """Keep a request with its answer's status, and when it came and was answered (the sandbox's clock)."""
        self._requests.append({"method": method, "target": target, "status": status, "came": came, "went": went})

    def refused(self, why: str) -> None:
        """Count a refusal by a limit: `connections`, `bucket` (both 429) or `locked` (423)."""
        self._refused[why] += 1

    def clear(self) -> None:
        """Start counting anew."""
        self._operations.clear()
        self._answers.clear()
        self._refused.clear()
        self._requests.clear()

    def requests(self) -> list[Json]:
        """The last requests, in the order of their answers."""
        return list(self._requests)

    def view(self) -> Json:
        """The counts, for a test."""
        return {
            "operations": dict(self._operations),
            "answers": {operation: dict(statuses) for operation, statuses in self._answers.items()},
            "status_429": self._refused["connections"] + self._refused["bucket"],
            "status_429_connections": self._refused["connections"],
            "status_429_bucket": self._refused["bucket"],
            "status_423": self._refused["locked"],
        }

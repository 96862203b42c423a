"""What the sandbox has counted: tests compare it with what a trip may cost."""

from collections import Counter

from infra.local.sandbox.answers import Json


class Calls:
    """Counts by operation. Every request counts, whatever its answer."""

    def __init__(self) -> None:
        self._operations: Counter[str] = Counter()
        self._answers: dict[str, Counter[str]] = {}
        self._refused: Counter[str] = Counter()

    def came(self, operation: str) -> None:
        """Count a request."""
        self._operations[operation] += 1

    def answered(self, operation: str, status: int | str) -> None:
        """Count an answer by its status, or by what happened instead of one, such as `reset_after`."""
        self._answers.setdefault(operation, Counter())[str(status)] += 1

    def refused(self, why: str) -> None:
        """Count a refusal by a limit: `connections`, `bucket` (both 429) or `locked` (423)."""
        self._refused[why] += 1

    def clear(self) -> None:
        """Start counting anew."""
        self._operations.clear()
        self._answers.clear()
        self._refused.clear()

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

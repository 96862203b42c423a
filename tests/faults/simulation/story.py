"""What happened in a world, as lines with a time: kept as they are, put into words only when somebody wants to read."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gallery_sync.log import Log, Severity, Value


class Violation(BaseException):
    """An invariant does not hold; says which, and what was seen. No `except Exception` of the package takes it for a mishap."""


@dataclass
class Story:
    """Who did what, when (seconds since the world began)."""

    started: float
    lines: list[tuple[float, str, str, tuple[object, ...]]] = field(default_factory=list)

    def tell(self, now: float, who: str, text: str, *about: object) -> None:
        """Add a line; `text` is completed with `about` by `%`, later."""
        self.lines.append((now - self.started, who, text, about))

    def read(self) -> str:
        """Give the whole story."""
        return "\n".join(
            f"{when:12.3f}  {who:<22} {text % about if about else text}" for when, who, text, about in self.lines
        )


class StoryLog(Log):
    """The package's log, as part of the story. `errors` collects the lines that an alert would be raised for."""

    def __init__(
        self, story: Story, now: Callable[[], float], who: str, errors: list[str], secrets: tuple[str, ...]
    ) -> None:
        super().__init__(who)
        self._story = story
        self._now = now
        self._who = who
        self._errors = errors
        self._secrets = secrets

    def say(self, severity: Severity, message: str, /, **fields: Value) -> None:
        """See Log."""
        if any(secret in str(text) for text in (message, *fields.values()) for secret in self._secrets):
            raise Violation("I6: a signed URL stands in the log")
        if fields.get("code") == "unexpected":
            raise Violation(message)
        self._story.tell(self._now(), self._who, "%s %s %s", severity, message, fields)
        if severity == "ERROR":
            self._errors.append(message)

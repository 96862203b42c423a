"""What can be set on a queue: values, defaults, limits, and the message that carries them."""

from dataclasses import dataclass, fields
from datetime import timedelta

from google.cloud import tasks_v2

from . import names
from .errors import CallError, invalid


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """A queue's full name and settings; pauses and durations in seconds.

    The defaults are those that Cloud Tasks picks for a queue whose settings are left out. `max_attempts` -1 and
    `max_retry_duration` 0 mean: without such a limit. Source: Cloud Tasks reference, `RateLimits`, `RetryConfig`.
    """

    name: str
    max_per_second: float = 500.0
    max_concurrent: int = 1000
    max_attempts: int = 100
    min_backoff: float = 0.1
    max_backoff: float = 3600.0
    max_doublings: int = 16
    max_retry_duration: float = 0.0

    def __post_init__(self) -> None:
        names.queue(self.name)
        _within("rate_limits.max_dispatches_per_second", self.max_per_second, 0.001, 500)
        _within("rate_limits.max_concurrent_dispatches", self.max_concurrent, 1, 5000)
        _within("retry_config.max_attempts", self.max_attempts, -1, 2**31 - 1)
        _within("retry_config.max_doublings", self.max_doublings, 0, 16)
        _within("retry_config.min_backoff", self.min_backoff, 0, self.max_backoff)
        _within("retry_config.max_retry_duration", self.max_retry_duration, 0, float("inf"))
        if self.max_attempts == 0:
            raise invalid("retry_config.max_attempts must not be 0.")

    @property
    def burst(self) -> int:
        """`max_burst_size`: Cloud Tasks chooses it, generally at least a second's dispatches."""
        return max(1, round(self.max_per_second))


def parse(text: str) -> QueueConfig:
    """A queue from the command line: its full name, then `:` and settings like `max_concurrent=2,max_backoff=5`.

    Raises ValueError with a line that says what is wrong.
    """
    # A project's id may hold a colon of its own (`example.com:project`); a queue's id holds none.
    head, slash, tail = text.rpartition("/")
    short, _, settings = tail.partition(":")
    kinds = {field.name: int if field.type in (int, "int") else float for field in fields(QueueConfig)[1:]}
    values: dict[str, float] = {}
    for setting in filter(None, settings.split(",")):
        key, _, value = setting.partition("=")
        if key not in kinds:
            raise ValueError(f"--queue {text!r}: there is no setting {key!r}; known are {', '.join(kinds)}")
        try:
            values[key] = kinds[key](value)
        except ValueError:
            raise ValueError(f"--queue {text!r}: {key} must be a number, not {value!r}") from None
    try:
        return QueueConfig(head + slash + short, **values)  # type: ignore[arg-type]  # `kinds` makes ints of ints
    except CallError as error:
        raise ValueError(f"--queue {text!r}: {error}") from None


def from_message(queue: tasks_v2.Queue) -> QueueConfig:
    """The settings that a message asks for; what it leaves out (a zero is left out) gets Cloud Tasks' default.

    Raises CallError for a value outside the documented limits.
    """
    rate, retry = queue.rate_limits, queue.retry_config
    chosen = {
        "max_per_second": rate.max_dispatches_per_second,
        "max_concurrent": rate.max_concurrent_dispatches,
        "max_attempts": retry.max_attempts,
        "min_backoff": _seconds(retry.min_backoff),
        "max_backoff": _seconds(retry.max_backoff),
        "max_doublings": retry.max_doublings,
        "max_retry_duration": _seconds(retry.max_retry_duration),
    }
    given = {key: value for key, value in chosen.items() if value}
    return QueueConfig(queue.name, **given)  # type: ignore[arg-type]  # the message's own types are these


def to_message(config: QueueConfig) -> tasks_v2.Queue:
    """The message that shows these settings."""
    return tasks_v2.Queue(
        name=config.name,
        rate_limits=tasks_v2.RateLimits(
            max_dispatches_per_second=config.max_per_second,
            max_burst_size=config.burst,
            max_concurrent_dispatches=config.max_concurrent,
        ),
        retry_config=tasks_v2.RetryConfig(
            max_attempts=config.max_attempts,
            min_backoff=timedelta(seconds=config.min_backoff),
            max_backoff=timedelta(seconds=config.max_backoff),
            max_doublings=config.max_doublings,
            max_retry_duration=timedelta(seconds=config.max_retry_duration),
        ),
    )


def _seconds(duration: timedelta | None) -> float:
    return duration.total_seconds() if duration is not None else 0.0


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise invalid(f"{what} must be between {low} and {high}, not {value}.")

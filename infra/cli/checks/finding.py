"""One line of a check: a tick, or a cross with what to do."""

from dataclasses import dataclass

__all__ = ["Finding", "cross", "tick"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and for a cross what a person should do. Holds no secret."""

    what: str
    ok: bool
    found: str = ""
    advice: str = ""


def tick(what: str, found: str = "") -> Finding:
    """Give what is as it should be."""
    return Finding(what, True, found)


def cross(what: str, found: str, advice: str) -> Finding:
    """Give what is not, and what to do."""
    return Finding(what, False, found, advice)

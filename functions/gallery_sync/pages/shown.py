"""How values are shown on a page: sentences for codes, times, the last part of a name."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gallery_sync.core.names import object_of
from gallery_sync.pages import reasons
from gallery_sync.pages.words import words
from gallery_sync.redact import one_line


def reason_of(language: str, code: str, picture: str, reason: str, kind: str = "failed") -> str:
    """Give why something waits for a person: the engine's own words in English, the sentence of the code in other languages."""
    if kind == "held":
        return words(language).gettext(
            "The files are gone, so these images would be deleted. They stay until you decide."
        )
    if kind == "left":
        return words(language).gettext(
            "The code of their folder belongs to another product by now. They stay here until you decide."
        )
    if language == "en" and reason:
        return _sentence(one_line(reason))
    return words(language).gettext(reasons.failure(code, picture))


def refusal_of(language: str, code: str, reason: str) -> str:
    """Give why a name was refused."""
    return _sentence(one_line(reason)) if language == "en" else words(language).gettext(reasons.refusal(code))


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def moment(at: float) -> str:
    """Give a moment (epoch seconds) as people read it; UTC, as no browser tells where it is."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at else ""


def file_name(name: str) -> str:
    """Give the last part of a file's full name."""
    return object_of(name).rpartition("/")[2]


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {"moment": moment, "file_name": file_name}

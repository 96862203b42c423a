"""How pictures in no product's folder are named: the templates of NAME_PATTERNS, read once at the start. Pure.

{code} {ean}                what the name holds, in full; one of them, once
{n} {letter} {free}         a number, one letter, anything but a folder
supplier/*/{code}_{n}       folders in front: the first is written out, `*` is one of any name, `**` any number of them
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

DEFAULT_PATTERNS: Final = "{code}_{n}; {code}-{n}; {code} ({n}); {code}; {ean}_{n}; {ean}-{n}; {ean}"
OFF: Final = "off"
SLASHES: Final = "-_"
"""What may stand for a `/` of a code, unless the setting says otherwise."""
MOST_PATTERNS: Final = 40

_PARTS: Final = {"n": "[0-9]{1,6}", "letter": "[A-Za-z]", "free": "[^/]+"}
_SUBJECTS: Final = ("code", "ean")
_FIELD = re.compile(r"\{([^{}]*)\}")

Kind = Literal["code", "ean"]


class BadPattern(ValueError):
    """A pattern that says nothing, or too much; the message names it, and says what to write."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template: what stands before and after the code or EAN, in folders and the file's name without its extension."""

    text: str
    kind: Kind
    before: re.Pattern[str]
    after: re.Pattern[str]
    folder: str
    """The first folder, as it is written; empty for one of files outside all folders."""


@dataclass(frozen=True, slots=True)
class Placing:
    """How names are read: the patterns, and the signs that may stand for a `/` of a code."""

    patterns: tuple[Pattern, ...]
    slashes: str = SLASHES


NO_PATTERNS: Final = Placing(())
"""Names outside folders mean nothing."""


def read_patterns(text: str) -> tuple[Pattern, ...]:
    """Read the setting NAME_PATTERNS: templates with `;` between, or `off`. Raises BadPattern."""
    if text.strip().casefold() == OFF:
        return ()
    found = tuple(_pattern(one.strip()) for one in text.split(";") if one.strip())
    if len(found) > MOST_PATTERNS:
        raise BadPattern(f"{len(found)} patterns are more than the {MOST_PATTERNS} that names are compared with")
    return found


def _pattern(text: str) -> Pattern:
    if not text.isprintable():
        raise BadPattern(f"{text!a} holds a character that nobody sees")
    fields = _FIELD.findall(text)
    subjects = [field for field in fields if field in _SUBJECTS]
    unknown = [field for field in fields if field not in (*_SUBJECTS, *_PARTS)]
    if unknown:
        raise BadPattern(
            f"'{text}' holds {{{unknown[0]}}}: a pattern knows {{code}}, {{ean}}, {{n}}, {{letter}} and {{free}}"
        )
    if len(subjects) != 1:
        raise BadPattern(f"'{text}' has to hold {{code}} or {{ean}}, once")
    head, _, tail = text.partition(f"{{{subjects[0]}}}")
    folder = head.partition("/")[0] if "/" in head else ""
    if "/" in tail:
        raise BadPattern(
            f"'{text}' has its {{{subjects[0]}}} in a folder: that is what a product's folder does by itself"
        )
    if "/" in head and (not folder or _FIELD.search(folder) or "*" in folder):
        raise BadPattern(
            f"'{text}' has to begin with a folder that is written out, so that no product's folder is meant"
        )
    kind: Kind = "code" if subjects[0] == "code" else "ean"
    return Pattern(text, kind, re.compile(_regex(head)), re.compile(_regex(tail)), folder)


def _regex(text: str) -> str:
    """Write a part of a pattern as a regular expression. In folders `*` is one of any name, `**` any number of them."""
    pieces = re.split(r"(\{[^{}]*\}|\*\*/|\*)", unicodedata.normalize("NFC", text))
    wild = {"**/": "(?:[^/]+/)*", "*": "[^/]+"}
    return "".join(wild.get(one) or (_PARTS[one[1:-1]] if one[:1] == "{" else re.escape(one)) for one in pieces if one)

"""What an image's description may be, whether a caller or a file's metadata gives it. Pure."""

import re
from typing import Final

MAX_DESCRIPTION: Final = 1_000
"""Characters. Shoptet states no maximum; a thousand of these still fit into one ledger."""

# Line ends and tabs are text. What turns the direction of writing is not: the shop's page would show other than it says.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


FIELDS: Final = ("{product}", "{n}")
"""What a template of descriptions may hold: the product's name, and which picture of its gallery it is, counted from 1."""


def template_flaw(template: str) -> str | None:
    """Say what is wrong with a template of descriptions, after its name; None if nothing is."""
    rest = template
    for field in FIELDS:
        rest = rest.replace(field, "")
    if "{" in rest or "}" in rest:
        return f"is {template!a}: it may hold {' and '.join(FIELDS)} in braces, and nothing else"
    return flaw(template)


def flaw(text: str) -> str | None:
    """Say what is wrong with a description, after its name; None if nothing is."""
    if len(text) > MAX_DESCRIPTION:
        return f"has {len(text)} characters: write {MAX_DESCRIPTION} at most"
    found = _NOT_TEXT.search(text)
    return f"holds the control character U+{ord(found[0]):04X}: write it without" if found is not None else None

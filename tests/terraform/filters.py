"""Cloud Logging's query language, as far as this deployment's filters use it, over one log entry.

Source: https://cloud.google.com/logging/docs/view/logging-query-language: `=` is equal, `:` contains and ignores case,
`>=` compares severities, `field=("a" OR "b")` is any of them. A field that an entry lacks matches nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")

_TERM = re.compile(r'([\w.]+)(>=|=|:)("(?:[^"\\]|\\.)*"|\w+|\((?:"[^"]*"(?: OR )?)+\))')


def matches(query: str, entry: Mapping[str, Any]) -> bool:
    """Say whether an entry is one that the query looks for. Raises ValueError for a query that is more than this reads."""
    place, terms = 0, list[tuple[str, str, str]]()
    while True:
        term = _TERM.match(query, place)
        if term is None:
            raise ValueError(f"not understood from here: {query[place:]}")
        terms.append((term[1], term[2], term[3]))
        place = term.end()
        if place == len(query):
            return all(_holds(*term, entry) for term in terms)
        if not query.startswith(" AND ", place):
            raise ValueError(f"not understood from here: {query[place:]}")
        place += len(" AND ")


def _holds(field: str, comparison: str, value: str, entry: Mapping[str, Any]) -> bool:
    found: Any = entry
    for name in field.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    wanted = re.findall(r'"([^"]*)"', value) or [value]
    if comparison == ">=":
        return SEVERITIES.index(found) >= SEVERITIES.index(wanted[0])
    if comparison == ":":
        return any(text.lower() in str(found).lower() for text in wanted)
    return str(found) in wanted

"""What the fuzzing shares: the same examples in every run, and data as it comes from outside."""

import json
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

T = TypeVar("T")

fuzzed = settings(
    max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
"""The same examples each time: what is red is red for everybody. `max_examples` bounds what the whole takes."""

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates included."""

NASTY = st.sampled_from(
    [
        "\x00",
        "\n",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\u200b",
        "e\u0301",
        "😀",
        "ß",
        "İ",
        "%",
        "%00",
        "%2F",
        "%2e%2E",
        "%ff",
        "/",
        "..",
        "'",
        '"',
        "`",
        "<script>",
        "${x}",
        "٣",
        "1e999",
        "NaN",
        "-1",
        "9" * 400,
        "?a=b",
        "token=x",
        "x" * 1100,
    ]
)
TEXT = st.lists(NASTY | st.text(max_size=8) | ANY_TEXT, max_size=6).map("".join)
"""Text that is made of what parsers stumble over."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def like(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these fields, each with a value as it should be or with any other."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in fields.items()})


def written(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """JSON documents: whole, cut, with bytes that are no UTF-8 in between, and deeper than any parser goes."""
    whole = values.map(lambda value: json.dumps(value).encode())
    cut = st.builds(lambda text, at: text[: at % (len(text) + 1)], whole, st.integers(0, 500))
    broken = st.builds(
        lambda text, at, more: text[: at % (len(text) + 1)] + more + text[at % (len(text) + 1) :],
        whole,
        st.integers(0, 500),
        st.binary(min_size=1, max_size=3),
    )
    deep = st.builds(_deep, whole, st.sampled_from([10, 200, 400, 700, 990, 5_000]))
    return whole | cut | broken | deep | st.binary(max_size=40)


def _deep(text: bytes, depth: int) -> bytes:
    inner = b"[" * depth + b"]" * depth
    return text[:-1] + (b"," if len(text) > 2 else b"") + b'"errors":' + inner + b"}" if text[-1:] == b"}" else inner

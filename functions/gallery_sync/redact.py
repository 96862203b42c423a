"""Shoptet's words, made fit for a log line: one line, of bounded length, without secrets."""

import re
from collections.abc import Iterable

__all__ = ["one_line"]

MAX_CHARACTERS = 300

# What follows a `?` and holds a `=` is a URL's query. Shoptet's messages may repeat a `sourceUrl`, whose query is the
# signature that opens the picture to everyone.
# Up to the `=` it holds neither `?` nor `=`: otherwise each of many `?` would be tried to the end of the text, and a text
# of 64 kB would take half a minute.
_QUERY = re.compile(r"\?[^\s\"'<>?=]*=[^\s\"'<>]*")
_SIGNED = re.compile(r"(?i)\b(x-goog-[a-z]+|signature|access_token|token|key)=[^\s\"'<>&]+")
# With the characters that turn the direction of writing: a line would show other than it says.
_UNPRINTED = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def one_line(text: str, secrets: Iterable[str] = ()) -> str:
    """The text on one line of at most 300 characters, without the secrets, queries of URLs and control characters."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _SIGNED.sub(r"\1=…", _QUERY.sub("?…", text))
    text = _UNPRINTED.sub(" ", text).strip()
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"

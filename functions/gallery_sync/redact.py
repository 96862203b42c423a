"""Others' words, made fit for a log line: one line, of bounded length, without secrets.

A secret is found by what it is: by the name that stands before it (a signature's parameter, `Bearer`, `whsec_`), or because
nobody would write such a text by hand. It may be encoded, also twice: a `sourceUrl` comes back from Shoptet, from a queue or
from a library percent-encoded, in JSON, in HTML or in quotes.
"""

import html
import re
from collections.abc import Iterable
from typing import Final

__all__ = ["one_line"]

MAX_CHARACTERS = 300
MAX_READ: Final = 16_384
"""Characters that are looked at; what is left out stands far behind what is shown. All patterns below are linear in them."""
ROUNDS: Final = 6
"""How often a text may be encoded."""

# What follows a `?` and holds a `=` is a URL's query. Shoptet's messages may repeat a `sourceUrl`, whose query is the
# signature that opens the picture to everyone.
# Up to the `=` it holds neither `?` nor `=`: otherwise each of many `?` would be tried to the end of the text, and a text
# of 64 kB would take half a minute.
_QUERY = re.compile(r"\?[^\s\"'<>?=]*=[^\s\"'<>]*")
_NAMES = (
    r"(x-(?:goog|amz)-[a-z-]{1,30}|googleaccessid|awsaccesskeyid|(?:shoptet-)?(?:webhook-)?signature(?:-?key)?|sig|"
    r"[a-z]{0,20}[_-]?(?:token|secret|password|passwd)|(?:api[_-]?)?keys?|authorization)"
)
_VALUE = r"[^\s\"'<>&]+"
# `name=value`, the value also in quotes.
_SIGNED = re.compile(rf"(?i)(?<![a-z0-9]){_NAMES}([\"']?\s{{0,3}}=\s{{0,3}}[\"']?){_VALUE}")
# As in JSON, where the name stands in quotes; without them `token: refused` is a sentence.
_QUOTED = re.compile(rf"(?i)([\"']){_NAMES}([\"']\s{{0,3}}:\s{{0,3}}[\"']?)(?:bearer\s{{1,3}})?{_VALUE}")
# As a header, of which only these hold a secret.
_HEADER = re.compile(
    r"(?i)\b(authorization|shoptet-(?:private-api|access)-token|(?:shoptet-)?webhook-signature)(\s{0,3}:\s{0,3})"
    r"(?:(?:bearer|basic)\s{1,3})?[^\s\"'<>&]{8,}"
)
_BEARER = re.compile(r"(?i)\b(bearer)(\s{1,3})[a-z0-9._~+/=-]{8,}")
_WHSEC = re.compile(r"(whsec_)[A-Za-z0-9+/=_-]{4,}")
_LOGIN = re.compile(r"(?<=://)[^\s/@\"'<>]{1,200}@")
# A guid is a product's name, and no secret. Nor are 32 and 40 hexadecimal digits: an operation's id, a key made of a URL.
_RUN = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,}={0,2}")
_PLAIN_FIRST = re.compile(r"(?:(?:[a-z]{1,30}|[0-9]{1,9})?/)+")
_PLAIN_LAST = re.compile(r"/[a-z]{1,30}\Z")
_GUID = re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_SHORTEST: Final = 20
_SURE: Final = 32
_LONG = re.compile(r"[0-9a-fA-F]{41,}")
# A word, a capital with what follows it, a number.
_PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SHORT_PIECES: Final = 3.2
"""Signs a piece, on average. Names that somebody wrote have more, or something between their pieces; random texts about two."""
_APART: Final = 6
"""Of so many signs one stands between pieces, at most, in a random text."""

_PERCENT = re.compile(r"%(?:u00)?([2-7][0-9A-Fa-f])")
_ESCAPE = re.compile(r"\\{1,8}(?:u00([2-7][0-9A-Fa-f])|x([2-7][0-9A-Fa-f])|([\"'/&=?]))")
_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|[A-Za-z]{2,12});")
# With the characters that turn the direction of writing: a line would show other than it says.
_UNPRINTED = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def one_line(text: str, secrets: Iterable[str] = ()) -> str:
    """The text on one line of at most 300 characters, without the secrets, queries of URLs and control characters.

    Where there is one and something is encoded, the whole text is given decoded: a secret's end is only known then.
    """
    known = [secret for secret in secrets if secret]
    layers = [_bounded(text)]
    while len(layers) < ROUNDS and (decoded := _decoded(layers[-1])) != layers[-1]:
        layers.append(decoded)
    # The innermost first: further out a name and its secret may be torn apart.
    text = next((cut for layer in reversed(layers) if (cut := _without(layer, known)) != layer), layers[0])
    text = _UNPRINTED.sub(" ", text).strip()
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _bounded(text: str) -> str:
    """Cut a long text between two words: of half a secret nobody could tell that it is one."""
    if len(text) <= MAX_READ:
        return text
    head = text[:MAX_READ]
    return head.rstrip() + "…" if text[MAX_READ].isspace() else _UNFINISHED.sub("…", head)


_UNFINISHED = re.compile(r"(?<!\S)\S+\Z")


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    text = _LOGIN.sub("…@", _QUERY.sub("?…", text))
    text = _QUOTED.sub(r"\1\2\3…", _HEADER.sub(r"\1\2…", text))
    text = _WHSEC.sub(r"\1…", _BEARER.sub(r"\1\2…", _SIGNED.sub(r"\1\2…", text)))
    return _RUN.sub(_without_random, text)


def _without_random(run: re.Match[str]) -> str:
    """Cut a random text out, and leave the plain folders of a path around it: base64 holds slashes as well."""
    first, last = _PLAIN_FIRST.match(run[0]), _PLAIN_LAST.search(run[0])
    if not _is_random(run[0]):
        return run[0]
    return f"{first[0] if first else ''}…{last[0] if last else ''}"


def _is_random(run: str) -> bool:
    """Whether nobody would write this by hand: a hash's digits, or capitals, small letters and digits all mixed up."""
    rest = _GUID.sub("", run)
    if _LONG.search(rest):
        return True
    signs = [sign for sign in rest if sign.isalnum()]
    pieces = len(_PIECES.findall(rest))
    if len(rest) < _SHORTEST or (len(rest) - len(signs)) * _APART > len(rest) or len(signs) > _SHORT_PIECES * pieces:
        return False
    # Of many random signs hardly ever none is a digit; of few it may be, and a name in capitals and small letters is no secret.
    kinds = (str.isupper, str.islower, *([] if len(rest) >= _SURE else [str.isdigit]))
    return all(any(kind(sign) for sign in signs) for kind in kinds)


def _decoded(text: str) -> str:
    """Take one layer of encoding off: percent signs, JSON's and Python's escapes, HTML's entities. Of what is ASCII."""
    text = _PERCENT.sub(lambda one: chr(int(one[1], 16)), text)
    text = _ESCAPE.sub(lambda one: one[3] or chr(int(one[1] or one[2], 16)), text)
    return _ENTITY.sub(lambda one: html.unescape(one[0]), text)

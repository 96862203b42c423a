"""Which route a request means. The raw path is split before it is decoded, so nothing in a segment changes it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from gallery_sync.http.access import Right
from gallery_sync.http.answers import Flaw, Rejected

T = TypeVar("T")

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


_PRODUCT_AT = 3
"""The product's place among the segments of a path: /v1/products/{product}."""


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """A method and a path, the function that serves it, the right that it takes, and what it does.

    `{name}` in the path stands for one whole segment.
    """

    method: str
    path: str
    function: str
    right: Right
    work: T

    def matches(self, segments: Sequence[str]) -> bool:
        """Whether a raw path, split at its slashes, is of this route."""
        mine = self.path.split("/")
        return len(mine) == len(segments) and all(
            segment != "" if _is_name(part) else part == segment for part, segment in zip(mine, segments, strict=True)
        )

    def names(self, segments: Sequence[str]) -> Mapping[str, str]:
        """Give the segments that have a name, decoded. Rejected (400)."""
        pairs = zip(self.path.split("/"), segments, strict=True)
        return {part[1:-1]: decoded(part[1:-1], segment) for part, segment in pairs if _is_name(part)}


def route(routes: Sequence[Route[T]], method: str, path: str) -> tuple[Route[T], Mapping[str, str]]:
    """Find the route of a raw path, and its named segments. Rejected: 404, 405 with the methods that there are, 400."""
    segments = path.split("/")
    fits = [one for one in routes if one.matches(segments)]
    # A path without a name at some place is meant before one with a name there, as in OpenAPI.
    concrete = min((one.path.count("{") for one in fits), default=0)
    there = [one for one in fits if one.path.count("{") == concrete]
    if not there:
        message = "there is nothing at this path: see /openapi.yaml"
        if _is_torn(routes, segments):
            message = "a product's code with a '/' is one segment of the path: write the '/' as %2F, like 62%2FXL"
        raise Rejected(404, Flaw("no-such-route", message, "product" if _is_torn(routes, segments) else None))
    # HEAD is GET without the body, which the server leaves out.
    one = next((one for one in there if one.method == ("GET" if method == "HEAD" else method)), None)
    if one is None:
        allowed = sorted({one.method for one in there})
        flaw = Flaw("no-such-method", f"this path takes {', '.join(allowed)} only")
        raise Rejected(405, flaw, headers={"Allow": ", ".join(allowed)})
    return one, one.names(segments)


def _is_torn(routes: Sequence[Route[T]], segments: Sequence[str]) -> bool:
    """Whether it would be a path of ours if some segments, from the product's on, were one."""
    at = _PRODUCT_AT
    joined = ([*segments[:at], "/".join(segments[at:end]), *segments[end:]] for end in range(at + 2, len(segments) + 1))
    return any(one.matches(path) for path in joined for one in routes if "{product}" in one.path)


def decoded(name: str, segment: str) -> str:
    """Decode one segment, once. Rejected (400) for what is not percent-encoded UTF-8, or holds control characters."""
    if _BROKEN.search(segment):
        raise Rejected(400, Flaw("bad-encoding", "a '%' stands without two hexadecimal digits: write it as %25", name))
    try:
        text = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeError:
        raise Rejected(400, Flaw("bad-encoding", "it is not percent-encoded UTF-8", name)) from None
    if _CONTROL.search(text):
        raise Rejected(400, Flaw("bad-encoding", "it holds control characters", name))
    return text


def _is_name(part: str) -> bool:
    return part.startswith("{")

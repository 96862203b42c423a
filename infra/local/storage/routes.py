"""Which call of which API a request is, read from the request target as it came over the wire.

The target is taken apart before it is decoded: in the JSON API a `/` of an object's name comes as `%2F`, and a router
that decodes first could not tell it from a separator, nor `%252F` from either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes

from infra.local.storage.errors import ApiError
from infra.local.storage.objects import Preconditions

__all__ = ["Call", "preconditions_of", "route", "source_preconditions_of", "whole_number"]

_ALWAYS = frozenset({"alt", "fields", "key", "prettyPrint", "projection", "quotaUser", "uploadType", "userProject"})
# `fields` and `projection` only make answers smaller; a client must bear more than it asked for.
_CONDITIONS = frozenset(
    {"ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch", "ifMetagenerationNotMatch"}
)
_SOURCE_CONDITIONS = frozenset(name.replace("if", "ifSource", 1) for name in _CONDITIONS)
_COPY = _CONDITIONS | _SOURCE_CONDITIONS | {"sourceGeneration"}
_ONE = _CONDITIONS | {"generation"}

_PARAMETERS: Mapping[str, frozenset[str]] = {
    "buckets.get": _CONDITIONS,
    "buckets.insert": frozenset({"project"}),
    "buckets.list": frozenset({"project", "prefix", "maxResults", "pageToken"}),
    "objects.list": frozenset({"prefix", "delimiter", "pageToken", "maxResults", "startOffset", "endOffset"}),
    "objects.insert": _CONDITIONS | {"name"},
    "objects.upload": _CONDITIONS | {"name", "upload_id"},
    "objects.cancel": _CONDITIONS | {"name", "upload_id"},
    "objects.get": _ONE,
    "objects.download": _ONE,
    "objects.patch": _ONE,
    "objects.update": _ONE,
    "objects.delete": _ONE,
    "objects.copy": _COPY,
    "objects.rewrite": _COPY | {"rewriteToken", "maxBytesRewrittenPerCall"},
    "signBlob": frozenset(),
}

_OBJECT_CALLS = {
    "GET": "objects.get",
    "PATCH": "objects.patch",
    "PUT": "objects.update",
    "DELETE": "objects.delete",
}
_UPLOAD_CALLS = {"POST": "objects.insert", "PUT": "objects.upload", "DELETE": "objects.cancel"}
_COPY_CALLS = {"copyTo": "objects.copy", "rewriteTo": "objects.rewrite"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its kind, as `GET /_control/calls` counts it, and what it is about; texts are decoded.

    `target` is bucket and name of a copy's destination. `email` is the account that signBlob signs for.
    """

    kind: str
    bucket: str = ""
    name: str = ""
    target: tuple[str, str] = ("", "")
    email: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


def route(method: str, target: str) -> Call:
    """The call that a request is; whatever is of no API is an XML-style request, for bucket and object by path.

    Raises ApiError 400 (undecodable, or a parameter that this server would have to ignore), 404 or 501.
    """
    path, _, query_text = target.partition("?")
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    segments = path.split("/")[1:]
    call = _api_call(method, segments, query)
    if call is None:
        bucket, _, name = path[1:].partition("/")
        return Call(f"xml.{method.lower()}", _decoded(bucket), _decoded(name), query=query)
    if unknown := sorted(query.keys() - _PARAMETERS[call.kind] - _ALWAYS):
        raise ApiError.not_supported(f"the parameter {unknown[0]} of {call.kind}")
    return call


def preconditions_of(query: Mapping[str, str]) -> Preconditions:
    """The preconditions on the object itself, or on a copy's destination. Raises ApiError 400."""
    return _preconditions(query, "if")


def source_preconditions_of(query: Mapping[str, str]) -> Preconditions:
    """The preconditions on a copy's source. Raises ApiError 400."""
    return _preconditions(query, "ifSource")


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """A parameter that must be a whole number, None if it is not there. Raises ApiError 400."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ApiError.invalid(f"Invalid value for {name}: {text!r}", name)
    return int(text)


def _api_call(method: str, segments: list[str], query: Mapping[str, str]) -> Call | None:
    match segments:
        case ["storage", "v1", "b"]:
            return Call(_one_of({"GET": "buckets.list", "POST": "buckets.insert"}, method), query=query)
        case ["storage", "v1", "b", bucket]:
            return Call(_one_of({"GET": "buckets.get"}, method), _decoded(bucket), query=query)
        case ["storage", "v1", "b", bucket, "o"]:
            return Call(_one_of({"GET": "objects.list"}, method), _decoded(bucket), query=query)
        case ["storage", "v1", "b", bucket, "o", name]:
            kind = _one_of(_OBJECT_CALLS, method)
            if kind == "objects.get" and query.get("alt") == "media":
                kind = "objects.download"
            return Call(kind, _decoded(bucket), _decoded(name), query=query)
        case ["storage", "v1", "b", bucket, "o", name, "copyTo" | "rewriteTo" as verb, "b", to_bucket, "o", to_name]:
            kind = _one_of({"POST": _COPY_CALLS[verb]}, method)
            to = (_decoded(to_bucket), _decoded(to_name))
            return Call(kind, _decoded(bucket), _decoded(name), target=to, query=query)
        case ["download", "storage", "v1", "b", bucket, "o", name]:
            return Call(_one_of({"GET": "objects.download"}, method), _decoded(bucket), _decoded(name), query=query)
        case ["upload", "storage", "v1", "b", bucket, "o"]:
            return Call(_one_of(_UPLOAD_CALLS, method), _decoded(bucket), query=query)
        case ["v1", "projects", "-", "serviceAccounts", account] if account.endswith(":signBlob"):
            email = _decoded(account.removesuffix(":signBlob"))
            return Call(_one_of({"POST": "signBlob"}, method), email=email, query=query)
        case ["storage" | "download" | "upload" | "batch", *_] | ["v1", *_]:
            raise ApiError(404, "notFound", "Not Found")
        case _:
            return None


def _one_of(kinds: Mapping[str, str], method: str) -> str:
    if method not in kinds:
        raise ApiError.not_supported(f"{method} here")
    return kinds[method]


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise ApiError.invalid("The path is not UTF-8.") from error


def _preconditions(query: Mapping[str, str], prefix: str) -> Preconditions:
    return Preconditions(
        generation_match=whole_number(query, f"{prefix}GenerationMatch"),
        generation_not_match=whole_number(query, f"{prefix}GenerationNotMatch"),
        metageneration_match=whole_number(query, f"{prefix}MetagenerationMatch"),
        metageneration_not_match=whole_number(query, f"{prefix}MetagenerationNotMatch"),
    )

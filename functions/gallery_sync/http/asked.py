"""A request as it came: raw path, query, headers, and a body that is read within its bound. Knows the server's ways."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, overload
from urllib.parse import urlsplit

from flask import Flask, Request, Response
from flask import request as current_request
from flask.typing import ResponseReturnValue

from gallery_sync.http.answers import JSON, Answer, Flaw, Rejected
from gallery_sync.http.body import Body, TooLarge, Unreadable, read, read_piece

MAX_BODY: Final = 1_000_000
"""Bytes. A thousand images with URLs of ordinary length have 300 kB."""

_SANE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACE: Final = re.compile(r"[0-9a-f]{32}")
_BROKEN: Final = Flaw("broken-body", "the body is not what its headers say, or ended too early")


class Headers(Protocol):
    """A request's headers, found in any case."""

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `path` and `query` are percent-encoded as they were sent."""

    method: str
    path: str
    query: str
    headers: Headers
    body: Body
    length: int | None = None

    def raw(self) -> bytes:
        """Read the body. Rejected: 413 if it is larger than 1 MB, whatever its length was said to be; 400 if it is broken."""
        try:
            return read(self.body, self.length, MAX_BODY)
        except TooLarge:
            raise Rejected(413, Flaw("body-too-large", f"the body is larger than {MAX_BODY} bytes")) from None
        except Unreadable:
            raise Rejected(400, _BROKEN) from None

    def json(self) -> bytes:
        """Read the body of a request that must say that it sends JSON. Rejected (415, 413, 400)."""
        self.check_json()
        return self.raw()

    def check_json(self) -> None:
        """Refuse a body that is said to be something else than JSON. Rejected (415)."""
        kind, _, parameters = self.headers.get("Content-Type", "").partition(";")
        charset = parameters.strip().lower().replace('"', "")
        if kind.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
            raise Rejected(415, Flaw("not-json", f"send the body as {JSON} in UTF-8, and say so in Content-Type"))
        if self.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
            raise Rejected(415, Flaw("packed", "send the body as it is, without a Content-Encoding"))

    def nothing(self) -> None:
        """Make sure that there is no body. Rejected (400)."""
        try:
            more = read_piece(self.body, 1)
        except Unreadable:
            raise Rejected(400, _BROKEN) from None
        if more:
            raise Rejected(400, Flaw("unexpected-body", "this call takes no body"))


def request_id(headers: Headers) -> str:
    """Give the id by which this request is known: the caller's own if it is sane, else the platform's trace, else a new one."""
    own = headers.get("X-Request-Id", "")
    if _SANE.fullmatch(own):
        return own
    trace = headers.get("X-Cloud-Trace-Context", "").partition("/")[0]
    return trace if _TRACE.fullmatch(trace) else uuid.uuid4().hex


def to_flask(given: Answer, request: str, *, kept: bool = False) -> Response:
    """Give an answer to the platform's server, with the request's id. `kept`: anybody may keep a copy of it."""
    headers = {"X-Request-Id": request, "X-Content-Type-Options": "nosniff", **given.headers}
    return Response(given.body, given.status, headers if kept else {"Cache-Control": "no-store", **headers})


def take_every_path(app: Flask, function: Callable[[Request], ResponseReturnValue]) -> None:
    """Let the server hand every path to the function as it is.

    By itself it redirects a code with `//` in it to another product's path, and answers some paths with pages of its own.
    """
    app.url_map.merge_slashes = False
    app.register_error_handler(404, lambda _: function(current_request))


def from_flask(request: Request) -> Asked:
    """Take a request from the platform's server.

    Its decoded path cannot tell a `/` inside a product's code from one between segments, so the raw one counts. The
    server gives it as RAW_URI, some clients send it with scheme and host in front (RFC 9112, 3.2.2).
    """
    target = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
        except ValueError:
            raise Rejected(400, Flaw("bad-path", "the address is malformed")) from None
        target = parts._replace(scheme="", netloc="").geturl() or "/"
    path, _, query = target.partition("#")[0].partition("?")
    return Asked(request.method, path, query, request.headers, request.stream, request.content_length)

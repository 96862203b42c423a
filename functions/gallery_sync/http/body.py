"""A request's body, read within its bound. Anybody may send one: none fills the memory, and none fells a function.

What a server's stream raises over a body is never this project's error but the caller's: chunks that are none, a length
that nobody keeps to, a connection that ends in between. Unhandled it would be a 500, and a line in the log that calls a
person to look.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Final, Protocol

from flask import Flask, Response, after_this_request, has_request_context, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

PIECE: Final = 64 * 1024
MOST_DRAINED: Final = 64 * 1024 * 1024
"""Bytes of an unwanted body that are read and dropped. The platform itself takes 32 MB at most."""
DRAIN_SECONDS: Final = 2.0
"""How long an unwanted body is read: whoever sends it a byte now and then would hold a thread for as long as that goes on."""
READ_SECONDS: Final = 10.0
"""How long a wanted one is, also of a stranger: whether a body is signed is known once it has been read."""

_STUMBLES: Final = (
    OSError,  # the connection broke, or ended before the last chunk
    ParseException,  # gunicorn's own: the chunks are malformed
    HTTPException,  # werkzeug's own: fewer bytes came than Content-Length said
)


class Body(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """Give up to so many bytes; none at the end."""
        ...


class TooLarge(Exception):
    """The body is larger than was allowed."""


class Unreadable(Exception):
    """The body is not what its headers say, or ended too early."""


def read(body: Body, length: int | None, most: int) -> bytes:
    """Read a body of at most so many bytes. Raises TooLarge, whatever its length was said to be, and Unreadable."""
    if length is not None and length > most:
        raise TooLarge
    pieces, size = [], 0
    with _within(READ_SECONDS):
        while piece := read_piece(body, min(PIECE, most + 1 - size)):
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise TooLarge
    return b"".join(pieces)


def read_piece(body: Body, size: int) -> bytes:
    """Read up to so many bytes; none at the end. Raises Unreadable."""
    try:
        return body.read(size)
    except _STUMBLES:
        raise Unreadable from None


def never_hold(app: Flask) -> None:
    """Let no answer wait for a body that is held in memory, whatever path was asked for and whoever answers.

    The framework reads what is left of every body as one piece, so that connections do not break before the answer has
    been read (`functions_framework.read_request`), without a bound, and stumbles over a broken one. Here it is dropped
    piece by piece before that, and the framework finds nothing left.
    """

    def spare(response: Response) -> Response:
        # Most calls have no body: a clock is a thread.
        if request.content_length or "chunked" in request.headers.get("Transfer-Encoding", ""):
            drain(request.stream)
        request.stream = BytesIO()
        return response

    @app.before_request
    def _() -> None:
        # What belongs to one request runs before what the framework has put behind all of them.
        after_this_request(spare)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """End the reading from the connection after so many seconds: what is read is at its end then, and the answer goes out.

    Where there is nothing more to read, the server closes the connection behind the answer. A timeout of the socket's own
    would count from byte to byte.
    """
    connection = request.environ.get("gunicorn.socket") if has_request_context() else None
    if connection is None:
        yield
        return
    timer = threading.Timer(seconds, _end_reading, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_reading(connection: socket.socket) -> None:
    with suppress(OSError):  # The caller has gone, and nobody is kept waiting.
        connection.shutdown(socket.SHUT_RD)


def drain(body: Body) -> None:
    """Read and drop what is left: else the connection breaks before the answer has been read."""
    left = MOST_DRAINED
    try:
        with _within(DRAIN_SECONDS):
            while left > 0 and (piece := read_piece(body, PIECE)):
                left -= len(piece)
    except Unreadable:
        # There is nobody, or nothing sensible, to read from: the answer goes out all the same.
        return

"""Requests as an attacker writes them: bytes on a socket, that no library corrects."""

import contextlib
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 20.0
STRANGER = "127.0.0.2"
"""Where these calls come from. The server takes forwarding headers of 127.0.0.1 for a proxy's; on the platform nobody
who calls has that address, so nobody here has it either."""

Headers = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back. `status` is None where the connection ended without an answer."""

    status: int | None
    headers: bytes = b""
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def dial(url: str, timeout: float = TIMEOUT) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname
    return socket.create_connection((parts.hostname, parts.port or 80), timeout, source_address=(STRANGER, 0))


def head(method: str, target: str | bytes, headers: Headers = (), version: str = "HTTP/1.1") -> bytes:
    """A request's line and headers; `Connection: close`, so that the answer ends with the connection."""
    first = b" ".join((method.encode(), _bytes(target), version.encode())) + b"\r\n"
    return first + lines([("Host", "functions.test"), *headers, ("Connection", "close")]) + b"\r\n"


def lines(headers: Headers) -> bytes:
    """Headers as they are sent."""
    return b"".join(_bytes(name) + b": " + _bytes(value) + b"\r\n" for name, value in headers)


def said(method: str, target: str | bytes, headers: Headers = (), body: bytes = b"") -> bytes:
    """A whole request, with its length said as it should be."""
    return head(method, target, [*headers, ("Content-Length", str(len(body)))]) + body


def exchange(url: str, sent: bytes | Iterable[bytes], *, end: bool = False, timeout: float = TIMEOUT) -> Answer:
    """Send, and read what comes back. `end`: say that nothing more will come, as a client that gives up does."""
    with dial(url, timeout) as connection:
        # The other side may have answered, and closed, before it has read everything.
        with contextlib.suppress(OSError):
            for piece in (sent,) if isinstance(sent, bytes) else sent:
                connection.sendall(piece)
            if end:
                connection.shutdown(socket.SHUT_WR)
        return answered(connection)


def answered(connection: socket.socket) -> Answer:
    """Read an answer to its end."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            received += piece
    if not received:
        return Answer(None)
    top, _, body = bytes(received).partition(b"\r\n\r\n")
    if top.startswith(b"HTTP/1.1 100 "):
        top, _, body = body.partition(b"\r\n\r\n")
    return Answer(int(top.split(b" ", 2)[1]), top, body)


def chunk(piece: bytes) -> bytes:
    """A piece of a body that is sent in chunks; an empty one ends it."""
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")

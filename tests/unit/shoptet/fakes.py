"""What the client's tests hand in: virtual time, a scripted transport, a shared token in memory, a raw server."""

import contextlib
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import requests
import urllib3
from hypothesis import HealthCheck, settings
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from gallery_sync.ports.token import Token

BASE = "https://api.example"
NOW = 1_719_835_200.0
"""Mon, 01 Jul 2024 12:00:00 GMT."""

REQUEST_ID = "019c8c34-64f3-7328-af43-bf1e34fa39d7"


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For properties: a slow machine is no failure."""


class VirtualClock:
    """Time passes only by sleeping."""

    def __init__(self, now: float = NOW) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.slept.append(seconds)
            self.time += seconds


class FastClock:
    """Real time, so many times faster."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._start = time.monotonic()

    def now(self) -> float:
        return NOW + (time.monotonic() - self._start) * self._speed

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0) / self._speed)


Answering = Callable[[requests.PreparedRequest], requests.Response]


def answer(status: int, body: bytes | str, headers: Mapping[str, str] | None = None) -> requests.Response:
    raw = urllib3.HTTPResponse(
        io.BytesIO(body.encode() if isinstance(body, str) else body), status=status, preload_content=False
    )
    response = requests.Response()
    response.status_code, response.raw = status, raw
    response.headers = CaseInsensitiveDict(headers or {})
    return response


def shoptets(
    status: int, data: object = None, errors: Sequence[object] | None = None, **headers: str
) -> requests.Response:
    """An answer in Shoptet's envelope. Header names are written with underscores."""
    body = {"data": data, "errors": errors, "metadata": {"requestId": REQUEST_ID}}
    return answer(status, json.dumps(body), {name.replace("_", "-"): value for name, value in headers.items()})


def error(code: str, message: str = "Example error message", instance: str = "") -> dict[str, str]:
    return {"errorCode": code, "message": message, "instance": instance}


class Script(BaseAdapter):
    """A transport that answers with its steps in turn; an exception is raised, a callable asked."""

    def __init__(self, *steps: requests.Response | BaseException | Answering) -> None:
        super().__init__()
        self.steps = list(steps)
        self.requests: list[requests.PreparedRequest] = []
        self.options: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.requests.append(request)
        self.options.append(options)
        if not self.steps:
            raise AssertionError(f"one request more than expected: {request.method} {request.url}")
        step = self.steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, requests.Response) else step(request)

    def close(self) -> None:
        pass

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body or b"null") for request in self.requests]

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {(request.url or '').removeprefix(BASE)}" for request in self.requests]


class MemoryToken:
    """A shared token whose write compares and swaps, as an object with a generation precondition does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.stored: tuple[Token, int] | None = None
        self.writes = 0

    def read(self) -> tuple[Token, int] | None:
        with self._lock:
            return self.stored

    def write(self, token: Token, version: int) -> bool:
        with self._lock:
            if version != (self.stored[1] if self.stored else 0):
                return False
            self.writes += 1
            self.stored = (token, self.writes)
            return True


def refused_connection() -> requests.ConnectionError:
    """As requests raises it: the connection was never made."""
    pool = urllib3.connection.HTTPConnection("api.example")
    reason = urllib3.exceptions.NewConnectionError(pool, "Connection refused: https://api.example/?secret=1")
    return requests.ConnectionError(
        urllib3.exceptions.MaxRetryError(None, "/?secret=1", reason)  # type: ignore[arg-type]
    )


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that talks raw bytes with each connection after its request's head was read; yields the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                connection.recv(65536)
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()

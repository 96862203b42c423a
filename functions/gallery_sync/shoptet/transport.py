"""One request, one answer, within bounds, and a plain word on what became of it when there is none.

Everything that this package sends goes through `exchange`: no redirect is followed, no cookie kept, no proxy or
`.netrc` taken from the environment, no repetition made.
"""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests
import urllib3.exceptions  # requests' own transport: only its exceptions tell a refused connection from a broken one

from gallery_sync.clock import Clock

__all__ = ["Broken", "NotSent", "RawAnswer", "Timeouts", "exchange", "stream"]

MAX_BODY = 10 * 1024 * 1024
"""Bytes, unpacked. A page of 500 jobs has about 150 kB."""

_PIECE = 64 * 1024


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two pieces of the answer, and until the whole body has been read."""

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0


@dataclass(frozen=True)
class RawAnswer:
    """What came back: status, headers (their names in any case) and the body, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class NotSent(Exception):
    """Nothing reached the other side. The message says why, without addresses or tokens."""


class Broken(Exception):
    """The request may have arrived, but its answer did not, or not whole. `headers` is what was seen of it."""

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers: Mapping[str, str] = headers or {}


def exchange(
    session: requests.Session,
    clock: Clock,
    timeouts: Timeouts,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    params: Mapping[str, str] | None = None,
) -> RawAnswer:
    """Send one request and read its answer.

    The session's adapter is used directly, since `Session.send` reads a redirect's body without a bound and adds
    cookies and `.netrc` logins. Every connection is closed after its answer: an instance that was frozen between two
    calls would otherwise write into a connection that died meanwhile, and such a write's answer is lost.

    Raises NotSent where nothing was sent, Broken where that is not certain.
    """
    started = clock.now()
    response = _sent(session, timeouts, method, url, headers, body, params)
    try:
        return RawAnswer(response.status_code, response.headers, _read(response, clock, started + timeouts.total))
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Broken(_why(error, timeouts), response.headers) from None
    finally:
        response.close()


def stream(session: requests.Session, clock: Clock, timeouts: Timeouts, url: str) -> Iterator[bytes]:
    """Send a GET, and give its answer's body in pieces as they arrive: of any size, and only where the status is 200.

    Raises as `exchange` does; what was given before that is not the whole body.
    """
    started = clock.now()
    response = _sent(session, timeouts, "GET", url, {}, None, None)
    try:
        if response.status_code != 200:
            raise Broken(f"the answer was {response.status_code}", response.headers)
        yield from _pieces(response, clock, started + timeouts.total)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Broken(_why(error, timeouts), response.headers) from None
    finally:
        response.close()


def _sent(
    session: requests.Session,
    timeouts: Timeouts,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    params: Mapping[str, str] | None,
) -> requests.Response:
    """Send a request, and give the answer whose body has not been read."""
    try:
        # Accept-Encoding: an answer that was not packed cannot unpack into something huge.
        fixed = {"Accept-Encoding": "identity", "Connection": "close"}
        prepared = requests.Request(
            method, url, headers={**headers, **fixed}, data=body, params=dict(params or {})
        ).prepare()
        adapter = session.get_adapter(prepared.url or url)
    except (requests.RequestException, ValueError) as error:
        raise NotSent(f"the request could not be made ({type(error).__name__})") from None
    verify = True if session.verify is None else session.verify
    try:
        return adapter.send(prepared, stream=True, timeout=(timeouts.connect, timeouts.read), verify=verify, proxies={})
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        why = _why(error, timeouts)
        if _before_sending(error):
            raise NotSent(why) from None
        raise Broken(why) from None


def _read(response: requests.Response, clock: Clock, until: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in _pieces(response, clock, until):
        size += len(piece)
        if size > MAX_BODY:
            raise Broken(f"the answer is larger than {MAX_BODY // 1024 // 1024} MB", response.headers)
        pieces.append(piece)
    return b"".join(pieces)


def _pieces(response: requests.Response, clock: Clock, until: float) -> Iterator[bytes]:
    # read1 returns whatever has arrived; a plain read would wait until a dripping answer has filled the whole piece.
    while piece := response.raw.read1(_PIECE, decode_content=True):
        if clock.now() > until:
            raise Broken("the answer did not end in time", response.headers)
        yield piece


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies in and behind it; urllib3 keeps the cause in `reason`, requests in its arguments."""
    found: list[BaseException] = [error]
    for each in found:
        yield each
        inner = (*each.args, getattr(each, "reason", None), each.__cause__)
        found += [cause for cause in inner if isinstance(cause, BaseException) and cause not in found]


def _before_sending(error: BaseException) -> bool:
    never_sent = (
        requests.ConnectTimeout,
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        ssl.SSLCertVerificationError,
    )
    return any(isinstance(each, never_sent) for each in _causes(error))


def _why(error: BaseException, timeouts: Timeouts) -> str:
    """The error in our own words: the library's own hold the whole URL, with its query."""
    kinds = tuple(_causes(error))

    def is_a(*types: type[BaseException]) -> bool:
        return any(isinstance(each, types) for each in kinds)

    if is_a(ssl.SSLCertVerificationError):
        return "the certificate is not valid"
    if is_a(urllib3.exceptions.NameResolutionError):
        return "the host's name could not be resolved"
    if is_a(urllib3.exceptions.NewConnectionError):
        return "the connection was refused"
    if is_a(requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {timeouts.connect:g} s"
    if is_a(requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        return f"no answer within {timeouts.read:g} s"
    if is_a(urllib3.exceptions.IncompleteRead):
        return "the answer was cut off"
    return f"the connection broke ({type(kinds[-1]).__name__})"

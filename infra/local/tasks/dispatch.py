"""The HTTP request to a task's target: what it carries, and what its answer means.

Source: Cloud Tasks, "Create HTTP target tasks" (the handler's headers) and reference, `HttpRequest`, `OidcToken`.
"""

import asyncio
import base64
import email.utils
import time
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import grpc
import msgspec
from google.cloud import tasks_v2

from . import names

TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the HTTP status (None: no answer), its gRPC code, and a reason where it failed."""

    status: int | None
    code: grpc.StatusCode
    reason: str
    retry_after: float = 0.0
    """Seconds that the answer's `Retry-After` asks for; 0 without one."""

    @property
    def success(self) -> bool:
        """Whether the task is done."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Send:
    """One request to make; `timeout` in seconds."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    timeout: float


class Sender(Protocol):
    """Makes the request; never raises for what the worker or the network does."""

    async def __call__(self, it: Send, /) -> Outcome:
        """The outcome, after `it.timeout` seconds at the latest."""
        ...


def headers(task: tasks_v2.Task, eta: float, retries: int, executions: int, previous: Outcome | None) -> dict[str, str]:
    """The headers of the next attempt: the caller's own, and those that Cloud Tasks sets, which win.

    `eta` in epoch seconds; `retries` counts all earlier attempts, `executions` only those that were answered, and not
    with a 5xx.
    """
    request = task.http_request
    sent = {key: value for key, value in request.headers.items() if not _reserved(key)}
    if request.http_method in (
        tasks_v2.HttpMethod.POST,
        tasks_v2.HttpMethod.PUT,
        tasks_v2.HttpMethod.PATCH,
    ) and not any(key.lower() == "content-type" for key in sent):
        sent["Content-Type"] = "application/octet-stream"
    queue = names.short(names.queue_of_task(task.name))
    sent |= {
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": queue,
        "X-CloudTasks-TaskName": names.short(task.name),
        "X-CloudTasks-TaskRetryCount": str(retries),
        "X-CloudTasks-TaskExecutionCount": str(executions),
        "X-CloudTasks-TaskETA": f"{eta:.6f}",
    }
    if previous is not None:
        sent["X-CloudTasks-TaskRetryReason"] = previous.reason
        if previous.status is not None:
            sent["X-CloudTasks-TaskPreviousResponse"] = str(previous.status)
    if "oidc_token" in request:
        token = request.oidc_token
        sent["Authorization"] = f"Bearer {_identity(token.service_account_email, token.audience or request.url)}"
    return sent


def sender(session: aiohttp.ClientSession) -> Sender:
    """The real thing. Redirects are not followed (Google says only that they may be): they count as failures."""

    async def send(it: Send) -> Outcome:
        timeout = aiohttp.ClientTimeout(total=it.timeout)
        try:
            async with session.request(
                it.method, it.url, headers=it.headers, data=it.body, timeout=timeout, allow_redirects=False
            ) as answer:
                await answer.read()
                return _outcome(answer.status, answer.headers.get("Retry-After"))
        except TimeoutError:
            return Outcome(None, grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        # ValueError: a URL or header that no request can be made of, which CreateTask did not see.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(None, grpc.StatusCode.UNAVAILABLE, f"UNAVAILABLE: {type(error).__name__}")

    return send


def session() -> aiohttp.ClientSession:
    """A session for `sender`; made in the loop that uses it."""
    # A connection each: a worker that restarts between two tasks must not be met through a stale one.
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(loop=asyncio.get_running_loop())
    )


def _outcome(status: int, retry_after: str | None) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status, grpc.StatusCode.OK, "")
    # The way Google maps HTTP to its own codes: google/rpc/code.proto.
    known = {
        400: grpc.StatusCode.INVALID_ARGUMENT,
        401: grpc.StatusCode.UNAUTHENTICATED,
        403: grpc.StatusCode.PERMISSION_DENIED,
        404: grpc.StatusCode.NOT_FOUND,
        409: grpc.StatusCode.ABORTED,
        429: grpc.StatusCode.RESOURCE_EXHAUSTED,
        500: grpc.StatusCode.INTERNAL,
        503: grpc.StatusCode.UNAVAILABLE,
        504: grpc.StatusCode.DEADLINE_EXCEEDED,
    }
    return Outcome(status, known.get(status, grpc.StatusCode.UNKNOWN), f"HTTP status {status}", _seconds(retry_after))


def _seconds(retry_after: str | None) -> float:
    """`Retry-After` in either of its forms (RFC 9110): seconds or a date. What is neither asks for nothing."""
    if retry_after is None:
        return 0.0
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


def _reserved(header: str) -> bool:
    name = header.lower()
    return name in ("host", "content-length", "user-agent") or name.startswith(
        ("x-google-", "x-appengine-", "x-cloudtasks-")
    )


def _identity(account: str, audience: str) -> str:
    """An identity token that looks like Google's but carries no signature: good for looking at, never for trusting."""
    now = int(time.time())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": audience,
        "email": account,
        "email_verified": True,
        "sub": account,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(
        [base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode() for part in parts] + [""]
    )

"""The ways from Google's clients to storage and Cloud Tasks, without a network where none is needed."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import grpc
import requests
import urllib3
from google.cloud.tasks_v2 import CloudTasksClient, CreateTaskRequest, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from infra.local.storage.server import STORAGE
from infra.local.tasks import TasksServer
from infra.local.tasks.errors import CallError
from tests.faults.table.inside import Served, on


class Shortcut(HTTPAdapter):
    """The session's adapter: while no fault of the storage is ordered, it hands each request to the server in memory.

    So do most of the table's cells, which are about something else. From an order on, until it is lifted, all goes over
    real connections, those without a fault too: one that was reset may be in the way of the next request.
    """

    def __init__(self, server: Served) -> None:
        super().__init__()
        self._server = server

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """See HTTPAdapter."""
        storage = self._server.app[STORAGE]
        if storage.control.ordered:
            return super().send(request, *args, **kwargs)
        url = urlsplit(request.url or "")
        target = f"{url.path}?{url.query}" if url.query else url.path
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else bytes(body)
        # Google's library writes some of its headers as bytes.
        pairs = {_text(name): _text(value) for name, value in request.headers.items()}
        headers = CaseInsensitiveDict({"Host": url.netloc, **pairs})
        answer = self._server.do(lambda: storage.answer(request.method or "", target, headers, sent))
        content = answer.body if isinstance(answer.body, bytes) else b""
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(content),
            headers={**answer.headers, "Content-Length": str(len(content))},
            status=answer.status,
            reason=answer.reason,
            request_method=request.method,
            preload_content=False,
        )
        return self.build_response(request, raw)


def _text(header: str | bytes) -> str:
    return header.decode("latin-1") if isinstance(header, bytes) else header


class _Enqueueing(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpc ships no types
    """The same for Cloud Tasks: while no fault of it is ordered, a task is created in memory.

    What is refused there has changed nothing: it goes over the wire as well, for the real refusal.
    """

    def __init__(self, server: TasksServer) -> None:
        self._server = server

    def intercept_unary_unary(self, continuation: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        """See grpc.UnaryUnaryClientInterceptor."""
        if self._server.faults.ordered or not isinstance(request, CreateTaskRequest):
            return continuation(details, request)
        asked = CreateTaskRequest.deserialize(CreateTaskRequest.serialize(request))
        try:
            return _Answer(on(self._server.loop, lambda: self._server.service.create_task(asked)))
        except CallError:
            return continuation(details, request)


class _Answer:
    """Of a call that has ended well, what the client looks at."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def result(self) -> Task:
        return self._task


def tasks_client(server: TasksServer) -> CloudTasksClient:
    """Give Google's client of Cloud Tasks, with the shorter way."""
    channel = grpc.intercept_channel(grpc.insecure_channel(server.address), _Enqueueing(server))
    return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))

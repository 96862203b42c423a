"""The way from Google's client to the storage, without a network where none is needed."""

import io
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from infra.local.storage.server import STORAGE
from tests.faults.table.inside import Served


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

"""How an answer is sent: as it is, or as a fault has it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from infra.local.sandbox.answers import Error, Json, envelope, new_request_id
from infra.local.sandbox.faults import Fault

HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
SILENT_SECONDS = 60.0
"""How long a `timeout` stays silent, unless its order says otherwise."""


@dataclass(frozen=True)
class Outcome:
    """An answer before it is sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    media_type: str = "application/json"


async def sent(request: web.Request, fault: Fault | None, outcome: Outcome | None) -> web.StreamResponse:
    """Send an answer as the fault has it; `outcome` is None where the fault kept the work from being done."""
    if fault is not None and fault.delay and fault.kind != "timeout":
        await asyncio.sleep(fault.delay)
    match fault.kind if fault else "delay":
        case "reset_before" | "reset_after":
            return _cut(request)
        case "timeout":
            await asyncio.sleep(fault.delay or SILENT_SECONDS if fault else 0)
            return _cut(request)
        case "truncated" if outcome:
            return await _half(request, outcome)
        case "html" if fault:
            html = {**fault.headers, "Server": "nginx"}
            return web.Response(status=fault.status or 502, text=HTML_502, content_type="text/html", headers=html)
        case "cut_json" if outcome:
            return _whole(outcome, outcome.body[: len(outcome.body) // 2])
        case kind if outcome and kind in ALTERATIONS:
            document = ALTERATIONS[kind](cast(Json, json.loads(outcome.body)))
            return _whole(outcome, json.dumps(document).encode())
        case "delay" if outcome:
            return _whole(outcome, outcome.body)
        case _:
            return _ordered_status(fault)


def _whole(outcome: Outcome, body: bytes) -> web.Response:
    return web.Response(
        status=outcome.status, body=body, headers=outcome.headers, content_type=outcome.media_type, charset="utf-8"
    )


def _ordered_status(fault: Fault | None) -> web.Response:
    request_id, status = new_request_id(), (fault and fault.status) or 503
    error = Error("ordered-fault", "The sandbox was told to answer like this.", "")
    headers = {"X-Request-ID": request_id, **(fault.headers if fault else {})}
    return web.json_response(envelope(None, (error,), request_id), status=status, headers=headers)


def _cut(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.Request, outcome: Outcome) -> web.StreamResponse:
    """Announce the whole body, send half of it, and end the connection."""
    response = web.StreamResponse(status=outcome.status, headers=outcome.headers)
    response.content_type, response.content_length = outcome.media_type, len(outcome.body)
    response.force_close()
    await response.prepare(request)
    await response.write(outcome.body[: len(outcome.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _with_numeric_job_id(document: Json) -> Json:
    return {**document, "data": {"jobId": 1_234_567}}


def _without_data_fields(document: Json) -> Json:
    return {**document, "data": {}}


def _without_data(document: Json) -> Json:
    return {**document, "data": None}


def _with_extra_fields(document: Json) -> Json:
    """Every object gets a member that no description knows."""
    return cast(Json, _extended(document))


def _extended(node: object) -> object:
    if isinstance(node, list):
        return [_extended(item) for item in node]
    if isinstance(node, dict):
        return {**{key: _extended(value) for key, value in node.items()}, "addedWithoutNotice": {"since": 2026}}
    return node


ALTERATIONS: dict[str, Callable[[Json], Json]] = {
    "wrong_job_id_type": _with_numeric_job_id,
    "missing_fields": _without_data_fields,
    "null_data": _without_data,
    "extra_fields": _with_extra_fields,
}

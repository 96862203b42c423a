"""schemathesis sends what openapi.yaml allows and what it forbids to the HTTP layer in this process, and finds nothing.

About 1,500 requests; `tests/e2e/http/test_schemathesis.py` sends some to the running functions.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask, Request, Response
from flask.typing import ResponseReturnValue
from werkzeug.serving import WSGIRequestHandler, make_server

from gallery_sync.http import rest, signed
from gallery_sync.http.access import parse_senders
from gallery_sync.http.asked import take_every_path
from infra.local.cloud import WEBHOOK_SECRET
from tests.e2e.http.explored import EVENTS, findings
from tests.integration.http.conftest import KEYS
from tests.integration.http.world import Around

EXAMPLES = 8
ALL = ("examples", "coverage", "fuzzing")


class Silent(WSGIRequestHandler):
    """Writes no line for each request."""

    def log(self, *_args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(seen: Counter[int]) -> Iterator[str]:
    """The three functions as one application of a server in this process, which counts its answers; gives its address."""
    app, around, senders = Flask("test"), Around(), parse_senders([WEBHOOK_SECRET])

    def answer(request: Request) -> ResponseReturnValue:
        if request.path == EVENTS:
            return signed.respond(request, senders, around.world, around.log, around.limit, private=True)
        name = "clean_gallery" if request.method == "DELETE" or request.path == "/v1/cleanups" else "galleries"
        return rest.openapi(request) or rest.respond(
            request, rest.Service(name, KEYS, around.world, around.log, private=True)
        )

    def count(response: Response) -> Response:
        seen[response.status_code] += 1
        return response

    take_every_path(app, answer)
    app.after_request(count)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=lambda: server.serve_forever(0.05), name="server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("tags", "product", "phases", "statuses"),
    [
        pytest.param(("galleries",), "P", ALL, {200, 202, 400, 401, 405, 415}, marks=pytest.mark.long),
        (("operations", "cleaning"), "P", ALL, {200, 202, 400, 401, 404, 405}),
        (("galleries", "operations", "cleaning"), None, ("fuzzing",), {400, 404}),
        (("events",), None, ALL, {202, 400, 401, 405, 415}),
    ],
    ids=["a product", "a product's deletions", "any product", "events"],
)
def test_schemathesis_has_no_finding(
    tags: tuple[str, ...], product: str | None, phases: tuple[str, ...], statuses: set[int]
) -> None:
    seen = Counter[int]()
    with served(seen) as url:
        assert findings(url, "all", tags, phases=phases, examples=EXAMPLES, product=product) == []
    assert statuses <= seen.keys(), seen

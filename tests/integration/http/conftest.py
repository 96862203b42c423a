"""The HTTP layer behind a Flask app, as the platform's server calls it."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gallery_sync.http import rest, signed
from gallery_sync.http.access import parse_keys, parse_senders
from gallery_sync.http.asked import take_every_path
from tests.integration.http.world import Around

RIGHTS = {"all": "read+write+clean", "reader": "read"}
KEYS = parse_keys([f"{name}:{rights}:{sha256(name.encode()).hexdigest()}" for name, rights in RIGHTS.items()])
"""Each caller's key is its name."""
SECRET = "whsec_bG9jYWwtc2VjcmV0LW9mLXNpZ25lZC1ldmVudHM="

Call = Callable[..., Any]
"""Gives werkzeug's TestResponse, whose `json` may be anything."""


@pytest.fixture
def around() -> Around:
    return Around()


@pytest.fixture
def call(around: Around) -> Call:
    """Call a REST route with the key named `key`, at the function that serves it unless `function` says another."""

    def send(method: str, path: str, *, key: str = "all", function: str | None = None, **more: Any) -> TestResponse:
        mine = "clean_gallery" if method == "DELETE" or path == "/v1/cleanups" else "galleries"
        app = Flask("test")
        service = rest.Service(function or mine, KEYS, around.world, around.log)
        take_every_path(app, lambda one: rest.openapi(one) or rest.respond(one, service))
        headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
        return app.test_client().open(path, method=method, headers=headers, **more)

    return send


@pytest.fixture
def event(around: Around) -> Call:
    """Call `webhooks`, with these entries of WEBHOOK_SECRETS."""

    def send(
        method: str = "POST", path: str = "/v1/events", *, secrets: Sequence[str] = (SECRET,), **more: Any
    ) -> TestResponse:
        app = Flask("test")
        take_every_path(
            app, lambda one: signed.respond(one, parse_senders(secrets), around.world, around.log, around.limit)
        )
        return app.test_client().open(path, method=method, **more)

    return send

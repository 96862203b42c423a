"""The sandbox, a server with pictures and a receiver of webhooks, each on a free port for one test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from infra.local.sandbox import make_app
from infra.local.serving import served
from tests.contract.sandbox.support import Api, Files, Receiver, quick

OpenSandbox = Callable[..., Api]


@pytest.fixture
def open_sandbox() -> Iterator[OpenSandbox]:
    """Opens a sandbox whose settings the test names; with a webhook registered, unless it says otherwise."""
    with ExitStack() as stack:

        def opened(*, webhook: bool = True, **changes: object) -> Api:
            config = quick(**changes)
            api = Api(stack.enter_context(served(lambda: make_app(config))))
            stack.enter_context(api.session)
            if webhook:
                api.register()
            return api

        yield opened


@pytest.fixture
def api(open_sandbox: OpenSandbox) -> Api:
    """A sandbox in which nothing takes time."""
    return open_sandbox()


@pytest.fixture
def files() -> Iterator[Files]:
    """A server with files to download."""
    with Files().open() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with Receiver().open() as server:
        yield server

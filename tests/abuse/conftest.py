"""The four public functions, each a process of its own, over a local storage, local queues and a Shoptet sandbox."""

import contextlib
from collections.abc import Iterator

import pytest

from gallery_sync.cloud.tasks import connect
from infra.local.sandbox import make_app
from infra.local.sandbox.config import ProductSeed, SandboxConfig, Token
from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app
from infra.local.tasks import QueueConfig, served_tasks
from tests.abuse.site import CODE, GUID, PUBLIC, SCALE, SECRET, TIMING, Site, api_keys
from tests.integration.functions.conftest import KEYS, TOKEN, Forks, Queues, running


@pytest.fixture(scope="package")
def running_site(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Site]:
    with contextlib.ExitStack() as stack:
        shop = SandboxConfig(products=(ProductSeed(GUID, CODE, CODE),), private_tokens=(Token(TOKEN),))
        configs = [QueueConfig(queue) for queue in Queues.every]
        tasks = stack.enter_context(served_tasks(configs))
        queues = Queues(tasks, stack.enter_context(connect(tasks.address)))
        storage = stack.enter_context(served(lambda: storage_app(["drops", "state"])))
        shop_url = stack.enter_context(served(lambda: make_app(shop)))
        settings = {
            "DROP_BUCKET": "drops",
            "STATE_BUCKET": "state",
            "SYNC_QUEUE": Queues.sync,
            "POLL_QUEUE": Queues.poll,
            "FETCH_QUEUE": Queues.fetch,
            "FETCH_URL": "http://127.0.0.1:1/fetch",
            "PREPARE_QUEUE": Queues.prepare,
            "PREPARE_URL": "http://127.0.0.1:1/prepare",
            "PLACE_QUEUE": Queues.place,
            "PLACE_URL": "http://127.0.0.1:1/place",
            "SYNC_URL": "http://127.0.0.1:1/sync",
            "POLL_URL": "http://127.0.0.1:1/poll",
            "SHOPTET_API_URL": shop_url,
            "SHOPTET_PRIVATE_API_TOKEN": TOKEN,
            "SHOPTET_WEBHOOK_KEYS": ",".join(KEYS),
            "API_KEYS": api_keys(),
            "WEBHOOK_SECRETS": SECRET,
            "TIME_SCALE": str(SCALE),
            "SYNC_WINDOW_SECONDS": str(TIMING.window),
            "CLOUD_TASKS_EMULATOR_HOST": tasks.address,
            "STORAGE_EMULATOR_HOST": storage,
        }
        logs = tmp_path_factory.mktemp("logs")
        functions = {name: stack.enter_context(running(name, settings, logs, forks)) for name in PUBLIC}
        site = Site(functions, queues, local_client(storage), shop_url)
        for name in PUBLIC:
            # Connected, and the code's document written: what follows has nothing left to begin.
            site.works(name)
        yield site


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    """The site; whatever a test did to it, no function may have stumbled, and each still does its work."""
    logged = running_site.logged()
    yield running_site
    written = running_site.written_since(logged)
    assert "Traceback" not in written
    assert "Exception" not in written
    for name, function in running_site.functions.items():
        running_site.works(name)
        function.lines(logged[name])  # each is one JSON line
    running_site.queues.empty()


@pytest.fixture
def unchanged(site: Site) -> Iterator[Site]:
    """The site, of which nothing may have changed by the end of the test."""
    before = site.held()
    yield site
    assert site.held() == before

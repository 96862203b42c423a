"""The servers once, and for each test a shop without webhooks, other people's or ours."""

from collections.abc import Iterator

import pytest
import requests

from infra.local import runtime
from infra.local.nursery import Nursery
from infra.local.processes import MODULE, ROOT, Processes, free_port
from infra.local.sandbox.app import make_app
from infra.local.sandbox.config import DEFAULT_PRODUCTS, SandboxConfig, Token
from infra.local.serving import served
from infra.local.storage.server import storage_app
from infra.local.tasks import QueueConfig, served_tasks

from .support import (
    DROP_BUCKET,
    KEY,
    OAUTH,
    QUEUES,
    READ_ONLY,
    STATE_BUCKET,
    TOKEN,
    Deployment,
    Servers,
    environ_of,
)

SHOP = SandboxConfig(
    products=DEFAULT_PRODUCTS,
    private_tokens=(Token(TOKEN), Token(READ_ONLY, ("*.list", "jobs.*", "product.by_code", "product.detail"))),
    oauth_tokens=(Token(OAUTH),),
)


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None) -> Iterator[tuple[str, str, str]]:
    """Storage, tasks, and `job_finished` as the platform starts it: what no test of the commands changes."""
    queues = (QueueConfig(f"{QUEUES}/sync", max_concurrent=2), QueueConfig(f"{QUEUES}/poll", max_concurrent=1))
    buckets = (STATE_BUCKET, DROP_BUCKET)
    with served(lambda: storage_app(buckets)) as storage, served_tasks(queues) as tasks:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            **runtime.environment("job_finished", port),
            "SHOPTET_WEBHOOK_KEYS": KEY,
            "POLL_QUEUE": f"{QUEUES}/poll",
            "POLL_URL": "http://127.0.0.1:9",
            "CLOUD_TASKS_EMULATOR_HOST": tasks.address,
        }
        with Processes(tmp_path_factory.mktemp("logs"), forks) as processes:
            processes.start("job_finished", [*MODULE, "functions_framework"], environment, ROOT / "functions")
            processes.wait_for("job_finished", f"{url}/robots.txt")
            yield storage, tasks.address, url


@pytest.fixture
def servers(around: tuple[str, str, str]) -> Iterator[Servers]:
    storage, tasks, job_finished = around
    with served(lambda: make_app(SHOP)) as sandbox:
        yield Servers(sandbox, storage, tasks, job_finished)
    requests.delete(f"{storage}/_control/faults", timeout=10).raise_for_status()


@pytest.fixture
def deployment(servers: Servers) -> Deployment:
    return Deployment(servers, environ_of(servers))


@pytest.fixture
def ready(deployment: Deployment) -> Deployment:
    """A deployment that is as it should be."""
    assert deployment.run("webhook", "register").exit_code == 0
    deployment.secrets.versions["SHOPTET_WEBHOOK_KEYS"] = [KEY]
    return deployment

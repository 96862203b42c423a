"""One local cloud that most of these tests share, each with a product of its own."""

from collections.abc import Iterator

import pytest

from infra.local.cloud import LocalCloud, Plan, local_cloud
from infra.local.nursery import Nursery
from infra.local.sandbox.config import SandboxConfig
from tests.e2e.support import Product, Sandbox, wait_quiet


@pytest.fixture(scope="session")
def running_cloud(tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None) -> Iterator[LocalCloud]:
    """A local cloud with pauses 0.03 times as long, and where a file is given up after the second try."""
    plan = Plan(sandbox=SandboxConfig(), time_scale=0.03, window=0.25, settings={"MAX_ATTEMPTS": "2"}, sweep=False)
    with local_cloud(plan, tmp_path_factory.mktemp("logs"), forks) as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: LocalCloud) -> Iterator[LocalCloud]:
    """The shared cloud, quiet at the start and with nothing of another test's orders."""
    sandbox = Sandbox(running_cloud.sandbox)
    usual = sandbox.settings()
    wait_quiet(running_cloud)
    sandbox.forget_calls()
    yield running_cloud
    sandbox.forget_faults()
    sandbox.set(**usual)


@pytest.fixture
def sandbox(cloud: LocalCloud) -> Sandbox:
    return Sandbox(cloud.sandbox)


@pytest.fixture
def product(sandbox: Sandbox) -> Product:
    """A product that no other test uses."""
    return sandbox.add_product()

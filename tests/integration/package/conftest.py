"""The archive of this tree, installed once, and the local cloud whose functions all come from it."""

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.cloud import LocalCloud, Plan, local_cloud
from infra.local.nursery import Nursery
from infra.local.sample import pictures
from infra.local.shops import shop_for
from infra.package.__main__ import FUNCTIONS, ROOT
from infra.package.archive import write
from infra.package.installed import Installed, install

KEPT = ROOT / "build" / "tested"
WEBHOOK_KEY = "the-key-of-these-tests"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(FUNCTIONS, tmp_path_factory.mktemp("archive") / "gallery-sync.zip").path


@pytest.fixture(scope="session")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Fails where a requirement cannot be had: an archive that nobody could install proves nothing.

    The environment is kept for the next time, and one for all of pytest's workers; the source is this session's own.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = install(archive, KEPT)
        source = tmp_path_factory.mktemp("installed") / "source"
        shutil.copytree(built.source, source)
    return Installed(source, built.python)


@pytest.fixture(scope="session")
def cloud(
    installed: Installed, tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None
) -> Iterator[LocalCloud]:
    plan = Plan(
        sandbox=shop_for(pictures()),
        sweep=False,
        settings={"SHOPTET_WEBHOOK_KEYS": WEBHOOK_KEY, "VERIFY": "on"},
        source=installed.source,
        python=str(installed.python),
    )
    with local_cloud(plan, tmp_path_factory.mktemp("logs"), forks) as cloud:
        yield cloud

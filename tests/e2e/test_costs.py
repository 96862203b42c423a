"""What a gallery's trip costs Shoptet, counted in the sandbox, at half the usual pauses."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
import requests

from gallery_sync.cloud.tasks import connect
from gallery_sync.core.schedule import Timing
from infra.local.cloud import QUEUES, LocalCloud, Plan, local_cloud
from infra.local.nursery import Nursery
from infra.local.sample import Picture
from infra.local.sandbox.config import SandboxConfig
from tests.e2e.support import (
    Product,
    Sandbox,
    digests,
    digests_shown,
    drop,
    pictures,
    reconciles,
    wait_live,
    wait_quiet,
)

TIMING = Timing().scaled(0.5)
WINDOW = 1.0


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None) -> Iterator[LocalCloud]:
    plan = Plan(sandbox=SandboxConfig(), time_scale=0.5, window=WINDOW, sweep=False)
    with local_cloud(plan, tmp_path_factory.mktemp("logs"), forks) as cloud:
        # Each job's webhook asks for a list. Storage's limit of writes, which spreads the jobs over four times as long, would
        # hide here how many lists they share.
        answer = requests.post(f"{cloud.addresses['storage']}/_control/settings", json={"write_interval": 0}, timeout=5)
        assert answer.ok, answer.text
        yield cloud


@pytest.fixture
def sandbox(cloud: LocalCloud) -> Sandbox:
    return Sandbox(cloud.sandbox)


def test_300_files_at_once_cost_one_gallery_three_insertions(cloud: LocalCloud, sandbox: Sandbox) -> None:
    product = sandbox.add_product()
    files = pictures(f"{product.guid}/shop", 300)
    took = drop_at_once(cloud, sandbox, files)

    assert len(reconciles(cloud, prefix=product.guid)) <= took / WINDOW + 2
    assert sandbox.calls()["images.insert"] == 3
    assert sandbox.calls()["jobs.detail"] == 3
    # What is seen after one flight is what the next starts from. Two looks run at a time: one of a second window, or when all was
    # prepared, may have raced with the first.
    assert sandbox.calls()["product.detail"] in (4, 5, 6)
    assert digests_shown(cloud, product.guid) == digests(files)
    assert_within_limits(sandbox)


def test_300_files_over_30_galleries_cost_each_one_insertion_two_questions_for_the_product_one_detail_and_one_code(
    cloud: LocalCloud, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    products = [sandbox.add_product() for _ in range(30)]
    # Two of three are dropped by code.
    galleries = [(p, f"{p.code if n % 3 else p.guid}/shop") for n, p in enumerate(products)]
    files = {product: pictures(folder, 10, f"{product.code[-4:]}.") for product, folder in galleries}
    began = time.monotonic()
    # From gallery to gallery, as systems do that know nothing of galleries: the looks of a second window cost nothing.
    drop_at_once(cloud, sandbox, [file for round_ in zip(*files.values(), strict=True) for file in round_])
    lists = sandbox.calls()["jobs.list"]
    record_property("jobs.list", lists)

    calls = Counter(sandbox.calls())
    assert calls["images.insert"] == 30
    # As above: of a gallery whose files came in two windows, the second look may have raced with the first, and asked as well.
    assert calls["product.detail"] in (60, 61, 62)
    assert calls["jobs.detail"] == 30
    assert calls["product.by_code"] == 20
    assert calls["images.source"] == calls["images.update"] == calls["images.delete"] == 0
    # One list serves all jobs: at most one for each window of polls, however many jobs and webhooks there are.
    assert lists <= (time.monotonic() - began) / TIMING.poll_window + 1
    assert lists < len(products), "each job has lists of its own"
    assert shown(cloud, products) == [digests(group) for group in files.values()]
    assert_within_limits(sandbox)


def drop_at_once(cloud: LocalCloud, sandbox: Sandbox, files: Sequence[Picture]) -> float:
    """Drop files so that all are there before the first is looked at; gives the seconds that the upload took.

    On a slow machine the upload takes longer than a window, and then more than one run would be right.
    """
    queue, tasks = f"{QUEUES}/sync", connect(cloud.addresses["tasks"])
    sandbox.forget_calls()
    tasks.pause_queue(name=queue)
    began = time.monotonic()
    drop(cloud, files)
    took = time.monotonic() - began
    tasks.resume_queue(name=queue)
    wait_live(cloud, files)
    wait_quiet(cloud)
    return took


def shown(cloud: LocalCloud, products: Sequence[Product]) -> list[list[str]]:
    return [digests_shown(cloud, product.guid) for product in products]


def assert_within_limits(sandbox: Sandbox) -> None:
    """The queues alone keep to 3 connections and below the bucket: not one call was refused."""
    counts = sandbox.counts()
    assert counts["max_connections"] <= 3
    assert counts["status_429"] == counts["status_423"] == 0
    assert set(counts["details_before_end"].values()) == {0}

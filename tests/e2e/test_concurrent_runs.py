"""Ten runs for one gallery at the same time: one of them flies."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import requests

from gallery_sync.cloud.tasks import connect
from gallery_sync.ports.queue import Reconcile
from infra.local.cloud import DROP_BUCKET, QUEUES, STATE_BUCKET, TOKEN, LocalCloud
from infra.local.processes import ROOT
from tests.e2e.support import (
    Product,
    Sandbox,
    digests,
    digests_shown,
    drop,
    ledger,
    pictures,
    wait,
    wait_live,
    wait_quiet,
)
from tests.e2e.ten_runs import RUNS


@pytest.fixture
def nobody_else(cloud: LocalCloud, sandbox: Sandbox) -> Iterator[None]:
    """Hold back all tasks, and let so many connections in, that all runs see the gallery before the first one flies."""
    tasks = connect(cloud.addresses["tasks"])
    sandbox.set(connections_per_token=RUNS, read_seconds=(0.5, 0.5))
    for queue in ("sync", "poll"):
        tasks.pause_queue(name=f"{QUEUES}/{queue}")
    yield
    for queue in ("sync", "poll"):
        tasks.resume_queue(name=f"{QUEUES}/{queue}")


@pytest.mark.usefixtures("nobody_else")
def test_ten_threads_insert_nothing_twice(cloud: LocalCloud, sandbox: Sandbox, product: Product) -> None:
    files = pictures(f"{product.guid}/shop", 5)
    look = msgspec.json.encode(Reconcile("shop", prefix=product.guid)).decode()
    runs = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.ten_runs", look],
        env=settings(cloud),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with runs:
        assert runs.stdin is not None
        assert runs.stdout is not None
        assert runs.stdout.readline() == "ready\n"
        drop(cloud, files)
        prepared(cloud, product, look)
        runs.communicate("go\n", timeout=60)
    assert runs.returncode == 0
    assert_one_flew(cloud, sandbox, product)

    resume(cloud)
    wait_live(cloud, files)
    assert digests_shown(cloud, product.guid) == digests(files)


@pytest.mark.usefixtures("nobody_else")
def test_ten_tasks_at_once_insert_nothing_twice_and_settle_once(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = pictures(f"{product.guid}/shop", 5)
    drop(cloud, files)
    prepared(cloud, product, msgspec.json.encode(Reconcile("shop", prefix=product.guid)).decode())
    post_ten(cloud, Reconcile("shop", prefix=product.guid))
    job = assert_one_flew(cloud, sandbox, product)

    wait("the end of the job", lambda: sandbox.jobs(product.guid)[0]["status"] == "completed")
    post_ten(cloud, Reconcile("shop", guid=product.guid, job=job))
    wait_live(cloud, files, seconds=0)
    resume(cloud)
    wait_quiet(cloud)
    assert len(sandbox.jobs(product.guid)) == 1
    assert digests_shown(cloud, product.guid) == digests(files)


def prepared(cloud: LocalCloud, product: Product, look: str) -> None:
    """Have the gallery's files prepared, so that each run that comes now could send them."""
    requests.post(cloud.addresses["sync_gallery"], look, timeout=60).raise_for_status()

    def done() -> bool:
        entries = ledger(cloud, product.guid).entries.values()
        return bool(entries) and all(entry.prepared is not None and entry.prepared.recipe for entry in entries)

    wait("the files to be prepared", done)


def post_ten(cloud: LocalCloud, look: Reconcile) -> None:
    """Deliver a task ten times at once, as Cloud Tasks may."""
    body = msgspec.json.encode(look)
    with ThreadPoolExecutor(RUNS) as pool:
        sent = [pool.submit(requests.post, cloud.addresses["sync_gallery"], body, timeout=60) for _ in range(RUNS)]
        assert [each.result().status_code for each in sent] == [204] * RUNS


def assert_one_flew(cloud: LocalCloud, sandbox: Sandbox, product: Product) -> str:
    """Several runs came as far as to see the gallery, one took off and sent; gives its job."""
    calls = sandbox.calls()
    assert calls["product.detail"] > 1, "the runs did not race"
    assert calls["images.insert"] == len(sandbox.jobs(product.guid)) == 1
    flight = ledger(cloud, product.guid).flight
    assert flight is not None
    assert flight.job_id is not None
    assert flight.job_id == sandbox.jobs(product.guid)[0]["jobId"]
    return flight.job_id


def resume(cloud: LocalCloud) -> None:
    tasks = connect(cloud.addresses["tasks"])
    for queue in ("sync", "poll"):
        tasks.resume_queue(name=f"{QUEUES}/{queue}")


def settings(cloud: LocalCloud) -> Mapping[str, str]:
    """The environment of a `sync_gallery` in this cloud."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT}",
        "SHOPTET_API_URL": cloud.sandbox,
        "SHOPTET_PRIVATE_API_TOKEN": TOKEN,
        "DROP_BUCKET": DROP_BUCKET,
        "STATE_BUCKET": STATE_BUCKET,
        "SYNC_QUEUE": f"{QUEUES}/sync",
        "POLL_QUEUE": f"{QUEUES}/poll",
        "FETCH_QUEUE": f"{QUEUES}/fetch",
        "FETCH_URL": cloud.addresses["fetch_images"],
        "PREPARE_QUEUE": f"{QUEUES}/prepare",
        "PREPARE_URL": cloud.addresses["prepare_picture"],
        "SYNC_URL": cloud.addresses["sync_gallery"],
        "POLL_URL": cloud.addresses["poll_jobs"],
        "SYNC_WINDOW_SECONDS": str(cloud.plan.window),
        "TIME_SCALE": str(cloud.plan.time_scale),
        "STORAGE_EMULATOR_HOST": cloud.addresses["storage"],
        "CLOUD_TASKS_EMULATOR_HOST": cloud.addresses["tasks"],
    }

"""A `sync_gallery` that is killed around its insertion, with its tasks lost as well: the sweep brings each file live once."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
import requests

from gallery_sync.cloud.tasks import connect
from gallery_sync.state import jobindex, refusals
from infra.local.cloud import QUEUES, LocalCloud, Plan, local_cloud
from infra.local.nursery import Nursery
from infra.local.sample import Picture
from infra.local.sandbox.config import SandboxConfig
from infra.local.state import rows
from tests.e2e.support import (
    Product,
    Sandbox,
    digests,
    digests_shown,
    drop,
    ledger,
    pictures,
    storage_fault,
    wait,
    wait_live,
)

pytestmark = pytest.mark.long

HANGS = 100
"""Seconds for which a call hangs: longer than any of this takes."""

Dropped = Mapping[str, tuple[Product, Sequence[Picture]]]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None) -> Iterator[LocalCloud]:
    """A local cloud whose pauses are a fiftieth as long, where deleted files take their images along."""
    plan = Plan(sandbox=SandboxConfig(), time_scale=0.02, window=0.25, settings={"MIRROR_DELETES": "true"}, sweep=False)
    with local_cloud(plan, tmp_path_factory.mktemp("logs"), forks) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def dropped(cloud: LocalCloud) -> Dropped:
    """Three galleries whose run was killed with SIGKILL, each at another moment, and all tasks lost with it."""
    sandbox = Sandbox(cloud.sandbox)
    moments = ("before the call", "after the call", "after the job was noted")
    galleries = {moment: sandbox.add_product() for moment in moments}
    files = {moment: pictures(f"{product.guid}/shop", 3, moment[:3]) for moment, product in galleries.items()}
    before, after, noted = galleries.values()

    # Between the flight and the call, a first run forgets an earlier refusal of the folder, as the one before it may have died.
    forgets = refusals.path(refusals.folder(before.guid, "shop")).replace("/", "%2F")
    sandbox.order("images.insert", "delay", path=after.guid, delay=HANGS)
    tasks, prepares = connect(cloud.addresses["tasks"]), f"{QUEUES}/prepare"
    tasks.pause_queue(name=prepares)
    drop_at_once(cloud, [*files["before the call"], *files["after the call"]])
    wait("both galleries to wait for their preparation", lambda: waiting(cloud, "prepare") == 2)
    storage_fault(cloud, method="DELETE", path=forgets, delay=HANGS)
    tasks.resume_queue(name=prepares)
    wait("a flight before its call", lambda: ledger(cloud, before.guid).flight)
    wait("a job whose answer is held back", lambda: sandbox.jobs(after.guid))
    kill(cloud)
    assert sandbox.jobs(before.guid) == []

    sandbox.order("images.insert", "delay", path=noted.guid, delay=3)
    drop_at_once(cloud, files["after the job was noted"])
    wait("a job whose answer is held back for a while", lambda: sandbox.jobs(noted.guid))
    storage_fault(cloud, method="POST", path="ifGenerationMatch=0", when="after", delay=HANGS)
    wait("the job's entry in the index", lambda: [job for job, _ in jobindex.under_way(cloud.documents)])
    kill(cloud)
    assert all(flight_without_job(cloud, product) for product in galleries.values())

    return {moment: (galleries[moment], files[moment]) for moment in moments}


@pytest.mark.parametrize("moment", ["before the call", "after the call", "after the job was noted"])
def test_a_run_killed_around_its_insertion_leaves_each_file_once(
    moment: str, cloud: LocalCloud, dropped: Dropped
) -> None:
    product, files = dropped[moment]

    def at_rest() -> bool:
        cloud.sweep()
        return all(row.state == "live" for row in rows(cloud, files)) and ledger(cloud, product.guid).flight is None

    wait("the sweep to bring the files live", at_rest)
    assert digests_shown(cloud, product.guid) == digests(files)
    assert len(Sandbox(cloud.sandbox).jobs(product.guid, "images.insert")) == 1


def test_with_mirrored_deletes_a_file_deleted_during_its_insertion_takes_its_image_along(
    cloud: LocalCloud, dropped: Dropped
) -> None:
    sandbox = Sandbox(cloud.sandbox)
    product = sandbox.add_product()
    files = pictures(f"{product.guid}/shop", 3)
    sandbox.set(job_seconds=(2, 2))
    drop(cloud, files)
    wait("an insertion under way", lambda: sandbox.jobs(product.guid))
    cloud.remove(files[1].name)
    assert sandbox.shown(product.guid) == [], "the insertion was over before the file was deleted"
    wait_live(cloud, [files[0], files[2]])

    wait("the deletion", lambda: sandbox.calls().get("images.delete"))
    wait("the gallery at rest", lambda: not ledger(cloud, product.guid).flight)
    assert digests_shown(cloud, product.guid) == digests([files[0], files[2]])
    assert sandbox.calls()["images.delete"] == 1


def waiting(cloud: LocalCloud, queue: str) -> int:
    """Count the tasks that wait in a queue."""
    answer = requests.get(f"{cloud.addresses['tasks_control']}/_control/queues", timeout=30)
    return sum(one["pending"] for one in answer.json()["queues"] if one["name"].endswith(f"/{queue}"))


def drop_at_once(cloud: LocalCloud, files: Sequence[Picture]) -> None:
    """Drop files of which none is looked at before all are there, however slow this machine is: each gallery is one insertion."""
    tasks, queue = connect(cloud.addresses["tasks"]), f"{QUEUES}/sync"
    tasks.pause_queue(name=queue)
    drop(cloud, files)
    tasks.resume_queue(name=queue)


def kill(cloud: LocalCloud) -> None:
    """Kill `sync_gallery` with SIGKILL, lose every task, and start it again."""
    cloud.processes.kill("sync_gallery")
    tasks = connect(cloud.addresses["tasks"])
    for queue in ("sync", "poll"):
        tasks.purge_queue(name=f"{QUEUES}/{queue}")
    cloud.processes.restart("sync_gallery")
    cloud.processes.wait_for("sync_gallery", f"{cloud.addresses['sync_gallery']}/robots.txt")


def flight_without_job(cloud: LocalCloud, product: Product) -> bool:
    flight = ledger(cloud, product.guid).flight
    return flight is not None and flight.job_id is None

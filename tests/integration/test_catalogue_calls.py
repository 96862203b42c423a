"""What knowing the shop costs: the project's own client, over a sandbox with 2,000 products, and every call counted."""

import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import pytest
import requests

from gallery_sync.clock import Clock, SystemClock
from gallery_sync.core.catalogue import fingerprint
from gallery_sync.core.ledger import SeenAs
from gallery_sync.core.schedule import DAY, Timing
from gallery_sync.log import Log
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.lines import Lines
from gallery_sync.shoptet.results import Results
from gallery_sync.state import jobindex
from gallery_sync.state.catalogue import read_head
from gallery_sync.state.codes import Codes
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.catalogue import read_catalogue
from gallery_sync.work.world import CatalogueWorld
from infra.local.sandbox import make_app
from infra.local.serving import served
from tests.contract.sandbox.support import TOKEN, Api, quick
from tests.unit.core.build import RecordingTasks, queue_into
from tests.unit.http.memory import Memory

PRODUCTS = 2_000
CHANGED = 7
DAILY = {"products.snapshot": 1, "jobs.result": 2, "products.changes": 2}
"""The job, whose file is downloaded twice, and what changed, when it is ordered and when it is read."""
GUIDS = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"product {number}")) for number in range(PRODUCTS)]


def code(number: int) -> str:
    return f"P-{number:05}/{'SML'[number % 3]}"


class Ahead(SystemClock):
    """The real time, and how far it was put forward."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@dataclass
class Town:
    """A shop, a state bucket, and what was enqueued."""

    api: Api
    documents: Memory
    tasks: RecordingTasks
    clock: Ahead
    log: io.StringIO

    @property
    def shop(self) -> Shoptet:
        session, clock, url = requests.Session(), self.clock, self.api.url
        return Shoptet(Http(url, PrivateToken(TOKEN), session, clock), Results(session, clock, api_url=url))

    def read_catalogue(self) -> None:
        """Order the catalogue, and read it when its job has ended, as the tasks have it done."""
        clock: Clock = self.clock
        world = CatalogueWorld(
            documents=self.documents,
            queue=queue_into(self.tasks),
            clock=clock,
            log=Log("read_catalogue", self.log),
            timing=Timing(),
            shop=self.shop,
            lines=Lines(requests.Session(), clock, api_url=self.api.url).read,
            new_id=lambda: uuid.uuid4().hex[:8],
        )
        read_catalogue(world)
        for job, _ in list(jobindex.under_way(self.documents)):
            self.api.ended(job.job_id)
            read_catalogue(world, job.job_id)

    def pass_time(self, seconds: float) -> None:
        self.clock.ahead += seconds
        self.api.advance(seconds)

    def calls(self) -> dict[str, int]:
        """The calls of the API since the last time."""
        found = dict(self.api.control("GET", "calls")["operations"])
        self.api.control("DELETE", "calls")
        # The test itself waits for the job.
        assert found.pop("jobs.detail", 0) <= 2
        return found

    def enqueued(self) -> list[Any]:
        found = [json.loads(task.body) for task in self.tasks.tasks if task.queue.endswith("/sync")]
        self.tasks.tasks.clear()
        return found


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    products = [
        {"guid": guid, "name": f"Product {number}", "code": code(number), "images": [{"name": f"{number}.png"}]}
        for number, guid in enumerate(GUIDS)
    ]
    with served(lambda: make_app(quick(products=products))) as url:
        api = Api(url)
        api.register()
        api.control("DELETE", "calls")
        town = Town(api, Memory(), RecordingTasks(), Ahead(), io.StringIO())
        # A shop that was made a moment ago has changed a moment ago.
        town.pass_time(3600)
        yield town


def test_two_thousand_folders_by_code_cost_one_snapshot_and_no_look_up(town: Town) -> None:
    town.read_catalogue()
    head = read_head(town.documents)
    assert head is not None, town.log.getvalue()
    assert (head.products, head.codes) == (PRODUCTS, PRODUCTS)
    codes = Codes(town.documents, town.shop, town.clock, Timing())
    assert [codes.meaning(code(number).replace("/", "%2F")) for number in range(PRODUCTS)] == GUIDS
    assert town.calls() == {**DAILY, "products.changes": 1}


def test_a_day_of_comparing_two_thousand_galleries_costs_one_job_and_looks_at_those_that_differ(town: Town) -> None:
    # Yesterday's, whoever read it first.
    town.read_catalogue()
    ledgers, now = Ledgers(town.documents), town.clock.now()
    for guid in GUIDS:
        seen = SeenAs(now, fingerprint(town.shop.product(guid).images["shop"]))
        ledgers.change(guid, "shop", partial(msgspec.structs.replace, seen_as=seen))
    town.pass_time(DAY)
    for guid in GUIDS[:CHANGED]:
        town.api.by_hand(guid)
    town.calls()
    town.read_catalogue()
    enqueued = town.enqueued()
    assert {task["guid"] for task in enqueued} == set(GUIDS[:CHANGED])
    assert all(task["check"] for task in enqueued)
    assert town.calls() == DAILY
    # And once a sweep, what changed: one call, whatever there is.
    town.pass_time(600)
    town.read_catalogue()
    assert (town.enqueued(), town.calls()) == ([], {"products.changes": 1})

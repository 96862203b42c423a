"""Shoptet's limits with callers on top: 30 galleries dropped at once, and a dozen callers over HTTP meanwhile.

The two queues and the functions for callers are processes that know nothing of each other: up to five calls at a time, where
Shoptet takes three. So some are answered 429, and each must be survived.

**The same work** is told by method and address, query and all: each gallery here belongs to the drops or to one caller alone,
which does one thing at a time. So whoever asks the same of a gallery again goes on with what was refused, be it in place, in
a later task, or after the caller has sent its request again. The lists of jobs, whose query names a time, are one work.

**Twice in a row** is a 429 after which the next answer of the same work is 429 again. None may be so without the pause that
the client owes: a second and a half at least, three at least after the second, in which its whole process keeps still. The
pause is drawn, so that those who were refused together do not come back together; but nothing can promise a free connection
to a process that cannot see the others. So of the two hundred works a few may meet it again after their pause, where without
these pauses six to nine did.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from typing import Any

import pytest
import requests

from gallery_sync.state import jobindex
from infra.local.cloud import LocalCloud, Plan, local_cloud
from infra.local.nursery import Nursery
from infra.local.pictures import picture_bytes
from infra.local.sample import Picture
from infra.local.sandbox.config import SandboxConfig
from tests.e2e.http.caller import Caller, images
from tests.e2e.support import Sandbox, digests, digests_shown, drop, wait, wait_live
from tests.e2e.support import pictures as drawn

GALLERIES, FILES, CALLERS = 30, 3, 12
SHORTEST_PAUSES = (1.4, 2.9)
"""Seconds after the first and the second 429 of a work: those of the client, less what two clocks may differ."""
MOST_AGAIN = 3
"""Works that met it twice in a row or more often, after their pauses."""
RUSHES = 3
"""How often it is tried until a limit is met: chance decides whether more than three calls meet."""


# What is waited for is the shop's own: calls that take their time, and pauses of seconds after each 429.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None) -> Iterator[LocalCloud]:
    shop = SandboxConfig(read_seconds=(0.1, 0.3), write_seconds=(0.1, 0.3))
    with local_cloud(Plan(sandbox=shop, sweep=False), tmp_path_factory.mktemp("logs"), forks) as cloud:
        yield cloud


class Busy:
    """A caller with a gallery of its own, which lists, describes, deletes, cleans and inserts, waiting for each."""

    def __init__(self, cloud: LocalCloud, sandbox: Sandbox, base: str) -> None:
        self.product = sandbox.add_product()
        for _ in range(2):
            sandbox.add_image(self.product.guid)
        self._names = [image["name"] for image in sandbox.shown(self.product.guid)]
        self._caller = Caller(cloud)
        self._base = base
        self.answers: list[requests.Response] = []

    def work(self) -> None:
        where = images(self.product.guid)
        first, second = self._names
        self._ask("GET", where)
        self._ask("PATCH", where, {"images": [{"name": first, "description": "seen"}]})
        self._ask("DELETE", f"{where}/{second}")
        self._ask("DELETE", where)
        self._ask("POST", where, {"images": [self._row(number) for number in (1, 2)]})

    def wanted(self) -> list[str]:
        return digests([Picture("", picture_bytes(self.product.code, str(number)), "") for number in (1, 2)])

    def _row(self, number: int) -> Mapping[str, str]:
        return {"sourceUrl": f"{self._base}/{self.product.code}/{number}.png", "key": str(number)}

    def _ask(self, method: str, path: str, body: object = None) -> None:
        """Ask until it is taken, and wait until it is done: what is under way in a gallery must be over before the next."""
        key = f"{self.product.guid}-{len(self.answers)}"
        for _ in range(20):
            answer = self._caller.call(method, path, body, Idempotency_Key=key)
            self.answers.append(answer)
            if answer.status_code not in (429, 503):
                break
            time.sleep(float(answer.headers["Retry-After"]))
        assert answer.status_code in (200, 202), answer.text
        if answer.status_code == 202:
            self._caller.done(answer)


def test_with_callers_on_top_every_429_is_survived_and_its_work_does_not_run_into_the_next(
    cloud: LocalCloud, pictures: str
) -> None:
    assert any(rush(cloud, pictures) for _ in range(RUSHES)), "no limit was met: this says nothing"


def rush(cloud: LocalCloud, pictures: str) -> int:
    """Let all work at once, and give how many 429 were survived."""
    sandbox = Sandbox(cloud.sandbox)
    products = [sandbox.add_product() for _ in range(GALLERIES)]
    files = {product: drawn(f"{product.guid}/shop", FILES, f"{product.code[-4:]}.") for product in products}
    callers = [Busy(cloud, sandbox, pictures) for _ in range(CALLERS)]
    sandbox.forget_calls()

    every = [file for group in files.values() for file in group]
    with ThreadPoolExecutor(CALLERS) as pool:
        working = [pool.submit(caller.work) for caller in callers]
        drop(cloud, every)
        for one in working:
            one.result()
    wait_live(cloud, every)
    wait("no job under way", lambda: next(iter(cloud.documents.list(jobindex.PREFIX)), None) is None)

    counts = sandbox.counts()
    assert counts["max_connections"] <= 3
    assert [digests_shown(cloud, product.guid) for product in files] == [digests(group) for group in files.values()]
    assert [digests_shown(cloud, caller.product.guid) for caller in callers] == [caller.wanted() for caller in callers]
    assert all(answer.status_code in (200, 202, 429, 503) for caller in callers for answer in caller.answers)
    again = {}
    for work, answers in works(sandbox.requests()).items():
        for row in (list(row) for refused, row in groupby(answers, lambda one: one["status"] == 429) if refused):
            pauses = [after["came"] - before["went"] for before, after in pairwise(row)]
            assert all(pause >= least for pause, least in zip(pauses, SHORTEST_PAUSES, strict=False)), (work, pauses)
            if pauses:
                again[work] = pauses
    assert len(again) <= MOST_AGAIN, again
    return int(counts["status_429"])


def works(answered: list[Mapping[str, Any]]) -> Mapping[str, list[Mapping[str, Any]]]:
    """The requests of each work, in the order in which they came."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in sorted(answered, key=lambda one: one["came"]):
        target = one["target"]
        found[f"{one['method']} {target.partition('?')[0] if '/system/jobs' in target else target}"].append(one)
    return found

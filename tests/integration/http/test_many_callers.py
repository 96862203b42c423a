"""Thirty callers ask for one gallery at the same moment, under storage's limit of one write a second to an object."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import pytest

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.api import BUSY_SECONDS, STORAGE_SECONDS
from gallery_sync.core.plan import Policy
from gallery_sync.http import rest
from gallery_sync.ports.queue import Reconcile
from gallery_sync.state.ledgers import PATIENCE, Ledgers
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.world import ReconcileWorld, RequestWorld
from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app
from tests.faults.simulation.universe import API_KEY, KEYS
from tests.unit.http.memory import asked

from .world import GUID, Around

CALLERS = 30
LONGEST = PATIENCE + 4 * BUSY_SECONDS + 3.0
"""Seconds: the patience, what its last try may take, and the request's other documents, on a busy machine."""


def world(url: str, around: Around) -> RequestWorld:
    """What one instance works with, over its own client."""
    base = around.world()
    known: dict[str, Any] = {f.name: getattr(base, f.name) for f in fields(base)}
    bucket = local_client(url).bucket("state")
    documents = BucketDocuments(bucket, STORAGE_SECONDS, busy_seconds=BUSY_SECONDS)
    return RequestWorld(**{**known, "documents": documents, "clock": SystemClock()})


@pytest.mark.long
@pytest.mark.timeout(600)
def test_none_of_thirty_callers_is_told_to_ask_again_nor_waits_for_all_others() -> None:
    around = Around()
    with served(lambda: storage_app(["state"], write_interval=1.0)) as url:

        def call(number: int) -> tuple[int, float]:
            began = time.monotonic()
            body = b'{"images":[{"sourceUrl":"https://pim.test/%d.jpg","key":"%d"}]}' % (number, number)
            path = "/v1/products/P/galleries/shop/images"
            headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
            mine = world(url, around)
            given = rest.serve(
                asked("POST", path, body=body, length=len(body), **headers),
                rest.Service("galleries", KEYS, lambda: mine, around.log),
            )
            return given.status, time.monotonic() - began

        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(call, range(CALLERS)))
        assert [status for status, _ in answers] == [202] * CALLERS
        assert max(seconds for _, seconds in answers) < LONGEST

        # What was left to tasks they do, two at a time, and none of them fails.
        nothing: Any = None
        one = world(url, around)
        base: dict[str, Any] = {f.name: getattr(one, f.name) for f in fields(one)}
        tasks = ReconcileWorld(**base, outbox=nothing, policy=Policy(mirror_deletes=False, remove_reference=False))
        began = time.monotonic()
        done: set[str] = set()
        while left := [look[1] for look in around.queue.asked if look[0] == "operation" and look[1] not in done]:
            around.queue.asked.clear()
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda name: reconcile(tasks, Reconcile(operation=name)), dict.fromkeys(left)))
            assert time.monotonic() - began < 120
        entries = Ledgers(tasks.documents).read(GUID, "shop").ledger.entries
        assert set(entries) == {f"url:{number}" for number in range(CALLERS)}

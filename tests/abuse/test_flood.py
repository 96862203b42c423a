"""Calls by the thousand: forged ones change nothing, genuine ones become a few tasks, and none of them is kept in memory."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from tests.abuse.memory import Peak
from tests.abuse.site import BODIES, NOTIFICATION, TARGETS, TIMING, Site, event_headers, genuine, shoptet_signature
from tests.integration.functions.conftest import Queues

pytestmark = pytest.mark.long

CALLERS = 4
MOST_GROWN = 12.0
"""Megabytes, after two thousand calls at most. What grows, up to 4 MB, is the pools of threads and connections, and what the
interpreter's allocator keeps: 12 kB that are kept of each of a thousand calls are seen."""


def flood(url: str, target: str, body: bytes, headers: Mapping[str, str], calls: int) -> Counter[int]:
    """So many calls, over a few connections at once; gives how often each status came."""
    seen: Counter[int] = Counter()

    def call() -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        for _ in range(calls // CALLERS):
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            answer.read()
            seen[answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen.total() == calls, seen
    return seen


def test_thousands_of_unsigned_and_forged_notifications_change_nothing(unchanged: Site) -> None:
    url = unchanged.url("job_finished")
    peak = Peak(unchanged.functions["job_finished"])
    for forged in ({}, {"Shoptet-Webhook-Signature": shoptet_signature(NOTIFICATION, "a guess")}):
        assert flood(url, "/", NOTIFICATION, forged, 1_000) == {401: 1_000}
    assert peak.grown < MOST_GROWN, peak.grown


def test_a_thousand_genuine_notifications_become_one_look_a_window(site: Site) -> None:
    """Shoptet's signature covers neither a time nor an id, so what was once sent can be sent again for ever."""
    site.next_look_window()
    before, url, started = site.held(), site.url("job_finished"), time.time()
    peak = Peak(site.functions["job_finished"])
    signed = {"Shoptet-Webhook-Signature": shoptet_signature(NOTIFICATION)}
    assert flood(url, "/", NOTIFICATION, signed, 1_000) == {200: 1_000}
    windows = (time.time() - started) // TIMING.poll_window + 2
    assert 1 <= len(site.queues.tasks(Queues.poll)) <= windows
    assert site.queues.tasks(Queues.sync) == []
    after = site.held()
    assert (after["objects"], after["shoptet"]) == (before["objects"], before["shoptet"])
    assert peak.grown < MOST_GROWN, peak.grown


def test_a_flood_of_jobs_by_other_names_makes_no_more_looks(site: Site) -> None:
    """Each notification names another job: a look is at all jobs, so they share its task."""
    site.next_look_window()
    url, started = site.url("job_finished"), time.time()
    for number in range(50):
        body = NOTIFICATION.replace(b"3ax1844", f"3ax{number}".encode())
        signed = {"Shoptet-Webhook-Signature": shoptet_signature(body)}
        assert flood(url, "/", body, signed, CALLERS) == {200: CALLERS}
    assert 1 <= len(site.queues.tasks(Queues.poll)) <= (time.time() - started) // TIMING.poll_window + 2


def test_a_genuine_event_that_is_repeated_a_thousand_times_is_one_operation(site: Site) -> None:
    site.queues.empty()
    before, started = site.held(), time.time()
    headers = {"Content-Type": "application/json", **event_headers(BODIES["webhooks"])}
    assert flood(site.url("webhooks"), TARGETS["webhooks"], BODIES["webhooks"], headers, 400) == {202: 400}
    after = site.held()
    marker, named, new = sorted(
        set(after["objects"]["state"]) - set(before["objects"]["state"]),
        key=lambda one: (not one[0].startswith("open/"), "by-event" not in one[0]),
    )
    assert named[0].startswith("operations/by-event/")
    assert new[0].startswith("operations/")
    assert marker[0] == f"open/{new[0].removesuffix('.json')}"
    assert len(site.queues.tasks(Queues.sync)) <= (time.time() - started) // TIMING.window + 2
    assert {json.dumps(body, sort_keys=True) for body in site.queues.bodies(Queues.sync)} == {
        json.dumps({"operation": new[0].removeprefix("operations/").removesuffix(".json")})
    }
    assert after["shoptet"] == before["shoptet"]


def test_a_thousand_callers_without_a_key_cost_nothing_but_their_answers(unchanged: Site) -> None:
    for name in ("galleries", "clean_gallery", "webhooks"):
        wrong = {key: value for key, value in genuine(name) if key not in ("Authorization", "webhook-signature")}
        url = unchanged.url(name)
        peak = Peak(unchanged.functions[name])
        assert flood(url, TARGETS[name], BODIES["galleries"], {k: str(v) for k, v in wrong.items()}, 400) == {401: 400}
        assert peak.grown < MOST_GROWN, (name, peak.grown)

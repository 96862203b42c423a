"""Crosses that the local cloud cannot give: a wrong clock, a versioned bucket, a storage without preconditions."""

from collections.abc import Callable

from aiohttp import web

from gallery_sync.clock import SystemClock
from gallery_sync.cloud import tasks
from infra.cli.checks.buckets import check_drop_bucket, check_state_bucket
from infra.cli.checks.clocks import check_clocks
from infra.cli.checks.queues import check_queue
from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.tasks import QueueConfig, served_tasks

QUEUE = "projects/local/locations/local/queues/sync"


def answering(*routes: tuple[str, str, object], date: str | None = None) -> Callable[[], web.Application]:
    """An application with these answers: method, path, JSON."""

    def make() -> web.Application:
        app = web.Application()
        headers = {"Date": date} if date else {}

        def answer(body: object) -> Callable[[web.Request], web.Response]:
            return lambda _: web.json_response(body, headers=headers)

        for method, path, body in routes:

            async def handle(request: web.Request, reply: object = body) -> web.Response:
                return answer(reply)(request)

            app.router.add_route(method, path, handle)
        return app

    return make


def test_clocks_that_agree_are_ticks() -> None:
    with served(answering(("GET", "/", {}))) as one, served(answering(("GET", "/", {}))) as other:
        assert [finding.ok for finding in check_clocks(one, other, SystemClock())] == [True, True]


def test_a_shop_whose_clock_is_far_from_the_storages_is_a_cross() -> None:
    past = answering(("GET", "/", {}), date="Thu, 01 Jan 2026 00:00:00 GMT")
    with served(past) as shoptet, served(answering(("GET", "/", {}))) as storage:
        findings = list(check_clocks(shoptet, storage, SystemClock()))
    assert [finding.ok for finding in findings] == [False, True]
    assert "the functions allow for 300 s" in findings[0].found


def test_a_machine_whose_clock_is_wrong_is_a_cross() -> None:
    past = answering(("GET", "/", {}), date="Thu, 01 Jan 2026 00:00:00 GMT")
    with served(past) as shoptet, served(past) as storage:
        assert [finding.ok for finding in check_clocks(shoptet, storage, SystemClock())] == [True, False]


def test_an_answer_without_a_usable_time_is_a_cross() -> None:
    wrong = answering(("GET", "/", {}), date="noon")
    with served(wrong) as shoptet, served(answering(("GET", "/", {}))) as storage:
        (finding,) = check_clocks(shoptet, storage, SystemClock())
    assert not finding.ok
    assert finding.found == "Shoptet does not tell the time"


def test_a_drop_bucket_that_keeps_versions_is_a_cross() -> None:
    versioned = {"kind": "storage#bucket", "name": "drops", "versioning": {"enabled": True}}
    app = answering(("GET", "/storage/v1/b/drops", versioned), ("GET", "/storage/v1/b/drops/o", {}))
    with served(app) as url:
        findings = list(check_drop_bucket(local_client(url), "drops"))
    assert [finding.ok for finding in findings] == [True, False]
    assert "--no-versioning" in findings[1].advice


def test_a_storage_that_lets_a_second_creation_through_is_a_cross() -> None:
    app = answering(
        ("POST", "/upload/storage/v1/b/state/o", {"name": "check/1.json", "generation": "7"}),
        ("DELETE", "/storage/v1/b/state/o/{name:.*}", {}),
    )
    with served(app) as url:
        findings = list(check_state_bucket(local_client(url), "state", None, dry_run=False))
    assert [(finding.what, finding.ok) for finding in findings] == [
        ("state bucket state", True),
        ("state bucket holds preconditions", False),
        ("signed URLs can be downloaded", False),
        ("state bucket state: documents can be removed", True),
    ]


def test_credentials_that_cannot_sign_are_told_what_is_missing() -> None:
    app = answering(
        ("POST", "/upload/storage/v1/b/state/o", {"name": "check/1.json", "generation": "7"}),
        ("DELETE", "/storage/v1/b/state/o/{name:.*}", {}),
    )
    with served(app) as url:
        findings = list(check_state_bucket(local_client(url), "state", None, dry_run=False))
    assert "Service Account Token Creator" in findings[2].advice


def test_a_paused_queue_is_a_cross() -> None:
    with served_tasks([QueueConfig(QUEUE, max_concurrent=2)]) as server:
        client = tasks.connect(server.address)
        client.pause_queue(name=QUEUE)
        findings = list(check_queue(client, QUEUE, "SYNC_QUEUE", 2))
    assert [finding.ok for finding in findings] == [False, True]
    assert f"gcloud tasks queues resume {QUEUE}" in findings[0].advice

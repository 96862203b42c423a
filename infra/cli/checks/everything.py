"""All checks, in the order in which one needs another."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.auth.credentials import Signing
from google.cloud import tasks_v2
from google.cloud.storage import Client

from gallery_sync.clock import Clock
from gallery_sync.shoptet.client import Shoptet
from infra.cli.checks.buckets import check_drop_bucket, check_state_bucket
from infra.cli.checks.catalogue import check_catalogue
from infra.cli.checks.clocks import check_clocks
from infra.cli.checks.finding import Finding
from infra.cli.checks.paused import check_paused
from infra.cli.checks.probed import check_probed
from infra.cli.checks.queues import POLL_AT_ONCE, SYNC_AT_ONCE, check_queue
from infra.cli.checks.rights import check_rights
from infra.cli.checks.webhook import check_receiver, check_registration
from infra.cli.settings import Deployment

__all__ = ["Subjects", "everything"]


@dataclass(frozen=True, slots=True)
class Subjects:
    """What is looked at: the settings, and a client for each part of the deployment."""

    settings: Deployment
    shop: Shoptet
    storage: Client
    queues: tasks_v2.CloudTasksClient
    signer: Signing | None
    clock: Clock


def everything(subjects: Subjects, *, dry_run: bool) -> Iterator[Finding]:
    """Look at everything; with `dry_run` only by reading, so that nothing is written even for a moment."""
    settings = subjects.settings
    yield from check_rights(subjects.shop, subjects.clock, dry_run=dry_run)
    yield from check_registration(subjects.shop, settings.job_finished_url)
    yield from check_receiver(settings.job_finished_url, settings.shoptet_webhook_keys)
    yield from check_clocks(settings.shoptet_api_url, subjects.storage.api_endpoint, subjects.clock)
    yield from check_drop_bucket(subjects.storage, settings.drop_bucket)
    state_bucket = check_state_bucket(subjects.storage, settings.state_bucket, subjects.signer, dry_run=dry_run)
    reached = next(state_bucket)
    yield reached
    yield from state_bucket
    if reached.ok:
        yield from check_paused(subjects.storage, settings.state_bucket)
        yield from check_catalogue(subjects.storage, settings.state_bucket)
        yield from check_probed(subjects.storage, settings.state_bucket)
    yield from check_queue(subjects.queues, settings.sync_queue, "SYNC_QUEUE", SYNC_AT_ONCE)
    yield from check_queue(subjects.queues, settings.poll_queue, "POLL_QUEUE", POLL_AT_ONCE)

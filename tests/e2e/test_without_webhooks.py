"""Webhooks are hints: without a single one, the looks at the list of jobs bring the images live."""

from infra.local.cloud import LocalCloud
from tests.e2e.support import Product, Sandbox, digests, digests_shown, drop, log_lines, pictures, wait_live


def test_images_become_live_although_every_webhook_is_lost(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    sandbox.order("webhook", "lose", times=1000)
    hints = len(log_lines(cloud, "job_finished", "INFO"))
    files = pictures(f"{product.guid}/shop360", 3)
    drop(cloud, files)
    wait_live(cloud, files)

    assert digests_shown(cloud, product.guid, "shop360") == digests(files)
    assert len(log_lines(cloud, "job_finished", "INFO")) == hints
    assert len(sandbox.jobs(product.guid)) == 1


def test_a_webhook_with_a_wrong_signature_is_refused_and_costs_nothing_but_time(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    sandbox.order("webhook", "wrong_signature")
    hints = len(log_lines(cloud, "job_finished", "INFO"))
    refused = len(log_lines(cloud, "job_finished", "WARNING"))
    files = pictures(f"{product.guid}/shop", 2)
    drop(cloud, files)
    wait_live(cloud, files)

    assert digests_shown(cloud, product.guid) == digests(files)
    assert len(log_lines(cloud, "job_finished", "INFO")) == hints
    assert len(log_lines(cloud, "job_finished", "WARNING")) > refused

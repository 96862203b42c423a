"""A file that is dropped again, replaced or deleted, also while its insertion is under way."""

import time

from gallery_sync.cloud.tasks import connect
from infra.local.cloud import QUEUES, LocalCloud
from infra.local.state import differences
from tests.e2e.support import (
    Product,
    Sandbox,
    digests,
    digests_shown,
    drop,
    ledger,
    picture,
    pictures,
    reconciles,
    storage_fault,
    wait,
    wait_live,
    wait_quiet,
)


def test_the_same_content_again_costs_no_write(cloud: LocalCloud, sandbox: Sandbox, product: Product) -> None:
    files = pictures(f"{product.guid}/shop", 3)
    drop(cloud, files)
    wait_live(cloud, files)
    wait_quiet(cloud)
    sandbox.forget_calls()
    before, seen = len(reconciles(cloud, prefix=product.guid)), generations(cloud, product)

    drop(cloud, files)
    wait("the look that the same files cause", lambda: len(reconciles(cloud, prefix=product.guid)) > before)
    wait_quiet(cloud)

    # One listing tells that nobody deleted the images in the meantime; dropping a file again asks for it back.
    assert sandbox.calls() == {"product.detail": 1}
    assert digests_shown(cloud, product.guid) == digests(files)
    # The look did see them: what is wanted is the new generation of each.
    assert all(again > first for first, again in zip(seen, generations(cloud, product), strict=True))


def test_a_look_at_a_gallery_that_agrees_asks_shoptet_nothing(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = pictures(f"{product.guid}/shop", 2)
    drop(cloud, files)
    wait_live(cloud, files)
    wait_quiet(cloud)
    sandbox.forget_calls()
    before = len(reconciles(cloud, prefix=product.guid))

    # The metadata event comes without any change of what is wanted.
    blob = cloud.storage.bucket("drop").blob(files[0].name)
    blob.metadata = {"seen": "yes"}
    blob.patch()
    wait("the look that the event causes", lambda: len(reconciles(cloud, prefix=product.guid)) > before)
    wait_quiet(cloud)

    assert sandbox.calls() == {}


def test_dropping_a_file_again_brings_back_what_a_person_deleted(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = pictures(f"{product.guid}/shop", 2)
    drop(cloud, files)
    wait_live(cloud, files)
    wait_quiet(cloud)
    name = sandbox.shown(product.guid)[0]["name"]
    cloud.shoptet().delete(product.guid, "shop", name, remove_reference=False, send_until=time.time() + 60)

    drop(cloud, files[:1])
    wait("the image to be back", lambda: len(sandbox.shown(product.guid)) == 2)
    wait_live(cloud, files)
    wait_quiet(cloud)

    assert digests_shown(cloud, product.guid) == digests(files)


def test_new_content_costs_one_source_update_and_stays_one_image(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    first, second = pictures(f"{product.guid}/shop", 2)
    drop(cloud, [first, second])
    wait_live(cloud, [first, second])
    wait_quiet(cloud)
    names = [image["name"] for image in sandbox.shown(product.guid)]
    sandbox.forget_calls()

    files = [picture(first.name, "new"), second]
    drop(cloud, files[:1])
    wait_live(cloud, files)
    wait_quiet(cloud)

    calls = sandbox.calls()
    assert (calls["images.source"], calls.get("images.insert", 0), calls.get("images.update", 0)) == (1, 0, 0)
    assert digests_shown(cloud, product.guid) == digests(files)
    assert [image["name"] for image in sandbox.shown(product.guid)] == names


def test_a_file_replaced_during_its_insertion_ends_with_the_new_content_as_one_image(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    first, second = pictures(f"{product.guid}/shop", 2)
    sandbox.set(job_seconds=(4, 4))
    drop(cloud, [first, second])
    wait_airborne(cloud, product)

    files = [picture(first.name, "new"), second]
    drop(cloud, files[:1])
    assert sandbox.shown(product.guid) == [], "the insertion was over before the file was replaced"
    sandbox.set(job_seconds=(0.1, 0.2))
    wait_live(cloud, files)

    assert digests_shown(cloud, product.guid) == digests(files)
    assert len(sandbox.jobs(product.guid, "images.insert")) == 1
    assert len(sandbox.jobs(product.guid, "images.source")) == 1


def test_a_file_deleted_during_its_insertion_leaves_its_image_and_does_no_harm(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = pictures(f"{product.guid}/shop", 3)
    sandbox.set(job_seconds=(2, 2))
    drop(cloud, files)
    wait_airborne(cloud, product)

    cloud.remove(files[1].name)
    wait_live(cloud, [files[0], files[2]])
    wait_quiet(cloud)

    assert digests_shown(cloud, product.guid) == digests(files)
    assert differences(cloud, files) == []
    assert ledger(cloud, product.guid).flight is None
    assert cloud.sweep()["rescued"] == 0


def test_a_file_deleted_before_its_copy_was_made_is_not_inserted(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    gone, stays = pictures(f"{product.guid}/shop", 2)
    # The copy for the outbox is made from exactly the generation that was listed; here it comes too late.
    storage_fault(cloud, path=f"{product.guid}%2Fshop%2F1.jpg/rewriteTo", delay=3)
    drop(cloud, [gone, stays])
    wait("the listing that the flight works with", lambda: sandbox.calls().get("product.detail"))

    # The look that the deletion causes must not come before: it would fly without the file.
    tasks, queue = connect(cloud.addresses["tasks"]), f"{QUEUES}/sync"
    tasks.pause_queue(name=queue)
    cloud.remove(gone.name)
    wait("the insertion", lambda: sandbox.jobs(product.guid))
    tasks.resume_queue(name=queue)
    wait_live(cloud, [stays])
    wait_quiet(cloud)

    assert digests_shown(cloud, product.guid) == digests([stays])
    # Shoptet was not even asked for it: the job's log would name what it could not download.
    assert [job["log"] for job in sandbox.jobs(product.guid)] == [None]
    assert set(ledger(cloud, product.guid).entries) == {f"drop:{stays.name}"}


def wait_airborne(cloud: LocalCloud, product: Product) -> None:
    """Wait until Shoptet has taken the insertion."""

    def airborne() -> bool:
        flight = ledger(cloud, product.guid).flight
        return flight is not None and flight.job_id is not None

    wait("an insertion under way", airborne)


def generations(cloud: LocalCloud, product: Product) -> list[int]:
    """The generation that each key of a product's gallery wants."""
    entries = ledger(cloud, product.guid).entries
    return [entry.wanted.content.generation for _, entry in sorted(entries.items()) if entry.wanted is not None]

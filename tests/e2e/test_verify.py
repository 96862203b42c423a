"""With every function running, pictures that landed are looked at in the shop, where the probe found that it gives them."""

from collections.abc import Iterator

import pytest

from gallery_sync.core.ledger import Receipt
from gallery_sync.core.shop_facts import Facts
from gallery_sync.state import shop_facts
from infra.local.cloud import LocalCloud, shoptet_client
from tests.e2e.support import Product, Sandbox, drop, ledger, log_lines, picture, take_up, wait, wait_settled


@pytest.fixture
def probed(cloud: LocalCloud) -> Iterator[LocalCloud]:
    """The probe has run: what was known of the shop's numbers stays known."""
    address = shoptet_client(cloud.sandbox).originals()
    assert address is not None
    before = shop_facts.read(cloud.documents)
    note(cloud, Facts(before.numbers, before.patched, {"shop": address}, probed_at=1.0))
    yield cloud
    note(cloud, before)
    # A gallery of another test's may just have been told to wait for a look.
    take_up(cloud)


def note(cloud: LocalCloud, facts: Facts) -> None:
    shop_facts.note(cloud.documents, lambda _: facts)


def receipts(cloud: LocalCloud, product: Product) -> dict[str, Receipt]:
    entries = ledger(cloud, product.guid).entries.items()
    live = {key.rpartition("/")[2]: entry.live for key, entry in entries if entry.live is not None}
    return {name: one.receipt for name, one in live.items() if one.receipt is not None}


def test_what_landed_is_seen_and_another_picture_is_sent_once_more(
    probed: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = [picture(f"{product.code}/{number}.png", str(number)) for number in range(1, 4)]
    drop(probed, files)
    assert {row.state for row in wait_settled(probed, files)} == {"live"}
    wait("all were looked at", lambda: [one.saw for one in receipts(probed, product).values()] == ["same"] * 3)
    sandbox.set(shows_old_pictures=True)
    sandbox.forget_calls()
    drop(probed, [picture(f"{product.code}/2.png", "99")])
    wait("a person's turn", lambda: any(e.failure is not None for e in ledger(probed, product.guid).entries.values()))
    assert receipts(probed, product)["2.png"].times_different == 2
    assert sandbox.calls()["images.source"] == 2
    said = [line["message"] for line in log_lines(probed, "fetch_images", "WARNING")]
    assert [line for line in said if f"{product.code}/2.png" in line] == [
        f"{product.code}/2.png: the shop shows another picture than the one that was sent, which is sent again"
    ]


def test_nothing_is_looked_at_before_the_probe(cloud: LocalCloud, sandbox: Sandbox, product: Product) -> None:
    files = [picture(f"{product.code}/1.png", "7")]
    drop(cloud, files)
    assert {row.state for row in wait_settled(cloud, files)} == {"live"}
    assert receipts(cloud, product) == {}
    assert "originals.get" not in sandbox.calls()

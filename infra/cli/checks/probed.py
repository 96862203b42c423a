"""Whether `gallery-sync probe` was run, and when: nothing has to be set right where it was not."""

from collections.abc import Iterator
from datetime import UTC, datetime

from google.cloud.storage import Client

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import shop_facts
from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["check_probed"]

PATIENCE = 10
"""Seconds for a call that is made again when it fails for a moment."""


def check_probed(client: Client, state_bucket: str) -> Iterator[Finding]:
    """Say what is known of the shop beyond Shoptet's documentation, and since when."""
    what = "what this shop does"
    try:
        facts = shop_facts.read(BucketDocuments(client.bucket(state_bucket), PATIENCE))
    except (StorageUnavailable, BadDocument) as error:
        yield cross(
            what, f"could not be read ({error})", "run the check again later; a damaged shop.json may be deleted"
        )
        return
    numbers = {"kept": "numbers are kept", "given": "the shop numbers images itself", None: "nobody knows yet"}
    known = numbers[facts.numbers]
    if facts.probed_at:
        day = datetime.fromtimestamp(facts.probed_at, UTC).strftime("%Y-%m-%d")
        yield tick(what, f"{known}; probed on {day}")
    else:
        yield tick(what, f"{known}; gallery-sync probe PRODUCT finds out more")

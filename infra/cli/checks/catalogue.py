"""Whether the shop's whole catalogue is to be had. Nothing hangs on it, so its lack is told and no cross."""

from collections.abc import Iterator

from google.cloud.storage import Client

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state.catalogue import read_head
from gallery_sync.work.catalogue import denied
from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["check_catalogue"]

PATIENCE = 20.0
WITHOUT = "each code is asked for alone, and each gallery compared with the shop once in 28 days"


def check_catalogue(client: Client, state_bucket: str) -> Iterator[Finding]:
    """Look for the catalogue in the state bucket, and why there is none."""
    what = "the shop's catalogue"
    documents = BucketDocuments(client.bucket(state_bucket), PATIENCE)
    try:
        head, why = read_head(documents), denied(documents)
    except (StorageUnavailable, BadDocument) as error:
        yield cross(
            what, f"could not be read ({error})", "run the check again later; a damaged document may be deleted"
        )
        return
    if why:
        yield tick(what, f"not to be had ({why}): {WITHOUT}")
    elif head is None:
        yield tick(what, f"not read yet, sweep orders it: until then {WITHOUT}")
    else:
        yield tick(what, f"{head.products} products, {head.codes} codes")

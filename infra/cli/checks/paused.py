"""Whether all is paused, so that nothing is sent to the shop."""

from collections.abc import Iterator

from google.cloud.storage import Client

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import paused
from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["check_paused"]

PATIENCE = 20.0


def check_paused(client: Client, state_bucket: str) -> Iterator[Finding]:
    """Look for the pause in the state bucket."""
    what = "gallery-sync sends to the shop"
    try:
        documents = BucketDocuments(client.bucket(state_bucket), PATIENCE)
        stands = any(listed.path == paused.PATH for listed in documents.list(paused.PATH))
    except StorageUnavailable as error:
        yield cross(what, f"could not be told ({error})", "run the check again later")
        return
    yield cross(what, "it is paused: files and requests wait", "gallery-sync resume") if stands else tick(what)

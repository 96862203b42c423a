"""Where `on_drop` lets names wait that lie in no product's folder: the state bucket, of which it reads nothing else."""

from collections.abc import Callable

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import OnDrop
from gallery_sync.connect.storage import storage_client
from gallery_sync.ports.queue import EnqueueFailed
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import placed

__all__ = ["waiting_names"]


def waiting_names(settings: OnDrop) -> Callable[[str], None]:
    """Build what lets a name wait. It raises EnqueueFailed: as with a task, the event comes again then."""
    documents = BucketDocuments(storage_client(settings).bucket(settings.state_bucket))

    def wait(name: str) -> None:
        try:
            placed.put(documents, name)
        except StorageUnavailable as error:
            raise EnqueueFailed(str(error)) from None

    return wait

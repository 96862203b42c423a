"""The client of Cloud Storage."""

from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from gallery_sync.settings import State

__all__ = ["storage_client"]


def storage_client(settings: State) -> Client:
    """Build the storage client; the local cloud's needs no credentials (the library reads STORAGE_EMULATOR_HOST itself)."""
    if settings.storage_emulator_host is not None:
        return Client(project="local", credentials=AnonymousCredentials())
    return Client()

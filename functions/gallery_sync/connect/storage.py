"""The client of Cloud Storage."""

from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from gallery_sync.connect.settings import StateSettings

__all__ = ["storage_client"]


def storage_client(settings: StateSettings) -> Client:
    """Build the storage client; the local cloud's needs no credentials (the library reads STORAGE_EMULATOR_HOST itself)."""
    if settings.storage_emulator_host is not None:
        return Client(project="local", credentials=AnonymousCredentials())
    return Client()

"""`archives/{hash}.json`: how far unpacking a ZIP came, so that another run goes on where one had no time left."""

import hashlib
from typing import Final

import msgspec

from gallery_sync.log import Log
from gallery_sync.ports.storage import Documents
from gallery_sync.state import checkpoints

PREFIX: Final = "archives/"


class Unpacking(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ZIP by its full name, of this `generation`: how many of its files are `done`, and which of them could not be read."""

    name: str
    generation: int
    done: int = 0
    damaged: tuple[str, ...] = ()


def path(name: str) -> str:
    """Where the progress of a ZIP lies; by a hash, as names are of any kind."""
    return f"{PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:40]}.json"


def read(documents: Documents, name: str, generation: int, log: Log) -> Unpacking:
    """Give how far it came with this generation. Raises StorageUnavailable."""
    found, _ = checkpoints.read(documents, path(name), Unpacking, log)
    return found if found is not None and found.generation == generation else Unpacking(name, generation)


def write(documents: Documents, progress: Unpacking, log: Log) -> None:
    """Note how far it came. Raises StorageUnavailable."""
    _, generation = checkpoints.read(documents, path(progress.name), Unpacking, log)
    checkpoints.write(documents, path(progress.name), progress, generation)


def forget(documents: Documents, name: str) -> None:
    """Forget a ZIP that is through, or gone. Raises StorageUnavailable."""
    documents.delete(path(name))

"""`archives/{hash}.json`: how far unpacking a ZIP came, so that another run goes on where one had no time left."""

import hashlib
from typing import Final

import msgspec

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.storage import Documents, PreconditionFailed

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


def read(documents: Documents, name: str, generation: int) -> Unpacking:
    """Give how far it came with this generation. Raises BadDocument, StorageUnavailable."""
    stored = documents.read(path(name))
    begun = Unpacking(name, generation)
    if stored is None:
        return begun
    try:
        found = msgspec.json.decode(stored.body, type=Unpacking)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"{path(name)} is not as gallery-sync wrote it: {error}; delete it") from None
    return found if found.generation == generation else begun


def write(documents: Documents, progress: Unpacking) -> None:
    """Note how far it came. Who writes at the same time came as far, or does the same again, which does no harm.

    Raises StorageUnavailable.
    """
    stored = documents.read(path(progress.name))
    try:
        documents.write(
            path(progress.name),
            msgspec.json.encode(progress),
            generation=stored.generation if stored is not None else 0,
        )
    except PreconditionFailed:
        return


def forget(documents: Documents, name: str) -> None:
    """Forget a ZIP that is through, or gone. Raises StorageUnavailable."""
    documents.delete(path(name))

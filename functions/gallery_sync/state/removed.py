"""What was kept of images before a request deleted them, under `removed/`: what there was, and beside it the pictures."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from gallery_sync.core.kept import Kept
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.storage import Documents

PREFIX: Final = "removed/"
_KEPT: Final = re.compile(r"removed/([0-9a-f]{32})/([^/]+)\.json")


def path(operation: str, piece: str) -> str:
    """Where it is written down what was kept for a piece of an operation."""
    return f"{PREFIX}{operation}/{piece}.json"


def read(documents: Documents, operation: str, piece: str) -> tuple[Kept | None, int]:
    """Give what was kept for a piece, and the generation that a write must name. Raises BadDocument, StorageUnavailable."""
    where = path(operation, piece)
    stored = documents.read(where)
    if stored is None:
        return None, 0
    try:
        return msgspec.json.decode(stored.body, type=Kept), stored.generation
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"{where} in the state bucket is not as gallery-sync wrote it: {error}") from None


def write(documents: Documents, kept: Kept, generation: int) -> None:
    """Write down what was kept. Raises PreconditionFailed, StorageUnavailable."""
    documents.write(path(kept.operation, kept.piece), msgspec.json.encode(kept), generation=generation)


def of_operation(documents: Documents, operation: str) -> list[Kept]:
    """Give all that was kept for the pieces of an operation. Raises BadDocument, StorageUnavailable."""
    return list(_listed(documents, f"{PREFIX}{operation}/"))


def everything(documents: Documents) -> Iterator[Kept]:
    """Give all that was kept, in the order of operations' ids. Raises BadDocument, StorageUnavailable."""
    return _listed(documents, PREFIX)


def _listed(documents: Documents, prefix: str) -> Iterator[Kept]:
    for listed in documents.list(prefix):
        match = _KEPT.fullmatch(listed.path)
        if match is not None:
            kept, _ = read(documents, match[1], match[2])
            if kept is not None:
                yield kept

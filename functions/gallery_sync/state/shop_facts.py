"""`shop.json`: what this shop was seen to do. It never ends; whoever deletes it has everything learned anew."""

from collections.abc import Callable
from typing import Final

import msgspec

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.shop_facts import Facts
from gallery_sync.ports.storage import Documents, PreconditionFailed, StorageUnavailable

PATH: Final = "shop.json"
_TRIES: Final = 5


def read(documents: Documents) -> Facts:
    """Give what is known of the shop. Raises BadDocument, StorageUnavailable."""
    return _read(documents)[0]


def note(documents: Documents, learn: Callable[[Facts], Facts]) -> Facts:
    """Add what was learned to what is known, and give that; what is known already is not written again.

    Raises BadDocument, StorageUnavailable.
    """
    for _ in range(_TRIES):
        known, generation = _read(documents)
        after = learn(known)
        if after == known:
            return known
        try:
            documents.write(PATH, msgspec.json.encode(after), generation=generation)
        except PreconditionFailed:
            continue
        return after
    raise StorageUnavailable(f"{PATH} was written by others {_TRIES} times in a row")


def _read(documents: Documents) -> tuple[Facts, int]:
    stored = documents.read(PATH)
    if stored is None:
        return Facts(), 0
    try:
        return msgspec.json.decode(stored.body, type=Facts), stored.generation
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"{PATH} in the state bucket is not as gallery-sync wrote it: {error}; delete it") from None

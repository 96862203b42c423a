"""`tables/{hash}.json`: what came of a table that was dropped: of which products it speaks, and what is wrong with which line."""

import hashlib
from typing import Final

import msgspec

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.shop_values import Gallery
from gallery_sync.parallel import Spread, in_threads
from gallery_sync.ports.storage import Documents, PreconditionFailed, WrittenByOthers

PREFIX: Final = "tables/"
MOST_TRIES: Final = 10
UNFINISHED: Final = -1


class ReadTable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A table by its full name, of this `generation`, read `at` (epoch seconds).

    `codes`: the codes (or guids) under which its rows are noted, each with what tells these rows from others (nothing: they are
    being written); `rows` how many there are. Until all is noted, `generation` is UNFINISHED. `flaws`: lines that were not taken,
    with the reason, the first of them; `flawed` how many there are.
    """

    name: str
    generation: int
    gallery: Gallery
    codes: dict[str, str] = {}
    rows: int = 0
    flaws: tuple[tuple[int, str], ...] = ()
    flawed: int = 0
    at: float = 0.0


def path(name: str) -> str:
    """Where what came of a table lies; by a hash, as names are of any kind."""
    return f"{PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:40]}.json"


def read(documents: Documents, name: str) -> ReadTable | None:
    """Give what came of a table; None if it was never read. Raises BadDocument, StorageUnavailable."""
    return _decoded(documents, path(name))[0]


def read_all(documents: Documents, spread: Spread = in_threads) -> list[ReadTable]:
    """Give what came of every table. Raises as `read` does."""
    found = spread(lambda path: _decoded(documents, path)[0], [listed.path for listed in documents.list(PREFIX)])
    return [one for one in found if one is not None]


def write(documents: Documents, table: ReadTable) -> None:
    """Write down what came of a table; one that says nothing any more goes. Raises BadDocument, StorageUnavailable."""
    where = path(table.name)
    for _ in range(MOST_TRIES):
        before, generation = _decoded(documents, where)
        try:
            if table.codes or table.generation:
                documents.write(where, msgspec.json.encode(table), generation=generation)
            elif before is not None:
                documents.delete(where, generation=generation)
        except PreconditionFailed:
            continue
        return
    raise WrittenByOthers(f"{where} was written by others {MOST_TRIES} times in a row")


def _decoded(documents: Documents, where: str) -> tuple[ReadTable | None, int]:
    stored = documents.read(where)
    if stored is None:
        return None, 0
    try:
        return msgspec.json.decode(stored.body, type=ReadTable), stored.generation
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(
            f"{where} is not as gallery-sync wrote it: {error}; delete it, and drop the table again"
        ) from None

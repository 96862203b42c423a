"""Where names in no product's folder are kept: the index of those that stand with a product, and those that wait for that.

    placed/{hash}.json      the names under one way of writing a code or EAN (`core.placing.key_of`): {name: [code, text]}
    placing/{name}          a name that was dropped, replaced or deleted, and nobody has looked at yet; the path says it all

A gallery lists its folders, and a flat name lies in none. So `PlacedDrops` shows a code's names as if they lay in its folder.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from gallery_sync.core import names
from gallery_sync.core.catalogue import written_key
from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.placing import PlacedName
from gallery_sync.parallel import Spread, in_threads
from gallery_sync.ports.storage import Documents, Drops, Listed, PreconditionFailed, WrittenByOthers

PREFIX: Final = "placed/"
WAITING: Final = "placing/"
MOST_TRIES: Final = 10

Names = Mapping[str, PlacedName]


def path(key: str) -> str:
    """Where the names under a key lie; by a hash, as codes are of any kind."""
    return f"{PREFIX}{hashlib.sha256(key.encode()).hexdigest()[:40]}.json"


def read(documents: Documents, key: str) -> Names:
    """Give the names under a key (`core.placing.key_of`), those that stand with another code too.

    Raises BadDocument, StorageUnavailable.
    """
    return _decoded(documents, path(key))[0]


def read_all(documents: Documents, spread: Spread = in_threads) -> list[tuple[str, Names]]:
    """Give every document of the index with its path. Raises as `read` does."""
    paths = [listed.path for listed in documents.list(PREFIX)]
    return list(zip(paths, spread(lambda one: _decoded(documents, one)[0], paths), strict=True))


def change(documents: Documents, where: str, decide: Callable[[Names], Names]) -> Names:
    """Change a document of the index (its path), over whatever others write there meanwhile, and give what it says now.

    Raises BadDocument, StorageUnavailable.
    """
    for _ in range(MOST_TRIES):
        before, generation = _decoded(documents, where)
        after = decide(before)
        if after == before:
            return before
        try:
            if after:
                documents.write(where, msgspec.json.encode(dict(sorted(after.items()))), generation=generation)
            else:
                documents.delete(where, generation=generation)
        except PreconditionFailed:
            continue
        return after
    raise WrittenByOthers(f"{where} was written by others {MOST_TRIES} times in a row")


def put(documents: Documents, name: str) -> None:
    """Let a name wait to be looked at. Over what is there: whoever is about to remove that must not remove this.

    Raises StorageUnavailable.
    """
    where, generation = f"{WAITING}{name}", 0
    for _ in range(MOST_TRIES):
        try:
            documents.write(where, b"", generation=generation)
        except PreconditionFailed:
            stored = documents.read(where)
            generation = stored.generation if stored is not None else 0
        else:
            return
    raise WrittenByOthers(f"{where} was written by others {MOST_TRIES} times in a row")


def waiting(documents: Documents) -> Iterator[Listed]:
    """Give the names that wait, as documents."""
    return documents.list(WAITING)


def name_of(listed: Listed) -> str:
    """Give the name that waits."""
    return listed.path.removeprefix(WAITING)


def looked_at(documents: Documents, listed: Listed) -> None:
    """Let a name wait no longer, unless it was put there again meanwhile. Raises StorageUnavailable."""
    try:
        documents.delete(listed.path, generation=listed.generation)
    except PreconditionFailed:
        return


def _decoded(documents: Documents, where: str) -> tuple[Names, int]:
    stored = documents.read(where)
    if stored is None:
        return {}, 0
    try:
        return msgspec.json.decode(stored.body, type=dict[str, PlacedName]), stored.generation
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(
            f"{where} is not as gallery-sync wrote it: {error}; delete it, and the names are placed anew with the next catalogue"
        ) from None


class PlacedDrops:
    """`ports.Drops`: the drop bucket, in whose folders the names that stand with their codes are shown as well."""

    def __init__(self, drops: Drops, documents: Documents, spread: Spread = in_threads) -> None:
        self._drops = drops
        self._documents = documents
        self._spread = spread

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """See ports.Drops."""
        if names.is_placed(prefix):
            yield from self._listed(prefix.partition("/")[0], names.object_of(prefix))
            return
        yield from self._drops.list(prefix, start=start)
        folder, slash, rest = prefix.partition("/")
        if slash and not rest and not start:
            yield from self._listed(folder, None)

    def find(self, name: str) -> BucketFile | None:
        """See ports.Drops."""
        return self._drops.find(name)

    def _listed(self, folder: str, only: str | None) -> Iterator[BucketFile]:
        """Give the files that stand with a folder's code, in the order of their names: all, or this object alone."""
        product = names.decode_product(folder)
        if isinstance(product, names.BadProduct) or names.is_guid(product):
            return
        indexed = read(self._documents, written_key(product))
        # Of a code that folders write in several ways, one shows them.
        mine = [name for name, one in sorted(indexed.items()) if names.encode_product(one.code) == folder]
        mine = [name for name in mine if only in (None, name)]
        for file in self._spread(self._drops.find, mine):
            if file is not None:
                yield replace(file, name=names.stands_as(folder, file.name), placed=True)

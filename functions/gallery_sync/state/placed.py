"""What names and tables outside a product's own files say of it: the index of that by code, and the names that wait to be read.

    placed/{hash}.json      of one way of writing a code, EAN or guid (`core.placing.key_of`): names in no product's folder that
                            stand with it, and what tables say of its pictures
    placing/{name}          a name that was dropped, replaced or deleted, and nobody has looked at yet; the path says it all

A gallery lists its folders, and a flat name lies in none. So `PlacedDrops` shows a code's names as if they lay in its folder, and
each file with what a table says of it, as if that were the file's own metadata.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import msgspec

from gallery_sync.core import names, table
from gallery_sync.core.catalogue import written_key
from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.placing import PlacedName
from gallery_sync.core.shop_values import Gallery
from gallery_sync.core.spellings import code_key, composed
from gallery_sync.core.table import Row
from gallery_sync.parallel import Spread, in_threads
from gallery_sync.ports.storage import Documents, Drops, Listed, PreconditionFailed, WrittenByOthers

PREFIX: Final = "placed/"
WAITING: Final = "placing/"
MOST_TRIES: Final = 10


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What a table (its full name) says of the pictures of a code (or guid) in a gallery, by their files' names."""

    table: str
    code: str
    gallery: Gallery
    rows: dict[str, Row]


class Noted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of the index."""

    names: dict[str, PlacedName] = {}
    tables: tuple[Said, ...] = ()


def path(key: str) -> str:
    """Where the names under a key lie; by a hash, as codes are of any kind."""
    return f"{PREFIX}{hashlib.sha256(key.encode()).hexdigest()[:40]}.json"


def read(documents: Documents, key: str) -> Noted:
    """Give what is noted under a key (`core.placing.key_of`), of other codes with it too.

    Raises BadDocument, StorageUnavailable.
    """
    return _decoded(documents, path(key))[0]


def read_all(documents: Documents, spread: Spread = in_threads) -> list[tuple[str, Noted]]:
    """Give every document of the index with its path. Raises as `read` does."""
    paths = [listed.path for listed in documents.list(PREFIX)]
    return list(zip(paths, spread(lambda one: _decoded(documents, one)[0], paths), strict=True))


def change(documents: Documents, where: str, decide: Callable[[Noted], Noted]) -> Noted:
    """Change a document of the index (its path), over whatever others write there meanwhile, and give what it says now.

    Raises BadDocument, StorageUnavailable.
    """
    for _ in range(MOST_TRIES):
        before, generation = _decoded(documents, where)
        after = decide(before)
        if after == before:
            return before
        try:
            if after != Noted():
                documents.write(where, msgspec.json.encode(after), generation=generation)
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


def _decoded(documents: Documents, where: str) -> tuple[Noted, int]:
    stored = documents.read(where)
    if stored is None:
        return Noted(), 0
    try:
        return msgspec.json.decode(stored.body, type=Noted), stored.generation
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(
            f"{where} is not as gallery-sync wrote it: {error}; delete it, and the names are placed anew with the next catalogue"
        ) from None


class PlacedDrops:
    """`ports.Drops`: the drop bucket, in whose folders the names that stand with their codes are shown as well.

    Of a folder that is listed whole, each file comes with what a table says of it.
    """

    def __init__(self, drops: Drops, documents: Documents, spread: Spread = in_threads) -> None:
        self._drops = drops
        self._documents = documents
        self._spread = spread

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        """See ports.Drops."""
        if names.is_placed(prefix):
            yield from self._standing(prefix.partition("/")[0], names.object_of(prefix))
            return
        folder, slash, rest = prefix.partition("/")
        if not slash or rest or start or isinstance(product := names.decode_product(folder), names.BadProduct):
            yield from self._drops.list(prefix, start=start)
            return
        noted = read(self._documents, written_key(product))
        for file in self._drops.list(prefix):
            yield as_said(file, product, noted)
        # Of a code that folders write in several ways, one shows them.
        mine = [name for name, one in sorted(noted.names.items()) if names.encode_product(one.code) == folder]
        for found in self._spread(self._drops.find, mine):
            if found is not None:
                yield as_said(replace(found, name=names.stands_as(folder, found.name), placed=True), product, noted)

    def find(self, name: str) -> BucketFile | None:
        """See ports.Drops."""
        return self._drops.find(name)

    def _standing(self, folder: str, name: str) -> Iterator[BucketFile]:
        """Give an object of this very name, if it stands with a folder's code."""
        product = names.decode_product(folder)
        if isinstance(product, names.BadProduct):
            return
        one = read(self._documents, written_key(product)).names.get(name)
        if (
            one is not None
            and names.encode_product(one.code) == folder
            and (file := self._drops.find(name)) is not None
        ):
            yield replace(file, name=names.stands_as(folder, file.name), placed=True)


def as_said(file: BucketFile, product: str, noted: Noted) -> BucketFile:
    """Give a file of a product (code or guid) with what tables say of it. A folder's own table says it before one for all."""
    middle = file.name.split("/")[1:-1]
    gallery = "shop" if file.placed or not middle else middle[0]
    own = composed(file.name.rpartition("/")[2])
    said = [
        one
        for one in noted.tables
        if one.gallery == gallery and code_key(one.code) == code_key(product) and own in one.rows
    ]
    if not said:
        return file
    first = min(said, key=lambda one: ("/" not in one.table, one.table))
    return replace(file, metadata=table.said(file.metadata, first.rows[own]))

"""The daily audit of the drop bucket: every folder against its ledger, so that a lost event is late, never lost.

It asks Shoptet nothing, and goes on where the last sweep stopped: `sweep.json` in the state bucket holds the day and how
far it came. Folders are read in the bucket's own order; a folder's files stand together there. Folders that are no longer
there are found by the ledgers that still want something of them.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import groupby, islice
from typing import Final

import msgspec

from gallery_sync.core import archive, names, placing
from gallery_sync.core.catalogue import written_key
from gallery_sync.core.files import BucketFile, DropFile, read
from gallery_sync.core.ledger import Entry, Ledger, file_of
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.observe import observe
from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.core.table import Table
from gallery_sync.state import checkpoints, codes, placed
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.world import BaseWorld, SweepWorld

replace = msgspec.structs.replace

PATH: Final = "sweep.json"
CHUNK: Final = 64
"""Folders between two looks at the clock."""

Place = tuple[str, Gallery]
"""A gallery: its product's guid, and which of the two."""
Wanting = Mapping[str, Sequence[Place]]
"""The galleries whose ledgers want files of a folder, by the folder's name; from a listing of the ledgers alone."""


class Progress(msgspec.Struct, frozen=True):
    """How far the audit of a day (days since the epoch) came: the name to go on from, and whether all was compared."""

    day: int = -1
    start: str = ""
    done: bool = False


Begun = tuple[Progress, int]
"""How far today's audit came, and the generation of what says so."""


def begun(world: SweepWorld) -> Begun:
    """Read how far today's audit came. Raises StorageUnavailable."""
    last, generation = checkpoints.read(world.documents, PATH, Progress, world.log)
    today = int(world.clock.now() // DAY)
    return last if last is not None and last.day == today else Progress(today), generation


def audit_bucket(world: SweepWorld, wanting: Wanting, stop: float, came: Begun | None = None) -> int:
    """Compare as many folders as time allows (to `stop`, epoch seconds); give how many reconciles were enqueued.

    Raises StorageUnavailable, TasksError.
    """
    first, generation = came if came is not None else begun(world)
    if first.done:
        return 0
    folders = _folders(world, first.start)
    noted = frozenset(listed.path for listed in world.documents.list(placed.PREFIX))
    progress, found, there = first, 0, set[str]()
    while world.clock.now() < stop and not progress.done:
        chunk = list(islice(folders, CHUNK))
        if not chunk:
            progress = replace(progress, done=True)
            continue
        found += sum(world.spread(lambda folder: _compare(world, *folder, wanting, noted), chunk))
        there |= {folder for folder, _ in chunk}
        progress = replace(progress, start=_beyond(*chunk[-1]))
    found += _look_at_emptied(world, wanting, there, first.start, None if progress.done else progress.start)
    if progress != first:
        # Whoever does the same at the same time compares twice, which does no harm.
        checkpoints.write(world.documents, PATH, progress, generation)
    return found


def _folders(world: SweepWorld, start: str) -> Iterator[tuple[str, list[BucketFile]]]:
    """Give each folder with its files, from this name on."""
    for folder, group in groupby(world.drops.list("", start=start), key=lambda file: file.name.partition("/")[0]):
        yield folder, list(group)


def _beyond(folder: str, files: list[BucketFile]) -> str:
    """Give the first name behind a folder's: `0` is the character behind `/`. A file outside all folders is read again."""
    return f"{folder}0" if "/" in files[-1].name else folder


def _compare(
    world: SweepWorld, folder: str, files: list[BucketFile], wanting: Wanting, noted: Set[str] = frozenset()
) -> int:
    """Enqueue a reconcile of each gallery whose ledger does not say what the folder's files say, and for refused names.

    `noted`: the documents that say what tables say of a product's files (`state.placed`).
    """
    drops: dict[Gallery, list[DropFile]] = {gallery: [] for gallery in GALLERIES}
    product = names.decode_product(folder)
    for file in _as_said(world, product, files, noted):
        found = read(file)
        if archive.read_name(file.name) is not None:
            placed.put(world.documents, file.name)
            continue
        if isinstance(placing.meaning(file.name, file.size, world.placing), (placing.Loose, Table)):
            # With the next catalogue all of them are compared.
            continue
        if isinstance(found, DropFile):
            drops[found.drop.gallery].append(found)
        elif isinstance(found, names.Refusal):
            world.queue.refused(file.name)
    if isinstance(product, names.BadProduct):
        return 0
    wants = {gallery for _, gallery in wanting.get(folder, ())}
    # Where there is neither a file nor a ledger that wants one, there is nothing to read.
    concerned = [gallery for gallery in GALLERIES if drops[gallery] or gallery in wants]
    try:
        guid = codes.known_guid(world.documents, product) if concerned else None
    except BadDocument as error:
        world.log.say("ERROR", str(error), prefix=folder)
        return 0
    differ = [gallery for gallery in concerned if _differs(world, folder, guid, gallery, drops[gallery])]
    for gallery in differ:
        world.log.say(
            "WARNING", "the bucket was not as the ledger says: reconciling it again", prefix=folder, gallery=gallery
        )
        world.queue.folder(folder, gallery, world.clock.now())
    return len(differ)


def _as_said(
    world: SweepWorld, product: str | names.BadProduct, files: list[BucketFile], noted: Set[str]
) -> list[BucketFile]:
    """Give a folder's files with what tables say of them, as a reconcile sees them."""
    if isinstance(product, names.BadProduct) or placed.path(written_key(product)) not in noted:
        return files
    try:
        found = placed.read(world.documents, written_key(product))
    except BadDocument as error:
        world.log.say("ERROR", str(error))
        return files
    return [placed.as_said(file, product, found) for file in files]


def is_as_known(world: BaseWorld, folder: str, gallery: Gallery, files: list[DropFile], *, placed: bool) -> bool:
    """Whether the ledger of a folder's product says what its files say: those that lie in it, or that are `placed` with it.

    Raises BadDocument, StorageUnavailable.
    """
    product = names.decode_product(folder)
    guid = codes.known_guid(world.documents, product) if isinstance(product, str) else None
    return not _differs(world, folder, guid, gallery, files, placed=placed)


def _differs(
    world: BaseWorld,
    folder: str,
    guid: str | None,
    gallery: Gallery,
    files: list[DropFile],
    *,
    placed: bool = False,
) -> bool:
    if guid is None:
        return bool(files)
    try:
        ledger = Ledgers(world.documents).read(guid, gallery).ledger
    except BadDocument as error:
        world.log.say("ERROR", f"{error}; its folder is not compared", prefix=folder, gallery=gallery)
        return False
    now, timing = world.clock.now(), world.timing
    others = {name: generation for entry in ledger.entries.values() for name, generation in entry.also.items()}
    # What does not count is known, too; and which others there are, only all folders together tell.
    count = [file for file in files if others.get(file.drop.name) != file.generation]
    known = replace(ledger, entries={key: _alone(entry) for key, entry in _fed(ledger, folder, placed=placed).items()})
    seen = observe(known, count, now, timing.empty_wait, timing.rename_wait)
    return replace(seen, entries={key: _alone(entry) for key, entry in seen.entries.items()}) != known


def _fed(ledger: Ledger, folder: str, *, placed: bool) -> dict[str, Entry]:
    """Give the entries whose pictures are of a folder's files: those that lie in it, or that are placed with it."""
    files = {key: file_of(key, entry) for key, entry in ledger.entries.items() if key.startswith(names.DROP_KEY)}
    return {
        key: ledger.entries[key]
        for key, file in files.items()
        if file.startswith(f"{folder}/") and names.is_placed(file) == placed
    }


def _alone(entry: Entry) -> Entry:
    return replace(entry, also={}, same_as=None)


def _look_at_emptied(world: SweepWorld, wanting: Wanting, there: Set[str], start: str, end: str | None) -> int:
    """Enqueue a reconcile of each gallery that wants files of a folder between these names that was not there.

    Cloud Storage lists names in the order of their UTF-8 bytes, which is the order in which Python compares text.
    """
    emptied = [
        (folder, place)
        for folder, places in wanting.items()
        if folder not in there and start <= f"{folder}/" and (end is None or f"{folder}/" < end)
        for place in places
    ]
    for folder, (guid, gallery) in emptied:
        world.log.say(
            "WARNING",
            "a folder was emptied and nobody noticed: reconciling it again",
            prefix=folder,
            guid=guid,
            gallery=gallery,
        )
        world.queue.gallery(guid, gallery, world.clock.now())
    return len(emptied)

"""The daily full look: every folder of the drop bucket against its ledger, so that a lost event is late, never lost.

It asks Shoptet nothing, and goes on where the last sweep stopped: `sweep.json` in the state bucket holds the day and how
far it came. Folders are read in the bucket's own order; a folder's files stand together there.
"""

from collections.abc import Iterator
from itertools import groupby, islice
from typing import Final

import msgspec

from gallery_sync import codes, names
from gallery_sync.ledgers import Ledgers
from gallery_sync.plan import DropFile, observe
from gallery_sync.ports import BucketFile, Conflict
from gallery_sync.schedule import DAY
from gallery_sync.shoptet.model import GALLERIES, Gallery
from gallery_sync.world import SweepWorld

replace = msgspec.structs.replace

PATH: Final = "sweep.json"
CHUNK: Final = 64
"""Folders between two looks at the clock."""


class Progress(msgspec.Struct, frozen=True):
    """How far the full look of a day (days since the epoch) came: the last folder that was compared, and whether all were."""

    day: int = -1
    after: str = ""
    done: bool = False


def full_look(world: SweepWorld) -> int:
    """Compare as many folders as the run's time allows; give how many galleries a look was enqueued for.

    Raises StorageUnavailable, TasksError.
    """
    stored = world.documents.read(PATH)
    last = msgspec.json.decode(stored.body, type=Progress) if stored is not None else Progress()
    started = world.clock.now()
    today = int(started // DAY)
    progress = last if last.day == today else Progress(today)
    if progress.done:
        return 0
    folders = _folders(world, progress.after)
    found = 0
    while world.clock.now() < started + world.timing.run_budget:
        chunk = list(islice(folders, CHUNK))
        if not chunk:
            progress = replace(progress, done=True)
            break
        found += sum(world.spread(lambda folder: _compare(world, *folder), chunk))
        progress = replace(progress, after=chunk[-1][0])
    try:
        world.documents.write(
            PATH, msgspec.json.encode(progress), generation=stored.generation if stored is not None else 0
        )
    except Conflict:
        # Another sweep ran at the same time; what both compared was compared twice, which does no harm.
        return found
    return found


def _folders(world: SweepWorld, after: str) -> Iterator[tuple[str, list[BucketFile]]]:
    """Give each folder with its files. `0` is the character behind `/`: all that begins with `{after}/` is skipped."""
    files = world.drops.list("", start=f"{after}0" if after else "")
    for folder, group in groupby(files, key=lambda file: file.name.partition("/")[0]):
        yield folder, list(group)


def _compare(world: SweepWorld, folder: str, files: list[BucketFile]) -> int:
    """Enqueue a look for each gallery whose ledger does not say what the folder's files say, and for refused names."""
    drops: dict[Gallery, list[DropFile]] = {gallery: [] for gallery in GALLERIES}
    for file in files:
        drop = names.parse(file.name, file.size)
        if isinstance(drop, names.Drop):
            drops[drop.gallery].append(
                DropFile(drop, file.generation, file.checksum, file.size, file.created, file.metadata)
            )
        elif isinstance(drop, names.Refusal):
            world.looks.refused(file.name)
    product = names.decode_product(folder)
    if isinstance(product, names.BadProduct):
        return 0
    guid = codes.known_guid(world.documents, product)
    differ = [gallery for gallery, wanted in drops.items() if _differs(world, folder, guid, gallery, wanted)]
    for gallery in differ:
        world.log.say("WARNING", "the bucket was not as the ledger says: looking again", prefix=folder, gallery=gallery)
        world.looks.drop(folder, gallery, world.clock.now())
    return len(differ)


def _differs(world: SweepWorld, folder: str, guid: str | None, gallery: Gallery, files: list[DropFile]) -> bool:
    if guid is None:
        return bool(files)
    ledger = Ledgers(world.documents).read(guid, gallery).ledger
    fed = {key: entry for key, entry in ledger.entries.items() if key.startswith(f"drop:{folder}/")}
    known = replace(ledger, entries=fed)
    return observe(known, files, world.clock.now()) != known

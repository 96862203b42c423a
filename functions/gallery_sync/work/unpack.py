"""Unpacks ZIPs that were dropped, file by file, as if each had been dropped itself; then the ZIP is put aside.

what lies where a file goes        what follows
nothing, or something older        the file is written, over exactly that
something newer than the ZIP       it stays: somebody dropped it since
this ZIP's own file                it stays: an earlier run came that far

So a doubled event, or a run that dies, writes nothing twice.
"""

import zipfile
import zlib
from typing import Final

import msgspec

from gallery_sync.core import archive, names
from gallery_sync.core.archive import Archive, BadArchive, Entry, LeftOut
from gallery_sync.core.files import BucketFile
from gallery_sync.ports.storage import NotRemoved, PreconditionFailed
from gallery_sync.state import archives, refusals
from gallery_sync.state.archives import Unpacking
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.world import PlaceWorld

replace = msgspec.structs.replace

ORIGIN: Final = "unpacked-from"
"""The metadata of an unpacked file: the ZIP and its generation."""
LEFT_OUT: Final = "left-out"
NOTED_EVERY: Final = 200
"""Files between two notes of how far it came."""
MOST_TRIES: Final = 5
MOST_SHOWN: Final = 5
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What the library says of a file that it cannot read."""


def unpack(world: PlaceWorld, what: Archive, stop: float) -> bool:
    """Unpack a ZIP until `stop` (epoch seconds); True if it is through, or is left alone.

    Raises StorageUnavailable, BadDocument.
    """
    file = world.drops.find(what.name)
    if file is None:
        archives.forget(world.documents, what.name)
        told = refusals.find(world.documents, what.name)
        if told is not None and told.code != LEFT_OUT:
            # What was left out of one that is through, people find for a day.
            refusals.clear(world.documents, what.name)
        return True
    try:
        with world.unpacked.open(file) as stream, zipfile.ZipFile(stream) as opened:
            listed = opened.infolist()
            found, left = archive.entries(what, listed, world.placing)
            progress = archives.read(world.documents, what.name, file.generation)
            while progress.done < len(found):
                if world.clock.now() >= stop:
                    archives.write(world.documents, progress)
                    return False
                entry = found[progress.done]
                flaw = _write(world, file, opened, listed[entry.number], entry)
                damaged = (*progress.damaged, entry.target) if flaw else progress.damaged
                progress = replace(progress, done=progress.done + 1, damaged=damaged)
                if progress.done % NOTED_EVERY == 0:
                    archives.write(world.documents, progress)
    except (BadArchive, zipfile.BadZipFile, NotImplementedError) as error:
        reason = (
            str(error)
            if isinstance(error, BadArchive)
            else "it is no ZIP, or its upload ended too early: drop it again"
        )
        _refuse(world, what, "bad-archive", f"nothing of it was unpacked: {reason}")
        return True
    _put_aside(world, what, file, progress, left)
    return True


def _write(
    world: PlaceWorld, file: BucketFile, opened: zipfile.ZipFile, info: zipfile.ZipInfo, entry: Entry
) -> str | None:
    """Write one file where it goes, and say what is wrong with it, if anything."""
    origin = f"{file.name}#{file.generation}"
    content: bytes | None = None
    for _ in range(MOST_TRIES):
        there = world.drops.find(entry.target)
        if there is not None and (there.metadata.get(ORIGIN) == origin or there.created > file.created):
            return None
        if content is None:
            try:
                with opened.open(info) as packed:
                    content = packed.read(entry.size + 1)
            except _DAMAGED as error:
                return str(error)
            if len(content) != entry.size:
                return "it has another size than the archive says"
        try:
            world.unpacked.write(
                entry.target, content, over=there.generation if there is not None else 0, metadata={ORIGIN: origin}
            )
        except PreconditionFailed:
            # Somebody dropped the same name at this moment: whose is newer is seen anew.
            continue
        return None
    return "others write the same file all the time"


def _put_aside(world: PlaceWorld, what: Archive, file: BucketFile, progress: Unpacking, left: list[LeftOut]) -> None:
    """Tell what came of a ZIP, and move it out of the drop bucket."""
    damaged = [LeftOut(name.removeprefix(what.folder), "it is damaged in the archive") for name in progress.damaged]
    out = [*left, *damaged]
    count = progress.done - len(damaged)
    first = "; ".join(f"{names.shortened(one.name)}: {one.reason}" for one in out[:MOST_SHOWN])
    more = f"; and {len(out) - MOST_SHOWN} more" if len(out) > MOST_SHOWN else ""
    said = f"{count} files unpacked" + (f", {len(out)} not: {first}{more}" if out else "")
    try:
        world.bin.remove(file)
    except NotRemoved as error:
        # How far it came is known, so nothing of it is unpacked again.
        archives.write(world.documents, progress)
        _refuse(world, what, "archive-stays", f"{said}; but it stays in the bucket: {error}")
        return
    archives.forget(world.documents, what.name)
    if out:
        _refuse(world, what, LEFT_OUT, said)
    else:
        refusals.clear(world.documents, what.name)
        world.log.say("INFO", f"{names.shortened(what.name)}: {said}", files=count)


def _refuse(world: PlaceWorld, what: Archive, code: str, reason: str) -> None:
    if refusals.record(world.documents, RefusedDrop(what.name, code, reason, world.clock.now())):
        world.log.say("WARNING", f"{names.shortened(what.name)}: {reason}", code=code)

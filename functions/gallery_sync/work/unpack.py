"""Unpacks ZIPs that were dropped, file by file, as if each had been dropped itself; then the ZIP is put aside.

what lies where a file goes        what follows
nothing, or something older        the file is written, over exactly that
something newer than the ZIP       it stays: somebody dropped it since
this ZIP's own file                it stays: an earlier run came that far

So a doubled event, or a run that dies, writes nothing twice.
"""

import struct
import zipfile
import zlib
from typing import IO, Final

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
MOST_LIST: Final = 20_000_000
"""Bytes of an archive's list of files: a thousand for each of as many as there may be."""
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, ArithmeticError, LookupError),
)
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
        with world.unpacked.open(file) as stream, _opened(_Bounded(stream, file.size)) as opened:
            listed = opened.infolist()
            found, left = archive.entries(what, listed, world.placing)
            progress = archives.read(world.documents, what.name, file.generation, world.log)
            while progress.done < len(found):
                if world.clock.now() >= stop:
                    archives.write(world.documents, progress, world.log)
                    return False
                entry = found[progress.done]
                flaw = _write(world, file, opened, listed[entry.number], entry)
                damaged = (*progress.damaged, entry.target) if flaw else progress.damaged
                progress = replace(progress, done=progress.done + 1, damaged=damaged)
                if progress.done % NOTED_EVERY == 0:
                    archives.write(world.documents, progress, world.log)
    except BadArchive as error:
        _refuse(world, what, "bad-archive", f"nothing of it was unpacked: {error}")
        return True
    _put_aside(world, what, file, progress, left)
    return True


def _opened(stream: "_Bounded") -> zipfile.ZipFile:
    """Open a ZIP: its list of files is read. Raises BadArchive."""
    try:
        opened = zipfile.ZipFile(stream)
    except _DAMAGED as error:
        if isinstance(error, BadArchive):
            raise
        raise BadArchive("it is no ZIP, or its upload ended too early: drop it again") from None
    stream.most = None
    return opened


class _Bounded:
    """A stream of which no more is read at a time than the longest list of files has: the library reads it whole."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._size = size
        self.most: int | None = MOST_LIST

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes. Raises BadArchive where that are too many."""
        wanted = size if size >= 0 else self._size - self._stream.tell()
        if self.most is not None and wanted > self.most:
            raise BadArchive("it says that its list of files has more bytes than any may have")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """See io.IOBase."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """See io.IOBase."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """See io.IOBase."""
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
        archives.write(world.documents, progress, world.log)
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

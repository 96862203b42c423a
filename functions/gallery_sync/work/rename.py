"""Brings what was dropped under a wrong name into the folder of the right product, as a person chose it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gallery_sync.core import names
from gallery_sync.core.files import BucketFile
from gallery_sync.parallel import in_threads
from gallery_sync.state import refusals
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.work.world import PageWorld

MOST: Final = 300
"""Files of one request; the rest is moved by the next."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """How many files were moved, and how many stay: others of their names are there, or there were too many at once."""

    moved: int
    left: int


def into_product(world: PageWorld, refused: RefusedDrop, code: str, by: str) -> Renamed:
    """Move a refused file, or all files of a refused folder, into the folder of a code. `by`: who asked, for the log.

    A file that has the same name there already stays, unless it is the very same: nothing is written over.
    Raises StorageUnavailable.
    """
    folder = names.encode_product(code)
    files = _files(world, refused)
    moved = sum(in_threads(lambda file: world.moves.move(file, _name(refused, file, folder)), files[:MOST]))
    left = len(files) - moved
    if not left:
        refusals.clear(world.documents, refused.name)
    name = names.shortened(refused.name)
    world.log.say(
        "INFO", f"{name}: {moved} files are in the folder of {code} now, as a person asked; {left} stay", by=by
    )
    return Renamed(moved, left)


def _files(world: PageWorld, refused: RefusedDrop) -> Sequence[BucketFile]:
    if refused.prefix is not None:
        return list(islice(world.drops.list(f"{refused.prefix}/"), MOST + 1))
    file = world.drops.find(refused.name)
    return [file] if file is not None else []


def _name(refused: RefusedDrop, file: BucketFile, folder: str) -> str:
    if refused.prefix is not None:
        return folder + file.name.removeprefix(refused.prefix)
    return f"{folder}/{file.name.rpartition('/')[2]}"

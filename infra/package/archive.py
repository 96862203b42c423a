"""The source archive that Cloud Functions builds from: the same tree gives the same bytes, on any machine.

So a deployment that finds the archive's hash unchanged has nothing to do, and who has the tree can check what runs.
"""

import hashlib
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["NotDeployable", "Written", "members", "write"]

PACKAGE: Final = "gallery_sync"
REQUIREMENTS: Final = "requirements.txt"
SUFFIXES: Final = frozenset({".py", ".yaml", ".html", ".css", ".js", ".mo", ".svg"})
"""What the package may hold: modules, and files that a function serves."""

MARKER: Final = "py.typed"
LEFT_OVER: Final = frozenset({"__pycache__", ".DS_Store"})
"""What tools leave behind anywhere. Everything else that is not deployed is refused, never silently left out."""

MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""Of every file: a ZIP archive knows no earlier one."""

MODE: Final = stat.S_IFREG | 0o644
UNIX: Final = 3


class NotDeployable(Exception):
    """The folder holds something that does not belong into the archive, or lacks what does; says what, in one line."""


@dataclass(frozen=True, slots=True)
class Written:
    """An archive as it was written: where, how large in bytes, and its SHA-256 in hex."""

    path: Path
    size: int
    sha256: str


def members(functions: Path) -> tuple[str, ...]:
    """Give the names of the files of `functions` that are deployed, sorted, with `/` between their parts.

    Raises NotDeployable for a file that is neither deployed nor known to be left behind by a tool.
    """
    found = []
    for folder, folders, files in os.walk(functions):
        folders[:] = [name for name in folders if name not in LEFT_OVER and not name.endswith(".egg-info")]
        here = Path(folder).relative_to(functions)
        for name in (*folders, *files):
            if (Path(folder) / name).is_symlink():
                raise NotDeployable(f"functions/{(here / name).as_posix()} is a link: put the file itself there")
        found += [here / name for name in files if name not in LEFT_OVER]
    for path in found:
        if not _deployed(path):
            raise NotDeployable(
                f"functions/{path.as_posix()} is no part of what is deployed: "
                "remove it, or say in infra/package/archive.py that it is"
            )
    if Path(REQUIREMENTS) not in found:
        raise NotDeployable(f"functions/{REQUIREMENTS} is missing: make lock")
    return tuple(sorted(path.as_posix() for path in found))


def write(functions: Path, archive: Path) -> Written:
    """Write the archive over an earlier one, whole or not at all. Raises NotDeployable."""
    names = members(functions)
    archive.parent.mkdir(parents=True, exist_ok=True)
    growing = archive.with_name(archive.name + ".part")
    with zipfile.ZipFile(growing, "w") as out:
        for name in names:
            out.writestr(_entry(name), (functions / name).read_bytes())
    growing.replace(archive)
    content = archive.read_bytes()
    return Written(archive, len(content), hashlib.sha256(content).hexdigest())


def _deployed(path: Path) -> bool:
    """Whether a file is one: an entry file, the requirements, or of the package."""
    if len(path.parts) == 1:
        return path.name == REQUIREMENTS or path.suffix == ".py"
    return path.parts[0] == PACKAGE and (path.suffix in SUFFIXES or path.name == MARKER)


def _entry(name: str) -> zipfile.ZipInfo:
    """Give an entry without anything of this machine. Stored: deflated bytes depend on the version of zlib."""
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = UNIX
    entry.external_attr = MODE << 16
    return entry

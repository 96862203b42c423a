"""What `functions/requirements.txt` pins: names, versions and hashes, as `make lock` writes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["NotPinned", "Requirement", "parse"]

PIN: Final = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


class NotPinned(Exception):
    """A line pins nothing by version and hash; the message repeats its beginning."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package of the archive. `marker` limits it to some platforms; `sha256` are its files', in hex."""

    name: str
    version: str
    marker: str | None
    sha256: tuple[str, ...]


def parse(text: str) -> Sequence[Requirement]:
    """Read a requirements file, in its order. Raises NotPinned."""
    lines = text.replace("\\\n", " ").splitlines()
    found = []
    for line in (" ".join(line.partition("#")[0].split()) for line in lines):
        if not line:
            continue
        match = PIN.fullmatch(line)
        if match is None:
            raise NotPinned(f"no version with hashes: {line[:60]}")
        hashes = tuple(sorted(part.rpartition(":")[2] for part in match["hashes"].split()))
        found.append(Requirement(match["name"], match["version"], match["marker"], hashes))
    return found

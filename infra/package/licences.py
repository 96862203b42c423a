"""`python -m infra.package.licences`: writes THIRD_PARTY.md, the licences of what is deployed beside our own code.

Each is read from the metadata of the installed package itself: its licence expression, else the licence that it names,
else its classifier. Only licences of KNOWN go through: a new kind is for a person to look at.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import Final

from infra.package.__main__ import FUNCTIONS, ROOT
from infra.package.requirements import NotPinned, Requirement, parse

__all__ = ["Licence", "NotAllowed", "licence_of", "licences", "named", "render"]

REPORT: Final = ROOT / "THIRD_PARTY.md"

KNOWN: Final = frozenset(
    {
        "Apache-2.0",
        "Apache-2.0 OR BSD-2-Clause",
        "Apache-2.0 OR BSD-3-Clause",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "PSF-2.0",
        # Of single files only: what is changed of them must be published, and nothing of them is changed here.
        "MPL-2.0",
    }
)
"""SPDX expressions under which a deployed package may stand."""

WORDS: Final[Mapping[str, str]] = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "https://www.apache.org/licenses/LICENSE-2.0": "Apache-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""Other words for them."""

READ: Final[Mapping[str, str]] = {
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "pyasn1-modules": "BSD-2-Clause",
}
"""By package whose metadata say "BSD" alone: which BSD licence its own licence file holds."""

HEAD: Final = """\
# What is deployed beside our own code

Written by `make licences` from the metadata of the packages that `functions/requirements.txt` pins; a test fails where
it is not up to date, or where a package has a licence that infra/package/licences.py does not know. The wheels of pillow and
pi-heif carry libraries of their own, named in their metadata folders; pi-heif's, libheif and libde265, are LGPL-3.0, and are
used as they are.

| package | version | licence (SPDX) |
|---|---|---|
"""


class NotAllowed(Exception):
    """A package's licence cannot be told, or is none that is known; says which package, and what to do."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A requirement, and its licence as an SPDX expression."""

    requirement: Requirement
    spdx: str


def named(package: str, expression: str | None, free: str | None, classifiers: Sequence[str]) -> str:
    """Tell the SPDX expression from what a package's metadata say. Raises NotAllowed."""
    said = (expression, free, *(text for text in classifiers if text.startswith("License ::")))
    words = [text.strip() for text in said if text and text.strip()]
    for text in words:
        spdx = WORDS.get(text, text)
        if spdx in KNOWN:
            return spdx
    bsd_alone = {"BSD", "License :: OSI Approved :: BSD License"}
    if package in READ and words and set(words) <= bsd_alone:
        return READ[package]
    shown = "; ".join(text.splitlines()[0][:60] for text in words) or "nothing"
    raise NotAllowed(
        f"the licence of {package}: its metadata say {shown}. Look at it, and at infra/package/licences.py"
    )


def licence_of(requirement: Requirement) -> Licence:
    """Read an installed requirement's licence. Raises NotAllowed, also where another version is installed."""
    try:
        installed = metadata(requirement.name)
    except PackageNotFoundError:
        raise NotAllowed(f"{requirement.name} is not installed: make licences in a fresh .venv") from None
    if installed["Version"] != requirement.version:
        raise NotAllowed(
            f"{requirement.name} {requirement.version} is not installed, {installed['Version']} is: make clean"
        )
    spdx = named(
        requirement.name, installed["License-Expression"], installed["License"], installed.get_all("Classifier") or []
    )
    return Licence(requirement, spdx)


def licences() -> Sequence[Licence]:
    """Read the licence of everything that is pinned, by name. Raises NotAllowed and NotPinned."""
    pinned = parse((FUNCTIONS / "requirements.txt").read_text())
    return [licence_of(requirement) for requirement in sorted(pinned, key=lambda one: one.name)]


def render(found: Sequence[Licence]) -> str:
    """Give the text of the report."""
    rows = (f"| {one.requirement.name} | {one.requirement.version} | {one.spdx} |\n" for one in found)
    return HEAD + "".join(rows)


def main() -> int:
    """Write the report; the exit status is 1 if a licence is none that is known."""
    try:
        REPORT.write_text(render(licences()))
    except (NotAllowed, NotPinned) as error:
        print(error, file=sys.stderr)
        return 1
    print(REPORT.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

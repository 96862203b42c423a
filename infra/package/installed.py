"""The archive, unpacked into an empty folder and installed into an empty environment, as the platform's build does.

Source: the Python buildpack of Cloud Functions installs requirements.txt with pip, and byte-compiles the source with
`python3 -m compileall -f -q .`; a file that does not compile ends the build.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.package.archive import REQUIREMENTS

__all__ = ["InstallFailed", "Installed", "byte_compile", "install"]

INSTALL_SECONDS: Final = 600.0
"""Downloading included."""

SHOWN: Final = 3000
"""Characters of a failed command's output that its error repeats."""


class InstallFailed(Exception):
    """A step of the build failed; the message names it and holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where an unpacked archive is, and the interpreter that has its requirements and nothing else."""

    source: Path
    python: Path


def install(archive: Path, folder: Path, python: str = sys.executable) -> Installed:
    """Unpack to `folder`/source, make `folder`/venv of this `python`, install and byte-compile. Raises InstallFailed.

    The source is always unpacked anew. An environment that an earlier call finished there with the same interpreter for the
    same requirements is kept, since installing takes longer than everything else.
    """
    source, environment = folder / "source", folder / "venv"
    shutil.rmtree(source, ignore_errors=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(source)
    installed = environment / "bin" / "python"
    version = _run("the interpreter", [python, "-c", "import sys; print(sys.version)"], folder)
    wanted = version.encode() + (source / REQUIREMENTS).read_bytes()
    finished = environment / ".installed"
    if not finished.exists() or finished.read_bytes() != wanted:
        shutil.rmtree(environment, ignore_errors=True)
        # The pip of Python 3.11 is older than the platform's, and overlooks pins of packages that are asked for with extras.
        _run("the empty environment", [python, "-m", "venv", "--upgrade-deps", str(environment)], folder)
        pip = [str(installed), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        pinned = ["--require-hashes", "--requirement", str(source / REQUIREMENTS)]
        _run("installing its requirements", [*pip, "install", "--quiet", *pinned], folder)
        _run("the check of its requirements", [*pip, "check"], folder)
        finished.write_bytes(wanted)
    built = Installed(source, installed)
    byte_compile(built)
    return built


def byte_compile(built: Installed) -> None:
    """Compile every module, as the last step of the build. Raises InstallFailed with the first that cannot be."""
    _run("byte-compiling", [str(built.python), "-m", "compileall", "-f", "-q", "."], built.source)


def _run(step: str, command: list[str], folder: Path) -> str:
    """Run one step without the modules of this tree in its way; gives what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INSTALL_SECONDS,
            check=False,
            text=True,
        )
    except FileNotFoundError as error:
        raise InstallFailed(f"{step} failed for the archive: there is no {error.filename}") from None
    if ran.returncode != 0:
        raise InstallFailed(f"{step} failed for the archive:\n{ran.stdout[-SHOWN:]}")
    return ran.stdout

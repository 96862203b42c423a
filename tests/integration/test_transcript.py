"""The transcript of a newcomer's first hour (`first_hour.txt`) is what really happens, and no command is left out."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRANSCRIPT = Path(__file__).with_name("first_hour.txt")
HARMLESS = {"help", "clean", "checkov", "words", "browser"}
"""Targets at which nothing can be mistaken, as they take nothing and are made of nothing here."""

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Exchange:
    """A command with its mistake, what it says, and how it ends."""

    command: str
    says: str
    status: int


def exchanges() -> list[Exchange]:
    blocks = re.findall(r"^\$ (.+)\n(.+)\n\[(\d)\]$", TRANSCRIPT.read_text("utf-8"), re.MULTILINE)
    return [Exchange(command, says, int(status)) for command, says, status in blocks]


def plain(text: str) -> str:
    """Text without frames and line breaks, which are a matter of the terminal's width."""
    return " ".join(re.sub("[─│╭╮╰╯]", " ", text).split())


@pytest.mark.parametrize("exchange", exchanges(), ids=lambda one: one.command)
def test_a_mistake_is_told_as_the_transcript_says(exchange: Exchange) -> None:
    program, *arguments = shlex.split(exchange.command)
    own = {"make": ["make", "--no-print-directory"], "gallery-sync": [sys.executable, "-m", "infra.cli"]}[program]
    done = subprocess.run(
        [*own, *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "functions", "LANG": "C.UTF-8"},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
        text=True,
    )
    assert exchange.says in plain(done.stdout)
    assert done.returncode == exchange.status
    assert "Traceback" not in done.stdout


def test_every_target_of_make_help_is_in_it() -> None:
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, check=True, timeout=30, text=True).stdout
    targets = set(re.findall(r"^  make ([a-z-]+)\t", helped, re.MULTILINE))
    assert len(targets) > 20
    assert targets - HARMLESS == {e.command.split()[1] for e in exchanges() if e.command.startswith("make ")} - {"hlep"}


def test_every_command_of_the_readme_is_in_it() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"(make [a-z-]+|gallery-sync (?:(?:webhook|secret) )?[a-z-]+)\b", readme))
    known = {word for word in named if word.split()[0] == "make" or word.split()[1] in COMMANDS}
    assert known >= {"make demo", "make test", "gallery-sync pause", "gallery-sync products"}
    assert {word for word in known if not any(e.command.startswith(word) for e in exchanges())} <= {
        f"make {target}" for target in HARMLESS
    }


COMMANDS = {
    "check",
    "pause",
    "resume",
    "release",
    "restore",
    "link",
    "products",
    "names",
    "export",
    "probe",
    "adopt",
    "webhook",
    "secret",
}


def test_every_command_of_the_command_line_is_in_it() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "infra.cli", "--help"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "functions", "LANG": "C.UTF-8"},
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=30,
        text=True,
    ).stdout
    commands = set(re.findall(r"^│ ([a-z]+) +", shown, re.MULTILINE))
    assert commands == COMMANDS
    assert commands <= {e.command.split()[1] for e in exchanges() if e.command.startswith("gallery-sync ")}

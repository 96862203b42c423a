"""Starts processes, waits until each answers, and ends them all again: on success, on failure, on Ctrl-C."""

import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import requests

from infra.local.nursery import Forked, Nursery

START_SECONDS = 60.0
STOP_SECONDS = 5.0
ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("child.py")
MODULE = [sys.executable, "-P", "-m"]
"""How a command begins that a nursery can carry out."""


class StartFailed(Exception):
    """A process did not start, or ended; the message holds the end of its log."""


class Processes:
    """A group of processes that lives no longer than its `with` block. Each writes to a log of its own in `logs`.

    With a nursery, what this very interpreter is to run as a module is forked from there.
    """

    def __init__(self, logs: Path, nursery: Nursery | None = None) -> None:
        self._logs = logs
        self._nursery = nursery
        self._running: dict[str, subprocess.Popen[bytes] | Forked] = {}
        self._commands: dict[str, tuple[list[str], dict[str, str], Path]] = {}

    def __enter__(self) -> Self:
        """Make the folder for the logs, without those of an earlier time."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process: SIGTERM to all, then SIGKILL to who is left."""
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except (subprocess.TimeoutExpired, TimeoutError):
                _signal(process, signal.SIGKILL)
                process.wait()

    def start(self, name: str, command: list[str], environment: Mapping[str, str], folder: Path = ROOT) -> None:
        """Start a process in `folder`. It gets a session of its own: Ctrl-C reaches only us, and we end it in order."""
        self._commands[name] = (command, {**_plain_environment(), **environment}, folder)
        self._spawn(name)

    def kill(self, name: str) -> None:
        """Kill a process and all it started, as a crash would (SIGKILL)."""
        process = self._running[name]
        _signal(process, signal.SIGKILL)
        process.wait()

    def restart(self, name: str) -> None:
        """Start a process again that was killed.

        On Linux one that was not forked ends with the thread that calls this (see infra.local.child).
        """
        self._spawn(name)

    def first_line(self, name: str) -> dict[str, str]:
        """Wait for the JSON line in which a server of ours says where it listens."""
        path = self._logs / f"{name}.log"
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            # A process that is forked opens its log itself, a moment later.
            line, newline, _ = path.read_text().partition("\n") if path.exists() else ("", "", "")
            if newline:
                try:
                    answer: dict[str, str] = json.loads(line)
                except ValueError:
                    break
                return answer
            if _ended(self._running[name]):
                break
            time.sleep(0.02)
        raise StartFailed(f"{name} did not start:\n{self.log_end(name)}")

    def wait_for(self, name: str, url: str) -> None:
        """Wait until something answers there over HTTP, whatever it answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if _ended(self._running[name]):
                break
            try:
                requests.get(url, timeout=START_SECONDS)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise StartFailed(f"{name} did not answer at {url}:\n{self.log_end(name)}")

    def ended(self) -> str | None:
        """The name of a process that ended by itself; None while all run."""
        return next((name for name, process in self._running.items() if _ended(process)), None)

    def log_end(self, name: str, characters: int = 3000) -> str:
        """The end of a process's log."""
        return (self._logs / f"{name}.log").read_text(errors="replace")[-characters:]

    def _spawn(self, name: str) -> None:
        command, environment, folder = self._commands[name]
        if self._nursery is not None and command[: len(MODULE)] == MODULE:
            path = self._logs / f"{name}.log"
            self._running[name] = self._nursery.fork(command[len(MODULE) :], environment, folder, path, path)
            return
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                # By its path and isolated: it finds itself in any folder, and leaves the environment to the command.
                [sys.executable, "-I", str(CHILD), *command],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


PORTS = range(15_000, 32_000)
"""Below those that a system gives to connections by itself: none is taken between its choice and its server's start."""
MOST_RESERVED = 200
"""Each is an open file; a server that was started so many ports ago has ended, or listens by now."""
_reserved: list[TextIO] = []


def free_port() -> int:
    """A port that nobody listens on right now; for servers that cannot tell which one they took.

    It is this process's as long as that lives: two that start at the same time would be given the same one, and each take
    the other's server for its own.
    """
    folder = Path(tempfile.gettempdir()) / f"gallery-sync-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for port in random.sample(PORTS, len(PORTS)):
        lock = (folder / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _reserved.append(lock)
        if len(_reserved) > MOST_RESERVED:
            _reserved.pop(0).close()
        return port
    raise StartFailed("no port of this machine is free")


def _ended(process: subprocess.Popen[bytes] | Forked) -> bool:
    return process.poll() is not None


def _signal(process: subprocess.Popen[bytes] | Forked, sign: signal.Signals) -> None:
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        return


def _plain_environment() -> dict[str, str]:
    """The environment without anything that would configure the functions from outside."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
    return {name: value for name, value in os.environ.items() if name in kept}

"""A process that has imported what the functions import, and forks a copy of itself for each that is to start.

To import Google's libraries takes a process more than half a second of a processor; a local cloud has eight functions and
three servers. A copy is a process like any other: its own id, its own session, killed as any other. It becomes
what `python -m MODULE ARGUMENTS` would be, with exactly the environment, the folder and the module path that it is given.

The libraries are imported and nothing more: no connection, no thread and no channel of gRPC is there before the fork. The
platform's server does the same, which loads a function first and then forks its workers.

Linux only: it rests on process descriptors (pidfd_open(2)) and on the kernel's ending the children of a process that died.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

__all__ = ["AVAILABLE", "Forked", "Nursery", "nursery"]

AVAILABLE = sys.platform == "linux"

LIBRARIES = (
    "aiohttp.web",
    "cloudevents.http",
    "functions_framework._http.gunicorn",
    "google.cloud.storage",
    "google.cloud.tasks_v2",
    "gunicorn.workers.gthread",
    "gunicorn.workers.sync",
    "yaml",
    "msgspec",
    "PIL.Image",
    "requests",
    "standardwebhooks",
)
"""Nothing of this project: a copy imports that itself, from wherever it is told that it is."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


class Forked:
    """A copy that runs. It is not our child, so only its end can be seen, not with which status."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # The nursery never asks how a copy ended: as long as it lives, no other process gets the number.
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs; else a status, which is nobody's."""
        return 0 if self._ended(0) else None

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end. Raises TimeoutError."""
        if not self._ended(seconds):
            raise TimeoutError(f"process {self.pid} still runs")

    def __del__(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

    def _ended(self, seconds: float | None) -> bool:
        return bool(select.select([self._descriptor], [], [], seconds)[0])


class Nursery:
    """The runner's side: asks for copies."""

    def __init__(self, orders: IO[bytes], answers: IO[bytes]) -> None:
        self._orders, self._answers = orders, answers

    def fork(self, module: Sequence[str], environment: Mapping[str, str], folder: Path, out: Path, err: Path) -> Forked:
        """Start `python -P -m *module` as a copy. What it writes is added to the files `out` and `err`."""
        order = list(module), dict(environment), str(folder), str(out), str(err)
        self._orders.write(json.dumps(order).encode() + b"\n")
        self._orders.flush()
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError("the nursery has ended; what it had to say is on the standard error")
        return Forked(int(answer))


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """Start a nursery that lives as long as the block; its copies end with it, whatever it ends by."""
    # Isolated: neither the folder nor the module path of the runner are a copy's.
    command = [sys.executable, "-I", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None  # noqa: S101  # for the types
        assert process.stdout is not None  # noqa: S101
        yield Nursery(process.stdin, process.stdout)


def _serve() -> tuple[Sequence[str], Mapping[str, str], str, str, str]:
    """Fork a copy for each line of the standard input; gives the order that was its own, in the copy alone.

    At the end of the input the process ends: its runner has ended, in order or not.
    """
    for library in LIBRARIES:
        importlib.import_module(library)
    # What is there now is never looked at by a copy's garbage collector, which would copy the memory that it shares.
    gc.collect()
    gc.freeze()
    own = os.getpid()
    for line in sys.stdin.buffer:
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != own:  # It died before we asked.
                os._exit(1)
            # Told from here, so that whoever knows the number can end the session at once.
            os.setsid()
            os.write(sys.stdout.fileno(), f"{os.getpid()}\n".encode())
            order: tuple[Sequence[str], Mapping[str, str], str, str, str] = json.loads(line)
            return order
    os._exit(0)


def _become(environment: Mapping[str, str], folder: str, out: str, err: str) -> None:
    """Be the process that was ordered, in all that it can see of itself."""
    # What ps and top show: all copies have the command line of the nursery.
    ctypes.CDLL(None).prctl(_PR_SET_NAME, Path(out).stem.encode())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:0] = [place for place in environment.get("PYTHONPATH", "").split(os.pathsep) if place]
    for number, (path, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (out, os.O_WRONLY | os.O_APPEND), (err, os.O_WRONLY | os.O_APPEND))
    ):
        opened = os.open(path, flags | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    (name, *sys.argv[1:]), environ, where, to, errors_to = _serve()
    _become(environ, where, to, errors_to)
    runpy.run_module(name, run_name="__main__", alter_sys=True)

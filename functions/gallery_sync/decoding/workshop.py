"""A process that stands ready to open pictures, each in a process of its own (`prepare_child`): started once, ended with us."""

import contextlib
import os
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from gallery_sync.decoding.guard import Ended, why

HEAD: Final = struct.Struct(">q")
BACK: Final = struct.Struct(">iq")
MOST_SAID: Final = 100_000_000
"""Bytes that one picture may make."""


class Workshop:
    """Opens pictures by a script, one at a time. `seconds` are of processor; after `clock_seconds` it is ended from here.

    Where the process dies or hangs, that is one picture's fault; the next one is opened by a new process.
    """

    def __init__(
        self, script: Path, arguments: Sequence[str], megabytes: int, seconds: int, clock_seconds: int
    ) -> None:
        self._command = [sys.executable, "-I", str(script), str(megabytes), str(seconds), *arguments]
        self._seconds, self._clock_seconds = seconds, clock_seconds
        self._running: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def open(self, content: bytes) -> bytes:
        """Give what came of a picture. Raises Ended."""
        with self._lock:
            try:
                status, said = self._asked(self._started(), content)
            except (TimeoutError, OSError, EOFError, struct.error) as error:
                ended = self._ended()
                if isinstance(error, TimeoutError):
                    raise Ended(f"it could not be decoded within {self._clock_seconds} s", is_slow=True) from None
                raise ended from None
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            raise why(code, said.decode("utf-8", "replace"), self._seconds)
        return said

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._ended()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._running is None or self._running.poll() is not None:
            # A group of its own, so that a picture's process ends with it.
            self._running = subprocess.Popen(  # noqa: S603  # its arguments are our own
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={},
                start_new_session=True,
            )
        return self._running

    def _asked(self, running: "subprocess.Popen[bytes]", content: bytes) -> tuple[int, bytes]:
        if running.stdin is None or running.stdout is None:
            raise EOFError("it has no pipes")
        until = time.monotonic() + self._clock_seconds
        running.stdin.write(HEAD.pack(len(content)))
        running.stdin.write(content)
        running.stdin.flush()
        status, length = BACK.unpack(_read(running.stdout, BACK.size, until))
        if not 0 <= length <= MOST_SAID:
            raise EOFError("it says too much")
        return status, _read(running.stdout, length, until)

    def _ended(self) -> Ended:
        """End the process and whatever it has started, and say what it complained of."""
        running, self._running = self._running, None
        if running is None:
            return Ended("nothing was started")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        _, complaint = running.communicate()
        return why(1, complaint.decode("utf-8", "replace"), self._seconds)


def _read(pipe: IO[bytes], length: int, until: float) -> bytes:
    """Read so many bytes until then. Raises TimeoutError, EOFError where the process is gone."""
    parts, left = list[bytes](), length
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while left:
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            if not (part := os.read(pipe.fileno(), min(left, 1 << 20))):
                raise EOFError("it ended")
            parts.append(part)
            left -= len(part)
    return b"".join(parts)

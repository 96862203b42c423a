"""How much memory a function's processes hold at most (proc(5), `VmHWM`)."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

PROC = Path("/proc")


class Peak:
    """The highest resident memory of the processes that serve at a URL, since this was made."""

    def __init__(self, url: str) -> None:
        self._processes = processes(url)
        for process in self._processes:
            try:
                # "5": the peak is counted anew from here on.
                (process / "clear_refs").write_text("5")
            except OSError:
                pytest.skip("the kernel does not let the peak of memory be counted anew")
        self.before = self._megabytes("VmRSS")

    @property
    def grown(self) -> float:
        """Megabytes between what was held at first and the peak."""
        return self._megabytes("VmHWM") - self.before

    def _megabytes(self, line: str) -> float:
        return sum(_kilobytes(process, line) for process in self._processes) / 1024


def processes(url: str) -> list[Path]:
    """The server's parent and its workers: all that were started with this port."""
    port = f"\0--port\0{urlsplit(url).port}\0".encode()
    found = [entry for entry in PROC.glob("[0-9]*") if port in _command(entry)]
    assert found, url
    return found


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _kilobytes(process: Path, line: str) -> int:
    (found,) = [row for row in (process / "status").read_text().splitlines() if row.startswith(f"{line}:")]
    return int(found.split()[1])

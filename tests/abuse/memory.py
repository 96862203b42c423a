"""How much memory a function's processes hold at most (proc(5), `VmHWM`)."""

from pathlib import Path

import pytest

from tests.integration.functions.conftest import Function

PROC = Path("/proc")


class Peak:
    """The highest resident memory of a function's processes, since this was made."""

    def __init__(self, function: Function) -> None:
        self._processes = processes(function)
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


def processes(function: Function) -> list[Path]:
    """The server's parent and its workers: all of its session."""
    found = [entry for entry in PROC.glob("[0-9]*") if _session(entry) == function.session]
    assert len(found) >= 2, found
    return found


def _session(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[3])
    except OSError:
        return None


def _kilobytes(process: Path, line: str) -> int:
    (found,) = [row for row in (process / "status").read_text().splitlines() if row.startswith(f"{line}:")]
    return int(found.split()[1])

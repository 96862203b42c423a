"""The runner leaves nothing behind: not on Ctrl-C, not when it is killed, not when a function does not start."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.local.cloud import Plan, local_cloud
from infra.local.nursery import Nursery
from infra.local.processes import ROOT, StartFailed
from infra.local.sandbox.config import SandboxConfig
from tests.e2e.support import wait


@contextlib.contextmanager
def running_dev() -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run what `make dev` runs, until it says how to drop a file; gives the process and those lines."""
    logs = tempfile.mkdtemp()
    dev = subprocess.Popen(
        [sys.executable, "-m", "infra.local.dev", "--logs", logs],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "functions"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    with dev:
        assert dev.stdout is not None
        lines = []
        for line in dev.stdout:
            lines.append(line)
            if "/upload/" in line:
                break
        try:
            yield dev, lines
        finally:
            if dev.poll() is None:
                dev.send_signal(signal.SIGTERM)
            dev.wait(90)
            shutil.rmtree(logs, ignore_errors=True)


@pytest.mark.long
@pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc; elsewhere nothing ends the children of a killed runner"
)
@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_the_runner_leaves_no_process_and_no_port_behind(sign: signal.Signals, status: int) -> None:
    with running_dev() as (runner, lines):
        ports = {int(port) for line in lines for port in re.findall(r"127\.0\.0\.1:(\d+)", line)}
        children = descendants(runner.pid)
        # Storage, tasks, the sandbox and five functions, each function with a worker.
        assert len(children) >= 13, lines
        assert len(ports) >= 9, lines
        assert all(listens(port) for port in ports)

        runner.send_signal(sign)
        assert runner.wait(90) == status
        wait("every process to end", lambda: not any(is_alive(*child) for child in children), 60)
        assert [port for port in ports if listens(port)] == []


def test_a_function_that_cannot_start_is_told_with_its_log_and_ends_the_others(
    tmp_path: Path, forks: Nursery | None
) -> None:
    plan = Plan(sandbox=SandboxConfig(), settings={"MAX_ATTEMPTS": "many"})
    with pytest.raises(StartFailed) as failed, local_cloud(plan, tmp_path, forks):
        pass

    assert str(failed.value).startswith("sync_gallery did not answer at http://127.0.0.1:")
    assert "gallery-sync cannot start: the setting MAX_ATTEMPTS is 'many': write a whole number" in str(failed.value)
    logged = re.findall(r"127\.0\.0\.1:(\d+)", "".join(log.read_text() for log in tmp_path.glob("*.log")))
    mentioned = [urlsplit(word.rstrip(":")).port for word in str(failed.value).split() if word.startswith("http://")]
    assert len(logged) >= 4
    assert [port for port in (*map(int, logged), *mentioned) if port is not None and listens(port)] == []
    if sys.platform == "linux":
        assert [child for child, _ in descendants(os.getpid()) if str(tmp_path) in open_files(child)] == []


Process = tuple[int, str]
"""A process id, and the moment of its start: the id alone may be another process's by now."""


def descendants(root: int) -> list[Process]:
    """The processes that this one has started, and those that they have started."""
    started: dict[int, list[Process]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat(int(entry.name))):
            started.setdefault(int(fields[1]), []).append((int(entry.name), fields[19]))
    found = list(started.get(root, ()))
    for process, _ in found:
        found += started.get(process, ())
    return found


def is_alive(process: int, start: str) -> bool:
    """Whether this very process still runs; one that has ended and waits for its parent to notice does not."""
    fields = stat(process)
    return fields is not None and fields[0] != "Z" and fields[19] == start


def stat(process: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on: `[0]` state, `[1]` parent, `[19]` start (proc(5))."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def open_files(process: int) -> str:
    """Where a process's output goes."""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/{process}/fd/1").readlink())
    return ""


def listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(5)
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.long
def test_the_lines_that_the_runner_prints_work_as_they_are() -> None:
    with running_dev() as (_, lines):
        listing, dropping = (line.strip() for line in lines if line.strip().startswith("curl"))
        subprocess.run(shlex.split(dropping), check=True, timeout=30)

        def shown() -> list[object]:
            ran = subprocess.run(shlex.split(listing), check=True, timeout=30, capture_output=True, text=True)
            images: list[object] = json.loads(ran.stdout)["images"]
            return images

        wait("the picture in the gallery", shown)

"""An instance that was idle gets no processor for a while. When it wakes, its worker is not killed for having been silent."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from gallery_sync.connect.server import keep_thawed_workers
from infra.local.runtime import DEPLOYED

from .conftest import Forks, Queues, running

SILENT = 3.0
"""Seconds for which a worker gets no processor; the server that is told of a timeout of one second misses it after that."""


def workers(parent: int) -> set[int]:
    """The processes that the server made."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(text.rpartition(")")[2].split()[1]) == parent:
            found.add(int(stat.parent.name))
    return found


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("name", ["on_drop", "job_finished"])
def test_a_worker_that_was_silent_for_long_lives_on(
    name: str, settings: Mapping[str, str], queues: Queues, tmp_path: Path, forks: Forks
) -> None:
    with running(name, {**settings, "CLOUD_RUN_TIMEOUT_SECONDS": "1"}, tmp_path, forks) as function:
        function.post(b"{}")
        before = workers(function.session)
        assert len(before) == 1
        for worker in before:
            os.kill(worker, signal.SIGSTOP)
        time.sleep(SILENT)
        for worker in before:
            os.kill(worker, signal.SIGCONT)
        time.sleep(0.5)
        assert workers(function.session) == before
        assert function.post(b"{}").status_code in (400, 401, 415)


@pytest.mark.parametrize("name", DEPLOYED)
def test_it_is_so_where_a_worker_has_several_threads(name: str) -> None:
    environ = {"THREADS": str(DEPLOYED[name].concurrency), "CLOUD_RUN_TIMEOUT_SECONDS": "60"}
    keep_thawed_workers(environ)
    assert environ["CLOUD_RUN_TIMEOUT_SECONDS"] == ("0" if DEPLOYED[name].concurrency > 1 else "60")

"""A copy from the nursery is the process that was ordered: nothing of the nursery's, of the runner's or of another copy's."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.nursery import AVAILABLE, Forked, Nursery, nursery

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="elsewhere processes are started one by one")

PATIENCE = 20.0
TELLS = """
import gallery, json, os, sys, threading
json.dump({
    "arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd(), "group": os.getpgid(0),
    "module": gallery.__file__, "threads": threading.active_count(), "name": __name__,
    "ours": [name for name in sys.modules if name.partition(".")[0] in ("gallery_sync", "infra", "tests")],
    "ready": "google.cloud.storage" in sys.modules,
}, sys.stdout)
print("told", file=sys.stderr)
raise SystemExit("this is how it ends")
"""


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    with nursery() as forks:
        yield forks


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of modules."""
    (tmp_path / "tells.py").write_text(TELLS)
    (tmp_path / "sleeps.py").write_text("import time; print('awake', flush=True); time.sleep(600)")
    (tmp_path / "gallery.py").write_text("")
    return tmp_path


def forked(forks: Nursery, place: Path, *module: str, **environment: str) -> Forked:
    return forks.fork(module, {"PYTHONPATH": str(place), **environment}, place, place / "out", place / "err")


def awake(forks: Nursery, place: Path) -> Forked:
    sleeper = forked(forks, place, "sleeps")
    until = time.monotonic() + PATIENCE
    while not (place / "out").exists() or not (place / "out").read_text():
        assert time.monotonic() < until
        time.sleep(0.01)
    return sleeper


def test_a_copy_has_the_arguments_the_environment_and_the_folder_that_were_ordered(forks: Nursery, place: Path) -> None:
    copy = forked(forks, place, "tells", "--port", "1", ONE="ů")
    copy.wait(PATIENCE)
    told = json.loads((place / "out").read_text())
    assert told == {
        "arguments": ["--port", "1"],
        "environment": {"PYTHONPATH": str(place), "ONE": "ů"},
        "folder": str(place),
        "group": copy.pid,
        "module": str(place / "gallery.py"),
        "threads": 1,
        "name": "__main__",
        "ours": [],
        "ready": True,
    }
    assert (place / "err").read_text() == "told\nthis is how it ends\n"


def test_a_copy_adds_to_what_was_written_before_it(forks: Nursery, place: Path) -> None:
    (place / "err").write_text("before\n")
    forked(forks, place, "tells").wait(PATIENCE)
    assert (place / "err").read_text() == "before\ntold\nthis is how it ends\n"


def test_a_copy_can_be_killed_and_leaves_the_others_alone(forks: Nursery, place: Path) -> None:
    first, second = awake(forks, place), awake(forks, place)
    assert (first.poll(), second.poll()) == (None, None)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(PATIENCE)
    assert (first.poll(), second.poll()) == (0, None)
    with pytest.raises(TimeoutError):
        second.wait(0.01)
    os.killpg(second.pid, signal.SIGTERM)
    second.wait(PATIENCE)


def test_no_copy_outlives_its_nursery(place: Path) -> None:
    with nursery() as forks:
        sleeper = awake(forks, place)
    sleeper.wait(PATIENCE)


def test_what_a_copy_imports_is_nobody_elses(
    forks: Nursery, place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    for name in ("tells.py", "gallery.py"):
        (other / name).write_text((place / name).read_text())
    for folder in (place, other):
        forked(forks, folder, "tells").wait(PATIENCE)
        assert json.loads((folder / "out").read_text())["module"] == str(folder / "gallery.py")
    assert "tells" not in sys.modules

"""What the archive holds, and that the same tree gives the same bytes."""

import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from gallery_sync.connect.settings import FUNCTIONS as SETTINGS
from infra.package.__main__ import FUNCTIONS, ROOT
from infra.package.archive import NotDeployable, members, write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the functions, to be spoilt."""
    copy = tmp_path / "functions"
    shutil.copytree(FUNCTIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_the_same_tree_gives_the_same_bytes_whatever_its_times_rights_and_place(tree: Path, tmp_path: Path) -> None:
    first = write(FUNCTIONS, tmp_path / "first.zip")
    for file in tree.rglob("*.py"):
        os.utime(file, (1, 1_000_000_000))
        file.chmod(0o600)
    second = write(tree, tmp_path / "elsewhere" / "second.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert (first.size, first.sha256) == (second.size, second.sha256)


def test_another_content_gives_other_bytes(tree: Path, tmp_path: Path) -> None:
    first = write(tree, tmp_path / "archive.zip")
    with (tree / "sweep.py").open("a") as file:
        file.write("\n")
    assert write(tree, tmp_path / "archive.zip").sha256 != first.sha256


def test_what_is_reported_is_what_was_written(archive: Path, tmp_path: Path) -> None:
    written = write(FUNCTIONS, tmp_path / "archive.zip")
    content = written.path.read_bytes()
    assert (written.size, written.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [file.name for file in tmp_path.iterdir()] == ["archive.zip"]


def test_it_holds_every_file_of_the_functions_that_git_knows(archive: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "functions"], cwd=ROOT, capture_output=True, check=True, text=True, timeout=30
    )
    # A file may be deleted here, and git not told yet.
    known = {name.removeprefix("functions/") for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    assert known
    assert known - set(zipfile.ZipFile(archive).namelist()) == set()


def test_it_holds_an_entry_file_for_each_function_at_its_root(archive: Path) -> None:
    at_root = {name for name in zipfile.ZipFile(archive).namelist() if "/" not in name}
    assert at_root == {"requirements.txt", *(f"{name}.py" for name in SETTINGS)}


def test_it_holds_nothing_but_what_is_deployed(archive: Path) -> None:
    names = zipfile.ZipFile(archive).namelist()
    assert {name.partition("/")[0] for name in names if "/" in name} == {"gallery_sync"}
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc") or "test" in name] == []


def test_every_entry_can_be_read_by_everybody_and_carries_no_time_of_its_own(archive: Path) -> None:
    entries = zipfile.ZipFile(archive).infolist()
    assert {(entry.external_attr >> 16, entry.date_time, entry.compress_type) for entry in entries} == {
        (0o100644, (1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
    }
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def test_what_tools_leave_behind_is_left_out(tree: Path) -> None:
    before = members(tree)
    (tree / "gallery_sync" / "__pycache__").mkdir()
    (tree / "gallery_sync" / "__pycache__" / "plan.cpython-311.pyc").write_bytes(b"")
    (tree / "shoptet_gallery_sync.egg-info").mkdir()
    (tree / "shoptet_gallery_sync.egg-info" / "PKG-INFO").write_text("")
    assert members(tree) == before


@pytest.mark.parametrize("name", ["gallery_sync/plan.py.orig", "notes.txt", ".env", "tests/test_plan.py", "key.json"])
def test_what_nobody_meant_to_deploy_stops_it_by_name(name: str, tree: Path) -> None:
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("")
    with pytest.raises(NotDeployable, match=f"functions/{name} is no part"):
        members(tree)


def test_a_file_that_a_function_serves_is_deployed(tree: Path) -> None:
    (tree / "gallery_sync" / "page.html").write_text("")
    (tree / "gallery_sync" / "py.typed").write_text("")
    assert {"gallery_sync/page.html", "gallery_sync/py.typed"} <= set(members(tree))


def test_a_link_stops_it(tree: Path) -> None:
    (tree / "gallery_sync" / "more.py").symlink_to(tree / "sweep.py")
    with pytest.raises(NotDeployable, match="is a link"):
        members(tree)


def test_missing_requirements_stop_it_and_the_earlier_archive_stays(tree: Path, tmp_path: Path) -> None:
    earlier = write(tree, tmp_path / "archive.zip")
    (tree / "requirements.txt").unlink()
    with pytest.raises(NotDeployable, match="make lock"):
        write(tree, tmp_path / "archive.zip")
    assert hashlib.sha256(earlier.path.read_bytes()).hexdigest() == earlier.sha256

"""What of a ZIP is unpacked: names as Windows and Macs write them, and nothing that leads elsewhere or never ends."""

import io
import zipfile
from typing import Any

import pytest

from gallery_sync.core import archive
from gallery_sync.core.archive import Archive, BadArchive
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, Placing, read_patterns

HOW = Placing(read_patterns(DEFAULT_PATTERNS))
UTF_8, DOS, UNIX = 0x800, 0, 3


def info(name: str, size: int = 1000, packed: int = 900, **more: Any) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name)
    found.file_size, found.compress_size, found.create_system = size, packed, DOS
    found.flag_bits = UTF_8
    for field, value in more.items():
        setattr(found, field, value)
    return found


def as_written(name: str, encoding: str) -> zipfile.ZipInfo:
    """As the library reads a name that does not say its encoding."""
    return info(name.encode(encoding).decode("cp437"), flag_bits=0)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "Tričko modré/čelní.jpg"),
        ("cp852", "Tričko modré/žluťoučký.jpg"),
        ("cp1250", "Tričko modré/šílený.jpg"),
        ("cp437", "Möbel/grün.jpg"),
        ("ascii", "ABC/1.jpg"),
    ],
)
def test_names_are_as_they_were_meant(encoding: str, name: str) -> None:
    assert archive.name_of(as_written(name, encoding)) == name


def test_a_name_that_says_its_encoding_is_believed_and_windows_folders_are_folders() -> None:
    assert archive.name_of(info("Tričko\\1.jpg")) == "Tričko/1.jpg"
    assert archive.name_of(info("a\\b.jpg", create_system=UNIX)) == "a\\b.jpg"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (info("../ABC/1.jpg"), "leads out of the archive"),
        (info("/ABC/1.jpg"), "leads out of the archive"),
        (info("C:\\ABC\\1.jpg"), "leads out of the archive"),
        (info("ABC\\..\\..\\1.jpg"), "leads out of the archive"),
        (info("ABC/1.jpg", create_system=UNIX, external_attr=0o120777 << 16), "a link"),
        (info("ABC/1.jpg", flag_bits=UTF_8 | 1), "encrypted"),
        (info("ABC/more.zip"), "an archive itself"),
        (info(f"ABC/{'x' * 1_100}.jpg"), "more than the 1024 bytes"),
        (info("ABC/1.jpg", size=100_000_001, packed=90_000_000), "100 MB, the most is 100"),
        (info("ABC/1.jpg", size=90_000_000, packed=1_000), "times larger than it is packed"),
        (info("ABC/notes.txt"), "is no picture"),
        (info("a/b/c/d/1.jpg"), "folders deep"),
    ],
)
def test_what_is_left_out_is_told(bad: zipfile.ZipInfo, says: str) -> None:
    found, left = archive.entries(Archive("photos.zip"), [info("ABC/1.jpg"), bad], HOW)
    assert [one.target for one in found] == ["ABC/1.jpg"]
    assert [says in one.reason for one in left] == [True], left


def test_a_zip_in_a_folder_is_that_folder() -> None:
    listed = [
        info("1.jpg"),
        info("shop360/2.jpg"),
        info("gallery.csv"),
        info("sub/"),
        info("__MACOSX/._1.jpg"),
        info(".DS_Store"),
    ]
    found, left = archive.entries(Archive("ABC/new.zip"), listed, HOW)
    assert [one.target for one in found] == ["ABC/1.jpg", "ABC/shop360/2.jpg", "ABC/gallery.csv"]
    assert left == []
    flat, _ = archive.entries(Archive("new.zip"), [info("ABC_1.jpg"), info("ABC/1.jpg")], HOW)
    assert [one.target for one in flat] == ["ABC_1.jpg", "ABC/1.jpg"]


def test_more_than_anybody_packs_is_refused_whole() -> None:
    with pytest.raises(BadArchive, match="20001 files, the most is 20000"):
        archive.entries(Archive("a.zip"), [info("ABC/1.jpg")] * 20_001, HOW)
    with pytest.raises(BadArchive, match="the most is 20000: split it"):
        archive.entries(Archive("a.zip"), [info("ABC/1.jpg", size=99_000_000)] * 300, HOW)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("a.zip", True), ("ABC/Photos.ZIP", True), ("a.zip.part", False), (".zip", False), ("a.rar", False)],
)
def test_what_is_an_archive(name: str, is_one: bool) -> None:
    assert (archive.read_name(name) is not None) is is_one


def test_the_library_reads_what_it_wrote_itself() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writes:
        writes.writestr("Tričko/1.jpg", b"picture")
    with zipfile.ZipFile(packed) as reads:
        found, left = archive.entries(Archive("a.zip"), reads.infolist(), HOW)
    assert ([one.target for one in found], left) == (["Tričko/1.jpg"], [])

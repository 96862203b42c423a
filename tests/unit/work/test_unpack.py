"""A ZIP is a folder: its files lie where they would, once, whatever is doubled or killed; what people dropped since stays."""

import io
import struct
import zipfile
from dataclasses import replace
from typing import IO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery_sync.core.files import BucketFile
from gallery_sync.state import archives
from gallery_sync.work.place import place
from gallery_sync.work.unpack import ORIGIN
from tests.unit.core.build import FixedClock
from tests.unit.work.test_place import SOME, Desk, Killed

FILES = {
    "ABC/1.jpg": b"one",
    "ABC/shop/2.jpg": b"two",
    "ABC_3.jpg": b"three",
    "70/gallery.csv": b"file;order\n1.jpg;1\n",
}


def packed(files: dict[str, bytes], **more: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as writes:
        for name, content in (files | more).items():
            writes.writestr(name, content)
    return target.getvalue()


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.shop(("ABC",), ("70",))
    return desk


def drop(desk: Desk, name: str, content: bytes, created: float = 10.0) -> None:
    desk.contents[name] = content
    desk.files.created[name] = created
    desk.drop(name)


def lies(desk: Desk) -> dict[str, bytes]:
    return {name: desk.contents[name] for name in desk.files.generations if name in desk.contents}


def test_each_file_lies_where_it_would_and_the_zip_is_put_aside(desk: Desk) -> None:
    drop(desk, "photos.zip", packed(FILES))
    desk.run()
    assert lies(desk) == FILES
    assert (desk.waits(), desk.refused()) == ([], {})
    assert [line["message"] for line in desk.said()] == ["photos.zip: 4 files unpacked"]
    assert desk.files.metadata["ABC/1.jpg"] == {ORIGIN: "photos.zip#1"}


def test_what_was_left_out_is_told(desk: Desk) -> None:
    drop(desk, "ABC/new.zip", packed({"1.jpg": b"one", "notes.txt": b"no", "../70/1.jpg": b"no"}))
    desk.run()
    assert lies(desk) == {"ABC/1.jpg": b"one"}
    code, reason = desk.refused()["ABC/new.zip"]
    assert code == "left-out"
    assert reason.startswith("1 files unpacked, 2 not: notes.txt: 'notes.txt' is no picture")
    assert "leads out of the archive" in reason


def test_what_somebody_dropped_since_stays_and_what_is_older_is_replaced(desk: Desk) -> None:
    desk.files.generations |= {"ABC/1.jpg": 7, "ABC/shop/2.jpg": 7}
    desk.files.created |= {"ABC/1.jpg": 11.0, "ABC/shop/2.jpg": 9.0}
    desk.contents |= {"ABC/1.jpg": b"newer", "ABC/shop/2.jpg": b"older"}
    drop(desk, "photos.zip", packed(FILES))
    desk.run()
    assert lies(desk) == FILES | {"ABC/1.jpg": b"newer"}


@pytest.mark.parametrize("content", [b"", b"no zip", packed(FILES)[:-30]], ids=["empty", "no zip", "cut off"])
def test_what_is_no_zip_is_refused_and_stays(desk: Desk, content: bytes) -> None:
    drop(desk, "photos.zip", content)
    desk.run()
    code, reason = desk.refused()["photos.zip"]
    assert (code, "it is no ZIP, or its upload ended too early" in reason) == ("bad-archive", True)
    assert "photos.zip" in desk.files.generations
    assert desk.waits() == []
    desk.delete("photos.zip")
    desk.run()
    assert desk.refused() == {}


def test_a_damaged_file_is_left_out_and_all_others_come(desk: Desk) -> None:
    content = bytearray(packed(FILES))
    place_of = content.index(b"three") if b"three" in content else content.index(b"ABC_3.jpg") + len("ABC_3.jpg")
    content[place_of] ^= 0xFF
    drop(desk, "photos.zip", bytes(content))
    desk.run()
    assert lies(desk).keys() == FILES.keys() - {"ABC_3.jpg"}
    assert "3 files unpacked, 1 not: ABC_3.jpg: it is damaged in the archive" in desk.refused()["photos.zip"][1]


def test_a_run_without_time_leaves_the_rest_to_the_next(desk: Desk) -> None:
    class Slow(FixedClock):
        def now(self) -> float:
            self._now += 20.0
            return self._now

    drop(desk, "photos.zip", packed({f"ABC/{number}.jpg": b"x" for number in range(20)}))
    clock = Slow()
    place(replace(desk.world(), clock=clock), SOME)
    first = len(desk.written)
    assert 0 < first < 20
    assert desk.waits() == ["photos.zip"]
    assert ("place", False) in desk.queue.asked
    for _ in range(20):
        place(replace(desk.world(), clock=clock), SOME)
    assert len(desk.written) == len(set(desk.written)) == 20
    assert "photos.zip" not in desk.files.generations
    assert [path for path in desk.documents.documents if path.startswith(archives.PREFIX)] == []


def test_who_is_killed_at_any_moment_writes_nothing_twice_and_leaves_nothing_out() -> None:
    for left in range(1, 60):
        desk = Desk()
        desk.shop(("ABC",), ("70",))
        drop(desk, "photos.zip", packed(FILES))
        desk.documents.left = left
        try:
            place(desk.world(), SOME)
        except Killed:
            desk.documents.left = None
        else:
            break
        # The event comes once more, too.
        if "photos.zip" in desk.files.generations:
            desk.drop("photos.zip")
            desk.files.generations["photos.zip"] = 1
        desk.run()
        assert lies(desk) == FILES, left
        assert sorted(desk.written) == sorted(FILES), left
        assert desk.waits() == []
    assert left > 8


class Sparse(io.RawIOBase):
    """A file of zeros, but for its end; and the largest piece that was ever read of it."""

    def __init__(self, size: int, end: bytes) -> None:
        self.size, self.end, self.at, self.largest = size, end, 0, 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self.at = max(0, offset + (0, self.at, self.size)[whence])
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1, /) -> bytes:
        wanted = min(size if size >= 0 else self.size, self.size - self.at)
        self.largest = max(self.largest, wanted)
        start = self.at - (self.size - len(self.end))
        self.at += wanted
        return bytes(max(0, min(wanted, -start))) + self.end[max(0, start) : max(0, start + wanted)]


def test_a_list_of_files_that_would_fill_the_memory_is_refused_before_it_is_read(desk: Desk) -> None:
    says = 300_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, says, 0, 0)
    stream = Sparse(says + len(end), end)

    class Large(Desk):
        def open(self, file: BucketFile) -> IO[bytes]:
            return cast("IO[bytes]", stream)

    large = Large(desk.documents, desk.files, desk.queue, desk.lines)
    drop(large, "photos.zip", b"")
    desk.files.sizes["photos.zip"] = stream.size
    large.run()
    code, reason = large.refused()["photos.zip"]
    assert (code, "its list of files has more bytes than any may have" in reason) == ("bad-archive", True)
    assert stream.largest < 1_000_000


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_no_damage_is_worse_than_refused_or_left_out(changes: list[tuple[int, int]]) -> None:
    content = bytearray(packed(FILES))
    for at, value in changes:
        content[at % len(content)] = value
    desk = Desk()
    desk.shop(("ABC",), ("70",))
    drop(desk, "photos.zip", bytes(content))
    desk.run()
    assert desk.waits() == []
    assert ("photos.zip" in desk.files.generations) == (desk.refused().get("photos.zip", ("", ""))[0] == "bad-archive")
    for name in set(desk.written) & FILES.keys():
        assert desk.contents[name] == FILES[name]

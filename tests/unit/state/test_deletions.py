"""How many images may go with their files in an hour, in the whole shop."""

import msgspec
import pytest

from gallery_sync.core.schedule import HOUR
from gallery_sync.ports.storage import PreconditionFailed, StorageUnavailable
from gallery_sync.state import deletions
from gallery_sync.state.deletions import Deleted
from tests.unit.core.build import Lines
from tests.unit.http.memory import NOW, Memory

MOST = 200


class Busy(Memory):
    """Documents that others write right before, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def write(self, path: str, body: bytes, *, generation: int, metadata: object = None) -> int:
        if self.times:
            self.times -= 1
            super().write(path, msgspec.json.encode(Deleted(int(NOW // HOUR), 150)), generation=generation)
            raise PreconditionFailed(path)
        return super().write(path, body, generation=generation)


def reserve(documents: Memory, wanted: int, now: float = NOW) -> int:
    return deletions.reserve(documents, wanted, MOST, now, Lines().log)


def test_an_hour_has_so_many_and_the_next_as_many_again() -> None:
    documents = Memory()
    assert [reserve(documents, 90) for _ in range(4)] == [90, 90, 20, 0]
    assert deletions.next_hour(NOW) > NOW
    assert reserve(documents, 90, deletions.next_hour(NOW)) == 90


def test_an_hour_is_counted_from_its_beginning() -> None:
    assert deletions.next_hour(10 * HOUR) == 11 * HOUR
    assert deletions.next_hour(11 * HOUR - 1) == 11 * HOUR


def test_whoever_wrote_first_is_counted() -> None:
    assert reserve(Busy(1), 90) == 50


def test_where_others_write_all_the_time_another_run_tries_again() -> None:
    with pytest.raises(StorageUnavailable):
        reserve(Busy(1_000), 10)


def test_what_was_not_deleted_is_there_for_others() -> None:
    documents = Memory()
    reserve(documents, 200)
    deletions.give_back(documents, 60, NOW, Lines().log)
    assert reserve(documents, 100) == 60


def test_what_was_reserved_in_another_hour_is_not_given_back() -> None:
    documents = Memory()
    reserve(documents, 200)
    deletions.give_back(documents, 60, NOW - HOUR, Lines().log)
    assert reserve(documents, 100) == 0


@pytest.mark.parametrize(("ahead", "left"), [(1, 50), (2, 200)])
def test_an_instance_whose_clock_is_behind_counts_along_and_nonsense_does_not(ahead: int, left: int) -> None:
    documents = Memory()
    reserve(documents, 150, NOW + ahead * HOUR)
    assert reserve(documents, 200) == left


def test_a_damaged_document_begins_anew() -> None:
    documents, lines = Memory(), Lines()
    documents.write(deletions.PATH, b"<html>", generation=0)
    assert deletions.reserve(documents, 10, MOST, NOW, lines.log) == 10
    assert lines.read[0]["severity"] == "ERROR"

"""A refusal of a file ends with the file, also where the event of its deletion was lost."""

from typing import Any

from gallery_sync.core.schedule import DAY
from gallery_sync.state import refusals
from gallery_sync.state.refusals import RefusedDrop
from tests.unit.core.build import NOW
from tests.unit.work.test_open import Asked, State


class Refused(Asked):
    """Notes the refused files, too."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []

    def refused(self, name: str) -> None:
        self.files.append(name)

    def folder(self, *_: Any) -> None:
        return


def test_a_refused_file_is_looked_at_once_a_day_whether_it_is_still_there() -> None:
    asked = Refused()
    state = State(asked=asked)
    refusals.record(state.documents, RefusedDrop("A/notes.txt", "not-a-picture", "no", NOW))
    refusals.record(state.documents, RefusedDrop("A/shop/", "no-product", "no", NOW, "A", "shop"))
    state.sweep(NOW + 60.0)
    assert asked.files == []
    state.sweep(NOW + DAY + 60.0)
    state.sweep(NOW + DAY + 660.0)
    assert asked.files == ["A/notes.txt"]
    state.sweep(NOW + 2 * DAY + 60.0)
    assert asked.files == ["A/notes.txt"] * 2

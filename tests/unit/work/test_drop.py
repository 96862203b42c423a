"""What a change in the drop bucket leads to: one look, and nothing else."""

import pytest

from gallery_sync.core.events import Changed
from gallery_sync.ports.queue import Reconcile, parse_task
from gallery_sync.work.drop import drop
from tests.unit.core.build import FixedClock, Lines, RecordingTasks, queue_into


def led_to(name: str, size: int = 1) -> tuple[list[Reconcile], Lines]:
    tasks, lines = RecordingTasks(), Lines("on_drop")
    drop(Changed("drops", name, size), queue_into(tasks), FixedClock(), lines.log)
    return [parse_task(task.body) for task in tasks.tasks], lines


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("62%2FXL/a.jpg", Reconcile("shop", prefix="62%2FXL")),
        ("A/shop360/a.jpg", Reconcile("shop360", prefix="A")),
    ],
)
def test_a_drop_is_looked_at_by_its_folder(name: str, look: Reconcile) -> None:
    tasks, lines = led_to(name)
    assert tasks == [look]
    assert lines.read == []


def test_a_refused_name_is_logged_with_its_reason_and_looked_at_too() -> None:
    tasks, lines = led_to("A/notes.txt")
    assert tasks == [Reconcile(refused="A/notes.txt")]
    (line,) = lines.read
    assert (line["severity"], line["code"]) == ("WARNING", "not-a-picture")
    assert line["message"].startswith("A/notes.txt is refused: 'notes.txt' is no picture")


@pytest.mark.parametrize(
    "name", ["A/" + "x" * 1_000 + ".txt", "x" * 1_000 + "/a.png", "A/" + "y" * 990 + "/a.png", "A/" * 500]
)
def test_the_longest_name_leaves_room_for_its_reason_in_the_line(name: str) -> None:
    _, lines = led_to(name)
    (line,) = lines.read
    reason = line["message"].partition(" is refused: ")[2]
    assert reason
    assert not line["message"].endswith("…")
    assert line["message"].startswith(name[:20])


def test_a_consoles_folder_is_ignored() -> None:
    tasks, lines = led_to("A/shop/", 0)
    assert (tasks, lines.read) == ([], [])

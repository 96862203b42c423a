"""The tasks that make somebody look: what they carry, when they run, and which of them are one."""

from collections.abc import Callable

import msgspec
import pytest

from gallery_sync.looks import BadLook, Look, TaskLooks, connect_looks, parse
from gallery_sync.schedule import DAY
from gallery_sync.settings import PollTasks, SyncTasks
from gallery_sync.tasks import Task
from tests.unit.core.build import GUID, NOW, POLL, SYNC, TIMING, FixedClock, RecordingTasks, looks_into

WINDOW_END = NOW + TIMING.window + TIMING.skew
"""When a look runs that is asked for at NOW, where a window begins."""

Ask = Callable[[TaskLooks], None]


def enqueued(ask: Ask) -> Task:
    tasks = RecordingTasks()
    ask(looks_into(tasks))
    (task,) = tasks.tasks
    return task


@pytest.mark.parametrize(
    ("ask", "look", "at"),
    [
        (lambda looks: looks.drop("62%2FXL", "shop", NOW), Look("shop", prefix="62%2FXL"), WINDOW_END),
        (lambda looks: looks.drop("A", "shop360", NOW + 60), Look("shop360", prefix="A"), WINDOW_END + 60),
        (lambda looks: looks.drop("A", "shop", NOW - 60), Look("shop", prefix="A"), WINDOW_END),
        (lambda looks: looks.gallery(GUID, "shop", NOW), Look("shop", guid=GUID), WINDOW_END),
        (lambda looks: looks.gallery(GUID, "shop", NOW + 300), Look("shop", guid=GUID), WINDOW_END + 300),
        (lambda looks: looks.gallery(GUID, "shop", 1.0), Look("shop", guid=GUID), WINDOW_END),
        (lambda looks: looks.check(GUID, "shop", NOW + 300), Look("shop", guid=GUID, check=True), WINDOW_END + 300),
        (lambda looks: looks.check(GUID, "shop", NOW - 600), Look("shop", guid=GUID, check=True), WINDOW_END - 600),
        (lambda looks: looks.refused("a.png"), Look(refused="a.png"), WINDOW_END),
        (lambda looks: looks.operation("op1", NOW), Look(operation="op1"), WINDOW_END),
        (lambda looks: looks.ended(GUID, "shop", "j1"), Look("shop", guid=GUID, job="j1"), NOW),
    ],
)
def test_a_look_is_a_task_of_the_sync_queue_that_reads_back(ask: Ask, look: Look, at: float) -> None:
    task = enqueued(ask)
    assert (task.queue, task.url, task.at) == (SYNC.queue, SYNC.url, at)
    assert task.dispatch_deadline == TIMING.dispatch_deadline
    assert parse(task.body) == look


@pytest.mark.parametrize(("at", "runs_at"), [(NOW, NOW + 4), (NOW - 60, NOW + 4), (NOW + 15, NOW + 18)])
def test_a_look_at_the_jobs_is_a_windowed_task_of_the_poll_queue(at: float, runs_at: float) -> None:
    task = enqueued(lambda looks: looks.jobs(at))
    assert (task.queue, task.url, task.body, task.at) == (POLL.queue, POLL.url, b"{}", runs_at)


def count(*asks: Ask) -> int:
    tasks = RecordingTasks()
    looks = looks_into(tasks)
    for ask in asks:
        ask(looks)
    return len(tasks.tasks)


def test_a_burst_of_drops_is_one_look() -> None:
    assert count(*[lambda looks: looks.drop("A", "shop", NOW)] * 300) == 1


def test_a_burst_of_hints_is_one_look_at_the_jobs() -> None:
    assert count(*[lambda looks: looks.jobs(NOW)] * 30) == 1


def test_while_a_look_at_an_ended_job_is_under_way_another_is_not_enqueued() -> None:
    assert count(*[lambda looks: looks.ended(GUID, "shop", "j1")] * 2) == 1
    assert (
        count(
            lambda looks: looks.ended(GUID, "shop", "j1"),
            lambda looks: looks.ended(GUID, "shop", "j2"),
            lambda looks: looks.ended(GUID, "shop360", "j1"),
        )
        == 3
    )


def test_looks_at_other_moments_galleries_or_folders_are_other_tasks() -> None:
    assert (
        count(
            lambda looks: looks.drop("A", "shop", NOW),
            lambda looks: looks.drop("A", "shop", NOW + TIMING.window),
            lambda looks: looks.drop("A", "shop360", NOW),
            lambda looks: looks.drop("B", "shop", NOW),
        )
        == 4
    )


def test_a_look_at_a_folder_is_not_taken_for_one_at_its_gallery() -> None:
    # It may be written down nowhere yet that the folder feeds the gallery: a look at the gallery would not list it.
    assert (
        count(
            lambda looks: looks.gallery(GUID, "shop", NOW),
            lambda looks: looks.drop(GUID, "shop", NOW),
        )
        == 2
    )


def test_a_check_and_an_ordinary_look_at_the_same_gallery_and_moment_are_two() -> None:
    # The ordinary one asks Shoptet nothing: a check that was taken for it would never be made.
    assert (
        count(
            lambda looks: looks.gallery(GUID, "shop", NOW),
            lambda looks: looks.check(GUID, "shop", NOW),
            lambda looks: looks.drop(GUID, "shop", NOW),
        )
        == 3
    )


def test_a_check_of_the_same_moment_is_one_however_late_it_is_enqueued_again() -> None:
    tasks = RecordingTasks()
    for now in (NOW, NOW + 600, NOW + 7200):
        TaskLooks(tasks, FixedClock(now), TIMING, SYNC, POLL).check(GUID, "shop", NOW + 60)
    assert len(tasks.tasks) == 1
    assert count(*(lambda looks, at=at: looks.check(GUID, "shop", at) for at in (NOW, NOW + 28 * DAY))) == 2


def test_a_product_whose_code_is_one_of_our_words_shares_no_look() -> None:
    assert (
        count(
            lambda looks: looks.refused("shop"),
            lambda looks: looks.drop("refused", "shop", NOW),
            lambda looks: looks.operation("shop", NOW),
            lambda looks: looks.drop("operation", "shop", NOW),
        )
        == 4
    )


@pytest.mark.parametrize("ask", [lambda looks: looks.drop("A", "shop", NOW), lambda looks: looks.jobs(NOW)])
def test_a_function_that_was_not_given_a_queue_says_so(ask: Ask) -> None:
    with pytest.raises(RuntimeError, match="not given the queue"):
        ask(looks_into(RecordingTasks(), None, None))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b"null",
        b"\xff",
        b'{"refused":"\xff"}',
        b'{"gallery":"attic","prefix":"A"}',
        b'{"gallery":"shop","prefix":1}',
    ],
)
def test_a_body_that_is_no_look_is_refused(body: bytes) -> None:
    with pytest.raises(BadLook, match=r"^the task's body is no look at a gallery: "):
        parse(body)


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look("shop"),
        Look(prefix="A"),
        Look(guid=GUID),
        Look(job="j1"),
        Look("shop", prefix="A", guid=GUID),
        Look("shop", prefix="A", refused="a.png"),
        Look("shop", guid=GUID, operation="op1"),
        Look(refused="a.png", operation="op1"),
    ],
)
def test_a_look_at_nothing_or_at_several_things_is_refused(look: Look) -> None:
    with pytest.raises(BadLook, match=r"^the task's body names neither one gallery"):
        parse(msgspec.json.encode(look))


@pytest.mark.parametrize("look", [Look("shop", prefix="A", check=True), Look(refused="a.png", check=True)])
def test_a_check_of_anything_but_a_gallery_by_its_guid_is_refused(look: Look) -> None:
    with pytest.raises(BadLook, match=r"^the task's body asks for a check of something else"):
        parse(msgspec.json.encode(look))


def test_looks_are_enqueued_to_the_queues_that_the_settings_name() -> None:
    poll_only = PollTasks(poll_queue=POLL.queue, poll_url=POLL.url, cloud_tasks_emulator_host="127.0.0.1:1")
    with pytest.raises(RuntimeError, match="not given the queue"):
        connect_looks(poll_only, FixedClock(), TIMING).refused("a.png")
    sync_only = SyncTasks(sync_queue=SYNC.queue, sync_url=SYNC.url, cloud_tasks_emulator_host="127.0.0.1:1")
    with pytest.raises(RuntimeError, match="not given the queue"):
        connect_looks(sync_only, FixedClock(), TIMING).jobs(NOW)

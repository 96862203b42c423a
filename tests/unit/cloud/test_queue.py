"""The tasks that make somebody look: what they carry, when they run, and which of them are one."""

from collections.abc import Callable

import msgspec
import pytest

from gallery_sync.cloud.queue import TaskQueue
from gallery_sync.cloud.tasks import Task
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import PollQueueSettings, SyncQueueSettings
from gallery_sync.core.schedule import DAY
from gallery_sync.ports.queue import BadTask, Reconcile, parse_task
from tests.unit.core.build import GUID, NOW, POLL, SYNC, TIMING, FixedClock, RecordingTasks, queue_into

WINDOW_END = NOW + TIMING.window + TIMING.skew
"""When a look runs that is asked for at NOW, where a window begins."""

Ask = Callable[[TaskQueue], None]


def enqueued(ask: Ask) -> Task:
    tasks = RecordingTasks()
    ask(queue_into(tasks))
    (task,) = tasks.tasks
    return task


@pytest.mark.parametrize(
    ("ask", "look", "at"),
    [
        (lambda queue: queue.folder("62%2FXL", "shop", NOW), Reconcile("shop", prefix="62%2FXL"), WINDOW_END),
        (lambda queue: queue.folder("A", "shop360", NOW + 60), Reconcile("shop360", prefix="A"), WINDOW_END + 60),
        (lambda queue: queue.folder("A", "shop", NOW - 60), Reconcile("shop", prefix="A"), WINDOW_END),
        (lambda queue: queue.gallery(GUID, "shop", NOW), Reconcile("shop", guid=GUID), WINDOW_END),
        (lambda queue: queue.gallery(GUID, "shop", NOW + 300), Reconcile("shop", guid=GUID), WINDOW_END + 300),
        (lambda queue: queue.gallery(GUID, "shop", 1.0), Reconcile("shop", guid=GUID), WINDOW_END),
        (
            lambda queue: queue.audit(GUID, "shop", NOW + 300),
            Reconcile("shop", guid=GUID, audit=True),
            WINDOW_END + 300,
        ),
        (
            lambda queue: queue.audit(GUID, "shop", NOW - 600),
            Reconcile("shop", guid=GUID, audit=True),
            WINDOW_END - 600,
        ),
        (lambda queue: queue.refused("a.png"), Reconcile(refused="a.png"), WINDOW_END),
        (lambda queue: queue.operation("op1", NOW), Reconcile(operation="op1"), WINDOW_END),
        (lambda queue: queue.job_ended(GUID, "shop", "j1"), Reconcile("shop", guid=GUID, job="j1"), NOW),
    ],
)
def test_a_look_is_a_task_of_the_sync_queue_that_reads_back(ask: Ask, look: Reconcile, at: float) -> None:
    task = enqueued(ask)
    assert (task.queue, task.url, task.at) == (SYNC.queue, SYNC.url, at)
    assert task.dispatch_deadline == TIMING.dispatch_deadline
    assert parse_task(task.body) == look


@pytest.mark.parametrize(("at", "runs_at"), [(NOW, NOW + 4), (NOW - 60, NOW + 4), (NOW + 15, NOW + 18)])
def test_a_look_at_the_jobs_is_a_windowed_task_of_the_poll_queue(at: float, runs_at: float) -> None:
    task = enqueued(lambda queue: queue.poll(at))
    assert (task.queue, task.url, task.body, task.at) == (POLL.queue, POLL.url, b"{}", runs_at)


def count(*asks: Ask) -> int:
    tasks = RecordingTasks()
    queue = queue_into(tasks)
    for ask in asks:
        ask(queue)
    return len(tasks.tasks)


def test_a_burst_of_drops_is_one_look() -> None:
    assert count(*[lambda queue: queue.folder("A", "shop", NOW)] * 300) == 1


def test_a_burst_of_hints_is_one_look_at_the_jobs() -> None:
    assert count(*[lambda queue: queue.poll(NOW)] * 30) == 1


def test_while_a_look_at_an_ended_job_is_under_way_another_is_not_enqueued() -> None:
    assert count(*[lambda queue: queue.job_ended(GUID, "shop", "j1")] * 2) == 1
    assert (
        count(
            lambda queue: queue.job_ended(GUID, "shop", "j1"),
            lambda queue: queue.job_ended(GUID, "shop", "j2"),
            lambda queue: queue.job_ended(GUID, "shop360", "j1"),
        )
        == 3
    )


def test_looks_at_other_moments_galleries_or_folders_are_other_tasks() -> None:
    assert (
        count(
            lambda queue: queue.folder("A", "shop", NOW),
            lambda queue: queue.folder("A", "shop", NOW + TIMING.window),
            lambda queue: queue.folder("A", "shop360", NOW),
            lambda queue: queue.folder("B", "shop", NOW),
        )
        == 4
    )


def test_a_look_at_a_folder_is_not_taken_for_one_at_its_gallery() -> None:
    # It may be written down nowhere yet that the folder feeds the gallery: a look at the gallery would not list it.
    assert (
        count(
            lambda queue: queue.gallery(GUID, "shop", NOW),
            lambda queue: queue.folder(GUID, "shop", NOW),
        )
        == 2
    )


def test_a_check_and_an_ordinary_look_at_the_same_gallery_and_moment_are_two() -> None:
    # The ordinary one asks Shoptet nothing: a check that was taken for it would never be made.
    assert (
        count(
            lambda queue: queue.gallery(GUID, "shop", NOW),
            lambda queue: queue.audit(GUID, "shop", NOW),
            lambda queue: queue.folder(GUID, "shop", NOW),
        )
        == 3
    )


def test_a_check_of_the_same_moment_is_one_however_late_it_is_enqueued_again() -> None:
    tasks = RecordingTasks()
    for now in (NOW, NOW + 600, NOW + 7200):
        TaskQueue(tasks, FixedClock(now), TIMING, SYNC, POLL).audit(GUID, "shop", NOW + 60)
    assert len(tasks.tasks) == 1
    assert count(*(lambda queue, at=at: queue.audit(GUID, "shop", at) for at in (NOW, NOW + 28 * DAY))) == 2


def test_a_product_whose_code_is_one_of_our_words_shares_no_look() -> None:
    assert (
        count(
            lambda queue: queue.refused("shop"),
            lambda queue: queue.folder("refused", "shop", NOW),
            lambda queue: queue.operation("shop", NOW),
            lambda queue: queue.folder("operation", "shop", NOW),
        )
        == 4
    )


@pytest.mark.parametrize("ask", [lambda queue: queue.folder("A", "shop", NOW), lambda queue: queue.poll(NOW)])
def test_a_function_that_was_not_given_a_queue_says_so(ask: Ask) -> None:
    with pytest.raises(RuntimeError, match="not given the queue"):
        ask(queue_into(RecordingTasks(), None, None))


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
    with pytest.raises(BadTask, match=r"^the task's body does not say what to reconcile: "):
        parse_task(body)


@pytest.mark.parametrize(
    "look",
    [
        Reconcile(),
        Reconcile("shop"),
        Reconcile(prefix="A"),
        Reconcile(guid=GUID),
        Reconcile(job="j1"),
        Reconcile("shop", prefix="A", guid=GUID),
        Reconcile("shop", prefix="A", refused="a.png"),
        Reconcile("shop", guid=GUID, operation="op1"),
        Reconcile(refused="a.png", operation="op1"),
    ],
)
def test_a_look_at_nothing_or_at_several_things_is_refused(look: Reconcile) -> None:
    with pytest.raises(BadTask, match=r"^the task's body names neither one gallery"):
        parse_task(msgspec.json.encode(look))


@pytest.mark.parametrize("look", [Reconcile("shop", prefix="A", audit=True), Reconcile(refused="a.png", audit=True)])
def test_a_check_of_anything_but_a_gallery_by_its_guid_is_refused(look: Reconcile) -> None:
    with pytest.raises(BadTask, match=r"^the task's body asks for an audit of something else"):
        parse_task(msgspec.json.encode(look))


def test_looks_are_enqueued_to_the_queues_that_the_settings_name() -> None:
    poll_only = PollQueueSettings(poll_queue=POLL.queue, poll_url=POLL.url, cloud_tasks_emulator_host="127.0.0.1:1")
    with pytest.raises(RuntimeError, match="not given the queue"):
        work_queue(poll_only, FixedClock(), TIMING).refused("a.png")
    sync_only = SyncQueueSettings(sync_queue=SYNC.queue, sync_url=SYNC.url, cloud_tasks_emulator_host="127.0.0.1:1")
    with pytest.raises(RuntimeError, match="not given the queue"):
        work_queue(sync_only, FixedClock(), TIMING).poll(NOW)

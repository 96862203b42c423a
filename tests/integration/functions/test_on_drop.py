"""`on_drop`, called as Eventarc calls it: an event makes one look, and never more than one a window."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from gallery_sync.core.schedule import Timing

from .conftest import TIMEOUT, Forks, Function, Queues, running

FINALIZED = "google.cloud.storage.object.v1.finalized"
TIMING = Timing()
WINDOW = 1.0
PREFIXES = (f"product-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def on_drop(settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Function]:
    folder: Path = tmp_path_factory.mktemp("logs")
    with running("on_drop", {**settings, "SYNC_WINDOW_SECONDS": str(WINDOW)}, folder, forks) as function:
        yield function


def send(function: Function, name: str, *, kind: str = FINALIZED, bucket: str = "drops", size: str = "7") -> int:
    """An event in Eventarc's binary form; gives the answer's status."""
    data = {"kind": "storage#object", "bucket": bucket, "name": name, "size": size, "generation": "17"}
    return deliver(function, json.dumps(data).encode(), kind).status_code


def deliver(function: Function, body: bytes, kind: str = FINALIZED) -> requests.Response:
    headers = {
        "ce-id": "1234567890",
        "ce-source": "//storage.googleapis.com/projects/_/buckets/drops",
        "ce-specversion": "1.0",
        "ce-type": kind,
        "Content-Type": "application/json",
    }
    return requests.post(function.url, data=body, headers=headers, timeout=TIMEOUT)


@pytest.mark.parametrize("kind", ["finalized", "deleted", "metadataUpdated"])
def test_a_change_of_a_file_enqueues_a_look_at_its_gallery(on_drop: Function, queues: Queues, kind: str) -> None:
    prefix, sent = next(PREFIXES), time.time()
    with on_drop.logging() as lines:
        assert send(on_drop, f"{prefix}/shop360/01.jpg", kind=f"google.cloud.storage.object.v1.{kind}") == 200
    (task,) = queues.tasks(queues.sync)
    assert json.loads(task.http_request.body) == {"gallery": "shop360", "prefix": prefix}
    assert task.http_request.url == "http://127.0.0.1:1/sync"
    assert task.dispatch_deadline.total_seconds() == TIMING.dispatch_deadline
    # After the end of a window that the event fell into.
    ends = [(int(at // WINDOW) + 1) * WINDOW + TIMING.skew for at in (sent, time.time())]
    assert task.schedule_time.timestamp() in ends
    assert queues.tasks(queues.poll) == []
    assert lines == []


def test_a_code_is_passed_on_as_it_is_written_in_the_bucket(on_drop: Function, queues: Queues) -> None:
    assert send(on_drop, "62%2FXL ž/front.png") == 200
    assert queues.bodies(queues.sync) == [{"gallery": "shop", "prefix": "62%2FXL ž"}]


def test_a_burst_of_fifty_files_is_one_look_a_window(on_drop: Function, queues: Queues) -> None:
    prefix, first = next(PREFIXES), time.time()
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda number: send(on_drop, f"{prefix}/{number}.jpg"), range(50)))
    assert answers == {200}
    windows = range(int(first // WINDOW), int(time.time() // WINDOW) + 1)
    assert 1 <= len(queues.tasks(queues.sync)) <= len(windows)


def test_the_same_event_again_in_another_window_is_another_look(on_drop: Function, queues: Queues) -> None:
    name = f"{next(PREFIXES)}/a.jpg"
    send(on_drop, name)
    time.sleep(WINDOW - time.time() % WINDOW + 0.05)
    send(on_drop, name)
    assert len(queues.tasks(queues.sync)) == 2


def test_a_consoles_folder_is_ignored(on_drop: Function, queues: Queues) -> None:
    with on_drop.logging() as lines:
        assert send(on_drop, f"{next(PREFIXES)}/shop/", size="0") == 200
    assert (queues.tasks(queues.sync), lines) == ([], [])


@pytest.mark.parametrize(
    ("name", "code"),
    [("a/b/c/d.png", "too-deep"), ("p/notes.txt", "not-a-picture"), ("p/gallery/a.png", "unknown-gallery")],
)
def test_a_refused_name_is_told_and_looked_at(on_drop: Function, queues: Queues, name: str, code: str) -> None:
    with on_drop.logging() as lines:
        assert send(on_drop, name) == 200
    assert queues.bodies(queues.sync) == [{"refused": name}]
    (line,) = lines
    assert (line["severity"], line["code"]) == ("WARNING", code)
    assert line["message"].startswith(f"{name} is refused: ")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"bucket": "others"}, "the event is of the bucket 'others', the drop bucket is 'drops': correct the trigger"),
        (
            {"kind": "google.cloud.storage.object.v1.archived"},
            "the event's type is 'google.cloud.storage.object.v1.arc",
        ),
        ({"kind": "com.example.other"}, "the event's type is 'com.example.other': on_drop takes finalized, "),
        ({"size": "many"}, "the event's data is no storage object: "),
    ],
)
def test_an_event_that_is_not_for_us_is_told_once_and_done_with(
    on_drop: Function, queues: Queues, event: dict[str, str], told: str
) -> None:
    with on_drop.logging() as lines:
        assert send(on_drop, f"{next(PREFIXES)}/a.png", **event) == 200
    (line,) = lines
    assert (line["severity"], line["event"]) == ("ERROR", "1234567890")
    assert line["message"].startswith(told)
    assert queues.tasks(queues.sync) == []


@pytest.mark.parametrize(
    "body", [b"{not json", b"\xff", b"", b"[]", b'"text"', b"7", b"null", b'{"bucket": "drops"}', b'{"name": 1}']
)
def test_data_that_is_no_object_is_told_once_and_done_with(on_drop: Function, queues: Queues, body: bytes) -> None:
    with on_drop.logging() as lines:
        assert deliver(on_drop, body).status_code == 200
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert line["message"].startswith("the event's data is no storage object: ")
    assert queues.tasks(queues.sync) == []


def test_what_is_no_event_is_refused(on_drop: Function, queues: Queues) -> None:
    assert on_drop.post(b'{"bucket": "drops", "name": "p/a.png"}').status_code == 400
    assert queues.tasks(queues.sync) == []


@pytest.mark.parametrize(("code", "told"), [("PERMISSION_DENIED", "did not take a task"), ("NOT_FOUND", "create it")])
def test_an_event_that_cannot_be_enqueued_is_told_and_comes_again(
    on_drop: Function, queues: Queues, code: str, told: str
) -> None:
    name = f"{next(PREFIXES)}/a.png"
    queues.fault(call="CreateTask", code=code)
    with on_drop.logging() as lines:
        # Eventarc repeats what is not answered with 2xx.
        assert send(on_drop, name) == 503
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert queues.sync in line["message"]
    assert told in line["message"]
    assert send(on_drop, name) == 200
    assert len(queues.tasks(queues.sync)) == 1


def test_nothing_crashed(on_drop: Function) -> None:
    assert "Traceback" not in on_drop.written()

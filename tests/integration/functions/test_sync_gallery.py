"""`sync_gallery`, called as Cloud Tasks calls it."""

import json
import time
from collections.abc import Iterator, Mapping

import msgspec
import pytest
import requests

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger import Flight
from gallery_sync.state.ledgers import Ledgers
from infra.local.storage.client import local_client

from .conftest import TIMEOUT, Forks, Function, Queues, running

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
OTHER = "0f3d0a5e-7481-11e8-8216-002590dad85e"


@pytest.fixture(scope="module")
def sync_gallery(
    settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[Function]:
    with running("sync_gallery", settings, tmp_path_factory.mktemp("logs"), forks) as function:
        yield function
        assert "Traceback" not in function.written()


BAD = [
    b"",
    b"{",
    b"\xff",
    b"[]",
    b"{}",
    b'{"gallery": "shop"}',
    b'{"prefix": "p"}',
    b'{"gallery": "gallery", "prefix": "p"}',
    b'{"gallery": "shop", "prefix": "p", "guid": "g"}',
    b'{"gallery": "shop", "prefix": "p", "refused": "a"}',
    b'{"refused": 7}',
]


@pytest.mark.parametrize("body", BAD)
def test_a_body_that_is_no_look_is_refused_in_one_line(sync_gallery: Function, queues: Queues, body: bytes) -> None:
    with sync_gallery.logging() as lines:
        answer = sync_gallery.post(body)
    assert answer.status_code == 400
    (line,) = lines
    assert (line["severity"], line["message"]) == ("ERROR", answer.json()["error"])
    assert line["message"].startswith("the task's body ")
    assert queues.tasks(queues.sync) == []


def test_a_gallery_without_files_asks_shoptet_nothing(sync_gallery: Function, queues: Queues) -> None:
    with sync_gallery.logging() as lines:
        assert sync_gallery.post(json.dumps({"gallery": "shop", "guid": GUID}).encode()).status_code == 204
    assert (lines, queues.tasks(queues.sync)) == ([], [])


def test_a_refusal_is_kept_where_a_person_finds_it(
    sync_gallery: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    client = local_client(settings["STORAGE_EMULATOR_HOST"])
    client.bucket("drops").blob("p/notes.txt").upload_from_string("no picture")
    assert sync_gallery.post(b'{"refused": "p/notes.txt"}').status_code == 204
    (kept,) = client.list_blobs("state", prefix="refused/")
    assert "notes.txt" in json.loads(kept.download_as_bytes())["reason"]
    assert queues.tasks(queues.sync) == []


def test_a_shop_that_is_too_busy_is_told_and_asked_again_when_it_says(
    sync_gallery: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("drops").blob("62%2FXL/1.jpg").upload_from_string(
        "a picture"
    )
    with sync_gallery.logging() as lines:
        assert sync_gallery.post(b'{"gallery": "shop", "prefix": "62%2FXL"}').status_code == 204
    (task,) = queues.tasks(queues.sync)
    assert json.loads(task.http_request.body) == {"gallery": "shop", "prefix": "62%2FXL"}
    assert 3500 < task.schedule_time.timestamp() - time.time() < 3700
    (line,) = lines
    assert (line["severity"], line["prefix"], line["gallery"]) == ("WARNING", "62%2FXL", "shop")


def test_a_storage_that_refuses_is_told_in_one_line_and_the_task_comes_again(
    sync_gallery: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    order = {"kind": "objects.download", "status": 403}
    requests.post(
        f"{settings['STORAGE_EMULATOR_HOST']}/_control/faults", json=order, timeout=TIMEOUT
    ).raise_for_status()
    with sync_gallery.logging() as lines:
        assert sync_gallery.post(json.dumps({"gallery": "shop", "guid": GUID}).encode()).status_code == 503
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert line["message"] == f"Cloud Storage did not read ledger/{GUID}/shop.json: Forbidden 403"
    assert queues.tasks(queues.sync) == []


def test_tasks_that_cannot_be_enqueued_are_told_in_one_line_and_the_task_comes_again(
    sync_gallery: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    flight = Flight("flight-1", "insert", started=time.time(), send_until=0.0, grace_until=time.time() + 60, images={})
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    Ledgers(documents).change(GUID, "shop360", lambda ledger: msgspec.structs.replace(ledger, flight=flight))
    queues.fault(call="CreateTask", code="PERMISSION_DENIED")
    with sync_gallery.logging() as lines:
        assert sync_gallery.post(json.dumps({"gallery": "shop360", "guid": GUID}).encode()).status_code == 503
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert queues.sync in line["message"]


def test_a_ledger_that_cannot_be_read_is_told_in_one_line(
    sync_gallery: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    path = f"ledger/{OTHER}/shop.json"
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    documents.write(path, b"{", generation=0)
    with sync_gallery.logging() as lines:
        assert sync_gallery.post(json.dumps({"gallery": "shop", "guid": OTHER}).encode()).status_code == 503
    (line,) = lines
    assert (line["severity"], line["message"][: len(path)]) == ("ERROR", path)
    assert queues.tasks(queues.sync) == []

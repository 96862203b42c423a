"""`sweep`, called as Cloud Scheduler calls it."""

import time
from collections.abc import Iterator, Mapping

import msgspec
import pytest
import requests

from gallery_sync import jobindex
from gallery_sync.jobindex import IndexedJob
from gallery_sync.ledger import Flight
from gallery_sync.ledgers import Ledgers
from gallery_sync.storage import BucketDocuments
from infra.local.storage.client import local_client

from .conftest import TIMEOUT, Function, Queues, running

STUCK = "92ca3575-7481-11e8-8216-002590dad85e"
FLYING = "0f3d0a5e-7481-11e8-8216-002590dad85e"
FLIGHT = Flight("flight-1", "insert", started=1.0, send_until=2.0, judge_at=3.0, images={})


@pytest.fixture(scope="module")
def sweep(settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    # Ten minutes past its time a gallery is stuck: 60 ms here.
    with running("sweep", {**settings, "TIME_SCALE": "0.0001"}, tmp_path_factory.mktemp("logs")) as function:
        yield function
        assert "Traceback" not in function.written()


@pytest.fixture
def documents(settings: Mapping[str, str]) -> Iterator[BucketDocuments]:
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    yield documents
    for listed in list(documents.list("")):
        documents.delete(listed.path)


def test_where_nothing_is_stuck_nothing_is_enqueued(sweep: Function, queues: Queues) -> None:
    with sweep.logging() as lines:
        answer = sweep.post(b"")
    assert (answer.status_code, answer.json()) == (200, {"galleries": 0, "rescued": 0, "jobs": 0, "missed": 0})
    assert [(line["severity"], line["message"]) for line in lines] == [("INFO", "swept")]
    assert (queues.tasks(queues.sync), queues.tasks(queues.poll)) == ([], [])


def test_what_got_stuck_is_looked_at_again_and_counted(
    sweep: Function, queues: Queues, documents: BucketDocuments
) -> None:
    ledgers = Ledgers(documents)
    ledgers.change(STUCK, "shop360", lambda ledger: msgspec.structs.replace(ledger, flight=FLIGHT))
    later = msgspec.structs.replace(FLIGHT, judge_at=time.time() + 600)
    ledgers.change(FLYING, "shop", lambda ledger: msgspec.structs.replace(ledger, flight=later))
    jobindex.add(documents, IndexedJob("3ax1844", FLYING, "shop", "flight-1", 1.0))
    time.sleep(0.2)
    with sweep.logging() as lines:
        answer = sweep.post(b"{not json")
    assert (answer.status_code, answer.json()) == (200, {"galleries": 2, "rescued": 1, "jobs": 1, "missed": 0})
    assert queues.bodies(queues.sync) == [{"gallery": "shop360", "guid": STUCK}]
    assert queues.bodies(queues.poll) == [{}]
    assert [(line["severity"], line.get("guid")) for line in lines] == [("WARNING", STUCK), ("INFO", None)]
    assert {name: lines[1][name] for name in ("galleries", "rescued", "jobs", "missed")} == answer.json()


def test_a_storage_that_refuses_is_told_in_one_line(
    sweep: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    order = {"kind": "objects.list", "status": 403}
    requests.post(
        f"{settings['STORAGE_EMULATOR_HOST']}/_control/faults", json=order, timeout=TIMEOUT
    ).raise_for_status()
    with sweep.logging() as lines:
        assert sweep.post(b"").status_code == 503
    (line,) = lines
    assert (line["severity"], line["message"]) == ("ERROR", "Cloud Storage did not list ledger/: Forbidden 403")
    assert queues.tasks(queues.sync) == []

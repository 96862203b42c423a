"""`sweep`, called as Cloud Scheduler calls it."""

import time
import uuid
from collections.abc import Iterator, Mapping

import msgspec
import pytest
import requests

from gallery_sync import fulllook, jobindex, refusals, rotation
from gallery_sync.jobindex import IndexedJob
from gallery_sync.ledger import Flight
from gallery_sync.ledgers import Ledgers
from gallery_sync.schedule import DAY
from gallery_sync.shoptet.model import GALLERIES
from gallery_sync.storage import BucketDocuments
from infra.local.storage.client import local_client

from .conftest import TIMEOUT, Forks, Function, Queues, running

STUCK = "92ca3575-7481-11e8-8216-002590dad85e"
FLYING = "0f3d0a5e-7481-11e8-8216-002590dad85e"
NOTHING = {"galleries": 0, "rescued": 0, "jobs": 0, "missed": 0, "checks": 0}
FLIGHT = Flight("flight-1", "insert", started=1.0, send_until=2.0, judge_at=3.0, images={})


@pytest.fixture(scope="module")
def sweep(settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Function]:
    # Ten minutes past its time a gallery is stuck: 60 ms here.
    with running("sweep", {**settings, "TIME_SCALE": "0.0001"}, tmp_path_factory.mktemp("logs"), forks) as function:
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
    assert (answer.status_code, answer.json()) == (200, NOTHING)
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
    assert (answer.status_code, answer.json()) == (200, {**NOTHING, "galleries": 2, "rescued": 1, "jobs": 1})
    assert queues.bodies(queues.sync) == [{"gallery": "shop360", "guid": STUCK}]
    assert queues.bodies(queues.poll) == [{}]
    assert [(line["severity"], line.get("guid")) for line in lines] == [("WARNING", STUCK), ("INFO", None)]
    assert {name: lines[1][name] for name in NOTHING} == answer.json()


def test_checks_whose_turn_has_come_are_enqueued_each_for_its_own_moment(
    sweep: Function, queues: Queues, documents: BucketDocuments
) -> None:
    places = [(f"{number:08x}-7481-11e8-8216-002590dad85e", GALLERIES[number % 2]) for number in range(40)]
    for guid, gallery in places:
        Ledgers(documents).change(guid, gallery, lambda held: msgspec.structs.replace(held, cleaned_at=1.0))
    now = time.time()
    begun = now - 7 * DAY
    documents.write(rotation.PATH, b'{"until": %f}' % begun, generation=0)
    due = {place for place in places if rotation.moment(*place, begun, 28 * DAY) <= now + rotation.AHEAD}
    answer = sweep.post(b"").json()
    assert 0 < len(due) < 40
    assert answer == {**NOTHING, "galleries": 40, "checks": len(due)}
    bodies = queues.bodies(queues.sync)
    assert {(body["guid"], body["gallery"]) for body in bodies} == due
    assert all(body["check"] is True for body in bodies)
    # Called again, or after the first call was killed before it could write down how far it had come: the same tasks.
    assert sweep.post(b"").json()["checks"] == 0
    documents.delete(rotation.PATH)
    documents.write(rotation.PATH, b'{"until": %f}' % begun, generation=0)
    assert sweep.post(b"").json()["checks"] == len(due)
    assert len(queues.tasks(queues.sync)) == len(due)


@pytest.mark.parametrize("look_at", ["soon", "", "nan", "inf"])
def test_documents_that_cannot_be_read_are_told_and_stop_nothing(
    sweep: Function, queues: Queues, documents: BucketDocuments, look_at: str
) -> None:
    first, last = "00000000-7481-11e8-8216-002590dad85e", f"ffffffff-{uuid.uuid4()}"[:36]
    documents.write(f"ledger/{first}/shop.json", b"{}", generation=0, metadata={"look_at": look_at})
    documents.write("ledger/stray.txt", b"", generation=0)
    documents.write("jobs/0-stray.json", b"", generation=0)
    documents.write(refusals.path("x/shop/"), b"", generation=0, metadata={"prefix": "%", "gallery": "shop"})
    documents.write(rotation.PATH, b"{", generation=0)
    documents.write(fulllook.PATH, b"{", generation=0)
    Ledgers(documents).change(last, "shop", lambda ledger: msgspec.structs.replace(ledger, flight=FLIGHT))
    jobindex.add(documents, IndexedJob("3ax1844", last, "shop", "flight-1", 1.0))
    time.sleep(0.2)
    with sweep.logging() as lines:
        answer = sweep.post(b"")
    assert (answer.status_code, answer.json()) == (200, {**NOTHING, "galleries": 2, "rescued": 1, "jobs": 1})
    assert queues.bodies(queues.sync) == [{"gallery": "shop", "guid": last}]
    assert queues.bodies(queues.poll) == [{}]
    told = [line["message"] for line in lines if line["severity"] == "ERROR"]
    assert told == [
        "rotation.json in the state bucket is not as gallery-sync wrote it, so its work begins anew: "
        "Input data was truncated",
        f"the metadata 'look_at' of ledger/{first}/shop.json is '{look_at}', no moment: only gallery-sync may write "
        "there; set it to 1, and the gallery is looked at",
        "ledger/stray.txt in the state bucket is no ledger: only gallery-sync may write there; delete it",
        "jobs/0-stray.json in the state bucket is not an entry of a job: only gallery-sync may write there; delete it",
        "sweep.json in the state bucket is not as gallery-sync wrote it, so its work begins anew: Input data was truncated",
    ]


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

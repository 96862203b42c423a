"""`sweep`, called as Cloud Scheduler calls it."""

import time
import uuid
from collections.abc import Iterator, Mapping

import msgspec
import pytest
import requests

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger import Flight
from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_values import GALLERIES
from gallery_sync.state import jobindex, refusals
from gallery_sync.state.jobindex import IndexedJob
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work import audit_bucket, audit_shop
from infra.local.storage.client import local_client

from .conftest import TIMEOUT, Forks, Function, Queues, running

STUCK = "92ca3575-7481-11e8-8216-002590dad85e"
FLYING = "0f3d0a5e-7481-11e8-8216-002590dad85e"
NOTHING = {"galleries": 0, "rescued": 0, "jobs": 0, "missed": 0, "audits": 0}
FLIGHT = Flight("flight-1", "insert", started=1.0, send_until=2.0, grace_until=3.0, images={})


@pytest.fixture(scope="module")
def sweep(settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Function]:
    # Ten minutes past its time a gallery is stuck: 60 ms here.
    with running("sweep", {**settings, "TIME_SCALE": "0.0001"}, tmp_path_factory.mktemp("logs"), forks) as function:
        yield function
        assert "Traceback" not in function.written()


# For each test: a sweep leaves its plan behind, and tests of other functions their galleries.
@pytest.fixture(autouse=True)
def documents(settings: Mapping[str, str]) -> Iterator[BucketDocuments]:
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    _empty(documents)
    yield documents
    _empty(documents)


def _empty(documents: BucketDocuments) -> None:
    for listed in list(documents.list("")):
        documents.delete(listed.path)


def test_where_nothing_is_stuck_nothing_is_enqueued(sweep: Function, queues: Queues) -> None:
    with sweep.logging() as lines:
        answer = sweep.post(b"")
    assert (answer.status_code, answer.json()) == (200, NOTHING)
    assert [(line["severity"], line["message"]) for line in lines] == [("INFO", "swept")]
    assert (queues.tasks(queues.sync), queues.tasks(queues.poll)) == ([], [])


def test_its_lines_stand_beneath_the_line_of_their_request(sweep: Function, queues: Queues) -> None:
    with sweep.logging() as lines:
        sweep.post(b"", **{"X-Cloud-Trace-Context": "105445aa7843bc8bf206b12000100000/1;o=1"})
    names = {line["logging.googleapis.com/trace"] for line in lines}
    assert names == {"projects/local/traces/105445aa7843bc8bf206b12000100000"}


def test_what_got_stuck_is_looked_at_again_and_counted(
    sweep: Function, queues: Queues, documents: BucketDocuments
) -> None:
    ledgers = Ledgers(documents)
    ledgers.change(STUCK, "shop360", lambda ledger: msgspec.structs.replace(ledger, flight=FLIGHT))
    later = msgspec.structs.replace(FLIGHT, grace_until=time.time() + 600)
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
    documents.write(audit_shop.PATH, b'{"until": %f}' % begun, generation=0)
    due = {place for place in places if audit_shop.moment(*place, begun, 28 * DAY) <= now + audit_shop.AHEAD}
    answer = sweep.post(b"").json()
    assert 0 < len(due) < 40
    # None of them has work or trouble.
    assert answer == {**NOTHING, "galleries": 0, "audits": len(due)}
    bodies = queues.bodies(queues.sync)
    assert {(body["guid"], body["gallery"]) for body in bodies} == due
    assert all(body["check"] is True for body in bodies)
    # Called again, or after the first call was killed before it could write down how far it had come: the same tasks.
    assert sweep.post(b"").json()["audits"] == 0
    documents.delete(audit_shop.PATH)
    documents.write(audit_shop.PATH, b'{"until": %f}' % begun, generation=0)
    assert sweep.post(b"").json()["audits"] == len(due)
    assert len(queues.tasks(queues.sync)) == len(due)


@pytest.mark.parametrize("moment", ["soon", "", "nan", "inf"])
def test_documents_that_cannot_be_read_are_told_and_stop_nothing(
    sweep: Function, queues: Queues, documents: BucketDocuments, moment: str
) -> None:
    first, last = "00000000-7481-11e8-8216-002590dad85e", f"ffffffff-{uuid.uuid4()}"[:36]
    documents.write(f"ledger/{first}/shop.json", b"{}", generation=0, metadata={"reconcile_at": moment})
    documents.write("ledger/stray.txt", b"", generation=0)
    documents.write("jobs/0-stray.json", b"", generation=0)
    documents.write(refusals.path("x/shop/"), b"", generation=0, metadata={"prefix": "%", "gallery": "shop"})
    documents.write(audit_shop.PATH, b"{", generation=0)
    documents.write(audit_bucket.PATH, b"{", generation=0)
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
        "sweep.json in the state bucket is not as gallery-sync wrote it, so its work begins anew: Input data was truncated",
        f"the metadata 'reconcile_at' of ledger/{first}/shop.json is '{moment}', no moment: only gallery-sync may write "
        "there; set it to 1, and the gallery is reconciled",
        "ledger/stray.txt in the state bucket is no ledger: only gallery-sync may write there; delete it",
        "jobs/0-stray.json in the state bucket is not an entry of a job: only gallery-sync may write there; delete it",
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
    assert (line["severity"], line["message"]) == ("ERROR", "Cloud Storage did not list open/galleries/: Forbidden 403")
    assert queues.tasks(queues.sync) == []

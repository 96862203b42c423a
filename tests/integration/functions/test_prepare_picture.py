"""`prepare_picture`, called as Cloud Tasks calls it."""

import json
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger import Content, Entry, Preparation, Wanted
from gallery_sync.core.names import thumbnail
from gallery_sync.state.ledgers import Ledgers
from infra.local.storage.client import local_client
from tests.corpus.pictures import photo, saved

from .conftest import Forks, Function, Queues, running

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
TASK = json.dumps({"guid": GUID, "gallery": "shop"}).encode()


@pytest.fixture(scope="module")
def prepare_picture(
    settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[Function]:
    with running("prepare_picture", settings, tmp_path_factory.mktemp("logs"), forks) as function:
        yield function
        assert "Traceback" not in function.written()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"{}", b'{"guid": "g"}', b'{"guid": "g", "gallery": "x"}'])
def test_a_body_that_names_no_gallery_is_told_and_not_sent_again(prepare_picture: Function, body: bytes) -> None:
    with prepare_picture.logging() as lines:
        assert prepare_picture.post(body).status_code == 204
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert line["message"].startswith("the task's body does not say which gallery's files to prepare")


def test_a_file_is_opened_and_what_was_made_of_it_lies_in_the_state_bucket(
    prepare_picture: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    client = local_client(settings["STORAGE_EMULATOR_HOST"])
    drops, state = client.bucket(settings["DROP_BUCKET"]), client.bucket(settings["STATE_BUCKET"])
    blob = drops.blob(f"{GUID}/1.tif")
    blob.upload_from_string(saved(photo(), "TIFF"), content_type="image/tiff")
    wanted = Wanted(Content(blob.name, int(blob.generation), "sum", 1_000_000), 1.0)
    entries = {f"drop:{blob.name}": Entry(wanted, prepared=Preparation(wanted.content.generation))}
    ledgers = Ledgers(BucketDocuments(state))
    ledgers.change(GUID, "shop", lambda held: msgspec.structs.replace(held, entries=entries))
    with prepare_picture.logging() as lines:
        assert prepare_picture.post(TASK).status_code == 204
    (told,) = [line["message"] for line in lines]
    assert told.startswith(f"{GUID}/1.tif: 0.9 MB TIFF 640×480 → ")
    (entry,) = ledgers.read(GUID, "shop").ledger.entries.values()
    assert entry.prepared is not None
    assert state.get_blob(entry.prepared.path).content_type == "image/jpeg"
    assert state.get_blob(thumbnail(blob.name, wanted.content.generation)).content_type == "image/jpeg"
    assert list(queues.bodies(queues.sync)) == [json.loads(TASK) | {"gallery": "shop"}]
    with prepare_picture.logging() as lines:
        assert prepare_picture.post(TASK).status_code == 204
    assert lines == []

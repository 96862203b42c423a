"""`fetch_images`, called as Cloud Tasks calls it."""

import json
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger import Content, Entry, Live, Wanted
from gallery_sync.core.shop_facts import Facts
from gallery_sync.state import shop_facts
from gallery_sync.state.ledgers import Ledgers
from infra.local.storage.client import local_client

from .conftest import Forks, Function, Queues, running

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
TASK = json.dumps({"guid": GUID, "gallery": "shop"}).encode()


def hold(documents: BucketDocuments) -> Ledgers:
    """A ledger with one image that was not looked at yet, and whose file and copy are gone."""
    wanted = Wanted(Content(f"{GUID}/1.png", 1, "sum", 10), 1.0)
    entries = {f"drop:{GUID}/1.png": Entry(wanted, Live("1.png", "sum", 1))}
    ledgers = Ledgers(documents)
    ledgers.change(GUID, "shop", lambda held: msgspec.structs.replace(held, entries=entries))
    return ledgers


@pytest.fixture(scope="module")
def fetch_images(
    settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[Function]:
    with running("fetch_images", {**settings, "VERIFY": "on"}, tmp_path_factory.mktemp("logs"), forks) as function:
        yield function
        assert "Traceback" not in function.written()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"{}", b'{"guid": "g"}', b'{"guid": "g", "gallery": "x"}'])
def test_a_body_that_names_no_gallery_is_told_and_not_sent_again(fetch_images: Function, body: bytes) -> None:
    with fetch_images.logging() as lines:
        assert fetch_images.post(body).status_code == 204
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert line["message"].startswith("the task's body does not say which gallery to look at")


def test_a_gallery_with_nothing_to_look_at_says_nothing(fetch_images: Function) -> None:
    with fetch_images.logging() as lines:
        assert fetch_images.post(TASK).status_code == 204
    assert lines == []


def test_a_shop_that_is_too_busy_to_tell_where_its_pictures_are_is_asked_again(
    fetch_images: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    hold(documents)
    with fetch_images.logging() as lines:
        assert fetch_images.post(TASK).status_code == 204
    (line,) = lines
    assert line["severity"] == "WARNING"
    assert "429" in line["message"]
    assert list(queues.bodies(queues.fetch)) == [json.loads(TASK)]


def test_what_cannot_be_had_is_noted_and_asked_for_again(
    fetch_images: Function, queues: Queues, settings: Mapping[str, str]
) -> None:
    documents = BucketDocuments(local_client(settings["STORAGE_EMULATOR_HOST"]).bucket("state"))
    ledgers = hold(documents)
    address = "https://shop.example/user/shop/orig/"
    shop_facts.note(documents, lambda _: Facts(originals={"shop": address}, probed_at=1.0))
    with fetch_images.logging() as lines:
        assert fetch_images.post(TASK).status_code == 204
    documents.delete(shop_facts.PATH)
    assert [line["message"] for line in lines] == ["looked at 1 pictures in the shop: 1 nothing"]
    live = ledgers.read(GUID, "shop").ledger.entries[f"drop:{GUID}/1.png"].live
    assert live is not None
    assert live.receipt is not None
    assert (live.receipt.tries, live.receipt.why) == (1, "neither its copy nor its file is there any more")
    assert list(queues.bodies(queues.fetch)) == [json.loads(TASK)]

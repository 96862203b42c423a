"""Events: what is told of each change, to whom, how often."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from aiohttp import web
from cloudevents.http import CloudEvent, from_http
from google.cloud.storage import Bucket

from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.events import Backoff, Target, cloud_event, parse_target
from infra.local.storage.objects import Change, StoredObject
from infra.local.storage.server import storage_app
from tests.contract.storage.conftest import Control

TYPE = "google.cloud.storage.object.v1."


@dataclass
class Receiver:
    """A function that takes events: answers what `statuses` holds, then 204."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, CloudEvent, float]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{path:.*}", self.take)
        return app

    async def take(self, request: web.Request) -> web.Response:
        headers, body = dict(request.headers), await request.read()
        self.headers.append(headers)
        self.got.append((request.path, from_http(headers, body), time.monotonic()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    def events(self) -> list[tuple[str, str, str]]:
        """Path, type and object name of what came, in no particular order, as events have none."""
        return sorted((path, event["type"].removeprefix(TYPE), event.data["name"]) for path, event, _ in self.got)

    def wait(self, count: int) -> None:
        until(lambda: len(self.got) >= count, lambda: f"{len(self.got)} of {count} events came: {self.events()}")


def until(true: Callable[[], bool], else_: Callable[[], str], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, else_()
        time.sleep(0.01)


def settled(control: Control) -> dict[str, int]:
    """The counts once nothing is pending."""
    until(lambda: control.read("events")["pending"] == 0, lambda: str(control.read("events")))
    return control.read("events")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with served(receiver.app) as url:
        receiver.url = url
        yield receiver


@pytest.fixture
def storage(local: str, receiver: Receiver) -> Iterator[str]:  # local: skipped against another server
    backoff = Backoff(tries=4, first=0.05, longest=0.1)
    with served(lambda: storage_app(["drops", "state"], [Target("drops", receiver.url)], backoff)) as url:
        yield url


@pytest.fixture
def orders(storage: str) -> Control:
    return Control(storage)


@pytest.fixture
def drops(storage: str) -> Bucket:
    return local_client(storage).bucket("drops")


def test_an_upload_is_told_as_eventarc_tells_it(drops: Bucket, receiver: Receiver) -> None:
    blob = drops.blob("ABC-1/shop/01.jpg")
    blob.metadata = {"description": "Přední"}
    blob.upload_from_string(b"picture", content_type="image/jpeg")
    receiver.wait(1)
    (_, event, _), headers = receiver.got[0], receiver.headers[0]

    attributes = {name: event[name] for name in ("specversion", "type", "source", "subject", "bucket")}
    assert attributes == {
        "specversion": "1.0",
        "type": "google.cloud.storage.object.v1.finalized",
        "source": "//storage.googleapis.com/projects/_/buckets/drops",
        "subject": "objects/ABC-1/shop/01.jpg",
        "bucket": "drops",
    }
    assert event["id"]
    assert abs(datetime.fromisoformat(event["time"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert headers["Content-Type"] == "application/json"
    expected = {
        "kind": "storage#object",
        "bucket": "drops",
        "name": "ABC-1/shop/01.jpg",
        "generation": str(blob.generation),
        "metageneration": "1",
        "size": "7",
        "md5Hash": blob.md5_hash,
        "crc32c": blob.crc32c,
        "contentType": "image/jpeg",
        "metadata": {"description": "Přední"},
    }
    assert {name: event.data.get(name) for name in expected} == expected
    assert datetime.fromisoformat(event.data["timeCreated"]) == blob.time_created
    assert datetime.fromisoformat(event.data["updated"]) == blob.updated


def test_each_kind_of_change_is_told(drops: Bucket, receiver: Receiver) -> None:
    blob = drops.blob("a")
    blob.upload_from_string("one")
    blob.metadata = {"priority": "2"}
    blob.patch()
    generation = blob.generation
    blob.delete()
    receiver.wait(3)
    assert receiver.events() == [("/", "deleted", "a"), ("/", "finalized", "a"), ("/", "metadataUpdated", "a")]
    data = {event["type"].removeprefix(TYPE): event.data for _, event, _ in receiver.got}
    assert {name: (d["generation"], d["metageneration"]) for name, d in data.items()} == {
        "finalized": (str(generation), "1"),
        "metadataUpdated": (str(generation), "2"),
        "deleted": (str(generation), "2"),
    }
    assert [name for name, d in data.items() if "timeDeleted" in d] == ["deleted"]
    assert data["metadataUpdated"]["metadata"] == {"priority": "2"}


def test_an_overwrite_is_told_as_the_new_one_finalized_and_the_old_one_deleted(
    drops: Bucket, receiver: Receiver
) -> None:
    old, new = drops.blob("a"), drops.blob("a")
    old.upload_from_string("one")
    receiver.wait(1)
    new.upload_from_string("two")
    receiver.wait(3)
    told = {(e["type"].removeprefix(TYPE), int(e.data["generation"])) for _, e, _ in receiver.got[1:]}
    assert told == {("finalized", new.generation), ("deleted", old.generation)}


def test_copies_are_told_too_and_what_was_refused_is_not(drops: Bucket, receiver: Receiver, orders: Control) -> None:
    blob = drops.blob("a")
    blob.upload_from_string("one")
    drops.copy_blob(blob, drops, "b")
    with pytest.raises(Exception, match="412"):
        drops.blob("a").upload_from_string("two", if_generation_match=0)
    settled(orders)
    assert receiver.events() == [("/", "finalized", "a"), ("/", "finalized", "b")]


def test_other_buckets_are_not_told_of(storage: str, receiver: Receiver, orders: Control) -> None:
    client = local_client(storage)
    client.bucket("state").blob("ledger").upload_from_string("x")
    client.bucket("drops").blob("a").upload_from_string("x")
    settled(orders)
    assert receiver.events() == [("/", "finalized", "a")]


def test_each_type_can_go_to_a_deployment_of_its_own(drops: Bucket, receiver: Receiver, orders: Control) -> None:
    types = ("finalized", "deleted")
    orders.order("events", targets=[f"drops={type_}={receiver.url}/{type_}?a=b" for type_ in types])
    blob = drops.blob("a")
    blob.upload_from_string("x")
    blob.metadata = {"n": "1"}
    blob.patch()
    blob.delete()
    settled(orders)
    assert receiver.events() == [("/deleted", "deleted", "a"), ("/finalized", "finalized", "a")]


def test_an_event_that_was_not_taken_comes_again_later_and_is_the_same(
    drops: Bucket, receiver: Receiver, orders: Control
) -> None:
    receiver.statuses = [500, 429]
    drops.blob("a").upload_from_string("x")
    receiver.wait(3)
    assert settled(orders) == {"pending": 0, "delivered": 1, "failed": 0, "dropped": 0, "retried": 2}
    assert len({event["id"] for _, event, _ in receiver.got}) == 1
    times = [at for _, _, at in receiver.got]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert [pause >= least for pause, least in zip(pauses, (0.05, 0.1), strict=True)] == [True, True], pauses


def test_an_event_that_nobody_takes_is_given_up_and_counted(drops: Bucket, receiver: Receiver, orders: Control) -> None:
    receiver.statuses = [500] * 4
    drops.blob("a").upload_from_string("x")
    until(lambda: orders.read("events")["failed"] == 1, lambda: str(orders.read("events")))
    assert len(receiver.got) == 4


def test_an_event_outlasts_a_receiver_that_is_not_there_yet(drops: Bucket, receiver: Receiver, orders: Control) -> None:
    orders.order("events", targets=["drops=http://127.0.0.1:9"])
    drops.blob("a").upload_from_string("x")
    until(lambda: orders.read("events")["retried"] >= 2, lambda: str(orders.read("events")))
    assert receiver.got == []


def test_events_can_be_ordered_twice_never_or_late(drops: Bucket, receiver: Receiver, orders: Control) -> None:
    orders.order("events", duplicate=1)
    drops.blob("twice").upload_from_string("x")
    drops.blob("once").upload_from_string("x")
    settled(orders)
    orders.order("events", drop=1)
    drops.blob("never").upload_from_string("x")
    orders.order("events", delay=0.5, delayed=1)
    drops.blob("late").upload_from_string("x")
    drops.blob("soon").upload_from_string("x")
    settled(orders)

    assert [name for _, _, name in receiver.events()] == ["late", "once", "soon", "twice", "twice"]
    arrived = {event.data["name"]: at for _, event, at in receiver.got}
    assert arrived["late"] - arrived["soon"] > 0.3
    ids = {event["id"] for _, event, _ in receiver.got if event.data["name"] == "twice"}
    assert len(ids) == 1, "a duplicate is known by its id"
    assert orders.read("events")["dropped"] == 1


def test_a_slow_receiver_gets_eight_events_at_once_and_no_more(storage: str, orders: Control) -> None:
    class Slow(Receiver):
        now = most = 0

        async def take(self, request: web.Request) -> web.Response:
            self.now += 1
            self.most = max(self.most, self.now)
            # However slow the machine is: the first eight wait for each other, and then for a ninth that must not come.
            for _ in range(500):
                if self.most >= 8:
                    break
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            self.now -= 1
            return await super().take(request)

    slow = Slow()
    with served(slow.app) as url:
        orders.order("events", targets=[f"drops={url}"])
        bucket = local_client(storage).bucket("drops")
        for n in range(20):
            bucket.blob(str(n)).upload_from_string("x")
        slow.wait(20)
        settled(orders)
    assert slow.most == 8


def stored(name: str) -> StoredObject:
    now = datetime(2026, 8, 21, 12, 0, 0, 123456, tzinfo=UTC)
    return StoredObject("drops", name, 5, 1, b"x", "md5", "crc", {"storageClass": "STANDARD"}, {}, now, now)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("ABC/shop/a.jpg", "objects/ABC/shop/a.jpg"),
        ("a b", "objects/a%20b"),
        ("62%2FXL/a", "objects/62%252FXL/a"),
        ("Ž€", "objects/%C5%BD%E2%82%AC"),
        ("\U0001f4f7", "objects/%F0%9F%93%B7"),
        ('"#?&+~', "objects/%22#?&+~"),
        ("tab\t", "objects/tab%09"),
    ],
)
def test_the_subject_is_encoded_as_the_http_binding_wants_it(name: str, subject: str) -> None:
    change = Change("finalized", stored(name), stored(name).created)
    event = cloud_event(change, "1")
    assert event.headers["ce-subject"] == subject
    assert event.headers["ce-time"] == "2026-08-21T12:00:00.123456Z"
    assert json.loads(event.body)["name"] == name


def test_the_platforms_own_framework_understands_an_event(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(
        "import functions_framework\n"
        "seen = []\n"
        "@functions_framework.cloud_event\n"
        "def on_drop(event):\n"
        "    assert event.data['name'] == 'Ž/a b.jpg', event.data\n"
        "    assert event['bucket'] == 'drops', event\n"
    )
    event = cloud_event(Change("deleted", stored("Ž/a b.jpg"), stored("a").created), "1")
    app: Any = functions_framework.create_app("on_drop", str(source), "cloudevent")  # type: ignore[no-untyped-call]
    app.testing = True
    answer = app.test_client().post("/", headers=event.headers, data=event.body)
    assert answer.status_code == 200, answer.text


def test_targets_are_read_from_the_command_line() -> None:
    assert parse_target("drops=http://h/?a=b") == Target("drops", "http://h/?a=b")
    assert parse_target("drops=deleted=http://h/?a=b") == Target("drops", "http://h/?a=b", "deleted")
    for bad in ("drops", "drops=", "=http://h", "drops=removed=http://h", "drops=deleted=ftp://h"):
        with pytest.raises(ValueError, match="not BUCKET=URL"):
            parse_target(bad)

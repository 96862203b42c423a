"""The outbox: a copy of exactly one generation, and an address under which it can be downloaded for a while."""

import gzip
import time
from urllib.parse import urlsplit

import pytest
import requests
from aiohttp import web

from gallery_sync.cloud.storage import BucketOutbox
from gallery_sync.core import names
from gallery_sync.core.ledger import Content
from gallery_sync.core.shop_values import MAX_SOURCE_URL
from gallery_sync.ports.storage import NotCopied, StorageUnavailable
from infra.local.serving import served
from infra.local.storage.client import local_client

from .conftest import RETRY_SECONDS, TIMEOUT, World

MISSED = "p/missed.png"


def download(url: str | NotCopied | None) -> requests.Response:
    """Get it as Shoptet does: with nothing but the address."""
    assert isinstance(url, str)
    return requests.get(url, timeout=TIMEOUT)


def copies(world: World) -> list[str]:
    return [listed.path for listed in world.documents.list("outbox/")]


def test_the_address_gives_the_bytes_that_were_dropped(world: World) -> None:
    content = world.drop("62%2FXL/shop/přední strana.png", b"the picture's bytes")
    (url,) = world.outbox().prepare([content]).values()
    answer = download(url)
    assert (answer.status_code, answer.content) == (200, b"the picture's bytes")


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
    ],
)
def test_a_copy_has_the_type_of_its_extension_whatever_it_was_dropped_as(
    world: World, file: str, content_type: str
) -> None:
    blob = world.drop_bucket.blob(f"p/{file}")
    blob.metadata = {"description": "a person's own"}
    blob.upload_from_string(b"x", content_type="application/octet-stream")
    (listed,) = world.drops.list("p/")
    content = Content(listed.name, listed.generation, listed.checksum, listed.size)
    (url,) = world.outbox().prepare([content]).values()
    assert download(url).headers["Content-Type"] == content_type
    (copy,) = world.documents.list("outbox/")
    assert dict(copy.metadata) == {}


def test_a_file_that_was_replaced_meanwhile_is_not_copied(world: World) -> None:
    old = world.drop("p/a.png", b"old")
    new = world.drop("p/a.png", b"new")
    assert world.outbox().prepare([old]) == {old: None}
    assert copies(world) == []
    (url,) = world.outbox().prepare([new]).values()
    assert download(url).content == b"new"


def test_a_file_that_was_deleted_meanwhile_is_not_copied(world: World) -> None:
    content = world.drop("p/a.png")
    world.drop_bucket.blob("p/a.png").delete()
    assert world.outbox().prepare([content]) == {content: None}
    assert copies(world) == []


def test_a_copy_that_is_there_already_is_used_again(world: World) -> None:
    content = world.drop("p/a.png", b"first")
    world.outbox().prepare([content])
    (before,) = world.documents.list("outbox/")
    (url,) = world.outbox().prepare([content]).values()
    (after,) = world.documents.list("outbox/")
    assert after.generation == before.generation
    assert download(url).content == b"first"


def test_a_copy_that_is_there_already_is_used_although_its_source_was_replaced(world: World) -> None:
    content = world.drop("p/a.png", b"first")
    world.outbox().prepare([content])
    world.drop("p/a.png", b"second")
    (url,) = world.outbox().prepare([content]).values()
    assert download(url).content == b"first"


def test_a_copy_whose_answer_was_lost_is_there(world: World) -> None:
    content = world.drop("p/a.png", b"bytes")
    world.server.fault(kind="objects.rewrite", reset=True, when="after")
    (url,) = world.outbox().prepare([content]).values()
    assert download(url).content == b"bytes"


@pytest.mark.parametrize("status", [400, 403])
def test_a_file_that_storage_will_never_copy_is_told_and_keeps_no_other_waiting(world: World, status: int) -> None:
    # The path holds the copy's name, too, which is a hash: "bad" is in one of sixty.
    bad, good = world.drop("p/wrong.png"), world.drop("p/good.png", b"good")
    world.server.fault(kind="objects.rewrite", path=".*wrong.*", status=status, times=9)
    prepared = world.outbox().prepare([bad, good])
    refused = prepared[bad]
    assert isinstance(refused, NotCopied)
    assert f" {status})" in refused.reason
    assert "drop it again" in refused.reason
    assert download(prepared[good]).content == b"good"


def test_a_file_that_storage_does_not_copy_now_keeps_no_other_waiting(world: World) -> None:
    bad, good = world.drop("p/wrong.png"), world.drop("p/good.png", b"good")
    world.server.fault(kind="objects.rewrite", path=".*wrong.*", status=503, times=99)
    prepared = world.outbox(seconds=2.0).prepare([bad, good])
    refused = prepared[bad]
    assert isinstance(refused, NotCopied)
    assert "did not copy p/wrong.png" in refused.reason
    assert download(prepared[good]).content == b"good"


def test_where_nothing_can_be_copied_now_it_is_storage_that_has_to_come_back(world: World) -> None:
    both = [world.drop("p/a.png"), world.drop("p/b.png")]
    world.server.fault(kind="objects.rewrite", status=503, times=99)
    with pytest.raises(StorageUnavailable, match=r"did not copy p/[ab]\.png"):
        world.outbox(seconds=2.0).prepare(both)


def test_the_address_of_the_longest_name_fits_what_shoptet_takes(world: World) -> None:
    prefix = "ž" * 64
    name = f"{prefix}/shop360/".ljust(1019 - len(prefix), "n") + ".jpeg"
    assert len(name.encode()) == 1024
    content = world.drop(name, b"far")
    (url,) = world.outbox().prepare([content]).values()
    assert isinstance(url, str)
    assert len(url) < MAX_SOURCE_URL
    assert "n" * 20 not in url
    assert download(url).content == b"far"


def test_the_address_ends_with_its_time(world: World) -> None:
    content = world.drop("p/a.png")
    # It counts from the beginning of the second in which it was signed.
    (url,) = world.outbox(seconds=2.0).prepare([content]).values()
    assert download(url).status_code == 200
    time.sleep(2.0)
    assert download(url).status_code == 400


def test_the_address_of_one_copy_opens_no_other(world: World) -> None:
    one, other = world.drop("p/a.png", b"one"), world.drop("p/b.png", b"other")
    urls = world.outbox().prepare([one, other])
    path = urlsplit(str(urls[other])).path
    stolen = urlsplit(str(urls[one]))._replace(path=path).geturl()
    assert download(stolen).status_code == 403


def test_a_hundred_pictures_are_prepared_together(world: World) -> None:
    contents = [world.drop(f"p/{number}.png", str(number).encode()) for number in range(100)]
    gone = Content(MISSED, 1, "md5:", 1)
    world.server.forget()
    # One after the other, the signatures alone would take ten seconds.
    world.server.fault(kind="signBlob", delay=0.1, times=100)
    started = time.monotonic()
    urls = world.outbox().prepare([*contents, gone])
    assert time.monotonic() - started < 6
    assert list(urls) == [*contents, gone]
    assert urls[gone] is None
    assert len({urls[content] for content in contents}) == 100
    assert world.server.calls()["signBlob"] == 100
    for number in (0, 57, 99):
        assert download(urls[contents[number]]).content == str(number).encode()


def test_nothing_is_prepared_of_nothing(world: World) -> None:
    assert world.outbox().prepare([]) == {}
    assert world.server.calls().get("signBlob", 0) == 0


def test_a_copy_in_several_steps_is_carried_to_its_end() -> None:
    """Cloud Storage copies large files between locations in steps, each with the token of the one before."""
    tokens = []

    async def rewrite(request: web.Request) -> web.Response:
        tokens.append(request.query.get("rewriteToken"))
        step = {"totalBytesRewritten": str(len(tokens)), "objectSize": "3", "done": len(tokens) == 3}
        return web.json_response({**step, "rewriteToken": f"after-{len(tokens)}", "resource": {}})

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_post("/storage/v1/b/drops/o/{source}/rewriteTo/b/state/o/{target}", rewrite)
        return app

    content = Content("p/a.png", 7, "md5:", 3)
    with served(make_app) as url:
        client = local_client(url)
        outbox = BucketOutbox(client.bucket("drops"), client.bucket("state"), lambda path: path, RETRY_SECONDS)
        assert outbox.prepare([content]) == {content: names.outbox("p/a.png", 7)}
    assert tokens == [None, "after-1", "after-2"]


def test_a_file_that_was_compressed_for_the_way_is_downloaded_as_the_picture(world: World) -> None:
    picture = b"\x89PNG" * 100
    blob = world.drop_bucket.blob("p/a.png")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(picture))
    (file,) = world.drops.list("p/a.png")
    content = Content(file.name, file.generation, file.checksum, file.size, encoding=file.encoding)
    (url,) = world.outbox().prepare([content]).values()
    assert isinstance(url, str)
    for accepts in ("identity", "gzip"):
        assert requests.get(url, headers={"Accept-Encoding": accepts}, timeout=10).content == picture

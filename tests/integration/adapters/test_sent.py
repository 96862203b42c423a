"""What was sent, read whole; and what is kept of images before a request deletes them."""

import gzip

import pytest
import requests

from gallery_sync.cloud.storage import BucketMade, BucketRemoved, BucketSent
from gallery_sync.core import names
from gallery_sync.core.ledger import Content

from .conftest import TIMEOUT, World

PATH = "removed/0/0/picture.png"


def sent(world: World) -> BucketSent:
    return BucketSent(world.drop_bucket, world.state_bucket, 2.0)


def removed(world: World) -> BucketRemoved:
    return BucketRemoved(world.drop_bucket, world.state_bucket, 2.0)


def kept(world: World) -> tuple[bytes, str] | None:
    blob = world.state_bucket.get_blob(PATH)
    return (blob.download_as_bytes(), blob.content_type) if blob is not None else None


def test_a_copy_and_a_files_very_generation_are_read(world: World) -> None:
    content = world.drop("p/1.png", b"first")
    assert sent(world).copy(names.outbox(content.source, content.generation)) is None
    world.outbox().prepare([content])
    assert sent(world).copy(names.outbox(content.source, content.generation)) == b"first"
    assert sent(world).file(content) == b"first"
    world.drop("p/1.png", b"second")
    assert sent(world).file(content) is None


def test_what_was_sent_is_kept_from_its_copy_or_its_file(world: World) -> None:
    content = world.drop("p/1.png", b"the picture")
    world.outbox().prepare([content])
    world.drop_bucket.delete_blob("p/1.png")
    assert removed(world).keep(content, PATH)
    assert kept(world) == (b"the picture", "image/png")
    other = world.drop("p/2.png", b"another")
    # The path says which picture it is: one that is there is right.
    assert removed(world).keep(other, PATH)
    assert kept(world) == (b"the picture", "image/png")
    world.state_bucket.delete_blob(PATH)
    assert removed(world).keep(other, PATH)
    assert kept(world) == (b"another", "image/png")


@pytest.mark.parametrize("sent_before", [True, False])
def test_a_file_that_was_uploaded_compressed_is_kept_as_a_picture(world: World, sent_before: bool) -> None:
    blob = world.drop_bucket.blob("p/1.png")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"the picture"), content_type="image/png")
    (file,) = world.drops.list("p/1.png")
    content = Content("p/1.png", file.generation, file.checksum, file.size, encoding=file.encoding)
    if sent_before:
        world.outbox().prepare([content])
    assert removed(world).keep(content, PATH)
    assert kept(world) == (b"the picture", "image/png")
    assert requests.get(world.outbox().signed(PATH), timeout=TIMEOUT).content == b"the picture"


def test_what_was_made_is_written_over_itself_under_its_type_and_kept(world: World) -> None:
    made = BucketMade(world.state_bucket, 2.0)
    made.write("outbox/made/1.png", b"made")
    first = world.state_bucket.get_blob("outbox/made/1.png")
    assert (first.download_as_bytes(), first.content_type) == (b"made", "image/png")
    made.write("outbox/made/1.png", b"made")
    again = world.state_bucket.get_blob("outbox/made/1.png")
    assert again.generation > first.generation
    assert not removed(world).keep_copy("outbox/made/2.png", PATH)
    assert removed(world).keep_copy("outbox/made/1.png", PATH)
    assert kept(world) == (b"made", "image/png")


def test_what_is_nowhere_any_more_is_not_kept(world: World) -> None:
    assert not removed(world).keep(Content("p/gone.png", 7, "sum", 10), PATH)
    content = world.drop("p/1.png", b"first")
    world.drop("p/1.png", b"second")
    assert not removed(world).keep(content, PATH)
    assert kept(world) is None


@pytest.mark.parametrize(("path", "kind"), [(PATH, "image/png"), ("removed/0/0/a.svg", "application/octet-stream")])
def test_what_the_shop_showed_is_written_down_once(world: World, path: str, kind: str) -> None:
    removed(world).put(path, b"shown")
    removed(world).put(path, b"shown again")
    blob = world.state_bucket.get_blob(path)
    assert blob is not None
    assert (blob.download_as_bytes(), blob.content_type) == (b"shown", kind)


def test_what_is_kept_can_be_downloaded_by_shoptet(world: World) -> None:
    removed(world).put(PATH, b"shown")
    url = world.outbox().signed(PATH)
    assert PATH in url
    assert "Signature" in url

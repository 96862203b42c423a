"""The bin: exactly one generation of a file leaves the drop bucket, and is kept in the state bucket."""

import pytest

from gallery_sync.cloud.storage import BucketBin
from gallery_sync.core.files import BucketFile
from gallery_sync.ports.storage import NotRemoved

from .conftest import RETRY_SECONDS, World


def bin_of(world: World) -> BucketBin:
    return BucketBin(world.drop_bucket, world.state_bucket, RETRY_SECONDS)


def dropped(world: World, name: str, body: bytes = b"picture", **metadata: str) -> BucketFile:
    world.drop(name, body, **metadata)
    (file,) = world.drops.list(name)
    return file


def kept(world: World) -> dict[str, bytes]:
    """What lies in the bin, by its path in the state bucket."""
    blobs = world.client.list_blobs(world.state_bucket, prefix="removed/")
    return {blob.name: blob.download_as_bytes() for blob in blobs}


def test_a_removed_file_is_kept_under_its_name(world: World) -> None:
    file = dropped(world, "62%2FXL/shop/a.png", b"bytes", description="red")
    assert bin_of(world).remove(file) is True
    assert list(world.drops.list("")) == []
    assert kept(world) == {"removed/62%2FXL/shop/a.png": b"bytes"}


def test_a_file_that_is_removed_again_takes_the_place_of_the_first(world: World) -> None:
    bin_of(world).remove(dropped(world, "p/a.png", b"first"))
    assert bin_of(world).remove(dropped(world, "p/a.png", b"second")) is True
    assert kept(world) == {"removed/p/a.png": b"second"}


def test_a_file_that_was_replaced_meanwhile_stays(world: World) -> None:
    old = dropped(world, "p/a.png", b"old")
    new = dropped(world, "p/a.png", b"new")
    assert bin_of(world).remove(old) is False
    assert [file.generation for file in world.drops.list("p/")] == [new.generation]
    assert kept(world) == {}


def test_a_file_that_is_gone_is_nothing_to_remove(world: World) -> None:
    file = dropped(world, "p/a.png")
    world.drop_bucket.blob("p/a.png").delete()
    assert bin_of(world).remove(file) is False
    assert kept(world) == {}


@pytest.mark.parametrize("kind", ["objects.rewrite", "objects.delete"])
def test_a_removal_whose_answer_was_lost_is_carried_to_its_end(world: World, kind: str) -> None:
    file = dropped(world, "p/a.png", b"bytes")
    world.server.fault(kind=kind, reset=True, when="after")
    bin_of(world).remove(file)
    assert list(world.drops.list("")) == []
    assert kept(world) == {"removed/p/a.png": b"bytes"}


def test_a_file_whose_copy_cannot_be_made_stays(world: World) -> None:
    file = dropped(world, "p/a.png")
    world.server.fault(kind="objects.rewrite", status=403)
    with pytest.raises(NotRemoved, match=r"does not let it be moved \(Forbidden 403\)"):
        bin_of(world).remove(file)
    assert len(list(world.drops.list("p/"))) == 1


def test_files_with_the_longest_names_have_their_places_too(world: World) -> None:
    # An object's name has 1024 bytes at most, that of its copy as well.
    names = ["p/".ljust(1019, letter) + ".jpeg" for letter in "ab"]
    for name in names:
        assert bin_of(world).remove(dropped(world, name, name[5:6].encode())) is True
    assert sorted(kept(world).values()) == [b"a", b"b"]
    assert all(path.endswith(".jpeg") for path in kept(world))

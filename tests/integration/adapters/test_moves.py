"""A dropped file gets another name: with its metadata, over nothing else, and to its end where an answer was lost."""

from gallery_sync.cloud.storage import BucketMoves
from tests.integration.adapters.test_bin import dropped

from .conftest import World


def moves(world: World) -> BucketMoves:
    return BucketMoves(world.drop_bucket)


def names(world: World) -> dict[str, str]:
    return {file.name: file.metadata.get("description", "") for file in world.drops.list("")}


def test_a_file_goes_with_its_metadata(world: World) -> None:
    file = dropped(world, "LAPM-1/1.jpg", description="front")
    assert moves(world).move(file, "LAMP-1/1.jpg")
    assert names(world) == {"LAMP-1/1.jpg": "front"}
    assert not moves(world).move(file, "LAMP-1/2.jpg")


def test_another_file_is_not_written_over(world: World) -> None:
    file = dropped(world, "LAPM-1/1.jpg", b"new")
    dropped(world, "LAMP-1/1.jpg", b"old", description="old")
    assert not moves(world).move(file, "LAMP-1/1.jpg")
    assert names(world) == {"LAMP-1/1.jpg": "old", "LAPM-1/1.jpg": ""}


def test_whoever_died_in_between_is_helped_to_the_end(world: World) -> None:
    file = dropped(world, "LAPM-1/1.jpg", b"same")
    dropped(world, "LAMP-1/1.jpg", b"same")
    assert moves(world).move(file, "LAMP-1/1.jpg")
    assert set(names(world)) == {"LAMP-1/1.jpg"}


def test_a_file_that_was_replaced_meanwhile_stays(world: World) -> None:
    file = dropped(world, "LAPM-1/1.jpg", b"first")
    dropped(world, "LAPM-1/1.jpg", b"second")
    assert not moves(world).move(file, "LAMP-1/1.jpg")
    assert set(names(world)) == {"LAPM-1/1.jpg"}

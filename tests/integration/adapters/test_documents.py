"""The documents of the state bucket: what a write that may have happened twice means."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.ports.storage import PreconditionFailed, StorageUnavailable
from infra.local.storage.client import local_client

from .conftest import RETRY_SECONDS, World

LOST = {"method": "POST", "kind": "objects.insert", "reset": True, "when": "after"}
"""A write that is carried out, and whose answer is lost."""


def test_a_document_is_read_as_it_was_written(world: World) -> None:
    generation = world.documents.write("ledger/a b/č.json", b'{"a": 1}', generation=0)
    stored = world.documents.read("ledger/a b/č.json")
    assert stored is not None
    assert (stored.body, stored.generation) == (b'{"a": 1}', generation)


def test_a_document_that_is_not_there_is_none(world: World) -> None:
    assert world.documents.read("ledger/none.json") is None


def test_a_write_over_the_generation_that_was_read_gives_the_next(world: World) -> None:
    first = world.documents.write("a", b"1", generation=0)
    second = world.documents.write("a", b"2", generation=first)
    assert second > first
    assert world.documents.read("a") is not None


@pytest.mark.parametrize("body", [b"mine", b"theirs"])
def test_a_second_creation_is_a_conflict_even_with_the_same_body(world: World, body: bytes) -> None:
    world.documents.write("a", b"theirs", generation=0)
    with pytest.raises(PreconditionFailed, match="a"):
        world.documents.write("a", body, generation=0)


def test_a_write_over_an_old_generation_is_a_conflict(world: World) -> None:
    old = world.documents.write("a", b"1", generation=0)
    world.documents.write("a", b"2", generation=old)
    with pytest.raises(PreconditionFailed):
        world.documents.write("a", b"2", generation=old)


def test_a_write_over_what_was_removed_is_a_conflict(world: World) -> None:
    old = world.documents.write("a", b"1", generation=0)
    world.documents.delete("a")
    with pytest.raises(PreconditionFailed):
        world.documents.write("a", b"2", generation=old)


@pytest.mark.parametrize("there_before", [False, True])
def test_a_write_whose_first_answer_was_lost_has_won(world: World, there_before: bool) -> None:
    before = world.documents.write("a", b"old", generation=0) if there_before else 0
    world.server.fault(**LOST)
    generation = world.documents.write("a", b"mine", generation=before)
    stored = world.documents.read("a")
    assert stored is not None
    assert (stored.body, stored.generation) == (b"mine", generation)


def test_of_writers_with_the_same_body_and_generation_exactly_one_wins(world: World) -> None:
    buckets = [local_client(world.server.url).bucket(world.state_bucket.name) for _ in range(8)]

    def write(number: int) -> bool:
        try:
            BucketDocuments(buckets[number]).write("a", b"{}", generation=0)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1


def test_a_listing_shows_what_was_written_and_nothing_beside_it(world: World) -> None:
    generation = world.documents.write("ledger/a.json", b"{}", generation=0, metadata={"live": "3"})
    world.documents.write("ledger/b.json", b"{}", generation=0)
    world.documents.write("ledgers", b"{}", generation=0)
    first, second = world.documents.list("ledger/")
    assert (first.path, first.generation, dict(first.metadata)) == ("ledger/a.json", generation, {"live": "3"})
    assert (second.path, dict(second.metadata)) == ("ledger/b.json", {})
    assert second.updated >= first.updated > 1_600_000_000


def test_a_rewritten_document_has_the_metadata_of_the_last_write_alone(world: World) -> None:
    generation = world.documents.write("a", b"1", generation=0, metadata={"live": "3", "failed": "1"})
    world.documents.write("a", b"2", generation=generation, metadata={"live": "4"})
    (listed,) = world.documents.list("a")
    assert dict(listed.metadata) == {"live": "4"}


def test_a_removed_document_is_gone_and_may_be_removed_again(world: World) -> None:
    world.documents.write("a", b"1", generation=0)
    world.documents.delete("a")
    world.documents.delete("a")
    assert world.documents.read("a") is None


def test_a_removal_whose_answer_was_lost_succeeds(world: World) -> None:
    world.documents.write("a", b"1", generation=0)
    world.server.fault(kind="objects.delete", reset=True, when="after")
    world.documents.delete("a")
    assert world.documents.read("a") is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_overcome(world: World, status: int) -> None:
    world.server.fault(kind="objects.insert", status=status)
    generation = world.documents.write("a", b"1", generation=0)
    world.server.fault(kind="objects.download", status=status)
    stored = world.documents.read("a")
    assert stored is not None
    assert stored.generation == generation


CALLS: dict[str, tuple[str, Callable[[BucketDocuments], object]]] = {
    "read a": ("objects.download", lambda documents: documents.read("a")),
    "write a": ("objects.insert", lambda documents: documents.write("a", b"secret", generation=0)),
    "delete a": ("objects.delete", lambda documents: documents.delete("a")),
    "list a": ("objects.list", lambda documents: list(documents.list("a"))),
}


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize(("status", "times"), [(503, 50), (403, 1)])
def test_what_does_not_pass_is_told_with_what_was_tried_and_no_address(
    world: World, what: str, status: int, times: int
) -> None:
    kind, call = CALLS[what]
    world.server.fault(kind=kind, status=status, times=times)
    documents = BucketDocuments(world.state_bucket, 0.2)
    with pytest.raises(StorageUnavailable) as caught:
        call(documents)
    text = str(caught.value)
    assert text.startswith(f"Cloud Storage did not {what}: ")
    assert text.endswith(f" {status}")
    assert not {"http", "?", "secret", "127.0.0.1"} & {
        part for part in ("http", "?", "secret", "127.0.0.1") if part in text
    }
    # Nothing that a traceback would print holds it either.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_connection_that_breaks_again_and_again_is_told(world: World) -> None:
    world.server.fault(kind="objects.download", reset=True, times=50)
    with pytest.raises(StorageUnavailable, match=r"^Cloud Storage did not read a: ConnectionError$"):
        BucketDocuments(world.state_bucket, 0.2).read("a")


def test_a_bucket_that_does_not_exist_is_told_by_a_write(world: World) -> None:
    documents = BucketDocuments(world.client.bucket("no-such-bucket"), RETRY_SECONDS)
    with pytest.raises(StorageUnavailable, match="write a: NotFound 404"):
        documents.write("a", b"1", generation=0)

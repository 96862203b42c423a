"""Generations and preconditions, as the real client meets them."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests
from google.api_core.exceptions import NotFound, NotModified, PreconditionFailed
from google.cloud.storage import Bucket, Client


def test_of_twenty_writers_who_want_to_create_an_object_exactly_one_wins(
    bucket: Bucket, make_client: Callable[[], Client]
) -> None:
    start = Barrier(20)

    def write(number: int) -> str:
        blob = make_client().bucket(bucket.name).blob("ledger/one.json")
        start.wait(timeout=20)
        try:
            blob.upload_from_string(f"writer {number}", if_generation_match=0)
        except PreconditionFailed:
            return "412"
        return f"writer {number}"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(write, range(20)))

    winners = [outcome for outcome in outcomes if outcome != "412"]
    assert (len(winners), outcomes.count("412")) == (1, 19), outcomes
    assert bucket.blob("ledger/one.json").download_as_text() == winners[0]


def test_of_twenty_writers_who_have_read_the_same_generation_exactly_one_wins(
    bucket: Bucket, make_client: Callable[[], Client]
) -> None:
    first = bucket.blob("ledger/one.json")
    first.upload_from_string("before")
    start = Barrier(20)

    def write(number: int) -> bool:
        blob = make_client().bucket(bucket.name).blob("ledger/one.json")
        start.wait(timeout=20)
        try:
            blob.upload_from_string(f"writer {number}", if_generation_match=first.generation)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(write, range(20)))

    assert outcomes.count(True) == 1, outcomes


def test_a_stale_generation_is_refused_and_changes_nothing(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string("one")
    stale = blob.generation
    blob.upload_from_string("two")
    other = bucket.blob("a")

    with pytest.raises(PreconditionFailed):
        other.upload_from_string("three", if_generation_match=stale)
    with pytest.raises(PreconditionFailed):
        other.delete(if_generation_match=stale)
    other.metadata = {"seen": "yes"}
    with pytest.raises(PreconditionFailed):
        other.patch(if_generation_match=stale)
    with pytest.raises(PreconditionFailed):
        other.download_as_bytes(if_generation_match=stale)

    blob.reload()
    assert (blob.generation > stale, blob.metageneration, blob.metadata) == (True, 1, None)
    assert bucket.blob("a").download_as_bytes() == b"two"


def test_a_violated_precondition_is_told_in_googles_words(bucket: Bucket, local: str) -> None:
    bucket.blob("a").upload_from_string("one")
    answer = requests.post(
        f"{local}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a&ifGenerationMatch=0",
        data=b"two",
        timeout=10,
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (412, 412)
    assert error["errors"][0]["reason"] == "conditionNotMet"
    assert error["message"] == "At least one of the pre-conditions you specified did not hold."


def test_generations_only_grow_and_never_come_again(bucket: Bucket) -> None:
    seen = []
    for name in ("a", "a", "b", "a"):
        blob = bucket.blob(name)
        blob.upload_from_string(name)
        seen.append(blob.generation)
    bucket.blob("a").delete()
    again = bucket.blob("a")
    again.upload_from_string("again")
    seen.append(again.generation)

    assert seen == sorted(set(seen)), seen
    assert again.metageneration == 1


def test_only_the_current_generation_can_be_asked_for(bucket: Bucket) -> None:
    old = bucket.blob("a")
    old.upload_from_string("one")
    bucket.blob("a").upload_from_string("two")
    pinned = bucket.blob("a", generation=old.generation)

    with pytest.raises(NotFound):
        pinned.reload()
    with pytest.raises(NotFound):
        pinned.download_as_bytes()
    with pytest.raises(NotFound):
        pinned.delete()
    assert bucket.blob("a").download_as_bytes() == b"two"


def test_metageneration_is_a_precondition_too(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string("one")
    blob.metadata = {"n": "1"}
    blob.patch(if_metageneration_match=1)
    blob.metadata = {"n": "2"}
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_match=1)
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_not_match=2)
    assert blob.metageneration == 2


def test_a_read_that_would_bring_nothing_new_is_not_modified_and_a_write_is_refused(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string("one")
    with pytest.raises(NotModified):
        blob.reload(if_generation_not_match=blob.generation)
    with pytest.raises(PreconditionFailed):
        bucket.blob("a").upload_from_string("two", if_generation_not_match=blob.generation)
    with pytest.raises(PreconditionFailed):
        bucket.blob("missing").upload_from_string("x", if_generation_not_match=0)


def test_who_deletes_what_is_not_there_is_told_so_whatever_the_precondition(bucket: Bucket) -> None:
    with pytest.raises(NotFound):
        bucket.blob("missing").delete(if_generation_match=5)


def test_a_copy_is_made_of_exactly_the_generation_that_was_asked_for(bucket: Bucket) -> None:
    source = bucket.blob("drop.jpg")
    source.metadata = {"description": "Front"}
    source.upload_from_string(b"picture", content_type="image/jpeg")

    copy = bucket.copy_blob(
        source,
        bucket,
        "outbox/1",
        source_generation=source.generation,
        if_source_generation_match=source.generation,
        if_generation_match=0,
    )
    assert (copy.content_type, copy.metadata, copy.size) == ("image/jpeg", {"description": "Front"}, 7)
    assert copy.download_as_bytes() == b"picture"

    bucket.blob("drop.jpg").upload_from_string(b"replaced", content_type="image/jpeg")
    with pytest.raises(PreconditionFailed):
        bucket.copy_blob(source, bucket, "outbox/2", if_source_generation_match=source.generation)
    with pytest.raises(NotFound):
        bucket.copy_blob(source, bucket, "outbox/2", source_generation=source.generation)
    with pytest.raises(PreconditionFailed):
        bucket.copy_blob(source, bucket, "outbox/1", if_generation_match=0)
    assert not bucket.blob("outbox/2").exists()


def test_a_rewrite_tells_that_it_is_done_and_keeps_preconditions(bucket: Bucket) -> None:
    source = bucket.blob("a")
    source.upload_from_string(b"content", content_type="image/png")
    target = bucket.blob("b")
    target.content_type = "image/webp"

    assert target.rewrite(source, if_generation_match=0) == (None, 7, 7)
    assert (target.content_type, target.generation > source.generation) == ("image/webp", True)
    with pytest.raises(PreconditionFailed):
        bucket.blob("b").rewrite(source, if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        bucket.blob("c").rewrite(source, if_source_generation_match=source.generation + 1)


def test_what_is_not_there_is_not_found_with_googles_body(bucket: Bucket, client: Client, local: str) -> None:
    with pytest.raises(NotFound, match="The specified bucket does not exist"):
        client.get_bucket("no-such-bucket-here")
    answer = requests.get(f"{local}/storage/v1/b/{bucket.name}/o/none", timeout=10)
    assert answer.status_code == 404
    error = json.loads(answer.text)["error"]
    assert (error["message"], error["errors"][0]["reason"]) == (f"No such object: {bucket.name}/none", "notFound")

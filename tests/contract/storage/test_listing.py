"""Listings: order, pages, prefixes and delimiters."""

from collections.abc import Iterable

import pytest
import requests
from google.api_core.exceptions import BadRequest
from google.cloud.storage import Blob, Bucket

from infra.local.storage.errors import ApiError
from infra.local.storage.listing import Query, page_of

NAMES = ["a/1", "a/2", "a/b/1", "a/b/2", "a0", "b", "Ž/1", "á"]


@pytest.fixture
def filled(bucket: Bucket) -> Bucket:
    for name in NAMES:
        bucket.blob(name).upload_from_string(name)
    return bucket


def names(blobs: Iterable[Blob]) -> list[str]:
    return [blob.name for blob in blobs]


def test_objects_are_listed_in_the_order_of_their_bytes(filled: Bucket) -> None:
    assert names(filled.list_blobs()) == sorted(NAMES, key=str.encode)


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 8, 9])
def test_pages_hold_each_object_once(filled: Bucket, page_size: int) -> None:
    pages = [names(page) for page in filled.list_blobs(page_size=page_size).pages]
    assert [name for page in pages for name in page] == sorted(NAMES)
    assert [len(page) for page in pages[:-1]] == [page_size] * (len(pages) - 1)


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_a_delimiter_rolls_up_what_lies_deeper(filled: Bucket, page_size: int) -> None:
    found = filled.list_blobs(delimiter="/", page_size=page_size)
    assert names(found) == ["a0", "b", "á"]
    assert found.prefixes == {"a/", "Ž/"}
    deeper = filled.list_blobs(prefix="a/", delimiter="/", page_size=page_size)
    assert names(deeper) == ["a/1", "a/2"]
    assert deeper.prefixes == {"a/b/"}


def test_a_prefix_and_offsets_narrow_the_listing(filled: Bucket) -> None:
    assert names(filled.list_blobs(prefix="a/b/")) == ["a/b/1", "a/b/2"]
    assert names(filled.list_blobs(prefix="none")) == []
    assert names(filled.list_blobs(start_offset="a/b/2", end_offset="b")) == ["a/b/2", "a0"]


def test_what_is_deleted_between_two_pages_hides_nothing_else(filled: Bucket) -> None:
    pages = filled.list_blobs(page_size=2).pages
    first = names(next(pages))
    filled.blob(first[-1]).delete()
    assert first + names(blob for page in pages for blob in page) == sorted(NAMES)


def test_a_listing_carries_metadata(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.metadata = {"failed": "2"}
    blob.upload_from_string("x")
    (found,) = bucket.list_blobs()
    assert (found.metadata, found.generation) == ({"failed": "2"}, blob.generation)


def test_a_page_holds_a_thousand_at_most_whatever_was_asked_for() -> None:
    many = [f"{n:05d}" for n in range(2500)]
    sizes, token = [], ""
    while True:
        page = page_of(many, Query(max_results=5000, page_token=token))
        sizes.append(len(page.names))
        if page.next_token is None:
            break
        token = page.next_token
    assert sizes == [1000, 1000, 500]


def test_a_thousand_on_a_page_is_what_the_wire_honours_too(bucket: Bucket, server_url: str, local: str) -> None:
    for n in range(3):
        bucket.blob(str(n)).upload_from_string("x")
    answer = requests.get(f"{server_url}/storage/v1/b/{bucket.name}/o?maxResults=2", timeout=10).json()
    assert ([item["name"] for item in answer["items"]], "nextPageToken" in answer) == (["0", "1"], True)
    assert "items" not in requests.get(f"{local}/storage/v1/b/{bucket.name}/o?prefix=z", timeout=10).json()


def test_a_bad_page_token_or_size_is_refused(bucket: Bucket) -> None:
    with pytest.raises(BadRequest):
        list(bucket.list_blobs(page_token="no token"))
    with pytest.raises(ApiError, match="400"):
        page_of([], Query(max_results=0))

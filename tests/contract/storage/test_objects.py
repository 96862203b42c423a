"""Objects: every way up, every way down, their metadata and their names."""

import base64
import gzip
import hashlib
import io
import os
from datetime import UTC, datetime, timedelta

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, MethodNotImplemented, NotFound
from google.cloud.storage import Bucket, Client

CHUNK = 256 * 1024

HOSTILE_NAMES = [
    "ABC-1/shop/01 Přední pohled.jpg",
    "ABC/shop/#1?&+%=;,'\"!*().jpg",
    "62%2FXL/shop/a.jpg",
    "62%252FXL/a.jpg",
    "a/../b.jpg",
    "a/./b.jpg",
    "..hidden",
    "/leading/slash.jpg",
    "double//slash.jpg",
    "trailing/",
    "emoji-\U0001f4f7.png",
    "tab\tand\\back.jpg",
    "~tilde-_.jpg",
    "e\u0301 is not \u00e9.jpg",
    "ž" * 512,
    "x" * 1024,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:30])
def test_a_name_comes_back_as_it_went_in(bucket: Bucket, name: str) -> None:
    content = f"content of {name}".encode()
    blob = bucket.blob(name)
    blob.upload_from_string(content, content_type="image/jpeg")

    assert [found.name for found in bucket.list_blobs()] == [name]
    again = bucket.blob(name)
    assert again.download_as_bytes() == content
    again.reload()
    assert again.name == name
    again.metadata = {"description": name}
    again.patch()
    copy = bucket.copy_blob(again, bucket, "copy")
    assert (copy.metadata, copy.download_as_bytes()) == ({"description": name}, content)
    back = bucket.copy_blob(copy, bucket, name)
    assert back.name == name
    back.delete()
    assert [found.name for found in bucket.list_blobs()] == ["copy"]


@pytest.mark.parametrize("name", ["x" * 1025, "ž" * 513, ".well-known/acme-challenge/a", "line\nfeed", "return\r"])
def test_a_name_that_google_refuses_is_refused(bucket: Bucket, name: str) -> None:
    with pytest.raises(BadRequest):
        bucket.blob(name).upload_from_string("content")
    assert list(bucket.list_blobs()) == []


def test_an_object_tells_all_about_itself(bucket: Bucket) -> None:
    content = os.urandom(1000)
    blob = bucket.blob("ABC/shop/a.jpg")
    blob.metadata = {"description": "Přední", "priority": "3"}
    blob.cache_control = "no-store"
    blob.upload_from_string(content, content_type="image/jpeg")
    found = bucket.get_blob("ABC/shop/a.jpg")

    expected = {
        "content_type": "image/jpeg",
        "size": 1000,
        "md5_hash": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
        "crc32c": base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode(),
        "metadata": {"description": "Přední", "priority": "3"},
        "cache_control": "no-store",
        "storage_class": "STANDARD",
        "metageneration": 1,
        "generation": blob.generation,
        "etag": blob.etag,
    }
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.generation > 1_600_000_000_000_000
    assert abs(found.time_created - datetime.now(UTC)) < timedelta(minutes=5)
    assert found.updated == found.time_created


def test_a_patch_merges_metadata_bumps_metageneration_and_keeps_the_content(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.metadata = {"description": "one", "priority": "1"}
    blob.upload_from_string(b"content", content_type="image/png")
    generation, created, etag = blob.generation, blob.time_created, blob.etag

    other = bucket.blob("a")
    other.metadata = {"description": "two", "priority": None}
    other.patch()

    blob.reload()
    assert (blob.metadata, blob.metageneration) == ({"description": "two"}, 2)
    assert (blob.generation, blob.time_created, blob.content_type) == (generation, created, "image/png")
    assert blob.etag != etag
    assert blob.updated >= created
    assert blob.download_as_bytes() == b"content"


def test_an_update_replaces_all_metadata(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.metadata = {"description": "one"}
    blob.upload_from_string(b"content", content_type="image/png")
    other = bucket.blob("a")
    other.metadata = {"priority": "1"}
    other.update()
    blob.reload()
    assert (blob.metadata, blob.metageneration, blob.content_type) == ({"priority": "1"}, 2, None)


def test_metadata_is_limited_to_eight_kibibytes(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string(b"content")
    blob.metadata = {"d": "x" * 8191}
    blob.patch()
    blob.metadata = {"d": "x" * 8192}
    with pytest.raises(BadRequest):
        blob.patch()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_resumable_upload_of_known_size_arrives_whole(bucket: Bucket, size: int) -> None:
    content = os.urandom(size)
    blob = bucket.blob("resumable", chunk_size=CHUNK)
    blob.metadata = {"description": "big"}
    blob.upload_from_file(io.BytesIO(content), size=size, content_type="image/png", if_generation_match=0)
    found = bucket.get_blob("resumable")
    assert (found.size, found.content_type, found.metadata) == (size, "image/png", {"description": "big"})
    assert bucket.blob("resumable").download_as_bytes() == content


@pytest.mark.parametrize("size", [0, 5, CHUNK, 2 * CHUNK + 7])
def test_a_resumable_upload_of_unknown_size_arrives_whole(bucket: Bucket, size: int) -> None:
    content = os.urandom(size)
    with bucket.blob("stream").open("wb", chunk_size=CHUNK) as stream:
        stream.write(content)
    assert bucket.blob("stream").download_as_bytes() == content


def test_a_media_upload_needs_no_metadata(bucket: Bucket, server_url: str) -> None:
    address = f"{server_url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a%2Fb"
    answer = requests.post(address, data=b"content", headers={"Content-Type": "image/gif"}, timeout=10)
    assert answer.status_code == 200, answer.text
    found = bucket.get_blob("a/b")
    assert (found.content_type, bucket.blob("a/b").download_as_bytes()) == ("image/gif", b"content")


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\r\n--\r\n", b"--=\r\n\r\n", bytes(range(256)) * 3])
def test_a_multipart_upload_keeps_every_byte(bucket: Bucket, content: bytes) -> None:
    bucket.blob("a").upload_from_string(content)
    assert bucket.blob("a").download_as_bytes() == content


def test_content_that_is_not_what_the_uploader_claims_is_refused(bucket: Bucket, server_url: str) -> None:
    boundary = "cut"
    wrong = base64.b64encode(b"0000").decode()
    body = (
        f'--{boundary}\r\ncontent-type: application/json\r\n\r\n{{"name": "a", "crc32c": "{wrong}"}}\r\n'
        f"--{boundary}\r\ncontent-type: image/png\r\n\r\ncontent\r\n--{boundary}--"
    )
    answer = requests.post(
        f"{server_url}/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart",
        data=body.encode(),
        headers={"Content-Type": f'multipart/related; boundary="{boundary}"'},
        timeout=10,
    )
    assert answer.status_code == 400, answer.text
    assert bucket.get_blob("a") is None


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 3, b"0123"), (4, 4, b"4"), (7, None, b"789"), (8, 100, b"89"), (0, 9, None)]
)
def test_a_range_is_downloaded_exactly(bucket: Bucket, start: int, end: int | None, expected: bytes | None) -> None:
    content = b"0123456789"
    bucket.blob("a").upload_from_string(content)
    assert bucket.blob("a").download_as_bytes(start=start, end=end) == (expected or content)


def test_a_suffix_is_downloaded_and_a_range_beyond_the_end_is_not_satisfiable(bucket: Bucket, server_url: str) -> None:
    bucket.blob("a").upload_from_string(b"0123456789")
    address = f"{server_url}/download/storage/v1/b/{bucket.name}/o/a?alt=media"
    suffix = requests.get(address, headers={"Range": "bytes=-3"}, timeout=10)
    assert (suffix.status_code, suffix.content, suffix.headers["Content-Range"]) == (206, b"789", "bytes 7-9/10")
    assert requests.get(address, headers={"Range": "bytes=10-"}, timeout=10).status_code == 416


def test_a_deleted_object_is_gone_without_a_trace(bucket: Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string(b"content")
    blob.delete()
    assert not bucket.blob("a").exists()
    assert list(bucket.list_blobs()) == []
    with pytest.raises(NotFound):
        bucket.blob("a").delete()
    with pytest.raises(NotFound):
        bucket.blob("a").download_as_bytes()


def test_buckets_are_made_once_and_listed(client: Client, bucket: Bucket) -> None:
    assert client.get_bucket(bucket.name).name == bucket.name
    assert bucket.name in [found.name for found in client.list_buckets()]
    with pytest.raises(Conflict):
        client.create_bucket(bucket.name)


def test_what_the_server_does_not_know_it_refuses_instead_of_ignoring(bucket: Bucket, local: str) -> None:
    answer = requests.get(f"{local}/storage/v1/b/{bucket.name}/o?matchGlob=*.jpg", timeout=10)
    assert answer.status_code == 501
    assert "matchGlob" in answer.json()["error"]["message"]


def test_a_compressed_object_is_served_so_to_whoever_accepts_it_and_plain_to_others(bucket: Bucket, local: str) -> None:
    plain, stored = b"plain text " * 50, gzip.compress(b"plain text " * 50)
    blob = bucket.blob("a.txt")
    blob.content_encoding = "gzip"
    blob.upload_from_string(stored)
    assert (blob.size, bucket.get_blob("a.txt").content_encoding) == (len(stored), "gzip")
    url = f"{local}/download/storage/v1/b/{bucket.name}/o/a.txt?alt=media"
    raw = requests.get(url, headers={"Accept-Encoding": "identity", "Range": "bytes=0-3"}, timeout=10)
    assert (raw.status_code, raw.content, raw.headers.get("Content-Encoding")) == (200, plain, None)
    served = requests.get(url, headers={"Accept-Encoding": "gzip"}, timeout=10, stream=True)
    assert (served.headers["Content-Encoding"], served.raw.read(decode_content=False)) == ("gzip", stored)
    assert blob.download_as_bytes(raw_download=True) == stored


def test_another_encoding_is_refused_instead_of_being_served_wrong(bucket: Bucket) -> None:
    blob = bucket.blob("a.txt")
    blob.content_encoding = "br"
    with pytest.raises(MethodNotImplemented, match="contentEncoding br"):
        blob.upload_from_string(b"x")

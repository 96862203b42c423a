"""The protocol of resumable uploads beneath the client: what a lost answer or a bad chunk leads to."""

import base64
import os

import requests
from google.cloud.storage import Bucket

CHUNK = 256 * 1024


def begin(server_url: str, bucket: Bucket, resource: dict[str, str] | None = None, **params: str) -> str:
    answer = requests.post(
        f"{server_url}/upload/storage/v1/b/{bucket.name}/o",
        params={"uploadType": "resumable", "name": "a", **params},
        json=resource or {},
        headers={"x-upload-content-type": "image/png"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return answer.headers["Location"]


def put(address: str, content_range: str, body: bytes = b"") -> requests.Response:
    return requests.put(address, data=body, headers={"Content-Range": content_range}, timeout=10)


def test_an_upload_can_be_asked_how_far_it_is_and_goes_on_from_there(bucket: Bucket, server_url: str) -> None:
    content = os.urandom(CHUNK + 100)
    address = begin(server_url, bucket)
    assert "Range" not in put(address, "bytes */*").headers
    first = put(address, f"bytes 0-{CHUNK - 1}/{len(content)}", content[:CHUNK])
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    asked = put(address, "bytes */*")
    assert (asked.status_code, asked.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    again = put(address, f"bytes 0-{CHUNK - 1}/{len(content)}", content[:CHUNK])
    assert (again.status_code, again.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")

    last = put(address, f"bytes {CHUNK}-{len(content) - 1}/{len(content)}", content[CHUNK:])
    assert (last.status_code, last.json()["contentType"]) == (200, "image/png")
    repeated = put(address, "bytes */*")
    assert (repeated.status_code, repeated.json()["generation"]) == (200, last.json()["generation"])
    assert bucket.blob("a").download_as_bytes() == content


def test_a_chunk_of_a_bad_size_and_one_that_leaves_a_gap_are_refused(bucket: Bucket, local: str) -> None:
    address = begin(local, bucket)
    assert put(address, "bytes 0-99/1000", bytes(100)).status_code == 400
    assert put(address, f"bytes {CHUNK}-{2 * CHUNK - 1}/*", bytes(CHUNK)).status_code == 400
    assert put(address, "bytes 0-9/10", bytes(5)).status_code == 400
    assert put(address, "bytes 0-9/10", bytes(10)).status_code == 200


def test_the_precondition_is_checked_when_the_upload_ends_not_only_when_it_begins(
    bucket: Bucket, server_url: str
) -> None:
    address = begin(server_url, bucket, ifGenerationMatch="0")
    bucket.blob("a").upload_from_string(b"was faster")
    assert put(address, "bytes 0-4/5", b"later").status_code == 412
    assert bucket.blob("a").download_as_bytes() == b"was faster"


def test_content_that_is_not_what_was_claimed_at_the_beginning_or_at_the_end_is_refused(
    bucket: Bucket, server_url: str
) -> None:
    wrong = base64.b64encode(b"0000").decode()
    at_the_beginning = begin(server_url, bucket, {"crc32c": wrong})
    assert put(at_the_beginning, "bytes 0-4/5", b"bytes").status_code == 400
    at_the_end = begin(server_url, bucket)
    headers = {"Content-Range": "bytes 0-4/5", "x-goog-hash": f"crc32c={wrong}"}
    assert requests.put(at_the_end, data=b"bytes", headers=headers, timeout=10).status_code == 400
    assert not bucket.blob("a").exists()


def test_a_cancelled_upload_is_forgotten(bucket: Bucket, local: str) -> None:
    address = begin(local, bucket)
    assert requests.delete(address, timeout=10).status_code == 499
    assert put(address, "bytes 0-4/5", b"later").status_code == 404
    assert list(bucket.list_blobs()) == []

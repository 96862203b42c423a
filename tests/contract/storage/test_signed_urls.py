"""V4 signed URLs, made by the real client through signBlob, checked by the server."""

import base64
import http.client
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from google.cloud.storage import Blob, Bucket
from yarl import URL

from infra.local.storage.client import LOCAL_EMAIL, signing_credentials
from infra.local.storage.errors import XmlError
from infra.local.storage.signing import MAX_EXPIRES, SigningKey, check_signed_request
from tests.contract.storage.test_objects import HOSTILE_NAMES

Sign = Callable[..., str]


@pytest.fixture
def sign(local: str) -> Sign:
    credentials = signing_credentials(local)

    def signed(blob: Blob, **arguments: Any) -> str:
        wanted = {"expiration": timedelta(minutes=5), "method": "GET", **arguments}
        url: str = blob.generate_signed_url(version="v4", credentials=credentials, api_access_endpoint=local, **wanted)
        return url

    return signed


@pytest.fixture
def picture(bucket: Bucket) -> Blob:
    blob = bucket.blob("outbox/3f/01 Přední.jpg")
    blob.upload_from_string(b"0123456789", content_type="image/jpeg")
    return blob


def code(answer: requests.Response) -> tuple[int, str | None]:
    assert answer.headers["Content-Type"].startswith("application/xml"), answer.headers
    found = re.search(r"<Error><Code>(\w+)</Code>.*</Error>$", answer.text)
    return answer.status_code, found and found[1]


def raw(method: str, url: str) -> tuple[int, bytes]:
    """The URL as it stands, byte for byte: other clients tidy paths up before they send them."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_signed_url_serves_the_object_as_it_is(picture: Blob, sign: Sign) -> None:
    answer = requests.get(sign(picture, generation=picture.generation), timeout=10)
    assert (answer.status_code, answer.content) == (200, b"0123456789"), answer.text
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["x-goog-generation"] == str(picture.generation)
    part = requests.get(sign(picture), headers={"Range": "bytes=2-4"}, timeout=10)
    assert (part.status_code, part.content) == (206, b"234")


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:30])
def test_every_name_can_be_signed(bucket: Bucket, sign: Sign, name: str) -> None:
    blob = bucket.blob(name)
    blob.upload_from_string(name)
    assert raw("GET", sign(blob)) == (200, name.encode())


def test_a_client_that_encodes_the_url_its_own_way_is_served_too(bucket: Bucket, sign: Sign) -> None:
    blob = bucket.blob("ABC/shop/(1)! a+b,c@d='é'.jpg")
    blob.upload_from_string(b"content")
    url = sign(blob, generation=blob.generation)
    rewritten = str(URL(url))
    assert rewritten != url, "this client rewrites nothing, so the test shows nothing"
    assert raw("GET", rewritten) == (200, b"content")


def test_an_unsigned_request_is_denied_whether_or_not_the_object_exists(
    bucket: Bucket, picture: Blob, local: str
) -> None:
    for name in ("outbox/3f/01%20P%C5%99edn%C3%AD.jpg", "none"):
        answer = requests.get(f"{local}/{bucket.name}/{name}", timeout=10)
        assert code(answer) == (403, "AccessDenied")


@pytest.mark.parametrize(
    "tamper",
    [
        lambda url: url.replace("outbox/3f/", "outbox/3g/"),
        lambda url: url.replace("X-Goog-Expires=300", "X-Goog-Expires=301"),
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url + "&generation=5",
        lambda url: url.replace("gallery-sync%40", "somebody%40"),
        lambda url: url.replace("127.0.0.1", "localhost"),
    ],
    ids=["object", "expiry", "signature", "parameter added", "credential", "host"],
)
def test_a_url_that_was_changed_after_it_was_signed_is_denied(
    picture: Blob, sign: Sign, tamper: Callable[[str], str]
) -> None:
    url = sign(picture)
    changed = tamper(url)
    assert changed != url
    assert requests.get(url, timeout=10).status_code == 200
    assert code(requests.get(changed, timeout=10)) == (403, "SignatureDoesNotMatch")


def test_a_url_serves_the_method_it_was_signed_for_and_no_other(picture: Blob, sign: Sign) -> None:
    for_get, for_head = sign(picture), sign(picture, method="HEAD")
    assert requests.head(for_get, timeout=10).status_code == 403
    assert requests.get(for_head, timeout=10).status_code == 403
    answer = requests.head(for_head, timeout=10)
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "10", b"")
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_a_signed_url_ends(picture: Blob, sign: Sign) -> None:
    # The time of signing is cut to whole seconds, so this one lives for one to two of them.
    url = sign(picture, expiration=timedelta(seconds=2))
    assert requests.get(url, timeout=10).status_code == 200
    time.sleep(2.1)
    assert code(requests.get(url, timeout=10)) == (400, "ExpiredToken")


def test_a_generation_in_the_url_pins_what_is_served(bucket: Bucket, picture: Blob, sign: Sign) -> None:
    url = sign(picture, generation=picture.generation)
    bucket.blob(picture.name).upload_from_string(b"replaced")
    assert code(requests.get(url, timeout=10)) == (404, "NoSuchKey")


def test_a_missing_object_or_bucket_is_told_to_who_may_know_it(bucket: Bucket, sign: Sign) -> None:
    assert code(requests.get(sign(bucket.blob("none")), timeout=10)) == (404, "NoSuchKey")
    elsewhere = bucket.client.bucket("no-such-bucket-here").blob("a")
    assert code(requests.get(sign(elsewhere), timeout=10)) == (404, "NoSuchBucket")


def test_a_header_that_was_signed_must_be_sent(picture: Blob, sign: Sign) -> None:
    url = sign(picture, headers={"X-Goog-Custom": "a  b"})
    assert code(requests.get(url, timeout=10)) == (400, "MalformedSecurityHeader")
    assert requests.get(url, headers={"x-goog-custom": "a b"}, timeout=10).status_code == 200


def test_a_type_for_the_answer_can_be_signed_along(picture: Blob, sign: Sign) -> None:
    answer = requests.get(sign(picture, response_type="image/webp"), timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")


def test_signblob_signs_what_the_urls_are_checked_with(local: str) -> None:
    url = f"{local}/v1/projects/-/serviceAccounts/{LOCAL_EMAIL}:signBlob"
    payload = base64.b64encode(b"message").decode()
    first = requests.post(url, json={"payload": payload}, timeout=10).json()
    second = requests.post(url, json={"payload": payload}, timeout=10).json()
    assert first == second, "RSA with PKCS 1 v1.5 is deterministic, and there is one key"
    assert len(base64.b64decode(first["signedBlob"])) == 256
    assert first["keyId"]
    for bad in ({}, {"payload": "no base64!"}, {"payload": 5}):
        refused = requests.post(url, json=bad, timeout=10)
        assert (refused.status_code, "error" in refused.json()) == (400, True), bad


def test_only_the_key_itself_verifies_its_signatures() -> None:
    key = SigningKey()
    signature = key.sign(b"message")
    assert key.verifies(signature, b"message")
    assert not key.verifies(signature, b"massage")
    assert not SigningKey().verifies(signature, b"message")


NOW = datetime(2026, 8, 21, 12, tzinfo=UTC)
VALID = {
    "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
    "X-Goog-Credential": "a@b/20260821/auto/storage/goog4_request",
    "X-Goog-Date": "20260821T115959Z",
    "X-Goog-Expires": str(MAX_EXPIRES),
    "X-Goog-SignedHeaders": "host",
    "X-Goog-Signature": "00",
}


@pytest.mark.parametrize(
    ("changed", "status", "expected"),
    [
        ({}, 0, ""),
        ({"X-Goog-Expires": str(MAX_EXPIRES + 1)}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Expires": "0"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Expires": "soon"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Expires": "1"}, 400, "ExpiredToken"),
        ({"X-Goog-Expires": "2"}, 0, ""),
        ({"X-Goog-Date": "yesterday"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Date": "20260821T121501Z"}, 403, "RequestTimeTooSkewed"),
        ({"X-Goog-Date": "20260820T115959Z"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Credential": "a@b/20260821/auto/compute/goog4_request"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Algorithm": "GOOG4-HMAC-SHA256"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-SignedHeaders": "accept"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-SignedHeaders": ""}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Signature": "no hex"}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Date": None}, 400, "MalformedSecurityHeader"),
        ({"X-Goog-Signature": None}, 403, "AccessDenied"),
    ],
)
def test_a_malformed_signature_is_refused_with_googles_code(
    changed: dict[str, str | None], status: int, expected: str
) -> None:
    query = {name: value for name, value in {**VALID, **changed}.items() if value is not None}
    target = str(URL("/bucket/object").with_query(query))
    try:
        check_signed_request("GET", target, {"Host": "127.0.0.1", "Accept": "*/*"}, NOW, lambda _s, _m: True)
    except XmlError as error:
        assert (error.status, error.code) == (status, expected), error.details
    else:
        assert status == 0, f"passed, should have been {status} {expected}"


def test_other_methods_than_get_and_head_are_not_served_by_signature(picture: Blob, sign: Sign) -> None:
    answer = requests.delete(sign(picture, method="DELETE"), timeout=10)
    assert code(answer) == (501, "NotImplemented")
    assert picture.exists()

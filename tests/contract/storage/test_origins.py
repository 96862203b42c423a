"""A page of the origin that a bucket's CORS configuration names may upload to it, and read how far it came; no other may."""

from collections.abc import Iterator

import pytest
import requests

from infra.local.serving import served
from infra.local.storage.server import storage_app

PAGE = "https://page.example"
BEGIN = "/upload/storage/v1/b/drop/o?uploadType=resumable&name=1.jpg"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(lambda: storage_app(["drop", "state"], origins={"drop": PAGE})) as address:
        yield address


def begun(url: str, bucket: str = "drop") -> str:
    answer = requests.post(f"{url}{BEGIN.replace('drop', bucket)}", json={}, timeout=10)
    return str(answer.headers["Location"])


def test_a_browser_may_ask_first_and_then_sends_and_reads(url: str) -> None:
    address = begun(url)
    asked = requests.options(address, headers={"Origin": PAGE, "Access-Control-Request-Method": "PUT"}, timeout=10)
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    assert "content-range" in asked.headers["Access-Control-Allow-Headers"]
    piece = {"Origin": PAGE, "Content-Range": f"bytes 0-{256 * 1024 - 1}/{256 * 1024 + 1}"}
    first = requests.put(address, data=b"x" * 256 * 1024, headers=piece, timeout=10, allow_redirects=False)
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{256 * 1024 - 1}")
    assert first.headers["Access-Control-Expose-Headers"] == "Range"
    rest = {"Origin": PAGE, "Content-Range": f"bytes {256 * 1024}-{256 * 1024}/{256 * 1024 + 1}"}
    assert requests.put(address, data=b"y", headers=rest, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("bucket", "headers"), [("drop", {"Origin": "https://evil.example"}), ("drop", {}), ("state", {"Origin": PAGE})]
)
def test_no_other_page_is_let_in(url: str, bucket: str, headers: dict[str, str]) -> None:
    address = begun(url, bucket)
    for method in ("OPTIONS", "PUT"):
        answer = requests.request(method, address, headers={**headers, "Content-Range": "bytes */5"}, timeout=10)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]

"""The page as it runs on the platform, called by people who mean no good: nothing breaks, nothing is told, others get theirs."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.ledger import Entry, Failure, Ledger
from gallery_sync.core.links import Link, Right, digest, form_token
from gallery_sync.pages.visit import LOCAL_COOKIE
from gallery_sync.state import links
from gallery_sync.state.ledgers import Ledgers
from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app
from tests.abuse.wire import Answer, Headers, exchange, said
from tests.integration.functions.conftest import Forks, Function, Queues, running
from tests.unit.core.build import GUID, key, wanted

SECRET = "secret-of-a-link-in-these-tests-0123456789a"
GALLERY = f"/g/{GUID}/shop"


@dataclass(frozen=True)
class Page:
    """The running page, and the documents that it reads."""

    function: Function
    documents: BucketDocuments

    def link(self, name: str, right: Right = "manage", product: str = "") -> Link:
        link = Link(name * 16, digest(SECRET), right, time.time(), time.time() + 3600, product)
        if links.read(self.documents, link.id) is None:
            links.create(self.documents, link)
        return link

    def call(self, method: str, path: str, link: Link | None, body: bytes = b"", *more: tuple[str, str]) -> Answer:
        cookie: Headers = [("Cookie", f"{LOCAL_COOKIE}={link.id}.{SECRET}")] if link is not None else []
        return exchange(self.function.url, said(method, path, [*cookie, *more], body))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Page]:
    with served(lambda: storage_app(["drops", "state"])) as storage:
        settings = {
            "DROP_BUCKET": "drops",
            "STATE_BUCKET": "state",
            "SYNC_QUEUE": Queues.sync,
            "SYNC_URL": "http://127.0.0.1:1/sync",
            "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:1",
            "STORAGE_EMULATOR_HOST": storage,
        }
        documents = BucketDocuments(local_client(storage).bucket("state"))
        failed = Entry(wanted("a.jpg"), failure=Failure("gave-up", "given up", 1.0))
        ledgers = Ledgers(documents)
        ledgers.write(ledgers.read(GUID, "shop"), Ledger(GUID, "shop", entries={key("a.jpg"): failed}))
        with running("status_link", settings, tmp_path_factory.mktemp("logs"), forks) as function:
            yield Page(function, documents)
            written = function.written()
            assert SECRET not in written
            assert "Traceback" not in written


STRANGE = [
    "/l/%00",
    "/l/..%2f..%2ftoken.json",
    f"/l/{'a' * 16}.{'b' * 43}",
    f"/l/{'a' * 5000}",
    "/g/..%2f..%2ftoken/shop",
    f"/g/{GUID}/..",
    f"{GALLERY}/thumbnail?key=%ff%fe",
    f"{GALLERY}/thumbnail?key=drop:../../token.json",
    f"{GALLERY}//retry",
    "//evil.example/",
    "/?q=%00%ff",
    "/?" + "&".join(f"a{n}=1" for n in range(2000)),
    "/style.css/../drop.js",
    "/drop?into=../..",
    "*",
]


@pytest.mark.parametrize("path", STRANGE, ids=range(len(STRANGE)))
def test_strange_paths_are_answered_and_tell_nothing(page: Page, path: str) -> None:
    for link in (None, page.link("a", product=GUID)):
        for method in ("GET", "POST"):
            answer = page.call(method, path, link)
            assert answer.status is not None, path
            assert answer.status < 500, (path, answer)
            assert "token.json" not in answer.text.replace(path, "")
            if link is None:
                assert "a.jpg" not in answer.text


@pytest.mark.parametrize(
    "cookie",
    ["", "x", f"{LOCAL_COOKIE}=", f"{LOCAL_COOKIE}={'a' * 16}.{'x' * 43}", f"{LOCAL_COOKIE}=\xff\xfe", "a=b; " * 500],
)
def test_a_cookie_that_is_none_opens_nothing(page: Page, cookie: str) -> None:
    answer = exchange(page.function.url, said("GET", GALLERY, [("Cookie", cookie.encode("latin-1"))]))
    assert answer.status in (400, 403), answer
    assert "a.jpg" not in answer.text


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([("Content-Length", "5")], b"x"),
        ([("Transfer-Encoding", "chunked")], b"zz\r\nno chunk"),
        ([("Content-Length", "2000000")], b"a" * 2_000_000),
        ([("Content-Length", "9"), ("Content-Type", "application/json")], b'{"files":'),
    ],
)
def test_a_broken_body_changes_nothing(page: Page, headers: Headers, body: bytes) -> None:
    link = page.link("a", product=GUID)
    before = [(one.path, one.generation) for one in page.documents.list("")]
    cookie = ("Cookie", f"{LOCAL_COOKIE}={link.id}.{SECRET}")
    for path in (f"{GALLERY}/retry", "/drop/names", "/drop/start", "/leave"):
        lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in [cookie, ("Host", "page.test"), *headers])  # type: ignore[str-bytes-safe]
        sent = f"POST {path} HTTP/1.1\r\n".encode() + lines + b"Connection: close\r\n\r\n" + body
        answer = exchange(page.function.url, sent, end=True)
        assert answer.status is None or 400 <= answer.status < 500, (path, answer)
    assert [(one.path, one.generation) for one in page.documents.list("")] == before
    assert page.call("GET", "/", link).status == 200


def test_a_form_without_its_word_does_nothing(page: Page) -> None:
    link = page.link("a", product=GUID)
    before = [(one.path, one.generation) for one in page.documents.list("")]
    for body in (b"", b"token=", b"token=x&key=drop", f"token={form_token(link)[:-1]}".encode()):
        answer = page.call(
            "POST", f"{GALLERY}/retry", link, body, ("Content-Type", "application/x-www-form-urlencoded")
        )
        assert answer.status == 403
    evil = ("Origin", "https://evil.example")
    answer = page.call("POST", f"{GALLERY}/retry", link, f"token={form_token(link)}".encode(), evil)
    assert answer.status == 403
    assert [(one.path, one.generation) for one in page.documents.list("")] == before


@pytest.mark.long
def test_a_flood_over_one_link_takes_the_page_from_nobody_else(page: Page) -> None:
    flooded, other = page.link("b", "view"), page.link("c", "view")
    seen: Counter[int] = Counter()

    def flood() -> None:
        parts = urlsplit(page.function.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        for _ in range(250):
            connection.request("GET", "/", headers={"Cookie": f"{LOCAL_COOKIE}={flooded.id}.{SECRET}"})
            answer = connection.getresponse()
            answer.read()
            seen[answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    statuses = {page.call("GET", "/", other).status for _ in range(20)}
    for thread in threads:
        thread.join(120)
    assert statuses == {200}
    assert set(seen) == {200, 429}
    assert seen.total() == 2_000

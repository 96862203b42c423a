"""The add-on's access token that all instances share."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from aiohttp import web
from google.cloud.storage import Client

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.ports.token import Token
from gallery_sync.shoptet.auth import ADDON_HEADER, AddonToken
from gallery_sync.state.shared_token import PATH, StoredToken
from infra.local.serving import served

from .conftest import World


class Shop:
    """The e-shop's OAuth server: counts what it gives out."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.url = ""

    async def give(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer oauth-secret"
        self.given.append(f"access-{len(self.given) + 1}")
        return web.json_response({"access_token": self.given[-1], "expires_in": 1800})


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/action/ApiOAuthServer/getAccessToken", shop.give)
        return app

    with served(make_app) as url:
        shop.url = url
        yield shop


def test_a_token_is_read_as_it_was_written(world: World) -> None:
    shared = StoredToken(world.documents)
    assert shared.read() is None
    token = Token(value="v", refresh_at=1.5, ends_at=2.5, fetching_until=3.5, issued=(2.5, 4.5))
    assert shared.write(token, 0) is True
    stored = shared.read()
    assert stored is not None
    assert stored[0] == token
    assert shared.write(Token(), stored[1]) is True


def test_only_who_has_read_the_last_version_may_write(world: World) -> None:
    shared = StoredToken(world.documents)
    shared.write(Token(value="theirs"), 0)
    assert shared.write(Token(value="mine"), 0) is False
    stored = shared.read()
    assert stored is not None
    assert stored[0].value == "theirs"


def test_ten_instances_fetch_one_token_together(world: World, make_client: Callable[[], Client], shop: Shop) -> None:
    ready = threading.Barrier(10)

    def instance(_: int) -> str:
        documents = BucketDocuments(make_client().bucket(world.state_bucket.name))
        with requests.Session() as session:
            tokens = AddonToken(shop.url, "oauth-secret", StoredToken(documents), session, SystemClock())
            ready.wait(10)
            return tokens.headers()[ADDON_HEADER]

    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        values = set(pool.map(instance, range(10)))
    assert (values, shop.given) == ({"access-1"}, ["access-1"])
    assert time.monotonic() - started < 5


def test_a_refused_token_is_replaced_once_for_all_instances(world: World, shop: Shop) -> None:
    with requests.Session() as session:

        def instance() -> AddonToken:
            return AddonToken(shop.url, "oauth-secret", StoredToken(world.documents), session, SystemClock())

        one, other = instance(), instance()
        refused = one.headers()
        assert other.headers() == refused
        assert one.expired(refused) is True
        assert other.expired(refused) is True
        assert one.headers() == other.headers() == {ADDON_HEADER: "access-2"}
    assert shop.given == ["access-1", "access-2"]
    stored = world.documents.read(PATH)
    assert stored is not None
    assert b"oauth-secret" not in stored.body

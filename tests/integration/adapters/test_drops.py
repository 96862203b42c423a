"""The drop bucket's listing: what a picture's content is known by."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from aiohttp import web

from gallery_sync.cloud.storage import BucketDrops
from gallery_sync.ports.storage import StorageUnavailable
from infra.local.serving import served
from infra.local.storage.client import local_client

from .conftest import RETRY_SECONDS, TIMEOUT, World


def test_a_file_is_listed_with_what_it_is_known_by(world: World) -> None:
    world.drop("62%2FXL/shop/01 front.jpg", b"hello", priority="3", description="Žlutý")
    (file,) = world.drops.list("62%2FXL/")
    assert file.name == "62%2FXL/shop/01 front.jpg"
    assert (file.size, file.checksum) == (5, "md5:XUFAKrxLKna5cZ2REBfFkg== crc32c:mnG7TA==:5")
    assert dict(file.metadata) == {"priority": "3", "description": "Žlutý"}
    assert file.generation > 0
    assert file.created > 1_600_000_000


def test_a_replaced_file_has_another_generation_and_a_new_moment_of_creation(world: World) -> None:
    world.drop("p/a.png", b"1")
    (before,) = world.drops.list("p/")
    world.drop("p/a.png", b"1")
    (after,) = world.drops.list("p/")
    assert after.checksum == before.checksum
    assert after.generation > before.generation
    assert after.created > before.created


def test_only_names_that_begin_so_are_listed(world: World) -> None:
    for name in ("a/1.png", "ab/1.png", "b/1.png"):
        world.drop(name)
    assert [file.name for file in world.drops.list("a/")] == ["a/1.png"]


def test_more_files_than_a_page_holds_are_all_listed_in_order(world: World) -> None:
    address = f"{world.server.url}/upload/storage/v1/b/{world.drop_bucket.name}/o"

    def upload(numbers: range) -> None:
        with requests.Session() as session:
            for number in numbers:
                query = {"uploadType": "media", "name": f"p/{number:04}.png"}
                session.post(address, params=query, data=b"x", timeout=TIMEOUT).raise_for_status()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(upload, (range(600), range(600, 1100))))
    world.server.forget()
    assert [file.name for file in world.drops.list("p/")] == [f"p/{number:04}.png" for number in range(1100)]
    assert world.server.calls()["objects.list"] == 2


def test_a_listing_that_breaks_off_between_its_pages_is_not_taken_for_whole() -> None:
    async def page(request: web.Request) -> web.Response:
        if "pageToken" in parse_qs(request.query_string):
            return web.json_response({"error": {"code": 403}}, status=403)
        return web.json_response({"items": [composite()], "nextPageToken": "more"})

    with serving(page) as url, pytest.raises(StorageUnavailable, match="list p/ of the drop bucket: Forbidden 403"):
        list(BucketDrops(local_client(url).bucket("drops"), RETRY_SECONDS).list("p/"))


def test_a_file_without_md5_is_known_by_crc32c_and_size() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.json_response({"items": [composite()]})

    with serving(page) as url:
        (file,) = BucketDrops(local_client(url).bucket("drops"), RETRY_SECONDS).list("p/")
    assert (file.checksum, file.size, dict(file.metadata)) == ("crc32c:AAAAAA==:70", 70, {})


def composite() -> dict[str, Any]:
    """An object that was composed of others, as Cloud Storage lists it: it has no MD5."""
    created = "2026-08-21T10:00:00.123Z"
    return {"name": "p/a.png", "generation": "7", "size": "70", "crc32c": "AAAAAA==", "timeCreated": created}


def serving(page: Any) -> Any:
    """A storage that answers a listing so: the local one, like most of the real one's objects, always knows an MD5."""

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/storage/v1/b/drops/o", page)
        return app

    return served(make_app)

"""A server of pictures for requests by URL: what a PIM's own address would be. `/{title}/{number}.png` draws one."""

import contextlib
import json
from collections.abc import Iterator

from aiohttp import web

from gallery_sync.core.names import PICTURE_TYPES
from infra.local.sample import draw
from infra.local.serving import served

SIZE = (320, 240)
"""Pixels."""


@contextlib.contextmanager
def picture_server() -> Iterator[str]:
    """Serve pictures while the block runs; gives the base URL. `/gone/...` answers 404, `/log` lists what was fetched."""
    fetched: list[str] = []

    async def picture(request: web.Request) -> web.Response:
        fetched.append(request.path_qs)
        title, name = request.match_info["title"], request.match_info["name"]
        number, _, extension = name.rpartition(".")
        if title == "gone" or extension not in PICTURE_TYPES:
            raise web.HTTPNotFound
        return web.Response(body=picture_bytes(title, number, extension), content_type=PICTURE_TYPES[extension])

    async def log(_request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(fetched), content_type="application/json")

    def app() -> web.Application:
        application = web.Application()
        application.router.add_get("/log", log)
        application.router.add_get("/{title}/{name}", picture)
        return application

    with served(app) as base:
        yield base


def picture_bytes(title: str, number: str, extension: str = "png") -> bytes:
    """The picture that the server draws under this name."""
    return draw(title, number, (70, 90, 130), SIZE, extension)

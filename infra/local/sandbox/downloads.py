"""How pictures are fetched from where an integration offers them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import aiohttp
from yarl import URL

from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.pictures import Picture, Unreadable, read_picture

CHUNK = 65_536


class Downloads:
    """Fetches pictures, a few at a time, and decodes them off the event loop."""

    def __init__(self, session: aiohttp.ClientSession, pool: ThreadPoolExecutor, config: SandboxConfig) -> None:
        self._session = session
        self._pool = pool
        self._slots = asyncio.Semaphore(config.downloads_at_once)

    async def fetch(self, url: str, config: SandboxConfig) -> Picture:
        """The picture at a URL; raises `Unreadable`."""
        async with self._slots:
            try:
                async with asyncio.timeout(config.download_seconds):
                    exact = URL(url, encoded=True)  # a signature in it may cover every character as it was sent
                    if config.head_first:
                        await self._look(exact)
                    content = await self._get(exact, config.download_bytes)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise Unreadable(f"The image could not be downloaded ({type(error).__name__}).") from error
            return await asyncio.get_running_loop().run_in_executor(self._pool, read_picture, content)

    async def _get(self, url: URL, most: int) -> bytes:
        async with self._session.get(url) as response:
            if response.status != 200:
                raise Unreadable(f"The image could not be downloaded (HTTP {response.status}).")
            content = bytearray()
            async for chunk in response.content.iter_chunked(CHUNK):
                content += chunk
                if len(content) > most:
                    raise Unreadable("The image is too large.")
            return bytes(content)

    async def _look(self, url: URL) -> None:
        """A HEAD request; a signed URL for GET refuses it, and that must not matter."""
        try:
            async with self._session.head(url):
                pass
        except aiohttp.ClientError:
            return

"""How the local servers are served: on a free loopback port, in a thread for tests or as a process for the runner."""

import asyncio
import contextlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from aiohttp import web

STOP_SECONDS = 5.0
"""How long a server may take to end before the caller is told that it did not."""


@contextlib.contextmanager
def served(make_app: Callable[[], web.Application], port: int = 0) -> Iterator[str]:
    """Serve an application from a thread of this process; yields its base URL, without a trailing slash."""
    loop = asyncio.new_event_loop()
    started: list[str | BaseException] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        try:
            runner = await _start(make_app(), port)
        except BaseException as error:
            started.append(error)
            ready.set()
            raise
        started.append(_address(runner))
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="local-server", daemon=True)
    thread.start()
    ready.wait(STOP_SECONDS)
    if not started or isinstance(started[0], BaseException):
        raise RuntimeError(f"the local server did not start: {started[0] if started else 'no answer'}")
    try:
        yield str(started[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(STOP_SECONDS)
        if thread.is_alive():
            raise RuntimeError("the local server did not stop")
        loop.close()


def serve_process(make_app: Callable[[], web.Application], port: int = 0) -> None:
    """Serve an application until SIGTERM or SIGINT. The first line on stdout is `{"url": "http://127.0.0.1:PORT"}`."""

    async def run() -> None:
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        runner = await _start(make_app(), port)
        sys.stdout.write(json.dumps({"url": _address(runner)}) + "\n")
        sys.stdout.flush()
        await stop.wait()
        await runner.cleanup()

    asyncio.run(run())


async def _start(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"

"""Functions as the platform runs them: each in a process of its own, its settings in the environment."""

import contextlib
import email.utils
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from google.cloud import tasks_v2

from gallery_sync.cloud.tasks import connect
from infra.local import runtime
from infra.local.nursery import Forked, Nursery
from infra.local.processes import MODULE, free_port
from infra.local.serving import served
from infra.local.storage.server import storage_app
from infra.local.tasks import QueueConfig, TasksServer, served_tasks

FUNCTIONS = Path(__file__).parents[3] / "functions"
COMMAND = [*MODULE, "functions_framework"]
"""The platform's own server: its environment says which function it runs."""
QUEUES = "projects/local/locations/local/queues"
TOKEN = "private-api-token-0123456789"
KEYS = ("webhook-key-old", "webhook-key-new")

Forks = Nursery | None
"""What the functions are forked from, where that can be."""

TIMEOUT = 10
START_SECONDS = 30.0
STOP_SECONDS = 5.0


Mark = tuple[int, int]
"""Bytes of a function's log and errors: what came after can be read without all that came before."""
START: Mark = (0, 0)


@dataclass(frozen=True)
class Function:
    """A function that runs: where it answers, and what it has written so far."""

    name: str
    url: str
    session: int
    """Of its processes: the server's parent and its workers."""
    stdout: Path
    stderr: Path

    def post(self, body: bytes | str | Iterator[bytes], **headers: str) -> requests.Response:
        """Call it; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(
            self.url, data=body, headers={"Content-Type": "application/json", **named}, timeout=TIMEOUT
        )

    def lines(self, since: Mark = START) -> list[dict[str, Any]]:
        """Its log. Every line must be as Cloud Logging reads it."""
        lines = [json.loads(line) for line in read(self.stdout, since[0]).splitlines()]
        for line in lines:
            assert {"severity", "message", "function"} <= line.keys(), line
            assert line["function"] == self.name
        return lines

    @contextlib.contextmanager
    def logging(self) -> Iterator[list[dict[str, Any]]]:
        """Give the lines that are written within the block, once it has ended."""
        lines, before = list[dict[str, Any]](), self.now()
        yield lines
        lines += self.lines(before)

    def written(self, since: Mark = START) -> str:
        """All that it wrote, log and errors."""
        return read(self.stdout, since[0]) + read(self.stderr, since[1])

    def now(self) -> Mark:
        """How far log and errors have come."""
        return self.stdout.stat().st_size, self.stderr.stat().st_size


def read(file: Path, start: int) -> str:
    """What a file holds from a byte on."""
    with file.open("rb") as opened:
        opened.seek(start)
        return opened.read().decode()


@contextlib.contextmanager
def running(name: str, settings: Mapping[str, str], folder: Path, forks: Forks) -> Iterator[Function]:
    """Run a function until the block ends; fails where it does not begin to answer."""
    port = free_port()
    out, err = folder / f"{name}.out", folder / f"{name}.err"
    process = started(name, {**runtime.environment(name, port), **settings}, out, err, forks)
    function = Function(name, f"http://127.0.0.1:{port}", process.pid, out, err)
    try:
        wait_until_it_listens(process, port, function)
        yield function
        written = function.written()
        assert not [secret for secret in (TOKEN, *KEYS) if secret in written]
    finally:
        # Its parent and its workers at once: nothing that these tests do needs to be ended in order.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)


def started(
    name: str, environment: Mapping[str, str], out: Path, err: Path, forks: Forks
) -> "subprocess.Popen[bytes] | Forked":
    """Start the platform's own server."""
    if forks is not None:
        return forks.fork(["functions_framework"], environment, FUNCTIONS, out, err)
    with out.open("wb") as stdout, err.open("wb") as stderr:
        return subprocess.Popen(
            COMMAND, env=environment, cwd=FUNCTIONS, stdout=stdout, stderr=stderr, start_new_session=True
        )


def wait_until_it_listens(process: "subprocess.Popen[bytes] | Forked", port: int, function: Function) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, function.written()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise AssertionError(f"{function.name} does not answer: {function.written()}")


class Queues:
    """The queues, whose tasks stay where they are, to be looked at."""

    sync, poll = f"{QUEUES}/sync", f"{QUEUES}/poll"
    catalogue, fetch, prepare = f"{QUEUES}/catalogue", f"{QUEUES}/fetch", f"{QUEUES}/prepare"
    place = f"{QUEUES}/place"
    every = (sync, poll, catalogue, fetch, prepare, place)

    def __init__(self, server: TasksServer, client: tasks_v2.CloudTasksClient) -> None:
        self.server, self._client = server, client
        for queue in self.every:
            client.pause_queue(name=queue)

    def tasks(self, queue: str) -> list[tasks_v2.Task]:
        full = tasks_v2.Task.View.FULL
        return list(self._client.list_tasks(request={"parent": queue, "response_view": full}))

    def bodies(self, queue: str) -> list[Any]:
        return [json.loads(task.http_request.body) for task in self.tasks(queue)]

    def fault(self, **order: Any) -> None:
        requests.post(f"{self.server.control}/_control/faults", json=order, timeout=TIMEOUT).raise_for_status()

    def empty(self) -> None:
        requests.delete(f"{self.server.control}/_control/faults", timeout=TIMEOUT).raise_for_status()
        for queue in self.every:
            self._client.purge_queue(name=queue)


@pytest.fixture(scope="package")
def _queues() -> Iterator[Queues]:
    configs = [QueueConfig(queue) for queue in Queues.every]
    with served_tasks(configs) as server, connect(server.address) as client:
        yield Queues(server, client)


@pytest.fixture
def queues(_queues: Queues) -> Iterator[Queues]:
    yield _queues
    _queues.empty()


@pytest.fixture(scope="package")
def storage_url() -> Iterator[str]:
    with served(lambda: storage_app(["drops", "state"])) as url:
        yield url


@pytest.fixture(scope="package")
def shop_url() -> Iterator[str]:
    """A Shoptet that is always too busy."""

    async def busy(_: web.Request) -> web.Response:
        in_an_hour = email.utils.formatdate(time.time() + 3600, usegmt=True)
        return web.Response(status=429, headers={"Retry-After": in_an_hour})

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", busy)
        return app

    with served(make_app) as url:
        yield url


@pytest.fixture(scope="package")
def settings(_queues: Queues, storage_url: str, shop_url: str) -> dict[str, str]:
    """Every setting; each function reads those that it uses."""
    return {
        "DROP_BUCKET": "drops",
        "STATE_BUCKET": "state",
        "SYNC_QUEUE": Queues.sync,
        "POLL_QUEUE": Queues.poll,
        "SYNC_URL": "http://127.0.0.1:1/sync",
        "POLL_URL": "http://127.0.0.1:1/poll",
        "CATALOGUE_QUEUE": Queues.catalogue,
        "CATALOGUE_URL": "http://127.0.0.1:1/catalogue",
        "FETCH_QUEUE": Queues.fetch,
        "FETCH_URL": "http://127.0.0.1:1/verify",
        "PREPARE_QUEUE": Queues.prepare,
        "PREPARE_URL": "http://127.0.0.1:1/prepare",
        "PLACE_QUEUE": Queues.place,
        "PLACE_URL": "http://127.0.0.1:1/place",
        "SHOPTET_API_URL": shop_url,
        "SHOPTET_PRIVATE_API_TOKEN": TOKEN,
        "SHOPTET_WEBHOOK_KEYS": ",".join(KEYS),
        "CLOUD_TASKS_EMULATOR_HOST": _queues.server.address,
        "STORAGE_EMULATOR_HOST": storage_url,
    }

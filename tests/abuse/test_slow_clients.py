"""Clients that send a byte now and then: as long as a thread is free, others are answered in time.

What the server can: a connection that sends nothing holds a thread for 5 seconds, and none after that. One whose body does
not end holds a thread for 2 seconds where the body is not wanted, and for 10 where it is. What it cannot: one whose headers
do not end holds one of its threads (`THREADS`, 8 as deployed) for as long as it likes, since the server bounds nothing
there. On the platform the front end reads a request's headers whole before it passes them on, and a call is ended after
the function's timeout; calls beyond an instance's concurrency go to another instance, up to the number that the deployment
allows.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gallery_sync.http.body import DRAIN_SECONDS, READ_SECONDS
from tests.abuse.site import METHODS, PUBLIC, TARGETS, Site, good
from tests.abuse.test_headers import wrong
from tests.abuse.wire import answered, dial, exchange, head

pytestmark = pytest.mark.long

THREADS = 8
IN_TIME = 4.0
"""Seconds. What Shoptet gives a receiver (docs/shoptet.md, "Webhooks from Shoptet")."""

FIRST_BYTE = 5.0
"""Seconds that the server's threads wait for a connection's first byte."""


def unfinished(name: str, part: str) -> bytes:
    if part == "nothing":
        return b""
    if part == "headers":
        return head(METHODS[name], TARGETS[name], wrong(name))[:-20]
    return head(METHODS[name], TARGETS[name], [*wrong(name), ("Content-Length", "60000")])


@contextlib.contextmanager
def dripping(url: str, beginning: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many clients that have begun, and send another byte every 0.1 s."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(dial(url)) for _ in range(count)]
        for client in clients:
            client.sendall(beginning)
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.1):
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.sendall(b"a" if beginning else b"")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            time.sleep(0.3)
            yield clients
        finally:
            stop.set()
            thread.join(5)


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("part", ["headers", "body"])
def test_while_a_thread_is_free_others_are_answered_in_time(site: Site, name: str, part: str) -> None:
    with dripping(site.url(name), unfinished(name, part), THREADS - 1):
        for _ in range(3):
            started = time.monotonic()
            assert exchange(site.url(name), good(name)).status in (200, 202)
            assert time.monotonic() - started < IN_TIME


def test_who_sends_nothing_at_all_holds_a_thread_for_seconds_only(site: Site) -> None:
    with dripping(site.url("galleries"), b"", THREADS):
        started = time.monotonic()
        assert exchange(site.url("galleries"), good("galleries"), timeout=60).status == 200
        assert time.monotonic() - started < FIRST_BYTE + IN_TIME


@pytest.mark.parametrize(
    ("name", "seconds"), [("galleries", DRAIN_SECONDS), ("clean_gallery", DRAIN_SECONDS), ("webhooks", READ_SECONDS)]
)
def test_slow_bodies_in_every_thread_keep_others_waiting_for_seconds_only(
    site: Site, name: str, seconds: float
) -> None:
    with dripping(site.url(name), unfinished(name, "body"), THREADS) as clients:
        started = time.monotonic()
        assert exchange(site.url(name), good(name), timeout=60).status in (200, 202)
        assert time.monotonic() - started < seconds + IN_TIME
        assert {answered(client).status for client in clients} <= {400, 401}


@pytest.mark.parametrize("name", ["galleries"])
def test_when_slow_headers_hold_every_thread_others_wait_and_are_answered_after_them(site: Site, name: str) -> None:
    """The limit itself, so that it is known: see above for what stands before it on the platform."""
    with dripping(site.url(name), unfinished(name, "headers"), THREADS) as clients, dial(site.url(name)) as waiting:
        waiting.sendall(good(name))
        waiting.settimeout(1.0)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        clients[0].close()
        waiting.settimeout(20.0)
        assert answered(waiting).status == 200

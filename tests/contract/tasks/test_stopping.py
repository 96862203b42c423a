"""A queue that is told to end ends, whatever its dispatcher does at that moment."""

import asyncio

import pytest

from infra.local.tasks import QueueConfig
from infra.local.tasks.dispatch import Outcome, Send
from infra.local.tasks.faults import Faults
from infra.local.tasks.log import Log
from infra.local.tasks.queue import LocalQueue, Settings

from .conftest import LOCATION

STOP_SECONDS = 1.0


async def _never(_: Send, /) -> Outcome:
    raise AssertionError("there is no task to send")


@pytest.mark.parametrize("steps", range(6))
def test_a_dispatcher_that_was_just_woken_ends_all_the_same(steps: int) -> None:
    """In Python before 3.12 `asyncio.wait_for` forgets a cancellation that comes as its waiting ends (python/cpython#86296)."""

    async def woken_and_stopped() -> None:
        queue = LocalQueue(QueueConfig(f"{LOCATION}/queues/q"), _never, Faults(), Log(), Settings())
        await asyncio.sleep(0.01)
        queue.pause(False)
        for _ in range(steps):
            await asyncio.sleep(0)
        ending = asyncio.ensure_future(queue.stop())
        done, _ = await asyncio.wait({ending}, timeout=STOP_SECONDS)
        assert done, "the dispatcher still runs"

    asyncio.run(woken_and_stopped())

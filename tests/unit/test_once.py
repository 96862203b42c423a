"""What a function works with is built once, however many threads ask for it first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gallery_sync.once import once

FUNCTIONS = Path(__file__).parents[2] / "functions"
THREADS = 8


def test_eight_threads_that_come_first_get_the_same_that_was_built_once() -> None:
    together, built = threading.Barrier(THREADS), list[object]()

    def build() -> object:
        # Long enough for all the others to come while it is being built.
        threading.Event().wait(0.05)
        built.append(object())
        return built[-1]

    world = once(build)

    def ask(_: int) -> object:
        together.wait(5)
        return world()

    with ThreadPoolExecutor(THREADS) as pool:
        given = list(pool.map(ask, range(THREADS)))
    assert len(built) == 1
    assert all(one is built[0] for one in given)
    assert world() is built[0]


def test_what_cannot_be_built_now_is_tried_again_by_the_next() -> None:
    tries = list[int]()

    def build() -> str:
        tries.append(len(tries))
        if len(tries) < 3:
            raise OSError("the metadata server does not answer yet")
        return "world"

    world = once(build)
    for _ in range(2):
        with pytest.raises(OSError, match="does not answer yet"):
            world()
    assert [world(), world()] == ["world", "world"]
    assert len(tries) == 3


def test_none_is_built_once_as_well() -> None:
    built = list[None]()
    world = once(lambda: built.append(None))
    world()
    world()
    assert built == [None]


@pytest.mark.parametrize(
    "function",
    [
        "clean_gallery",
        "galleries",
        "job_finished",
        "on_drop",
        "poll_jobs",
        "read_catalogue",
        "sweep",
        "sync_gallery",
        "fetch_images",
        "prepare_picture",
        "place_names",
        "webhooks",
        "status_link",
    ],
)
def test_every_function_connects_once(function: str) -> None:
    source = (FUNCTIONS / f"{function}.py").read_text("utf-8")
    assert "\n@once\ndef " in source
    assert "functools" not in source

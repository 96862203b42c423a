"""What the platform sets around a function: as Terraform deploys it, and with the effect that it has there."""

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from gallery_sync.connect.settings import FUNCTIONS as SETTINGS
from infra.local.runtime import DEPLOYED, Deployed

from .conftest import FUNCTIONS, TIMEOUT, Forks, Queues, running

LOCALS = FUNCTIONS.parent / "terraform" / "shop" / "locals.tf"
CALLS, SECONDS = 4, 0.5
LOOK = b'{"gallery": "shop", "guid": "92ca3575-7481-11e8-8216-002590dad85e"}'


def slow(settings: Mapping[str, str], kind: str, seconds: float, times: int) -> None:
    """Let the storage take its time to answer, which is how a function is kept busy."""
    fault = {"delay": seconds, "times": times, "kind": kind}
    url = f"{settings['STORAGE_EMULATOR_HOST']}/_control/faults"
    requests.post(url, json=fault, timeout=TIMEOUT).raise_for_status()


def test_it_is_what_terraform_deploys() -> None:
    text = LOCALS.read_text()
    deployed = {}
    for name in SETTINGS:
        (block,) = re.findall(rf"^    {name} = {{$(.*?)^    }}$", text, re.MULTILINE | re.DOTALL)
        numbers = [re.findall(rf"^      {what} += (\d+)$", block, re.MULTILINE) for what in Deployed.__slots__]
        deployed[name] = Deployed(*(int(number) for (number,) in numbers))
    assert deployed == DEPLOYED


def test_a_line_carries_the_id_of_the_request_that_it_was_written_for(
    settings: Mapping[str, str], queues: Queues, tmp_path: Path, forks: Forks
) -> None:
    with running("sync_gallery", settings, tmp_path, forks) as function:
        with function.logging() as lines:
            function.post(
                b"{", Function_Execution_Id="one", X_Cloud_Trace_Context="0af7651916cd43dd8448eb211c80319c/17;o=1"
            )
            function.post(b"{")
        labels = [line["logging.googleapis.com/labels"]["execution_id"] for line in lines]
        assert (labels[0], len(labels)) == ("one", 2)
        assert re.fullmatch(r"\w{12}", labels[1])
        assert [line.get("logging.googleapis.com/spanId") for line in lines] == ["17", None]


@pytest.mark.parametrize(
    ("name", "call", "at_once"), [("poll_jobs", "objects.list", 1), ("sync_gallery", "objects.download", 2)]
)
def test_an_instance_of_one_request_at_a_time_takes_the_next_when_it_is_free(
    name: str, call: str, at_once: int, settings: Mapping[str, str], queues: Queues, tmp_path: Path, forks: Forks
) -> None:
    with running(name, settings, tmp_path, forks) as function:
        # Each instance connects at its first call.
        for _ in range(4):
            function.post(LOOK)
        slow(settings, call, SECONDS, CALLS)
        began = time.monotonic()
        with ThreadPoolExecutor(CALLS) as pool:
            answers = list(pool.map(lambda _: function.post(LOOK).status_code, range(CALLS)))
        took = (time.monotonic() - began) / SECONDS
    assert answers == [204] * CALLS
    # One after the other where there is one instance; two and two where there are two.
    assert CALLS / at_once <= took < CALLS / at_once + 1.8


def test_an_instance_that_outlives_its_time_is_ended_and_the_next_call_meets_another(
    settings: Mapping[str, str], queues: Queues, tmp_path: Path, forks: Forks
) -> None:
    short = {**settings, "CLOUD_RUN_TIMEOUT_SECONDS": "1"}
    with running("poll_jobs", short, tmp_path, forks) as function:
        slow(settings, "objects.list", 20, 1)
        began = time.monotonic()
        assert function.post(b"{}").status_code == 500
        assert 1 <= time.monotonic() - began < 8
        assert function.post(b"{}").status_code == 204


@pytest.mark.parametrize("name", SETTINGS)
def test_each_function_tells_its_crashes_and_keeps_its_workers_where_they_have_several_threads(name: str) -> None:
    text = (FUNCTIONS / f"{name}.py").read_text()
    assert f'@logged_as("{name}")\ndef {name}(' in text
    assert ("\nkeep_thawed_workers(os.environ)\n" in text) == (DEPLOYED[name].concurrency > 1)

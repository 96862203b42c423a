"""A function whose settings are not complete does not start, and says in one line what it lacks."""

import subprocess
from collections.abc import Mapping

import pytest

from infra.local import runtime
from infra.local.processes import free_port

from .conftest import COMMAND, FUNCTIONS, KEYS, START_SECONDS, TOKEN

BAD = {
    "on_drop": ({"DROP_BUCKET": ""}, "the setting DROP_BUCKET is missing: set the environment variable DROP_BUCKET"),
    "sync_gallery": ({"MAX_ATTEMPTS": "five"}, "the setting MAX_ATTEMPTS is 'five': write a whole number"),
    "poll_jobs": (
        {"SHOPTET_PRIVATE_API_TOKEN": ""},
        "the setting SHOPTET_PRIVATE_API_TOKEN is missing: set it, or SHOPTET_OAUTH_TOKEN for an add-on",
    ),
    "job_finished": (
        {"SHOPTET_WEBHOOK_KEYS": ","},
        "the setting SHOPTET_WEBHOOK_KEYS holds no key: write one, or two with a comma between",
    ),
    "sweep": (
        {"POLL_QUEUE": "poll"},
        "the setting POLL_QUEUE is 'poll': write projects/PROJECT/locations/REGION/queues/QUEUE",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_setting_that_is_missing_or_malformed_ends_the_start_with_one_line(
    name: str, settings: Mapping[str, str]
) -> None:
    wrong, line = BAD[name]
    ran = subprocess.run(
        COMMAND,
        env={**runtime.environment(name, free_port()), **settings, **wrong},
        cwd=FUNCTIONS,
        capture_output=True,
        check=False,
        text=True,
        timeout=START_SECONDS,
    )
    assert ran.returncode != 0
    assert (ran.stdout, ran.stderr.splitlines()) == ("", [f"gallery-sync cannot start: {line}"])
    assert not [secret for secret in (TOKEN, *KEYS) if secret in ran.stderr]

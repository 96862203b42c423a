"""schemathesis sends what openapi.yaml allows and what it forbids to the running functions, and finds nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.cloud import API_KEYS, WEBHOOK_SECRET, LocalCloud, Plan, local_cloud
from infra.local.processes import ROOT
from tests.e2e.support import log_lines

EXAMPLES = 8
"""Of each route in the phase that draws them; the phase that covers each keyword of the description has more."""


@pytest.fixture(scope="module")
def spare_cloud() -> Iterator[LocalCloud]:
    """A cloud of its own: what is left in it is nobody's concern."""
    with local_cloud(Plan(time_scale=0.05, window=0.25, settings={"MAX_ATTEMPTS": "1"}, sweep=False)) as cloud:
        yield cloud


@pytest.mark.parametrize(
    ("function", "tags", "product"),
    [
        ("galleries", "galleries operations", None),
        ("galleries", "galleries", "HRNEK-01"),
        ("clean_gallery", "cleaning", None),
        ("clean_gallery", "cleaning", "HRNEK-01"),
        ("webhooks", "events", None),
    ],
)
def test_schemathesis_has_no_finding(
    spare_cloud: LocalCloud, tmp_path: Path, function: str, tags: str, product: str | None
) -> None:
    named = f'[parameters]\n"path.product" = {json.dumps(product)}\n' if product else ""
    config = tmp_path / "schemathesis.toml"
    config.write_text(f'hooks = "tests.e2e.http.signing_hooks"\n{named}')
    included = [text for tag in tags.split() for text in ("--include-tag", tag)]
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", "--no-color"]
    ran = subprocess.run(
        [
            *command,
            str(ROOT / "functions/gallery_sync/http/openapi.yaml"),
            *("--url", spare_cloud.addresses[function]),
            *("--header", f"Authorization: Bearer {API_KEYS['local'][0]}"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--warnings", "off"),
            *included,
        ],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}",
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
        },
        capture_output=True,
        check=False,
        text=True,
        timeout=110,
    )
    assert ran.returncode == 0, f"{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}"
    assert "No issues found" in ran.stdout
    if function == "webhooks":
        taken = [line for line in log_lines(spare_cloud, "webhooks", "INFO") if line["message"] == "an event was taken"]
        assert taken, "no event was signed as it should be"

"""What the example root deploys, as Terraform's own test with a mocked provider leaves it behind."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TERRAFORM = Path(__file__).parents[2] / "terraform"
SECONDS = 100
PROJECT = "demo-project"


@dataclass(frozen=True)
class Resource:
    """A resource: the module that it is in (`project`, a shop's name, or none), its type, and its arguments."""

    module: str
    kind: str
    values: Mapping[str, Any]


Deployed = tuple[Resource, ...]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Terraform there; its output and status are the caller's to judge."""
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def two_shops() -> Deployed:
    """Deploy the example root, mocked, and give all that is in it."""
    ran = run(TERRAFORM / "examples/two-shops", "test", "-json", "-verbose")
    lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    state = next((line["test_state"] for line in lines if line["type"] == "test_state"), None)
    assert state is not None, f"terraform test left no state behind:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    return tuple(_resources(state["root_module"]))


def _resources(module: Mapping[str, Any]) -> list[Resource]:
    path = module.get("address", "")
    name = path.split('"')[1] if '"' in path else path.removeprefix("module.")
    found = [Resource(name, r["type"], r["values"]) for r in module.get("resources", []) if r["mode"] == "managed"]
    return found + [resource for child in module.get("child_modules", []) for resource in _resources(child)]

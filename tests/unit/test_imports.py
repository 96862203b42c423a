"""What each function loads, and that every contract of `.importlinter` holds and can be broken."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"

SETTINGS = {
    "DROP_BUCKET": "drops",
    "STATE_BUCKET": "state",
    "SYNC_QUEUE": "projects/p/locations/l/queues/sync",
    "POLL_QUEUE": "projects/p/locations/l/queues/poll",
    "SYNC_URL": "https://sync.example",
    "POLL_URL": "https://poll.example",
    "SHOPTET_PRIVATE_API_TOKEN": "token",
    "SHOPTET_WEBHOOK_KEYS": "key",
    "API_KEYS": f"pim:read:{'0' * 64}",
    "WEBHOOK_SECRETS": "whsec_bG9jYWwtc2VjcmV0LW9mLXNpZ25lZC1ldmVudHM=",
}

# The functions framework itself decides how an entry file is loaded.
LOAD = """
import json, sys
from functions_framework import create_app
create_app(sys.argv[1], sys.argv[2], sys.argv[3])
print(json.dumps(sorted(sys.modules)))
"""

SHOPTET_CLIENT = {f"gallery_sync.shoptet.{name}" for name in ("auth", "client", "http", "results", "transport")}
WORK_OF_SYNC = {
    f"gallery_sync.{name}"
    for name in (
        "sync",
        "arrive",
        "apply",
        "carry",
        "codes",
        "depart",
        "intents",
        "judge",
        "match",
        "settle",
        "signing",
    )
}
API = {"gallery_sync.api.rest", "gallery_sync.api.work", "gallery_sync.apply", "gallery_sync.carry"}
AROUND = {"infra", "tests"}

REQUIRED: Mapping[str, set[str]] = {
    "on_drop": {"gallery_sync.drop", "gallery_sync.events", "gallery_sync.tasks", "google.cloud.tasks_v2"},
    "job_finished": {"gallery_sync.shoptet.webhook", "gallery_sync.tasks", "google.cloud.tasks_v2"},
    "sweep": {"gallery_sync.sweep", "gallery_sync.storage", "gallery_sync.tasks", "google.cloud.storage"},
    "poll_jobs": {"gallery_sync.poll", "gallery_sync.storage", "gallery_sync.tasks", *SHOPTET_CLIENT},
    "sync_gallery": {*WORK_OF_SYNC, "gallery_sync.storage", "gallery_sync.tasks", *SHOPTET_CLIENT},
    "galleries": {*API, "gallery_sync.storage", "gallery_sync.tasks", *SHOPTET_CLIENT},
    "clean_gallery": {*API, "gallery_sync.storage", "gallery_sync.tasks", *SHOPTET_CLIENT},
    "webhooks": {"gallery_sync.api.signed", "gallery_sync.storage", "gallery_sync.tasks", "standardwebhooks"},
}
NOT_OF_API = {
    *(WORK_OF_SYNC - {f"gallery_sync.{name}" for name in ("codes", "settle", "match", "apply", "carry", "intents")}),
    "gallery_sync.api.signed",
    "standardwebhooks",
}
NO_STORAGE = {"google.cloud.storage", "gallery_sync.storage", "gallery_sync.ports", "gallery_sync.world"}
FORBIDDEN: Mapping[str, set[str]] = {
    "on_drop": {*AROUND, *NO_STORAGE, *SHOPTET_CLIENT, *WORK_OF_SYNC, "gallery_sync.shoptet.webhook"},
    "job_finished": {*AROUND, *NO_STORAGE, *SHOPTET_CLIENT, *WORK_OF_SYNC, "gallery_sync.names", "gallery_sync.drop"},
    "sweep": {
        *AROUND,
        *SHOPTET_CLIENT,
        *WORK_OF_SYNC - {"gallery_sync.codes"},
        "gallery_sync.poll",
        "gallery_sync.shared_token",
    },
    "poll_jobs": {*AROUND, *WORK_OF_SYNC, "gallery_sync.sweep", "gallery_sync.shoptet.webhook"},
    "sync_gallery": {*AROUND, "gallery_sync.poll", "gallery_sync.sweep", "gallery_sync.shoptet.webhook"},
    "galleries": {*AROUND, *NOT_OF_API},
    "clean_gallery": {*AROUND, *NOT_OF_API},
    "webhooks": {
        *AROUND,
        *SHOPTET_CLIENT,
        *(WORK_OF_SYNC - {"gallery_sync.intents"}),
        *API,
        "gallery_sync.shared_token",
    },
}


@pytest.mark.parametrize("function", REQUIRED)
def test_a_function_loads_what_it_uses_and_nothing_of_what_it_does_not(function: str) -> None:
    signature = "cloudevent" if function == "on_drop" else "http"
    source = str(FUNCTIONS / f"{function}.py")
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, function, source, signature],
        env={"PATH": os.environ["PATH"], **SETTINGS},
        cwd=FUNCTIONS,
        capture_output=True,
        check=True,
        timeout=30,
        text=True,
    )
    loaded = set(json.loads(ran.stdout))
    assert REQUIRED[function] - loaded == set()
    assert FORBIDDEN[function] & loaded == set()


def test_every_module_that_is_named_here_exists() -> None:
    named = {name for group in (*REQUIRED.values(), *FORBIDDEN.values()) for name in group}
    ours = {name for name in named if name.startswith("gallery_sync")}
    assert {name for name in ours if not (FUNCTIONS / f"{name.replace('.', '/')}.py").exists()} == set()


def test_every_function_has_its_lists() -> None:
    assert {file.stem for file in FUNCTIONS.glob("*.py")} == set(REQUIRED) == set(FORBIDDEN)


def contracts(root: Path) -> dict[str, str]:
    """Run import-linter on the tree at `root`: what became of each contract, by its name."""
    ran = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; lint_imports(no_logo=True, no_cache=True)"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{root / 'functions'}{os.pathsep}{root}", "COLUMNS": "400"},
        cwd=root,
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    )
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", ran.stdout, re.MULTILINE))


def names() -> list[str]:
    return re.findall(r"^name = (.+)$", (ROOT / ".importlinter").read_text(), re.MULTILINE)


def test_every_contract_is_kept() -> None:
    assert contracts(ROOT) == dict.fromkeys(names(), "KEPT")


BREACHES = {
    "Each layer imports": ("shoptet/times.py", "from gallery_sync import names"),
    "What decides": ("match.py", "import requests"),
    "What works": ("refusals.py", "from google.cloud import storage"),
    "Of Shoptet, the plan": ("order.py", "from gallery_sync.shoptet import errors"),
    "What on_drop": ("shoptet/redact.py", "import urllib3"),
    "What a request": ("api/routes.py", "import flask"),
    "What is deployed": ("log.py", "from infra.local import serving"),
}
"""An import for each contract that it does not allow, by the beginning of the contract's name."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the contracts are about, to be spoilt."""
    for folder in ("functions", "infra"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


@pytest.mark.parametrize("contract", BREACHES)
def test_a_contract_is_broken_by_an_import_that_it_forbids(contract: str, tree: Path) -> None:
    file, line = BREACHES[contract]
    with (tree / "functions" / "gallery_sync" / file).open("a") as module:
        module.write(f"\n{line}\n")
    broken = [name for name, outcome in contracts(tree).items() if outcome == "BROKEN"]
    assert any(name.startswith(contract) for name in broken), broken


def test_a_module_without_a_place_among_the_layers_is_noticed(tree: Path) -> None:
    (tree / "functions" / "gallery_sync" / "newcomer.py").write_text('"""New."""\n')
    assert [name.split()[0] for name, outcome in contracts(tree).items() if outcome == "BROKEN"] == ["Each"]


def test_every_contract_has_its_breach() -> None:
    assert len(names()) == len(BREACHES)
    assert all(any(name.startswith(start) for start in BREACHES) for name in names())

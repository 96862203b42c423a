"""What each function loads, and that every contract of `.importlinter` holds and can be broken."""

import ast
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
    "CATALOGUE_QUEUE": "projects/p/locations/l/queues/catalogue",
    "CATALOGUE_URL": "https://catalogue.example",
    "FETCH_QUEUE": "projects/p/locations/l/queues/fetch",
    "FETCH_URL": "https://fetch.example",
    "PREPARE_QUEUE": "projects/p/locations/l/queues/prepare",
    "PREPARE_URL": "https://prepare.example",
    "PLACE_QUEUE": "projects/p/locations/l/queues/place",
    "PLACE_URL": "https://place.example",
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


def ours(*names: str) -> set[str]:
    return {f"gallery_sync.{name}" for name in names}


SHOPTET_CLIENT = ours(*(f"shoptet.{name}" for name in ("auth", "client", "http", "results", "transport")))
STORAGE = ours("cloud.storage")
QUEUE = ours("cloud.queue", "cloud.tasks")
RECONCILING = ours(
    "core.lost_answer",
    "core.match",
    "core.observe",
    "core.plan",
    "core.see",
    "core.settle",
    "cloud.signing",
    "state.codes",
    "work.accept",
    "work.finish",
    "work.intents",
    "work.reconcile",
    "work.start",
)
REST = ours("http.handlers", "http.rest", "work.accept", "work.intents")
AROUND = {"infra", "tests"}

REQUIRED: Mapping[str, set[str]] = {
    "on_drop": {*ours("core.events", "work.drop"), *QUEUE, "google.cloud.tasks_v2"},
    "job_finished": {*ours("shoptet.webhook"), *QUEUE, "google.cloud.tasks_v2"},
    "sweep": {*ours("work.audit_bucket", "work.audit_shop", "work.sweep"), *STORAGE, *QUEUE, "google.cloud.storage"},
    "poll_jobs": {*ours("work.poll"), *STORAGE, *QUEUE, *SHOPTET_CLIENT},
    "read_catalogue": {*ours("work.catalogue", "shoptet.lines"), *STORAGE, *QUEUE, *SHOPTET_CLIENT},
    "fetch_images": {
        *ours("decoding.pixels", "shoptet.originals", "work.verify"),
        *STORAGE,
        *QUEUE,
        *SHOPTET_CLIENT,
    },
    "prepare_picture": {*ours("decoding.preparing", "work.prepare"), *STORAGE, *QUEUE},
    "place_names": {*ours("work.place", "state.placed"), *STORAGE, *QUEUE},
    "sync_gallery": {*RECONCILING, *STORAGE, *QUEUE, *SHOPTET_CLIENT},
    "galleries": {*REST, *STORAGE, *QUEUE, *SHOPTET_CLIENT},
    "clean_gallery": {*REST, *STORAGE, *QUEUE, *SHOPTET_CLIENT},
    "webhooks": {*ours("http.signed"), *STORAGE, *QUEUE, "standardwebhooks"},
    "status_link": {*ours("pages.site", "pages.overview"), *STORAGE, *QUEUE, "jinja2"},
}
NO_STORAGE = {*STORAGE, *ours("ports.storage", "work.world"), "google.cloud.storage"}
NOT_OF_REST = {
    *ours("cloud.signing", "core.lost_answer", "http.signed", "work.finish", "work.reconcile", "work.start"),
    "standardwebhooks",
}
FORBIDDEN: Mapping[str, set[str]] = {
    "on_drop": {*AROUND, *NO_STORAGE, *SHOPTET_CLIENT, *RECONCILING, *ours("shoptet.webhook")},
    "job_finished": {*AROUND, *NO_STORAGE, *SHOPTET_CLIENT, *RECONCILING, *ours("core.names", "work.drop")},
    "sweep": {
        *AROUND,
        *SHOPTET_CLIENT,
        *RECONCILING - ours("core.observe", "core.plan", "state.codes"),
        *ours("state.shared_token", "work.poll"),
    },
    "poll_jobs": {*AROUND, *RECONCILING - ours("core.observe", "core.plan"), *ours("shoptet.webhook", "work.sweep")},
    "read_catalogue": {
        *AROUND,
        *RECONCILING - ours("core.observe", "core.plan"),
        *ours("shoptet.webhook", "work.sweep"),
    },
    "fetch_images": {
        *AROUND,
        *RECONCILING - ours("core.observe", "core.plan"),
        *ours("shoptet.webhook", "work.sweep"),
        "PIL",
    },
    "prepare_picture": {
        *AROUND,
        *SHOPTET_CLIENT,
        *RECONCILING - ours("core.observe", "core.plan"),
        *ours("decoding.repair"),
        "PIL",
        "pi_heif",
    },
    "place_names": {
        *AROUND,
        *SHOPTET_CLIENT,
        *RECONCILING - ours("core.observe", "core.plan", "state.codes"),
        "rapidfuzz",
        "python_calamine",
    },
    "sync_gallery": {*AROUND, *ours("decoding.pixels", "shoptet.webhook", "work.poll", "work.sweep"), "PIL"},
    "galleries": {*AROUND, *NOT_OF_REST},
    "clean_gallery": {*AROUND, *NOT_OF_REST},
    "webhooks": {
        *AROUND,
        *SHOPTET_CLIENT,
        *RECONCILING - ours("core.observe", "core.plan"),
        *REST,
        *ours("state.shared_token"),
    },
    "status_link": {
        *AROUND,
        *SHOPTET_CLIENT,
        *RECONCILING - ours("core.observe", "core.plan", "state.codes", "core.see"),
        *REST,
        "standardwebhooks",
        "babel",
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
    own = {name for name in named if name.startswith("gallery_sync")}
    assert {name for name in own if not (FUNCTIONS / f"{name.replace('.', '/')}.py").exists()} == set()


def test_every_function_has_its_lists() -> None:
    assert {file.stem for file in FUNCTIONS.glob("*.py")} == set(REQUIRED) == set(FORBIDDEN)


# What a decision may load: nothing that acts, and nothing that knows what time it is.
OF_CORE = {
    "bisect", "collections", "csv", "dataclasses", "datetime", "hashlib", "hmac", "io",
    "itertools", "math", "msgspec", "rapidfuzz", "re", "typing",
    "unicodedata", "urllib", "zipfile", "gallery_sync",
}  # fmt: skip


def imported(source: str) -> set[str]:
    """The packages that a module's text imports, by their first names; what makes it ask for the time is among them."""
    names = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            names.add("the clock")
    return names


@pytest.mark.parametrize(
    "module", sorted((FUNCTIONS / "gallery_sync" / "core").glob("*.py")), ids=lambda file: file.stem
)
def test_what_decides_imports_nothing_that_acts(module: Path) -> None:
    assert imported(module.read_text()) - OF_CORE == set()


@pytest.mark.parametrize(
    "line", ["import time", "import logging", "from google.cloud import storage", "x = datetime.now(UTC)"]
)
def test_what_acts_would_be_seen_in_a_module_of_core(line: str) -> None:
    assert imported(line) - OF_CORE


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
    "Each layer knows": ("state/refusals.py", "from gallery_sync.work import sweep"),
    "What decides acts": ("core/match.py", "from gallery_sync import log"),
    "What decides, keeps": ("work/sweep.py", "import requests"),
    "Only the adapters": ("http/views.py", "from google.cloud import storage"),
    "Pictures are opened": ("work/verify.py", "import PIL"),
    "Clients know": ("cloud/tasks.py", "import flask"),
    "What a request": ("http/routes.py", "import flask"),
    "What is deployed": ("log.py", "from infra.local import serving"),
    "The servers of": ("../../infra/local/tasks/names.py", "from infra.local.storage import errors"),
    "The local cloud's": ("../../infra/local/tasks/names.py", "from gallery_sync.core import schedule"),
    "Set-up commands": ("../../infra/package/archive.py", "from infra.local import serving"),
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

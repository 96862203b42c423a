"""Planted mistakes: each class of them turns a check of `make terraform` red."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terraform.deployed import TERRAFORM, run


@dataclass(frozen=True)
class Mistake:
    """In a file of the module `shop`, `right` becomes `wrong`; then the command fails, and says `says`."""

    file: str
    right: str
    wrong: str
    command: tuple[str, ...]
    says: str


def checks(name: str) -> tuple[str, ...]:
    return ("test", "-no-color", f"-filter=tests/{name}.tftest.hcl")


MISTAKES = {
    "an unformatted file": Mistake("queues.tf", "  project  =", "  project=", ("fmt", "-check", "-diff"), "project"),
    "a wrong argument": Mistake(
        "functions.tf", "timeout_seconds  ", "timeout_secs  ", ("validate", "-no-color"), "Unsupported argument"
    ),
    "a missing right": Mistake("locals.tf", "signs   = true", "signs   = false", checks("rights"), "only sync_gallery signs"),
    "a right too many": Mistake(
        "locals.tf", "      state    = null", '      state    = "read"', checks("rights"), "reads and writes which"
    ),
    "a public function": Mistake(
        "locals.tf", 'caller      = "scheduler"', 'caller      = "public"', checks("rights"), "only four are public"
    ),
    "a public bucket": Mistake("buckets.tf", '"enforced"', '"inherited"', checks("storage"), "no bucket can be made public"),
    "a versioned drop bucket": Mistake(
        "buckets.tf", "enabled = false", "enabled = true", checks("storage"), "the drop bucket must not be versioned"
    ),
    "a limit of a queue": Mistake("queues.tf", "at_a_time = 2", "at_a_time = 3", checks("storage"), "three connections"),
    "viewers of the project read a bucket": Mistake(
        "rights.tf", '["legacyBucketOwner", "legacyBucketReader", "legacyObjectOwner", "legacyObjectReader"]',
        '["legacyBucketOwner"]', checks("rights"), "viewers and editors have no right",
    ),
    "everybody's access token": Mistake(
        "rights.tf", '? [] : ["token"]', '? ["token"] : []', checks("rights"), "does not read the access token"
    ),
    "a function that loses its caller": Mistake(
        "rights.tf", "replace_triggered_by = [google_cloudfunctions2_function.function[each.key].id]", "", checks("rights"),
        "gets its caller's right again",
    ),
    "an operator who cannot sign": Mistake(
        "rights.tf", "  for_each = var.operators\n", "  for_each = toset([])\n", checks("rights"), "an operator signs"
    ),
    "a sweep that nobody misses": Mistake(
        "monitoring.tf", 'duration = "3600s"', 'duration = "82800s"', checks("monitoring"), "no sweep came to its end"
    ),
    "a schedule that nobody hears of": Mistake(
        "monitoring.tf", '${var.name}-sweep\\" AND severity', '${var.name}-sweeps\\" AND severity', checks("monitoring"),
        "cannot call this shop's sweep",
    ),
    "a missing setting": Mistake(
        "locals.tf", 'local.settings_of.only, ["DROP_BUCKET"],', "local.settings_of.only,", checks("functions"),
        "lacks a setting that it demands",
    ),
    "a setting that nobody reads": Mistake(
        "locals.tf", "local.settings_of.eshop)", 'local.settings_of.eshop, ["MAX_ATTEMPTS"])',
        checks("functions"), "a setting that it does not read",
    ),
    "a secret in the open": Mistake(
        "functions.tf", "{ THREADS =", '{ SHOPTET_WEBHOOK_KEYS = "key", THREADS =', checks("functions"), "a secret stands in"
    ),
    "a retry policy left out": Mistake(
        "functions.tf", 'retry_policy = "RETRY_POLICY_RETRY"', "", checks("functions"), "must be delivered again"
    ),
    "a timeout beyond the dispatch deadline": Mistake(
        "locals.tf", "timeout = 180", "timeout = 300", checks("functions"), "sending < function timeout"
    ),
    "words that nobody logs": Mistake(
        "monitoring.tf", "failed for good\\\"\"", "gave up\\\"\"", checks("monitoring"), "words that the code does not write"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the module, with what `terraform init` made."""
    return Path(shutil.copytree(TERRAFORM / "shop", tmp_path_factory.mktemp("terraform") / "shop"))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_turns_the_checks_red(name: str, shop: Path) -> None:
    mistake = MISTAKES[name]
    path = shop / mistake.file
    whole = path.read_text("utf-8")
    assert mistake.right in whole
    path.write_text(whole.replace(mistake.right, mistake.wrong, 1), "utf-8")
    try:
        ran = run(shop, *mistake.command)
    finally:
        path.write_text(whole, "utf-8")
    assert ran.returncode != 0
    assert mistake.says in ran.stdout + ran.stderr

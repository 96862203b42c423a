"""What the Terraform tests compare the module with is what the code demands, and writes."""

import io
import json
from pathlib import Path

import pytest

from gallery_sync.connect.settings import FUNCTIONS, BadSetting
from gallery_sync.core.ledger import Entry, Failure, Hold, Ledger
from gallery_sync.log import Log
from gallery_sync.shoptet.classify import REGISTER_WEBHOOK
from gallery_sync.work.report import report
from infra.demands import ACCESS, LINES, demands, render

ROOT = Path(__file__).parents[2]

VALUES = {
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
    "SHOPTET_ESHOP_URL": "https://www.example.cz",
    "API_KEYS": f"pim:read:{'0' * 64}",
    "WEBHOOK_SECRETS": f"whsec_{'A' * 32}",
}

WAYS = [(function, way) for function in FUNCTIONS for way in ACCESS]


def test_the_file_that_the_terraform_tests_read_is_what_the_code_demands() -> None:
    written = (ROOT / "terraform/shop/tests/settings.json").read_text("utf-8")
    assert written == render(), "run: python -m infra.demands > terraform/shop/tests/settings.json"


@pytest.mark.parametrize(("function", "way"), WAYS)
def test_a_function_starts_with_what_it_is_said_to_demand(function: str, way: str) -> None:
    required = demands()["functions"][function]["required"][way]
    FUNCTIONS[function].read({name: VALUES.get(name, "any") for name in required})


@pytest.mark.parametrize(("function", "way"), WAYS)
def test_a_function_does_not_start_without_any_of_it(function: str, way: str) -> None:
    required = demands()["functions"][function]["required"][way]
    for missing in set(required) - {"TASKS_SERVICE_ACCOUNT"}:
        with pytest.raises(BadSetting, match="missing"):
            FUNCTIONS[function].read({name: VALUES.get(name, "any") for name in required if name != missing})


def test_a_deployment_is_never_given_the_local_clouds_settings() -> None:
    known = {name for function in demands()["functions"].values() for name in function["known"]}
    assert not {name for name in known if "EMULATOR" in name or name == "TIME_SCALE"}


def test_a_failure_for_good_and_a_repeated_try_are_logged_in_the_words_that_are_counted() -> None:
    lines = io.StringIO()
    before = Ledger("guid", "shop", entries={"drop:a": Entry(), "drop:b": Entry()})
    failed = Entry(failure=Failure("unreadable", "no picture", 1.0))
    after = Ledger("guid", "shop", entries={"drop:a": failed, "drop:b": Entry(attempts=1, last_reason="busy")})
    report(Log("sync_gallery", lines), before, after)
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first["severity"] == "ERROR"
    assert LINES["failed_for_good"] in first["message"]
    assert LINES["tried_again"] in second["message"]


@pytest.mark.parametrize(
    ("line", "module"), [("refused_drops", "work/drop"), ("refused_drops", "work/products"), ("rescued", "work/sweep")]
)
def test_other_lines_are_written_in_the_words_that_are_counted(line: str, module: str) -> None:
    assert LINES[line] in (ROOT / f"functions/gallery_sync/{module}.py").read_text("utf-8")


def test_a_missing_webhook_is_logged_in_the_words_that_are_counted() -> None:
    assert LINES["webhook_missing"] in REGISTER_WEBHOOK


def test_a_hold_is_logged_in_the_words_that_are_counted() -> None:
    lines = io.StringIO()
    report(Log("sync_gallery", lines), Ledger("guid", "shop"), Ledger("guid", "shop", hold=Hold(("drop:a",), 5, 1.0)))
    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert line["severity"] == "ERROR"
    assert LINES["held"] in line["message"]

"""The filters of the deployment's metrics and alerts, over lines that the functions really write."""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gallery_sync.log import Log
from tests.faults.simulation.chance import Setting
from tests.faults.simulation.schedules import Life
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.conftest import cloud  # noqa: F401
from tests.faults.table.place import opened
from tests.integration.functions.conftest import (  # noqa: F401
    Forks,
    _queues,
    running,
    settings,
    shop_url,
    storage_url,
)
from tests.terraform.deployed import Deployed
from tests.terraform.filters import matches

Line = Mapping[str, Any]
Entry = Mapping[str, Any]

SHOP, OTHER = "fashion", "garden"
STORIES = 100
"""Simulated worlds; in so many of them each kind of line is written, but for the two that need a whole function or sandbox."""
FUNCTION = {"sync": "sync_gallery", "poll": "poll_jobs", "prepare": "prepare_picture", "place": "place_names"}
"""What the simulation calls a run, where that is not the function's name."""


def told_in_simulations() -> Iterator[Line]:
    """What the functions log in simulated worlds, written by the real log."""
    for seed in range(STORIES):
        life = Life(Setting.drawn(seed))
        life.live()
        for _, who, text, about in life.universe.story.lines:
            if text == "%s %s %s":
                severity, message, fields = about
                stream = io.StringIO()
                name = who.split("#")[0]
                Log(FUNCTION.get(name, name), stream).say(severity, message, **fields)  # type: ignore[arg-type]
                yield json.loads(stream.getvalue())


@pytest.fixture(scope="module")
def lines(
    cloud: Cloud,  # noqa: F811
    settings: Mapping[str, str],  # noqa: F811
    forks: Forks,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Line]:
    """Lines of simulated worlds, of a sweep as it is deployed, and of an insertion into a shop without the webhook."""
    found = list(told_in_simulations())
    with running("sweep", settings, tmp_path_factory.mktemp("logs"), forks) as sweep:
        with sweep.logging() as swept:
            assert sweep.post(b"").status_code == 200
        found += swept
    with opened(cloud, Circumstances(webhook=False)) as place:
        place.put("HRNEK-01/a.png", b"picture")
        while place.step() and not place.errors():
            pass
        refused = [json.loads(line) for line in place.log.getvalue().splitlines()]
        found += [{**line, "function": "sync_gallery"} for line in refused]
    return found


def logged(line: Line, shop: str = SHOP, region: str = "europe-west1") -> Entry:
    """What Cloud Logging makes of a line: the severity is the entry's, the other fields are its payload's.
    Source: https://cloud.google.com/run/docs/logging#writing_structured_logs.
    """
    service = f"{shop}-{str(line['function']).replace('_', '-')}"
    if line["function"] == "on_drop":
        service += "-finalized"
    return {
        "resource": {"type": "cloud_run_revision", "labels": {"location": region, "service_name": service}},
        "logName": "projects/demo-project/logs/run.googleapis.com%2Fstdout",
        "severity": line["severity"],
        "jsonPayload": {name: value for name, value in line.items() if name != "severity"},
    }


def request(service: str, status: int) -> Entry:
    """What Cloud Run writes of each request."""
    return {
        "resource": {"type": "cloud_run_revision", "labels": {"location": "europe-west1", "service_name": service}},
        "logName": "projects/demo-project/logs/run.googleapis.com%2Frequests",
        "severity": "WARNING" if status >= 400 else "INFO",
        "httpRequest": {"status": status},
    }


@pytest.fixture(scope="session")
def filters(deployed: Deployed) -> Mapping[str, str]:
    """The filter of each of the shop's metrics, by the metric's last word."""
    start = f"gallery-sync-{SHOP}-"
    metrics = [r.values for r in deployed if r.kind == "google_logging_metric" and r.values["name"].startswith(start)]
    return {metric["name"].removeprefix(start): metric["filter"] for metric in metrics}


KINDS = {
    "failed_for_good": ("sync_gallery", "ERROR"),
    "held": ("sync_gallery", "ERROR"),
    "webhook_missing": ("sync_gallery", "ERROR"),
    "refused_drops": ("on_drop", "WARNING"),
    "rescued": ("sweep", "WARNING"),
    "tried_again": ("sync_gallery", "WARNING"),
    "swept": ("sweep", "INFO"),
}
"""By metric: which function writes what it counts, and how severe it is."""


def test_no_filter_is_left_out(filters: Mapping[str, str]) -> None:
    assert set(filters) == {*KINDS, "errors", "refused_calls", "not_called"}


@pytest.mark.parametrize("metric", KINDS)
def test_a_filter_finds_what_it_counts(metric: str, filters: Mapping[str, str], lines: list[Line]) -> None:
    found = [line for line in lines if matches(filters[metric], logged(line))]
    assert KINDS[metric] in {(line["function"], line["severity"]) for line in found}


@pytest.mark.parametrize("metric", KINDS)
def test_a_line_is_counted_once(metric: str, filters: Mapping[str, str], lines: list[Line]) -> None:
    """Two kinds are two kinds: a missing webhook is also why pictures are tried again, and nothing else is counted twice."""
    twice = {
        frozenset((metric, other))
        for line in lines
        for other in set(KINDS) - {metric}
        if matches(filters[metric], logged(line)) and matches(filters[other], logged(line))
    }
    assert twice <= {frozenset(("tried_again", "webhook_missing")), frozenset(("failed_for_good", "webhook_missing"))}


@pytest.mark.parametrize("metric", [*KINDS, "errors"])
def test_a_filter_finds_nothing_of_another_shop_or_region(
    metric: str, filters: Mapping[str, str], lines: list[Line]
) -> None:
    assert not [line for line in lines if matches(filters[metric], logged(line, OTHER))]
    assert not [line for line in lines if matches(filters[metric], logged(line, region="us-east1"))]


def test_errors_are_all_lines_for_a_person_and_no_others(filters: Mapping[str, str], lines: list[Line]) -> None:
    found = {line["severity"] for line in lines if matches(filters["errors"], logged(line))}
    missed = {line["severity"] for line in lines if not matches(filters["errors"], logged(line))}
    assert found == {"ERROR"}
    assert missed == {"INFO", "WARNING"}


def test_refused_calls_are_answers_401_of_public_functions(filters: Mapping[str, str], lines: list[Line]) -> None:
    query = filters["refused_calls"]
    assert matches(query, request(f"{SHOP}-job-finished", 401))
    assert not matches(query, request(f"{SHOP}-job-finished", 200))
    assert not matches(query, request(f"{SHOP}-sync-gallery", 401))
    assert not [line for line in lines if matches(query, logged(line))]


def test_a_call_that_the_scheduler_could_not_make_is_found(filters: Mapping[str, str]) -> None:
    """No function writes this entry: it is Cloud Scheduler's own, as https://cloud.google.com/scheduler/docs/logging has it."""
    entry = {
        "resource": {"type": "cloud_scheduler_job", "labels": {"location": "europe-west1", "job_id": f"{SHOP}-sweep"}},
        "severity": "ERROR",
        "jsonPayload": {"status": "PERMISSION_DENIED"},
    }
    assert matches(filters["not_called"], entry)
    assert not matches(filters["not_called"], {**entry, "severity": "INFO"})


@pytest.mark.parametrize("query", ["a=1 OR b=2", "a=~x", "NOT a=1", "a=1 AND", ""])
def test_a_query_that_is_not_understood_is_no_match_but_an_error(query: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        matches(query, {"a": "1"})

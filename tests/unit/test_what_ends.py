"""What ends when: the lifecycle of the state bucket, the code's constants, and ARCHITECTURE.md say the same."""

import re
from pathlib import Path

import pytest

from gallery_sync.core import preparing
from gallery_sync.core.schedule import DAY, FORGET_AFTER, HOUR, JOB_KEPT, OPERATION_KEPT, Timing
from gallery_sync.state import (
    archives,
    catalogue,
    deletions,
    jobindex,
    open_galleries,
    operations,
    placed,
    refusals,
    tables,
)
from gallery_sync.work import audit_bucket, audit_requests, audit_shop
from gallery_sync.work import catalogue as reading

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "terraform" / "shop" / "buckets.tf").read_text()
TABLE = (ROOT / "ARCHITECTURE.md").read_text().partition("## What ends when")[2].partition("\n## ")[0]
DAYS = dict(re.findall(r'"([a-z/]+/)" += (\S+)', RULES.partition("# The history")[0]))
"""The lifecycle's days, as they are written, by the folder."""
FOLDERS = (
    *("ledger/", open_galleries.PREFIX, operations.OPEN, operations.PREFIX, jobindex.PREFIX, refusals.PREFIX),
    *(placed.PREFIX, placed.WAITING, tables.PREFIX, archives.PREFIX),
)
CHECKPOINTS = (
    *(audit_bucket.PATH, audit_shop.PATH, audit_shop.PLAN, audit_requests.PATH, deletions.PATH),
    *(catalogue.PATH, reading.PATH, catalogue.CHANGES),
)


def test_requests_are_kept_as_long_as_the_code_believes_and_their_markers_a_day_longer() -> None:
    assert float(DAYS[operations.PREFIX]) * DAY == OPERATION_KEPT
    assert float(DAYS[operations.OPEN]) * DAY == FORGET_AFTER


def test_a_job_is_given_up_before_the_lifecycle_takes_it() -> None:
    assert float(DAYS[jobindex.PREFIX]) * DAY > JOB_KEPT


def test_a_prepared_picture_outlives_its_url_and_its_job() -> None:
    timing = Timing()
    assert float(DAYS["outbox/"]) * DAY > preparing.GOOD_FOR + timing.signed_url + timing.job_lost + HOUR


def test_what_a_cleanup_removed_is_kept_as_long_as_the_owner_says() -> None:
    assert DAYS["removed/"] == "var.removed_days"


def test_no_lifecycle_ends_what_only_we_may_end() -> None:
    assert set(DAYS) == {"outbox/", "jobs/", "operations/", "open/operations/", "removed/", "thumbnails/", "links/"}


@pytest.mark.parametrize("folder", [*FOLDERS, *DAYS, "codes/", catalogue.PREFIX])
def test_each_folder_of_the_state_bucket_has_its_line(folder: str) -> None:
    lines = [line for line in TABLE.splitlines() if line.startswith(f"| `{folder}`")]
    assert lines
    if folder in DAYS:
        said = DAYS[folder] if DAYS[folder].isdecimal() else "`removed_days`"
        assert any(f"lifecycle, {said}" in line for line in lines)


@pytest.mark.parametrize("held", re.findall(r"`(tests/[\w/.]+)` \|", TABLE))
def test_each_rule_is_held_by_a_test(held: str) -> None:
    assert (ROOT / held).is_file()


@pytest.mark.parametrize("path", CHECKPOINTS)
def test_what_is_written_over_all_day_leaves_no_history(path: str) -> None:
    assert f'"{path}"' in RULES.partition("# The history")[2]

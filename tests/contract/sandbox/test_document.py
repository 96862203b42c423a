"""`docs/shoptet.md` names the switch of each unknown: what it names exists, and no switch is left out."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

from infra.local.sandbox.config import SandboxConfig, Token
from infra.local.sandbox.control import ROUTES
from infra.local.sandbox.faults import Kind
from tests.faults.simulation.chance import Faults, Shoptets

DOCUMENT = (Path(__file__).parents[3] / "docs/shoptet.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<mark>U\d+) \| (?P<what>[^|]+) \| (?P<sandbox>[^|]+) \| (?P<simulation>[^|]+) \| ", re.MULTILINE
)
NOT_UNKNOWN = {"first_image_number", "job_seconds"}
"""Beside the switches of the sandbox and of the simulation, and none of them."""


def named(column: str) -> Iterator[str]:
    """The switches in a column; a value such as an error's code is written with hyphens."""
    for row in ROW.finditer(DOCUMENT):
        yield from re.findall(r"`([a-z_]+|[A-Z]+ /\S+)`", row[column])


def test_each_unknown_has_one_row_and_a_mark_at_the_fact_that_it_is_about() -> None:
    rows = [row["mark"] for row in ROW.finditer(DOCUMENT)]
    marks = set(re.findall(r"\*\*(U\d+)\*\*", DOCUMENT))
    assert rows == [f"U{number}" for number in range(1, len(rows) + 1)]
    assert marks == set(rows)


def test_the_switches_that_it_names_are_the_sandboxs() -> None:
    faults, routes = set(get_args(Kind)), {f"{method} {path}" for method, path, _ in ROUTES}
    assert set(named("sandbox")) <= {*SandboxConfig.__struct_fields__, *Token.__struct_fields__, *faults, *routes}


def test_it_names_every_switch_of_the_sandbox_for_what_is_not_documented() -> None:
    settings = SandboxConfig.__struct_fields__
    undocumented = set(settings[settings.index("result_format") :]) - NOT_UNKNOWN
    assert undocumented >= {"result_format", "head_first"}
    assert undocumented <= set(named("sandbox"))


def test_it_names_every_unknown_of_the_simulation() -> None:
    unknowns = {field.name for field in fields(Shoptets)} - NOT_UNKNOWN
    assert unknowns <= set(named("simulation")) <= unknowns | {field.name for field in fields(Faults)}

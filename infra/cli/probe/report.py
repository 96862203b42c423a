"""What the probe found, as a table for people and as JSON for a bug report; neither holds a token or a signed URL."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.cli.probe.costs import Cost
from infra.cli.probe.questions import Row

WIDTH = 150
"""Characters; a file or a pipe has no width of its own."""


def as_table(found: Sequence[Row], costs: Sequence[Cost]) -> str:
    """Give two tables: what was found, and what calls cost."""
    answers = Table("", "question", "documented", "found here", "what follows from it", title="what this shop does")
    for row in found:
        answers.add_row(row.mark, row.asks, row.documented, row.found, row.follows)
    prices = Table("call", "times", "drops", "seconds", title="what calls cost")
    for one in _summed(costs):
        drops = "not told" if one["drops"] is None else f"{one['drops']:.1f}"
        prices.add_row(one["call"], str(one["times"]), drops, f"{one['seconds']:.2f}")
    target = io.StringIO()
    console = Console(file=target, width=WIDTH)
    console.print(answers)
    console.print(prices)
    return target.getvalue()


def as_json(found: Sequence[Row], costs: Sequence[Cost], version: str) -> str:
    """Give the same for a bug report."""
    document = {"gallery-sync": version, "found": [asdict(row) for row in found], "costs": _summed(costs)}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _summed(costs: Sequence[Cost]) -> list[dict[str, Any]]:
    """Sum up each kind of call: how often, the mean of what it took of the bucket and of the time."""
    summed = []
    for call in dict.fromkeys(cost.call for cost in costs):
        these = [cost for cost in costs if cost.call == call]
        drops = [cost.drops for cost in these if cost.drops is not None]
        seconds = mean(cost.seconds for cost in these)
        summed.append({"call": call, "times": len(these), "drops": mean(drops) if drops else None, "seconds": seconds})
    return summed

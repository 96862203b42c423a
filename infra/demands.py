"""What the code demands of a deployment, as JSON: settings of each function, durations, words of log lines.

    python -m infra.demands > terraform/shop/tests/settings.json

The Terraform tests compare the module with that file, and tests/unit/test_demands.py compares the file with the code.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from gallery_sync.connect.settings import FUNCTIONS, Settings
from gallery_sync.core.schedule import Timing
from gallery_sync.shoptet.transport import Timeouts

LOCAL_ONLY: Final = frozenset({"TIME_SCALE", "STORAGE_EMULATOR_HOST", "CLOUD_TASKS_EMULATOR_HOST"})
"""Settings of the local cloud, which a deployment never has."""

ACCESS: Final[Mapping[str, frozenset[str]]] = {
    "private": frozenset({"SHOPTET_PRIVATE_API_TOKEN"}),
    "addon": frozenset({"SHOPTET_OAUTH_TOKEN", "SHOPTET_ESHOP_URL"}),
}
"""What calls Shoptet demands either the one or the other (`settings.Shop.check`)."""

LINES: Final[Mapping[str, str]] = {
    "failed_for_good": "failed for good",
    "held": "images would be deleted, as their files are gone",
    "tried_again": " is tried again: ",
    "refused_drops": " is refused: ",
    "rescued": "nobody works on this gallery",
    "swept": "swept",
    "webhook_missing": "register the job:finished webhook",
}
"""By metric of the Terraform module: the words of the log line that it counts."""


def demands() -> dict[str, Any]:
    """Give all of it, ready for JSON."""
    timing = Timing()
    return {
        "functions": {name: _of_function(settings) for name, settings in sorted(FUNCTIONS.items())},
        "timing": {
            "sending": timing.send_within + Timeouts().total,
            "function_timeout": timing.function_timeout,
            "dispatch_deadline": timing.dispatch_deadline,
            "grace": timing.grace,
        },
        "lines": dict(sorted(LINES.items())),
    }


def render() -> str:
    """Give the text of the file."""
    return json.dumps(demands(), indent=2) + "\n"


def _of_function(settings: type[Settings]) -> dict[str, Any]:
    known = {f.name.upper(): f for f in fields(settings) if f.name.upper() not in LOCAL_ONLY}
    # Optional in the code, because locally nobody checks a task's token; a deployment's functions refuse without.
    always = {name for name, f in known.items() if f.default is MISSING or name == "TASKS_SERVICE_ACCOUNT"}
    return {
        "required": {way: sorted(always | (names & known.keys())) for way, names in ACCESS.items()},
        "known": sorted(known),
        "secret": sorted(name for name, f in known.items() if "secret" in f.metadata),
    }


if __name__ == "__main__":
    print(render(), end="")

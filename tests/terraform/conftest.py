"""These look at what Terraform plans, so they need it, and its provider or the stand-in.

`make terraform` sees to both and runs them; `make terraform-mistakes` plants mistakes, which takes minutes.
"""

import os
from pathlib import Path

import pytest

from tests.terraform.deployed import Deployed, two_shops

HERE = Path(__file__).parent
ON_DEMAND = {"test_mistakes.py": ("TERRAFORM_MISTAKES", "make terraform-mistakes runs these")}
CHECKS = ("TERRAFORM_CHECKS", "make terraform runs these")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            variable, reason = ON_DEMAND.get(item.path.name, CHECKS)
            if os.environ.get(variable) != "1":
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    return two_shops()

"""What tests of every kind may share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.nursery import AVAILABLE, Nursery, nursery

HERE = Path(__file__).parent
NOT_TRACED = ("abuse", "e2e", "faults/table", "faults/test_machine.py", "integration/http/test_schemathesis.py")
"""Tracing slows what runs in this process, and adds nothing that other tests do not reach: a part of the simulated worlds (the
first of its parts) has seen all that these see, or what they look at runs in another process."""
WORLDS = "test_after_quiet_every_gallery_is_as_its_bucket"
TRACED_PART = f"{WORLDS}[0]"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(HERE).as_posix()
        one_of_many = item.name.startswith(WORLDS) and item.name != TRACED_PART
        if one_of_many or place.startswith(NOT_TRACED):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def forks() -> Iterator[Nursery | None]:
    """Where this session's processes are forked from; None where they are started one by one."""
    if AVAILABLE:
        with nursery() as forks:
            yield forks
    else:
        yield None

"""What tests of every kind may share."""

from collections.abc import Iterator

import pytest

from infra.local.nursery import AVAILABLE, Nursery, nursery


@pytest.fixture(scope="session")
def forks() -> Iterator[Nursery | None]:
    """Where this session's processes are forked from; None where they are started one by one."""
    if AVAILABLE:
        with nursery() as forks:
            yield forks
    else:
        yield None

"""schemathesis sends some of what openapi.yaml allows and forbids to the running functions, and finds nothing.

`tests/integration/http/test_schemathesis.py` sends much more of it to the same code in one process.
"""

from collections.abc import Iterator

import pytest

from infra.local.cloud import API_KEYS, LocalCloud, Plan, local_cloud
from infra.local.nursery import Nursery
from tests.e2e.http.explored import findings
from tests.e2e.support import log_lines

pytestmark = pytest.mark.long

PRODUCT = "HRNEK-01"
EXAMPLES = 3


@pytest.fixture(scope="module")
def spare_cloud(tmp_path_factory: pytest.TempPathFactory, forks: Nursery | None) -> Iterator[LocalCloud]:
    """A cloud of its own: what is left in it is nobody's concern."""
    plan = Plan(time_scale=0.05, window=0.25, settings={"MAX_ATTEMPTS": "1"}, sweep=False)
    with local_cloud(plan, tmp_path_factory.mktemp("logs"), forks) as cloud:
        yield cloud


@pytest.mark.parametrize(
    ("function", "tags"),
    [
        pytest.param("galleries", ("galleries", "operations"), marks=pytest.mark.long),
        pytest.param("clean_gallery", ("cleaning",), marks=pytest.mark.long),
        ("webhooks", ("events",)),
    ],
)
def test_schemathesis_has_no_finding(spare_cloud: LocalCloud, function: str, tags: tuple[str, ...]) -> None:
    url, key = spare_cloud.addresses[function], API_KEYS["local"][0]
    assert findings(url, key, tags, phases=("examples", "fuzzing"), examples=EXAMPLES, product=PRODUCT) == []
    if function == "webhooks":
        taken = [line for line in log_lines(spare_cloud, "webhooks", "INFO") if line["message"] == "an event was taken"]
        assert taken, "no event was signed as it should be"

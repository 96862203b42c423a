"""A lost answer: which jobs may be the flight's, and have to end before the gallery is believed."""

import pytest

from gallery_sync.core.ledger import Action
from gallery_sync.core.lost_answer import may_be_of, suspects
from gallery_sync.core.shop_values import Gallery, Job
from tests.unit.core.build import GUID, a_flight, key, sent

OTHER = "11111111-7481-11e8-8216-002590dad85e"
PATH = f"/api/products/{GUID}/images"
INSERT = a_flight({key("a.jpg"): sent("a.jpg", 100)})


@pytest.mark.parametrize(
    ("endpoint", "operation", "gallery", "may_be"),
    [
        pytest.param(f"{PATH}/shop", "insert", "shop", True, id="this gallery's insertion"),
        pytest.param(f"/api/products/{GUID.upper()}/images/shop", "insert", "shop", True, id="a guid in upper case"),
        pytest.param(f"https://api.myshoptet.com{PATH}/shop", "insert", "shop", True, id="a whole URL"),
        pytest.param(f"POST {PATH}/shop", "insert", "shop", True, id="with its method"),
        pytest.param(f"{PATH}/shop?x=1", "insert", "shop", True, id="with a query"),
        pytest.param(f"{PATH}/shop/", "insert", "shop", True, id="with a slash at the end"),
        pytest.param(f"{PATH}/shop360", "insert", "shop", False, id="the other gallery"),
        pytest.param(f"{PATH}/shop", "insert", "shop360", False, id="the other gallery, the other way round"),
        pytest.param(f"/api/products/{OTHER}/images/shop", "insert", "shop", False, id="another product"),
        pytest.param(f"{PATH}/shop/source", "insert", "shop", False, id="a source update, we inserted"),
        pytest.param(f"{PATH}/shop/source", "source", "shop", True, id="a source update, ours"),
        pytest.param(f"{PATH}/shop", "source", "shop", False, id="an insertion, we updated"),
        pytest.param("/api/products/images", "insert", "shop", True, id="no product named: may be ours"),
        pytest.param("/api/products/{guid}/images/{gallery}", "insert", "shop", True, id="a template: may be ours"),
        pytest.param(f"{PATH}/{{gallery}}", "insert", "shop", True, id="half a template: may be ours"),
        pytest.param("/api/products/{guid}/images/{gallery}/source", "insert", "shop", True, id="a template's source"),
        pytest.param("/api/products/images/batch", "insert", "shop", True, id="of images, no product named"),
        pytest.param("/api/orders", "insert", "shop", False, id="something else"),
        pytest.param("", "insert", "shop", False, id="nothing"),
    ],
)
def test_an_endpoint_that_does_not_speak_against_it_may_be_the_flights(
    endpoint: str, operation: Action, gallery: Gallery, may_be: bool
) -> None:
    flight = a_flight(INSERT.images, operation)
    assert may_be_of(endpoint, flight, GUID, gallery) is may_be


@pytest.mark.parametrize(
    ("status", "is_suspect"),
    [
        ("pending", True),
        ("running", True),
        ("completed", False),
        ("failed", False),
        ("expired", False),
        ("killed", False),
    ],
)
def test_only_a_job_that_has_not_ended_is_waited_for(status: str, is_suspect: bool) -> None:
    jobs = [Job("j1", f"{PATH}/shop", status)]
    assert bool(suspects(jobs, INSERT, GUID, "shop", frozenset())) is is_suspect


def test_a_job_that_another_flight_owns_is_not_waited_for() -> None:
    jobs = [Job("j1", "/api/products/images", "running"), Job("j2", "/api/products/images", "running")]
    assert [job.job_id for job in suspects(jobs, INSERT, GUID, "shop", {"j1"})] == ["j2"]


def test_a_job_of_something_else_is_not_waited_for() -> None:
    assert suspects([Job("j1", "/api/orders", "running")], INSERT, GUID, "shop", frozenset()) == ()

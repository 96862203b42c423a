"""Callers over HTTP, and a shop with pictures in it."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import requests

from infra.local.cloud import LocalCloud
from infra.local.pictures import picture_server
from tests.e2e.http.caller import Caller
from tests.e2e.support import Product


@pytest.fixture
def caller(cloud: LocalCloud) -> Caller:
    """A caller with all rights."""
    return Caller(cloud)


@pytest.fixture(scope="session")
def pictures() -> Iterator[str]:
    """The base URL of another system's pictures: `/{title}/{number}.png`."""
    with picture_server() as base:
        yield base


@pytest.fixture
def hang(cloud: LocalCloud, product: Product) -> Callable[[int], list[str]]:
    """Let a person put so many pictures into the product's gallery; gives their names."""

    def put(count: int) -> list[str]:
        url = f"{cloud.sandbox}/_control/images"
        answers = [requests.post(url, json={"guid": product.guid}, timeout=30) for _ in range(count)]
        return [answer.json()["name"] for answer in answers]

    return put


@pytest.fixture
def refer(cloud: LocalCloud, product: Product) -> Callable[[Sequence[str]], None]:
    """Let a variant of the product reference each of these images."""

    def put(names: Sequence[str]) -> None:
        variants = [{"code": f"{product.code}/{n}", "image": name} for n, name in enumerate(names)]
        body = {"guid": product.guid, "name": product.code, "code": product.code, "variants": variants}
        requests.post(f"{cloud.sandbox}/_control/products", json=body, timeout=30).raise_for_status()

    return put

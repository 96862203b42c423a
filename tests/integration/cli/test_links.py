"""`gallery-sync link`: links to the page are made, listed and revoked; their secret is shown once, and kept nowhere."""

import re

import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import StateSettings
from gallery_sync.core.links import digest, is_good, parse
from gallery_sync.core.schedule import DAY
from gallery_sync.state import links

from .support import Deployment, LocalCloud

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
URL = "https://page.example"


def documents(deployment: Deployment) -> BucketDocuments:
    settings = StateSettings.read(deployment.environ)
    return BucketDocuments(LocalCloud(deployment.secrets).storage(settings).bucket(settings.state_bucket))


@pytest.fixture(autouse=True)
def _alone(deployment: Deployment) -> None:
    """Other tests share the bucket."""
    for one in list(documents(deployment).list(links.PREFIX)):
        documents(deployment).delete(one.path)


def test_a_link_is_made_listed_and_revoked(deployment: Deployment) -> None:
    assert "there are no links" in deployment.run("link", "list").output
    made = deployment.run("link", "create", "--url", f"{URL}/", "--product", GUID, "--days", "7", "--note", "Jana")
    assert made.exit_code == 0, made.output
    address = made.output.strip()
    parsed = parse(address.removeprefix(f"{URL}/l/"))
    assert parsed is not None
    (link,) = links.read_all(documents(deployment))
    assert (link.id, link.digest, link.right, link.product) == (parsed[0], digest(parsed[1]), "view", GUID)
    assert is_good(link, parsed[1], link.until - 1)
    assert not is_good(link, parsed[1], link.until)
    assert round((link.until - link.made) / DAY) == 7
    listed = deployment.run("link", "list").output
    assert re.fullmatch(rf"{link.id}  view  ends \d{{4}}-\d\d-\d\d  {GUID}  Jana\n", listed)
    assert parsed[1] not in listed
    assert f"revoked: {link.id}" in deployment.run("link", "revoke", link.id).output
    assert "there are no links" in deployment.run("link", "list").output
    again = deployment.run("link", "revoke", link.id)
    assert (again.exit_code, "there is no link" in again.output) == (1, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--url", "page.example"], "where the page is, nobody said"),
        (["--url", URL, "--days", "0"], "a link lasts 1 to 366 days"),
        (["--url", URL, "--days", "367"], "a link lasts 1 to 366 days"),
        (["--url", URL, "--product", "NEVER-1"], "nothing was ever dropped or asked for under the code 'NEVER-1'"),
    ],
)
def test_a_link_that_cannot_be_is_not_made(deployment: Deployment, options: list[str], says: str) -> None:
    result = deployment.run("link", "create", *options)
    assert result.exit_code == 1
    assert says in result.output
    assert list(links.read_all(documents(deployment))) == []

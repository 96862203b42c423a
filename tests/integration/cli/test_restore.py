"""`gallery-sync restore`: what can come back, and having it back."""

import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import StateSettings
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.state import operations, removed

from .support import Deployment, LocalCloud

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
FIRST, SECOND = "0" * 32, "1" * 32
OURS = KeptImage("127.png", "removed/x/1.png", f"drop:{GUID}/1.png", 100, "front", variants=("62/M",))
THEIRS = KeptImage("9.jpg", "removed/x/2.jpg")
KEPT = (
    Kept(FIRST, "0", GUID, "shop", 1_719_835_200.0, "Modré tričko", images=(OURS, THEIRS)),
    Kept(SECOND, "0", GUID, "shop360", 1_719_935_200.0, None, images=(THEIRS,)),
)


def documents(deployment: Deployment) -> BucketDocuments:
    settings = StateSettings.read(deployment.environ)
    return BucketDocuments(LocalCloud(deployment.secrets).storage(settings).bucket(settings.state_bucket))


@pytest.fixture(autouse=True)
def _alone(deployment: Deployment) -> None:
    """Other tests share the bucket."""
    for prefix in (removed.PREFIX, operations.OPEN, operations.PREFIX):
        for one in list(documents(deployment).list(prefix)):
            documents(deployment).delete(one.path)


@pytest.fixture
def kept(deployment: Deployment) -> Deployment:
    for one in KEPT:
        removed.write(documents(deployment), one, 0)
    # A file that a cleanup moved out of the drop bucket lies beside them.
    documents(deployment).write(f"removed/{GUID}/shop/1.png", b"", generation=0)
    return deployment


def test_what_can_come_back_is_listed_by_day_and_product(kept: Deployment) -> None:
    result = kept.run("restore", "--list")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        f"2024-07-02 15:46  {SECOND}  a product without a name ({GUID}) shop360: 1 image",
        f"2024-07-01 12:00  {FIRST}  Modré tričko ({GUID}) shop: 2 images",
    ]


def test_nothing_to_list(deployment: Deployment) -> None:
    assert deployment.run("restore", "--list").output == "nothing was kept\n"


def test_what_comes_back_is_shown_and_asked_for(kept: Deployment) -> None:
    shown = [
        f"2024-07-01 12:00  Modré tričko ({GUID}) shop: 2 images",
        f"  drop:{GUID}/1.png: 127.png (front, shown by the variant 62/M)",
        "  not one of ours: 9.jpg",
    ]
    dry = kept.run("restore", FIRST, "--dry-run")
    assert dry.output.splitlines() == [*shown, "would bring them back"]
    assert list(documents(kept).list(operations.OPEN)) == []
    result = kept.run("restore", FIRST)
    assert result.exit_code == 0, result.output
    *lines, last = result.output.splitlines()
    assert lines == shown
    (marker,) = documents(kept).list(operations.OPEN)
    name = marker.path.removeprefix(operations.OPEN)
    assert last == f"they come back within 20 minutes; what becomes of each: operation {name}"
    operation = operations.find(documents(kept), name)
    assert operation is not None
    assert [(part.kind, part.product, part.gallery, part.name) for part in operation.parts] == [
        ("restore", GUID, "shop", f"{FIRST}/0")
    ]


def test_an_operation_of_which_nothing_was_kept_is_said(kept: Deployment) -> None:
    result = kept.run("restore", "2" * 32)
    assert result.exit_code == 1
    assert "gallery-sync restore --list shows what can come back" in result.stderr


@pytest.mark.parametrize("arguments", [(), (FIRST, "--list")])
def test_an_operation_or_the_list(kept: Deployment, arguments: tuple[str, ...]) -> None:
    result = kept.run("restore", *arguments)
    assert result.exit_code == 2
    assert "name an operation, or --list" in result.stderr

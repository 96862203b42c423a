"""`gallery-sync release`: what is held is shown, and let go only if a person says so."""

import pytest

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import StateSettings
from gallery_sync.core.ledger import Entry, Hold, Ledger, Moved
from gallery_sync.core.shop_values import Gallery
from gallery_sync.state.ledgers import Ledgers
from infra.cli.holds import Held, release
from tests.unit.core.build import NOW, live, replace

from .support import Deployment, LocalCloud

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
OTHER = "11111111-1111-1111-1111-111111111111"
KEYS = tuple(f"drop:{GUID}/shop/{n}.jpg" for n in range(6))
HOLD = Hold(KEYS, 8, NOW)


def ledgers(deployment: Deployment) -> Ledgers:
    settings = StateSettings.read(deployment.environ)
    return Ledgers(BucketDocuments(LocalCloud(deployment.secrets).storage(settings).bucket(settings.state_bucket)))


def put(deployment: Deployment, guid: str, hold: Hold | None, gallery: Gallery = "shop") -> None:
    entries = {key: Entry(None, live(f"{n}.jpg", f"{n}.jpg")) for n, key in enumerate(KEYS)}
    ledgers(deployment).change(guid, gallery, lambda _held: Ledger(guid, gallery, entries=entries, hold=hold))


def ledger(deployment: Deployment, guid: str = GUID) -> Ledger:
    return ledgers(deployment).read(guid, "shop").ledger


@pytest.fixture
def held(deployment: Deployment) -> Deployment:
    put(deployment, GUID, HOLD)
    put(deployment, OTHER, None)
    return deployment


def test_without_a_product_it_shows_what_is_held_and_releases_nothing(held: Deployment) -> None:
    result = held.run("release")
    assert result.exit_code == 0, result.output
    assert f"{GUID} shop: 6 of 8 images" in result.output
    assert all(key in result.output for key in KEYS)
    assert OTHER not in result.output
    assert "gallery-sync release PRODUCT" in result.output
    assert ledger(held).hold == HOLD


def test_a_product_is_released_and_its_gallery_is_due(held: Deployment) -> None:
    put(held, OTHER, HOLD)
    result = held.run("release", GUID)
    assert result.exit_code == 0, result.output
    assert f"released: 6 images of {GUID} shop" in result.output
    after = ledger(held)
    assert (after.hold, after.released) == (None, KEYS)
    assert after.due_at > 0
    assert ledger(held, OTHER).hold == HOLD
    assert "nothing is held" in held.run("release", GUID).output


@pytest.mark.parametrize(("answer", "released"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_all_are_shown_first_and_asked_for(answer: str, released: bool, held: Deployment) -> None:
    result = held.run("release", "--all", given=answer)
    assert result.exit_code == 0, result.output
    assert result.output.index(KEYS[0]) < result.output.index("release all of these?")
    assert (ledger(held).hold is None) is released


def test_a_dry_run_releases_nothing(held: Deployment) -> None:
    assert "would release them" in held.run("release", GUID, "--dry-run").output
    assert ledger(held).hold == HOLD


def test_an_unknown_code_is_told(held: Deployment) -> None:
    result = held.run("release", "NOBODY-1")
    assert result.exit_code == 1
    assert "name the product by its guid" in result.output


def test_products_and_all_exclude_each_other(held: Deployment) -> None:
    assert held.run("release", GUID, "--all").exit_code == 2
    assert ledger(held).hold == HOLD


def test_a_state_bucket_that_is_not_named_is_told(deployment: Deployment) -> None:
    del deployment.environ["STATE_BUCKET"]
    result = deployment.run("release")
    assert result.exit_code == 1
    assert "STATE_BUCKET" in result.output


def test_a_list_that_changed_meanwhile_is_not_released(held: Deployment) -> None:
    settings = StateSettings.read(held.environ)
    cloud = LocalCloud(held.secrets)
    documents = BucketDocuments(cloud.storage(settings).bucket(settings.state_bucket))
    (line,) = release(documents, cloud.clock, [Held(GUID, "shop", replace(HOLD, keys=KEYS[:5]))])
    assert line.startswith("not released: ")
    assert ledger(held).hold == HOLD


FOLDER = "MOVE-1"
BEHIND = {f"drop:{FOLDER}/shop/{n}.jpg": Entry(None, live(f"{n}.jpg", f"{n}.jpg")) for n in range(3)}


def test_what_is_left_behind_on_a_product_is_shown_and_removed_by_a_person(deployment: Deployment) -> None:
    kept = {"drop:OTHER/shop/k.jpg": Entry(None, live("k.jpg", "k.jpg"))}
    moved = {FOLDER: Moved(NOW, OTHER, "Mug", "Poster")}
    ledgers(deployment).change(
        GUID, "shop", lambda _held: Ledger(GUID, "shop", entries={**BEHIND, **kept}, moved=moved)
    )
    said = deployment.run("release")
    assert f"{GUID} shop: 3 of 4 images, left behind: their folder's code is another product's" in said.output
    assert ledger(deployment).released == ()
    result = deployment.run("release", GUID)
    assert result.exit_code == 0, result.output
    assert f"released: 3 images of {GUID} shop" in result.output
    assert set(ledger(deployment).released) == BEHIND.keys()
    assert ledger(deployment).due_at > 0
    assert "nothing is held" in deployment.run("release").output

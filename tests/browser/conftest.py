"""The page in a real Chromium, over the local cloud. `make browser` installs the browser, and runs these."""

import contextlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from gallery_sync.clock import SystemClock
from gallery_sync.state.catalogue import read_head
from infra.cli import links
from infra.local.cloud import API_KEYS, LocalCloud, Plan, local_cloud
from tests.e2e.support import Sandbox, wait_quiet

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "build" / "screenshots"
HRNEK = "92ca3575-7481-11e8-8216-002590dad85e"
PENEZENKA = "bffa3b98-d968-11e0-b04f-57a43310b768"
STOLEK = "94fe7ffc-7481-11e8-8216-002590dad85e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and os.environ.get("BROWSER") != "1":
            item.add_marker(pytest.mark.skip(reason="make browser runs these"))


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    return out.getvalue()


def until(true: Callable[[], object], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A shop with something of everything: pictures that are live, refused, held, and tried in vain; refused names."""
    plan = Plan(time_scale=0.03, window=0.25, settings={"MIRROR_DELETES": "true", "MAX_ATTEMPTS": "2"}, sweep=False)
    with local_cloud(plan, tmp_path_factory.mktemp("logs")) as cloud:
        until(lambda: [cloud.sweep(), read_head(cloud.documents)][1], "the catalogue is read")
        for n in range(1, 7):
            cloud.upload(f"STOLEK/{n}.jpg", picture(f"hsl({n * 50}, 60%, 50%)"), "image/jpeg")
        cloud.upload(f"{HRNEK}/1.jpg", picture("teal"), "image/jpeg", {"description": "Zepředu"})
        cloud.upload(f"{HRNEK}/2.jpg", picture("coral")[:2000], "image/jpeg")
        cloud.upload("HRNK-01/9.jpg", picture("green"), "image/jpeg")
        cloud.upload("poznámky.txt", b"no picture", "text/plain")
        wait_quiet(cloud)
        sandbox = Sandbox(cloud.sandbox)
        sandbox.order("images.insert", "status", times=1, status=422)
        cloud.upload(f"{HRNEK}/3.jpg", picture("gold"), "image/jpeg")
        for n in range(1, 5):
            cloud.remove(f"STOLEK/{n}.jpg")
        wait_quiet(cloud)
        until(lambda: cloud.ledgers.read(STOLEK, "shop").ledger.hold is not None, "deletions are held")
        for n in range(1, 3):
            cloud.upload(f"PENEZENKA-7/{n}.jpg", picture(f"hsl({n * 90}, 40%, 60%)"), "image/jpeg")
        wait_quiet(cloud)
        images = f"{cloud.addresses['clean_gallery']}/v1/products/{PENEZENKA}/galleries/shop/images"
        key = {"Authorization": f"Bearer {API_KEYS['local'][0]}"}
        requests.delete(f"{images}?removeReference=true", headers=key, timeout=60).raise_for_status()
        until(lambda: not sandbox.shown(PENEZENKA), "the gallery is cleaned")
        wait_quiet(cloud)
        yield cloud


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    assert chromium, "there is no Chromium: make browser installs it"
    # A profile of its own, and nothing that looks for a network.
    quiet = (
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    )
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", *quiet], env={**os.environ, "HOME": home}
        )
        yield started
        started.close()


@pytest.fixture
def link(cloud: LocalCloud) -> Callable[..., str]:
    def make(right: str = "manage", product: str = "") -> str:
        url = cloud.addresses["status_link"]
        return links.create(cloud.documents, SystemClock(), url, right, 1, product, "the tests")  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session", autouse=True)
def _screenshots() -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(SCREENSHOTS)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

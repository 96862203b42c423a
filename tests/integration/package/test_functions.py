"""Every function runs from the archive alone: started as the platform starts it, and asked for real."""

import hashlib
import hmac
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from standardwebhooks import Webhook

from gallery_sync.connect.settings import FUNCTIONS
from gallery_sync.core import ledger_document
from gallery_sync.state.ledgers import Ledgers
from infra.local.cloud import API_KEYS, DROP_BUCKET, WEBHOOK_SECRET, LocalCloud
from infra.local.processes import Processes, StartFailed, free_port
from infra.local.sample import pictures
from infra.local.state import rows
from infra.package.installed import Installed, InstallFailed, byte_compile, install

from .conftest import WEBHOOK_KEY

# The first test also waits for the installation, which may have to download everything.
pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

PATIENCE = 60.0
GUID = "92ca3575-7481-11e8-8216-002590dad85e"
EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "google.cloud.storage.object.v1.finalized",
    "ce-source": f"//storage.googleapis.com/projects/_/buckets/{DROP_BUCKET}",
    "ce-subject": f"objects/{GUID}/shop/1.jpg",
}


IMAGES = f"/v1/products/{GUID}/galleries/shop/images"
AS_CALLER = {"Authorization": f"Bearer {API_KEYS['local'][0]}"}


def notified(url: str, key: str) -> requests.Response:
    created = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
    notification = {"eshopId": 1, "event": "job:finished", "eventCreated": created}
    body = json.dumps({**notification, "eventInstance": "3ax1844"}).encode()
    signature = hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
    return requests.post(url, data=body, headers={"Shoptet-Webhook-Signature": signature}, timeout=30)


def dropped(url: str) -> requests.Response:
    data = {"bucket": DROP_BUCKET, "name": f"{GUID}/shop/1.jpg", "size": "10"}
    return requests.post(url, json=data, headers=EVENT, timeout=30)


def sent(url: str) -> requests.Response:
    event = {"type": "gallery.sync", "timestamp": "2026-01-01T00:00:00Z", "data": {"product": GUID, "gallery": "shop"}}
    body, now = json.dumps(event), datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(WEBHOOK_SECRET).sign("msg_1", now, body),
    }
    return requests.post(f"{url}/v1/events", data=body, headers=headers, timeout=30)


ASKED: Mapping[str, Callable[[str], requests.Response]] = {
    "on_drop": dropped,
    "sync_gallery": lambda url: requests.post(url, json={"gallery": "shop", "guid": GUID}, timeout=30),
    "poll_jobs": lambda url: requests.post(url, json={}, timeout=30),
    "read_catalogue": lambda url: requests.post(url, json={}, timeout=30),
    "fetch_images": lambda url: requests.post(url, json={"gallery": "shop", "guid": GUID}, timeout=30),
    "prepare_picture": lambda url: requests.post(url, json={"gallery": "shop", "guid": GUID}, timeout=30),
    "place_names": lambda url: requests.post(url, json={}, timeout=30),
    "job_finished": lambda url: notified(url, WEBHOOK_KEY),
    "sweep": lambda url: requests.post(url, json={}, timeout=30),
    "galleries": lambda url: requests.get(f"{url}{IMAGES}", headers=AS_CALLER, timeout=30),
    "clean_gallery": lambda url: requests.delete(f"{url}{IMAGES}?dryRun=true", headers=AS_CALLER, timeout=30),
    "webhooks": sent,
    "status_link": lambda url: requests.get(f"{url}/style.css", timeout=30),
}
"""A request for each function, as Google, Shoptet or a caller makes it."""


@pytest.mark.parametrize("function", ASKED)
def test_a_function_from_the_archive_does_what_it_is_asked(function: str, cloud: LocalCloud) -> None:
    answer = ASKED[function](cloud.addresses[function])
    assert 200 <= answer.status_code < 300, answer.text + cloud.processes.log_end(function)


def test_every_function_is_asked() -> None:
    assert set(ASKED) == set(FUNCTIONS)


def test_the_description_of_the_api_is_served_from_the_archive(cloud: LocalCloud) -> None:
    answer = requests.get(f"{cloud.addresses['galleries']}/openapi.yaml", timeout=30)
    assert answer.status_code == 200
    assert answer.text.startswith("openapi: ")


def test_a_forged_notification_is_refused_by_the_archive_too(cloud: LocalCloud) -> None:
    assert notified(cloud.addresses["job_finished"], "another key").status_code == 401


def test_pictures_travel_into_the_gallery_through_the_archive(cloud: LocalCloud) -> None:
    dropped = tuple(pictures())[:3]
    for picture in dropped:
        cloud.upload(picture.name, picture.body, picture.content_type)
    until = time.monotonic() + PATIENCE
    while {row.state for row in rows(cloud, dropped)} != {"live"}:
        assert time.monotonic() < until, [cloud.processes.log_end(name, 500) for name in FUNCTIONS]
        time.sleep(0.2)
    # What opens pictures comes along, in whatever place the platform keeps packages.
    for listed in list(cloud.documents.list("ledger/")):
        place = ledger_document.parse_path(listed.path)
        assert place is not None
        body = {"guid": place[0], "gallery": place[1]}
        assert requests.post(cloud.addresses["fetch_images"], json=body, timeout=60).status_code == 204
        entries = Ledgers(cloud.documents).read(*place).ledger.entries.values()
        seen = [entry.live.receipt for entry in entries if entry.live is not None]
        assert seen
        assert {receipt.saw if receipt is not None else None for receipt in seen} == {"same"}


def test_nothing_of_this_tree_helps_the_archive(installed: Installed) -> None:
    """The environment has the requirements alone, and its package is the archive's."""
    told = "import gallery_sync, importlib.util as u; print(gallery_sync.__file__, u.find_spec('pytest'))"
    ran = subprocess.run(
        [installed.python, "-c", told], cwd=installed.source, capture_output=True, check=True, text=True, timeout=30
    )
    assert ran.stdout.split() == [str(installed.source / "gallery_sync" / "__init__.py"), "None"]


@pytest.mark.parametrize("missing", ["gallery_sync/core/plan.py", "gallery_sync/shoptet/pages.py"])
def test_an_archive_that_lacks_a_file_does_not_start(missing: str, installed: Installed, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(installed.source, source, ignore=shutil.ignore_patterns("__pycache__"))
    (source / missing).unlink()
    environment = {
        "PORT": str(free_port()),
        "HOST": "127.0.0.1",
        "FUNCTION_TARGET": "sync_gallery",
        "FUNCTION_SOURCE": "sync_gallery.py",
        "FUNCTION_SIGNATURE_TYPE": "http",
    }
    module = missing.removesuffix(".py").replace("/", ".")
    with Processes(tmp_path / "logs") as processes:
        processes.start("sync_gallery", [str(installed.python), "-P", "-m", "functions_framework"], environment, source)
        with pytest.raises(StartFailed, match=rf"ModuleNotFoundError|cannot import name .*{module.split('.')[-1]}"):
            processes.wait_for("sync_gallery", f"http://127.0.0.1:{environment['PORT']}/robots.txt")


def test_an_interpreter_that_is_not_there_is_told(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match="the interpreter failed for the archive: there is no python0"):
        install(archive, tmp_path, "python0")


def test_a_file_that_does_not_compile_ends_the_build(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "on_drop.py").write_text("def on_drop(:\n")
    with pytest.raises(InstallFailed, match=r"byte-compiling failed(.|\n)*on_drop\.py"):
        byte_compile(Installed(tmp_path, installed.python))

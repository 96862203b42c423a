"""A shop with a history: what it shows already is adopted, and the same pictures dropped cost no insertion."""

import base64
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image
from typer.testing import CliRunner, Result

from gallery_sync.state import catalogue, paused, placed
from gallery_sync.work import catalogue as reading
from infra.cli.app import make_app
from infra.cli.connect import GoogleCloud
from infra.cli.secrets import Secrets
from infra.cli.settings import Place
from infra.local.cloud import DROP_BUCKET, QUEUES, STATE_BUCKET, TOKEN, LocalCloud
from infra.local.sample import Picture
from tests.bench.corpus import encoded, scene
from tests.e2e.support import Product, Sandbox, drop, ledger, take_up, wait, wait_settled


class Local(GoogleCloud):
    def secrets(self, place: Place) -> Secrets | None:
        return None


def adopt(cloud: LocalCloud, *arguments: str) -> Result:
    environ = {
        "SHOPTET_API_URL": cloud.sandbox,
        "SHOPTET_PRIVATE_API_TOKEN": TOKEN,
        "STORAGE_EMULATOR_HOST": cloud.storage.api_endpoint,
        "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:1",
        "STATE_BUCKET": STATE_BUCKET,
        "DROP_BUCKET": DROP_BUCKET,
        "SYNC_QUEUE": f"{QUEUES}/sync",
        "POLL_QUEUE": f"{QUEUES}/poll",
        "JOB_FINISHED_URL": "http://127.0.0.1:1",
    }
    result = CliRunner().invoke(make_app(environ, Local()), ["adopt", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def stopped(cloud: LocalCloud) -> Iterator[LocalCloud]:
    paused.pause(cloud.documents, 1.0)
    yield cloud
    paused.resume(cloud.documents)
    # A task of another test's that was left over has marked its gallery as due meanwhile.
    take_up(cloud)


def by_hand(cloud: LocalCloud, product: Product, content: bytes, **more: object) -> str:
    """A person added this picture in the shop, long ago."""
    order = {"guid": product.guid, "content_base64": base64.b64encode(content).decode(), **more}
    answer = requests.post(f"{cloud.sandbox}/_control/images", json=order, timeout=10)
    return str(answer.json()["name"])


def encoded_again(content: bytes, size: tuple[int, int] | None = None) -> bytes:
    target = io.BytesIO()
    with Image.open(io.BytesIO(content)) as opened:
        (opened if size is None else opened.resize(size)).convert("RGB").save(target, "JPEG", quality=80)
    return target.getvalue()


def big(product: Product, number: int, *, flat: bool = False) -> Picture:
    drawn = scene(random.Random(f"{product.guid} {number}")).resize((640, 480))
    name = f"{product.code}_{number}.png" if flat else f"{product.code}/{number}.png"
    return Picture(name, encoded(drawn, "PNG"), "image/png")


def test_pictures_that_the_shop_has_already_cost_no_insertion(
    stopped: LocalCloud, sandbox: Sandbox, product: Product, tmp_path: Path
) -> None:
    # One of them lies in no folder.
    files = [big(product, number, flat=number == 2) for number in range(1, 5)]
    shown = [by_hand(stopped, product, encoded_again(file.body), description="a person's") for file in files[:2]]
    small = by_hand(stopped, product, encoded_again(files[2].body, (320, 240)))
    foreign = by_hand(stopped, product, big(product, 99).body)
    for path in (catalogue.PATH, reading.PATH):
        # The product is new, and a day is long.
        stopped.documents.delete(path)
    drop(stopped, files)
    wait(
        "the file in no folder to stand with the product",
        lambda: placed.read(stopped.documents, product.code.lower()).names or None,
    )

    dry = adopt(stopped, product.code, "--page", str(tmp_path / "page.html"))
    assert dry.exit_code == 0, dry.output
    assert (
        "2 to be adopted, 1 smaller in the shop than the file, 1 new files, 1 images that no file is like" in dry.output
    )
    assert "gallery-sync adopt --write" in dry.output
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,/9j/") == 2
    assert small in page
    assert not ledger(stopped, product.guid).entries

    written = adopt(stopped, product.code, "--write", "--replace-smaller")
    assert "3 images adopted" in written.output, written.output
    entries = ledger(stopped, product.guid).entries
    live = {key[-5:]: entry.live.name for key, entry in entries.items() if entry.live is not None}
    assert live == {"1.png": shown[0], "2.png": shown[1], "3.png": small}
    assert all(entry.live.adopted for entry in entries.values() if entry.live is not None)
    # Once more changes nothing: what was adopted is known.
    again = adopt(stopped, product.code, "--write", "--replace-smaller")
    assert "0 images adopted" in again.output

    sandbox.forget_calls()
    paused.resume(stopped.documents)
    drop(stopped, files)
    assert {row.state for row in wait_settled(stopped, files)} == {"live"}
    # The new one was inserted, and the smaller one replaced; the two others cost nothing.
    calls = sandbox.calls()
    assert (calls.get("images.insert"), calls.get("images.source")) == (1, 1)
    images = {image["name"]: image for image in sandbox.shown(product.guid)}
    assert len(images) == 5
    assert [images[name]["description"] for name in shown] == ["a person's"] * 2
    assert foreign in images


def test_all_that_the_shop_has_costs_nothing_at_all(stopped: LocalCloud, sandbox: Sandbox, product: Product) -> None:
    files = [big(product, number) for number in range(1, 4)]
    for file in files:
        by_hand(stopped, product, encoded_again(file.body))
    drop(stopped, files)
    assert "3 images adopted" in adopt(stopped, product.code, "--write").output
    sandbox.forget_calls()
    paused.resume(stopped.documents)
    drop(stopped, files)
    assert {row.state for row in wait_settled(stopped, files)} == {"live"}
    assert not {name for name in sandbox.calls() if name.startswith("images.") and name != "images.list"}
    assert len(sandbox.shown(product.guid)) == 3


def test_nothing_is_written_while_the_shop_is_not_paused(cloud: LocalCloud, product: Product) -> None:
    result = adopt(cloud, product.guid, "--write")
    assert result.exit_code == 1
    assert "gallery-sync pause, then this, then gallery-sync resume" in result.stderr
    # To look does no harm.
    assert adopt(cloud, product.guid).exit_code == 0


def test_a_product_that_is_not_there_is_said(cloud: LocalCloud) -> None:
    result = adopt(cloud, "NO-SUCH-CODE")
    assert result.exit_code == 1
    assert "NO-SUCH-CODE" in result.stderr

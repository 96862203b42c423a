"""What cannot become an image is refused or given up with one clear reason, and nothing else suffers from it."""

import io
import random

import pytest
from PIL import Image

from gallery_sync.state import refusals
from gallery_sync.state.refusals import RefusedDrop
from infra.local.cloud import LocalCloud
from infra.local.sample import Picture
from tests.e2e.support import (
    Product,
    Sandbox,
    digests,
    digests_shown,
    drop,
    ledger,
    log_lines,
    new_product,
    picture,
    pictures,
    reconciles,
    wait,
    wait_live,
    wait_quiet,
    wait_settled,
)

pytestmark = pytest.mark.long


def refused(cloud: LocalCloud, text: str) -> list[RefusedDrop]:
    """The refusals whose name holds this text."""
    return [each for each in refusals.read_all(cloud.documents) if text in each.name]


@pytest.mark.parametrize("by", ["guid", "code"])
def test_an_unknown_product_is_refused_once_and_live_once_it_exists(
    by: str, cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    unknown = new_product()
    prefix = unknown.guid if by == "guid" else unknown.code
    files, others = pictures(f"{prefix}/shop", 2), pictures(f"{product.guid}/shop", 2)
    drop(cloud, [*files, *others])
    assert {row.state for row in wait_settled(cloud, files)} == {"refused"}
    before = len(reconciles(cloud, prefix=prefix))
    drop(cloud, files[:1])
    wait("the look that dropping again causes", lambda: len(reconciles(cloud, prefix=prefix)) > before)
    wait_live(cloud, others)
    wait_quiet(cloud)

    (refusal,) = refused(cloud, prefix)
    assert refusal.reason.startswith(f"Shoptet knows no product with this {by}: create the product, or")
    (line,) = [line for line in log_lines(cloud, "sync_gallery", "ERROR") if prefix in line["message"]]
    assert line["message"] == f"{prefix}/shop/ is refused: {refusal.reason}"
    assert line["request_id"]

    sandbox.add_product(unknown)
    drop(cloud, files[:1])
    wait("the refusal to disappear", lambda: not refused(cloud, prefix))
    wait_live(cloud, files)
    assert digests_shown(cloud, unknown.guid) == digests(files)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("{guid}/winter/1.jpg", "there is no gallery 'winter': use shop or shop360"),
        ("{guid}/shop/list.pdf", "'list.pdf' is no picture: drop JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP"),
        ("{guid}/shop/old/1.jpg", "3 folders deep: use {product}/{gallery}/{file}"),
        ("%zz{guid}/shop/1.jpg", "holds a '%' without two hexadecimal digits"),
        ("{guid}/shop/.1.jpg", "begins with a dot"),
    ],
)
def test_a_name_outside_the_grammar_is_refused_until_the_file_is_gone(
    place: str, words: str, cloud: LocalCloud, product: Product
) -> None:
    bad = Picture(place.replace("{guid}", product.guid), b"whatever", "image/jpeg")
    good = picture(f"{product.guid}/shop/good.jpg", "good")
    drop(cloud, [bad, good])
    assert wait_settled(cloud, [bad])[0].state == "refused"
    wait_live(cloud, [good])

    (refusal,) = refused(cloud, bad.name)
    assert words in refusal.reason
    (line,) = [line for line in log_lines(cloud, "on_drop", "WARNING") if bad.name in line["message"]]
    assert line["message"] == f"{bad.name} is refused: {refusal.reason}"
    assert digests_shown(cloud, product.guid) == digests([good])

    cloud.remove(bad.name)
    wait("the refusal to disappear", lambda: not refused(cloud, bad.name))


def test_a_file_that_is_no_picture_fails_with_shoptets_words_and_leaves_the_others_alone(
    cloud: LocalCloud, product: Product
) -> None:
    good = pictures(f"{product.guid}/shop", 2)
    bad = Picture(f"{product.guid}/shop/0.jpg", b"no picture at all", "image/jpeg")
    drop(cloud, [bad, *good])
    wait_live(cloud, good)
    (row,) = wait_settled(cloud, [bad])

    assert (row.state, row.name) == ("refused", "")
    assert "not a picture" in row.reason
    assert digests_shown(cloud, product.guid) == digests(good)


def test_a_picture_that_shoptet_loses_silently_is_given_up_visibly_after_its_tries(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    sandbox.set(silent_png_bytes=20_000)
    good = pictures(f"{product.guid}/shop", 2)
    large = Picture(f"{product.guid}/shop/3.png", noise(), "image/png")
    drop(cloud, [*good, large])
    wait_live(cloud, good)
    (row,) = wait_settled(cloud, [large])
    wait_quiet(cloud)

    assert row.state == "failed"
    assert row.reason.startswith("given up after 2 tries: Shoptet's job ended, but the picture is not in the gallery")
    assert "a PNG above 10 MB is known to get lost" in row.reason
    (line,) = [line for line in log_lines(cloud, "sync_gallery", "ERROR") if large.name in line["message"]]
    assert row.reason in line["message"]
    # Two tries, and of each a listing before, one after the job, and a second look before it counts as missing.
    assert len(sandbox.jobs(product.guid, "images.insert")) == 2
    assert sandbox.calls()["product.detail"] == 6
    assert digests_shown(cloud, product.guid) == digests(good)
    assert cloud.sweep()["rescued"] == 0
    assert ledger(cloud, product.guid).flight is None


def noise() -> bytes:
    """A PNG that cannot be packed: more than 50 kB."""
    out = io.BytesIO()
    Image.frombytes("RGB", (150, 150), random.Random(1).randbytes(3 * 150 * 150)).save(out, "PNG")
    return out.getvalue()

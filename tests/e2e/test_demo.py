"""The demo ends well only if the galleries show what was dropped, and the comparison that it rests on can fail."""

import base64
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.cloud import LocalCloud
from infra.local.processes import ROOT
from infra.local.sample import Picture
from infra.local.state import differences, strays
from tests.e2e.support import Product, Sandbox, drop, new_product, picture, pictures, wait_live


def demo(*arguments: str) -> tuple[int, list[str]]:
    """Run the demo as the Makefile does; gives the exit status and the lines that it wrote.

    Others may run one at the same time: each has a folder of its own for the logs, which also tell where servers are.
    """
    with tempfile.TemporaryDirectory() as logs:
        return _demo("--logs", logs, *arguments)


def _demo(*arguments: str) -> tuple[int, list[str]]:
    ran = subprocess.run(
        [sys.executable, "-m", "infra.local.demo", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "functions", "LANG": "C.UTF-8"},
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=100,
        text=True,
    )
    assert not ran.stderr, ran.stderr
    return ran.returncode, ran.stdout.splitlines()


def test_the_sample_travels_in_less_than_40_seconds() -> None:
    status, lines = demo()
    last = re.fullmatch(r"71 of 71 images live, 5 refused, (\d+\.\d) s", lines[-1])

    assert status == 0
    assert last is not None, lines[-1]
    assert float(last[1]) < 40
    cost = re.fullmatch(r"\d+ calls to Shoptet, at most (\d+) at a time, 0 answered 429", lines[-2])
    assert cost is not None, lines[-2]
    assert 1 <= int(cost[1]) <= 3
    rows = [line.split() for line in lines if " live " in line or " refused " in line]
    assert len(rows) == 76
    assert ["92ca3575-7481-11e8-8216-002590dad85e/shop360/frame-10.webp", "shop360"] in [row[:2] for row in rows]


@pytest.mark.long
def test_a_folder_of_ones_own_travels_as_well(tmp_path: Path) -> None:
    mine = new_product()
    places = [f"{mine.guid}/shop/b.jpg", f"{mine.guid}/shop360/1.png", "62%2FXL/a 1.webp", "můj stůl/shop/1.gif"]
    for place in places:
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(place, place[-6:]).body)
    (tmp_path / mine.guid / ".DS_Store").write_bytes(b"the computer's own")

    status, lines = demo("--drop", str(tmp_path))
    assert status == 0
    assert lines[-1].startswith("4 of 4 images live, 1 refused, ")
    for place in places:
        assert [line for line in lines if line.startswith(f"{place} ") and " live " in line], place


Change = Callable[[Sandbox, Product, list[str]], None]


def deletes(sandbox: Sandbox, product: Product, names: list[str]) -> None:
    sandbox.delete(product.guid, names[1])


def replaces(sandbox: Sandbox, product: Product, names: list[str]) -> None:
    other = picture("other.jpg", "other").body
    sandbox.change(product.guid, names[1], content_base64=base64.b64encode(other).decode())


def reorders(sandbox: Sandbox, product: Product, names: list[str]) -> None:
    sandbox.change(product.guid, names[0], priority=60_000)


def doubles(sandbox: Sandbox, product: Product, _names: list[str]) -> None:
    sandbox.add_image(product.guid)


@pytest.mark.parametrize("change", [deletes, replaces, reorders, doubles])
def test_the_comparison_fails_if_the_gallery_is_not_as_dropped(
    change: Change, cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = pictures(f"{product.code}/shop", 3)
    drop(cloud, files)
    wait_live(cloud, files)
    assert differences(cloud, files) == []

    change(sandbox, product, [image["name"] for image in sandbox.shown(product.guid)])
    assert differences(cloud, files) != []


def test_the_comparison_fails_if_a_gallery_without_files_shows_something(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    sandbox.add_image(product.guid, "shop360")
    file = Picture(f"{product.guid}/shop/1.jpg", b"", "image/jpeg")
    assert f"{product.guid} shop360: 1 images for no file" in strays(cloud, [file])


@pytest.mark.long
def test_a_folder_whose_names_mean_nothing_ends_badly_and_says_what_names_look_like(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "1.jpg").write_bytes(picture("1.jpg", "1").body)
    (tmp_path / "photos" / "LAMP 1.jpg.txt").write_bytes(b"no picture")
    status, lines = demo("--drop", str(tmp_path))
    assert status == 1
    assert any("names look like {product}/{gallery}/{file}" in line for line in lines), lines


@pytest.mark.long
def test_a_shop_of_ones_own_codes_refuses_folders_of_others(tmp_path: Path) -> None:
    for code in ("LAMP-1", "LAMPA-1"):
        (tmp_path / code).mkdir()
        (tmp_path / code / "1.jpg").write_bytes(picture(f"{code}/1.jpg", code).body)
    codes = tmp_path.parent / "codes.txt"
    codes.write_text("LAMP-1\n", "utf-8")
    status, lines = demo("--drop", str(tmp_path), "--codes", str(codes))
    assert status == 0
    assert lines[-1].startswith("1 of 1 images live, 1 refused"), lines[-1]


@pytest.mark.long
def test_one_picture_in_several_spellings_is_shown_once_and_the_table_says_so(tmp_path: Path) -> None:
    """Over the real client and storage: with and without `shop/`, by guid, in both forms of Unicode, and a copy of its bytes."""
    guid, one, other = "92ca3575-7481-11e8-8216-002590dad85e", picture("a.jpg", "1").body, picture("b.jpg", "2").body
    for name, body in {
        "HRNEK-01/1.jpg": one,
        "HRNEK-01/shop/1.jpg": other,
        f"{guid}/1.jpg": one,
        "HRNEK-01/čelní.jpg": picture("c.jpg", "3").body,
        "HRNEK-01/c\u030celni\u0301.jpg": picture("d.jpg", "4").body,
        "HRNEK-01/5.jpg": picture("e.jpg", "5").body,
        "HRNEK-01/5 - kopie.jpg": picture("e.jpg", "5").body,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    status, lines = demo("--drop", str(tmp_path))
    assert status == 0, lines
    assert lines[-1].startswith("3 of 3 images live, 4 the same as others, 0 refused"), lines[-1]
    # Before the product was asked for, a folder by code is a place of its own: then the same bytes tell.
    assert sum("it is the same file as" in line or "it is the same picture as" in line for line in lines) == 4

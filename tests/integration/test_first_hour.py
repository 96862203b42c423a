"""What a newcomer types in the first hour, with the mistakes that people make: each is told what is wrong and what to do."""

import io
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from infra.local.processes import ROOT
from infra.local.sandbox.pictures import read_picture
from infra.local.shops import invented, shop_for, shop_of
from tests.e2e.support import picture

EXAMPLES = ROOT / "infra" / "examples"
CLIENTS = {"python": [sys.executable, str(EXAMPLES / "client.py")], "shell": ["sh", str(EXAMPLES / "client.sh")]}
FULL = {"GALLERIES_URL": "http://g", "CLEAN_GALLERY_URL": "http://c", "WEBHOOKS_URL": "http://w", "API_KEY": "k"}


def ran(*command: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command here; gives its exit status and what it wrote."""
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": "functions", "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, env=base | dict(environ or {}), cwd=ROOT, capture_output=True, check=False, timeout=60, text=True
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_an_example_client_shows_its_commands_when_it_is_asked(client: list[str]) -> None:
    for asked in ("--help", "-h"):
        status, out, err = ran(*client, asked)
        assert (status, err) == (0, "")
        assert "insert PRODUCT GALLERY SOURCE_URL KEY" in out


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        ([], FULL, "usage: client"),
        (["lst", "62", "shop"], FULL, "there is no command 'lst'"),
        (["insert", "62", "shop"], FULL, "insert has 4 arguments"),
        (["delete", "62", "shop"], FULL, "delete has"),
        (["list", "62", "shop"], {**FULL, "API_KEY": ""}, "the environment lacks API_KEY"),
        (["list", "62", "shop"], {}, "the environment lacks GALLERIES_URL"),
    ],
)
def test_an_example_client_says_what_is_wrong_with_a_command(
    client: list[str], arguments: list[str], environ: dict[str, str], told: str
) -> None:
    status, out, err = ran(*client, *arguments, environ=environ)
    assert (status, out) == (2, "")
    assert told in err
    assert "usage: client" in err
    assert "Traceback" not in err


def test_the_command_line_says_which_version_it_is() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert ran(sys.executable, "-m", "infra.cli", "--version") == (0, f"gallery-sync {version}\n", "")


@pytest.mark.parametrize("target", ["deploy", "destroy"])
def test_make_deploys_nobodys_example(target: str) -> None:
    status, would, _ = ran("make", "--dry-run", target)
    assert (status, would.startswith('echo "set ROOT to your own copy')) == (0, True), would
    status, would, _ = ran("make", "--dry-run", target, "ROOT=somewhere")
    assert (status, "set ROOT" in would) == (0, False), would
    status, _, err = ran("make", "own-root")
    assert status == 2
    assert "set ROOT to your own copy of terraform/examples/two-shops" in err
    assert ran("make", "own-root", "ROOT=somewhere")[0] == 0


def test_the_demo_refuses_a_folder_without_files_and_says_what_names_look_like(tmp_path: Path) -> None:
    status, _, err = ran(sys.executable, "-m", "infra.local.demo", "--drop", str(tmp_path))
    assert status == 2
    assert "{product}/{gallery}/{file}" in err


@pytest.mark.parametrize(("option", "told"), [("--drop", "is no folder"), ("--codes", "is no file")])
def test_the_demo_refuses_what_is_not_there(option: str, told: str) -> None:
    status, _, err = ran(sys.executable, "-m", "infra.local.demo", option, "no/such/thing")
    assert status == 2
    assert told in err


def test_invented_products_are_called_so_and_a_list_of_codes_makes_the_shop() -> None:
    shop = shop_for([picture("LAMP-1/1.jpg", "1"), picture("HRNEK-01/1.jpg", "1")])
    assert invented(shop) == ["LAMP-1 (invented)"]
    own = shop_of(["LAMP-1", "", " 62 ; 62/M;62/XL ", ";"])
    assert invented(own) == []
    assert [(p.code, [v.code for v in p.variants]) for p in own.products] == [("LAMP-1", []), ("62", ["62/M", "62/XL"])]


def test_a_phones_photo_with_a_second_frame_is_a_picture() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "MPO", save_all=True, append_images=frames[1:])
    read = read_picture(out.getvalue())
    assert (read.extension, read.width, read.height) == ("jpg", 40, 30)


@pytest.mark.long
@pytest.mark.timeout(90)
def test_ctrl_c_ends_the_demo_of_the_calls_without_a_traceback() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "infra.local.demo_http"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "functions", "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    while (line := running.stdout.readline()) and not re.match("POST /v1", line):
        pass
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, out + err
    # Python itself tells of one that came while an object was freed.
    assert not err or err.startswith("Exception ignored"), err

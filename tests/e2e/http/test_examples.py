"""Both example clients do what their README says, against the running functions."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.cloud import API_KEYS, WEBHOOK_SECRET, LocalCloud
from infra.local.pictures import picture_bytes
from infra.local.processes import ROOT
from tests.e2e.support import Product, Sandbox, new_product, wait

pytestmark = pytest.mark.long

EXAMPLES = ROOT / "infra" / "examples"
CLIENTS = {"python": [sys.executable, str(EXAMPLES / "client.py")], "shell": [str(EXAMPLES / "client.sh")]}


class Client:
    """An example client with its environment."""

    def __init__(self, cloud: LocalCloud, command: list[str]) -> None:
        self._command = command
        self._environment = {
            "PATH": os.environ["PATH"],
            "GALLERIES_URL": cloud.addresses["galleries"],
            "CLEAN_GALLERY_URL": cloud.addresses["clean_gallery"],
            "WEBHOOKS_URL": cloud.addresses["webhooks"],
            "API_KEY": API_KEYS["local"][0],
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    def run(self, *arguments: str, status: int = 0) -> Mapping[str, Any]:
        """Carry out a command and give the answer that it prints."""
        ran = subprocess.run(
            [*self._command, *arguments], env=self._environment, capture_output=True, check=False, text=True, timeout=60
        )
        assert (ran.returncode == 0) == (status == 0), f"{arguments}: {ran.stdout} {ran.stderr}"
        answer: Mapping[str, Any] = json.loads(ran.stdout)
        return answer

    def done(self, accepted: Mapping[str, Any]) -> None:
        """Wait until an operation is done."""
        found = wait("an operation to end", lambda: self._over(accepted["operation"]))
        assert found["state"] == "done", found

    def _over(self, name: str) -> Mapping[str, Any] | None:
        found = self.run("operation", name)
        return found if found["state"] in ("done", "failed") else None


@pytest.mark.parametrize("command", CLIENTS)
def test_an_example_client_does_each_of_its_commands(
    cloud: LocalCloud, sandbox: Sandbox, pictures: str, command: str
) -> None:
    client = Client(cloud, CLIENTS[command])
    guid = new_product().guid
    product = sandbox.add_product(Product(guid, f"{guid[:8]}/Ž L"))
    place = (product.code, "shop")
    client.done(client.run("insert", *place, f"{pictures}/example/1.png", "front"))
    client.done(client.run("replace", *place, "front", f"{pictures}/example/2.png"))
    described = client.run("describe", *place, "front", 'from the "front"')
    assert described["images"][0]["state"] == "updated"
    client.done(client.run("sync", *place))
    [shown] = sandbox.shown(guid)
    assert shown["sha256"] == hashlib.sha256(picture_bytes("example", "2")).hexdigest()
    assert shown["description"] == 'from the "front"'
    [listed] = client.run("list", *place)["images"]
    assert (listed["key"], listed["state"]) == ("url:front", "live")
    assert client.run("delete", *place, "no such.png", status=1)["errors"][0]["code"] == "no-such-image"
    assert client.run("delete", *place, listed["name"])["deleted"][0]["name"] == listed["name"]
    client.done(
        client.run(
            "event",
            "images.insert",
            json.dumps(
                {"product": product.code, "gallery": "shop", "images": [{"sourceUrl": f"{pictures}/example/3.png"}]}
            ),
        )
    )
    assert len(sandbox.shown(guid)) == 1
    client.done(client.run("clean-many", "false", product.code))
    assert sandbox.shown(guid) == []
    assert client.run("clean", *place, "true")["deleted"] == []

"""`gallery-sync probe` as a person runs it, over the local cloud's servers: what it prints, and what is known after it."""

import json
import time

import requests
from typer.testing import CliRunner, Result

from gallery_sync.clock import Clock
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import StateSettings
from gallery_sync.state import shop_facts
from infra.cli.app import make_app
from infra.cli.probe.run import PATH
from infra.cli.probe.store import PREFIX

from .support import TOKEN, Deployment, LocalCloud

GUID, CODE = "92ca3575-7481-11e8-8216-002590dad85e", "HRNEK-01"
FASTER = 20.0


class ShortPauses:
    """The machine's clock for somebody who pauses for a twentieth of the time."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / FASTER)


class HastyCloud(LocalCloud):
    clock: Clock = ShortPauses()


def run(deployment: Deployment, *arguments: str) -> Result:
    result = CliRunner().invoke(make_app(deployment.environ, HastyCloud(deployment.secrets)), ["probe", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert TOKEN not in result.output
    assert "X-Goog-Signature" not in result.output
    return result


def documents(deployment: Deployment) -> BucketDocuments:
    settings = StateSettings.read(deployment.environ)
    return BucketDocuments(LocalCloud(deployment.secrets).storage(settings).bucket(settings.state_bucket))


def hide(deployment: Deployment) -> None:
    deployment.order("products", {"guid": GUID, "name": "Hrnek", "code": CODE, "visibility": "hidden"})


def shown(deployment: Deployment) -> list[object]:
    found = requests.get(f"{deployment.servers.sandbox}/_control/galleries", timeout=10).json()[GUID]["shop"]
    return list(found)


def test_a_probe_prints_what_it_found_notes_it_and_leaves_nothing_behind(ready: Deployment) -> None:
    hide(ready)
    result = run(ready, CODE)
    assert result.exit_code == 0, result.output
    for word in (
        "documented",
        "found here",
        "kept as they were sent",
        "not observable here",
        "what calls cost",
        "insertion",
    ):
        assert word in result.output
    known = documents(ready)
    facts = shop_facts.read(known)
    assert (facts.numbers, facts.patched) == ("kept", "kept")
    assert facts.originals["shop"].endswith("/user/shop/orig/")
    assert facts.probed_at > 0
    assert (shown(ready), known.read(PATH), list(known.list(PREFIX))) == ([], None, [])
    checked = ready.run("check")
    assert "✓ what this shop does: numbers are kept; probed on " in checked.output
    known.delete(shop_facts.PATH)
    assert "nobody knows yet; gallery-sync probe PRODUCT finds out more" in ready.run("check").output


def test_a_probe_for_a_bug_report_is_json(ready: Deployment) -> None:
    hide(ready)
    result = run(ready, GUID, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert {row["asks"]: row["found"] for row in report["found"]}["descriptions"] == "kept as they were sent"
    assert {cost["call"] for cost in report["costs"]} >= {"insertion", "attributes", "source update"}
    documents(ready).delete(shop_facts.PATH)


def test_what_stands_in_the_way_is_one_line(ready: Deployment) -> None:
    visible = run(ready, CODE)
    assert (visible.exit_code, shown(ready)) == (1, [])
    assert "customers see Kávový hrnek: hide it in the shop" in visible.stderr
    unknown = run(ready, "NO-SUCH")
    assert unknown.exit_code == 1
    assert "NO-SUCH" in unknown.stderr


def test_without_a_webhook_nothing_is_sent(deployment: Deployment) -> None:
    hide(deployment)
    result = run(deployment, GUID)
    assert result.exit_code == 1
    assert "gallery-sync webhook register" in result.stderr
    assert documents(deployment).read(PATH) is None

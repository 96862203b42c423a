import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import requests

from infra.local.sandbox.config import default_config, load_config
from tests.contract.sandbox.support import MUG, Api, error_codes, picture

REPOSITORY = Path(__file__).parents[3]


def test_calls_are_counted_by_operation_and_can_be_forgotten(api: Api) -> None:
    api.listing(MUG)
    api.listing(MUG)
    api.call("GET", "/api/products/code/UNKNOWN")
    counts = api.control("GET", "calls")
    assert counts["operations"] == {"webhooks.register": 1, "images.list": 2, "product.by_code": 1}
    assert counts["answers"]["images.list"] == {"200": 2}
    assert counts["answers"]["product.by_code"] == {"404": 1}
    kept = [(one["method"], one["target"], one["status"]) for one in api.control("GET", "requests")["requests"]]
    listed = ("GET", f"/api/products/{MUG}/images/shop", 200)
    assert kept == [("POST", "/api/webhooks", 201), listed, listed, ("GET", "/api/products/code/UNKNOWN", 404)]
    api.control("DELETE", "calls")
    counts = api.control("GET", "calls")
    assert (counts["operations"], counts["max_connections"]) == ({}, 0)
    assert api.control("GET", "requests")["requests"] == []


def test_a_person_can_add_change_and_delete_an_image(api: Api) -> None:
    content = base64.b64encode(picture("GIF")).decode()
    name = api.by_hand(MUG, description="by hand", content_base64=content)
    assert name.endswith(".gif")
    path = f"images/{MUG}/shop/{name}"
    before = api.listing(MUG)[0]["cdnName"]
    api.control("PATCH", path, {"priority": 99, "content_base64": base64.b64encode(picture(colour="red")).decode()})
    (image,) = api.listing(MUG)
    assert (image["priority"], image["description"], image["cdnName"] != before) == (99, "by hand", True)
    api.control("DELETE", path)
    assert api.listing(MUG) == []


def test_a_products_code_can_change_and_a_product_can_come_and_go(api: Api) -> None:
    name = api.by_hand(MUG)
    api.control("POST", "products", {"guid": MUG, "name": "Hrnek", "code": "new-1"})
    assert error_codes(api.call("GET", "/api/products/code/HRNEK-01")) == ["product-not-found"]
    assert api.call("GET", "/api/products/code/NEW-1").json()["data"]["guid"] == MUG
    assert api.names(MUG) == [name]
    api.control("DELETE", f"products/{MUG}")
    assert api.call("GET", f"/api/products/{MUG}/images/shop").status_code == 404
    api.control("POST", "products", {"guid": "new", "name": "New", "code": "N", "variants": [{"code": "n/1"}]})
    assert api.call("GET", "/api/products/code/N%2F1").json()["data"]["guid"] == "new"


@pytest.mark.parametrize(
    "changes", [{"result_format": "poem"}, {"no_such_setting": 1}, {"private_tokens": []}, {"job_seconds": 1}]
)
def test_a_setting_that_makes_no_sense_is_refused(api: Api, changes: dict[str, object]) -> None:
    answer = requests.post(f"{api.url}/_control/settings", json=changes, timeout=5)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_the_settings_show_no_tokens(api: Api) -> None:
    assert not {"private_tokens", "oauth_tokens"} & api.control("GET", "settings").keys()


def test_an_order_for_something_that_is_not_there_gives_404(api: Api) -> None:
    for path in (f"products/{MUG}x", f"images/{MUG}/shop/nothing.png"):
        assert requests.delete(f"{api.url}/_control/{path}", timeout=5).status_code == 404


def test_the_levers_cost_no_drops(api: Api) -> None:
    before = api.call("GET", f"/api/products/{MUG}/images/shop").headers["X-RateLimit-Bucket-Filling"]
    for _ in range(10):
        api.control("GET", "galleries")
    after = api.call("GET", f"/api/products/{MUG}/images/shop").headers["X-RateLimit-Bucket-Filling"]
    assert int(after.split("/")[0]) <= int(before.split("/")[0]) + 1


def test_a_configuration_can_be_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    file.write_bytes(msgspec.json.encode(default_config()))
    assert load_config(file) == default_config()


def test_a_wrong_configuration_names_its_field(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    file.write_text('{"job_seconds": "fast"}', encoding="utf-8")
    with pytest.raises(msgspec.ValidationError, match="job_seconds"):
        load_config(file)


def test_it_runs_as_a_process_that_says_its_address_and_ends_when_told(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    product = {"guid": "g", "name": "only", "code": "c"}
    file.write_text(json.dumps({"products": [product]}), encoding="utf-8")
    command = [sys.executable, "-m", "infra.local.sandbox", "--port", "0", "--config", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=dict(os.environ)) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["url"]
        galleries = requests.get(f"{address}/_control/galleries", timeout=5).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert galleries == {"g": {"shop": [], "shop360": []}}

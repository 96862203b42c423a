"""`gallery-sync webhook`: registering, moving and showing, and renewing the key without losing one."""

import queue

import pytest
import requests
from aiohttp import web

from gallery_sync.shoptet.webhook import verify
from infra.local.sandbox.config import DEFAULT_PRODUCTS
from infra.local.serving import served

from .support import KEY, TOKEN, Deployment

KEYS = "SHOPTET_WEBHOOK_KEYS"
OTHER = "http://127.0.0.1:8080/somebody?token=abc"


@pytest.fixture
def taken(deployment: Deployment) -> Deployment:
    """Another system owns the shop's job:finished."""
    deployment.environ["JOB_FINISHED_URL"] = OTHER
    assert deployment.run("webhook", "register").exit_code == 0
    deployment.environ["JOB_FINISHED_URL"] = deployment.servers.job_finished
    return deployment


def registered(deployment: Deployment) -> str:
    """Which address is marked as this deployment's, or every line."""
    return deployment.run("webhook", "show").output


def test_registering_is_seen_by_shoptet_and_stores_a_first_key(deployment: Deployment) -> None:
    result = deployment.run("webhook", "register")
    assert result.exit_code == 0, result.output
    assert f"{deployment.servers.job_finished}  (this deployment)" in registered(deployment)
    assert len(deployment.secrets.versions[KEYS]) == 1
    assert "," not in deployment.secrets.versions[KEYS][0]


def test_registering_again_does_nothing(deployment: Deployment) -> None:
    deployment.run("webhook", "register")
    before = list(deployment.secrets.versions[KEYS])
    again = deployment.run("webhook", "register")
    assert again.exit_code == 0
    assert "nothing to do" in again.output
    assert deployment.secrets.versions[KEYS] == before
    assert deployment.calls()["webhooks.register"] == 1
    assert deployment.calls()["webhooks.renew_key"] == 1


def test_another_systems_webhook_is_left_alone_and_named_without_its_query(taken: Deployment) -> None:
    result = taken.run("webhook", "register")
    assert result.exit_code == 1
    assert "http://127.0.0.1:8080/somebody?…" in result.output
    assert "token=abc" not in result.output
    assert "--move" in result.output
    assert "somebody" in registered(taken)
    assert taken.calls().get("webhooks.update", 0) == 0


def test_it_moves_where_that_is_asked_for(taken: Deployment) -> None:
    result = taken.run("webhook", "register", "--move")
    assert result.exit_code == 0, result.output
    assert "moved job:finished from http://127.0.0.1:8080/somebody?…" in result.output
    assert f"{taken.servers.job_finished}  (this deployment)" in registered(taken)


@pytest.mark.parametrize("arguments", [("register",), ("register", "--move"), ("rotate",)])
def test_a_dry_run_changes_nothing_at_shoptet_nor_in_the_secrets(arguments: tuple[str, ...], taken: Deployment) -> None:
    if arguments == ("register",):
        taken.environ["JOB_FINISHED_URL"] = OTHER
    before = {name: list(versions) for name, versions in taken.secrets.versions.items()}
    writes = {name: n for name, n in taken.calls().items() if name != "webhooks.list"}
    assert taken.run("webhook", *arguments, "--dry-run").exit_code == 0
    assert {name: n for name, n in taken.calls().items() if name != "webhooks.list"} == writes
    assert taken.secrets.versions == before


def test_a_dry_run_of_the_first_registration_says_both_steps(deployment: Deployment) -> None:
    result = deployment.run("webhook", "register", "--dry-run")
    assert result.exit_code == 0
    assert "would register job:finished" in result.output
    assert "would renew the key" in result.output
    assert set(deployment.calls()) == {"webhooks.list"}


def test_a_registration_whose_answer_was_lost_is_believed_by_the_list(deployment: Deployment) -> None:
    deployment.order("faults", {"operation": "webhooks.register", "kind": "reset_after"})
    result = deployment.run("webhook", "register")
    assert result.exit_code == 0, result.output
    assert "(this deployment)" in registered(deployment)


def test_a_registration_that_was_lost_before_it_happened_is_told(deployment: Deployment) -> None:
    deployment.order("faults", {"operation": "webhooks.register", "kind": "reset_before"})
    result = deployment.run("webhook", "register")
    assert result.exit_code == 1
    assert "it may have happened" in result.output
    assert "is not registered" in registered(deployment)


def test_rotating_stores_the_new_key_before_the_old_one(ready: Deployment) -> None:
    result = ready.run("webhook", "rotate")
    assert result.exit_code == 0, result.output
    new, old = ready.secrets.versions[KEYS][-1].split(",")
    assert old == KEY
    assert new != KEY


def test_what_shoptet_signs_after_a_rotation_fits_the_newest_key_that_was_stored(deployment: Deployment) -> None:
    deliveries: queue.Queue[tuple[bytes, str]] = queue.Queue()

    async def receive(request: web.Request) -> web.Response:
        deliveries.put((await request.read(), request.headers["Shoptet-Webhook-Signature"]))
        return web.Response()

    def receiver() -> web.Application:
        app = web.Application()
        app.router.add_post("/", receive)
        return app

    with served(receiver) as url:
        deployment.environ["JOB_FINISHED_URL"] = url
        deployment.run("webhook", "register")
        deployment.run("webhook", "rotate")
        headers = {"Shoptet-Private-API-Token": TOKEN, "Content-Type": "application/json"}
        images = {"data": {"images": [{"sourceUrl": "http://127.0.0.1:9/none.png"}]}}
        gallery = f"{deployment.servers.sandbox}/api/products/{DEFAULT_PRODUCTS[0].guid}/images/shop"
        requests.post(gallery, json=images, headers=headers, timeout=10).raise_for_status()
        raw, signature = deliveries.get(timeout=15)
    first, second = deployment.secrets.versions[KEYS]
    assert verify(raw, signature, [second.split(",")[0]])
    assert not verify(raw, signature, [first])


def test_rotating_says_what_makes_new_instances_read_it_and_by_when(ready: Deployment) -> None:
    output = ready.run("webhook", "rotate").output
    assert (
        "gcloud run services update gallery-sync-job-finished --project=shop-project --region=europe-west3 "
        "--update-env-vars=SECRETS_READ_AT=$(date +%s)"
    ) in output
    assert "within 15 minutes" in output
    assert "gallery-sync check" in output
    assert "gallery-sync webhook rotate --finish" in output


def test_the_key_before_last_is_let_go_with_the_next_rotation(ready: Deployment) -> None:
    for _ in range(3):
        ready.run("webhook", "rotate")
    first, second, third = (version.split(",") for version in ready.secrets.versions[KEYS][1:])
    assert second[1] == first[0]
    assert third[1] == second[0]
    assert {len(first), len(second), len(third)} == {2}


def test_without_the_right_to_store_it_no_key_is_renewed(ready: Deployment) -> None:
    ready.secrets.allowed = False
    renewed = ready.calls()["webhooks.renew_key"]
    result = ready.run("webhook", "rotate")
    assert result.exit_code == 1
    assert "Nothing was changed" in result.output
    assert ready.calls()["webhooks.renew_key"] == renewed


def test_a_renewed_key_that_could_not_be_stored_is_mended_by_running_it_again(ready: Deployment) -> None:
    ready.secrets.failing = True
    result = ready.run("webhook", "rotate")
    assert result.exit_code == 1
    assert "run it again at once" in result.output
    ready.secrets.failing = False
    assert ready.run("webhook", "rotate").exit_code == 0
    assert ready.secrets.versions[KEYS][-1].endswith(f",{KEY}")


def test_a_renewal_whose_answer_was_lost_is_told_and_mended_by_running_it_again(ready: Deployment) -> None:
    ready.order("faults", {"operation": "webhooks.renew_key", "kind": "reset_after"})
    result = ready.run("webhook", "rotate")
    assert result.exit_code == 1
    assert "run it again at once" in result.output
    assert ready.secrets.versions[KEYS] == [KEY]
    assert ready.run("webhook", "rotate").exit_code == 0


def test_a_token_without_access_changes_nothing(ready: Deployment) -> None:
    ready.environ["SHOPTET_PRIVATE_API_TOKEN"] = "an-old-one"
    result = ready.run("webhook", "rotate")
    assert result.exit_code == 1
    assert "check SHOPTET_PRIVATE_API_TOKEN" in result.output
    assert ready.secrets.versions[KEYS] == [KEY]


def test_finishing_keeps_the_newest_key_alone_and_renews_nothing(ready: Deployment) -> None:
    ready.run("webhook", "rotate")
    renewed = ready.calls()["webhooks.renew_key"]
    new = ready.secrets.versions[KEYS][-1].split(",")[0]
    assert ready.run("webhook", "rotate", "--finish").exit_code == 0
    assert ready.secrets.versions[KEYS][-1] == new
    assert ready.calls()["webhooks.renew_key"] == renewed


def test_finishing_again_does_nothing(ready: Deployment) -> None:
    result = ready.run("webhook", "rotate", "--finish")
    assert "nothing to do" in result.output
    assert ready.secrets.versions[KEYS] == [KEY]


def test_the_project_has_to_be_named(ready: Deployment) -> None:
    del ready.environ["GOOGLE_CLOUD_PROJECT"]
    result = ready.run("webhook", "rotate")
    assert result.exit_code == 1
    assert "--project" in result.output
    assert ready.run("webhook", "rotate", "--project", "other").exit_code == 0

"""`gallery-sync check`: a tick for everything that is as it should be, and a cross, with what to do, for what is not."""

import pytest
import requests

from infra.local.storage.client import local_client

from .support import DROP_BUCKET, KEY, OAUTH, READ_ONLY, STATE_BUCKET, TOKEN, Deployment, crosses


def test_a_deployment_that_is_as_it_should_be_gets_ticks_alone(ready: Deployment) -> None:
    result = ready.run("check")
    assert result.exit_code == 0, result.output
    assert crosses(result.output) == []
    assert result.output.count("✓ right to ") == 13
    for subject in ("token", "goes to", "newest key", "clocks", "drop bucket", "preconditions", "signed URLs", "queue"):
        assert subject in result.output


def test_nothing_of_the_check_stays_behind(ready: Deployment) -> None:
    before = requests.get(f"{ready.servers.sandbox}/_control/galleries", timeout=10).json()
    ready.run("check")
    client = local_client(ready.servers.storage)
    assert [blob.name for bucket in (STATE_BUCKET, DROP_BUCKET) for blob in client.list_blobs(bucket)] == []
    assert requests.get(f"{ready.servers.sandbox}/_control/galleries", timeout=10).json() == before
    assert requests.get(f"{ready.servers.sandbox}/_control/jobs", timeout=10).json()["jobs"] == []


def test_a_dry_run_writes_nothing_even_for_a_moment(ready: Deployment) -> None:
    requests.delete(f"{ready.servers.storage}/_control/calls", timeout=10).raise_for_status()
    requests.delete(f"{ready.servers.sandbox}/_control/calls", timeout=10).raise_for_status()
    result = ready.run("check", "--dry-run")
    assert result.exit_code == 0, result.output
    assert set(requests.get(f"{ready.servers.storage}/_control/calls", timeout=10).json()) <= {
        "buckets.get",
        "objects.list",
        "objects.download",
        "xml.get",
    }
    called = requests.get(f"{ready.servers.sandbox}/_control/calls", timeout=10).json()["operations"]
    assert set(called) <= {
        "webhooks.list",
        "images.list",
        "product.by_code",
        "product.detail",
        "eshop.info",
        "jobs.list",
        "jobs.detail",
    }


def test_the_token_and_the_keys_come_from_secret_manager_where_the_environment_has_none(ready: Deployment) -> None:
    del ready.environ["SHOPTET_PRIVATE_API_TOKEN"]
    ready.secrets.versions["SHOPTET_PRIVATE_API_TOKEN"] = [TOKEN]
    result = ready.run("check")
    assert result.exit_code == 0, result.output


def test_an_add_on_is_checked_by_its_oauth_token(ready: Deployment) -> None:
    del ready.environ["SHOPTET_PRIVATE_API_TOKEN"]
    ready.environ["SHOPTET_ESHOP_URL"] = ready.servers.sandbox
    ready.secrets.versions["SHOPTET_OAUTH_TOKEN"] = [OAUTH]
    result = ready.run("check")
    assert result.exit_code == 0, result.output
    local_client(ready.servers.storage).bucket(STATE_BUCKET).blob("token.json").delete()


@pytest.mark.parametrize("setting", ["STATE_BUCKET", "SYNC_QUEUE", "JOB_FINISHED_URL", "SHOPTET_PRIVATE_API_TOKEN"])
def test_a_missing_setting_is_named(setting: str, ready: Deployment) -> None:
    del ready.environ[setting]
    result = ready.run("check")
    assert result.exit_code == 1
    assert f"the setting {setting} is missing" in result.output


def test_a_token_that_does_not_count_is_one_cross_and_no_more_is_asked(ready: Deployment) -> None:
    ready.environ["SHOPTET_PRIVATE_API_TOKEN"] = "an-old-one"
    result = ready.run("check")
    assert result.exit_code == 1
    assert crosses(result.output)[:2] == ["Shoptet's token", "webhook job:finished"]
    assert "right to" not in result.output
    assert "check SHOPTET_PRIVATE_API_TOKEN" in result.output


def test_each_missing_right_is_named(ready: Deployment) -> None:
    ready.environ["SHOPTET_PRIVATE_API_TOKEN"] = READ_ONLY
    result = ready.run("check")
    assert result.exit_code == 1
    assert crosses(result.output) == [
        "right to GET /api/eshop",
        "right to POST /api/products/{guid}/images/{gallery}",
        "right to PATCH /api/products/{guid}/images/{gallery}/source",
        "right to PATCH /api/products/{guid}/images/{gallery}",
        "right to PATCH /api/products/{guid}",
        "right to DELETE /api/products/{guid}/images/{gallery}/{imageName}",
        "right to DELETE /api/products/{guid}/images/{gallery}",
    ]
    assert result.output.count("grant this token") == 7


def test_without_the_webhook_the_calls_that_need_it_and_the_webhook_are_crosses(deployment: Deployment) -> None:
    deployment.secrets.versions["SHOPTET_WEBHOOK_KEYS"] = [KEY]
    result = deployment.run("check")
    assert result.exit_code == 1
    assert crosses(result.output) == [
        "right to POST /api/products/{guid}/images/{gallery}",
        "right to PATCH /api/products/{guid}/images/{gallery}/source",
        "webhook job:finished",
    ]
    assert result.output.count("gallery-sync webhook register") == 3


def test_a_webhook_that_goes_elsewhere_is_a_cross(ready: Deployment) -> None:
    ready.environ["JOB_FINISHED_URL"] = ready.servers.job_finished + "/v2"
    result = ready.run("check")
    assert crosses(result.output) == ["webhook job:finished"]
    assert f"goes to {ready.servers.job_finished}, not to this deployment" in result.output


def test_a_function_that_is_not_there_is_a_cross(ready: Deployment) -> None:
    ready.environ["JOB_FINISHED_URL"] = "http://127.0.0.1:9/"
    assert "job_finished refuses what is not signed" in crosses(ready.run("check").output)


def test_something_else_at_the_address_is_a_cross(ready: Deployment) -> None:
    ready.environ["JOB_FINISHED_URL"] = ready.servers.storage
    result = ready.run("check")
    assert "job_finished refuses what is not signed" in crosses(result.output)


def test_instances_that_do_not_know_the_newest_key_are_a_cross_with_the_way_out(ready: Deployment) -> None:
    ready.secrets.versions["SHOPTET_WEBHOOK_KEYS"].append(f"a-newer-key,{KEY}")
    result = ready.run("check")
    assert crosses(result.output) == ["job_finished knows the newest key"]
    assert "gets 401" in result.output


def test_no_key_at_all_is_a_cross(ready: Deployment) -> None:
    ready.secrets.versions["SHOPTET_WEBHOOK_KEYS"] = []
    result = ready.run("check")
    assert crosses(result.output) == ["job_finished knows the newest key"]
    assert "gallery-sync webhook rotate" in result.output


@pytest.mark.parametrize(
    ("setting", "what"), [("DROP_BUCKET", "drop bucket none"), ("STATE_BUCKET", "state bucket none")]
)
def test_a_missing_bucket_is_a_cross(setting: str, what: str, ready: Deployment) -> None:
    ready.environ[setting] = "none"
    result = ready.run("check")
    assert crosses(result.output) == [what]
    assert f"terraform apply makes it; check {setting}" in result.output


def test_a_signature_that_nobody_gives_is_a_cross_and_the_probe_is_removed_all_the_same(ready: Deployment) -> None:
    fault = {"kind": "signBlob", "status": 403, "times": 9}
    requests.post(f"{ready.servers.storage}/_control/faults", json=fault, timeout=10).raise_for_status()
    result = ready.run("check")
    assert crosses(result.output) == ["signed URLs can be downloaded"]
    assert "SIGNING_SERVICE_ACCOUNT" in result.output
    assert list(local_client(ready.servers.storage).list_blobs(STATE_BUCKET)) == []


def test_a_signed_url_that_is_refused_is_a_cross_that_does_not_show_it(ready: Deployment) -> None:
    fault = {"kind": "xml.get", "path": "/check/", "status": 403}
    requests.post(f"{ready.servers.storage}/_control/faults", json=fault, timeout=10).raise_for_status()
    result = ready.run("check")
    assert crosses(result.output) == ["signed URLs can be downloaded"]
    assert "X-Goog-Signature" not in result.output


def test_a_missing_queue_is_a_cross(ready: Deployment) -> None:
    ready.environ["POLL_QUEUE"] += "-none"
    result = ready.run("check")
    assert crosses(result.output) == ["queue poll-none"]
    assert "terraform apply makes it; check POLL_QUEUE" in result.output


def test_a_queue_that_takes_more_at_a_time_than_its_share_is_a_cross(ready: Deployment) -> None:
    ready.environ["POLL_QUEUE"] = ready.environ["SYNC_QUEUE"]
    assert crosses(ready.run("check").output) == ["queue sync keeps to 1 at a time"]


def test_a_shop_that_does_not_answer_is_told_and_the_rest_is_checked(ready: Deployment) -> None:
    ready.environ["SHOPTET_API_URL"] = "http://127.0.0.1:9"
    result = ready.run("check")
    assert crosses(result.output) == [
        "Shoptet answers",
        "webhook job:finished",
        "clocks of Shoptet and Cloud Storage",
    ]
    assert "✓ queue poll: runs" in result.output

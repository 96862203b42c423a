"""`gallery-sync secret set`: a value from standard input becomes a version, once, and is never shown."""

import pytest

from infra.cli.settings import SECRETS

from .support import Deployment

NAME = "SHOPTET_PRIVATE_API_TOKEN"


def test_a_value_becomes_the_newest_version(deployment: Deployment) -> None:
    result = deployment.run("secret", "set", NAME, given="a-new-token\n")
    assert result.exit_code == 0, result.output
    assert deployment.secrets.versions[NAME] == ["a-new-token"]
    assert "version 1 of gallery-sync-shoptet-private-api-token is stored" in result.output


def test_the_same_value_again_adds_nothing(deployment: Deployment) -> None:
    deployment.run("secret", "set", NAME, given="a-new-token")
    result = deployment.run("secret", "set", NAME, given="  a-new-token\n")
    assert result.exit_code == 0
    assert "nothing to do" in result.output
    assert deployment.secrets.versions[NAME] == ["a-new-token"]


def test_another_value_says_which_functions_have_to_read_it(deployment: Deployment) -> None:
    deployment.run("secret", "set", NAME, given="first")
    result = deployment.run("secret", "set", NAME, given="second-token")
    assert deployment.secrets.versions[NAME] == ["first", "second-token"]
    assert "gcloud run services update gallery-sync-sync-gallery " in result.output
    assert "gcloud run services update gallery-sync-poll-jobs " in result.output
    assert "gallery-sync-job-finished" not in result.output


def test_a_dry_run_adds_nothing(deployment: Deployment) -> None:
    result = deployment.run("secret", "set", NAME, "--dry-run", given="a-new-token")
    assert result.exit_code == 0
    assert "would add a version" in result.output
    assert deployment.secrets.versions[NAME] == []


@pytest.mark.parametrize("given", ["", " \n", "two\nlines", "a\x00b", "a\tb"])
def test_a_value_that_cannot_be_meant_is_refused(given: str, deployment: Deployment) -> None:
    result = deployment.run("secret", "set", NAME, given=given)
    assert result.exit_code == 1
    assert deployment.secrets.versions[NAME] == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("API_KEYS", "pim:read:not-a-hash"),
        ("API_KEYS", "PLAINKEY"),
        ("WEBHOOK_SECRETS", "not-a-secret-of-the-standard"),
        ("WEBHOOK_SECRETS", "PLAINKEY:write:erp"),
        (NAME, "a token of words"),
        ("SHOPTET_OAUTH_TOKEN", "tökén"),
        ("SHOPTET_WEBHOOK_KEYS", ", ,"),
    ],
)
def test_a_value_with_which_no_function_would_start_is_refused_without_showing_it(
    name: str, given: str, deployment: Deployment
) -> None:
    result = deployment.run("secret", "set", name, given=given)
    assert result.exit_code == 1
    assert "no function would start with it" in result.output
    assert given not in result.output
    assert deployment.secrets.versions[name] == []


def test_keys_of_callers_are_stored_as_the_functions_read_them(deployment: Deployment) -> None:
    given = f"pim:read+write:{'0' * 64},shop:read:{'1' * 64}"
    result = deployment.run("secret", "set", "API_KEYS", given=given)
    assert result.exit_code == 0, result.output
    assert deployment.secrets.versions["API_KEYS"] == [given]


def test_an_unknown_name_is_refused_with_those_that_there_are(deployment: Deployment) -> None:
    result = deployment.run("secret", "set", "DROP_BUCKET", given="value")
    assert result.exit_code == 2
    assert all(name in result.output for name in ("SHOPTET_WEBHOOK_KEYS", NAME))


def test_a_value_on_the_command_line_is_refused(deployment: Deployment) -> None:
    assert deployment.run("secret", "set", NAME, "value", given="value").exit_code == 2
    assert deployment.secrets.versions[NAME] == []


def test_a_secret_that_terraform_did_not_make_is_told(deployment: Deployment) -> None:
    del deployment.secrets.versions[NAME]
    result = deployment.run("secret", "set", NAME, given="value")
    assert result.exit_code == 1
    assert "there is no secret" in result.output


def test_every_secret_of_the_functions_can_be_set() -> None:
    assert {"SHOPTET_PRIVATE_API_TOKEN", "SHOPTET_OAUTH_TOKEN", "SHOPTET_WEBHOOK_KEYS"} <= SECRETS

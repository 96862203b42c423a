"""The commands' way to Secret Manager, with Google's own client, against a stand-in for the four calls that they make."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.cloud import secretmanager
from google.iam.v1 import iam_policy_pb2  # type: ignore[import-untyped]

from infra.cli.secrets import GoogleSecrets, NoSecret, SecretsError, secrets_client

NAME = "SHOPTET_WEBHOOK_KEYS"
SECRET = "projects/shop-project/secrets/main-shop-shoptet-webhook-keys"
GRANTED = ["secretmanager.versions.add", "secretmanager.versions.access"]


class Refused(Exception):
    """Ends a call with this status."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__(code)
        self.code = code


class SecretManager:
    """One secret with its versions; None: destroyed. `failing` statuses end the next calls."""

    def __init__(self) -> None:
        self.versions: list[bytes | None] = []
        self.exists = True
        self.granted = list(GRANTED)
        self.failing: list[grpc.StatusCode] = []

    def access(self, request: secretmanager.AccessSecretVersionRequest) -> secretmanager.AccessSecretVersionResponse:
        self._check(request.name.removesuffix("/versions/latest"))
        if not self.versions:
            raise Refused(grpc.StatusCode.NOT_FOUND)
        newest = self.versions[-1]
        if newest is None:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION)
        name = f"{SECRET}/versions/{len(self.versions)}"
        return secretmanager.AccessSecretVersionResponse(name=name, payload={"data": newest})

    def get(self, request: secretmanager.GetSecretRequest) -> secretmanager.Secret:
        self._check(request.name)
        return secretmanager.Secret(name=request.name)

    def add(self, request: secretmanager.AddSecretVersionRequest) -> secretmanager.SecretVersion:
        self._check(request.parent)
        self.versions.append(request.payload.data)
        return secretmanager.SecretVersion(name=f"{SECRET}/versions/{len(self.versions)}")

    def test(self, request: Any) -> Any:
        self._check(request.resource)
        granted = [permission for permission in request.permissions if permission in self.granted]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=granted)

    def _check(self, secret: str) -> None:
        if self.failing:
            raise Refused(self.failing.pop(0))
        if secret != SECRET or not self.exists:
            raise Refused(grpc.StatusCode.NOT_FOUND)


def handler(call: Callable[[Any], Any], read: Callable[[bytes], Any], write: Callable[[Any], bytes]) -> Any:
    def handle(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request)
        except Refused as refused:
            return context.abort(refused.code, "refused")

    return grpc.unary_unary_rpc_method_handler(handle, request_deserializer=read, response_serializer=write)


@pytest.fixture
def manager() -> SecretManager:
    return SecretManager()


@pytest.fixture
def secrets(manager: SecretManager) -> Iterator[GoogleSecrets]:
    calls = {
        "AccessSecretVersion": handler(
            manager.access,
            secretmanager.AccessSecretVersionRequest.deserialize,
            secretmanager.AccessSecretVersionResponse.serialize,
        ),
        "GetSecret": handler(manager.get, secretmanager.GetSecretRequest.deserialize, secretmanager.Secret.serialize),
        "AddSecretVersion": handler(
            manager.add, secretmanager.AddSecretVersionRequest.deserialize, secretmanager.SecretVersion.serialize
        ),
        "TestIamPermissions": handler(
            manager.test,
            iam_policy_pb2.TestIamPermissionsRequest.FromString,
            lambda answer: bytes(answer.SerializeToString()),
        ),
    }
    server = grpc.server(ThreadPoolExecutor(2))
    service = "google.cloud.secretmanager.v1.SecretManagerService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, calls),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield GoogleSecrets(secrets_client(f"127.0.0.1:{port}"), "shop-project", "main-shop")
    server.stop(0).wait(5)


def test_a_secret_is_named_after_its_setting_as_terraform_names_it(secrets: GoogleSecrets) -> None:
    assert secrets.named(NAME) == "main-shop-shoptet-webhook-keys"


def test_what_was_added_is_the_newest(secrets: GoogleSecrets) -> None:
    assert secrets.add(NAME, "one") == "1"
    assert secrets.add(NAME, "two,one") == "2"
    newest = secrets.latest(NAME)
    assert newest is not None
    assert (newest.number, newest.value) == ("2", "two,one")
    assert "two" not in repr(newest)


def test_a_secret_without_a_version_has_none(secrets: GoogleSecrets) -> None:
    assert secrets.latest(NAME) is None


def test_a_newest_version_that_is_destroyed_counts_as_none(manager: SecretManager, secrets: GoogleSecrets) -> None:
    manager.versions = [b"one", None]
    assert secrets.latest(NAME) is None


def test_a_secret_that_is_not_there_is_another_thing(manager: SecretManager, secrets: GoogleSecrets) -> None:
    manager.exists = False
    for call in (lambda: secrets.latest(NAME), lambda: secrets.add(NAME, "x"), lambda: secrets.may_replace(NAME)):
        with pytest.raises(NoSecret, match="main-shop-shoptet-webhook-keys in project shop-project"):
            call()


@pytest.mark.parametrize("missing", GRANTED)
def test_both_rights_are_needed_to_replace_it(missing: str, manager: SecretManager, secrets: GoogleSecrets) -> None:
    assert secrets.may_replace(NAME)
    manager.granted.remove(missing)
    assert not secrets.may_replace(NAME)


def test_a_refusal_says_which_roles_are_needed(manager: SecretManager, secrets: GoogleSecrets) -> None:
    manager.failing = [grpc.StatusCode.PERMISSION_DENIED]
    with pytest.raises(SecretsError, match="Secret Version Adder"):
        secrets.add(NAME, "one")


def test_what_passes_is_waited_for(manager: SecretManager, secrets: GoogleSecrets) -> None:
    manager.failing = [grpc.StatusCode.UNAVAILABLE]
    assert secrets.add(NAME, "one") == "1"


def test_a_version_that_is_no_text_is_told(manager: SecretManager, secrets: GoogleSecrets) -> None:
    manager.versions = [b"\xff\xfe"]
    with pytest.raises(SecretsError, match="is no text"):
        secrets.latest(NAME)

"""A deployment in small: the sandbox, storage and tasks of the local cloud, `job_finished` itself, and secrets in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import requests
from typer.testing import CliRunner, Result

from infra.cli.app import make_app
from infra.cli.connect import GoogleCloud
from infra.cli.secrets import NoSecret, Secrets, SecretsError, Version
from infra.cli.settings import SECRETS, Place

TOKEN = "the-private-token"
READ_ONLY = "the-token-that-may-only-read"
OAUTH = "the-oauth-token"
KEY = "the-key-of-the-running-instances"
PROJECT = "shop-project"
STATE_BUCKET, DROP_BUCKET = "state", "drops"
QUEUES = "projects/local/locations/local/queues"


class MemorySecrets:
    """`Secrets` without Secret Manager: every version by secret, oldest first. May refuse, as IAM or an outage would."""

    def __init__(self) -> None:
        self.versions: dict[str, list[str]] = {name: [] for name in SECRETS}
        self.allowed = True
        self.failing = False

    def named(self, name: str) -> str:
        return f"gallery-sync-{name.lower().replace('_', '-')}"

    def latest(self, name: str) -> Version | None:
        if name not in self.versions:
            raise NoSecret(f"there is no secret {self.named(name)}")
        versions = self.versions[name]
        return Version(str(len(versions)), versions[-1]) if versions else None

    def add(self, name: str, value: str) -> str:
        if self.failing:
            raise SecretsError(f"Secret Manager did not answer for {self.named(name)}")
        self.versions[name].append(value)
        return str(len(self.versions[name]))

    def may_replace(self, name: str) -> bool:
        return self.allowed


class LocalCloud(GoogleCloud):
    """The commands' own clients, which the settings point at the local servers; and the secrets in memory."""

    def __init__(self, secrets: MemorySecrets) -> None:
        self._secrets = secrets

    def secrets(self, place: Place) -> Secrets | None:
        return self._secrets if place.project is not None else None


@dataclass(frozen=True)
class Servers:
    """Where the servers are."""

    sandbox: str
    storage: str
    tasks: str
    job_finished: str


@dataclass
class Deployment:
    """What a test works with; `environ` is the environment of the commands, complete, to be changed at will."""

    servers: Servers
    environ: dict[str, str]
    secrets: MemorySecrets = field(default_factory=MemorySecrets)

    def run(self, *arguments: str, given: str | None = None) -> Result:
        """Run a command with `given` on its standard input; an exception that no command expects ends the test."""
        app = make_app(self.environ, LocalCloud(self.secrets))
        result = CliRunner().invoke(app, arguments, input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        for secret in (TOKEN, READ_ONLY, OAUTH, KEY, *(v for vs in self.secrets.versions.values() for v in vs)):
            assert secret not in result.output, "a secret was printed"
        return result

    def order(self, path: str, order: Mapping[str, object]) -> None:
        """Order something of the sandbox."""
        requests.post(f"{self.servers.sandbox}/_control/{path}", json=order, timeout=10).raise_for_status()

    def calls(self) -> Mapping[str, int]:
        """The sandbox's calls by operation, those of webhooks alone."""
        answer = requests.get(f"{self.servers.sandbox}/_control/calls", timeout=10).json()
        counted: Mapping[str, int] = answer["operations"]
        return {name: count for name, count in counted.items() if name.startswith("webhooks.")}


def environ_of(servers: Servers) -> dict[str, str]:
    """The environment of a deployment that is as it should be."""
    return {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "GOOGLE_CLOUD_REGION": "europe-west3",
        "SHOPTET_API_URL": servers.sandbox,
        "SHOPTET_PRIVATE_API_TOKEN": TOKEN,
        "STORAGE_EMULATOR_HOST": servers.storage,
        "CLOUD_TASKS_EMULATOR_HOST": servers.tasks,
        "STATE_BUCKET": STATE_BUCKET,
        "DROP_BUCKET": DROP_BUCKET,
        "SYNC_QUEUE": f"{QUEUES}/sync",
        "POLL_QUEUE": f"{QUEUES}/poll",
        "JOB_FINISHED_URL": servers.job_finished,
    }


def crosses(output: str) -> Sequence[str]:
    """What the crosses of a check are about."""
    return [line.removeprefix("✗ ").partition(": ")[0] for line in output.splitlines() if line.startswith("✗")]

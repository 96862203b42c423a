"""What the platform sets around a function: where it listens, what it is called, how many requests it gets, and for how long.

A deployed function is as many instances as it takes, behind one address. Here it is one server, whose worker processes stand
for the instances: none of them knows of another, and each gets the next request only when it is free for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["DEPLOYED", "Deployed", "environment"]


@dataclass(frozen=True, slots=True)
class Deployed:
    """How a function is deployed: seconds for a request, requests an instance has at a time, instances at most."""

    timeout: int
    concurrency: int
    instances: int

    @property
    def workers(self) -> int:
        """How many instances run here. One that takes several requests at a time is enough for all that come."""
        return self.instances if self.concurrency == 1 else 1


DEPLOYED: Final[Mapping[str, Deployed]] = {
    "on_drop": Deployed(60, 8, 5),
    "sync_gallery": Deployed(180, 1, 2),
    "poll_jobs": Deployed(180, 1, 1),
    "read_catalogue": Deployed(180, 1, 1),
    "fetch_images": Deployed(180, 1, 1),
    "prepare_picture": Deployed(180, 1, 4),
    "place_names": Deployed(180, 1, 1),
    "job_finished": Deployed(30, 8, 3),
    "webhooks": Deployed(60, 8, 3),
    "galleries": Deployed(180, 8, 1),
    "clean_gallery": Deployed(180, 8, 1),
    "sweep": Deployed(180, 1, 1),
    "status_link": Deployed(60, 8, 3),
}
"""By function, as terraform/shop/locals.tf has it (tests/integration/functions/test_runtime.py compares them)."""


def environment(name: str, port: int | str) -> dict[str, str]:
    """Give what the platform sets for a function, beside its settings."""
    deployed, service = DEPLOYED[name], name.replace("_", "-")
    return {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FUNCTION_SOURCE": f"{name}.py",
        "FUNCTION_TARGET": name,
        "FUNCTION_SIGNATURE_TYPE": "cloudevent" if name == "on_drop" else "http",
        "K_SERVICE": service,
        "K_REVISION": f"{service}-00001-abc",
        # Each line that is written during a request gets the request's id.
        "LOG_EXECUTION_ID": "true",
        # The server ends a process that has outlived it, where that process has one request at a time.
        "CLOUD_RUN_TIMEOUT_SECONDS": str(deployed.timeout),
        "THREADS": str(deployed.concurrency),
        "WORKERS": str(deployed.workers),
        "GOOGLE_CLOUD_PROJECT": "local",
    }

"""schemathesis in this process: what openapi.yaml allows and what it forbids is sent to a server, and each answer is judged."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import requests
import schemathesis
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from standardwebhooks import Webhook

from infra.local.cloud import WEBHOOK_SECRET
from tests.e2e.http.described import PATH

EVENTS = "/v1/events"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
PHASES = ("examples", "coverage", "fuzzing", "stateful")
"""The description's own examples; each keyword of it, kept and broken; what Hypothesis draws; chains of calls."""


def findings(
    url: str, key: str, tags: Sequence[str], *, phases: Sequence[str], examples: int, product: str | None = None
) -> list[str]:
    """Everything but success: failures with how to repeat them, and errors of schemathesis's own.

    `examples` are those that are drawn for each route; `product` is named in each path, else one is drawn.
    """
    config = SchemathesisConfig.from_dict(
        {
            "base-url": url,
            "headers": {"Authorization": f"Bearer {key}"},
            "warnings": False,
            "generation": {"max-examples": examples},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
            "parameters": {"path.product": product} if product else {},
        }
    )
    described = schemathesis.openapi.from_path(PATH, config=config)
    return list(_findings(from_schema(described.include(tag=list(tags))).execute()))


def _findings(stream: Iterator[events.EngineEvent]) -> Iterator[str]:
    for event in stream:
        if isinstance(event, events.ScenarioFinished) and event.status not in (Status.SUCCESS, Status.SKIP):
            failures = [check.failure_info for checks in event.recorder.checks.values() for check in checks]
            yield f"{event.recorder.label}: {event.status}"
            yield from (f"{info.failure}\n{info.code_sample}" for info in failures if info is not None)
        if isinstance(event, events.NonFatalError):
            yield repr(event.value)
        if isinstance(event, events.FatalError):
            yield repr(event.exception)


class _Sign(requests.auth.AuthBase):
    """Signs a request once its body is what will be sent."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put timestamp and signature over those that were generated."""
        body = request.body or b""
        raw = body if isinstance(body, str) else body.decode(errors="replace")
        moment = datetime.datetime.now(datetime.UTC)
        name = request.headers["webhook-id"]
        name = name if isinstance(name, str) else name.decode("latin-1")
        request.headers["webhook-timestamp"] = str(int(moment.timestamp()))
        request.headers["webhook-signature"] = Webhook(WEBHOOK_SECRET).sign(name, moment, raw)
        return request


@schemathesis.hook
def before_call(_context: HookContext, case: "Case[Any]", kwargs: dict[str, Any]) -> None:
    """Sign an event, except where its headers are wrong on purpose."""
    wrong = case.meta is not None and any(
        "header" in str(location).lower() and part.mode == GenerationMode.NEGATIVE
        for location, part in case.meta.components.items()
    )
    if case.path == EVENTS and not wrong and all(name in (case.headers or {}) for name in HEADERS):
        kwargs["auth"] = _Sign()

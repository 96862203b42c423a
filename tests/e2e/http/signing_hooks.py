"""Hooks for schemathesis: it signs what it sends as events, except where it makes headers wrong on purpose."""

import datetime
import os
from typing import Any

import requests
import schemathesis
from schemathesis import Case, GenerationMode, HookContext
from standardwebhooks import Webhook

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Sign(requests.auth.AuthBase):
    """Signs a request once its body is what will be sent."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put timestamp and signature over those that were generated."""
        body = request.body or b""
        raw = body if isinstance(body, str) else body.decode(errors="replace")
        moment = datetime.datetime.now(datetime.UTC)
        name = request.headers["webhook-id"]
        name = name if isinstance(name, str) else name.decode("latin-1")
        request.headers["webhook-timestamp"] = str(int(moment.timestamp()))
        request.headers["webhook-signature"] = Webhook(os.environ["WEBHOOK_SECRET"]).sign(name, moment, raw)
        return request


@schemathesis.hook
def before_call(_context: HookContext, case: "Case[Any]", kwargs: dict[str, Any]) -> None:
    """Sign an event whose headers are as described."""
    wrong = case.meta is not None and any(
        "header" in str(location).lower() and part.mode == GenerationMode.NEGATIVE
        for location, part in case.meta.components.items()
    )
    if case.path == "/v1/events" and not wrong and all(name in (case.headers or {}) for name in HEADERS):
        kwargs["auth"] = Sign()

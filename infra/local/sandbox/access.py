"""Who may call: private tokens, and the 30-minute tokens of add-ons."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from infra.local.sandbox.answers import Json, refuse
from infra.local.sandbox.config import SandboxConfig


@dataclass(frozen=True)
class _AccessToken:
    rights: tuple[str, ...]
    ends: float


class Access:
    """The tokens of the shop."""

    def __init__(self, config: SandboxConfig) -> None:
        self._private = {token.value: token for token in config.private_tokens}
        self._oauth = {token.value: token for token in config.oauth_tokens}
        self._eshop_id = config.eshop_id
        self._issued: dict[str, _AccessToken] = {}

    def issue(self, authorization: str, now: float, config: SandboxConfig) -> Json:
        """A new access token for an OAuth token, `{access_token, expires_in}` (seconds).

        Raises:
            Refusal: 401 for an unknown OAuth token; 403 while five access tokens are valid. (Shoptet says "at most
                five"; whether it refuses a sixth or ends the oldest is not known, and refusing is the harder case.)
        """
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "bearer" or value not in self._oauth:
            raise refuse(401, "invalid-token", "The OAuth access token is not valid.")
        if sum(token.ends > now for token in self._issued.values()) >= config.access_tokens_at_once:
            raise refuse(403, "too-many-tokens", "There are too many valid access tokens.")
        token = f"{self._eshop_id}-a-{secrets.token_hex(16)}"
        self._issued[token] = _AccessToken(self._oauth[value].rights, now + config.access_token_seconds)
        return {"access_token": token, "expires_in": int(config.access_token_seconds)}

    def rights(self, headers: Mapping[str, str], now: float) -> tuple[str, ...]:
        """The rights of whoever calls; raises `Refusal` (401) for a token that is missing, unknown or expired."""
        private, issued = headers.get("Shoptet-Private-API-Token"), headers.get("Shoptet-Access-Token")
        if private is None and issued is None:
            raise refuse(401, "missing-token", "There is no access token in the request.")
        if private is not None and (known := self._private.get(private)):
            return known.rights
        if issued is None or issued not in self._issued:
            raise refuse(401, "invalid-token", "The access token is not valid.")
        if self._issued[issued].ends <= now:
            raise refuse(401, "expired-token", "The access token has expired.")
        return self._issued[issued].rights

    def revoke_all(self) -> None:
        """Make every issued access token unknown, as when the add-on is installed anew."""
        self._issued.clear()


def presented(headers: Mapping[str, str]) -> str:
    """The token that a request carries, valid or not: limits count by it."""
    return headers.get("Shoptet-Private-API-Token") or headers.get("Shoptet-Access-Token") or ""


def refuse_without_right(rights: tuple[str, ...], operation: str) -> None:
    """Raises `Refusal` (403) if no pattern of the rights covers the operation."""
    if not any(fnmatchcase(operation, right) for right in rights):
        raise refuse(403, "invalid-token-no-rights", "The token has no rights to this endpoint.", operation)

"""Where this package sends to: addresses that may see a token, and addresses whose files it will read."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

__all__ = ["ResultHosts", "is_loopback", "secure_base", "trusted_result"]

LOOPBACK = ("127.0.0.1", "::1", "localhost")

SHOPTET_DOMAINS = ("myshoptet.com", "shoptet.com", "shoptet.cz", "shoptet.sk")
"""Shoptet's own. Its examples of a `resultUrl` show the shop's own host, and `12345.myshoptet.com`."""

_PLAIN = re.compile(r"[\x21-\x7e]+")


def secure_base(url: str, what: str) -> str:
    """The URL without a trailing slash. Tokens go there: ValueError unless it is https, or http to loopback."""
    parts = _split(url)
    if parts is None or parts.query or parts.fragment or not (parts.scheme == "https" or _local(parts)):
        raise ValueError(f"{what} must be an https address without login, query and fragment")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the URL is plain http to this machine: the local cloud."""
    parts = _split(url)
    return parts is not None and _local(parts)


@dataclass(frozen=True, slots=True)
class ResultHosts:
    """Where results may be downloaded from: see `trusted_result`."""

    local: bool
    shop_host: str | None

    @classmethod
    def of(cls, api_url: str, shop_url: str | None) -> "ResultHosts":
        """Give those of an API at this base URL, for a shop at this address, where that is known."""
        return cls(is_loopback(api_url), urlsplit(shop_url).hostname if shop_url else None)

    def trust(self, url: str) -> bool:
        """Whether a result may be downloaded from there."""
        return trusted_result(url, shop_host=self.shop_host, local=self.local)


def trusted_result(url: str, *, shop_host: str | None, local: bool) -> bool:
    """Whether a job's result may be downloaded from there.

    Only over https from a host under one of Shoptet's domains, or exactly the shop's own; `local` allows plain http to
    loopback instead, which is for a local cloud whose API is there too.
    """
    parts = _split(url)
    if parts is None:
        return False
    if local:
        return _local(parts)
    host = parts.hostname or ""
    if parts.scheme != "https" or parts.port not in (None, 443) or _is_ip(host):
        return False
    return host == (shop_host or "").lower() or any(
        host == domain or host.endswith(f".{domain}") for domain in SHOPTET_DOMAINS
    )


def _split(url: str) -> SplitResult | None:
    """The URL's parts; None where it has no host, carries a login, or is written so that two readers may disagree."""
    if not _PLAIN.fullmatch(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        valid = parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if valid else None


def _local(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

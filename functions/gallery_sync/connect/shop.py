"""The client of Shoptet."""

import requests

from gallery_sync.clock import Clock
from gallery_sync.connect.settings import ShopSettings
from gallery_sync.ports.storage import Documents
from gallery_sync.shoptet.auth import AddonToken, PrivateToken, Tokens
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Gate, Http
from gallery_sync.shoptet.results import Results
from gallery_sync.state.shared_token import StoredToken

__all__ = ["shop_client"]


def shop_client(
    settings: ShopSettings,
    documents: Documents,
    clock: Clock,
    gate: Gate | None = None,
    session: requests.Session | None = None,
) -> Shoptet:
    """Build the client of the shop's API; an add-on's access token is shared through the documents.

    `gate` keeps a process that serves several requests at a time within its share of Shoptet's connections. `session` gives
    the adapters, where its own are not to be requests'.
    """
    session = session or requests.Session()
    results = Results(session, clock, api_url=settings.shoptet_api_url, shop_url=settings.shoptet_eshop_url)
    tokens = _tokens(settings, documents, session, clock)
    return Shoptet(Http(settings.shoptet_api_url, tokens, session, clock, gate), results)


def _tokens(settings: ShopSettings, documents: Documents, session: requests.Session, clock: Clock) -> Tokens:
    if settings.shoptet_private_api_token is not None:
        return PrivateToken(settings.shoptet_private_api_token)
    # Settings.check has seen to it that both are there.
    return AddonToken(
        settings.shoptet_eshop_url or "", settings.shoptet_oauth_token or "", StoredToken(documents), session, clock
    )

"""Builds what a function works with, from its settings. The heavy imports are here, so a function that needs none stays light."""

import secrets

import google.auth
import requests
from google.auth.credentials import AnonymousCredentials, Signing
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.storage import Client

from gallery_sync import settings as config
from gallery_sync.clock import Clock, SystemClock
from gallery_sync.log import Log
from gallery_sync.looks import connect_looks
from gallery_sync.plan import Policy
from gallery_sync.ports import Documents
from gallery_sync.shared_token import StoredToken
from gallery_sync.shoptet.auth import AddonToken, PrivateToken, Tokens
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.results import Results
from gallery_sync.signing import IAM_URL, SCOPE, IamSigner, UrlSigner
from gallery_sync.storage import BucketDocuments, BucketDrops, BucketOutbox
from gallery_sync.world import PollWorld, SweepWorld, World

LOCAL_ACCOUNT = "gallery-sync@local.iam.gserviceaccount.com"
"""Who signs in the local cloud, where no identity is checked."""


def sweep_world(settings: config.Sweep) -> SweepWorld:
    """Build what `sweep` works with."""
    clock = SystemClock()
    return SweepWorld(
        documents=BucketDocuments(_storage(settings).bucket(settings.state_bucket)),
        looks=connect_looks(settings, clock, settings.timing),
        clock=clock,
        log=Log("sweep"),
        timing=settings.timing,
    )


def poll_world(settings: config.PollJobs) -> PollWorld:
    """Build what `poll_jobs` works with."""
    clock = SystemClock()
    documents = BucketDocuments(_storage(settings).bucket(settings.state_bucket))
    return PollWorld(
        documents=documents,
        looks=connect_looks(settings, clock, settings.timing),
        clock=clock,
        log=Log("poll_jobs"),
        timing=settings.timing,
        shop=_shop(settings, documents, clock),
    )


def sync_world(settings: config.SyncGallery) -> World:
    """Build what `sync_gallery` works with."""
    clock = SystemClock()
    storage = _storage(settings)
    state, drops = storage.bucket(settings.state_bucket), storage.bucket(settings.drop_bucket)
    documents = BucketDocuments(state)
    signer = _signer(storage, settings)
    sign = UrlSigner(state, signer, settings.timing.signed_url, storage.api_endpoint)
    return World(
        documents=documents,
        looks=connect_looks(settings, clock, settings.timing),
        clock=clock,
        log=Log("sync_gallery"),
        timing=settings.timing,
        shop=_shop(settings, documents, clock),
        drops=BucketDrops(drops),
        outbox=BucketOutbox(drops, state, sign),
        policy=Policy(settings.mirror_deletes, settings.remove_reference),
        max_attempts=settings.max_attempts,
        new_id=lambda: secrets.token_hex(8),
    )


def _storage(settings: config.State) -> Client:
    """Build the storage client; the local cloud's needs no credentials (the library reads STORAGE_EMULATOR_HOST itself)."""
    if settings.storage_emulator_host is not None:
        return Client(project="local", credentials=AnonymousCredentials())
    return Client()


def _signer(storage: Client, settings: config.State) -> Signing:
    """Give what signs URLs: the credentials' own private key, else IAM on behalf of the function's own account."""
    if settings.storage_emulator_host is not None:
        # The local cloud's storage stands in for IAM's signBlob as well.
        return IamSigner(AuthorizedSession(AnonymousCredentials()), LOCAL_ACCOUNT, storage.api_endpoint)
    credentials, _ = google.auth.default(scopes=[SCOPE])
    if isinstance(credentials, Signing):
        return credentials
    # The metadata server tells the account's e-mail only with the first token.
    credentials.refresh(Request())
    return IamSigner(AuthorizedSession(credentials), str(getattr(credentials, "service_account_email", "")), IAM_URL)


def _shop(settings: config.Shop, documents: Documents, clock: Clock) -> Shoptet:
    session = requests.Session()
    results = Results(session, clock, api_url=settings.shoptet_api_url, shop_url=settings.shoptet_eshop_url)
    return Shoptet(
        Http(settings.shoptet_api_url, _tokens(settings, documents, session, clock), session, clock), results
    )


def _tokens(settings: config.Shop, documents: Documents, session: requests.Session, clock: Clock) -> Tokens:
    if settings.shoptet_private_api_token is not None:
        return PrivateToken(settings.shoptet_private_api_token)
    # Settings.check has seen to it that both are there.
    return AddonToken(
        settings.shoptet_eshop_url or "", settings.shoptet_oauth_token or "", StoredToken(documents), session, clock
    )

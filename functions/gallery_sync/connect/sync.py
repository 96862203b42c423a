"""What `sync_gallery` works with: storage, tasks, Shoptet, and what signs URLs."""

import secrets

import google.auth
from google.auth.credentials import AnonymousCredentials, Signing
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.storage import Client

from gallery_sync.clock import Clock, SystemClock
from gallery_sync.cloud.signing import SCOPE, IamSigner, UrlSigner
from gallery_sync.cloud.storage import BucketBin, BucketDocuments, BucketDrops, BucketOutbox
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.settings import SyncGallery
from gallery_sync.connect.shop import shop_client
from gallery_sync.connect.storage import storage_client
from gallery_sync.core.plan import Policy
from gallery_sync.log import Log
from gallery_sync.state.placed import PlacedDrops
from gallery_sync.work.world import ReconcileWorld

__all__ = ["sync_world"]

LOCAL_ACCOUNT = "gallery-sync@local.iam.gserviceaccount.com"
"""Who signs in the local cloud, where no identity is checked."""


def sync_world(settings: SyncGallery) -> ReconcileWorld:
    """Build what `sync_gallery` works with."""
    clock = SystemClock()
    storage = storage_client(settings)
    state, drops = storage.bucket(settings.state_bucket), storage.bucket(settings.drop_bucket)
    documents = BucketDocuments(state)
    signer = _signer(storage, clock, local=settings.storage_emulator_host is not None)
    sign = UrlSigner(state, signer, settings.timing.signed_url, storage.api_endpoint)
    return ReconcileWorld(
        documents=documents,
        queue=work_queue(settings, clock, settings.timing),
        clock=clock,
        log=Log("sync_gallery"),
        timing=settings.timing,
        shop=shop_client(settings, documents, clock),
        drops=PlacedDrops(BucketDrops(drops), documents),
        bin=BucketBin(drops, state),
        outbox=BucketOutbox(drops, state, sign),
        policy=Policy(
            settings.mirror_deletes,
            settings.remove_reference,
            recipe=settings.recipe,
            template=settings.description_template,
            variant_folders=settings.variant_folders,
        ),
        verify=settings.verify,
        placing=settings.placing,
        max_attempts=settings.max_attempts,
        only_products=settings.only_products,
        new_id=lambda: secrets.token_hex(8),
    )


def _signer(storage: Client, clock: Clock, *, local: bool) -> Signing:
    """Give what signs URLs: the credentials' own private key, else IAM on behalf of the function's own account."""
    if local:
        # The local cloud's storage stands in for IAM's signBlob as well.
        return IamSigner(AuthorizedSession(AnonymousCredentials()), LOCAL_ACCOUNT, clock, storage.api_endpoint)
    credentials, _ = google.auth.default(scopes=[SCOPE])
    if isinstance(credentials, Signing):
        return credentials
    # The metadata server tells the account's e-mail only with the first token.
    credentials.refresh(Request())
    email = str(getattr(credentials, "service_account_email", ""))
    return IamSigner(AuthorizedSession(credentials), email, clock)

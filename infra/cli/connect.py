"""The clients of the commands, from their settings: the real libraries, for Google's services or the local cloud's."""

from typing import Protocol

import google.auth
import requests
from google.auth.credentials import AnonymousCredentials, Signing
from google.auth.exceptions import DefaultCredentialsError
from google.auth.transport.requests import AuthorizedSession
from google.cloud import tasks_v2
from google.cloud.storage import Client

from gallery_sync.clock import Clock, SystemClock
from gallery_sync.cloud import tasks
from gallery_sync.cloud.signing import SCOPE, IamSigner
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.connect.settings import StateSettings
from gallery_sync.connect.shop import shop_client
from gallery_sync.shoptet.client import Shoptet
from infra.cli.secrets import GoogleSecrets, Secrets, secrets_client
from infra.cli.settings import Deployment, Place, Registration
from infra.cli.stop import Stop

__all__ = ["Cloud", "GoogleCloud"]

LOG_IN = "there are no Google credentials here: gcloud auth application-default login"
LOCAL_ACCOUNT = "gallery-sync@local.iam.gserviceaccount.com"


class Cloud(Protocol):
    """Gives the commands their clients. Raises Stop where there are no credentials."""

    clock: Clock

    def secrets(self, place: Place) -> Secrets | None:
        """Give the deployment's secrets; None where no project is named."""
        ...

    def storage(self, settings: StateSettings) -> Client:
        """Give the storage client."""
        ...

    def shop(self, settings: Registration, storage: Client, session: requests.Session | None = None) -> Shoptet:
        """Give the shop's API; `session` has the adapters that it is to use."""
        ...

    def queues(self, settings: Deployment) -> tasks_v2.CloudTasksClient:
        """Give the client of Cloud Tasks."""
        ...

    def signer(self, settings: Deployment, storage: Client) -> Signing | None:
        """Give what signs URLs as `sync_gallery` does; None where nothing here can."""
        ...


class GoogleCloud:
    """`Cloud` with the person's own credentials."""

    clock: Clock = SystemClock()

    def secrets(self, place: Place) -> Secrets | None:
        """See Cloud."""
        if place.project is None:
            return None
        try:
            return GoogleSecrets(secrets_client(), place.project, place.prefix)
        except DefaultCredentialsError:
            raise Stop(LOG_IN) from None

    def storage(self, settings: StateSettings) -> Client:
        """See Cloud."""
        host = settings.storage_emulator_host
        if host is not None:
            options = {"api_endpoint": host}
            return Client(project="local", credentials=AnonymousCredentials(), client_options=options)
        try:
            return Client()
        except (DefaultCredentialsError, OSError):  # OSError: credentials, and no project.
            raise Stop(LOG_IN) from None

    def shop(self, settings: Registration, storage: Client, session: requests.Session | None = None) -> Shoptet:
        """See Cloud."""
        documents = BucketDocuments(storage.bucket(settings.state_bucket))
        return shop_client(settings, documents, self.clock, session=session)

    def queues(self, settings: Deployment) -> tasks_v2.CloudTasksClient:
        """See Cloud."""
        try:
            return tasks.connect(settings.cloud_tasks_emulator_host)
        except DefaultCredentialsError:
            raise Stop(LOG_IN) from None

    def signer(self, settings: Deployment, storage: Client) -> Signing | None:
        """See Cloud. A person has no private key: IAM signs as the function's account, if the person may act as it."""
        account = settings.signing_service_account
        if settings.storage_emulator_host is not None:
            # The local cloud's storage stands in for IAM's signBlob as well.
            session = AuthorizedSession(AnonymousCredentials())
            return IamSigner(session, account or LOCAL_ACCOUNT, self.clock, storage.api_endpoint)
        try:
            credentials, _ = google.auth.default(scopes=[SCOPE])
        except DefaultCredentialsError:
            raise Stop(LOG_IN) from None
        if account is not None:
            return IamSigner(AuthorizedSession(credentials), account, self.clock)
        return credentials if isinstance(credentials, Signing) else None

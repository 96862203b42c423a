"""How Google's own libraries are pointed at the local storage."""

from typing import Any

import google.auth.iam
import google.auth.transport.requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from google.oauth2 import service_account

__all__ = ["LOCAL_EMAIL", "local_client", "signing_credentials"]

LOCAL_EMAIL = "gallery-sync@local.iam.gserviceaccount.com"
"""An account that the local storage signs for; it signs for any."""

_IAM = "https://iamcredentials.googleapis.com"


def local_client(url: str, project: str = "local") -> Client:
    """A storage client for the server at `url` (without a trailing slash), which needs no credentials."""
    credentials = AnonymousCredentials()
    return Client(project=project, credentials=credentials, client_options={"api_endpoint": url})


def signing_credentials(url: str, email: str = LOCAL_EMAIL) -> service_account.Credentials:
    """Credentials for `Blob.generate_signed_url` without a private key: signed by signBlob of the server at `url`.

    This is google.auth's own IAM signer; only the host that it calls is another.
    """
    send = google.auth.transport.requests.Request()

    def request(**arguments: Any) -> Any:
        return send(**{**arguments, "url": arguments["url"].replace(_IAM, url)})

    caller = AnonymousCredentials()
    signer = google.auth.iam.Signer(request, caller, email)
    return service_account.Credentials(signer, email, token_uri="")

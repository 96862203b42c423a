"""Where the probe's pictures lie: in the state bucket's outbox, as prepared pictures do, so that a lifecycle ends them."""

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.cloud.storage import Bucket

from gallery_sync.cloud.signing import SigningRefused, UrlSigner
from infra.cli.stop import Stop

PREFIX = "outbox/probe/"


class BucketStore:
    """`run.Store` over the state bucket."""

    def __init__(self, bucket: Bucket, sign: UrlSigner) -> None:
        self._bucket = bucket
        self._sign = sign

    def put(self, name: str, content: bytes, content_type: str) -> str:
        """See Store. Raises Stop where the bucket refuses it."""
        blob = self._bucket.blob(f"{PREFIX}{name}")
        try:
            blob.upload_from_string(content, content_type=content_type)
        except GoogleAPIError as error:
            raise Stop(f"the state bucket did not take a picture of the probe's ({type(error).__name__})") from None
        try:
            return self._sign(blob.name)
        except SigningRefused as error:
            raise Stop(str(error)) from None

    def clear(self) -> None:
        """See Store. Raises Stop where the bucket refuses it."""
        try:
            for blob in self._bucket.list_blobs(prefix=PREFIX):
                blob.delete()
        except NotFound:
            return
        except GoogleAPIError as error:
            raise Stop(
                f"the probe's pictures stay in {PREFIX} ({type(error).__name__}); they end by themselves"
            ) from None

"""`gallery-sync adopt`: builds what it works with, goes through the galleries, and prints what it found."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests
from google.api_core.exceptions import GoogleAPIError
from google.cloud.storage import Bucket
from rich.console import Console
from rich.progress import Progress

from gallery_sync.cloud.storage import BucketDocuments, BucketDrops
from gallery_sync.core.files import DropFile
from gallery_sync.decoding.pixels import decode
from gallery_sync.ports.decoder import Unreadable
from gallery_sync.shoptet.originals import Originals
from infra.cli.adopt import report
from infra.cli.adopt.run import Outcome, Place, World, check_paused, look, places, write
from infra.cli.connect import Cloud
from infra.cli.settings import Deployment
from infra.cli.stop import Stop

__all__ = ["adopted"]


def adopted(
    settings: Deployment,
    cloud: Cloud,
    products: Sequence[str],
    *,
    writes: bool,
    replace_smaller: bool,
    page: Path | None,
) -> Iterator[str]:
    """Go through the galleries, and give lines to print. Raises Stop, the client's errors, StorageUnavailable, BadDocument."""
    world = _world(settings, cloud)
    if writes:
        check_paused(world)
    outcomes: list[Outcome] = []
    found = list(places(world, products))
    yield from (one for one in found if isinstance(one, str))
    galleries = [one for one in found if isinstance(one, Place)]
    with _progress(len(galleries)) as advance:
        for place in galleries:
            outcome = look(world, place)
            if writes:
                outcome = write(world, outcome, replace_smaller=replace_smaller)
            outcomes.append(outcome)
            advance()
    for outcome in outcomes:
        yield from report.lines(outcome)
    if page is not None:
        page.write_text(report.page(outcomes), "utf-8")
        yield f"what a person has to look at: {page}"
    yield report.total(outcomes, write=writes)


def _world(settings: Deployment, cloud: Cloud) -> World:
    storage = cloud.storage(settings)
    shop = cloud.shop(settings, storage)
    address = shop.originals()
    if address is None:
        raise Stop("Shoptet does not tell where the shop's pictures are, so they cannot be compared")
    drops = storage.bucket(settings.drop_bucket)
    originals = Originals(requests.Session(), cloud.clock, address)
    return World(
        documents=BucketDocuments(storage.bucket(settings.state_bucket)),
        drops=BucketDrops(drops),
        shop=shop,
        fetch=lambda file: _content(drops, file),
        original=originals.fetch,
        decode=decode,
        clock=cloud.clock,
    )


def _content(bucket: Bucket, file: DropFile) -> bytes:
    try:
        return bytes(bucket.blob(file.drop.object, generation=file.generation).download_as_bytes())
    except GoogleAPIError as error:
        raise Unreadable(f"it could not be fetched from the bucket ({type(error).__name__})") from None


@contextmanager
def _progress(galleries: int) -> Iterator[Callable[[], None]]:
    with Progress(console=Console(file=sys.stderr), transient=True) as shown:
        task = shown.add_task("comparing galleries", total=galleries)
        yield lambda: shown.advance(task)

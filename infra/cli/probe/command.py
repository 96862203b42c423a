"""`gallery-sync probe`: builds what the probe works with, runs it, notes what it found, and prints it."""

import os
import sys
from typing import Final

import requests

from gallery_sync.cloud.signing import UrlSigner
from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.core.names import is_guid
from gallery_sync.core.shop_values import Gallery
from gallery_sync.shoptet.originals import Originals
from gallery_sync.state import shop_facts
from infra.cli.connect import Cloud
from infra.cli.probe import questions, report
from infra.cli.probe.costs import Costs
from infra.cli.probe.run import World, probe
from infra.cli.probe.store import BucketStore
from infra.cli.settings import Deployment
from infra.cli.stop import Stop

__all__ = ["probed"]

SIGNED_FOR: Final = 3_600.0
"""Seconds that the pictures' URLs are valid."""


def probed(
    settings: Deployment,
    cloud: Cloud,
    product: str,
    gallery: Gallery,
    *,
    large: bool,
    visible: bool,
    as_json: bool,
    version: str,
) -> str:
    """Probe the shop, note the facts in the state bucket, and give what to print. Raises Stop, the client's errors, ..."""
    storage, clock = cloud.storage(settings), cloud.clock
    signer = cloud.signer(settings, storage)
    if signer is None:
        raise Stop("nothing here can sign URLs: set SIGNING_SERVICE_ACCOUNT, and be allowed to act as that account")
    bucket = storage.bucket(settings.state_bucket)
    documents, session, costs = BucketDocuments(bucket), requests.Session(), Costs()
    for scheme in ("https://", "http://"):
        session.mount(scheme, costs)
    shop = cloud.shop(settings, storage, session)
    world = World(
        shop=shop,
        documents=documents,
        store=BucketStore(bucket, UrlSigner(bucket, signer, SIGNED_FOR, storage.api_endpoint)),
        clock=clock,
        originals=lambda address: Originals(session, clock, address),
        say=lambda line: print(line, file=sys.stderr),
        new_id=lambda: os.urandom(6).hex(),
    )
    guid = product.lower() if is_guid(product) else shop.guid_of(product)
    seen = probe(world, guid, gallery, large=large, visible=visible)
    facts = questions.learned(seen, clock.now())
    shop_facts.note(documents, lambda known: questions.noted(known, facts))
    found = list(questions.rows(seen))
    return report.as_json(found, costs.noted, version) if as_json else report.as_table(found, costs.noted)

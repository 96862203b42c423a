"""A flight whose answer was lost: did Shoptet take it? Pure.

Shoptet has no idempotency key, so a reset, a timeout, a 5xx or an HTML page after a POST means that it may have happened
(docs/shoptet.md, "Jobs"). Sending again is right only when no job of ours can still be at work and the gallery gained nothing.
"""

import re
from collections.abc import Iterable, Set
from typing import Final

from gallery_sync.core.ledger import Flight
from gallery_sync.core.shop_values import Gallery, Job

_ENDPOINT: Final = re.compile(r"/api/products/(?P<guid>[^/]+)/images/(?P<gallery>[^/?]+)(?P<source>/source)?")


def suspects(jobs: Iterable[Job], flight: Flight, guid: str, gallery: Gallery, owned: Set[str]) -> tuple[Job, ...]:
    """Give the jobs that are not over and may be this flight's: wait until each has ended before the gallery is listed.

    `jobs` are all since the flight started, less a margin for Shoptet's clock; `owned` those that another gallery's
    flight is known to have. Other people's jobs may be in the list and only cost a wait.
    """
    return tuple(
        job
        for job in jobs
        if not job.ended and job.job_id not in owned and may_be_of(job.endpoint, flight, guid, gallery)
    )


def may_be_of(endpoint: str, flight: Flight, guid: str, gallery: Gallery) -> bool:
    """Whether a job with this `endpoint` may be the flight's.

    Shoptet's examples show both the full path and only `/api/products/images`: an endpoint that does not say which
    gallery it is for, or that is a template (`{guid}`), may be ours.
    """
    full = _ENDPOINT.search(endpoint)
    if full is not None and "{" not in full[0]:
        is_source = full["source"] is not None
        return (full["guid"].lower(), full["gallery"], is_source) == (guid, gallery, flight.action == "source")
    return "images" in endpoint

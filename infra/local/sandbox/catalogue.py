"""The whole catalogue in one job, and which products have changed: docs/shoptet.md, "Catalogue"."""

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from infra.local.sandbox.answers import Answer, Call, Error, Json, Refusal, refuse
from infra.local.sandbox.clock import shown
from infra.local.sandbox.jobs import result_name
from infra.local.sandbox.paging import page_of, within
from infra.local.sandbox.products import Product
from infra.local.sandbox.results import ResultFile
from infra.local.sandbox.runner import Done, Finish, Work
from infra.local.sandbox.state import Sandbox
from infra.local.sandbox.views import detail_view

Query = Mapping[str, str | int | bool]

MAX_NAMED = 50
NAMING = ("productCodes", "productGuids")
WITHOUT_A_MATCH = frozenset(
    {
        "availabilityId",
        "availabilityWhenSoldOutId",
        "brandName",
        "brandCode",
        "defaultCategoryGuid",
        "categoryGuid",
        "flag",
        "supplierGuid",
    }
)
"""Filters by what no product of the sandbox has."""

CHANGE_TYPES = ("edit", "delete")
CHANGES_PER_PAGE = 1_000


def order_snapshot(sandbox: Sandbox, call: Call) -> Answer:
    """Queue a job whose result has every product that is wanted, as its detail shows it."""
    _refuse_bad_naming(call.query)
    for name in ("creationTime", "changeTime"):
        within(None, call.query, name)  # raises Refusal for a time that cannot be understood
    sandbox.webhooks.refuse_without_job_finished()
    job = sandbox.board.add(call.path, call.operation)
    snapshot = Snapshot(sandbox, call.query, result_name(job, "jsonl.gz"))
    sandbox.runner.start(job, Work(snapshot.begin, call.fate, call.origin))
    return Answer({"jobId": job.id}, status=202)


@dataclass(frozen=True)
class Snapshot:
    """The products that a query asks for, as JSON Lines in a gzip file."""

    sandbox: Sandbox
    query: Query
    result_name: str

    async def begin(self) -> Finish:
        """Take the shop as it is when the job starts to run: what changes before it ends is not in the result."""
        sandbox, now, include = self.sandbox, self.sandbox.clock.now(), str(self.query.get("include", ""))
        views = (
            detail_view(product, sandbox.shop, now, sandbox.config, include) for product in _chosen(sandbox, self.query)
        )
        lines = "".join(json.dumps(view, ensure_ascii=False) + "\n" for view in views).encode()
        packed = await asyncio.get_running_loop().run_in_executor(sandbox.pool, gzip.compress, lines)
        done = Done(ResultFile(self.result_name, packed, "application/gzip"))
        return lambda: done


def list_changes(sandbox: Sandbox, call: Call) -> Answer:
    """A page of the products that have changed since a moment, the oldest change first."""
    query, config = call.query, sandbox.config
    wanted = query.get("changeType")
    if wanted is not None and wanted not in CHANGE_TYPES:
        raise refuse(400, "invalid-parameter", f"changeType must be one of {', '.join(CHANGE_TYPES)}.", "changeType")
    since = max(_since(str(query["from"])), sandbox.clock.now() - config.changes_seconds)
    # Times count in whole seconds, as they are shown.
    found = [row for row in _changes(sandbox) if int(row.moment) >= since and wanted in (None, row.kind)]
    rows, paginator = page_of(sorted(found, key=_age), query, CHANGES_PER_PAGE, CHANGES_PER_PAGE)
    return Answer({"changes": [row.view() for row in rows], "paginator": paginator})


@dataclass(frozen=True)
class Change:
    """The last change of a product, in seconds since 1970."""

    guid: str
    moment: float
    kind: str

    def view(self) -> Json:
        """The change as the API lists it."""
        return {"guid": self.guid, "changeTime": shown(self.moment), "changeType": self.kind}


def _changes(sandbox: Sandbox) -> Iterator[Change]:
    for product in sandbox.shop.products.values():
        # A creation is an edit too.
        yield Change(product.guid, product.changed(with_images=sandbox.config.changes_show_images), "edit")
    for guid, moment in sandbox.shop.removed.items():
        yield Change(guid, moment, "delete")


def _age(change: Change) -> tuple[float, str]:
    return change.moment, change.guid


def _since(text: str) -> float:
    """The moment that `from` names; raises `Refusal` (400) where it is not a time with a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refuse(400, "invalid-parameter", "from is not a time with a zone; a + must be sent as %2B.", "from")
    return moment.timestamp()


def _refuse_bad_naming(query: Query) -> None:
    """Raises `Refusal` (400) with every error at once, in the words of Shoptet's examples."""
    errors = []
    for name in NAMING:
        given = len(_named(query, name))
        if given > MAX_NAMED:
            message = f'Invalid "{name}" parameter. Expected max. {MAX_NAMED} elements, but {given} given.'
            errors.append(Error("invalid-parameter", message, name))
    if all(name in query for name in NAMING):
        message = 'Invalid "productCodes" parameter. You can use "productCodes" or "productGuids", but not both.'
        errors.append(Error("invalid-parameter", message, "productCodes"))
    errors += [
        Error("missing-parameter", f'Missing value for parameter "{name}".', name)
        for name in NAMING
        if name in query and not _named(query, name)
    ]
    if errors:
        raise Refusal(400, *errors)


def _chosen(sandbox: Sandbox, query: Query) -> Iterator[Product]:
    """The products that are asked for; those that are named are taken whatever else is filtered by."""
    codes = {code.upper() for code in _named(query, "productCodes")}
    guids = set(_named(query, "productGuids"))
    for product in sandbox.shop.products.values():
        if codes or guids:
            own = {product.code, *(variant.code for variant in product.variants)}
            fits = product.guid in guids or bool(own & codes)
        else:
            fits = _fits(product, query, images=sandbox.config.changes_show_images)
        if fits:
            yield product


def _fits(product: Product, query: Query, *, images: bool) -> bool:
    return (
        not WITHOUT_A_MATCH & query.keys()
        and query.get("visibility", product.visibility) == product.visibility
        and query.get("type", "product") == "product"
        and within(product.created, query, "creationTime")
        and within(product.changed(with_images=images), query, "changeTime")
    )


def _named(query: Query, name: str) -> list[str]:
    return [part.strip() for part in str(query.get(name, "")).split(",") if part.strip()]

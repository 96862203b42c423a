"""What each call of the API does, once every gate has let it through."""

from collections.abc import Callable
from typing import cast

from infra.local.sandbox.answers import Answer, Call, Error, Json, refuse
from infra.local.sandbox.catalogue import list_changes, order_snapshot
from infra.local.sandbox.eshop import eshop_info
from infra.local.sandbox.image_jobs import ImageJob, described
from infra.local.sandbox.jobs import result_name
from infra.local.sandbox.products import Image
from infra.local.sandbox.runner import Work
from infra.local.sandbox.shop import Referenced, Unknown
from infra.local.sandbox.state import Sandbox
from infra.local.sandbox.views import detail_view, image_view, product_view
from infra.local.sandbox.webhooks import webhook_view

Handler = Callable[[Sandbox, Call], Answer]


def list_images(sandbox: Sandbox, call: Call) -> Answer:
    """The gallery's images; they may lag behind a job."""
    guid, gallery = call.parameters["guid"], call.parameters["gallery"]
    return _images(sandbox, call, sandbox.shop.listing(guid, gallery, sandbox.clock.now()))


def insert_images(sandbox: Sandbox, call: Call) -> Answer:
    """Queue an insertion."""
    return _queued(sandbox, call, source=False)


def update_sources(sandbox: Sandbox, call: Call) -> Answer:
    """Queue a source update."""
    return _queued(sandbox, call, source=True)


def update_attributes(sandbox: Sandbox, call: Call) -> Answer:
    """Change attributes at once; unknown names are skipped, and named in `errors` with 200."""
    guid, gallery = call.parameters["guid"], call.parameters["gallery"]
    sandbox.shop.images(guid, gallery)
    errors = []
    for row in _rows(call):
        try:
            sandbox.shop.change(
                guid,
                gallery,
                str(row["name"]),
                sandbox.clock.now(),
                priority=cast(int | None, row.get("priority")) if sandbox.config.patched_numbers_kept else None,
                description=described(row, sandbox.config),
            )
        except Unknown as unknown:
            errors.append(Error("image-not-found", str(unknown), unknown.instance))
    sandbox.settle_numbers(guid, gallery)
    return _images(sandbox, call, sandbox.shop.images(guid, gallery), tuple(errors))


def delete_images(sandbox: Sandbox, call: Call) -> Answer:
    """Clear a gallery; images that variants show are skipped, unless `removeReference` is true."""
    guid, gallery = call.parameters["guid"], call.parameters["gallery"]
    remove_reference = bool(call.query.get("removeReference", False))
    skipped = sandbox.shop.clear(guid, gallery, sandbox.clock.now(), remove_reference=remove_reference)
    sandbox.settle_numbers(guid, gallery)
    return Answer(None, tuple(_referenced(name) for name in skipped))


def delete_image(sandbox: Sandbox, call: Call) -> Answer:
    """Delete one image; 409 if a variant shows it, unless `removeReference` is true."""
    guid, gallery, name = (call.parameters[part] for part in ("guid", "gallery", "imageName"))
    remove_reference = bool(call.query.get("removeReference", False))
    try:
        sandbox.shop.delete(guid, gallery, name, sandbox.clock.now(), remove_reference=remove_reference)
    except Referenced as error:
        row = _referenced(name)
        raise refuse(409, row.error_code, row.message, row.instance) from error
    sandbox.settle_numbers(guid, gallery)
    return Answer(None)


def product_by_code(sandbox: Sandbox, call: Call) -> Answer:
    """The product that has this code, or a variant with it."""
    return Answer(product_view(sandbox.shop.by_code(call.parameters["code"]), sandbox.config))


def product_detail(sandbox: Sandbox, call: Call) -> Answer:
    """A product; with `include=images` the images of all its galleries, which may lag behind a job."""
    product, include = sandbox.shop.product(call.parameters["guid"]), str(call.query.get("include", ""))
    return Answer(detail_view(product, sandbox.shop, sandbox.clock.now(), sandbox.config, include))


def update_product(sandbox: Sandbox, call: Call) -> Answer:
    """Set the images of variants. As at Shoptet, a code that no variant has makes a new variant."""
    product, now = sandbox.shop.product(call.parameters["guid"]), sandbox.clock.now()
    rows = cast(list[Json], cast(Json, call.body["data"]).get("variants", []))
    for row in rows:
        image = cast(str | None, row.get("image"))
        if image is not None and not product.has_image(image):
            raise refuse(422, "invalid-request-data", f'Image "{image}" does not exist in the product.', image)
    for row in rows:
        code = str(row.get("code") or f"{product.code}-{len(product.variants) + 1}")
        sandbox.shop.put_variant(product.guid, code, now)
        if "image" in row:
            sandbox.shop.show_by_variant(product.guid, code, cast(str | None, row["image"]), now)
    return Answer(product_view(product, sandbox.config))


def list_jobs(sandbox: Sandbox, call: Call) -> Answer:
    """A page of the list of jobs."""
    return Answer(sandbox.board.page(call.query))


def job_detail(sandbox: Sandbox, call: Call) -> Answer:
    """A job's detail."""
    detail = sandbox.board.detail(call.parameters["jobId"])
    return Answer(detail if sandbox.config.job_detail == "flat" else {"job": detail})


def list_webhooks(sandbox: Sandbox, call: Call) -> Answer:
    """A page of the webhooks."""
    return Answer(sandbox.webhooks.page(call.query))


def register_webhooks(sandbox: Sandbox, call: Call) -> Answer:
    """Register webhooks."""
    return Answer(sandbox.webhooks.register(cast(list[Json], call.body["data"])), status=201)


def get_webhook(sandbox: Sandbox, call: Call) -> Answer:
    """One webhook."""
    return Answer({"webhook": webhook_view(sandbox.webhooks.get(_id(call)))})


def update_webhook(sandbox: Sandbox, call: Call) -> Answer:
    """Change a webhook."""
    sandbox.webhooks.update(_id(call), cast(Json, call.body["data"]))
    return Answer(None)


def delete_webhook(sandbox: Sandbox, call: Call) -> Answer:
    """Remove a webhook."""
    sandbox.webhooks.delete(_id(call))
    return Answer(None)


def renew_key(sandbox: Sandbox, _call: Call) -> Answer:
    """A new signature key."""
    return Answer({"signatureKey": sandbox.webhooks.renew_key()})


def list_notifications(sandbox: Sandbox, call: Call) -> Answer:
    """A page of the deliveries."""
    return Answer(sandbox.deliveries.page(call.query))


HANDLERS: dict[str, Handler] = {
    "images.list": list_images,
    "images.insert": insert_images,
    "images.update": update_attributes,
    "images.source": update_sources,
    "images.delete_all": delete_images,
    "images.delete": delete_image,
    "eshop.info": eshop_info,
    "product.by_code": product_by_code,
    "product.detail": product_detail,
    "product.update": update_product,
    "products.snapshot": order_snapshot,
    "products.changes": list_changes,
    "jobs.list": list_jobs,
    "jobs.detail": job_detail,
    "webhooks.list": list_webhooks,
    "webhooks.register": register_webhooks,
    "webhooks.get": get_webhook,
    "webhooks.update": update_webhook,
    "webhooks.delete": delete_webhook,
    "webhooks.renew_key": renew_key,
    "webhooks.notifications": list_notifications,
}


def _queued(sandbox: Sandbox, call: Call, *, source: bool) -> Answer:
    sandbox.webhooks.refuse_without_job_finished()
    guid, gallery = call.parameters["guid"], call.parameters["gallery"]
    sandbox.shop.images(guid, gallery)
    short = sandbox.config.job_endpoint == "short"
    job = sandbox.board.add("/api/products/images" if short else call.path, call.operation)
    name = result_name(job, "json")
    images = ImageJob(sandbox, guid, gallery, source, tuple(_rows(call)), call.fate, name)
    sandbox.runner.start(job, Work(images.begin, call.fate, call.origin))
    return Answer({"jobId": job.id}, status=202)


def _images(sandbox: Sandbox, call: Call, images: tuple[Image, ...], errors: tuple[Error, ...] = ()) -> Answer:
    product, gallery = sandbox.shop.product(call.parameters["guid"]), call.parameters["gallery"]
    return Answer({"images": [image_view(image, product, gallery, sandbox.config) for image in images]}, errors)


def _rows(call: Call) -> list[Json]:
    return cast(list[Json], cast(Json, call.body["data"])["images"])


def _referenced(name: str) -> Error:
    return Error("image-referenced", f'Image "{name}" is used by a variant of the product.', name)


def _id(call: Call) -> int:
    return int(call.parameters["id"])

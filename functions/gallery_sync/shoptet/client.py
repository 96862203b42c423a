"""Shoptet's calls as this project makes them: typed in, typed out, their limits checked before anything is sent.

Source: Shoptet's OpenAPI description, "Product images", "Jobs", "Products" and "Webhooks". Every call may raise any
`ShoptetError`; its docstring names those that mean something special there. `send_until` (seconds since the epoch) is
the moment from which a write is no longer sent: `TooLate`. Arguments that Shoptet would refuse are a ValueError.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, get_args
from urllib.parse import quote

import msgspec

from gallery_sync.core.shop_times import query_time
from gallery_sync.core.shop_values import (
    GALLERIES,
    MAX_IMAGES_PER_CALL,
    MAX_PRIORITY,
    MAX_SOURCE_URL,
    Attributes,
    Change,
    Gallery,
    Image,
    Job,
    JobDetail,
    NewImage,
    NewSource,
    Product,
    ResultRow,
    RowError,
    Updated,
    Webhook,
)
from gallery_sync.ports.shop_errors import Conflict, NotFound, Refused, Unavailable
from gallery_sync.shoptet.classify import LONG_PAUSE, Reply
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.pages import ITEMS_PER_PAGE, Incomplete, Page, TooLong, read_all
from gallery_sync.shoptet.results import Results, parse_result

__all__ = ["Shoptet"]

CHANGES_PER_PAGE = 1_000
"""The most that Shoptet gives of changes; of all else it gives 500."""

MAX_WEBHOOK_URL = 2_000
"""Characters."""


class _Images(msgspec.Struct):
    images: tuple[Image, ...]


class _Accepted(msgspec.Struct, rename="camel"):
    job_id: str


class _Paginator(msgspec.Struct, rename="camel"):
    total_count: int
    page_count: int


class _Jobs(msgspec.Struct):
    jobs: tuple[Job, ...]
    paginator: _Paginator


class _Changes(msgspec.Struct):
    changes: tuple[Change, ...]
    paginator: _Paginator


class _Webhooks(msgspec.Struct):
    webhooks: tuple[Webhook, ...]
    paginator: _Paginator


class _Registered(msgspec.Struct):
    webhooks: tuple[Webhook, ...]


class _Detail(JobDetail, frozen=True, rename="camel"):
    """A job's detail, nested under `job` or flat: Shoptet's pages show both (docs/shoptet.md, "Unknowns", U19)."""

    job_id: str = ""
    endpoint: str = ""
    status: str = ""
    job: JobDetail | None = None

    def __post_init__(self) -> None:
        if self.job is None and not (self.job_id and self.status):
            raise ValueError("there is no job in it, neither under `job` nor with `jobId` and `status`")

    @property
    def detail(self) -> JobDetail:
        return self.job or msgspec.convert(self, JobDetail, from_attributes=True)


class _Cut(msgspec.Struct, rename="camel"):
    name: str
    url_path: str


class _Eshop(msgspec.Struct, rename="camel"):
    image_cuts: tuple[_Cut, ...] = ()


class _Product(msgspec.Struct):
    guid: str


class _Variant(msgspec.Struct):
    code: str
    image: str | None = None


class _ProductImage(Image, frozen=True, rename="camel", kw_only=True):
    gallery: str

    def image(self) -> Image:
        return Image(self.name, self.priority, self.description, self.change_time, self.cdn_name, self.is_main_image)


class _ProductDetail(msgspec.Struct, rename="camel"):
    guid: str
    is_variant: bool | None = None
    name: str | None = None
    visibility: str | None = None
    variants: tuple[_Variant, ...] = ()
    images: tuple[_ProductImage, ...] = ()


class _Key(msgspec.Struct, rename="camel"):
    signature_key: str


Row = TypeVar("Row")


class Shoptet:
    """One shop's API. Threads may share an instance."""

    def __init__(self, http: Http, results: Results) -> None:
        self._http = http
        self._results = results

    def images(self, guid: str, gallery: Gallery) -> tuple[Image, ...]:
        """The images of a gallery, as Shoptet orders them. NotFound: no such product."""
        return self._http.call("GET", _gallery(guid, gallery), _Images).data.images

    def product(self, guid: str) -> Product:
        """A product with its codes and the images of its galleries, in one call. NotFound: no such product."""
        path = f"/api/products/{_segment(guid, 'the guid')}"
        detail = self._http.call("GET", path, _ProductDetail, query={"include": "images"}).data
        images: dict[Gallery, tuple[Image, ...]] = {
            gallery: tuple(image.image() for image in detail.images if image.gallery == gallery)
            for gallery in GALLERIES
        }
        codes = frozenset(variant.code for variant in detail.variants)
        shows = {variant.code: variant.image or "" for variant in detail.variants}
        return Product(detail.guid.lower(), detail.name, codes, images, detail.is_variant, detail.visibility, shows)

    def refer(self, guid: str, images: Mapping[str, str], *, send_until: float) -> None:
        """Let variants reference images, by the variants' codes, at once; an empty name: none. The same call may be repeated.

        A code that no variant has would make a new one (docs/shoptet.md, "Product images"): name only those that are there.
        """
        path = f"/api/products/{_segment(guid, 'the guid')}"
        rows = [{"code": code, "image": name or None} for code, name in images.items()]
        self._http.call("PATCH", path, msgspec.Raw, body={"data": {"variants": rows}}, send_until=send_until)

    def originals(self) -> str | None:
        """The address of the shop's pictures in their original resolution: an image's name follows it. None: it names none."""
        cuts = self._http.call("GET", "/api/eshop", _Eshop, query={"include": "imageCuts"}).data.image_cuts
        return next((cut.url_path for cut in cuts if cut.name == "orig"), None)

    def insert(self, guid: str, gallery: Gallery, images: Sequence[NewImage], *, send_until: float) -> str:
        """Order the insertion of 1-100 images; returns the job's id.

        AnswerLost: they may be inserted already; there is no idempotency key, so sending again may insert them twice.
        """
        _check_batch(images)
        path, body = _gallery(guid, gallery), {"data": {"images": images}}
        return self._http.call("POST", path, _Accepted, body=body, send_until=send_until).data.job_id

    def update_source(self, guid: str, gallery: Gallery, images: Sequence[NewSource], *, send_until: float) -> str:
        """Order new content for 1-100 images; returns the job's id."""
        _check_batch(images)
        path, body = _gallery(guid, gallery) + "/source", {"data": {"images": images}}
        return self._http.call("PATCH", path, _Accepted, body=body, send_until=send_until).data.job_id

    def update_attributes(
        self, guid: str, gallery: Gallery, images: Sequence[Attributes], *, send_until: float
    ) -> Updated:
        """Change the order or description of 1-100 images, at once. The same call may be repeated."""
        _check_batch(images)
        path, body = _gallery(guid, gallery), {"data": {"images": images}}
        reply = self._http.call("PATCH", path, _Images, body=body, send_until=send_until)
        return Updated(reply.data.images, reply.rows)

    def delete_all(
        self, guid: str, gallery: Gallery, *, remove_reference: bool, send_until: float
    ) -> tuple[RowError, ...]:
        """Delete a gallery's images; returns what was skipped. The same call may be repeated.

        Images that a variant references are skipped unless `remove_reference`, which removes the reference too.
        """
        query = _reference(remove_reference)
        path = _gallery(guid, gallery)
        return self._http.call("DELETE", path, msgspec.Raw, query=query, send_until=send_until).rows

    def delete(self, guid: str, gallery: Gallery, name: str, *, remove_reference: bool, send_until: float) -> None:
        """Delete one image. Conflict: a variant references it. NotFound: it is gone. The same call may be repeated."""
        path = f"{_gallery(guid, gallery)}/{_segment(name, 'the name of the image')}"
        query = _reference(remove_reference)
        reply = self._http.call("DELETE", path, msgspec.Raw, query=query, send_until=send_until)
        # The description knows 409 alone for this. An error with 200 is taken at its word, not as success.
        _done(reply, f"DELETE {path}", Conflict)

    def jobs(self, *, created_from: float) -> tuple[Job, ...]:
        """All jobs created from this moment (seconds since the epoch) on, in any status, each once.

        Unavailable where the list cannot be read as a whole: a job that was overlooked could be repeated.
        """
        query = {"creationTimeFrom": query_time(created_from)}

        def page(number: int) -> Page[Job]:
            data = self._http.call("GET", "/api/system/jobs", _Jobs, query=query | _page(number)).data
            return Page(data.jobs, data.paginator.total_count, data.paginator.page_count)

        return self._read_all(page, lambda job: job.job_id, "GET /api/system/jobs")

    def job(self, job_id: str) -> JobDetail:
        """A job's detail. NotFound: no such job. DetailsExhausted: asked too often for a job that has not ended.

        Each request may count, also one whose answer is lost: it is asked once a call, unless it was certainly not seen.
        """
        path = f"/api/system/jobs/{_segment(job_id, 'the id of the job')}"
        return self._http.call("GET", path, _Detail, counted=True).data.detail

    def result(self, detail: JobDetail) -> tuple[ResultRow, ...] | None:
        """What the job's result says of each image; None: expired, gone, not understood, or not on a trusted host."""
        body = self._results.fetch(detail.result_url) if detail.result_url else None
        return None if body is None else parse_result(body)

    def guid_of(self, code: str) -> str:
        """The guid of the product that has this code, itself or as a variant's. NotFound: there is none."""
        try:
            path = f"/api/products/code/{_segment(code, 'the code')}"
        except ValueError as error:
            raise NotFound(f"{error}: no product can have it", call="GET /api/products/code/", status=404) from None
        return self._http.call("GET", path, _Product).data.guid

    def order_snapshot(self) -> str:
        """Order the whole catalogue with its images; returns the job's id. Ordering again makes another job, and no harm."""
        return self._http.call("GET", "/api/products/snapshot", _Accepted, query={"include": "images"}).data.job_id

    def changes(self, *, since: float) -> tuple[Change, ...] | None:
        """All products that changed or were deleted since this moment (seconds since the epoch, 30 days back at most), each once.

        None where these are too many to be listed. Unavailable where the list cannot be read as a whole.
        """
        query = {"from": query_time(since)}

        def page(number: int) -> Page[Change]:
            asked = query | {"page": str(number), "itemsPerPage": str(CHANGES_PER_PAGE)}
            data = self._http.call("GET", "/api/products/changes", _Changes, query=asked).data
            return Page(data.changes, data.paginator.total_count, data.paginator.page_count)

        try:
            return read_all(page, lambda change: change.guid)
        except TooLong:
            return None
        except Incomplete as error:
            raise self._unread(error, "GET /api/products/changes") from None

    def webhooks(self) -> tuple[Webhook, ...]:
        """All registered webhooks."""

        def page(number: int) -> Page[Webhook]:
            data = self._http.call("GET", "/api/webhooks", _Webhooks, query=_page(number)).data
            return Page(data.webhooks, data.paginator.total_count, data.paginator.page_count)

        return self._read_all(page, lambda webhook: webhook.id, "GET /api/webhooks")

    def register_webhook(self, event: str, url: str) -> Webhook:
        """Register the URL for an event. Refused (422): the event has a URL already."""
        body = {"data": [{"event": event, "url": _webhook_url(url)}]}
        reply = self._http.call("POST", "/api/webhooks", _Registered, body=body)
        for webhook in reply.data.webhooks:
            if webhook.event == event:
                return webhook
        raise Refused(
            f"201 without the webhook for {event}", call="POST /api/webhooks", status=201, request_id=reply.request_id
        )

    def update_webhook(self, webhook_id: int, url: str) -> None:
        """Give a webhook another URL. NotFound: there is no such webhook. The same call may be repeated."""
        body = {"data": {"url": _webhook_url(url)}}
        path = f"/api/webhooks/{webhook_id}"
        _done(self._http.call("PATCH", path, msgspec.Raw, body=body), f"PATCH {path}", Refused)

    def renew_signature_key(self) -> str:
        """A new key for the signatures of Shoptet's notifications. The old one stops counting at once."""
        return self._http.call("POST", "/api/webhooks/renew-signature-key", _Key).data.signature_key

    def _read_all(
        self, page: Callable[[int], Page[Row]], identity: Callable[[Row], object], call: str
    ) -> tuple[Row, ...]:
        try:
            return read_all(page, identity)
        except Incomplete as error:
            raise self._unread(error, call) from None

    def _unread(self, error: Incomplete, call: str) -> Unavailable:
        return Unavailable(str(error), call=call, at=self._http.now() + LONG_PAUSE)


def _done(reply: Reply[msgspec.Raw], call: str, otherwise: type[Refused]) -> None:
    """Raise `otherwise` where Shoptet answered with 200 and yet lists an error for the one thing that was asked."""
    if reply.rows:
        code, message = reply.rows[0].error_code, reply.rows[0].message
        raise otherwise(
            f"200 {code}: {message}", call=call, status=200, rows=reply.rows, request_id=reply.request_id, code=code
        )


def _segment(text: str, what: str) -> str:
    """One segment of a path, percent-encoded as a whole: codes like `62/XL` hold a slash.

    ValueError where it would name another path: an empty one names the folder (for DELETE: the whole gallery), and
    HTTP libraries and servers fold `.` and `..` away, even percent-encoded.
    """
    if text in ("", ".", ".."):
        raise ValueError(f"{what} is {text!r}")
    return quote(text, safe="")


def _gallery(guid: str, gallery: Gallery) -> str:
    if gallery not in get_args(Gallery):
        raise ValueError(f"there is no gallery {gallery!r}")
    return f"/api/products/{_segment(guid, 'the guid')}/images/{gallery}"


def _reference(remove: bool) -> dict[str, str]:
    return {"removeReference": "true" if remove else "false"}


def _page(number: int) -> dict[str, str]:
    return {"page": str(number), "itemsPerPage": str(ITEMS_PER_PAGE)}


def _webhook_url(url: str) -> str:
    if not 1 <= len(url) <= MAX_WEBHOOK_URL:
        raise ValueError(f"a webhook's URL has 1-{MAX_WEBHOOK_URL} characters, this one {len(url)}")
    return url


def _check_batch(images: Sequence[NewImage | NewSource | Attributes]) -> None:
    """ValueError where Shoptet would refuse the whole batch."""
    if not 1 <= len(images) <= MAX_IMAGES_PER_CALL:
        raise ValueError(f"a call takes 1-{MAX_IMAGES_PER_CALL} images, these are {len(images)}")
    for place, image in enumerate(images):
        if image.priority is not None and not 1 <= image.priority <= MAX_PRIORITY:
            raise ValueError(f"image {place}: priority {image.priority} is not within 1-{MAX_PRIORITY}")
        if not isinstance(image, Attributes) and not 1 <= len(image.source_url) <= MAX_SOURCE_URL:
            raise ValueError(f"image {place}: its URL has {len(image.source_url)} characters, not 1-{MAX_SOURCE_URL}")
        if not isinstance(image, NewImage) and not image.name:
            raise ValueError(f"image {place} has no name")

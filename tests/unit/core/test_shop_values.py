"""What goes to Shoptet and comes back: its limits, and what its answers mean."""

import msgspec
import pytest

from gallery_sync.core import shop_values
from gallery_sync.core.shop_values import Image, Job, JobDetail, RowError, Webhook


def test_the_limits_are_those_of_shoptets_description() -> None:
    limits = (shop_values.MAX_IMAGES_PER_CALL, shop_values.MAX_PRIORITY, shop_values.MAX_SOURCE_URL)
    assert limits == (100, 65_535, 2_000)
    assert shop_values.GALLERIES == ("shop", "shop360")


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("pending", False),
        ("running", False),
        ("completed", True),
        ("failed", True),
        ("expired", True),
        ("killed", True),
        ("a status that is new", True),
    ],
)
def test_a_job_has_ended_unless_it_is_pending_or_running(status: str, ended: bool) -> None:
    assert Job("j1", "/api/products/images", status).ended is ended
    assert JobDetail("j1", "/api/products/images", status).ended is ended


def test_answers_are_read_with_the_names_that_shoptet_gives_to_their_fields() -> None:
    image = b'{"name": "1.jpg", "changeTime": "t", "cdnName": "1.jpg?5", "isMainImage": true, "seoName": "not used"}'
    assert msgspec.json.decode(image, type=Image) == Image("1.jpg", None, None, "t", "1.jpg?5", True)
    assert msgspec.json.decode(b'{"name": "1.jpg"}', type=Image) == Image("1.jpg")
    job = b'{"jobId": "j1", "endpoint": "/x", "status": "completed", "creationTime": "t", "resultUrl": "https://r"}'
    assert msgspec.json.decode(job, type=JobDetail) == JobDetail(
        "j1", "/x", "completed", creation_time="t", result_url="https://r"
    )
    error = b'{"errorCode": "image-not-found", "message": "no such image", "instance": "1.jpg"}'
    assert msgspec.json.decode(error, type=RowError) == RowError("image-not-found", "no such image", "1.jpg")
    webhook = b'{"id": 5, "event": "job:finished", "url": "https://hook", "created": "not used"}'
    assert msgspec.json.decode(webhook, type=Webhook) == Webhook(5, "job:finished", "https://hook")

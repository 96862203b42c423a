"""Call by call: what is sent, and what comes back."""

from collections.abc import Callable
from typing import Any, cast

import pytest
import requests

from gallery_sync.core.shop_values import (
    Attributes,
    Gallery,
    Image,
    Job,
    JobDetail,
    NewImage,
    NewSource,
    Product,
    ResultRow,
    RowError,
    Webhook,
)
from gallery_sync.ports.shop_errors import (
    AnswerLost,
    Conflict,
    DetailsExhausted,
    NotFound,
    Refused,
    TooLate,
    Unavailable,
)
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.results import Results
from tests.unit.shoptet.fakes import BASE, NOW, REQUEST_ID, Answering, Script, VirtualClock, answer, error, shoptets

GUID = "95b84d4b-7481-11e8-8216-002590dad85e"
SOON = NOW + 60


class Setup:
    def __init__(self, *steps: requests.Response | BaseException | Answering) -> None:
        self.script = Script(*steps)
        self.clock = VirtualClock()
        session = self.script.session()
        self.shoptet = Shoptet(
            Http(BASE, PrivateToken("s3cret"), session, self.clock), Results(session, self.clock, api_url=BASE)
        )


def image(name: str, **more: object) -> dict[str, object]:
    """As the description shows an image, with the fields that this project does not use."""
    return {
        "name": name,
        "priority": 10,
        "description": None,
        "changeTime": "2018-05-29T09:02:27+0200",
        "seoName": name,
        "cdnName": f"{name}?sg=1",
        "signedCdnNames": None,
        "isMainImage": False,
        "gallery": "shop",
    } | more


def test_a_gallery_is_listed() -> None:
    setup = Setup(shoptets(200, {"images": [image("127.png"), image("5.jpg", priority=None, isMainImage=True)]}))
    assert setup.shoptet.images(GUID, "shop360") == (
        Image("127.png", 10, None, "2018-05-29T09:02:27+0200", "127.png?sg=1", False),
        Image("5.jpg", None, None, "2018-05-29T09:02:27+0200", "5.jpg?sg=1", True),
    )
    assert setup.script.lines == [f"GET /api/products/{GUID}/images/shop360"]
    assert setup.script.bodies == [None]


def test_a_product_tells_its_codes_and_the_images_of_both_galleries() -> None:
    both = [image("127.png"), image("5.jpg", gallery="shop360"), image("1.gif", gallery="attic")]
    for each in both:
        del each["isMainImage"]
    answer = {"guid": GUID.upper(), "name": "Tričko", "images": both}
    answer["variants"] = [{"code": "62/M", "image": "127.png"}, {"code": "62/XL", "image": None}]
    setup = Setup(shoptets(200, answer), shoptets(200, {"guid": GUID, "variants": [{"code": "7"}]}))
    assert setup.shoptet.product(GUID) == Product(
        GUID,
        "Tričko",
        frozenset({"62/M", "62/XL"}),
        {
            "shop": (Image("127.png", 10, None, "2018-05-29T09:02:27+0200", "127.png?sg=1"),),
            "shop360": (Image("5.jpg", 10, None, "2018-05-29T09:02:27+0200", "5.jpg?sg=1"),),
        },
        shows={"62/M": "127.png", "62/XL": ""},
    )
    assert setup.script.lines == [f"GET /api/products/{GUID}?include=images"]
    assert setup.shoptet.product(GUID) == Product(
        GUID, None, frozenset({"7"}), {"shop": (), "shop360": ()}, shows={"7": ""}
    )


def test_variants_are_told_which_images_they_reference() -> None:
    setup = Setup(shoptets(200, None))
    setup.shoptet.refer(GUID, {"62/M": "127.png"}, send_until=float("inf"))
    assert setup.script.lines == [f"PATCH /api/products/{GUID}"]
    assert setup.script.bodies[0] == {"data": {"variants": [{"code": "62/M", "image": "127.png"}]}}


@pytest.mark.parametrize(
    ("cuts", "address"),
    [
        (
            [{"name": "big", "urlPath": "https://s.cz/big/"}, {"name": "orig", "urlPath": "https://s.cz/o/"}],
            "https://s.cz/o/",
        ),
        ([{"name": "big", "urlPath": "https://s.cz/big/"}], None),
        (None, None),
    ],
)
def test_the_shop_says_where_its_pictures_are(cuts: list[dict[str, str]] | None, address: str | None) -> None:
    setup = Setup(shoptets(200, {"imageCuts": cuts} if cuts is not None else {}))
    assert setup.shoptet.originals() == address
    assert setup.script.lines == ["GET /api/eshop?include=imageCuts"]


def test_an_insertion_sends_what_is_set_and_returns_the_job() -> None:
    setup = Setup(shoptets(202, {"jobId": "ad24xod"}))
    images = [NewImage("https://s.example/a.png", 7, "Čokoláda"), NewImage("https://s.example/b.png")]
    assert setup.shoptet.insert(GUID, "shop", images, send_until=SOON) == "ad24xod"
    assert setup.script.lines == [f"POST /api/products/{GUID}/images/shop"]
    assert setup.script.bodies == [
        {
            "data": {
                "images": [
                    {"sourceUrl": "https://s.example/a.png", "priority": 7, "description": "Čokoláda"},
                    {"sourceUrl": "https://s.example/b.png"},
                ]
            }
        }
    ]


def test_a_source_update_returns_the_job() -> None:
    setup = Setup(shoptets(202, {"jobId": "ad24xod"}))
    images = [NewSource("127.png", "https://s.example/a.png", description="")]
    assert setup.shoptet.update_source(GUID, "shop", images, send_until=SOON) == "ad24xod"
    assert setup.script.lines == [f"PATCH /api/products/{GUID}/images/shop/source"]
    assert setup.script.bodies == [
        {"data": {"images": [{"name": "127.png", "sourceUrl": "https://s.example/a.png", "description": ""}]}}
    ]


def test_an_attributes_update_returns_images_and_skipped_rows() -> None:
    setup = Setup(shoptets(200, {"images": [image("1.png")]}, [error("image-not-found", "No image", "2.png")]))
    updated = setup.shoptet.update_attributes(
        GUID, "shop", [Attributes("1.png", priority=3), Attributes("2.png", description="x")], send_until=SOON
    )
    assert [each.name for each in updated.images] == ["1.png"]
    assert updated.skipped == (RowError("image-not-found", "No image", "2.png"),)
    assert setup.script.lines == [f"PATCH /api/products/{GUID}/images/shop"]
    assert setup.script.bodies == [
        {"data": {"images": [{"name": "1.png", "priority": 3}, {"name": "2.png", "description": "x"}]}}
    ]


@pytest.mark.parametrize(("remove", "word"), [(True, "true"), (False, "false")])
def test_emptying_a_gallery_returns_what_was_skipped(remove: bool, word: str) -> None:
    setup = Setup(shoptets(200, None, [error("referenced", "By 62/XL", "7.png")]), shoptets(200, None))
    assert setup.shoptet.delete_all(GUID, "shop", remove_reference=remove, send_until=SOON) == (
        RowError("referenced", "By 62/XL", "7.png"),
    )
    assert setup.shoptet.delete_all(GUID, "shop", remove_reference=remove, send_until=SOON) == ()
    assert setup.script.lines == [f"DELETE /api/products/{GUID}/images/shop?removeReference={word}"] * 2


def test_one_image_is_deleted_by_its_whole_name() -> None:
    setup = Setup(shoptets(200, None))
    setup.shoptet.delete(GUID, "shop", "a b/č?#%2F.png", remove_reference=True, send_until=SOON)
    path = f"/api/products/{GUID}/images/shop/a%20b%2F%C4%8D%3F%23%252F.png"
    assert setup.script.lines == [f"DELETE {path}?removeReference=true"]


@pytest.mark.parametrize("status", [200, 409])
def test_a_referenced_image_is_a_conflict_whatever_the_status(status: int) -> None:
    setup = Setup(shoptets(status, None, [error("image-referenced", "By 62/XL", "7.png")]))
    with pytest.raises(Conflict, match="By 62/XL") as caught:
        setup.shoptet.delete(GUID, "shop", "7.png", remove_reference=False, send_until=SOON)
    assert caught.value.rows == (RowError("image-referenced", "By 62/XL", "7.png"),)
    assert caught.value.request_id == REQUEST_ID
    assert caught.value.code == "image-referenced"


WRITES: dict[str, Callable[[Shoptet, str, Gallery, float], object]] = {
    "insert": lambda s, guid, g, until: s.insert(guid, g, [NewImage("u")], send_until=until),
    "update_source": lambda s, guid, g, until: s.update_source(guid, g, [NewSource("1.png", "u")], send_until=until),
    "update_attributes": lambda s, guid, g, until: s.update_attributes(
        guid, g, [Attributes("1.png")], send_until=until
    ),
    "delete_all": lambda s, guid, g, until: s.delete_all(guid, g, remove_reference=False, send_until=until),
    "delete": lambda s, guid, g, until: s.delete(guid, g, "1.png", remove_reference=False, send_until=until),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_write_is_sent_after_its_time(write: Callable[[Shoptet, str, Gallery, float], object]) -> None:
    setup = Setup()
    with pytest.raises(TooLate):
        write(setup.shoptet, GUID, "shop", NOW)
    assert setup.script.requests == []


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_tells_that_its_answer_was_lost(write: Callable[[Shoptet, str, Gallery, float], object]) -> None:
    setup = Setup(answer(200, "<html>"))
    with pytest.raises(AnswerLost):
        write(setup.shoptet, GUID, "shop", SOON)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    ("guid", "gallery"), [("", "shop"), ("..", "shop"), (".", "shop"), (GUID, ""), (GUID, "other")]
)
def test_no_write_goes_to_a_path_that_is_not_a_gallery(
    write: Callable[[Shoptet, str, Gallery, float], object], guid: str, gallery: str
) -> None:
    with pytest.raises(ValueError, match=r"guid|gallery"):
        write(Setup().shoptet, guid, cast(Gallery, gallery), SOON)


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_deleting_one_image_never_becomes_deleting_all(name: str) -> None:
    with pytest.raises(ValueError, match="the name of the image"):
        Setup().shoptet.delete(GUID, "shop", name, remove_reference=True, send_until=SOON)


@pytest.mark.parametrize(
    ("call", "images"),
    [
        ("insert", []),
        ("insert", [NewImage("u")] * 101),
        ("insert", [NewImage("u", priority=0)]),
        ("insert", [NewImage("u", priority=65_536)]),
        ("insert", [NewImage("")]),
        ("insert", [NewImage("u" * 2_001)]),
        ("update_source", []),
        ("update_source", [NewSource("n", "u")] * 101),
        ("update_source", [NewSource("", "u")]),
        ("update_source", [NewSource("n", "")]),
        ("update_source", [NewSource("n", "u"), NewSource("n", "u" * 2_001)]),
        ("update_attributes", []),
        ("update_attributes", [Attributes("n")] * 101),
        ("update_attributes", [Attributes("", 1)]),
        ("update_attributes", [Attributes("n", -1)]),
    ],
)
def test_what_shoptet_would_refuse_as_a_whole_is_not_sent(call: str, images: list[Any]) -> None:
    setup = Setup()
    with pytest.raises(ValueError, match="image"):
        getattr(setup.shoptet, call)(GUID, "shop", images, send_until=SOON)


def test_the_largest_batch_is_sent() -> None:
    setup = Setup(shoptets(202, {"jobId": "a1"}))
    setup.shoptet.insert(GUID, "shop", [NewImage("u" * 2_000, 65_535)] * 100, send_until=SOON)
    assert len(setup.script.bodies[0]["data"]["images"]) == 100


def job(job_id: str, status: str = "completed") -> dict[str, object]:
    return {
        "jobId": job_id,
        "endpoint": "/api/products/images",
        "creationTime": "2018-05-29T09:02:27+0200",
        "completionTime": None,
        "status": status,
        "validUntil": None,
        "language": "cs",
    }


def paginator(total: int, page: int, pages: int) -> dict[str, int]:
    return {"totalCount": total, "page": page, "pageCount": pages, "itemsOnPage": 1, "itemsPerPage": 500}


def test_all_pages_of_jobs_are_read_from_a_moment_on() -> None:
    setup = Setup(
        shoptets(200, {"jobs": [job("a"), job("b", "running")], "paginator": paginator(3, 1, 2)}),
        shoptets(200, {"jobs": [job("b"), job("c")], "paginator": paginator(3, 2, 2)}),
    )
    jobs = setup.shoptet.jobs(created_from=1_527_577_347.8)
    assert [(each.job_id, each.ended) for each in jobs] == [("a", True), ("b", True), ("c", True)]
    assert jobs[0] == Job("a", "/api/products/images", "completed", "2018-05-29T09:02:27+0200")
    query = "creationTimeFrom=2018-05-29T07%3A02%3A27%2B00%3A00&page={}&itemsPerPage=500"
    assert setup.script.lines == [f"GET /api/system/jobs?{query.format(page)}" for page in (1, 2)]


def test_a_list_of_jobs_that_cannot_be_read_whole_is_unavailable() -> None:
    pages = [shoptets(200, {"jobs": [job(f"{number}")], "paginator": paginator(9, 1, 2)}) for number in range(6)]
    setup = Setup(*pages)
    with pytest.raises(Unavailable, match="GET /api/system/jobs: the list changed") as caught:
        setup.shoptet.jobs(created_from=NOW)
    assert caught.value.at == NOW + 60


def test_a_jobs_detail_says_where_its_result_is() -> None:
    url = "https://12345.myshoptet.com/api-results/3ax1844-sfva5eu.json"
    detail = job("3ax1844") | {"duration": "20.123", "resultUrl": url, "log": None}
    setup = Setup(shoptets(200, {"job": detail}), answer(200, '{"data": {"images": [{"name": "1.png"}]}}'))
    found = setup.shoptet.job("3ax1844")
    assert found == JobDetail(
        "3ax1844",
        "/api/products/images",
        "completed",
        "2018-05-29T09:02:27+0200",
        duration="20.123",
        result_url=url,
    )
    assert setup.shoptet.result(found) == (ResultRow(name="1.png"),)
    assert setup.script.lines == ["GET /api/system/jobs/3ax1844", f"GET {url}"]
    assert "Shoptet-Private-API-Token" not in setup.script.requests[1].headers


def test_a_jobs_detail_is_read_nested_and_flat() -> None:
    detail = job("3ax1844") | {"resultUrl": "https://12345.myshoptet.com/x", "language": "cs"}
    nested, flat = (Setup(shoptets(200, data)).shoptet.job("3ax1844") for data in ({"job": detail}, detail))
    assert flat == nested
    assert flat.result_url == "https://12345.myshoptet.com/x"


@pytest.mark.parametrize(
    "data", [{}, {"job": None}, {"job": {}}, {"jobId": "a"}, {"status": "completed"}, {"jobId": 1}]
)
def test_a_jobs_detail_that_is_neither_is_unavailable(data: object) -> None:
    with pytest.raises(Unavailable, match="unexpected data"):
        Setup(shoptets(200, data)).shoptet.job("3ax1844")


@pytest.mark.parametrize("url", [None, "", "https://evil.example/x", "http://12345.myshoptet.com/x"])
def test_a_job_without_a_trusted_result_has_none(url: str | None) -> None:
    assert Setup().shoptet.result(JobDetail("a", "/", "completed", result_url=url)) is None


def test_a_result_that_is_gone_is_none() -> None:
    detail = JobDetail("a", "/", "completed", result_url="https://12345.myshoptet.com/x")
    assert Setup(answer(404, "<html>")).shoptet.result(detail) is None


def test_the_limit_of_details_has_its_own_error() -> None:
    row = error("job-detail-try-counter-exceeded-limit", "Please wait for job:finished event", "1xv8s4c")
    with pytest.raises(DetailsExhausted):
        Setup(shoptets(403, None, [row])).shoptet.job("1xv8s4c")


def test_a_product_is_found_by_a_code_with_a_slash() -> None:
    setup = Setup(shoptets(200, {"guid": GUID, "name": "Pelle"}))
    assert setup.shoptet.guid_of("62/XL") == GUID
    assert setup.script.lines == ["GET /api/products/code/62%2FXL"]


def test_an_unknown_code_is_not_found() -> None:
    with pytest.raises(NotFound):
        Setup(shoptets(404, None, [error("product-not-found")])).shoptet.guid_of("62")


@pytest.mark.parametrize("code", ["", ".", "..", "\udc80"])
def test_a_code_that_no_path_can_hold_is_not_found_without_asking(code: str) -> None:
    with pytest.raises(NotFound, match="no product can have it"):
        Setup().shoptet.guid_of(code)


def webhook(number: int, event: str = "job:finished") -> dict[str, object]:
    return {"id": number, "event": event, "url": "https://f.example", "created": None, "updated": None}


def test_all_webhooks_are_listed() -> None:
    setup = Setup(
        shoptets(200, {"webhooks": [webhook(1)], "paginator": paginator(2, 1, 2)}),
        shoptets(200, {"webhooks": [webhook(2, "order:create")], "paginator": paginator(2, 2, 2)}),
    )
    assert [each.id for each in setup.shoptet.webhooks()] == [1, 2]
    assert setup.script.lines[0] == "GET /api/webhooks?page=1&itemsPerPage=500"


def test_a_webhook_is_registered() -> None:
    setup = Setup(shoptets(201, {"webhooks": [webhook(1, "order:create"), webhook(7)]}))
    assert setup.shoptet.register_webhook("job:finished", "https://f.example") == Webhook(
        7, "job:finished", "https://f.example"
    )
    assert setup.script.lines == ["POST /api/webhooks"]
    assert setup.script.bodies == [{"data": [{"event": "job:finished", "url": "https://f.example"}]}]


def test_a_registration_without_its_webhook_is_no_success() -> None:
    setup = Setup(shoptets(201, {"webhooks": []}))
    with pytest.raises(Refused, match="without the webhook for job:finished"):
        setup.shoptet.register_webhook("job:finished", "https://f.example")


def test_a_webhooks_url_is_changed() -> None:
    setup = Setup(shoptets(200, None), shoptets(200, None, [error("bad-url", "No")]))
    setup.shoptet.update_webhook(7, "https://g.example")
    assert setup.script.lines == ["PATCH /api/webhooks/7"]
    assert setup.script.bodies == [{"data": {"url": "https://g.example"}}]
    with pytest.raises(Refused, match="bad-url"):
        setup.shoptet.update_webhook(7, "https://g.example")


@pytest.mark.parametrize("url", ["", "https://" + "u" * 2_000])
def test_a_webhooks_url_has_bounds(url: str) -> None:
    for call in (lambda: Setup().shoptet.register_webhook("e", url), lambda: Setup().shoptet.update_webhook(7, url)):
        with pytest.raises(ValueError, match="characters"):
            call()


def test_the_signature_key_is_renewed() -> None:
    setup = Setup(shoptets(200, {"signatureKey": "8a5e881b"}))
    assert setup.shoptet.renew_signature_key() == "8a5e881b"
    assert setup.script.lines == ["POST /api/webhooks/renew-signature-key"]

import pytest

from tests.contract.sandbox.support import MUG, Api, Files, error_codes, picture

INSERT = f"/api/products/{MUG}/images/shop"
SOURCE = f"{INSERT}/source"
URL = "http://127.0.0.1:9/a.png"


@pytest.mark.parametrize(
    ("method", "path", "image"),
    [
        ("POST", INSERT, {}),
        ("POST", INSERT, {"sourceUrl": ""}),
        ("POST", INSERT, {"sourceUrl": "http://127.0.0.1:9/" + "a" * 1982}),
        ("POST", INSERT, {"sourceUrl": URL, "priority": 0}),
        ("POST", INSERT, {"sourceUrl": URL, "priority": 65_536}),
        ("POST", INSERT, {"sourceUrl": URL, "priority": "10"}),
        ("POST", INSERT, {"sourceUrl": URL, "name": "127.png"}),
        ("POST", INSERT, {"sourceUrl": URL, "description": None}),
        ("PATCH", INSERT, {"priority": 10}),
        ("PATCH", INSERT, {"name": ""}),
        ("PATCH", INSERT, {"name": "127.png", "priority": 65_536}),
        ("PATCH", SOURCE, {"name": "127.png"}),
        ("PATCH", SOURCE, {"sourceUrl": URL}),
        ("PATCH", SOURCE, {"name": "127.png", "sourceUrl": URL, "priority": 100_000}),
    ],
)
def test_an_image_outside_the_description_gives_422(api: Api, method: str, path: str, image: dict[str, object]) -> None:
    answer = api.call(method, path, {"data": {"images": [image]}})
    assert (answer.status_code, error_codes(answer)) == (422, ["invalid-request-data"])
    assert api.control("GET", "jobs")["jobs"] == []


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"images": []}}, {"images": [{"sourceUrl": URL}]}, []])
def test_a_body_of_another_shape_gives_422(api: Api, body: object) -> None:
    assert api.call("POST", INSERT, body).status_code == 422


def test_a_body_that_is_not_json_gives_400(api: Api) -> None:
    answer = api.call("POST", INSERT, data=b"{")
    assert (answer.status_code, error_codes(answer)) == (400, ["invalid-json"])


def test_an_error_never_repeats_a_source_url(api: Api) -> None:
    answer = api.call("POST", INSERT, {"data": {"images": [{"sourceUrl": "secret" * 400}]}})
    assert answer.status_code == 422
    assert "secret" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_more_than_100_images_give_413_and_nothing_is_done(api: Api, method: str) -> None:
    name = api.by_hand(MUG, priority=10)
    row: dict[str, object] = {"sourceUrl": URL} if method == "POST" else {"name": name, "priority": 99}
    assert api.call(method, INSERT, {"data": {"images": [row] * 101}}).status_code == 413
    assert api.control("GET", "jobs")["jobs"] == []
    assert api.listing(MUG)[0]["priority"] == 10


def test_100_images_and_the_largest_priorities_are_accepted(api: Api, files: Files) -> None:
    url = files.put("a.png", picture())
    job = api.insert(MUG, *({"sourceUrl": url, "priority": 65_535} for _ in range(100)))
    api.ended(job)
    name = api.names(MUG)[0]
    assert len(api.names(MUG)) == 100
    api.ended(api.source(MUG, {"name": name, "sourceUrl": url, "priority": 99_999}))
    assert api.listing(MUG)[-1]["priority"] == 99_999


def test_a_source_update_states_no_maximum_of_images(api: Api, files: Files) -> None:
    url, name = files.put("a.png", picture()), api.by_hand(MUG)
    assert api.ended(api.source(MUG, *({"name": name, "sourceUrl": url} for _ in range(101))))["status"] == "completed"


def test_a_source_url_may_have_2000_characters(api: Api, files: Files) -> None:
    url = files.put("a.png", picture())
    long_url = f"{url}?{'x' * (1999 - len(url))}"
    api.ended(api.insert(MUG, {"sourceUrl": long_url}))
    assert len(api.names(MUG)) == 1


@pytest.mark.parametrize("query", ["itemsPerPage=0", "page=0", "page=one"])
def test_a_page_out_of_range_gives_400(api: Api, query: str) -> None:
    for path in ("/api/system/jobs", "/api/webhooks", "/api/webhooks/notifications"):
        assert api.call("GET", f"{path}?{query}").status_code == 400

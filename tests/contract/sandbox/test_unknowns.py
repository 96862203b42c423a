from typing import Literal

import pytest
import requests

from infra.local.sandbox.clock import shown
from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, SHIRT, Api, Files, eventually, picture


@pytest.fixture
def url(files: Files) -> str:
    return files.put("a.png", picture())


def result_of(api: Api, url: str) -> requests.Response:
    return requests.get(api.ended(api.insert(MUG, {"sourceUrl": url}))["resultUrl"], timeout=5)


def test_a_result_can_name_the_images(api: Api, url: str) -> None:
    (row,) = result_of(api, url).json()["data"]["images"]
    assert (row["name"], row["sourceUrl"]) == (api.names(MUG)[0], url)


def test_a_result_can_leave_the_names_out(open_sandbox: OpenSandbox, url: str) -> None:
    (row,) = result_of(open_sandbox(result_format="bare"), url).json()["data"]["images"]
    assert row.keys() == {"priority", "description"}


@pytest.mark.parametrize(
    ("style", "told"), [("placed", "instance"), ("failed_urls", "sourceUrl"), ("names", "instance")]
)
def test_a_result_tells_what_failed_apart_from_the_images(
    open_sandbox: OpenSandbox, url: str, style: str, told: str
) -> None:
    api, gone = open_sandbox(result_format=style), f"{url}-is-gone"
    job = api.ended(api.insert(MUG, {"sourceUrl": gone}, {"sourceUrl": url}))
    result = requests.get(job["resultUrl"], timeout=5).json()
    (row,), (failure,) = result["data"]["images"], result["errors"]
    assert row["name"] == api.names(MUG)[0]
    assert ("sourceUrl" in row) == (style == "names")
    assert failure[told] == {"instance": "images[0]", "sourceUrl": gone}[told]


def test_a_result_can_be_a_page(open_sandbox: OpenSandbox, url: str) -> None:
    answer = result_of(open_sandbox(result_format="html"), url)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")


def test_a_result_can_be_missing_behind_its_link(open_sandbox: OpenSandbox, url: str) -> None:
    assert result_of(open_sandbox(result_format="missing"), url).status_code == 404


def test_there_can_be_no_link_to_a_result(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(result_format="none")
    job = api.ended(api.insert(MUG, {"sourceUrl": url}))
    assert (job["status"], job["resultUrl"], job["validUntil"]) == ("completed", None, None)


def test_a_jobs_detail_is_nested_or_flat(api: Api, url: str) -> None:
    job = api.insert(MUG, {"sourceUrl": url})
    nested = api.ended(job)
    api.settings(job_detail="flat")
    assert api.call("GET", f"/api/system/jobs/{job}").json()["data"] == nested


def test_a_jobs_endpoint_is_the_full_path_or_the_short_one(api: Api, url: str) -> None:
    name = api.by_hand(MUG)
    path = f"/api/products/{MUG}/images/shop"
    assert api.ended(api.insert(MUG, {"sourceUrl": url}))["endpoint"] == path
    assert api.ended(api.source(MUG, {"name": name, "sourceUrl": url}))["endpoint"] == f"{path}/source"
    api.settings(job_endpoint="short")
    assert api.ended(api.insert(MUG, {"sourceUrl": url}))["endpoint"] == "/api/products/images"


def test_the_list_can_show_the_jobs_of_other_people_or_not(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(foreign_jobs=3)
    own = api.insert(MUG, {"sourceUrl": url})

    def listed() -> list[str]:
        return [row["jobId"] for row in api.call("GET", "/api/system/jobs").json()["data"]["jobs"]]

    assert len(listed()) == 4
    foreign = next(job for job in listed() if job != own)
    assert api.call("GET", f"/api/system/jobs/{foreign}").status_code == 200
    api.settings(list_foreign_jobs=False)
    assert listed() == [own]
    assert api.call("GET", f"/api/system/jobs/{foreign}").status_code == 404


def test_the_listing_can_lag_behind_the_job(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(listing_lag_seconds=120)
    old = api.by_hand(MUG)
    api.ended(api.insert(MUG, {"sourceUrl": url}))
    api.advance(60)
    api.ended(api.insert(MUG, {"sourceUrl": url}))
    api.advance(110)
    assert api.names(MUG) == [old]
    assert len(api.control("GET", "galleries")[MUG]["shop"]) == 3
    api.advance(10)
    assert len(api.names(MUG)) == 3


def test_an_insertion_can_renumber_the_priorities(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(renumber="insertions")
    api.by_hand(MUG, priority=7)
    api.ended(api.insert(MUG, {"sourceUrl": url, "priority": 900}, {"sourceUrl": url, "priority": 3}))
    assert numbers(api) == [10, 20, 30]
    api.call(
        "PATCH", f"/api/products/{MUG}/images/shop", {"data": {"images": [{"name": api.names(MUG)[0], "priority": 55}]}}
    )
    assert numbers(api) == [20, 30, 55]


def test_every_change_can_renumber_the_priorities(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(renumber="changes", renumber_from=0, renumber_step=1)
    api.ended(api.insert(MUG, *({"sourceUrl": url, "priority": at} for at in (900, 3, 70))))
    first, second, third = api.names(MUG)
    assert numbers(api) == [0, 1, 2]
    api.call("PATCH", f"/api/products/{MUG}/images/shop", {"data": {"images": [{"name": first, "priority": 55}]}})
    assert (api.names(MUG), numbers(api)) == ([second, third, first], [0, 1, 2])
    api.call("DELETE", f"/api/products/{MUG}/images/shop/{second}")
    assert (api.names(MUG), numbers(api)) == ([third, first], [0, 1])
    api.ended(api.source(MUG, {"name": third, "sourceUrl": url, "priority": 9}))
    assert (api.names(MUG), numbers(api)) == ([first, third], [0, 1])


def test_priorities_can_be_hidden(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(null_numbers=True)
    api.ended(api.insert(MUG, {"sourceUrl": url, "priority": 900}, {"sourceUrl": url, "priority": 3}))
    assert numbers(api) == [None, None]
    last, first = sorted(api.names(MUG))
    assert api.names(MUG) == [first, last]


def test_a_changed_priority_can_be_ignored(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(patched_numbers_kept=False)
    api.ended(api.insert(MUG, {"sourceUrl": url, "priority": 3}))
    answer = api.call(
        "PATCH",
        f"/api/products/{MUG}/images/shop",
        {"data": {"images": [{"name": api.names(MUG)[0], "priority": 55, "description": "new"}]}},
    )
    assert answer.status_code == 200
    assert [(image["priority"], image["description"]) for image in api.listing(MUG)] == [(3, "new")]


def numbers(api: Api) -> list[int | None]:
    return [image["priority"] for image in api.listing(MUG)]


def test_priorities_stay_as_sent_otherwise(api: Api, url: str) -> None:
    api.ended(api.insert(MUG, {"sourceUrl": url, "priority": 900}, {"sourceUrl": url, "priority": 3}))
    assert [image["priority"] for image in api.listing(MUG)] == [3, 900]


@pytest.mark.parametrize(("on", "stored"), [(True, ["Modré tričko", None]), (False, ["  Modré   tričko ", " "])])
def test_descriptions_can_be_normalised(
    open_sandbox: OpenSandbox, url: str, on: bool, stored: list[str | None]
) -> None:
    api = open_sandbox(normalise_descriptions=on)
    rows = [{"sourceUrl": url, "description": text} for text in ("  Modré   tričko ", " ")]
    api.ended(api.insert(MUG, *rows))
    assert [image["description"] for image in api.listing(MUG)] == stored


@pytest.mark.parametrize(("on", "extension"), [(True, "jpg"), (False, "png")])
def test_a_source_update_can_change_the_extension(
    open_sandbox: OpenSandbox, files: Files, on: bool, extension: str
) -> None:
    api = open_sandbox(source_changes_extension=on)
    name = api.by_hand(SHIRT)
    variants = {"data": {"variants": [{"code": "62/M", "image": name}]}}
    assert api.call("PATCH", f"/api/products/{SHIRT}", variants).status_code == 200
    api.ended(api.source(SHIRT, {"name": name, "sourceUrl": files.put("a.jpg", picture("JPEG"))}))
    (image,) = api.control("GET", "galleries")[SHIRT]["shop"]
    assert (image["name"], image["referenced_by"]) == (f"{name.split('.')[0]}.{extension}", ["62/M"])


@pytest.mark.parametrize("head", ["answered", "refused", "cut"])
def test_a_head_request_can_go_before_the_download_and_may_fail(
    open_sandbox: OpenSandbox, files: Files, head: Literal["answered", "refused", "cut"]
) -> None:
    api, files.head = open_sandbox(head_first=True), head
    api.ended(api.insert(MUG, {"sourceUrl": files.put("a.png", picture())}))
    methods = [method for method, _ in files.requests]
    assert (methods[0], methods[-1]) == ("HEAD", "GET")
    assert len(api.names(MUG)) == 1


def test_a_source_url_is_requested_exactly_as_it_was_sent(api: Api, files: Files) -> None:
    files.put("a b/c.png", picture())
    query = "X-Goog-Credential=robot%40example%2F2026&sig=a%2Bb%3d~"
    api.ended(api.insert(MUG, {"sourceUrl": f"{files.url}/a%20b%2Fc.png?{query}"}))
    eventually(lambda: files.targets)
    assert files.targets == [f"/a%20b%2Fc.png?{query}"]


@pytest.mark.parametrize(("on", "listed"), [(True, [MUG]), (False, [])])
def test_a_change_of_images_alone_can_be_a_change_of_the_product_or_not(
    open_sandbox: OpenSandbox, on: bool, listed: list[str]
) -> None:
    api = open_sandbox(changes_show_images=on)
    since = shown(float(api.control("POST", "clock", {"advance": 60})["now"]))
    api.by_hand(MUG)
    answer = api.call("GET", "/api/products/changes", params={"from": since})
    assert [row["guid"] for row in answer.json()["data"]["changes"]] == listed

from collections.abc import Callable

import pytest
import requests

from tests.contract.sandbox.support import MUG, TABLE, Api, Files, eventually, picture

INSERT = f"/api/products/{MUG}/images/shop"


@pytest.fixture
def url(files: Files) -> str:
    return files.put("a.png", picture())


def insert(api: Api, url: str) -> requests.Response:
    return api.call("POST", INSERT, {"data": {"images": [{"sourceUrl": url}]}})


def jobs(api: Api) -> int:
    return len(api.control("GET", "jobs")["jobs"])


def test_a_status_can_be_ordered_with_headers_for_so_many_calls(api: Api, url: str) -> None:
    date = "Mon, 01 Jul 2024 12:01:11 GMT"
    api.fault("images.insert", "status", status=503, headers={"Retry-After": date}, times=2)
    answers = [insert(api, url) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 202]
    assert answers[0].headers["Retry-After"] == date
    assert answers[0].json()["metadata"]["requestId"] == answers[0].headers["X-Request-ID"]
    assert jobs(api) == 1


def test_an_order_can_let_calls_through_first_and_name_a_path(api: Api) -> None:
    api.fault("images.list", "status", after=1, path=MUG)
    paths = [INSERT, f"/api/products/{TABLE}/images/shop", INSERT, INSERT]
    assert [api.call("GET", path).status_code for path in paths] == [200, 200, 503, 200]


@pytest.mark.parametrize(("kind", "done"), [("reset_before", 0), ("reset_after", 1)])
def test_the_connection_can_end_before_or_after_the_work(api: Api, url: str, kind: str, done: int) -> None:
    api.fault("images.insert", kind)
    with pytest.raises(requests.ConnectionError):
        insert(api, url)
    assert jobs(api) == done
    assert api.control("GET", "calls")["answers"]["images.insert"] == {kind: 1}


@pytest.mark.parametrize(("work", "done"), [(True, 1), (False, 0)])
def test_an_answer_can_fail_to_come_at_all(api: Api, url: str, work: bool, done: int) -> None:
    api.fault("images.insert", "timeout", delay=0.3, work=work)
    with pytest.raises(requests.ConnectionError):
        insert(api, url)
    assert jobs(api) == done


@pytest.mark.parametrize(("work", "done"), [(True, 1), (False, 0)])
def test_a_page_can_come_where_json_was_expected(api: Api, url: str, work: bool, done: int) -> None:
    api.fault("images.insert", "html", work=work, status=200)
    answer = insert(api, url)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert jobs(api) == done


def test_an_answer_can_be_truncated(api: Api, url: str) -> None:
    api.fault("images.insert", "truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        insert(api, url)
    assert jobs(api) == 1


def test_json_can_be_cut_off_in_a_whole_answer(api: Api, url: str) -> None:
    api.fault("images.insert", "cut_json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        insert(api, url).json()
    assert jobs(api) == 1


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ("wrong_job_id_type", lambda data: isinstance(data["jobId"], int)),
        ("missing_fields", lambda data: data == {}),
        ("null_data", lambda data: data is None),
        ("extra_fields", lambda data: isinstance(data["jobId"], str) and len(data) == 2),
    ],
)
def test_an_answer_can_have_another_shape(api: Api, url: str, kind: str, fits: Callable[[object], bool]) -> None:
    api.fault("images.insert", kind)
    answer = insert(api, url)
    assert answer.status_code == 202
    assert fits(answer.json()["data"])
    assert jobs(api) == 1


def test_an_image_can_be_lost_while_the_result_names_it(api: Api, url: str) -> None:
    api.fault("images.insert", "lose_image", rows=[1])
    job = api.ended(api.insert(MUG, *({"sourceUrl": url, "priority": place} for place in (1, 2, 3))))
    result = requests.get(job["resultUrl"], timeout=5).json()
    assert (job["status"], job["log"], result["errors"]) == ("completed", None, None)
    assert [image["priority"] for image in api.listing(MUG)] == [1, 3]
    assert len(result["data"]["images"]) == 3
    assert result["data"]["images"][1]["name"] not in api.names(MUG)


def test_an_image_can_fail_with_an_error(api: Api, url: str) -> None:
    api.fault("images.insert", "image_fails", rows=[0])
    job = api.ended(api.insert(MUG, {"sourceUrl": url}, {"sourceUrl": url}))
    assert len(requests.get(job["resultUrl"], timeout=5).json()["errors"]) == 1
    assert len(api.names(MUG)) == 1


def test_the_job_and_its_answer_can_both_go_wrong(api: Api, url: str) -> None:
    api.fault("images.insert", "job_failed")
    api.fault("images.*", "reset_after")
    with pytest.raises(requests.ConnectionError):
        insert(api, url)
    eventually(lambda: api.control("GET", "jobs")["jobs"][0]["status"] == "failed")


def test_the_download_of_a_result_and_the_token_of_an_addon_can_fail_too(api: Api, url: str) -> None:
    job = api.ended(api.insert(MUG, {"sourceUrl": url}))
    api.fault("jobs.result", "status", status=500)
    api.fault("access_token", "status", status=500)
    token_url = f"{api.url}/action/ApiOAuthServer/getAccessToken"
    assert requests.get(job["resultUrl"], timeout=5).status_code == 500
    assert requests.get(token_url, timeout=5).status_code == 500


def test_orders_are_shown_and_forgotten(api: Api, url: str) -> None:
    api.fault("images.insert", "status", times=5)
    assert [row["kind"] for row in api.control("GET", "faults")["faults"]] == ["status"]
    api.control("DELETE", "faults")
    assert insert(api, url).status_code == 202


def test_an_order_that_makes_no_sense_is_refused(api: Api) -> None:
    answer = requests.post(
        f"{api.url}/_control/faults", json={"operation": "images.insert", "kind": "quake"}, timeout=5
    )
    assert (answer.status_code, "quake" in answer.json()["error"]) == (400, True)

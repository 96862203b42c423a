import re
from datetime import datetime
from urllib.parse import quote

import pytest
import requests

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, TABLE, Api, Files, Receiver, error_codes, eventually, picture

HOUR = 3_600
SHOPTETS_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d{4}")


@pytest.fixture
def url(files: Files) -> str:
    return files.put("a.png", picture())


def listed(api: Api, **query: object) -> list[str]:
    """The ids of the jobs that the list shows."""
    text = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
    answer = api.call("GET", f"/api/system/jobs?{text}")
    assert answer.status_code == 200, answer.text
    return [row["jobId"] for row in answer.json()["data"]["jobs"]]


def test_asynchronous_calls_need_a_registered_webhook_and_else_nothing_is_queued(
    open_sandbox: OpenSandbox, url: str
) -> None:
    api = open_sandbox(webhook=False)
    name = api.by_hand(MUG)
    path = f"/api/products/{MUG}/images/shop"
    for answer in (
        api.call("POST", path, {"data": {"images": [{"sourceUrl": url}]}}),
        api.call("PATCH", f"{path}/source", {"data": {"images": [{"name": name, "sourceUrl": url}]}}),
        api.call("GET", "/api/products/snapshot"),
    ):
        assert (answer.status_code, error_codes(answer)) == (403, ["webhook-not-registered"])
    assert api.control("GET", "jobs")["jobs"] == []
    assert listed(api) == []


def test_a_job_goes_from_pending_over_running_to_completed(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(pending_seconds=(60, 60), job_seconds=(60, 60))
    job = api.insert(MUG, {"sourceUrl": url})
    assert api.detail(job)["status"] == "pending"
    api.advance(61)
    eventually(lambda: api.status(job) == "running")
    running = api.detail(job)
    assert [running[name] for name in ("completionTime", "duration", "resultUrl", "validUntil")] == [None] * 4
    assert api.names(MUG) == []
    api.advance(61)
    assert api.ended(job)["status"] == "completed"


def test_a_finished_job_tells_when_how_long_and_where_its_result_is(api: Api, url: str) -> None:
    job = api.ended(api.insert(MUG, {"sourceUrl": url}))
    assert all(SHOPTETS_TIME.fullmatch(job[name]) for name in ("creationTime", "completionTime", "validUntil"))
    assert re.fullmatch(r"\d+\.\d{3}", job["duration"])
    valid = datetime.fromisoformat(job["validUntil"]) - datetime.fromisoformat(job["completionTime"])
    assert valid.total_seconds() == 24 * HOUR
    assert re.fullmatch(rf"{api.url}/api-results/{job['jobId']}-\w{{7}}\.json", job["resultUrl"])


def test_an_eleventh_detail_of_an_unfinished_job_gives_403(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(job_seconds=(60, 60))
    job = api.insert(MUG, {"sourceUrl": url})
    answers = [api.call("GET", f"/api/system/jobs/{job}") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [403]
    assert error_codes(answers[-1]) == ["job-detail-try-counter-exceeded-limit"]
    assert api.control("GET", "calls")["details_before_end"] == {job: 11}
    eventually(lambda: api.status(job) == "running")
    api.advance(61)
    api.ended(job)
    assert {api.call("GET", f"/api/system/jobs/{job}").status_code for _ in range(11)} == {200}


def test_the_list_of_jobs_has_no_such_limit(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(job_seconds=(60, 60))
    job = api.insert(MUG, {"sourceUrl": url})
    assert [listed(api) for _ in range(12)] == [[job]] * 12


def test_an_unknown_job_gives_404(api: Api) -> None:
    answer = api.call("GET", "/api/system/jobs/1xv8s4c")
    assert (answer.status_code, error_codes(answer)) == (404, ["job-not-found"])


def test_the_list_is_cut_into_pages_of_100_at_first(api: Api) -> None:
    jobs = [api.control("POST", "jobs", {"age": age})["jobId"] for age in range(105)]
    assert listed(api) == jobs[:100]
    assert listed(api, page=2) == jobs[100:]
    assert listed(api, itemsPerPage=500) == jobs
    assert listed(api, page=3, itemsPerPage=50) == jobs[100:]
    assert listed(api, page=9) == []
    paginator = api.call("GET", "/api/system/jobs?page=2").json()["data"]["paginator"]
    assert paginator == {"totalCount": 105, "page": 2, "pageCount": 2, "itemsOnPage": 5, "itemsPerPage": 100}
    # More than the most is cut down to it.
    assert api.call("GET", "/api/system/jobs?itemsPerPage=501").json()["data"]["paginator"]["itemsPerPage"] == 500


def test_the_list_is_filtered_by_status_and_time(api: Api) -> None:
    old = api.control("POST", "jobs", {"age": 2 * HOUR, "status": "failed"})["jobId"]
    new = api.control("POST", "jobs", {"status": "running"})["jobId"]
    created = {row["jobId"]: row["creationTime"] for row in jobs_list(api)}
    assert listed(api, status="running") == [new]
    assert listed(api, status="failed") == [old]
    assert listed(api, creationTimeFrom=created[new]) == [new]
    assert listed(api, creationTimeTo=created[old]) == [old]
    assert listed(api, creationTimeFrom=created[old], creationTimeTo=created[new]) == [new, old]
    assert listed(api, completionTimeFrom=created[old]) == [old]
    assert listed(api, completionTimeTo=created[old]) == []
    with_colon = created[new][:-2] + ":" + created[new][-2:]
    assert listed(api, creationTimeFrom=with_colon) == [new]


def jobs_list(api: Api) -> list[dict[str, str]]:
    return list(api.call("GET", "/api/system/jobs").json()["data"]["jobs"])


@pytest.mark.parametrize("query", ["status=done", "creationTimeFrom=now", "creationTimeTo=2018-05-28T14:17:00+02:00"])
def test_a_filter_that_cannot_be_understood_gives_400(api: Api, query: str) -> None:
    api.control("POST", "jobs", {})
    assert api.call("GET", f"/api/system/jobs?{query}").status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"), [("job_failed", "failed"), ("job_killed", "killed"), ("job_expired", "expired")]
)
def test_a_job_can_end_otherwise_with_some_of_its_images_done(api: Api, url: str, kind: str, status: str) -> None:
    api.fault("images.insert", kind, done=1)
    job = api.ended(api.insert(MUG, {"sourceUrl": url}, {"sourceUrl": url}))
    assert (job["status"], job["resultUrl"]) == (status, None)
    assert len(api.names(MUG)) == 1


def test_a_job_that_never_ends_is_failed_after_three_hours_without_a_webhook(
    open_sandbox: OpenSandbox, url: str, receiver: Receiver
) -> None:
    api = open_sandbox(webhook=False)
    api.register(f"{receiver.url}/finished")
    api.fault("images.insert", "job_never_ends")
    job = api.insert(MUG, {"sourceUrl": url})
    eventually(lambda: api.status(job) == "running")
    api.advance(3 * HOUR - 60)
    assert api.status(job) == "running"
    api.advance(60)
    assert listed(api, status="failed") == [job]
    detail = api.detail(job)
    ran = datetime.fromisoformat(detail["completionTime"]) - datetime.fromisoformat(detail["creationTime"])
    assert (detail["status"], ran.total_seconds()) == ("failed", 3 * HOUR)
    api.ended(api.insert(TABLE, {"sourceUrl": url}))
    eventually(lambda: receiver.received)
    assert all(job.encode() not in body for body, _ in receiver.received)


def test_a_job_that_was_marked_failed_puts_nothing_into_the_gallery_later(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(job_seconds=(4 * HOUR, 4 * HOUR))
    job = api.insert(MUG, {"sourceUrl": url})
    eventually(lambda: api.status(job) == "running")
    api.advance(3 * HOUR)
    assert listed(api, status="failed") == [job]
    api.settings(job_seconds=(0, 0))
    api.advance(2 * HOUR)
    api.ended(api.insert(TABLE, {"sourceUrl": url}))
    assert (api.status(job), api.names(MUG)) == ("failed", [])


def test_a_result_is_valid_for_24_hours(api: Api, url: str) -> None:
    job = api.ended(api.insert(MUG, {"sourceUrl": url}))
    api.advance(24 * HOUR - 60)
    assert requests.get(job["resultUrl"], timeout=5).status_code == 200
    api.advance(60)
    assert requests.get(job["resultUrl"], timeout=5).status_code == 404


def test_a_jobs_record_is_kept_for_30_days(api: Api, url: str) -> None:
    job = api.ended(api.insert(MUG, {"sourceUrl": url}))["jobId"]
    api.advance(30 * 24 * HOUR - 60)
    assert listed(api) == [job]
    api.advance(60)
    assert listed(api) == []
    assert api.call("GET", f"/api/system/jobs/{job}").status_code == 404


def test_jobs_run_side_by_side_but_only_so_many(open_sandbox: OpenSandbox, url: str) -> None:
    api = open_sandbox(job_seconds=(60, 60), jobs_at_once=2)
    jobs = [api.insert(MUG, {"sourceUrl": url}) for _ in range(3)]
    eventually(lambda: [api.status(job) for job in jobs] == ["running", "running", "pending"])
    api.advance(61)
    eventually(lambda: [api.status(job) for job in jobs] == ["completed", "completed", "running"])

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import requests

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, TABLE, Api, error_codes

LISTING = f"/api/products/{MUG}/images/shop"


def together(api: Api, number: int, method: str, *paths: str) -> list[requests.Response]:
    """So many calls at the same time, over connections of their own."""

    def one(index: int) -> requests.Response:
        with requests.Session() as session:
            return Api(api.url, session=session).call(method, paths[index % len(paths)])

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_a_fourth_connection_of_a_token_gets_a_page_of_nginx_without_shoptets_headers(
    open_sandbox: OpenSandbox,
) -> None:
    api = open_sandbox(webhook=False, read_seconds=(0.4, 0.4))
    answers = together(api, 4, "GET", LISTING)
    assert Counter(answer.status_code for answer in answers) == {200: 3, 429: 1}
    (refused,) = (answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Content-Type"].startswith("text/html")
    assert "nginx" in refused.text
    assert not {"X-Request-ID", "X-RateLimit-Bucket-Filling", "Retry-After"} & refused.headers.keys()
    counts = api.control("GET", "calls")
    assert (counts["max_connections"], counts["status_429_connections"]) == (3, 1)


def test_the_connections_of_an_address_are_limited_too(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, read_seconds=(0.4, 0.4), connections_per_address=2)
    assert Counter(answer.status_code for answer in together(api, 3, "GET", LISTING)) == {200: 2, 429: 1}


def test_a_connection_that_has_ended_makes_room(api: Api) -> None:
    assert {api.call("GET", LISTING).status_code for _ in range(10)} == {200}


def test_every_answer_shows_how_full_the_bucket_is(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(bucket_size=200, bucket_leak_per_second=0.001, call_costs={"images.list": 18})
    before = api.call("GET", "/api/webhooks").headers["X-RateLimit-Bucket-Filling"]
    after = api.call("GET", LISTING).headers["X-RateLimit-Bucket-Filling"]
    assert before == "3/200"  # a registration for 2 drops, a look for 1
    assert after == "21/200"
    assert api.call("GET", "/api/products/unknown/images/shop").headers["X-RateLimit-Bucket-Filling"] == "39/200"


def test_a_full_bucket_gives_429_with_an_http_date_and_leaks(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, bucket_size=20, call_costs={"images.list": 25})
    assert api.call("GET", LISTING).status_code == 200
    refused = api.call("GET", LISTING)
    assert (refused.status_code, error_codes(refused)) == (429, ["rate-limit-exceeded"])
    assert refused.headers["X-RateLimit-Bucket-Filling"] == "20/20"
    assert refused.headers["Retry-After"].endswith(" GMT")
    pause = parsedate_to_datetime(refused.headers["Retry-After"]).timestamp() - time.time()
    assert 0 < pause <= 2
    api.advance(pause)
    assert api.call("GET", LISTING).status_code == 200
    assert api.control("GET", "calls")["status_429_bucket"] == 1


def test_a_refused_request_costs_no_drops(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, bucket_size=10, bucket_leak_per_second=1, call_costs={"images.list": 10.5})
    assert [api.call("GET", LISTING).status_code for _ in range(4)] == [200, 429, 429, 429]
    api.advance(1)
    assert api.call("GET", LISTING).status_code == 200


def test_a_write_locks_its_url_while_it_runs(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, write_seconds=(0.4, 0.4))
    answers = together(api, 2, "DELETE", LISTING)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 423: 1}
    assert api.call("DELETE", LISTING).status_code == 200
    assert api.control("GET", "calls")["status_423"] == 1


def test_writes_to_different_urls_do_not_meet(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, write_seconds=(0.3, 0.3))
    answers = together(api, 2, "DELETE", LISTING, f"/api/products/{TABLE}/images/shop")
    assert {answer.status_code for answer in answers} == {200}


def test_a_read_is_not_kept_out_by_a_lock(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, write_seconds=(0.4, 0.4))
    with ThreadPoolExecutor(1) as pool:
        write = pool.submit(lambda: together(api, 1, "DELETE", LISTING))
        assert api.call("GET", LISTING).status_code == 200
        assert write.result()[0].status_code == 200


def test_a_lock_ends_after_five_seconds_though_the_write_still_runs(open_sandbox: OpenSandbox) -> None:
    api = open_sandbox(webhook=False, write_seconds=(0.5, 0.5), lock_seconds=0.1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: together(api, 1, "DELETE", LISTING))
        time.sleep(0.25)
        assert not first.done()
        assert api.call("DELETE", LISTING).status_code == 200
        assert first.result()[0].status_code == 200

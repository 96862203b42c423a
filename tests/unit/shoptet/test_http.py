"""The one place that sends: what it repeats, what it never repeats, and when it no longer sends."""

import threading
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import requests

from gallery_sync.ports.shop_errors import (
    AnswerLost,
    Crowded,
    Locked,
    NotAllowed,
    Refused,
    ShoptetError,
    TooLate,
    TryLater,
    Unavailable,
)
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.classify import Reply
from gallery_sync.shoptet.http import USER_AGENT, Gate, Http
from gallery_sync.shoptet.transport import Timeouts
from tests.unit.shoptet.fakes import (
    BASE,
    NOW,
    REQUEST_ID,
    Answering,
    Script,
    VirtualClock,
    answer,
    error,
    raw_server,
    refused_connection,
    reset,
    shoptets,
)

TOKEN = "private-s3cret"


class Accepted(msgspec.Struct, rename="camel"):
    job_id: str


def fine() -> requests.Response:
    return shoptets(202, {"jobId": "a1"})


class Setup:
    def __init__(self, *steps: requests.Response | BaseException | Answering, gate: Gate | None = None) -> None:
        self.script = Script(*steps)
        self.clock = VirtualClock()
        self.http = Http(BASE, PrivateToken(TOKEN), self.script.session(), self.clock, gate, stretch=lambda: 1.0)

    def call(self, method: str = "POST", send_until: float | None = None) -> Reply[Accepted]:
        body: object = None if method == "GET" else {"data": {}}
        return self.http.call(method, "/api/thing", Accepted, body=body, send_until=send_until)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_every_call_is_signed_and_names_its_type_and_sender(method: str) -> None:
    setup = Setup(fine())
    setup.call(method)
    headers = setup.script.requests[0].headers
    assert headers["Shoptet-Private-API-Token"] == TOKEN
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"] == USER_AGENT
    assert setup.script.options[0]["timeout"] == (5.0, 30.0)


def test_the_user_agent_names_the_version_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert f"gallery-sync/{project['version']}" == USER_AGENT


def busy() -> requests.Response:
    return answer(429, "", {"X-Request-ID": REQUEST_ID})


def locked() -> requests.Response:
    return shoptets(423, None, [error("locked")])


def broken() -> requests.Response:
    return shoptets(500, None, [error("internal-error")])


@pytest.mark.parametrize(
    ("method", "steps", "slept"),
    [
        ("POST", (busy, busy, fine), [1, 2]),
        ("POST", (locked, locked, fine), [1, 2]),
        ("POST", (refused_connection, fine), [1]),
        ("GET", (broken, busy, fine), [1, 2]),
        ("GET", (requests.ReadTimeout, fine), [1]),
        ("GET", (lambda: answer(200, "<html>"), fine), [1]),
    ],
)
def test_what_was_certainly_not_done_is_repeated_a_little(
    method: str, steps: tuple[Callable[[], requests.Response | BaseException], ...], slept: list[float]
) -> None:
    setup = Setup(*(step() for step in steps))
    assert setup.call(method).data.job_id == "a1"
    assert setup.clock.slept == slept
    assert len(setup.script.requests) == len(steps)


@pytest.mark.parametrize(
    ("method", "step", "expected"),
    [
        ("POST", busy, Crowded),
        ("POST", locked, Locked),
        ("POST", refused_connection, Unavailable),
        ("GET", broken, Unavailable),
    ],
)
def test_after_three_tries_the_caller_is_told_when_to_come_back(
    method: str, step: Callable[[], requests.Response], expected: type[TryLater]
) -> None:
    setup = Setup(step(), step(), step())
    with pytest.raises(expected) as caught:
        setup.call(method)
    assert caught.value.at > setup.clock.now()
    assert setup.clock.slept == [1, 2]


@pytest.mark.parametrize(
    "lost",
    [
        broken,
        lambda: shoptets(503),
        lambda: answer(200, "<html>Maintenance</html>"),
        lambda: answer(202, '{"data": {"jobId": "a'),
        lambda: shoptets(202, {"jobId": 5}),
        lambda: shoptets(202, {}),
        requests.ReadTimeout,
        lambda: requests.ConnectionError("reset"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_is_never_repeated_after_its_answer_was_lost(
    method: str, lost: Callable[[], requests.Response | BaseException]
) -> None:
    setup = Setup(lost())
    with pytest.raises(AnswerLost):
        setup.call(method)
    assert len(setup.script.requests) == 1


def test_a_refusal_is_not_repeated() -> None:
    setup = Setup(shoptets(422, None, [error("invalid-request-data")]))
    with pytest.raises(Refused):
        setup.call()
    assert setup.clock.slept == []


def test_a_retry_after_beyond_the_stay_is_left_to_the_caller() -> None:
    setup = Setup(shoptets(429, None, [error("full")], Retry_After="Mon, 01 Jul 2024 12:00:11 GMT"))
    with pytest.raises(TryLater) as caught:
        setup.call()
    assert caught.value.at == NOW + 11
    assert setup.clock.slept == []


def test_a_short_retry_after_is_waited_for() -> None:
    setup = Setup(shoptets(429, None, [error("full")], Retry_After="Mon, 01 Jul 2024 12:00:04 GMT"), fine())
    setup.call()
    assert setup.clock.slept == [4]


def test_nothing_is_sent_once_its_time_has_passed() -> None:
    setup = Setup()
    with pytest.raises(TooLate):
        setup.call(send_until=NOW)
    assert setup.script.requests == []


def test_no_repetition_is_sent_after_its_time() -> None:
    setup = Setup(locked())
    with pytest.raises(Locked):
        setup.call(send_until=NOW + 0.5)
    assert setup.clock.slept == []


def test_the_time_is_looked_at_after_the_gate_and_the_token_were_waited_for() -> None:
    class SlowGate:
        def __init__(self, clock: VirtualClock) -> None:
            self.clock = clock

        def __enter__(self) -> None:
            self.clock.sleep(60)

        def __exit__(self, *error: object) -> None:
            pass

    setup = Setup()
    http = Http(BASE, PrivateToken(TOKEN), setup.script.session(), setup.clock, SlowGate(setup.clock))
    with pytest.raises(TooLate):
        http.call("POST", "/api/thing", Accepted, send_until=NOW + 59)
    assert setup.script.requests == []


def test_calls_slow_when_the_bucket_fills_and_do_not_wait_past_their_time() -> None:
    setup = Setup(shoptets(202, {"jobId": "a1"}, X_RateLimit_Bucket_Filling="150/200"), fine())
    setup.call()
    with pytest.raises(TooLate) as caught:
        setup.call(send_until=NOW + 2)
    assert caught.value.at == NOW + 3
    assert setup.clock.slept == []
    setup.call()
    assert setup.clock.slept == [3]


def test_no_more_calls_run_at_once_than_the_gate_lets_in() -> None:
    running, most, lock = 0, 0, threading.Lock()
    inside = threading.Barrier(2)

    def slow(_: requests.PreparedRequest) -> requests.Response:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        inside.wait(5)
        with lock:
            running -= 1
        return fine()

    setup = Setup(*[slow] * 6, gate=threading.BoundedSemaphore(2))
    threads = [threading.Thread(target=setup.call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(setup.script.requests) == 6
    assert most == 2


class Renewable:
    """Tokens that count; `renewals` says how often another one can be had."""

    def __init__(self, renewals: int) -> None:
        self.number, self.renewals = 1, renewals
        self.refused: list[Mapping[str, str]] = []

    def headers(self) -> Mapping[str, str]:
        return {"Token": f"s3cret-{self.number}"}

    def expired(self, refused: Mapping[str, str]) -> bool:
        self.refused.append(refused)
        self.number += 1
        return len(self.refused) <= self.renewals


def expired() -> requests.Response:
    return shoptets(401, None, [error("expired-token")])


def test_an_expired_token_is_renewed_once_and_the_call_sent_again() -> None:
    script, clock, tokens = Script(expired(), fine()), VirtualClock(), Renewable(1)
    Http(BASE, tokens, script.session(), clock).call("POST", "/api/thing", Accepted)
    assert tokens.refused == [{"Token": "s3cret-1"}]
    assert [request.headers["Token"] for request in script.requests] == ["s3cret-1", "s3cret-2"]


@pytest.mark.parametrize(("renewals", "sent"), [(0, 1), (5, 2)])
def test_a_401_that_persists_is_not_allowed(renewals: int, sent: int) -> None:
    script = Script(*(expired() for _ in range(sent)))
    with pytest.raises(NotAllowed) as caught:
        Http(BASE, Renewable(renewals), script.session(), VirtualClock()).call("GET", "/api/thing", Accepted)
    assert caught.value.code == "expired-token"
    assert len(script.requests) == sent


def test_the_renewed_call_is_not_sent_after_its_time() -> None:
    clock = VirtualClock()

    class Slow(Renewable):
        def expired(self, refused: Mapping[str, str]) -> bool:
            clock.sleep(30)
            return super().expired(refused)

    script = Script(expired())
    with pytest.raises(TooLate):
        Http(BASE, Slow(1), script.session(), clock).call("POST", "/api/thing", Accepted, send_until=NOW + 20)


@pytest.mark.parametrize(
    "url",
    ["http://api.example", "ftp://api.example", "api.example", "https://", "https://u:p@api.example", "https://a?b=1"],
)
def test_tokens_are_not_sent_to_an_address_that_does_not_protect_them(url: str) -> None:
    with pytest.raises(ValueError, match="must be an https address") as caught:
        Http(url, PrivateToken(TOKEN), requests.Session(), VirtualClock())
    assert "u:p" not in str(caught.value)


def test_the_errors_of_a_call_hold_its_path_but_neither_query_nor_token() -> None:
    steps: list[requests.Response | BaseException] = [
        answer(401, TOKEN),
        shoptets(400, None, [error("bad", f"{TOKEN} {BASE}/x?sig=0123-secret")]),
        shoptets(404, None, [error(TOKEN)]),
        requests.ReadTimeout(f"{BASE}/api/thing?sig=0123-secret {TOKEN}"),
        shoptets(500, None, [error("x", TOKEN)]),
    ]
    for step in steps:
        script = Script(step)
        http = Http(BASE, PrivateToken(TOKEN), script.session(), VirtualClock())
        with pytest.raises(ShoptetError) as caught:
            http.call("PATCH", "/api/thing", Accepted, query={"sig": "0123-secret"})
        shown = f"{caught.value} {caught.value!r} {vars(caught.value)} {http!r} {PrivateToken(TOKEN)!r}"
        assert "PATCH /api/thing" in shown
        assert TOKEN not in shown
        assert "0123-secret" not in shown


def test_a_reset_on_the_wire_loses_a_writes_answer_and_only_delays_a_get() -> None:
    with raw_server(reset) as url:
        http = Http(url, PrivateToken(TOKEN), requests.Session(), VirtualClock(), timeouts=Timeouts(1, 1, 1))
        with pytest.raises(AnswerLost):
            http.call("POST", "/api/thing", Accepted, body={})
        with pytest.raises(Unavailable):
            http.call("GET", "/api/thing", Accepted)


def crowded(*steps: Callable[[], requests.Response], stretch: float = 2.5) -> tuple[Http, VirtualClock]:
    clock = VirtualClock()
    script = Script(*(step() for step in steps))
    return Http(BASE, PrivateToken(TOKEN), script.session(), clock, stretch=lambda: stretch), clock


def test_the_pause_after_too_many_connections_is_drawn_longer_so_that_not_all_come_back_together() -> None:
    http, clock = crowded(busy, busy, fine, stretch=1.5)
    http.call("POST", "/api/thing", Accepted)
    assert clock.slept == [1.5, 3.0]


def test_while_one_call_waits_for_a_free_connection_no_other_of_the_process_is_sent() -> None:
    http, clock = crowded(busy, busy, busy, fine)
    with pytest.raises(Crowded) as caught:
        http.call("POST", "/api/thing", Accepted)
    assert caught.value.at == clock.now() + 10
    http.call("GET", "/api/other", Accepted)
    assert clock.slept == [2.5, 5.0, 10.0]


def test_a_write_whose_time_passes_while_others_wait_for_a_free_connection_is_not_sent() -> None:
    http, clock = crowded(busy, busy, busy)
    with pytest.raises(Crowded):
        http.call("POST", "/api/thing", Accepted)
    with pytest.raises(TooLate):
        http.call("POST", "/api/other", Accepted, send_until=clock.now() + 5)


@pytest.mark.parametrize(("first", "most"), [((busy, fine), 1), ((fine,), 3)])
def test_after_too_many_connections_a_process_makes_one_call_at_a_time(
    first: tuple[Callable[[], requests.Response], ...], most: int
) -> None:
    together, left = [0], threading.Barrier(most)

    def answering(_: requests.PreparedRequest) -> requests.Response:
        together.append(together[-1] + 1)
        left.wait(5)
        together.append(together[-1] - 1)
        return fine()

    script = Script(*(step() for step in first), *[answering] * 3)
    http = Http(BASE, PrivateToken(TOKEN), script.session(), VirtualClock(), stretch=lambda: 1.0)
    http.call("GET", "/api/thing", Accepted)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: http.call("GET", "/api/thing", Accepted), range(3)))
    assert max(together) == most

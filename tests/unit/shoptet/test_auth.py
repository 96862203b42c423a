"""Both ways in, above all the add-on's shared access token."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from gallery_sync.clock import Clock
from gallery_sync.ports.shop_errors import NotAllowed, ShoptetError, TryLater, Unavailable
from gallery_sync.ports.token import SharedToken, Token
from gallery_sync.shoptet.auth import MOST_VALID, AddonToken, PrivateToken
from tests.unit.shoptet.fakes import (
    NOW,
    Answering,
    FastClock,
    MemoryToken,
    Script,
    VirtualClock,
    answer,
    refused_connection,
)

SHOP = "https://shop.example"
OAUTH = "oauth-s3cret"
HALF_HOUR = 1_800.0


def grant(value: str, expires_in: object = 1_800) -> requests.Response:
    return answer(200, json.dumps({"access_token": value, "expires_in": expires_in, "scope": "api"}))


class Setup:
    """One instance, or several that share a token."""

    def __init__(self, *steps: requests.Response | BaseException | Answering) -> None:
        self.script = Script(*steps)
        self.clock = VirtualClock()
        self.shared = MemoryToken()
        self.instance = self.another()

    def another(self) -> AddonToken:
        return AddonToken(SHOP, OAUTH, self.shared, self.script.session(), self.clock)

    @property
    def token(self) -> str:
        return self.instance.headers()["Shoptet-Access-Token"]

    def stored(self) -> Token:
        found = self.shared.read()
        assert found
        return found[0]


def test_a_private_token_signs_and_is_never_renewed() -> None:
    tokens = PrivateToken(" private-s3cret\n")
    assert tokens.headers() == {"Shoptet-Private-API-Token": "private-s3cret"}
    assert tokens.expired(tokens.headers()) is False


@pytest.mark.parametrize("token", ["", "  ", "s3cret\r\nX: y", "s3 cret", "s3crét", "s3cret\x00"])
def test_a_token_that_cannot_stand_in_a_header_is_refused_without_being_shown(token: str) -> None:
    for make in (
        PrivateToken,
        lambda value: AddonToken(SHOP, value, MemoryToken(), Script().session(), VirtualClock()),
    ):
        with pytest.raises(ValueError, match="empty or holds characters") as caught:
            make(token)
        assert "s3cr" not in str(caught.value)


def test_no_token_is_shown_by_repr() -> None:
    setup = Setup(grant("access-s3cret"))
    assert setup.token == "access-s3cret"
    shown = f"{PrivateToken('private-s3cret')!r} {setup.instance!r} {setup.instance} {setup.stored()!r}"
    assert "s3cret" not in shown


def test_the_first_call_fetches_a_token_and_shares_it() -> None:
    setup = Setup(grant("a1"))
    assert setup.token == "a1"
    request = setup.script.requests[0]
    assert (request.method, request.url) == ("GET", f"{SHOP}/action/ApiOAuthServer/getAccessToken")
    assert request.headers["Authorization"] == f"Bearer {OAUTH}"
    assert setup.stored() == Token("a1", NOW + 1_500, NOW + HALF_HOUR, 0.0, (NOW + HALF_HOUR,))
    assert setup.another().headers() == {"Shoptet-Access-Token": "a1"}
    assert setup.token == "a1"


def test_a_token_is_replaced_five_minutes_before_its_end() -> None:
    setup = Setup(grant("a1"), grant("a2"))
    assert setup.token == "a1"
    setup.clock.sleep(1_499)
    assert setup.token == "a1"
    setup.clock.sleep(1)
    assert setup.token == "a2"
    assert len(setup.stored().issued) == 2


def test_a_short_lived_token_is_used_for_most_of_its_life() -> None:
    setup = Setup(grant("a1", "60"), grant("a2", 60))
    assert setup.token == "a1"
    setup.clock.sleep(49)
    assert setup.token == "a1"
    setup.clock.sleep(1)
    assert setup.token == "a2"


def test_the_token_of_another_instance_is_taken_over_at_its_replacement() -> None:
    setup = Setup(grant("a1"), grant("a2"))
    other = setup.another()
    assert setup.token == "a1"
    assert other.headers() == {"Shoptet-Access-Token": "a1"}
    setup.clock.sleep(1_500)
    assert other.headers() == {"Shoptet-Access-Token": "a2"}
    assert setup.token == "a2"


def test_a_refused_current_token_is_replaced() -> None:
    setup = Setup(grant("a1"), grant("a2"))
    refused = setup.instance.headers()
    assert setup.instance.expired(refused) is True
    assert setup.token == "a2"


def test_a_refused_token_that_was_replaced_meanwhile_costs_no_fetch() -> None:
    setup = Setup(grant("a1"), grant("a2"))
    other = setup.another()
    refused = setup.instance.headers()
    other.headers()
    assert other.expired(refused) is True
    assert setup.instance.expired(refused) is True
    assert setup.instance.expired(refused) is True
    assert setup.token == other.headers()["Shoptet-Access-Token"] == "a2"


def test_while_another_instance_fetches_the_old_token_goes_on() -> None:
    setup = Setup(grant("a1"))
    assert setup.token == "a1"
    setup.clock.sleep(1_500)
    token, version = setup.shared.stored or (Token(), 0)
    assert setup.shared.write(replace(token, fetching_until=setup.clock.now() + 60), version)
    assert setup.token == "a1"
    assert setup.clock.slept == [1_500]


@pytest.mark.parametrize("issued", [0, 5])
def test_without_a_valid_token_another_instances_fetch_is_waited_for(issued: int) -> None:
    setup = Setup()
    setup.shared.write(Token(fetching_until=NOW + 60, issued=(NOW + HALF_HOUR,) * issued), 0)

    class Finishing(VirtualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 3:
                setup.shared.write(Token("theirs", NOW + 1_500, NOW + 1_800), 1)

    waiting = AddonToken(SHOP, OAUTH, setup.shared, setup.script.session(), Finishing())
    assert waiting.headers() == {"Shoptet-Access-Token": "theirs"}


def test_the_wait_for_another_instances_fetch_is_bounded() -> None:
    setup = Setup()
    setup.shared.write(Token(fetching_until=NOW + 60), 0)
    with pytest.raises(TryLater, match="another instance") as caught:
        setup.instance.headers()
    assert caught.value.at == NOW + 60
    assert sum(setup.clock.slept) == 10


def test_a_claim_whose_holder_died_ends() -> None:
    setup = Setup(grant("a1"))
    setup.shared.write(Token(fetching_until=NOW, issued=(NOW + 1_860,)), 0)
    assert setup.token == "a1"
    assert setup.stored().issued == (NOW + 1_860, NOW + HALF_HOUR)


def test_never_more_than_five_tokens_are_fetched_within_a_life() -> None:
    setup = Setup(*(grant(f"a{number}") for number in range(6)))
    refused = setup.instance.headers()
    for _ in range(MOST_VALID - 1):
        setup.clock.sleep(1)
        assert setup.instance.expired(refused)
        refused = setup.instance.headers()
    with pytest.raises(TryLater, match="5 access tokens are still valid") as caught:
        setup.instance.expired(refused)
    assert caught.value.at == NOW + HALF_HOUR
    assert len(setup.script.requests) == MOST_VALID
    setup.clock.sleep(HALF_HOUR - 4)
    assert setup.instance.expired(refused)


def test_with_five_tokens_issued_the_current_one_is_used_to_its_end() -> None:
    setup = Setup()
    setup.shared.write(Token("last", NOW - 1, NOW + 100, 0.0, tuple(NOW + end for end in range(10, 15))), 0)
    assert setup.token == "last"


@pytest.mark.parametrize(
    ("step", "expected", "counted"),
    [
        (refused_connection, TryLater, 0),
        (lambda: answer(429, ""), TryLater, 0),
        (lambda: answer(401, '{"error": "invalid_token"}'), NotAllowed, 0),
        (lambda: answer(403, "<html>"), NotAllowed, 0),
        (requests.ReadTimeout, Unavailable, 1),
        (lambda: answer(500, ""), Unavailable, 1),
        (lambda: answer(302, ""), Unavailable, 1),
        (lambda: answer(200, "<html>"), Unavailable, 1),
        (lambda: answer(200, '{"access_token": "access-s3cret", "expires_in": null}'), Unavailable, 1),
        (lambda: grant("access-s3cret", 0), Unavailable, 1),
        (lambda: grant("access-s3cret\n x"), Unavailable, 1),
    ],
)
def test_a_failed_fetch_counts_as_a_token_only_where_one_may_have_been_made(
    step: Callable[[], requests.Response | BaseException], expected: type[ShoptetError], counted: int
) -> None:
    setup = Setup(step())
    with pytest.raises(ShoptetError) as caught:
        setup.instance.headers()
    assert type(caught.value) is expected
    assert "s3cret" not in f"{caught.value} {caught.value!r}"
    assert len(setup.stored().issued) == counted
    if isinstance(caught.value, TryLater):
        assert caught.value.at == NOW + 60
    else:
        assert "SHOPTET_OAUTH_TOKEN" in str(caught.value)


def test_a_failed_early_replacement_keeps_the_old_token_and_pauses() -> None:
    setup = Setup(grant("a1"), refused_connection(), grant("a2"))
    assert setup.token == "a1"
    setup.clock.sleep(1_500)
    assert setup.token == "a1"
    assert setup.token == "a1"
    assert len(setup.script.requests) == 2
    setup.clock.sleep(60)
    assert setup.token == "a2"


class Contended(MemoryToken):
    """Loses so many writes to somebody who writes the same document again."""

    def __init__(self, losses: int, token: Token) -> None:
        super().__init__()
        self.losses, self.token = losses, token

    def write(self, token: Token, version: int) -> bool:
        if self.losses:
            self.losses -= 1
            self.stored = (self.token, version + 1)
            return False
        return super().write(token, version)


def contended(shared: SharedToken, clock: Clock, *steps: requests.Response) -> AddonToken:
    return AddonToken(SHOP, OAUTH, shared, Script(*steps).session(), clock)


def test_who_loses_the_claim_reads_what_the_winner_wrote() -> None:
    shared = Contended(1, Token("theirs", NOW + 1_500, NOW + 1_800))
    assert contended(shared, VirtualClock()).headers() == {"Shoptet-Access-Token": "theirs"}


def test_a_claim_that_is_lost_again_and_again_ends_in_try_later() -> None:
    clock = VirtualClock()
    with pytest.raises(TryLater, match="could not be written"):
        contended(Contended(1_000, Token()), clock).headers()
    assert sum(clock.slept) == 10


def test_a_new_token_is_used_even_where_it_could_not_be_shared() -> None:
    class Fading(MemoryToken):
        def write(self, token: Token, version: int) -> bool:
            return self.writes == 0 and super().write(token, version)

    shared = Fading()
    assert contended(shared, VirtualClock(), grant("a1")).headers() == {"Shoptet-Access-Token": "a1"}
    assert shared.stored
    assert shared.stored[0].issued == (NOW + 60 + HALF_HOUR,)


class OAuthServer:
    """Counts how many of the tokens that it gave are valid at a time. Each takes a moment to make."""

    def __init__(self, clock: Clock, lifetime: float) -> None:
        self.clock, self.lifetime = clock, lifetime
        self.ends: list[float] = []
        self.most_valid = 0
        self.lock = threading.Lock()

    def __call__(self, _: requests.PreparedRequest) -> requests.Response:
        time.sleep(0.02)
        with self.lock:
            now = self.clock.now()
            self.ends.append(now + self.lifetime)
            self.most_valid = max(self.most_valid, sum(end > now for end in self.ends))
            return grant(f"token-{len(self.ends)}", self.lifetime)


def test_eight_instances_with_four_threads_each_never_have_more_than_two_valid_tokens() -> None:
    clock = FastClock(speed=40)
    server = OAuthServer(clock, lifetime=60)
    shared = MemoryToken()
    instances = [AddonToken(SHOP, OAUTH, shared, Script(*[server] * 50).session(), clock) for _ in range(8)]
    until = clock.now() + 115
    used: set[str] = set()

    def work(instance: AddonToken) -> None:
        while clock.now() < until:
            # On a busy machine a fetch may outlast the others' patience.
            with contextlib.suppress(TryLater):
                used.add(instance.headers()["Shoptet-Access-Token"])
            clock.sleep(1)

    threads = [threading.Thread(target=work, args=(instance,)) for instance in instances for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 2 <= len(server.ends) <= 4
    assert used == {f"token-{number}" for number in range(1, len(server.ends) + 1)}
    assert server.most_valid <= 2


def test_many_threads_whose_token_is_refused_at_once_fetch_one_new_one() -> None:
    clock = FastClock(speed=10)
    server = OAuthServer(clock, lifetime=HALF_HOUR)
    shared = MemoryToken()
    instances = [AddonToken(SHOP, OAUTH, shared, Script(*[server] * 9).session(), clock) for _ in range(4)]
    refused = [instance.headers() for instance in instances]
    threads = [
        threading.Thread(target=instance.expired, args=(headers,))
        for instance, headers in zip(instances, refused, strict=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {instance.headers()["Shoptet-Access-Token"] for instance in instances} == {"token-2"}
    assert len(server.ends) == 2

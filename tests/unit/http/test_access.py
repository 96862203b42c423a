"""API keys: how they are configured, and that looking one up tells nothing about any of them."""

import hashlib
from collections.abc import Mapping

import pytest

from gallery_sync.connect.settings import BadSetting, Galleries, Webhooks
from gallery_sync.http import access
from gallery_sync.http.access import BadKey, parse_key, parse_keys

SECRET = "whsec_bG9jYWwtc2VjcmV0LW9mLXNpZ25lZC1ldmVudHM="
PLACE = {
    "STATE_BUCKET": "state",
    "DROP_BUCKET": "drop",
    "SYNC_QUEUE": "projects/p/locations/l/queues/sync",
    "SYNC_URL": "https://sync.example",
    "SHOPTET_PRIVATE_API_TOKEN": "token",
}


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


KEYS = parse_keys([f"pim:read+write:{digest('one')}", f"erp:clean:{digest('two')}", f"pim:read:{digest('three')}"])


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Bearer one", "pim"),
        ("bearer one", "pim"),
        ("BEARER   one  ", "pim"),
        ("Bearer two", "erp"),
        ("Bearer three", "pim"),
        ("Bearer On", None),
        ("Bearer one two", None),
        ("Basic one", None),
        ("one", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
        (None, None),
        ("Bearer \udcff", None),
        (f"Bearer {digest('one')}", None),
    ],
)
def test_a_caller_is_known_by_the_key_alone(header: str | None, name: str | None) -> None:
    found = access.find(KEYS, header)
    assert (found.name if found is not None else None) == name


def test_each_key_has_its_own_rights_also_under_the_same_name() -> None:
    first, third = access.find(KEYS, "Bearer one"), access.find(KEYS, "Bearer three")
    assert first is not None
    assert third is not None
    assert [first.may("write"), third.may("write"), third.may("read"), first.may("clean")] == [True, False, True, False]


def test_no_key_is_in_what_is_printed() -> None:
    assert KEYS[0].digest.hex() not in repr(KEYS)
    assert repr(KEYS[0].digest) not in repr(KEYS)


def test_every_key_is_compared_whichever_fits() -> None:
    # An early exit would find the first of two equal keys.
    twice = (*KEYS, access.ApiKey("last", frozenset({"read"}), KEYS[0].digest))
    found = access.find(twice, "Bearer one")
    assert found is not None
    assert found.name == "last"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("", "a key's name"),
        ("pim", "the rights"),
        (f"p m:read:{digest('x')}", "a key's name"),
        (f"{'n' * 65}:read:{digest('x')}", "a key's name"),
        (f"webhooks:read:{digest('x')}", "a key's name"),
        (f"pim::{digest('x')}", "the rights"),
        (f"pim:read+eat:{digest('x')}", "the rights"),
        (f"pim:read+read:{digest('x')}", "the rights"),
        ("pim:read:", "SHA-256"),
        ("pim:read:secret-itself", "SHA-256"),
        (f"pim:read:{digest('x')}0", "SHA-256"),
    ],
)
def test_a_malformed_key_is_refused_without_telling_it(entry: str, words: str) -> None:
    with pytest.raises(BadKey, match=words) as refused:
        parse_key(entry)
    assert "secret-itself" not in str(refused.value)


PLAIN = "Pl4inKey-0f-a-caller"


@pytest.mark.parametrize(
    "entry",
    [
        PLAIN,
        f"{PLAIN}:read:pim",
        f"pim:{PLAIN}",
        f"pim:{PLAIN}:read",
        f"pim:read:{PLAIN}",
        f"{PLAIN}:{digest('x')}:read",
    ],
)
def test_a_key_in_any_place_of_an_entry_is_not_told_but_the_entrys_place_is(entry: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Galleries.read({**PLACE, "API_KEYS": f"a:read:{digest('y')},{entry}"})
    assert "API_KEYS" in str(refused.value)
    assert "entry 2 of 2" in str(refused.value)
    assert PLAIN not in str(refused.value)
    assert digest("x") not in str(refused.value)


def test_two_entries_cannot_have_the_same_key() -> None:
    with pytest.raises(BadKey, match="entries 1 and 3 have the same key"):
        parse_keys([f"a:read:{digest('x')}", f"b:clean:{digest('y')}", f"c:clean:{digest('x')}"])


@pytest.mark.parametrize("keys", ["", " , ", "pim:read:nonsense"])
def test_without_keys_the_function_does_not_start(keys: str) -> None:
    with pytest.raises(BadSetting, match="API_KEYS"):
        Galleries.read({**PLACE, "API_KEYS": keys})


@pytest.mark.parametrize("separator", [",", " ", ", ", "\n"])
def test_several_keys_are_separated_by_commas_or_spaces(separator: str) -> None:
    text = separator.join((f"a:read:{digest('x')}", f"b:clean:{digest('y')}"))
    assert [key.name for key in parse_keys(Galleries.read({**PLACE, "API_KEYS": text}).api_keys)] == ["a", "b"]


SECRETS: Mapping[str, bool] = {
    SECRET: True,
    f"{SECRET},{SECRET}": True,
    SECRET.removeprefix("whsec_"): True,
    "": False,
    ",": False,
    "whsec_": False,
    "whsec_c2hvcnQ=": False,
    "whsec_%%%": False,
    "not base64 at all": False,
    f"erp:write:{SECRET}": True,
    f"erp:write+clean:{SECRET},{SECRET}": True,
    f"erp:eat:{SECRET}": False,
    f"erp:{SECRET}": False,
    f"webhooks:write:{SECRET}": False,
    "erp:write:whsec_c2hvcnQ=": False,
    f"erp:write:{SECRET},c2hvcnQ=:write:erp": False,
}


@pytest.mark.parametrize("secrets", SECRETS)
def test_without_sound_secrets_webhooks_does_not_start(secrets: str) -> None:
    environ = {**PLACE, "WEBHOOK_SECRETS": secrets}
    if SECRETS[secrets]:
        assert Webhooks.read(environ).webhook_secrets
        return
    with pytest.raises(BadSetting, match="WEBHOOK_SECRETS") as refused:
        Webhooks.read(environ)
    assert "c2hvcnQ" not in str(refused.value)
    assert SECRET.removeprefix("whsec_") not in str(refused.value)


def test_a_secret_has_the_rights_that_stand_before_it_and_all_where_none_do() -> None:
    named, plain = access.parse_senders([f"erp:write+clean:{SECRET}", SECRET])
    assert (named.name, set(named.rights), named.secret) == ("erp", {"write", "clean"}, SECRET)
    assert (set(plain.rights), plain.secret) == ({"read", "write", "clean"}, SECRET)
    assert SECRET not in repr((named, plain))

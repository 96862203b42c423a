"""What a body may hold: each flaw with its code and the field that it names."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from gallery_sync.core.operation import AskedImage, Part
from gallery_sync.core.pictures import url_key
from gallery_sync.core.shop_values import MAX_PRIORITY, MAX_SOURCE_URL
from gallery_sync.http import bodies, checks, parts, rest
from gallery_sync.http.answers import Rejected

URL = "https://pim.example/1.png"


def flaws(read: Any, body: object, *more: str) -> list[tuple[str, str | None]]:
    """The codes and paths with which a body is refused, its status in front where it is not 400."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(Rejected) as refused:
        read(raw, *more)
    assert refused.value.status in (400, 409)
    assert refused.value.status == 400 or {flaw.code for flaw in refused.value.flaws} == {"repeated"}
    assert all(flaw.message for flaw in refused.value.flaws)
    return [(flaw.code, flaw.path) for flaw in refused.value.flaws]


def rows(*images: Mapping[str, object]) -> dict[str, object]:
    return {"images": list(images)}


NOT_BODIES: list[tuple[object, str, str | None]] = [
    (b"", "not-json", None),
    (b"{", "not-json", None),
    (b"\xff", "not-json", None),
    (b"[" * 100_000, "wrong-type", None),
    ([], "wrong-type", None),
    (None, "wrong-type", None),
    ({}, "missing-field", "images"),
    ({"images": {}}, "wrong-type", "images"),
    ({"images": [1]}, "wrong-type", "images[0]"),
    ({"images": []}, "bad-count", "images"),
    (rows(*[{"sourceUrl": f"{URL}/{n}"} for n in range(1001)]), "bad-count", "images"),
]

ATTRIBUTES: list[tuple[dict[str, object], str, str]] = [
    ({"priority": 0}, "bad-priority", ".priority"),
    ({"priority": 65536}, "bad-priority", ".priority"),
    ({"priority": -1}, "bad-priority", ".priority"),
    ({"priority": 1.5}, "bad-priority", ".priority"),
    ({"priority": 10**40}, "bad-priority", ".priority"),
    ({"priority": "1"}, "wrong-type", ".priority"),
    ({"priority": True}, "wrong-type", ".priority"),
    ({"priority": None}, "wrong-type", ".priority"),
    ({"description": 1}, "wrong-type", ".description"),
    ({"description": None}, "wrong-type", ".description"),
    ({"description": "x" * 1001}, "bad-description", ".description"),
    ({"description": "a\x00b"}, "bad-description", ".description"),
    ({"colour": "red"}, "unknown-field", ".colour"),
]

URLS = [
    "",
    "picture.png",
    "//pim.example/1.png",
    "ftp://pim.example/1.png",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///1.png",
    "https://pim.example/a b.png",
    "https://pim.example/a\nb.png",
    "https://pim.example/č.png",
    "https://user:password@pim.example/1.png",
    "https://pim.example/1.png#part",
    "https://pim.example:port/1.png",
    f"https://pim.example/{'x' * 2000}",
]


@pytest.mark.parametrize(("body", "code", "path"), NOT_BODIES)
def test_a_body_that_is_none_is_refused(body: object, code: str, path: str | None) -> None:
    for read in (parts.insert, parts.source, parts.attributes):
        if code == "bad-count" and read is not parts.insert and body != {"images": []}:
            continue
        assert flaws(read, body, "P", "shop") == [(code, path)]


def messages(read: Any, body: object, *more: str) -> list[str]:
    with pytest.raises(Rejected) as refused:
        read(json.dumps(body).encode(), *more)
    return [flaw.message for flaw in refused.value.flaws]


def test_flaws_of_types_and_of_what_they_hold_are_told_at_once() -> None:
    bad = [
        {"sourceUrl": "ftp://a", "priority": "1", "key": ""},
        5,
        {"priority": 0, "sourceURL": URL},
        {"sourceUrl": None, "description": 1},
    ]
    assert flaws(parts.insert, {"images": bad, "more": 1}, "P", "shop") == [
        ("unknown-field", "more"),
        ("wrong-type", "images[0].priority"),
        ("wrong-type", "images[1]"),
        ("unknown-field", "images[2].sourceURL"),
        ("missing-field", "images[2].sourceUrl"),
        ("wrong-type", "images[3].sourceUrl"),
        ("wrong-type", "images[3].description"),
        ("bad-url", "images[0].sourceUrl"),
        ("bad-key", "images[0].key"),
        ("bad-priority", "images[2].priority"),
    ]
    assert flaws(parts.attributes, rows({"name": 1, "priority": 1}), "P", "shop") == [("wrong-type", "images[0].name")]
    assert flaws(parts.insert, {"images": [], "more": 1}, "P", "shop") == [
        ("unknown-field", "more"),
        ("bad-count", "images"),
    ]


def test_all_flaws_of_an_event_are_told_at_once() -> None:
    data = {"product": " ", "gallery": "shop", "images": [{"sourceUrl": "x", "priority": "1"}]}
    body = {"type": "images.insert", "timestamp": 5, "data": data}
    assert flaws(parts.event, body) == [
        ("wrong-type", "timestamp"),
        ("wrong-type", "data.images[0].priority"),
        ("bad-product", "data.product"),
        ("bad-url", "data.images[0].sourceUrl"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"priority": "1"}, "priority must be a whole number from 1 to 65535, not text"),
        ({"priority": True}, "priority must be a whole number from 1 to 65535, not true or false"),
        ({"description": None}, "description must be text, not null"),
        ({"key": ["a"]}, "key must be text, not a list"),
        ({"key": {}}, "key must be text, not an object"),
        ({"prioritty": 1}, "prioritty is no field here: is priority meant?"),
        ({"colour": "red"}, "colour is no field here; known are sourceUrl, key, priority, description"),
    ],
)
def test_what_is_wrong_is_said_in_the_fields_words(row: dict[str, object], message: str) -> None:
    assert messages(parts.insert, rows({"sourceUrl": URL, **row}), "P", "shop") == [message]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the body must be an object, not a list"),
        ({}, "images is missing: it must be a list"),
        ({"images": 1}, "images must be a list, not a number"),
        (rows({}), "sourceUrl is missing: it must be text"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_in_plain_words(body: object, message: str) -> None:
    assert messages(parts.insert, body, "P", "shop") == [message]


def test_what_was_sent_is_repeated_in_a_few_characters_only() -> None:
    place = {"product": "P", "gallery": "x" * 100_000}
    [message] = messages(parts.cleanups, {"galleries": [place], "removeReference": True})
    assert message == f"gallery must be shop or shop360, not '{'x' * 40}…'"
    [unknown] = messages(parts.insert, rows({"sourceUrl": URL, "y" * 100_000: 1}), "P", "shop")
    assert len(unknown) < 150


@pytest.mark.parametrize(("fields", "code", "path"), ATTRIBUTES)
def test_a_wrong_attribute_is_named_by_its_place(fields: dict[str, object], code: str, path: str) -> None:
    for read, base in (
        (parts.insert, {"sourceUrl": URL}),
        (parts.source, {"sourceUrl": URL, "name": "1.png"}),
        (parts.attributes, {"name": "1.png", "priority": 1}),
    ):
        good = {**base, **({"sourceUrl": f"{URL}2"} if "sourceUrl" in base else {}), "name": "2.png"}
        if read is parts.insert:
            del good["name"]
        assert flaws(read, rows(good, {**base, **fields}), "P", "shop") == [(code, f"images[1]{path}")]


@pytest.mark.parametrize("url", URLS)
def test_a_source_url_is_http_and_not_too_long(url: str) -> None:
    assert flaws(parts.insert, rows({"sourceUrl": url, "key": "k"}), "P", "shop") == [
        ("bad-url", "images[0].sourceUrl")
    ]
    assert flaws(parts.source, rows({"sourceUrl": url, "key": "k"}), "P", "shop") == [
        ("bad-url", "images[0].sourceUrl")
    ]


@pytest.mark.parametrize(
    "url",
    ["http://a", "https://a.example:8443", "https://pim.example/%C4%8D/1.png?x=1&y=%2F", f"https://a/{'x' * 1990}"],
)
def test_other_source_urls_are_taken(url: str) -> None:
    [part] = parts.insert(json.dumps(rows({"sourceUrl": url, "key": "k"})).encode(), "P", "shop", private=True)
    assert part.images[0].source_url == url


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
     "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "localhost", "LOCALHOST", "a.localhost", "localhost.localdomain",
     "metadata.google.internal", "printer.local"],
)  # fmt: skip
def test_a_source_url_is_no_private_address_unless_that_is_allowed(host: str) -> None:
    body = rows({"sourceUrl": f"https://{host}/1.png", "key": "k"})
    assert flaws(parts.insert, body, "P", "shop") == [("bad-url", "images[0].sourceUrl")]
    assert flaws(parts.source, body, "P", "shop") == [("bad-url", "images[0].sourceUrl")]
    data = {"product": "P", "gallery": "shop", **body}
    event = {"type": "images.insert", "timestamp": "", "data": data}
    assert flaws(parts.event, event) == [("bad-url", "data.images[0].sourceUrl")]
    assert parts.event(json.dumps(event).encode(), private=True)[0] == "images.insert"
    assert parts.insert(json.dumps(body).encode(), "P", "shop", private=True)


def test_a_source_url_is_encrypted_unless_that_is_allowed() -> None:
    [message] = messages(parts.insert, rows({"sourceUrl": "http://pim.example/1.png"}), "P", "shop")
    assert message.startswith("a sourceUrl begins with https://")


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "pim.example", "localhost.example", "127.0.0.1.example", "internal.example"]
)
def test_any_other_host_is_taken(host: str) -> None:
    assert parts.insert(json.dumps(rows({"sourceUrl": f"https://{host}/1.png"})).encode(), "P", "shop")


def test_a_source_url_with_a_query_needs_a_key() -> None:
    signed = {"sourceUrl": f"{URL}?signature=x"}
    assert flaws(parts.insert, rows(signed), "P", "shop") == [("key-needed", "images[0].key")]
    assert (
        parts.insert(json.dumps(rows({**signed, "key": "mine"})).encode(), "P", "shop")[0].images[0].key == "url:mine"
    )


def test_a_picture_without_a_key_gets_one_from_its_url() -> None:
    [part] = parts.insert(json.dumps(rows({"sourceUrl": URL, "priority": 2.0})).encode(), "P", "shop")
    assert part == Part("insert", "P", "shop", (AskedImage(URL, url_key(URL), priority=2),))
    assert isinstance(part.images[0].priority, int)


@pytest.mark.parametrize("key", ["", "x" * 501, "a\nb", "drop:P/shop/1.png", "url:"])
def test_a_key_of_an_insertion_is_the_callers_own(key: str) -> None:
    found = flaws(parts.insert, rows({"sourceUrl": URL, "key": key}), "P", "shop")
    assert ("bad-key", "images[0].key") in found


def test_an_image_is_named_by_name_or_by_key_and_not_by_both() -> None:
    for read, base in ((parts.source, {"sourceUrl": URL}), (parts.attributes, {"priority": 1})):
        for names in ({}, {"name": "1.png", "key": "k"}):
            assert flaws(read, rows({**base, **names}), "P", "shop") == [("name-or-key", "images[0]")]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\x00", "x" * 256])
def test_a_name_is_one_of_shoptets(name: str) -> None:
    assert flaws(parts.attributes, rows({"name": name, "priority": 1}), "P", "shop") == [("bad-name", "images[0].name")]


def test_a_change_that_changes_nothing_is_refused() -> None:
    assert flaws(parts.attributes, rows({"name": "1.png"}), "P", "shop") == [("nothing-to-change", "images[0]")]


def test_an_image_that_is_given_twice_is_a_conflict() -> None:
    twice = [
        (parts.insert, [{"sourceUrl": URL}, {"sourceUrl": URL}]),
        (parts.insert, [{"sourceUrl": URL, "key": "k"}, {"sourceUrl": f"{URL}2", "key": "url:k"}]),
        (parts.source, [{"sourceUrl": URL, "name": "1.png"}, {"sourceUrl": f"{URL}2", "name": "1.png"}]),
        (parts.attributes, [{"key": "k", "priority": 1}, {"key": "url:k", "priority": 2}]),
    ]
    for read, images in twice:
        assert flaws(read, {"images": images}, "P", "shop") == [("repeated", "images[1]")]


def test_all_flaws_are_told_at_once_up_to_a_bound() -> None:
    bad = {"name": "", "priority": 0}
    assert flaws(parts.attributes, rows(bad, bad), "P", "shop") == [
        ("bad-name", "images[0].name"),
        ("bad-priority", "images[0].priority"),
        ("bad-name", "images[1].name"),
        ("bad-priority", "images[1].priority"),
    ]
    assert len(flaws(parts.attributes, rows(*[bad] * 1000), "P", "shop")) == bodies.MOST_FLAWS


@pytest.mark.parametrize("product", ["", " x", "x ", ".", "..", "a\nb", "x" * 65])
def test_a_product_is_a_guid_or_a_code(product: str) -> None:
    with pytest.raises(Rejected) as refused:
        parts.sync(product, "shop")
    assert [(flaw.code, flaw.path) for flaw in refused.value.flaws] == [("bad-product", "product")]


CLEANUPS: list[tuple[dict[str, object], str, str]] = [
    ({"galleries": [{"product": "P", "gallery": "shop"}]}, "missing-field", "removeReference"),
    ({"galleries": [], "removeReference": True}, "bad-count", "galleries"),
    ({"galleries": [{"product": "P", "gallery": "x"}], "removeReference": True}, "wrong-type", "galleries[0].gallery"),
    (
        {"galleries": [{"product": " ", "gallery": "shop"}], "removeReference": True},
        "bad-product",
        "galleries[0].product",
    ),
    (
        {"galleries": [{"product": "P", "gallery": "shop", "imageName": ".."}], "removeReference": True},
        "bad-name",
        "galleries[0].imageName",
    ),
    ({"galleries": [{"product": "P", "gallery": "shop"}] * 2, "removeReference": True}, "repeated", "galleries[1]"),
    ({"galleries": [{"product": "P", "gallery": "shop"}], "removeReference": "yes"}, "wrong-type", "removeReference"),
]


@pytest.mark.parametrize(("body", "code", "path"), CLEANUPS)
def test_a_wrong_cleanup_is_refused(body: dict[str, object], code: str, path: str) -> None:
    assert flaws(parts.cleanups, body) == [(code, path)]


def test_a_cleanup_names_galleries_and_single_images() -> None:
    galleries = [{"product": "P", "gallery": "shop"}, {"product": "P", "gallery": "shop", "imageName": "1.png"}]
    body = {"galleries": galleries, "removeReference": True, "purge": True}
    assert parts.cleanups(json.dumps(body).encode()) == (
        Part("clean", "P", "shop", remove_reference=True, purge=True),
        Part("delete", "P", "shop", name="1.png", remove_reference=True, purge=True),
    )


def test_what_is_accepted_is_what_the_description_allows() -> None:
    schemas = yaml.safe_load(rest.OPENAPI.read_text())["components"]["schemas"]
    pattern = schemas["SourceUrl"]["pattern"].removeprefix("^").removesuffix("$")
    assert re.sub(r"\\\?", "?", checks._URL.pattern) == re.sub(r"\\\?", "?", pattern)
    assert schemas["SourceUrl"]["maxLength"] == MAX_SOURCE_URL
    assert schemas["Priority"]["maximum"] == MAX_PRIORITY
    assert schemas["Description"]["maxLength"] == checks.MAX_DESCRIPTION
    assert schemas["Key"]["maxLength"] == schemas["NewKey"]["maxLength"] == checks.MAX_KEY
    assert schemas["Name"]["maxLength"] == checks.MAX_NAME
    assert schemas["NewImages"]["properties"]["images"]["maxItems"] == checks.MAX_IMAGES
    assert schemas["Cleanups"]["properties"]["galleries"]["maxItems"] == checks.MAX_GALLERIES

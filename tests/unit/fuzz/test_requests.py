"""What other systems send: a request within its bounds, or one refusal that can be written down."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from gallery_sync.clock import SystemClock
from gallery_sync.connect.settings import FUNCTIONS, BadSetting, Settings, ShopSettings
from gallery_sync.core.operation import Part
from gallery_sync.core.schedule import DAY, slot
from gallery_sync.core.shop_values import MAX_PRIORITY, MAX_SOURCE_URL
from gallery_sync.http import access, parts
from gallery_sync.http.answers import Rejected, refusal
from gallery_sync.http.asked import MAX_BODY
from gallery_sync.http.begin import check_key
from gallery_sync.http.checks import MAX_DESCRIPTION, MAX_GALLERIES, MAX_IMAGES, MAX_NAME
from gallery_sync.http.handlers import ROUTES
from gallery_sync.http.query import switches
from gallery_sync.http.routes import decoded, route
from gallery_sync.http.signed import genuine
from gallery_sync.shoptet import webhook
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.http import Http
from tests.unit.fuzz.support import ANY_TEXT, JSON, TEXT, fuzzed, like, written
from tests.unit.http.memory import NOW, asked

SECRET = "whsec_" + base64.b64encode(b"a secret of at least twenty-four bytes").decode()


def or_refused(call: Callable[[], Any]) -> Any:
    """What a call gives; None where it refuses, with a refusal that can be sent."""
    try:
        return call()
    except Rejected as rejected:
        assert 400 <= rejected.status < 500
        assert rejected.flaws
        sent = refusal(rejected, "request-1")
        assert len(sent.body) < 200_000
        assert all(re.fullmatch(r"[\x20-\x7e]*", value) for value in sent.headers.values())
        return None


def is_within_bounds(found: tuple[Part, ...]) -> None:
    assert 1 <= len(found) <= MAX_GALLERIES
    for part in found:
        assert part.gallery in ("shop", "shop360")
        assert 1 <= len(part.product) <= 64
        assert len(part.images) <= MAX_IMAGES
        for image in part.images:
            assert image.priority is None or 1 <= image.priority <= MAX_PRIORITY
            assert image.source_url is None or re.fullmatch(r"https?://[!-~]+", image.source_url)
            assert len(image.source_url or "") <= MAX_SOURCE_URL
            assert len(image.description or "") <= MAX_DESCRIPTION
            assert len(image.name or "") <= MAX_NAME
            for text in (image.name, image.key, image.description):
                assert not re.search(r"[\x00\ud800-\udfff]", text or "")


rows = like(
    sourceUrl=st.sampled_from(["https://pim.example/1.png", "http://a/?x=y"]) | TEXT,
    key=TEXT,
    name=st.just("1.png") | TEXT,
    priority=st.integers(-1, 70_000) | st.floats(),
    description=TEXT,
)
images = like(images=st.lists(rows, max_size=3))
galleries = st.sampled_from(["shop", "shop360"])
products = st.just("A") | TEXT
cleanups = like(
    galleries=st.lists(like(product=products, gallery=galleries, imageName=TEXT), max_size=3),
    removeReference=st.booleans(),
    dryRun=st.booleans(),
)
data = st.one_of(
    st.builds(dict.__or__, images, st.fixed_dictionaries({"product": products, "gallery": galleries})),
    like(product=products, gallery=galleries, name=TEXT, removeReference=st.booleans()),
    cleanups,
)
types = st.sampled_from(
    [
        "images.insert",
        "images.source",
        "images.update",
        "image.delete",
        "gallery.clean",
        "galleries.clean",
        "gallery.sync",
    ]
)
events = like(type=types, timestamp=TEXT, data=data)


@pytest.mark.parametrize("read", [parts.insert, parts.source, parts.attributes], ids=lambda read: read.__name__)
@fuzzed
@given(body=written(images), product=products)
def test_a_body_is_a_request_within_its_bounds_or_refused(read: Callable[..., Any], body: bytes, product: str) -> None:
    found = or_refused(lambda: read(body, product, "shop"))
    if found is not None:
        is_within_bounds(found)


@fuzzed
@given(written(cleanups))
def test_cleanups_are_within_their_bounds_or_refused(body: bytes) -> None:
    found = or_refused(lambda: parts.cleanups(body))
    if found is not None:
        is_within_bounds(found)


@fuzzed
@given(written(events))
def test_an_event_is_a_request_within_its_bounds_or_refused(body: bytes) -> None:
    found = or_refused(lambda: parts.event(body))
    if found is not None:
        is_within_bounds(found[1])


paths = st.lists(
    TEXT | st.sampled_from(["v1", "products", "galleries", "shop", "images", "operations", "A"]), max_size=8
)
raw_paths = paths.map(lambda names: "/" + "/".join(names)) | st.builds(
    "/v1/products/{}/galleries/{}/images/{}".format, TEXT, TEXT, TEXT
)


@fuzzed
@given(st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"]) | TEXT, raw_paths)
def test_a_path_is_one_route_or_refused(method: str, path: str) -> None:
    found = or_refused(lambda: route(ROUTES, method, path))
    if found is None:
        return
    one, names = found
    assert path.count("/") == one.path.count("/")
    for text in names.values():
        assert text
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)


@fuzzed
@given(TEXT)
def test_a_segment_is_decoded_once_or_refused(segment: str) -> None:
    text = or_refused(lambda: decoded("name", segment))
    if text is not None:
        text.encode()
        assert "%" in segment or text == segment


@fuzzed
@given(TEXT | st.lists(st.sampled_from(["dryRun=true", "dryRun=false", "purge=TRUE", "x=1", "", "%"])).map("&".join))
def test_a_query_is_switches_or_refused(query: str) -> None:
    found = or_refused(lambda: switches(query, "dryRun", "purge"))
    if found is not None:
        assert set(found) == {"dryRun", "purge"}
        assert not found["dryRun"] or "true" in query


@fuzzed
@given(st.none() | TEXT)
def test_an_id_of_a_request_is_plain_or_refused(key: str | None) -> None:
    or_refused(lambda: check_key(key))


@fuzzed
@given(st.binary(max_size=200), st.none() | st.integers(0, 2 * MAX_BODY), TEXT, TEXT)
def test_a_body_is_read_whatever_its_headers_say(body: bytes, length: int | None, kind: str, packed: str) -> None:
    request = asked("POST", "/", "", body, length, Content_Type=kind, Content_Encoding=packed)
    assert or_refused(request.json) in (None, body)


headers = st.fixed_dictionaries(
    {}, optional={name: TEXT | st.just("v1,AAAA") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
)


@fuzzed
@given(st.binary(max_size=50), headers)
def test_no_made_up_signature_of_an_event_is_genuine(body: bytes, given_headers: dict[str, str]) -> None:
    assert genuine(body, given_headers, [SECRET]) is False


@fuzzed
@given(st.binary(max_size=50), st.none() | TEXT, st.lists(st.text(max_size=5), max_size=3))
def test_no_made_up_signature_of_shoptets_is_genuine(body: bytes, signature: str | None, keys: list[str]) -> None:
    assert webhook.verify(body, signature, keys) is False


notifications = like(eshopId=st.integers(), event=TEXT, eventCreated=TEXT, eventInstance=TEXT)


@fuzzed
@given(written(notifications))
def test_a_notification_is_understood_or_refused_on_one_line(body: bytes) -> None:
    try:
        webhook.parse(body)
    except webhook.BadNotification as error:
        assert str(error).startswith("the ")


entries = (
    st.builds("{}:{}:{}".format, TEXT | st.just("pim"), TEXT | st.just("read+write"), TEXT | st.just("a" * 64)) | TEXT
)


@fuzzed
@given(st.lists(entries, max_size=3))
def test_api_keys_are_read_or_refused_without_their_secret_part(given_entries: list[str]) -> None:
    try:
        keys = access.parse_keys(given_entries)
    except access.BadKey as error:
        assert str(error)
        return
    assert len({key.digest for key in keys}) == len(keys) == len(given_entries)
    assert all(key.rights for key in keys)


@fuzzed
@given(st.none() | TEXT | TEXT.map("Bearer {}".format))
def test_no_made_up_key_is_found(authorization: str | None) -> None:
    keys = access.parse_keys([f"pim:read:{hashlib.sha256(b'the key').hexdigest()}"])
    assert access.find(keys, authorization) is None


@fuzzed
@given(TEXT | st.binary(max_size=40).map(lambda raw: SECRET[:6] + base64.b64encode(raw).decode()))
def test_a_secret_is_long_enough_or_refused(secret: str) -> None:
    try:
        access.check_secret(secret)
    except access.BadKey:
        return
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) >= access.MIN_SECRET


GOOD = {
    "DROP_BUCKET": "drop",
    "STATE_BUCKET": "state",
    "SYNC_QUEUE": "projects/p/locations/l/queues/sync",
    "POLL_QUEUE": "projects/p/locations/l/queues/poll",
    "SYNC_URL": "https://sync.example",
    "POLL_URL": "https://poll.example",
    "CATALOGUE_QUEUE": "projects/p/locations/l/queues/catalogue",
    "CATALOGUE_URL": "https://catalogue.example",
    "FETCH_QUEUE": "projects/p/locations/l/queues/fetch",
    "FETCH_URL": "https://fetch.example",
    "PREPARE_QUEUE": "projects/p/locations/l/queues/prepare",
    "PREPARE_URL": "https://prepare.example",
    "PLACE_QUEUE": "projects/p/locations/l/queues/place",
    "PLACE_URL": "https://place.example",
    "PREPARE": "on",
    "NAME_PATTERNS": "{code}_{n}; supplier/**/{ean}",
    "SLASH_SIGNS": "-+",
    "ACCEPT_WEBP": "false",
    "MAX_PICTURE_BYTES": "6000000",
    "MAX_PICTURE_PIXELS": "4096",
    "MIN_PIXELS": "100",
    "BACKGROUND": "#ffffff",
    "SHOPTET_API_URL": "https://api.myshoptet.com",
    "SHOPTET_PRIVATE_API_TOKEN": "token",
    "SHOPTET_WEBHOOK_KEYS": "key",
    "API_KEYS": f"pim:read:{'a' * 64}",
    "WEBHOOK_SECRETS": SECRET,
    "MAX_ATTEMPTS": "5",
    "MIRROR_DELETES": "false",
    "VARIANT_FOLDERS": "true",
    "DESCRIPTION_TEMPLATE": "{product} – {n}",
    "SYNC_WINDOW_SECONDS": "5",
    "TIME_SCALE": "1",
}


@pytest.mark.parametrize("settings", FUNCTIONS.values(), ids=FUNCTIONS)
@fuzzed
@example(changed={"MAX_ATTEMPTS": "9" * 400})
@example(changed={"SYNC_WINDOW_SECONDS": "1e300"})
@example(changed={"SHOPTET_API_URL": "https://api.example?x=y"})
@example(changed={"SHOPTET_API_URL": "https://user:word@api.example"})
@example(changed={"SHOPTET_PRIVATE_API_TOKEN": "two words"})
@given(changed=st.dictionaries(st.sampled_from(sorted(GOOD)), TEXT, min_size=1, max_size=2))
def test_settings_are_read_or_refused_by_name(settings: type[Settings], changed: dict[str, str]) -> None:
    try:
        read = settings.read(GOOD | changed)
    except BadSetting as error:
        assert re.match(r"the settings? [A-Z_]+ ", str(error))
        assert len(str(error).splitlines()) == 1
        return
    # Whatever was accepted serves: no call fails later for a setting that could have been refused at the start.
    assert slot("look", "x", NOW, read.timing.window, read.timing.skew).at < NOW + DAY
    if isinstance(read, ShopSettings):
        Http(
            read.shoptet_api_url, PrivateToken(read.shoptet_private_api_token or ""), requests.Session(), SystemClock()
        )


@fuzzed
@given(ANY_TEXT, JSON)
def test_what_is_fuzzed_here_is_varied(text: str, value: object) -> None:
    """The strategies themselves make what they promise, or the rest proves nothing."""
    assert isinstance(text, str)
    assert value is None or isinstance(value, bool | int | float | str | list | dict)

"""What the environment must say, and the one line that names what is missing or malformed."""

import base64
import hashlib
import re
from collections.abc import Mapping

import pytest

from gallery_sync.connect.settings import (
    FUNCTIONS,
    BadSetting,
    JobFinished,
    OnDrop,
    PlaceNames,
    PollJobs,
    PreparePicture,
    Settings,
    Sweep,
    SyncGallery,
    read_or_exit,
)
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.schedule import Timing

SYNC = {"SYNC_QUEUE": "projects/p/locations/l/queues/sync", "SYNC_URL": "https://sync.example"}
READ = {"CATALOGUE_QUEUE": "projects/p/locations/l/queues/read", "CATALOGUE_URL": "https://catalogue.example"}
LOOK = {"FETCH_QUEUE": "projects/p/locations/l/queues/fetch", "FETCH_URL": "https://fetch.example"}
PREPARE = {"PREPARE_QUEUE": "projects/p/locations/l/queues/prepare", "PREPARE_URL": "https://prepare.example"}
PLACE = {"PLACE_QUEUE": "projects/p/locations/l/queues/place", "PLACE_URL": "https://place.example"}
POLL = {"POLL_QUEUE": "projects/p/locations/l/queues/poll", "POLL_URL": "https://poll.example"}
STATE = {"STATE_BUCKET": "state"}
SHOP = {"SHOPTET_PRIVATE_API_TOKEN": "private-secret"}
ADD_ON = {"SHOPTET_OAUTH_TOKEN": "oauth-secret", "SHOPTET_ESHOP_URL": "https://shop.example"}
KEYS = {"SHOPTET_WEBHOOK_KEYS": "key-secret-1, key-secret-2"}
DROPS = {"DROP_BUCKET": "drops"}

DIGEST = hashlib.sha256(b"a caller's key").hexdigest()
CALLERS = {"API_KEYS": f"shop:read+write:{DIGEST}"}
SIGNED = {"WEBHOOK_SECRETS": "whsec_" + base64.b64encode(b"secret" * 4).decode()}

NEEDED: dict[str, dict[str, str]] = {
    "on_drop": STATE | SYNC | PLACE | DROPS,
    "sync_gallery": SHOP | STATE | SYNC | POLL | LOOK | PREPARE | DROPS,
    "poll_jobs": SHOP | STATE | SYNC | POLL | READ,
    "read_catalogue": SHOP | STATE | SYNC | POLL | PLACE,
    "fetch_images": SHOP | STATE | SYNC | LOOK | DROPS,
    "prepare_picture": STATE | SYNC | PREPARE | DROPS,
    "place_names": STATE | SYNC | READ | PLACE | DROPS,
    "job_finished": POLL | KEYS,
    "sweep": STATE | SYNC | POLL | READ | PLACE | DROPS,
    "galleries": SHOP | STATE | SYNC | DROPS | CALLERS,
    "clean_gallery": SHOP | STATE | SYNC | LOOK | DROPS | CALLERS,
    "webhooks": STATE | SYNC | SIGNED,
    "status_link": STATE | SYNC | DROPS,
}
ALL = SHOP | STATE | SYNC | POLL | READ | LOOK | PREPARE | PLACE | DROPS | KEYS | CALLERS | SIGNED
ONE_MISSING = [(function, name) for function, needed in NEEDED.items() for name in needed]


def refusal(settings: type[Settings], environ: Mapping[str, str]) -> str:
    with pytest.raises(BadSetting) as caught:
        settings.read(environ)
    line = str(caught.value)
    assert "\n" not in line
    assert not re.search(r"[a-z0-9]-secret", line)
    return line


@pytest.mark.parametrize("function", NEEDED)
def test_each_function_starts_with_what_it_uses_and_no_more(function: str) -> None:
    assert isinstance(FUNCTIONS[function].read(NEEDED[function]), Settings)


@pytest.mark.parametrize(("function", "name"), ONE_MISSING)
@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_setting_that_is_missing_or_blank_is_named(function: str, name: str, value: str | None) -> None:
    environ = {n: v for n, v in NEEDED[function].items() if n != name} | ({} if value is None else {name: value})
    assert refusal(FUNCTIONS[function], environ).startswith(f"the setting {name} is missing: set ")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SYNC_WINDOW_SECONDS", "soon", "is 'soon': write a number"),
        ("SYNC_WINDOW_SECONDS", "1,5", "is '1,5': write a number"),
        ("SYNC_WINDOW_SECONDS", "0", "is 0.0: it must be more than 0"),
        ("SYNC_WINDOW_SECONDS", "-5", "is -5.0: it must be more than 0"),
        ("SYNC_WINDOW_SECONDS", "nan", "is 'nan': write a number"),
        ("SYNC_WINDOW_SECONDS", "inf", "is 'inf': write a number"),
        ("TIME_SCALE", "0", "is 0.0: it must be more than 0"),
        ("MAX_ATTEMPTS", "many", "is 'many': write a whole number"),
        ("MAX_ATTEMPTS", "2.5", "is '2.5': write a whole number"),
        ("MAX_ATTEMPTS", "0", "is 0: it must be more than 0"),
        ("MIRROR_DELETES", "yes", "is 'yes': write true or false"),
        ("REMOVE_REFERENCE", "1", "is '1': write true or false"),
        ("MIRROR_DELETES", "tr\nue", r"is 'tr\nue': write true or false"),
        ("DESCRIPTION_TEMPLATE", "{product} {n} {code}", "may hold {product} and {n} in braces, and nothing else"),
        ("VARIANT_FOLDERS", "on", "is 'on': write true or false"),
        ("SYNC_URL", "sync.example", "is 'sync.example': write an address that begins with https://"),
        ("SYNC_URL", "http://sync.example", "write an address that begins with https://"),
        ("SYNC_URL", "ftp://127.0.0.1/", "write an address that begins with https://"),
        ("SYNC_URL", "https://", "write an address that begins with https://"),
        ("SYNC_URL", "https:///path", "write an address that begins with https://"),
        ("SYNC_URL", "https://[", "write an address that begins with https://"),
        ("SYNC_URL", "https://sync.exa\nmple", "write an address that begins with https://"),
        ("POLL_URL", "http://localhost.example", "write an address that begins with https://"),
        ("SHOPTET_API_URL", "api.myshoptet.com", "write an address that begins with https://"),
        ("SYNC_QUEUE", "sync", "is 'sync': write projects/PROJECT/locations/REGION/queues/QUEUE"),
        ("SYNC_QUEUE", "projects//locations/l/queues/q", "write projects/PROJECT/locations/REGION/queues/QUEUE"),
        ("SYNC_QUEUE", "projects/p/locations/l/queues/", "write projects/PROJECT/locations/REGION/queues/QUEUE"),
        ("SYNC_QUEUE", "a/p/b/l/c/q", "write projects/PROJECT/locations/REGION/queues/QUEUE"),
        ("POLL_QUEUE", "projects/p/locations/l/queues/q/tasks/t", "write projects/PROJECT/locations/REGION/queues/"),
        ("POLL_QUEUE", "projects/p/loc\nations/l/queues/q", "write projects/PROJECT/locations/REGION/queues/QUEUE"),
    ],
)
def test_a_malformed_setting_is_named_with_what_to_write(name: str, value: str, words: str) -> None:
    line = refusal(SyncGallery, ALL | {name: value})
    assert line.startswith(f"the setting {name} is ")
    assert words in line


def test_a_webhook_key_that_is_only_a_comma_is_refused() -> None:
    line = refusal(JobFinished, POLL | {"SHOPTET_WEBHOOK_KEYS": " , ,"})
    assert line == "the setting SHOPTET_WEBHOOK_KEYS holds no key: write one, or two with a comma between"


@pytest.mark.parametrize("text", ["one,two", "one, two", " one two ", "one,,two,"])
def test_webhook_keys_are_one_or_two(text: str) -> None:
    assert JobFinished.read(POLL | {"SHOPTET_WEBHOOK_KEYS": text}).shoptet_webhook_keys == ("one", "two")
    assert JobFinished.read(POLL | {"SHOPTET_WEBHOOK_KEYS": "one"}).shoptet_webhook_keys == ("one",)


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        ("galleries", "API_KEYS", "shop:read:secret"),
        ("clean_gallery", "API_KEYS", f"shop:secret:{DIGEST}"),
        ("webhooks", "WEBHOOK_SECRETS", "whsec_no-secret!"),
        ("webhooks", "WEBHOOK_SECRETS", "whsec_c2VjcmV0"),
    ],
)
def test_a_callers_key_or_secret_that_is_none_is_refused(function: str, name: str, value: str) -> None:
    line = refusal(FUNCTIONS[function], NEEDED[function] | {name: value})
    assert line.startswith(f"the setting {name} is malformed: ")
    assert value not in line


WITHOUT_SHOP = STATE | SYNC | POLL | READ


def test_the_two_ways_in_exclude_each_other() -> None:
    line = refusal(PollJobs, WITHOUT_SHOP | SHOP | ADD_ON)
    assert line == "the settings SHOPTET_PRIVATE_API_TOKEN and SHOPTET_OAUTH_TOKEN exclude each other: set one"


def test_one_of_the_two_ways_in_is_needed() -> None:
    assert "or SHOPTET_OAUTH_TOKEN for an add-on" in refusal(PollJobs, WITHOUT_SHOP)


def test_an_add_on_needs_its_eshops_address() -> None:
    settings = PollJobs.read(WITHOUT_SHOP | ADD_ON)
    assert (settings.shoptet_oauth_token, settings.shoptet_eshop_url) == ("oauth-secret", "https://shop.example")
    line = refusal(PollJobs, WITHOUT_SHOP | {"SHOPTET_OAUTH_TOKEN": "oauth-secret"})
    assert line.startswith("the setting SHOPTET_ESHOP_URL is missing")
    malformed = refusal(PollJobs, WITHOUT_SHOP | ADD_ON | {"SHOPTET_ESHOP_URL": "http://shop.example"})
    assert malformed.startswith("the setting SHOPTET_ESHOP_URL is 'http://shop.example'")


@pytest.mark.parametrize("function", NEEDED)
def test_secrets_are_not_shown_when_settings_are_printed(function: str) -> None:
    settings = FUNCTIONS[function].read(ALL)
    shown = f"{settings!r} {settings}"
    assert "secret" not in shown
    assert "whsec_" not in shown
    assert DIGEST not in shown


def test_what_is_not_set_has_its_default() -> None:
    settings = SyncGallery.read(ALL)
    assert (settings.mirror_deletes, settings.remove_reference, settings.max_attempts) == (False, False, 5)
    assert settings.shoptet_api_url == "https://api.myshoptet.com"
    assert (settings.storage_emulator_host, settings.cloud_tasks_emulator_host) == (None, None)
    assert settings.tasks_service_account is None
    assert settings.timing == Timing()


def test_what_is_set_counts() -> None:
    environ = ALL | {"MIRROR_DELETES": " True ", "REMOVE_REFERENCE": "false", "MAX_ATTEMPTS": "3"}
    settings = SyncGallery.read(environ | {"SYNC_WINDOW_SECONDS": "0.5", "TASKS_SERVICE_ACCOUNT": "tasks@p.example"})
    assert (settings.mirror_deletes, settings.remove_reference, settings.max_attempts) == (True, False, 3)
    assert (settings.sync_window_seconds, settings.tasks_service_account) == (0.5, "tasks@p.example")


@pytest.mark.parametrize("function", ["sync_gallery", "galleries", "clean_gallery", "sweep"])
def test_a_trial_is_for_the_products_that_are_named(function: str) -> None:
    settings = FUNCTIONS[function]
    assert getattr(settings.read(ALL), "only_products") == ()  # noqa: B009  # of a subclass
    named = settings.read(ALL | {"ONLY_PRODUCTS": "62/XL, 92ca3575-7481-11e8-8216-002590dad85e"})
    assert getattr(named, "only_products") == ("62/XL", "92ca3575-7481-11e8-8216-002590dad85e")  # noqa: B009


def test_the_window_is_set_in_seconds_and_everything_else_is_scaled() -> None:
    local = {"CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:8123"}
    timing = OnDrop.read(NEEDED["on_drop"] | local | {"SYNC_WINDOW_SECONDS": "3", "TIME_SCALE": "0.1"}).timing
    assert timing.window == 3
    assert timing.second_listing == pytest.approx(Timing().second_listing / 10)


@pytest.mark.parametrize("scale", ["0.1", "2"])
def test_time_is_scaled_in_the_local_cloud_alone(scale: str) -> None:
    with pytest.raises(BadSetting, match="TIME_SCALE") as caught:
        OnDrop.read(NEEDED["on_drop"] | {"TIME_SCALE": scale})
    assert "local cloud" in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://localhost:1", "http://[::1]:8080", "https://a.b"])
def test_plain_http_is_for_this_machine_alone(url: str) -> None:
    assert OnDrop.read(NEEDED["on_drop"] | {"SYNC_URL": url}).sync_url == url


def test_a_function_that_lacks_a_setting_does_not_start_and_says_so_in_one_line() -> None:
    with pytest.raises(SystemExit) as caught:
        read_or_exit(Sweep, SYNC | POLL | READ | PLACE | DROPS)
    assert caught.value.code == (
        "gallery-sync cannot start: the setting STATE_BUCKET is missing: set the environment variable STATE_BUCKET"
    )
    assert read_or_exit(Sweep, NEEDED["sweep"]) == Sweep.read(NEEDED["sweep"])


def test_all_settings_that_are_missing_are_told_at_once() -> None:
    with pytest.raises(BadSetting) as caught:
        OnDrop.read({})
    assert str(caught.value) == (
        "the settings PLACE_QUEUE, PLACE_URL, SYNC_QUEUE, SYNC_URL, STATE_BUCKET and DROP_BUCKET are missing: set the "
        "environment variables of these names"
    )


RECIPE = {
    "PREPARE": "off",
    "ACCEPT_WEBP": "true",
    "MAX_PICTURE_BYTES": "3000000",
    "MAX_PICTURE_PIXELS": "2048",
    "MIN_PIXELS": "300",
    "BACKGROUND": "#F0F0f0",
}


def test_what_is_done_to_a_picture_is_a_choice() -> None:
    assert SyncGallery.read(NEEDED["sync_gallery"]).recipe == Recipe()
    chosen = PreparePicture.read(NEEDED["prepare_picture"] | RECIPE).recipe
    assert chosen == Recipe(
        repairs=False, webp=True, max_bytes=3_000_000, max_side=2048, min_side=300, background="#F0F0f0"
    )
    assert SyncGallery.read(NEEDED["sync_gallery"] | RECIPE).recipe.id == chosen.id


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PREPARE", "yes", "write on or off"),
        ("ACCEPT_WEBP", "on", "write true or false"),
        ("MAX_PICTURE_BYTES", "99999", "at least 100000"),
        ("MAX_PICTURE_PIXELS", "499", "at least 500"),
        ("MIN_PIXELS", "0", "more than 0"),
        ("BACKGROUND", "white", "write a colour as #ffffff"),
    ],
)
def test_a_recipe_that_makes_no_sense_does_not_start(name: str, value: str, says: str) -> None:
    assert says in refusal(PreparePicture, NEEDED["prepare_picture"] | {name: value})


def test_how_names_in_no_folder_are_read_is_a_choice() -> None:
    usual = PlaceNames.read(NEEDED["place_names"]).placing
    assert ([one.text for one in usual.patterns][:2], usual.slashes) == (["{code}_{n}", "{code}-{n}"], "-_")
    chosen = {"NAME_PATTERNS": "goods_{code}_{n}; supplier/**/{ean}", "SLASH_SIGNS": "+"}
    for settings, function in ((PlaceNames, "place_names"), (OnDrop, "on_drop"), (Sweep, "sweep")):
        read = settings.read(NEEDED[function] | chosen)
        assert ([one.text for one in read.placing.patterns], read.placing.slashes) == (
            ["goods_{code}_{n}", "supplier/**/{ean}"],
            "+",
        )
    assert PlaceNames.read(NEEDED["place_names"] | {"NAME_PATTERNS": "off"}).placing.patterns == ()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("NAME_PATTERNS", "{number}", "{number}"),
        ("NAME_PATTERNS", "{code}/{n}", "in a folder"),
        ("SLASH_SIGNS", "a", "write signs such as"),
        ("SLASH_SIGNS", "- _", "write signs such as"),
        ("SLASH_SIGNS", "-_+~^.,=!", "write signs such as"),
    ],
)
def test_a_pattern_that_makes_no_sense_does_not_start(name: str, value: str, says: str) -> None:
    assert says in refusal(PlaceNames, NEEDED["place_names"] | {name: value})

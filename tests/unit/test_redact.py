"""Shoptet's words on their way into a log."""

import base64
import html
import json
import random
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.redact import MAX_READ, one_line
from tests.unit.shoptet.fakes import unhurried


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Image not found.", "Image not found."),
        ("two\nlines\tand a tab\x00", "two lines and a tab"),
        ("Bad URL https://s.example/a.png?X-Goog-Signature=ab12&x=1 given", "Bad URL https://s.example/a.png?… given"),
        ("cut: &X-Goog-Signature=ab12&other=1", "cut: &X-Goog-Signature=…&other=1"),
        ("Is it so? a = b", "Is it so? a = b"),
        ("what?why?a=b&c=d?e=f done", "what?why?… done"),
        ("A/\u202egpj.exe", "A/ gpj.exe"),
        ("token s3cret refused", "token … refused"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_message_becomes_one_line_without_secrets(text: str, line: str) -> None:
    assert one_line(text, ("s3cret", "")) == line


@unhurried
@given(st.text(st.characters()))
def test_every_text_becomes_one_short_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 300
    assert len(line.splitlines()) <= 1
    line.encode()


SIG = "Zm9vYmFyK2Jhei9xdXV4PT0x"
URL = f"https://s.example/a.png?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature={SIG}"
OPERATION = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (quote(URL, safe=""), "https://s.example/a.png?…"),
        (quote(quote(URL, safe=""), safe=""), "https://s.example/a.png?…"),
        (f"bad https:\\/\\/s.example\\/a.png\\u003fsig\\u003d{SIG}\\u0026x=1 url", "bad https://s.example/a.png?… url"),
        (f"a.png&#63;sig&#x3D;{SIG}&amp;x=1", "a.png?…"),
        (f'given "sig={SIG}" twice', 'given "sig=…" twice'),
        (f"sig='{SIG}'", "sig='…'"),
        (f"sv=2024-11-04&sr=b&sig={SIG}&se=2026", "sv=2024-11-04&sr=b&sig=…&se=2026"),
        (f"Expires=1&Signature={SIG}", "Expires=1&Signature=…"),
        (f'{{"access_token": "{SIG}", "expires_in": 1800}}', '{"access_token": "…", "expires_in": 1800}'),
        (f'{{\\"access_token\\":\\"{SIG}\\"}}', '{"access_token":"…"}'),
        ("{'access_token': 'short'}", "{'access_token': '…'}"),
        (f"Authorization: Bearer {SIG} was sent", "Authorization: … was sent"),
        ("a bearer aaaaaaaaaaaaaaaa was sent", "a bearer … was sent"),
        ("Shoptet-Private-API-Token: 1-p-aaaa", "Shoptet-Private-API-Token: …"),
        (f"secret whsec_{SIG}= is old", "secret whsec_… is old"),
        ("https://pim:pass@cdn.example/a.png", "https://…@cdn.example/a.png"),
        (f"https://cdn.example/s/{'aB3' * 12}/a.png", "https://cdn.example/s/…/a.png"),
        (f"the key {'ab12' * 16} is known", "the key … is known"),
    ],
)
def test_a_secret_is_cut_out_however_it_is_written(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    "text",
    [
        "92ca3575-7481-11e8-8216-002590dad85e/shop360/IMG_20240711_HDR_ProductFront01.jpg is refused: it is empty",
        f"an event was taken: operation {OPERATION}",
        f"url:{OPERATION}01234567 of job 3ax1844-6f2e",
        "the product 62%2FXL is not known: it is written 62%2FXL",
        "projects/p/locations/europe-west3/queues/gallery-sync-fashion-Sync1",
        "Sko-Bil-38-Nik-Air-Max-90-a.jpg, MujNovyHrnek2024Zepredu.png and PENEZENKA-7/shop360/IMG20240711a.jpg",
        "the key is missing or wrong: send Authorization: Bearer and the key",
        "the setting SHOPTET_PRIVATE_API_TOKEN is missing: set it, or SHOPTET_OAUTH_TOKEN for an add-on",
        "is the token: refused? yes; 100% &amp; more",
        "priority = 7, keyword = x",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert one_line(text) == text


Encoding = Callable[[str], str]


def escaped(text: str) -> str:
    return "".join(sign if sign.isalnum() else f"\\u{ord(sign):04x}" for sign in text)


def small(text: str) -> str:
    """Percent-encoded with small hexadecimal digits, as some libraries write it."""
    return "".join(sign if sign.isalnum() else f"%{ord(sign):02x}" for sign in text)


ENCODINGS: dict[str, Encoding] = {
    "as it is": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, in part": quote,
    "percent, small": small,
    "JSON": json.dumps,
    "JSON escapes": escaped,
    "HTML": html.escape,
    "HTML numbers": lambda text: "".join(sign if sign.isalnum() else f"&#{ord(sign)};" for sign in text),
    "Python": repr,
    "quotes": lambda text: f"'{text}'",
}


def hexadecimal(chance: random.Random, size: int) -> str:
    return chance.randbytes(size).hex()


def base(chance: random.Random, size: int) -> str:
    return base64.b64encode(chance.randbytes(size)).decode()


Form = Callable[[random.Random], tuple[str, str]]
FORMS: dict[str, Form] = {
    "V4": lambda c: (f"https://s.example/o.jpg?X-Goog-Expires=9&X-Goog-Signature={(s := hexadecimal(c, 256))}", s),
    "V4, the query alone": lambda c: (f"X-Goog-Expires=9&X-Goog-Signature={(s := hexadecimal(c, 32))}&x=1", s),
    "V2": lambda c: (f"https://s.example/o?GoogleAccessId=a%40b&Signature={quote(s := base(c, 256), safe='')}", s),
    "V2, the query alone": lambda c: (f"Expires=1&Signature={(s := base(c, 64))}", s),
    "SAS": lambda c: (f"https://b.example/c/o?sv=1&sig={quote(s := base(c, 32), safe='')}&se=2", s),
    "SAS, cut": lambda c: (f"sig={(s := base(c, 32))}", s),
    "access token": lambda c: (f'{{"access_token": "{(s := base(c, 8))}"}}', s),
    "access token, form": lambda c: (f"expires_in=1800&access_token={(s := hexadecimal(c, 8))}", s),
    "bearer": lambda c: (f"Authorization: Bearer {(s := base(c, 16))}", s),
    "secret of events": lambda c: (f"whsec_{(s := base(c, 24))}", s),
    "API key": lambda c: (hexadecimal(c, 32),) * 2,
    "API key with words around": lambda c: (f"the key {(s := hexadecimal(c, 32))} was sent", s),
}


@pytest.mark.parametrize("form", FORMS)
@unhurried
@given(
    seed=st.integers(0, 2**32),
    encodings=st.lists(st.sampled_from(sorted(ENCODINGS)), max_size=3),
    around=st.tuples(st.sampled_from(["", "refused: ", '{"message":"', "a\n"]), st.sampled_from(["", " given", '"}'])),
)
def test_no_secret_survives_however_it_is_encoded(
    form: str, seed: int, encodings: list[str], around: tuple[str, str]
) -> None:
    text, secret = FORMS[form](random.Random(seed))  # to be drawn again, not to be kept
    for name in encodings:
        text = ENCODINGS[name](text)
    line = one_line(text.join(around))
    pieces = [secret[at : at + 10] for at in range(len(secret) - 9)]
    assert not [piece for piece in pieces if piece in line or piece in quote(line)]


def test_hardly_any_random_key_survives_alone() -> None:
    chance = random.Random(7)  # to be drawn again, not to be kept
    keys = [base64.urlsafe_b64encode(chance.randbytes(32)).decode().rstrip("=") for _ in range(2_000)]
    assert sum(one_line(f"the key {key} was sent") != "the key … was sent" for key in keys) <= 2


@pytest.mark.parametrize(
    "piece",
    ["?", "?a", "=", "\\", "\\u", "%", "%2", "%25", "&", "&#", "&amp", "&amp;", "sig", "sig=", "x-goog-", "whsec_", "a_",
     '"token":', "bearer ", "://", "aB3", "-", "token", "authorization: ", " ", "0", "92ca3575-"],
)  # fmt: skip
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    for text in (piece * (200_000 // len(piece)), f"{piece * 4_000} ", f"{piece * 4_000}="):
        one_line(text)
    assert time.perf_counter() - started < 1.5


def test_half_a_secret_at_the_end_of_what_is_read_is_not_shown() -> None:
    long = f"https://s.example/o?sig={'a' * (MAX_READ - 60)}"
    key = "Ab1" * 10
    line = one_line(f"{long} {key} {key} {key} end")
    assert line == "https://s.example/o?… …" or key[:6] not in line

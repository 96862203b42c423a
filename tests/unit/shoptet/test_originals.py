"""Pictures from the shop's own site, within bounds."""

import pytest
import requests

from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.shoptet.originals import Originals
from tests.unit.shoptet.fakes import Script, VirtualClock, answer, refused_connection

ADDRESS = "https://shop.example/user/shop/orig/"


def originals(*steps: requests.Response | BaseException, most: int = 100) -> tuple[Originals, Script]:
    script = Script(*steps)
    return Originals(script.session(), VirtualClock(), ADDRESS, most=most), script


def test_a_picture_comes_from_the_shops_own_address_without_any_login() -> None:
    source, script = originals(answer(200, b"picture"))
    assert source.fetch("127 ?.png") == b"picture"
    (sent,) = script.requests
    assert sent.url == f"{ADDRESS}127%20%3F.png"
    assert not {name for name in sent.headers if name.lower() in ("cookie", "authorization") or "Token" in name}


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (answer(404, b""), "the answer was 404"),
        (answer(302, b"", headers={"Location": "https://elsewhere.example/"}), "the answer was 302"),
        (answer(200, b"x" * 101), "larger than"),
        (refused_connection(), "refused"),
    ],
    ids=["gone", "moved", "too large", "no connection"],
)
def test_what_is_not_to_be_had_says_why(step: requests.Response | BaseException, why: str) -> None:
    source, script = originals(step)
    with pytest.raises(NoOriginal, match=why) as raised:
        source.fetch("127.png")
    assert "shop.example" not in str(raised.value)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/user/shop/orig/",
        "https://shop.example/user/shop/orig",
        "https://shop.example/user/shop/orig/?token=1/",
        "https://me:secret@shop.example/orig/",
        "file:///etc/",
        "https:///orig/",
        "",
    ],
)
def test_an_address_that_is_not_the_shops_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="ends with /"):
        Originals(Script().session(), VirtualClock(), address)


def test_the_local_cloud_gives_its_pictures_over_plain_http() -> None:
    source = Originals(Script(answer(200, b"p")).session(), VirtualClock(), "http://127.0.0.1:8080/user/shop/orig/")
    assert source.fetch("1.png") == b"p"

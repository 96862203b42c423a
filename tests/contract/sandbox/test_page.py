import io

import requests
from PIL import Image as Pillow

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, OAUTH_TOKEN, SHIRT, TOKEN, Api, Files, picture


def page(api: Api) -> requests.Response:
    return requests.get(api.url, timeout=5)


def test_the_page_shows_every_gallery_in_order(api: Api) -> None:
    names = [api.by_hand(MUG, priority=priority, description=f"view {priority}") for priority in (30, 10)]
    names.append(api.by_hand(MUG, gallery="shop360"))
    text = page(api).text
    places = [text.index(f"/_pictures/{MUG}/shop/{names[1]}"), text.index(f"/_pictures/{MUG}/shop/{names[0]}")]
    assert places == sorted(places)
    assert text.index(f"/_pictures/{MUG}/shop360/{names[2]}") > places[1]
    for fact in ("view 10", "priority 30", "64 × 48", "Kávový hrnek", "62/XL", "main image"):
        assert fact in text


def test_the_page_escapes_what_comes_from_outside(api: Api) -> None:
    name = api.by_hand(SHIRT, description='<script>alert("1")</script>')
    api.control("POST", "products", {"guid": MUG, "name": "<b>mug</b>", "code": "<i>"})
    text = page(api).text
    assert name in text
    assert "<script>" not in text
    assert "<b>mug" not in text
    assert "<i>" not in text


def test_the_page_needs_no_scripts_and_shows_no_tokens(api: Api) -> None:
    answer = page(api)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert TOKEN not in answer.text
    assert OAUTH_TOKEN not in answer.text


def test_a_thumbnail_is_small_and_the_original_is_untouched(api: Api, files: Files) -> None:
    large = picture("JPEG", (800, 400))
    api.ended(api.insert(MUG, {"sourceUrl": files.put("large.jpg", large)}))
    address = f"{api.url}/_pictures/{MUG}/shop/{api.names(MUG)[0]}"
    with Pillow.open(io.BytesIO(requests.get(address, timeout=5).content)) as small:
        assert small.size == (160, 80)
    original = requests.get(f"{address}?original=1", timeout=5)
    assert (original.content, original.headers["Content-Type"]) == (large, "image/jpeg")


def test_a_picture_that_is_not_there_gives_404(api: Api) -> None:
    assert requests.get(f"{api.url}/_pictures/{MUG}/shop/nothing.png", timeout=5).status_code == 404


def test_images_of_the_configuration_are_there_from_the_start(open_sandbox: OpenSandbox) -> None:
    image = {"name": "7.png", "priority": 5, "description": "seed", "width": 20, "height": 10}
    product = {
        "guid": "g",
        "name": "n",
        "code": "c",
        "variants": [{"code": "c/1", "image": "7.png"}],
        "images": [image],
    }
    api = open_sandbox(products=[product])
    (shown,) = api.control("GET", "galleries")["g"]["shop"]
    assert {**image, "referenced_by": ["C/1"]}.items() <= shown.items()

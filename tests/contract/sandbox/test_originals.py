"""The shop's own site: where its pictures are, as it tells, and what they are there."""

import io

import pytest
import requests
from PIL import Image as Pillow

from tests.contract.sandbox.conftest import OpenSandbox
from tests.contract.sandbox.support import MUG, Api, Files, picture

TURNED = 6
"""The EXIF orientation of a picture that lies on its side."""


def cuts(api: Api) -> dict[str, str]:
    found = api.call("GET", "/api/eshop?include=imageCuts").json()["data"]["imageCuts"]
    return {cut["name"]: cut["urlPath"] for cut in found}


def original(api: Api, name: str) -> requests.Response:
    return requests.get(cuts(api)["orig"] + name, timeout=5)


def phones(size: tuple[int, int] = (32, 24)) -> bytes:
    exif, target = Pillow.Exif(), io.BytesIO()
    exif[0x0112] = TURNED
    Pillow.new("RGB", size, "#336699").save(target, "JPEG", exif=exif)
    return target.getvalue()


def inserted(api: Api, files: Files, content: bytes, gallery: str = "shop") -> str:
    api.ended(api.insert(MUG, {"sourceUrl": files.put("a.jpg", content)}, gallery=gallery))
    return api.names(MUG, gallery)[-1]


def changed(api: Api) -> str:
    (image,) = api.call("GET", f"/api/products/{MUG}/images/shop").json()["data"]["images"]
    return str(image["changeTime"])


def test_the_shop_tells_where_its_pictures_are_only_if_it_is_asked(api: Api) -> None:
    assert "imageCuts" not in api.call("GET", "/api/eshop").json()["data"]
    assert set(cuts(api)) == {"orig", "big", "detail", "category", "related"}
    assert all(path.endswith(f"/{name}/") for name, path in cuts(api).items())


def test_an_original_is_what_was_sent_and_no_call_of_the_api(api: Api, files: Files) -> None:
    content = picture()
    name = inserted(api, files, content)
    answer = original(api, name)
    assert (answer.status_code, answer.content) == (200, content)
    assert "X-RateLimit-Bucket-Filling" not in answer.headers
    assert original(api, "999.png").status_code == 404


def test_an_original_can_be_encoded_again(open_sandbox: OpenSandbox, files: Files) -> None:
    api, content = open_sandbox(originals_encoded_again=True), phones()
    answer = original(api, inserted(api, files, content))
    assert answer.content != content
    assert Pillow.open(io.BytesIO(answer.content)).size == (32, 24)


def test_an_original_can_be_turned_as_its_exif_data_says(open_sandbox: OpenSandbox, files: Files) -> None:
    api = open_sandbox(originals_turned=True)
    shown = Pillow.open(io.BytesIO(original(api, inserted(api, files, phones())).content))
    assert (shown.size, shown.getexif().get(0x0112)) == ((24, 32), None)


def test_a_source_update_can_go_on_to_show_the_old_picture(open_sandbox: OpenSandbox, files: Files) -> None:
    api, old = open_sandbox(shows_old_pictures=True), picture()
    name = inserted(api, files, old)
    before = changed(api)
    api.advance(5)
    api.ended(api.source(MUG, {"name": name, "sourceUrl": files.put("new.png", picture(colour="#ff0000"))}))
    assert changed(api) > before
    assert original(api, name).content == old


def test_an_insertion_can_mix_up_its_pictures(open_sandbox: OpenSandbox, files: Files) -> None:
    api = open_sandbox(shows_wrong_pictures=True)
    red, blue = picture(colour="#ff0000"), picture(colour="#0000ff")
    urls = [{"sourceUrl": files.put(f"{n}.png", content)} for n, content in enumerate((red, blue))]
    api.ended(api.insert(MUG, *urls))
    assert [original(api, name).content for name in api.names(MUG)] == [blue, red]


@pytest.mark.parametrize("there", [True, False])
def test_where_those_of_shop360_are_is_not_known(open_sandbox: OpenSandbox, files: Files, there: bool) -> None:
    api = open_sandbox(originals_of_both=there)
    name = inserted(api, files, picture(), "shop360")
    assert original(api, name).status_code == (200 if there else 404)

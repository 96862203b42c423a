import pytest

from tests.contract.sandbox.support import MUG, SHIRT, Api, error_codes


def path(guid: str, *parts: str) -> str:
    return "/".join([f"/api/products/{guid}/images", *parts])


def refer(api: Api, name: str | None, code: str = "62/M") -> None:
    """Let a variant of the shirt show an image."""
    answer = api.call("PATCH", f"/api/products/{SHIRT}", {"data": {"variants": [{"code": code, "image": name}]}})
    assert answer.status_code == 200, answer.text


def referenced_by(api: Api, name: str) -> list[str]:
    images = api.control("GET", "galleries")[SHIRT]["shop"]
    return next(list(image["referenced_by"]) for image in images if image["name"] == name)


def test_images_are_listed_in_the_order_of_their_priorities(api: Api) -> None:
    names = [api.by_hand(MUG, priority=priority) for priority in (30, 10, 20)]
    listed = api.listing(MUG)
    assert [image["name"] for image in listed] == [names[1], names[2], names[0]]
    assert [image["isMainImage"] for image in listed] == [True, False, False]
    assert {image["gallery"] for image in listed} == {"shop"}


def test_the_360_gallery_is_one_of_its_own_without_a_main_image(api: Api) -> None:
    name = api.by_hand(MUG, gallery="shop360")
    assert api.names(MUG) == []
    assert [(image["name"], image["isMainImage"]) for image in api.listing(MUG, "shop360")] == [(name, False)]


def test_names_are_unique_in_the_whole_shop(api: Api) -> None:
    assert api.by_hand(MUG) != api.by_hand(SHIRT)


@pytest.mark.parametrize(
    ("guid", "gallery", "code"), [("unknown", "shop", "product-not-found"), (MUG, "shop720", "gallery-not-found")]
)
def test_an_unknown_product_or_gallery_gives_404(api: Api, guid: str, gallery: str, code: str) -> None:
    images = {"data": {"images": [{"sourceUrl": "http://127.0.0.1:9/a.png"}]}}
    attributes = {"data": {"images": [{"name": "1.png"}]}}
    for method, body in (("GET", None), ("DELETE", None), ("POST", images), ("PATCH", attributes)):
        answer = api.call(method, path(guid, gallery), body)
        assert (answer.status_code, error_codes(answer)) == (404, [code])


def test_attributes_change_at_once_and_what_is_left_out_stays(api: Api) -> None:
    name = api.by_hand(MUG, priority=10, description="before")
    answer = api.call("PATCH", path(MUG, "shop"), {"data": {"images": [{"name": name, "priority": 40}]}})
    assert answer.status_code == 200
    (image,) = answer.json()["data"]["images"]
    assert (image["priority"], image["description"]) == (40, "before")
    api.call("PATCH", path(MUG, "shop"), {"data": {"images": [{"name": name, "description": "after"}]}})
    (image,) = api.listing(MUG)
    assert (image["priority"], image["description"]) == (40, "after")


def test_unknown_names_among_attributes_are_skipped_and_named_with_200(api: Api) -> None:
    name = api.by_hand(MUG)
    rows = [{"name": "nothing.png", "priority": 1}, {"name": name, "priority": 77}]
    answer = api.call("PATCH", path(MUG, "shop"), {"data": {"images": rows}})
    assert answer.status_code == 200
    assert [row["instance"] for row in answer.json()["errors"]] == ["nothing.png"]
    assert api.listing(MUG)[0]["priority"] == 77


def test_one_image_is_deleted(api: Api) -> None:
    first, second = api.by_hand(MUG), api.by_hand(MUG)
    answer = api.call("DELETE", path(MUG, "shop", first))
    assert (answer.status_code, answer.json()["data"], answer.json()["errors"]) == (200, None, None)
    assert api.names(MUG) == [second]


def test_deleting_an_unknown_image_gives_404(api: Api) -> None:
    assert api.call("DELETE", path(MUG, "shop", "nothing.png")).status_code == 404


def test_deleting_an_image_that_a_variant_shows_gives_409(api: Api) -> None:
    name = api.by_hand(SHIRT)
    refer(api, name)
    for query in ("", "?removeReference=false"):
        assert api.call("DELETE", path(SHIRT, "shop", name) + query).status_code == 409
    assert referenced_by(api, name) == ["62/M"]


def test_deleting_with_the_reference_removes_both(api: Api) -> None:
    name = api.by_hand(SHIRT)
    refer(api, name)
    assert api.call("DELETE", path(SHIRT, "shop", name) + "?removeReference=true").status_code == 200
    assert api.names(SHIRT) == []
    (variant,) = (row for row in product(api)["variants"] if row["code"] == "62/M")
    assert (variant["image"], variant["isProductDefaultImage"]) == (None, True)


def product(api: Api) -> dict[str, list[dict[str, object]]]:
    return dict(api.call("GET", "/api/products/code/62%2FM").json()["data"])


def test_clearing_a_gallery_skips_and_names_what_a_variant_shows(api: Api) -> None:
    shown, _other = api.by_hand(SHIRT), api.by_hand(SHIRT)
    refer(api, shown)
    answer = api.call("DELETE", path(SHIRT, "shop"))
    assert answer.status_code == 200
    assert [row["instance"] for row in answer.json()["errors"]] == [shown]
    assert api.names(SHIRT) == [shown]


def test_clearing_a_gallery_with_references_removes_everything(api: Api) -> None:
    refer(api, api.by_hand(SHIRT))
    other_gallery = api.by_hand(SHIRT, gallery="shop360")
    answer = api.call("DELETE", path(SHIRT, "shop") + "?removeReference=true")
    assert (answer.status_code, answer.json()["errors"]) == (200, None)
    assert api.names(SHIRT) == []
    assert api.names(SHIRT, "shop360") == [other_gallery]


def test_a_flag_that_is_no_boolean_gives_400(api: Api) -> None:
    assert api.call("DELETE", path(MUG, "shop") + "?removeReference=perhaps").status_code == 400


def test_a_variant_can_only_show_an_image_that_its_product_has(api: Api) -> None:
    foreign = api.by_hand(MUG)
    answer = api.call("PATCH", f"/api/products/{SHIRT}", {"data": {"variants": [{"code": "62/M", "image": foreign}]}})
    assert answer.status_code == 422


def test_a_reference_can_be_taken_back(api: Api) -> None:
    name = api.by_hand(SHIRT)
    refer(api, name)
    refer(api, None)
    assert api.call("DELETE", path(SHIRT, "shop", name)).status_code == 200


def test_a_product_is_found_by_its_code_and_by_its_variants_codes_in_any_case(api: Api) -> None:
    for code in ("62", "62%2FXL", "62%2fxl"):
        answer = api.call("GET", f"/api/products/code/{code}")
        assert (answer.status_code, answer.json()["data"]["guid"]) == (200, SHIRT)
    assert api.call("GET", "/api/products/code/hrnek-01").json()["data"]["guid"] == MUG


def test_an_unencoded_slash_in_a_code_is_another_path(api: Api) -> None:
    answer = api.call("GET", "/api/products/code/62/XL")
    assert (answer.status_code, error_codes(answer)) == (404, ["endpoint-not-found"])


def test_an_unknown_code_gives_404(api: Api) -> None:
    answer = api.call("GET", "/api/products/code/UNKNOWN")
    assert (answer.status_code, error_codes(answer)) == (404, ["product-not-found"])

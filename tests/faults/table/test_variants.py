"""Variants show the pictures that are dropped for them: by metadata, by a folder's name; what people chose since stays.

Over the project's own client, the sandbox, and the local storage and tasks.
"""

import pytest

from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import CODE, Place, opened
from tests.faults.table.test_restore import asks, referenced, sha

RED, BLUE, GREEN, MAIN = (picture(colour=colour) for colour in ("#aa0000", "#0000aa", "#00aa00", "#eeeeee"))
V, W = f"{CODE}/V", f"{CODE}/W"
PLAIN = Circumstances()
FOLDERS = Circumstances(variant_folders=True)
MIRRORED = Circumstances(mirror_deletes=True)


def with_variants(place: Place) -> None:
    """A product with two variants, and somebody's main image, which is told for variants without one of their own (U28)."""
    place.by_hand(MAIN, priority=1)
    variants = [{"code": V}, {"code": W}]
    place.api.control("POST", "products", {"guid": MUG, "name": "Hrnek", "code": CODE, "variants": variants})


def shows(place: Place) -> dict[str, str | None]:
    """The content that each variant shows as its own."""
    return {code: None if it == sha(MAIN) else it for code, it in referenced(place).items() if code in (V, W)}


def ours(place: Place) -> list[str]:
    return [one for one, _ in place.shown() if one != sha(MAIN)]


def chosen_by_hand(place: Place, code: str, content: bytes) -> None:
    """Let a person choose a variant's image in the shop."""
    names = {image.picture.sha256: image.name for image in place.api.images(MUG)}
    kept = {one: names.get(it or "") for one, it in shows(place).items()} | {code: names[sha(content)]}
    variants = [{"code": one, "image": name} for one, name in kept.items()]
    place.api.control("POST", "products", {"guid": MUG, "name": "Hrnek", "code": CODE, "variants": variants})


def test_a_picture_becomes_the_image_of_the_variants_that_it_names_once_it_is_live(cloud: Cloud) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.put(f"{MUG}/1.jpg", RED)
        place.put(f"{MUG}/2.jpg", BLUE, variant=f"{V.lower()}; {W}")
        place.all_done()
        assert shows(place) == {V: sha(BLUE), W: sha(BLUE)}
        assert place.calls("product.update") == 1
        assert place.quiet()
        # New content keeps the references, and costs no call for them.
        place.put(f"{MUG}/2.jpg", GREEN, variant=f"{V}; {W}")
        place.all_done()
        assert shows(place) == {V: sha(GREEN), W: sha(GREEN)}
        assert place.calls("product.update") == 1


def test_a_code_that_no_variant_has_is_told_and_makes_none(cloud: Cloud) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.put(f"{MUG}/1.jpg", RED, variant=f"{V}, {CODE}/X")
        place.all_done()
        assert set(referenced(place)) == {V, W}
        assert shows(place) == {V: sha(RED), W: None}
        assert [line for line in place.errors("WARNING") if f"no variant '{CODE}/X'" in line]
        # The variant comes, and with it the next look.
        variants = [{"code": code, "image": None} for code in (V, W, f"{CODE}/X")]
        place.api.control("POST", "products", {"guid": MUG, "name": "Hrnek", "code": CODE, "variants": variants})
        place.put(f"{MUG}/1.jpg", RED, variant=f"{V}, {CODE}/X ")
        place.all_done()
        assert referenced(place)[f"{CODE}/X"] == sha(RED)


def test_what_was_set_goes_to_another_picture_in_one_call_and_what_nobody_asks_for_is_taken_back(cloud: Cloud) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.put(f"{MUG}/1.jpg", RED, variant=f"{V},{W}")
        place.put(f"{MUG}/2.jpg", BLUE)
        place.all_done()
        calls = place.calls("product.update")
        place.put(f"{MUG}/1.jpg", RED)
        place.put(f"{MUG}/2.jpg", BLUE, variant=V)
        place.all_done()
        assert shows(place) == {V: sha(BLUE), W: None}
        assert place.calls("product.update") == calls + 1
        assert place.calls("images.insert") == 1


def test_what_a_person_chose_since_stays_and_is_not_taken_back(cloud: Cloud) -> None:
    with opened(cloud, MIRRORED) as place:
        with_variants(place)
        place.put(f"{MUG}/1.jpg", RED, variant=V)
        place.put(f"{MUG}/2.jpg", BLUE)
        place.all_done()
        chosen_by_hand(place, V, BLUE)
        place.put(f"{MUG}/3.jpg", GREEN)
        place.all_done()
        assert shows(place)[V] == sha(BLUE)
        place.put(f"{MUG}/1.jpg", RED)
        place.all_done()
        assert shows(place)[V] == sha(BLUE)


def test_a_reference_that_is_ours_goes_before_its_image_and_one_that_is_not_keeps_it(cloud: Cloud) -> None:
    with opened(cloud, MIRRORED) as place:
        with_variants(place)
        for name, content in (("1.jpg", RED), ("2.jpg", BLUE), ("3.jpg", GREEN)):
            place.put(f"{MUG}/{name}", content, **({"variant": V} if name == "1.jpg" else {}))
        place.all_done()
        chosen_by_hand(place, W, BLUE)
        place.remove(f"{MUG}/1.jpg")
        place.all_done()
        assert shows(place) == {V: None, W: sha(BLUE)}
        assert ours(place) == [sha(BLUE), sha(GREEN)]
        place.remove(f"{MUG}/2.jpg")
        place.all_done()
        assert shows(place) == {V: None, W: sha(BLUE)}
        assert ours(place) == [sha(BLUE), sha(GREEN)]


def test_of_two_pictures_that_ask_for_one_variant_the_first_has_it(cloud: Cloud) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.put(f"{MUG}/2.jpg", BLUE, variant=V)
        place.put(f"{MUG}/1.jpg", RED, variant=V)
        place.all_done()
        assert shows(place) == {V: sha(RED), W: None}
        assert [line for line in place.errors("WARNING") if "2.jpg" in line and "shows" in line]
        assert place.quiet()


def folder(code: str) -> str:
    return code.replace("/", "%2F")


def test_the_first_picture_of_a_variants_folder_is_its_image_where_that_is_wanted(cloud: Cloud) -> None:
    with opened(cloud, FOLDERS) as place:
        with_variants(place)
        place.put(f"{folder(V)}/2.jpg", BLUE)
        place.put(f"{MUG}/1.jpg", RED)
        place.all_done()
        assert shows(place) == {V: sha(BLUE), W: None}
        place.put(f"{folder(V)}/1.jpg", GREEN)
        place.all_done()
        assert shows(place) == {V: sha(GREEN), W: None}
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.put(f"{folder(V)}/2.jpg", BLUE)
        place.all_done()
        assert shows(place) == {V: None, W: None}


@pytest.mark.parametrize("lost", ["reset_before", "reset_after"])
def test_a_lost_answer_changes_nothing_of_it(cloud: Cloud, lost: str) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.api.fault("product.update", lost)
        place.put(f"{MUG}/1.jpg", RED, variant=V)
        place.all_done()
        assert shows(place) == {V: sha(RED), W: None}
        assert (place.calls("product.update"), place.calls("images.insert")) == (2, 1)
        assert place.quiet()


def test_what_shoptet_refuses_is_told_and_the_picture_stays(cloud: Cloud) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.api.fault("product.update", "status", times=50, status=422)
        place.put(f"{MUG}/1.jpg", RED, variant=V)
        place.all_done()
        assert ours(place) == [sha(RED)]
        assert place.calls("product.update") == 1
        assert [line for line in place.errors() if "1.jpg" in line]
        assert place.quiet()


def test_what_was_cleaned_and_comes_back_is_shown_by_its_variants_again(cloud: Cloud) -> None:
    with opened(cloud, PLAIN) as place:
        with_variants(place)
        place.put(f"{MUG}/1.jpg", RED, variant=V)
        place.all_done()
        images = f"/v1/products/{MUG}/galleries/shop/images"
        asked = asks(place, "DELETE", f"{images}?removeReference=true")
        place.all_done()
        assert shows(place) == {V: None, W: None}
        asks(place, "POST", f"/v1/operations/{asked['operation']}/restore")
        place.all_done()
        assert shows(place) == {V: sha(RED), W: None}
        assert place.quiet()


def test_what_has_no_description_gets_one_from_the_products_name(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(template="{product} – {n}")) as place:
        place.put(f"{MUG}/1.jpg", RED)
        place.put(f"{MUG}/3.jpg", BLUE, description="zezadu")
        place.all_done()
        name = place.api.call("GET", f"/api/products/{MUG}").json()["data"]["name"]
        assert [text for _, text in place.shown()] == [f"{name} – 1", "zezadu"]
        # Between them: the others keep theirs. A product that is renamed changes none.
        place.api.control("POST", "products", {"guid": MUG, "name": "Džbán", "code": CODE, "variants": []})
        place.put(f"{MUG}/2.jpg", GREEN)
        place.put(f"{MUG}/1.jpg", picture(colour="#123456"))
        place.all_done()
        assert [text for _, text in place.shown()] == [f"{name} – 1", "Džbán – 2", "zezadu"]
        place.put(f"{MUG}/2.jpg", GREEN, description="")
        place.all_done()
        assert [text for _, text in place.shown()] == [f"{name} – 1", None, "zezadu"]

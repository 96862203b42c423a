"""Pictures as they come: what the shop cannot show is made into what it can, or refused before Shoptet is asked anything.

Over the project's own client, with pictures that are really opened.
"""

import hashlib
import io

import pytest
from PIL import Image

from gallery_sync.core.recipe import CODE, Recipe, Verdict
from gallery_sync.ports.preparer import Prepared
from tests.contract.sandbox.support import MUG
from tests.corpus.pictures import photo, saved, turned, with_position
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import Place, opened
from tests.faults.table.test_numbers import dropped, sums, under_their_keys
from tests.faults.table.test_restore import deleted, lost, restored
from tests.integration.decoding.test_prepare import far

ON = Circumstances(recipe=Recipe())
FINE = saved(photo((400, 300), 3), "JPEG")
FILES = {
    "1.jpg": FINE,
    "2.tif": saved(photo((400, 300), 4).convert("CMYK"), "TIFF"),
    "3.heic": saved(photo((400, 300), 5), "HEIF", quality=90),
    "4.jpg": turned(6),
}
NONE = {"5.jpg": b"<html>404</html>", "6.jpg": FINE[: len(FINE) // 2], "7.png": b"%PDF-1.7 and more"}
SHOWS = {"1.jpg": photo((400, 300), 3), "2.tif": photo((400, 300), 4), "3.heic": photo((400, 300), 5), "4.jpg": photo()}


def seen(place: Place) -> dict[str, Image.Image]:
    """What the shop shows for each file."""
    content = {image.name: image.picture.content for image in place.api.images(MUG)}
    live = {key.rpartition("/")[2]: entry.live for key, entry in place.ledger().entries.items()}
    return {
        file: Image.open(io.BytesIO(content[there.name]))
        for file, there in live.items()
        if there is not None and there.name in content
    }


def as_they_should(place: Place) -> bool:
    shown = seen(place)
    return shown.keys() == SHOWS.keys() and all(far(shown[file], SHOWS[file]) < 6 for file in SHOWS)


def failures(place: Place) -> dict[str, str]:
    entries = place.ledger().entries.items()
    return {key.rpartition("/")[2]: entry.failure.code for key, entry in entries if entry.failure is not None}


def test_what_people_have_is_shown_as_it_should_be_and_what_is_no_picture_costs_nothing(cloud: Cloud) -> None:
    with opened(cloud, ON) as place:
        dropped(place, NONE)
        assert failures(place) == dict.fromkeys(NONE, CODE)
        assert place.api.counted()["operations"] == {}
        dropped(place, FILES)
        assert as_they_should(place)
        assert under_their_keys(place)["1.jpg"] == sums(FILES)["1.jpg"]
        assert place.calls("images.insert") == 1
        assert len(place.errors()) == len(NONE)
        assert place.quiet()


def test_nothing_that_shoptet_loses_is_ever_sent(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(recipe=Recipe(max_bytes=60_000), sandbox={"silent_png_bytes": 100_000})) as place:
        dropped(place, {"1.png": saved(photo((400, 300), 4), "PNG")})
        assert far(seen(place)["1.png"], photo((400, 300), 4)) < 8
        assert failures(place) == {}


def test_the_same_files_again_cost_nothing_and_a_new_content_is_prepared_anew(cloud: Cloud) -> None:
    with opened(cloud, ON) as place:
        dropped(place, FILES)
        before = under_their_keys(place)
        dropped(place, FILES)
        assert (place.calls("images.insert"), place.calls("images.source")) == (1, 0)
        assert under_their_keys(place) == before
        dropped(place, {"2.tif": saved(photo((400, 300), 9), "TIFF")})
        assert place.calls("images.source") == 1
        assert far(seen(place)["2.tif"], photo((400, 300), 9)) < 6


def test_a_task_that_gets_lost_is_made_up_for(cloud: Cloud) -> None:
    with opened(cloud, ON) as place:
        for name, content in FILES.items():
            place.put(f"{MUG}/{name}", content)
        assert place.step()
        assert len(place.ledger().entries) == len(FILES)
        lost(place)
        place.clock.sleep(1300)
        place.sweep()
        place.all_done()
        assert as_they_should(place)
        assert place.calls("images.insert") == 1


def test_a_verdict_that_could_not_be_written_down_is_found_again(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(recipe=Recipe(), patience=0.0)) as place:
        for name, content in FILES.items():
            place.put(f"{MUG}/{name}", content)
        assert place.step()
        cloud.order_of_storage(method="POST", path="ifGenerationMatch=[1-9]", status=503, times=1)
        place.all_done()
        assert any(ran.raised for ran in place.runs)
        assert as_they_should(place)
        assert place.calls("images.insert") == 1


def test_a_file_that_is_replaced_while_it_is_opened_is_shown_with_its_last_content(cloud: Cloud) -> None:
    with opened(cloud, ON) as place:
        plain = place.preparer

        def replaced_meanwhile(content: bytes, recipe: Recipe) -> Prepared:
            place.preparer = plain
            place.put(f"{MUG}/1.tif", saved(photo((400, 300), 9), "TIFF"))
            return plain(content, recipe)

        place.preparer = replaced_meanwhile
        dropped(place, {"1.tif": saved(photo((400, 300), 4), "TIFF")})
        assert far(seen(place)["1.tif"], photo((400, 300), 9)) < 6
        assert len(place.shown()) == 1


def test_a_decoder_that_dies_of_one_picture_harms_no_other(cloud: Cloud) -> None:
    with opened(cloud, ON) as place:
        plain = place.preparer
        bad = hashlib.sha256(FILES["2.tif"]).hexdigest()

        def dies(content: bytes, recipe: Recipe) -> Prepared:
            if hashlib.sha256(content).hexdigest() == bad:
                return Prepared(Verdict(len(content), refused="damaged", what="decoding it ended with signal 11"))
            return plain(content, recipe)

        place.preparer = dies
        dropped(place, FILES)
        assert failures(place) == {"2.tif": CODE}
        assert seen(place).keys() == FILES.keys() - {"2.tif"}


@pytest.mark.parametrize("places", ["shop", "again"])
def test_another_recipe_judges_only_what_was_refused(cloud: Cloud, places: str) -> None:
    with opened(cloud, Circumstances(recipe=Recipe(repairs=False))) as place:
        dropped(place, {"1.jpg": FINE, "3.heic": FILES["3.heic"]})
        assert failures(place) == {"3.heic": CODE}
        object.__setattr__(place.world, "policy", place.world.policy.__class__(recipe=Recipe(max_side=350)))
        dropped(place, {"9.jpg": FILES["4.jpg"]} if places == "again" else {"1.jpg": FINE})
        if places == "shop":
            place.sweep()
            place.all_done()
        assert failures(place) == {}
        # What is live stays as it is.
        assert under_their_keys(place)["1.jpg"] == sums(FILES)["1.jpg"]
        assert place.calls("images.source") == 0


def test_what_was_made_comes_back_after_a_cleanup_pixel_for_pixel(cloud: Cloud) -> None:
    with opened(cloud, ON) as place:
        dropped(place, FILES)
        before = place.shown()
        operation = deleted(place)
        assert place.shown() == ()
        restored(place, operation)
        assert place.shown() == before


def test_what_was_made_is_what_is_compared_with_the_shop(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(recipe=Recipe(), verify="on")) as place:
        dropped(place, {"1.heic": FILES["3.heic"], "2.jpg": with_position()})
        receipts = [e.live.receipt for e in place.ledger().entries.values() if e.live is not None]
        assert [receipt.saw for receipt in receipts if receipt is not None] == ["same", "same"]

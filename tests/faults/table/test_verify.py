"""What landed is looked at in the shop: what is there is noted, and a planted stale or wrong picture is found.

Over the project's own client, the sandbox's own site, and pictures that are really opened.
"""

import base64
import hashlib

import pytest

from gallery_sync.core.ledger import Receipt
from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import Place, opened
from tests.faults.table.test_numbers import dropped, sums, under_their_keys
from tests.faults.table.test_restore import lost

OLD = {"1.png": picture(colour="#aa0000"), "2.png": picture(colour="#00aa00"), "3.png": picture(colour="#0000aa")}
NEW = {"1.png": picture(colour="#ffffff")}


def receipts(place: Place) -> dict[str, Receipt | None]:
    entries = place.ledger().entries.items()
    return {key.rpartition("/")[2]: entry.live.receipt for key, entry in entries if entry.live is not None}


def saw(place: Place) -> dict[str, str]:
    return {name: receipt.saw if receipt is not None else "not yet" for name, receipt in receipts(place).items()}


def failures(place: Place) -> dict[str, str]:
    entries = place.ledger().entries.items()
    return {key.rpartition("/")[2]: entry.failure.code for key, entry in entries if entry.failure is not None}


def test_what_the_shop_shows_as_it_was_sent_is_on_the_receipt(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(verify="on")) as place:
        dropped(place, OLD)
        assert saw(place) == dict.fromkeys(OLD, "same")
        receipt = receipts(place)["1.png"]
        assert receipt is not None
        assert receipt.sent == receipt.shown
        assert receipt.sent is not None
        assert (receipt.sent.format, receipt.sent.bytes) == ("png", len(OLD["1.png"]))
        assert receipt.at > place.ledger().entries[f"drop:{MUG}/1.png"].wanted.created  # type: ignore[union-attr]
        # Once asked where the pictures are, and each fetched once: no further call of the API.
        assert (place.calls("eshop.info"), place.calls("originals.get")) == (1, 3)
        assert place.quiet()


def test_a_shop_that_encodes_pictures_again_is_no_alarm(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(sandbox={"originals_encoded_again": True}, verify="on")) as place:
        files = {"1.jpg": picture("JPEG", colour="#336699"), "2.jpg": picture("JPEG", colour="#996633")}
        dropped(place, files)
        assert set(saw(place).values()) <= {"same", "similar"}
        assert failures(place) == {}


def test_a_source_update_that_silently_kept_the_old_picture_is_found_and_sent_once_more(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(sandbox={"shows_old_pictures": True}, verify="on")) as place:
        dropped(place, OLD)
        dropped(place, NEW)
        assert place.calls("images.source") == 2
        assert saw(place) == {"1.png": "different", "2.png": "same", "3.png": "same"}
        assert failures(place) == {"1.png": "different"}
        (error,) = [line for line in place.errors() if "another picture" in line]
        assert "look at the image" in error
        # It is over: a day later nothing was sent again.
        for _ in range(3):
            place.sweep()
            place.all_done()
        assert place.calls("images.source") == 2
        # A person puts it right by dropping another picture.
        place.api.settings(shows_old_pictures=False)
        dropped(place, {"1.png": picture(colour="#00ffff")})
        assert (saw(place)["1.png"], failures(place)) == ("same", {})


def test_what_is_right_after_the_second_try_is_live_and_no_failure(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(sandbox={"shows_old_pictures": True}, verify="on")) as place:
        dropped(place, OLD)
        place.put(f"{MUG}/1.png", NEW["1.png"])
        while place.calls("originals.get") < 4:
            assert place.step()
        assert saw(place)["1.png"] == "different"
        place.api.settings(shows_old_pictures=False)
        place.all_done()
        assert (saw(place)["1.png"], failures(place)) == ("same", {})
        assert under_their_keys(place) == sums(OLD | NEW)
        assert place.errors("WARNING") == [
            f"{MUG}/1.png: the shop shows another picture than the one that was sent, which is sent again"
        ]


def test_pictures_that_the_shop_mixed_up_are_sent_to_their_own_places(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(sandbox={"shows_wrong_pictures": True}, verify="on")) as place:
        dropped(place, OLD)
        assert under_their_keys(place) == sums(OLD)
        assert saw(place) == dict.fromkeys(OLD, "same")
        assert [sha for sha, _ in place.shown()] == list(sums(OLD).values())
        assert (place.calls("images.insert"), place.calls("images.source")) == (1, 1)


def test_nobody_notices_that_where_it_is_off(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(sandbox={"shows_wrong_pictures": True}, verify="off")) as place:
        dropped(place, OLD)
        assert under_their_keys(place) != sums(OLD)
        assert set(saw(place).values()) == {"not yet"}


def test_what_a_person_replaced_right_after_it_landed_stays(cloud: Cloud) -> None:
    by_hand = picture(colour="#123456")
    with opened(cloud, Circumstances(verify="on")) as place:
        for name, content in OLD.items():
            place.put(f"{MUG}/{name}", content)
        while len(saw(place)) < len(OLD) or place.ledger().flight is not None:
            assert place.step()
        assert set(saw(place).values()) == {"not yet"}
        name = place.ledger().entries[f"drop:{MUG}/1.png"].live.name  # type: ignore[union-attr]
        place.clock.sleep(5)
        change = {"content_base64": base64.b64encode(by_hand).decode()}
        place.api.control("PATCH", f"images/{MUG}/shop/{name}", change)
        place.all_done()
        assert saw(place)["1.png"] == "replaced"
        assert place.calls("images.source") == 0
        assert hashlib.sha256(by_hand).hexdigest() in {sha for sha, _ in place.shown()}
        (warning,) = [line for line in place.errors("WARNING") if "changed there since" in line]
        assert warning.startswith(f"{MUG}/1.png: the shop shows another picture")


@pytest.mark.parametrize("fault", ["status", "reset_before"])
def test_what_the_site_does_not_give_is_asked_for_three_times_and_stays_live(cloud: Cloud, fault: str) -> None:
    with opened(cloud, Circumstances(verify="on")) as place:
        place.api.fault("originals.get", fault, times=9)
        dropped(place, {"1.png": OLD["1.png"]})
        receipt = receipts(place)["1.png"]
        assert receipt is not None
        assert (receipt.saw, receipt.tries) == ("nothing", 3)
        assert "what the shop shows cannot be had" in receipt.why
        assert place.quiet()
        assert (failures(place), place.errors()) == ({}, [])


def test_a_look_whose_task_is_lost_is_made_up_for(cloud: Cloud) -> None:
    with opened(cloud, Circumstances(verify="on")) as place:
        place.put(f"{MUG}/1.png", OLD["1.png"])
        # The look is due a minute after the picture was seen to be live.
        while not any(task.http_request.url.endswith("/2") for task in place.tasks()):
            assert place.step()
        lost(place)
        for _ in range(12):
            place.sweep()
            place.all_done()
        assert saw(place) == {"1.png": "same"}


@pytest.mark.parametrize("listing", [True, False])
def test_where_nobody_may_ask_for_the_pictures_it_ends(cloud: Cloud, listing: bool) -> None:
    with opened(cloud, Circumstances(verify="on")) as place:
        place.api.fault("eshop.info", "status", status=403 if listing else 404, times=50)
        dropped(place, {"1.png": OLD["1.png"]})
        for _ in range(30):
            place.sweep()
            place.all_done()
        assert place.calls("eshop.info") <= 3
        assert saw(place) == {"1.png": "nothing"}
        assert place.quiet()

"""A shop that an earlier version filled goes on under this one: nothing is written to Shoptet but what somebody changes.

`earlier/` holds what two earlier versions left behind in a simulated world: buckets, and the shop's galleries. Among it are
one picture in several spellings, files with the same bytes, an order that would be another one today, images of people between
ours, an image that a person deleted, one whose file is gone, and what was refused or failed.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gallery_sync.core.operation import Part
from gallery_sync.core.schedule import DAY, HOUR
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.people import GUID
from tests.faults.simulation.schedules import Life
from tests.faults.simulation.shop import Picture, Place
from tests.faults.simulation.storage import Blob, Bucket
from tests.faults.simulation.universe import STARTED

EARLIER = Path(__file__).with_name("earlier")
PLACE: Place = (GUID, "shop")
CODE = "LAMP-1"


def filled(bucket: Bucket, blobs: dict[str, Any], last: int) -> None:
    for name, blob in blobs.items():
        bucket.blobs[name] = Blob(**{**blob, "body": blob["body"].encode()})
        bucket.written[name] = blob["at"]
    bucket.last = last


def moved_in(found: dict[str, Any], *, mirror: bool) -> Life:
    """A world that begins where the earlier one ended."""
    life = Life(Setting(1, shoptet=Shoptets(job_seconds=5.0), mirror_deletes=mirror))
    universe, shop = life.universe, life.universe.shop
    universe.turn(found["now"] - STARTED)
    # Storage tells both sums of what is no composite object; earlier versions wrote one of them down.
    files = {
        name: {
            **blob,
            "checksum": f"{blob['checksum']} crc32c:{blob['checksum']}:{blob['size']}" if blob["size"] else "empty",
        }
        for name, blob in found["drops"].items()
    }
    filled(universe.drops, files, found["drops_last"])
    filled(universe.state, found["state"], found["state_last"])
    for path, blob in universe.state.blobs.items():
        universe.record.wrote(universe.now, path, blob.body)
    shop.codes = found["codes"]
    shop._names, shop._line = found["names"], found["line"]
    for gallery in found["galleries"]:
        place = (gallery["guid"], gallery["gallery"])
        shop.galleries[place] = [Picture(**picture) for picture in gallery["pictures"]]
        shop.changed(place)
    return life


@pytest.fixture(
    params=[(file, mirror) for file in ("schema_1.json", "before_names.json") for mirror in (False, True)], ids=str
)
def life(request: pytest.FixtureRequest) -> Iterator[Life]:
    file, mirror = request.param
    one = moved_in(json.loads((EARLIER / file).read_text("utf-8")), mirror=mirror)
    yield one
    one.universe.close()


def shown(life: Life) -> list[tuple[str, int, str, str]]:
    """Every image of the shop, as it is shown."""
    return sorted(
        (picture.name, picture.priority, picture.checksum, picture.description)
        for pictures in life.universe.shop.galleries.values()
        for picture in pictures
    )


def writes(life: Life) -> dict[str, int]:
    return {kind: times for kind, times in life.universe.calls.counts.items() if kind in ("POST", "PATCH", "DELETE")}


def looked_at(life: Life) -> None:
    """Days pass with their audits, and every gallery is reconciled."""
    life.universe.turn(2 * DAY)
    for gallery in ("shop", "shop360"):
        life.universe.send((Part("sync", GUID, gallery),))
    life.universe.turn(DAY)


def test_the_fixtures_hold_what_they_are_for(life: Life) -> None:
    pictures = life.universe.shop.galleries[GUID, "shop"]
    assert len(pictures) == 19
    assert len(life.universe.shop.galleries[GUID, "shop360"]) == 3
    assert sum(picture.owner is None for picture in pictures) == 2
    (ledger,) = [held for place, held in life.universe.record.current.items() if place == PLACE]
    assert len(ledger.entries) > 17


def test_no_image_is_moved_doubled_or_lost_by_a_new_version_alone(life: Life) -> None:
    before = shown(life)
    looked_at(life)
    # Where images go with their files, the one whose file is gone does.
    gone = [picture for picture in before if picture not in shown(life)]
    if life.universe.setting.mirror_deletes:
        assert ([checksum for _, _, checksum, _ in gone], writes(life)) == (["md5:gone"], {"DELETE": 1})
    else:
        assert (gone, writes(life)) == ([], {})
    assert [picture for picture in shown(life) if picture not in before] == []


def test_then_it_is_quiet(life: Life) -> None:
    looked_at(life)
    documents, made = {path: blob.generation for path, blob in life.universe.state.blobs.items()}, writes(life)
    life.universe.turn(2 * DAY)
    changed = {
        path.partition("/")[0]
        for path, blob in life.universe.state.blobs.items()
        if documents.get(path) != blob.generation
    }
    assert writes(life) == made
    assert not changed & {"ledger", "open", "operations"}


def test_one_of_several_spellings_that_is_dropped_again_makes_them_one_picture(life: Life) -> None:
    looked_at(life)
    life.people.drop(f"{CODE}/shop/1.jpg", "md5:new")
    life.universe.turn(HOUR)
    ledger = life.universe.record.current[PLACE]
    live = {key: entry for key, entry in ledger.entries.items() if entry.live is not None and not entry.live.gone}
    assert live[f"drop:{CODE}/shop/1.jpg"].also.keys() == {f"{CODE}/1.jpg", f"{GUID}/1.jpg"}
    assert [p.checksum for p in life.universe.shop.galleries[PLACE] if p.owner == f"{CODE}/shop/1.jpg"] == ["md5:new"]


def test_something_that_changes_puts_the_gallery_in_the_order_in_which_people_count(life: Life) -> None:
    looked_at(life)
    life.people.drop(f"{CODE}/hoodie-3.jpg", "md5:h3")
    life.universe.turn(HOUR)
    pictures = sorted(life.universe.shop.galleries[PLACE], key=lambda picture: picture.priority)
    in_order = [picture.owner.rpartition("/")[2] for picture in pictures if picture.owner and "hoodie" in picture.owner]
    assert in_order == ["hoodie.jpg", "hoodie-2.jpg", "hoodie-3.jpg", "hoodie-10.jpg"]

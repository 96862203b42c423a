"""Which image is which, where a shop gives numbers of its own and a result has failures apart: each file once, under its key."""

import hashlib
from typing import Any

import pytest

from gallery_sync.core.ledger import is_shown
from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cloud import Circumstances, Cloud
from tests.faults.table.place import Place, opened

pytestmark = pytest.mark.long

TWENTY = {f"{number:03}.png": picture(colour=f"#{number * 11:02x}{255 - number * 9:02x}40") for number in range(1, 21)}


def dropped(place: Place, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        place.put(f"{MUG}/{name}", content)
    place.all_done()


def under_their_keys(place: Place) -> dict[str, str]:
    """The content that each file's image really shows, by what the ledger says that the image is called."""
    content = {image.name: image.picture.sha256 for image in place.api.images(MUG)}
    live = {key.rpartition("/")[2]: entry.live for key, entry in place.ledger().entries.items()}
    return {file: content[there.name] for file, there in live.items() if there is not None and there.name in content}


def sums(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


@pytest.mark.parametrize("result_format", ["names", "placed", "failed_urls"])
@pytest.mark.parametrize("renumbers", [False, True], ids=["numbers kept", "numbers 10, 20, 30"])
def test_twenty_at_once_are_each_live_under_their_own_key(cloud: Cloud, result_format: str, renumbers: bool) -> None:
    shop: dict[str, Any] = {"result_format": result_format, "renumber": "insertions" if renumbers else "never"}
    with opened(cloud, Circumstances(sandbox=shop)) as place:
        dropped(place, TWENTY)
        assert under_their_keys(place) == sums(TWENTY)
        assert [sha for sha, _ in place.shown()] == list(sums(TWENTY).values())


@pytest.mark.parametrize("broken", ["001.png", "004.png", "020.png"])
@pytest.mark.parametrize("result_format", ["names", "placed", "failed_urls"])
@pytest.mark.parametrize("renumbers", [False, True], ids=["numbers kept", "numbers 10, 20, 30"])
def test_one_of_twenty_that_fails_shifts_no_other(
    cloud: Cloud, result_format: str, renumbers: bool, broken: str
) -> None:
    shop: dict[str, Any] = {"result_format": result_format, "renumber": "insertions" if renumbers else "never"}
    good = {name: content for name, content in TWENTY.items() if name != broken}
    with opened(cloud, Circumstances(sandbox=shop)) as place:
        dropped(place, {**TWENTY, broken: b"this is no picture"})
        assert under_their_keys(place) == sums(good)
        assert sorted(sha for sha, _ in place.shown()) == sorted(sums(good).values())
        failed = place.ledger().entries[f"drop:{MUG}/{broken}"]
        assert failed.failure is not None
        assert not is_shown(failed)

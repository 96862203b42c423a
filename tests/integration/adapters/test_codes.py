"""Which product a folder means: asked at Shoptet once a day."""

import contextlib
from collections.abc import Callable

import msgspec
import pytest

from gallery_sync.core.catalogue import Changed
from gallery_sync.core.catalogue import Listed as Listing
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.schedule import DAY, Timing
from gallery_sync.ports.queue import EnqueueFailed
from gallery_sync.ports.shop import Shop
from gallery_sync.ports.shop_errors import NotFound, TryLater
from gallery_sync.state.catalogue import CHANGES, Writer
from gallery_sync.state.codes import Codes, known_guid, path

from .conftest import FakeClock, World

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
OTHER = "0f3d0a5e-7481-11e8-8216-002590dad85e"


class Products:
    """A shop of which nothing is asked but the products of codes."""

    def __init__(self, **guids: str) -> None:
        self.guids = dict(guids)
        self.asked: list[str] = []
        self.down = False

    def guid_of(self, code: str) -> str:
        self.asked.append(code)
        if self.down:
            raise TryLater("503", call="GET /api/products/code/", at=0.0)
        if code not in self.guids:
            raise NotFound("404", call="GET /api/products/code/", status=404)
        return self.guids[code]


class Deployed:
    """The codes over a bucket, as several instances see them."""

    def __init__(self, world: World) -> None:
        self.world, self.clock = world, FakeClock()
        self.products = Products(**{"62/XL": GUID})

    def codes(self) -> Codes:
        shop: Shop = self.products  # type: ignore[assignment]  # of the shop, only this one call is used
        return Codes(self.world.documents, shop, self.clock, Timing())


@pytest.fixture
def deployed(world: World) -> Deployed:
    return Deployed(world)


def test_a_guid_means_itself_and_costs_nothing(deployed: Deployed) -> None:
    assert deployed.codes().meaning(GUID.upper()) == GUID
    assert deployed.products.asked == []
    assert list(deployed.world.documents.list("codes/")) == []


def test_a_code_is_asked_once_a_day_by_all_instances_together(deployed: Deployed) -> None:
    assert [deployed.codes().meaning("62%2FXL") for _ in range(3)] == [GUID] * 3
    deployed.clock.time += DAY - 1
    assert deployed.codes().meaning("62%2FXL") == GUID
    assert deployed.products.asked == ["62/XL"]


def test_a_code_is_asked_again_after_a_day_and_may_mean_another_product(deployed: Deployed) -> None:
    deployed.codes().meaning("62%2FXL")
    deployed.products.guids["62/XL"] = OTHER.upper()
    deployed.clock.time += DAY
    assert deployed.codes().meaning("62%2FXL") == OTHER
    assert deployed.codes().meaning("62%2FXL") == OTHER
    assert deployed.products.asked == ["62/XL", "62/XL"]


def test_a_code_may_be_asked_again_sooner(deployed: Deployed) -> None:
    assert deployed.codes().guid_of("62/XL", 60.0) == GUID
    deployed.products.guids["62/XL"] = OTHER
    deployed.clock.time += 59
    assert deployed.codes().guid_of("62/XL", 60.0) == GUID
    deployed.clock.time += 1
    assert deployed.codes().guid_of("62/XL") == GUID
    assert deployed.codes().guid_of("62/XL", 60.0) == OTHER
    assert deployed.products.asked == ["62/XL"] * 2


def test_a_code_that_is_written_in_another_case_is_the_same(deployed: Deployed) -> None:
    deployed.codes().meaning("62%2FXL")
    assert deployed.codes().meaning("62%2fxl") == GUID
    assert deployed.products.asked == ["62/XL"]


def test_a_code_that_shoptet_does_not_know_is_asked_every_time(deployed: Deployed) -> None:
    for _ in range(2):
        with pytest.raises(NotFound):
            deployed.codes().meaning("new")
    deployed.products.guids["new"] = GUID
    assert deployed.codes().meaning("new") == GUID


def test_a_code_that_is_not_to_be_had_now_leaves_what_was_known(deployed: Deployed) -> None:
    deployed.codes().meaning("62%2FXL")
    deployed.clock.time += DAY
    deployed.products.down = True
    with pytest.raises(TryLater):
        deployed.codes().meaning("62%2FXL")
    deployed.products.down = False
    assert deployed.codes().meaning("62%2FXL") == GUID


def test_a_folder_that_can_be_no_code_is_refused_with_its_reason(deployed: Deployed) -> None:
    with pytest.raises(ValueError, match="%25"):
        deployed.codes().meaning("100%")


def test_a_change_is_noticed_at_once_and_kept(deployed: Deployed) -> None:
    deployed.codes().meaning("62%2FXL")
    assert deployed.codes().changed("62%2FXL", GUID) is False
    deployed.products.guids["62/XL"] = OTHER
    assert deployed.codes().changed("62%2FXL", GUID) is True
    assert deployed.codes().meaning("62%2FXL") == OTHER
    assert deployed.products.asked == ["62/XL"] * 3


def test_a_code_that_is_gone_has_not_changed_and_is_forgotten(deployed: Deployed) -> None:
    deployed.codes().meaning("62%2FXL")
    del deployed.products.guids["62/XL"]
    assert deployed.codes().changed("62%2FXL", GUID) is False
    with pytest.raises(NotFound):
        deployed.codes().meaning("62%2FXL")


@pytest.mark.parametrize("prefix", [GUID, "100%"])
def test_what_is_no_code_never_changes(deployed: Deployed, prefix: str) -> None:
    assert deployed.codes().changed(prefix, OTHER) is False
    assert deployed.products.asked == []


def test_the_answer_holds_although_another_run_wrote_its_own_first(deployed: Deployed) -> None:
    class Racing(Products):
        def guid_of(self, code: str) -> str:
            # Another instance asks and writes while this one waits for its answer.
            if not self.asked:
                self.asked.append(code)
                deployed.codes().meaning("62%2FXL")
            return super().guid_of(code)

    deployed.products = Racing(**{"62/XL": GUID})
    assert deployed.codes().meaning("62%2FXL") == GUID
    assert len(list(deployed.world.documents.list("codes/"))) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"guid": 7, "checked_at": 0}', b'{"guid": "\xff", "checked_at": 0}']
)
def test_a_document_that_says_no_product_is_named_and_not_written_over(deployed: Deployed, body: bytes) -> None:
    deployed.world.documents.write(path("62/XL"), body, generation=0)
    told = r"^codes/62%2FXL\.json does not say .*; delete it$"
    with pytest.raises(BadDocument, match=told):
        deployed.codes().meaning("62%2FXL")
    with pytest.raises(BadDocument, match=told):
        known_guid(deployed.world.documents, "62/XL")
    assert deployed.products.asked == []


@pytest.mark.parametrize(
    "learn",
    [
        pytest.param(lambda codes: codes.meaning("62%2FXL"), id="a drop"),
        pytest.param(lambda codes: codes.guid_of("62/XL", 60.0), id="a caller"),
        pytest.param(lambda codes: codes.changed("62%2FXL", GUID), id="a product that is gone"),
        pytest.param(lambda codes: codes.meant("62%2FXL", GUID, now=True), id="a flight"),
    ],
)
def test_whoever_learns_that_a_code_moved_tells_the_old_product_before_it_is_written_down(
    deployed: Deployed, learn: Callable[[Codes], object]
) -> None:
    deployed.codes().meaning("62%2FXL")
    deployed.products.guids["62/XL"] = OTHER
    deployed.clock.time += 2 * DAY

    def dies(guid: str) -> None:
        raise EnqueueFailed(guid)

    shop: Shop = deployed.products  # type: ignore[assignment]
    with pytest.raises(EnqueueFailed, match=GUID):
        learn(Codes(deployed.world.documents, shop, deployed.clock, Timing(), dies))
    assert known_guid(deployed.world.documents, "62/XL") == GUID
    told: list[str] = []
    learn(Codes(deployed.world.documents, shop, deployed.clock, Timing(), told.append))
    assert (told, known_guid(deployed.world.documents, "62/XL")) == ([GUID], OTHER)
    learn(Codes(deployed.world.documents, shop, deployed.clock, Timing(), told.append))
    assert told == [GUID]


class Listed:
    """A shop whose catalogue was read an hour ago, and asked what changed ten minutes ago."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.now = deployed.clock.now()
        self.documents = deployed.world.documents
        self.write(Changed(until=self.now - 600))
        writer = Writer(self.documents, "a", (), 0)
        writer.add(Listing(OTHER, "Stolní lampa", "visible", ("LAMP-1", "62/XL"), (), {}, {}))
        assert writer.finish(self.now - 3600, None, 0) is not None

    def write(self, changed: Changed) -> None:
        self.documents.delete(CHANGES)
        self.documents.write(CHANGES, msgspec.json.encode(changed), generation=0)


@pytest.fixture
def listed(deployed: Deployed) -> Listed:
    return Listed(deployed)


def test_a_code_that_the_catalogue_has_costs_no_call(listed: Listed) -> None:
    codes = listed.deployed.codes()
    assert codes.meaning("LAMP-1") == codes.meaning("lamp-1") == OTHER
    assert codes.meant("62%2FXL", OTHER) == OTHER
    assert listed.deployed.products.asked == []
    # As long as an answer of Shoptet's would count that was given when it was last certain.
    listed.deployed.clock.sleep(DAY - 601)
    assert listed.deployed.codes().meaning("LAMP-1") == OTHER
    listed.deployed.clock.sleep(2)
    with pytest.raises(NotFound):
        listed.deployed.codes().meaning("LAMP-1")


def test_a_caller_who_believes_an_answer_for_a_minute_asks_shoptet_and_not_the_catalogue(listed: Listed) -> None:
    listed.write(Changed(until=listed.now))
    assert listed.deployed.codes().guid_of("62/XL", believed=60) == GUID
    assert listed.deployed.products.asked == ["62/XL"]


def test_a_product_that_changed_since_is_asked_about(listed: Listed) -> None:
    listed.write(Changed(until=listed.now - 600, guids={OTHER: listed.now - 700}, latest=listed.now - 700))
    assert listed.deployed.codes().meaning("62%2FXL") == GUID
    assert listed.deployed.products.asked == ["62/XL"]


def test_right_before_something_is_sent_the_catalogue_is_not_asked(listed: Listed) -> None:
    assert listed.deployed.codes().meant("62%2FXL", GUID, now=True) == GUID
    assert listed.deployed.products.asked == ["62/XL"]


def test_that_a_code_was_given_to_another_product_is_told_to_the_first_one(listed: Listed) -> None:
    left: list[str] = []
    shop: Shop = listed.deployed.products  # type: ignore[assignment]  # as above
    Codes(listed.documents, shop, listed.deployed.clock, Timing()).guid_of("62/XL", believed=1)
    listed.deployed.clock.sleep(DAY)
    listed.write(Changed(until=listed.deployed.clock.now()))
    codes = Codes(listed.documents, shop, listed.deployed.clock, Timing(), left.append)
    assert codes.meaning("62%2FXL") == OTHER
    assert left == [GUID]


def test_a_code_that_the_catalogue_lacks_costs_one_call_and_then_none_until_something_changes(listed: Listed) -> None:
    deployed = listed.deployed

    def ask() -> int:
        before = len(deployed.products.asked)
        with pytest.raises(NotFound):
            deployed.codes().meaning("LAPM-1")
        return len(deployed.products.asked) - before

    assert [ask(), ask()] == [1, 0]
    deployed.clock.sleep(3000)
    assert ask() == 0
    # A price: the product is another one, and yet it may have the code by now.
    now = deployed.clock.now()
    listed.write(Changed(until=now, guids={OTHER: now - 60}, latest=now - 60))
    assert [ask(), ask()] == [1, 1]
    deployed.clock.sleep(400)
    assert [ask(), ask()] == [1, 0]
    # What changed is not to be had for an hour.
    deployed.clock.sleep(3300)
    assert ask() == 1
    assert known_guid(listed.documents, "LAPM-1") is None


def test_what_nobody_asks_about_any_more_is_forgotten(listed: Listed) -> None:
    codes = listed.deployed.codes()
    for code in ("LAPM-1", "62%2FXL"):
        with contextlib.suppress(NotFound):
            codes.meaning(code)
        codes.forget_unknown(code)
    codes.forget_unknown(GUID)
    assert [one.path for one in listed.documents.list("codes/")] == [path("62/XL")]


def test_without_a_catalogue_an_unknown_code_leaves_nothing_behind(deployed: Deployed) -> None:
    with pytest.raises(NotFound):
        deployed.codes().meaning("LAPM-1")
    assert list(deployed.world.documents.list("codes/")) == []


@pytest.mark.parametrize("damaged", ["catalogue.json", CHANGES, "catalogue/a/codes/0-0.jsonl"])
@pytest.mark.parametrize("gone", [True, False])
def test_a_damaged_catalogue_knows_nothing(listed: Listed, damaged: str, gone: bool) -> None:
    listed.documents.delete(damaged)
    if not gone:
        listed.documents.write(damaged, b"{", generation=0)
    assert listed.deployed.codes().meaning("62%2FXL") == (OTHER if (damaged, gone) == (CHANGES, True) else GUID)
    assert listed.deployed.codes().near("LAPM-1") == () or (damaged, gone) == (CHANGES, True)


def test_near_are_the_codes_around(listed: Listed) -> None:
    assert {row.code for row in listed.deployed.codes().near("LAPM-1")} == {"LAMP-1", "62/XL"}

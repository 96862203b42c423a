"""Refusals: kept once each where a person finds them."""

from gallery_sync.cloud.storage import BucketDocuments
from gallery_sync.ports.storage import Stored
from gallery_sync.state import refusals
from gallery_sync.state.refusals import RefusedDrop

from .conftest import World

NAME = "a/b/c/d/žluť.png"
TOO_DEEP = RefusedDrop(NAME, "too-deep", "4 folders deep", 1.0)


def test_a_refusal_is_found_with_its_reason(world: World) -> None:
    assert refusals.record(world.documents, TOO_DEEP) is True
    assert list(refusals.read_all(world.documents)) == [TOO_DEEP]


def test_the_same_refusal_again_is_no_news_and_costs_no_write(world: World) -> None:
    refusals.record(world.documents, TOO_DEEP)
    world.server.forget()
    assert refusals.record(world.documents, RefusedDrop(NAME, "too-deep", "4 folders deep", 99.0)) is False
    assert world.server.calls() == {"objects.download": 1}
    assert list(refusals.read_all(world.documents)) == [TOO_DEEP]


def test_another_reason_is_news(world: World) -> None:
    refusals.record(world.documents, TOO_DEEP)
    other = RefusedDrop(NAME, "control-character", "it holds one", 2.0)
    assert refusals.record(world.documents, other) is True
    assert list(refusals.read_all(world.documents)) == [other]


def test_a_refusal_whose_reason_is_gone_is_removed(world: World) -> None:
    refusals.record(world.documents, TOO_DEEP)
    refusals.clear(world.documents, NAME)
    refusals.clear(world.documents, NAME)
    assert list(refusals.read_all(world.documents)) == []


def test_of_two_runs_that_refuse_the_same_at_the_same_time_one_tells_it(world: World) -> None:
    class Overtaken(BucketDocuments):
        """Another run writes after this one has read."""

        def read(self, path: str) -> Stored | None:
            found = super().read(path)
            assert refusals.record(world.documents, TOO_DEEP) is True
            return found

    assert refusals.record(Overtaken(world.state_bucket), TOO_DEEP) is False
    assert list(refusals.read_all(world.documents)) == [TOO_DEEP]


def test_a_refused_folder_shows_in_a_listing_which_gallery_it_is(world: World) -> None:
    folder = refusals.folder("62%2FXL", "shop360")
    refused = RefusedDrop(folder, "no-product", "unknown", 1.0, prefix="62%2FXL", gallery="shop360")
    refusals.record(world.documents, refused)
    refusals.record(world.documents, TOO_DEEP)
    seen = {refusals.gallery_of(listed): listed.metadata.get("prefix") for listed in world.documents.list("refused/")}
    assert seen == {"shop360": "62%2FXL", None: None}

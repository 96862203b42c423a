"""Storage events: which are for the drop bucket, and which are refused."""

from typing import Any

import pytest

from gallery_sync.core.events import TYPES, BadEvent, Changed, parse

FINALIZED = "google.cloud.storage.object.v1.finalized"
DATA: dict[str, Any] = {"bucket": "drops", "name": "A/shop/a.jpg", "size": "12", "generation": "7", "metadata": {}}


@pytest.mark.parametrize("kind", ["finalized", "deleted", "metadataUpdated"])
def test_what_changes_an_object_names_it(kind: str) -> None:
    event = parse(f"google.cloud.storage.object.v1.{kind}", DATA, "drops")
    assert event == Changed("drops", "A/shop/a.jpg", 12)


def test_a_size_may_be_a_number_or_missing() -> None:
    assert parse(FINALIZED, DATA | {"size": 12}, "drops").size == 12
    assert parse(FINALIZED, {"bucket": "drops", "name": "a"}, "drops").size == 0


@pytest.mark.parametrize("kind", ["google.cloud.storage.object.v1.archived", "google.cloud.pubsub.topic.v1", ""])
def test_an_event_of_another_type_is_refused(kind: str) -> None:
    assert kind not in TYPES
    with pytest.raises(
        BadEvent, match=rf"^the event's type is '{kind}': on_drop takes finalized, deleted and metadata"
    ):
        parse(kind, DATA, "drops")


@pytest.mark.parametrize("bucket", ["state", "archive", "drops2", ""])
def test_an_event_of_another_bucket_is_refused(bucket: str) -> None:
    with pytest.raises(BadEvent, match=f"is of the bucket '{bucket}', the drop bucket is 'drops': correct the trigger"):
        parse(FINALIZED, DATA | {"bucket": bucket}, "drops")


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        [],
        {},
        {"bucket": "drops"},
        {"name": "a"},
        DATA | {"name": 5},
        DATA | {"name": None},
        DATA | {"size": "many"},
        pytest.param(DATA | {"name": "\ud800/a.jpg"}, id="half a character"),
    ],
)
def test_data_that_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(BadEvent, match=r"^the event's data is no storage object: "):
        parse(FINALIZED, data, "drops")

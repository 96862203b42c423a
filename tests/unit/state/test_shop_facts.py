"""What is known of the shop, in one document."""

import msgspec
import pytest

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.shop_facts import Facts
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import shop_facts
from tests.unit.http.memory import Memory

replace = msgspec.structs.replace


def kept(facts: Facts) -> Facts:
    return replace(facts, numbers="kept")


def test_nothing_is_known_at_first_and_then_what_was_learned() -> None:
    documents = Memory()
    assert shop_facts.read(documents) == Facts()
    assert shop_facts.note(documents, kept) == Facts(numbers="kept") == shop_facts.read(documents)


def test_what_is_known_is_not_written_again() -> None:
    documents = Memory()
    shop_facts.note(documents, kept)
    before = documents.read(shop_facts.PATH)
    shop_facts.note(documents, kept)
    assert documents.read(shop_facts.PATH) == before


def test_two_who_learn_at_a_time_both_count() -> None:
    documents = Memory()

    def another_first(facts: Facts) -> Facts:
        if not facts.originals:
            shop_facts.note(documents, lambda known: replace(known, originals={"shop": "https://shop.cz/orig/"}))
        return kept(facts)

    assert shop_facts.note(documents, another_first) == Facts(
        numbers="kept", originals={"shop": "https://shop.cz/orig/"}
    )


def test_who_never_gets_to_write_is_told() -> None:
    documents = Memory()

    def always_late(facts: Facts) -> Facts:
        stored = documents.read(shop_facts.PATH)
        documents.write(shop_facts.PATH, b"{}", generation=stored.generation if stored is not None else 0)
        return kept(facts)

    with pytest.raises(StorageUnavailable):
        shop_facts.note(documents, always_late)


def test_a_document_that_somebody_damaged_is_named() -> None:
    documents = Memory()
    documents.write(shop_facts.PATH, b"\xff", generation=0)
    with pytest.raises(BadDocument, match="delete it"):
        shop_facts.read(documents)

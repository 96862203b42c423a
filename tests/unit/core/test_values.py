"""What holds for all values of core: none changes once it is made, and its JSON says only what was said."""

import dataclasses
import importlib
import pkgutil
from typing import Any

import msgspec
import pytest

from gallery_sync import core
from gallery_sync.core.ledger import (
    Content,
    Entry,
    Failure,
    Flight,
    Intent,
    Ledger,
    Live,
    Override,
    Row,
    Snapshot,
    Wanted,
)
from gallery_sync.core.operation import AskedImage, ImageOutcome, Operation, Outcome, Part, Problem
from gallery_sync.core.shop_values import Attributes, NewImage, NewSource

MODULES = [importlib.import_module(f"{core.__name__}.{found.name}") for found in pkgutil.iter_modules(core.__path__)]
VALUES: dict[str, Any] = {
    name: value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_")
    if issubclass(value, msgspec.Struct) or dataclasses.is_dataclass(value)
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_no_value_changes_once_it_is_made(name: str) -> None:
    value = VALUES[name]
    is_struct = issubclass(value, msgspec.Struct)
    assert value.__struct_config__.frozen if is_struct else value.__dataclass_params__.frozen


SAYS_SOMETHING = {"Entry.batch": 100, "Live.state": "shown", "Receipt.saw": "nothing", "Operation.schema": 1}


@pytest.mark.parametrize("name", sorted(name for name, value in VALUES.items() if issubclass(value, msgspec.Struct)))
def test_what_was_not_said_is_nothing_in_every_document(name: str) -> None:
    """A document leaves it out, so that is what all documents mean that were ever written."""
    for field in msgspec.structs.fields(VALUES[name]):
        if field.default_factory is not msgspec.NODEFAULT:
            assert not field.default_factory()
        elif field.default is not msgspec.NODEFAULT:
            assert (field.default or None) == SAYS_SOMETHING.get(f"{name}.{field.name}")


CONTENT = Content("A/shop/a.jpg", 1, "sum", 1000)
BARE_CONTENT = {"source": "A/shop/a.jpg", "generation": 1, "checksum": "sum", "size": 1000}
BARE_WANTED = {"content": BARE_CONTENT, "created": 5.0}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Ledger("g", "shop"), {"schema": 2, "guid": "g", "gallery": "shop"}),
        (Entry(), {}),
        (CONTENT, BARE_CONTENT),
        (Wanted(CONTENT, 5.0), BARE_WANTED),
        (Live("1.jpg", "sum", 1), {"name": "1.jpg", "checksum": "sum", "generation": 1}),
        (Failure("code", "reason", 5.0), {"code": "code", "reason": "reason", "at": 5.0}),
        (Override(Wanted(CONTENT, 5.0)), {"base": BARE_WANTED}),
        (Snapshot(), {}),
        (
            Flight("f", "insert", 1.0, 2.0, 3.0, {}),
            {"id": "f", "action": "insert", "started": 1.0, "send_until": 2.0, "grace_until": 3.0, "images": {}},
        ),
        (Row(), {}),
        (Intent("op/0", "clean", 5.0), {"id": "op/0", "kind": "clean", "at": 5.0}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, msgspec.Struct) else "",
)
def test_a_ledger_holds_only_what_there_is_to_say(value: msgspec.Struct, said: dict[str, Any]) -> None:
    """A hundred images are a document that is read and written many times."""
    assert msgspec.json.decode(msgspec.json.encode(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (AskedImage(), {}),
        (Part("clean", "g", "shop"), {"kind": "clean", "product": "g", "gallery": "shop"}),
        (Operation("op", "pim", "d", ()), {"id": "op", "caller": "pim", "digest": "d", "parts": []}),
        (ImageOutcome("live"), {"state": "live"}),
        (Problem(404, "code", "message"), {"status": 404, "code": "code", "message": "message"}),
        (Outcome(5.0), {"at": 5.0}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, msgspec.Struct) else "",
)
def test_a_request_holds_only_what_was_asked_so_a_field_that_is_new_leaves_its_digest_as_it_was(
    value: msgspec.Struct, said: dict[str, Any]
) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (NewImage("https://x"), {"sourceUrl": "https://x"}),
        (NewSource("1.jpg", "https://x"), {"name": "1.jpg", "sourceUrl": "https://x"}),
        (Attributes("1.jpg"), {"name": "1.jpg"}),
        (Attributes("1.jpg", 7, ""), {"name": "1.jpg", "priority": 7, "description": ""}),
    ],
    ids=["insertion", "source update", "attributes", "a description removed"],
)
def test_shoptet_is_told_nothing_of_attributes_that_are_to_stay(value: msgspec.Struct, said: dict[str, Any]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value)) == said

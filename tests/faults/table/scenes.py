"""What people do while a fault is met: each scene makes the package call one thing of Shoptet's, and says what is wanted."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.place import Place, Shown

RED, BLUE, GREEN = (picture(colour=colour) for colour in ("#aa0000", "#0000aa", "#00aa00"))
CODE: Final = "HRNEK-01"
"""The product's code; its guid is MUG."""


@dataclass(frozen=True)
class Scene:
    """`prepare` happens on a good day, `act` under the fault; then the gallery should show `wanted`, till then `before`.

    `keys` are those that the act is about, `again` is what a person does once a failure was told to them.
    """

    name: str
    prepare: Callable[[Place], None]
    act: Callable[[Place], None]
    again: Callable[[Place], None] | None
    before: Shown
    wanted: Shown
    keys: tuple[str, ...]


def shown(*pictures: bytes | tuple[bytes, str]) -> Shown:
    """Give a gallery of these pictures, with or without a description."""
    pairs = [each if isinstance(each, tuple) else (each, None) for each in pictures]
    return tuple((hashlib.sha256(content).hexdigest(), description) for content, description in pairs)


def _two(folder: str) -> Callable[[Place], None]:
    def drop_two(place: Place) -> None:
        place.put(f"{folder}/a.png", RED)
        place.put(f"{folder}/b.png", BLUE)

    return drop_two


def _nothing(_: Place) -> None:
    pass


def _insert(name: str, folder: str) -> Scene:
    keys = (f"drop:{folder}/a.png", f"drop:{folder}/b.png")
    return Scene(name, _nothing, _two(folder), _two(folder), (), shown(RED, BLUE), keys)


INSERT = _insert("insert", MUG)
BY_CODE = _insert("by code", CODE)


def _replace(name: str, folder: str) -> Scene:
    def drop_green(place: Place) -> None:
        place.put(f"{folder}/a.png", GREEN)

    keys = (f"drop:{folder}/a.png",)
    return Scene(name, _two(folder), drop_green, drop_green, shown(RED, BLUE), shown(GREEN, BLUE), keys)


REPLACE = _replace("replace", MUG)
REPLACE_BY_CODE = _replace("replace by code", CODE)
DESCRIBE = Scene(
    "describe",
    _two(MUG),
    lambda place: place.describe(f"{MUG}/a.png", "Front"),
    lambda place: place.put(f"{MUG}/a.png", RED, description="Front"),
    shown(RED, BLUE),
    shown((RED, "Front"), BLUE),
    (f"drop:{MUG}/a.png",),
)
DELETE = Scene(
    "delete",
    _two(MUG),
    lambda place: place.remove(f"{MUG}/a.png"),
    None,
    shown(RED, BLUE),
    shown(BLUE),
    (f"drop:{MUG}/a.png",),
)

"""What people do while a fault is met: each scene makes the package call one thing of Shoptet's, and says what is wanted."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.contract.sandbox.support import MUG, picture
from tests.faults.table.cloud import GREEN, WHITE
from tests.faults.table.place import CODE, Place, Shown

RED, BLUE = (picture(colour=colour) for colour in ("#aa0000", "#0000aa"))


@dataclass(frozen=True)
class Scene:
    """`prepare` happens on a good day, `act` under the fault; then the gallery should show `wanted`, till then `before`.

    `keys` are those that the act is about, `again` is what a person does once a failure was told to them. `says` is the
    state of each image, as a caller's operation tells it in the end; `files` what is left in the drop bucket then.
    """

    name: str
    prepare: Callable[[Place], None]
    act: Callable[[Place], None]
    again: Callable[[Place], None] | None
    before: Shown
    wanted: Shown
    keys: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None


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

# What callers ask.

GREY = picture(colour="#888888")
"""What a person hung up in the shop by hand."""
FILES: Final = (f"{MUG}/a.png", f"{MUG}/b.png")
PLACE: Final = {"product": MUG, "gallery": "shop"}
FIRST, SECOND, THEIRS = "101.png", "102.png", "103.png"
"""The names that the shop gives to the two dropped pictures, and to the third, which a person adds."""


def _shop(folder: str = MUG) -> Callable[[Place], None]:
    """Two dropped pictures, the second of which a variant shows, and one that a person added."""

    def prepare(place: Place) -> None:
        _two(folder)(place)
        place.all_done()
        assert place.by_hand(GREY) == THEIRS
        place.refer(SECOND)

    return prepare


def _asks(kind: str, **data: object) -> Callable[[Place], None]:
    """Ask by a signed event; what is deleted need not be kept: `test_restore` has that."""
    more = {"keep": False} if kind in ("gallery.clean", "image.delete") else {}
    return lambda place: place.callers.send(kind, {**PLACE, **more, **data})


def _calls(method: str, path: str, body: object = None) -> Callable[[Place], None]:
    where = f"/v1/products/{MUG}/galleries/shop/images{path}"

    def act(place: Place) -> None:
        place.callers.call(method, where, body)

    return act


IN_SHOP: Final = shown(RED, BLUE, GREY)


def _by_caller(name: str, act: Callable[[Place], None], wanted: Shown, says: tuple[str, ...], **more: Any) -> Scene:
    """A caller asks, and asks the same again under a new id once it has been told of a failure."""
    return Scene(name, more.pop("prepare", _shop()), act, more.pop("again", act), IN_SHOP, wanted, says=says, **more)


SKIPPING: Final = ("deleted", "skipped", "deleted")
CLEAN = _by_caller("clean", _asks("gallery.clean"), shown(BLUE), SKIPPING, files=FILES)
"""The file stays, but counts as out until it is dropped again; the image that a variant shows stays, too."""
CLEAN_REFERENCES = _by_caller(
    "clean, references too", _asks("gallery.clean", removeReference=True), (), ("deleted",) * 3, files=FILES
)
PURGE = _by_caller("clean, files too", _asks("gallery.clean", purge=True), shown(BLUE), SKIPPING, files=())
CLEAN_BY_CODE = _by_caller("clean by code", _asks("gallery.clean", product=CODE), shown(BLUE), SKIPPING)
DELETE_ONE = _by_caller(
    "delete one", _asks("image.delete", name=FIRST, removeReference=False), shown(BLUE, GREY), ("deleted",), files=FILES
)
DELETE_THEIRS = _by_caller(
    "delete a person's", _asks("image.delete", name=THEIRS, removeReference=False), shown(RED, BLUE), ("deleted",)
)
DELETE_REFERENCED = _by_caller(
    "delete a referenced one",
    _asks("image.delete", name=SECOND, removeReference=False),
    shown(RED, GREY),
    ("deleted",),
    again=_asks("image.delete", name=SECOND, removeReference=True),
)
_ATTRIBUTES: Final = [
    {"key": f"drop:{MUG}/a.png", "description": "Front"},
    {"name": THEIRS, "description": "Theirs"},
]
ATTRIBUTES = _by_caller(
    "attributes",
    _asks("images.update", images=_ATTRIBUTES),
    shown((RED, "Front"), BLUE, (GREY, "Theirs")),
    ("updated", "updated"),
)


def _url(place: Place, colour: str) -> str:
    """A caller's URL; its query is a secret, as that of a signed one is."""
    return f"{place.cloud.pictures.url}/{colour}.png?token={CALLERS_SECRET}"


CALLERS_SECRET: Final = "hunter2"


def _inserts(place: Place) -> None:
    rows = [{"sourceUrl": _url(place, colour), "key": colour} for colour in ("green", "white")]
    place.callers.send("images.insert", {**PLACE, "images": rows})


def _replaces(**which: str) -> Callable[[Place], None]:
    return lambda place: place.callers.send(
        "images.source", {**PLACE, "images": [{**which, "sourceUrl": _url(place, "green")}]}
    )


INSERT_BY_URL = _by_caller("insert by URL", _inserts, shown(RED, BLUE, GREEN, WHITE, GREY), ("live", "live"))
SOURCE_BY_KEY = _by_caller(
    "source by key", _replaces(key=f"drop:{MUG}/a.png"), shown(GREEN, BLUE, GREY), ("live",), files=FILES
)
SOURCE_BY_NAME = _by_caller("source by name", _replaces(name=THEIRS), shown(RED, BLUE, GREEN), ("live",))

CALL_CLEAN = _by_caller("clean, called", _calls("DELETE", "?keep=false"), shown(BLUE), SKIPPING)
CALL_DELETE = _by_caller(
    "delete one, called", _calls("DELETE", f"/{FIRST}?keep=false"), shown(BLUE, GREY), ("deleted",)
)
CALL_ATTRIBUTES = _by_caller(
    "attributes, called",
    _calls("PATCH", "", {"images": _ATTRIBUTES}),
    shown((RED, "Front"), BLUE, (GREY, "Theirs")),
    ("updated", "updated"),
)

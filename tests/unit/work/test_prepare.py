"""Preparing a gallery's files: what is written where, what is said, and what comes next."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from gallery_sync.core.ledger import Content, Entry, Preparation
from gallery_sync.core.names import made, thumbnail
from gallery_sync.core.recipe import CODE, Recipe, Shape, Verdict
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_facts import Facts
from gallery_sync.log import Log
from gallery_sync.ports.preparer import Prepared
from gallery_sync.ports.queue import Prepare
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import shop_facts
from gallery_sync.work.prepare import MOST_BYTES, prepare
from gallery_sync.work.world import PrepareWorld
from tests.integration.http.world import Breakable, Clock, Written
from tests.unit.core.build import GUID, a_ledger, key, replace, wanted

TASK = Prepare(GUID, "shop")
RECIPE = Recipe()
FINE = Prepared(Verdict(4, Shape("JPEG", 800, 600, 4), look="0" * 38), b"", b"small")
REPAIRED = Prepared(
    Verdict(4, Shape("TIFF", 900, 900, 4), Shape("JPEG", 800, 800, 5), look="f" * 38), b"other", b"small"
)
REFUSED = Prepared(Verdict(4, refused="no-picture", what="a PDF"))


@dataclass
class Desk:
    """The files, what comes of each, and where things are written."""

    documents: Breakable = field(default_factory=Breakable)
    queue: Written = field(default_factory=Written)
    clock: Clock = field(default_factory=Clock)
    lines: io.StringIO = field(default_factory=io.StringIO)
    files: dict[str, bytes] = field(default_factory=dict)
    comes: dict[bytes, Prepared | Exception] = field(default_factory=dict)
    written: dict[str, bytes] = field(default_factory=dict)
    recipes: list[Recipe] = field(default_factory=list)
    seconds: float = 0.0
    unavailable: bool = False

    def copy(self, path: str) -> bytes | None:
        raise AssertionError("only files are prepared")

    def file(self, content: Content) -> bytes | None:
        if self.unavailable:
            raise StorageUnavailable("Cloud Storage did not read")
        return self.files.get(content.source)

    def write(self, path: str, picture: bytes) -> None:
        self.written[path] = picture

    def prepare(self, content: bytes, recipe: Recipe) -> Prepared:
        self.clock.time += self.seconds
        self.recipes.append(recipe)
        came = self.comes[content]
        if isinstance(came, Exception):
            raise came
        return came

    def drop(self, comes: Mapping[str, Prepared | Exception]) -> None:
        """Let these files wait in the ledger."""
        entries = {}
        for name, came in comes.items():
            self.files[f"A/shop/{name}"] = name.encode()
            self.comes[name.encode()] = came
            entries[key(name)] = Entry(wanted(name), prepared=Preparation(1))
        self.world().ledgers.change(GUID, "shop", lambda _: a_ledger(entries))

    def world(self) -> PrepareWorld:
        return PrepareWorld(
            documents=self.documents,
            queue=self.queue,
            clock=self.clock,
            log=Log("test", self.lines),
            timing=Timing(),
            sent=self,
            made=self,
            prepare=self.prepare,
            recipe=RECIPE,
        )

    def entry(self, name: str) -> Entry:
        return self.world().ledgers.read(GUID, "shop").ledger.entries[key(name)]

    def noted(self, name: str) -> Preparation:
        noted = self.entry(name).prepared
        assert noted is not None
        return noted

    def said(self, severity: str) -> list[str]:
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.lines.getvalue().splitlines()]
        return [line["message"] for line in lines if line["severity"] == severity]


def test_what_is_fine_goes_as_it_is_and_what_is_made_lies_in_the_outbox() -> None:
    desk = Desk()
    desk.drop({"a.jpg": FINE, "b.tif": REPAIRED, "c.jpg": REFUSED})
    prepare(desk.world(), TASK)
    path = made("A/shop/b.tif", 1, RECIPE.id, "jpg")
    assert desk.written == {
        path: b"other",
        thumbnail("A/shop/a.jpg", 1): b"small",
        thumbnail("A/shop/b.tif", 1): b"small",
    }
    assert [desk.noted(name).path for name in ("a.jpg", "b.tif", "c.jpg")] == ["", path, ""]
    failure = desk.entry("c.jpg").failure
    assert failure is not None
    assert (failure.code, failure.reason) == (CODE, "it is a PDF, not a picture: drop the picture itself")
    assert desk.said("INFO") == [
        "A/shop/a.jpg: 4 B JPEG 800×600, as it is",
        "A/shop/b.tif: 4 B TIFF 900×900 → 5 B JPEG 800×800",
    ]
    (told,) = desk.said("ERROR")
    assert told == f"{key('c.jpg')} failed for good: {failure.reason}"
    assert desk.queue.asked == [("prepared", GUID, "shop")]


def test_a_file_whose_name_says_something_else_is_copied_under_one_that_says_what_it_is() -> None:
    desk = Desk()
    desk.drop({"a.png": FINE})
    prepare(desk.world(), TASK)
    assert desk.written[made("A/shop/a.png", 1, RECIPE.id, "jpg")] == b"a.png"


def test_what_there_is_no_time_for_is_left_to_the_next_task_and_a_full_call_is_sent_meanwhile() -> None:
    desk = Desk(seconds=1.0)
    desk.drop({f"{number:03}.jpg": FINE for number in range(130)})
    prepare(desk.world(), TASK)
    assert desk.queue.asked == [("prepare", GUID, "shop")]
    prepare(desk.world(), TASK)
    prepare(desk.world(), TASK)
    assert desk.queue.asked[1:] == [("prepare", GUID, "shop"), ("prepared", GUID, "shop")]
    assert len(desk.recipes) == 130


def test_a_hundred_that_are_ready_need_not_wait_for_the_others() -> None:
    desk = Desk(seconds=0.4)
    desk.drop({f"{number:03}.jpg": FINE for number in range(150)})
    prepare(desk.world(), TASK)
    assert desk.queue.asked == [("prepare", GUID, "shop"), ("prepared", GUID, "shop")]


def test_where_nothing_waits_nothing_is_done() -> None:
    desk = Desk()
    prepare(desk.world(), TASK)
    assert (desk.queue.asked, desk.lines.getvalue()) == ([], "")


def test_what_cannot_be_read_is_left_to_whoever_copies_it() -> None:
    desk = Desk()
    desk.drop({"a.jpg": FINE})
    desk.files.clear()
    prepare(desk.world(), TASK)
    assert desk.noted("a.jpg").recipe == RECIPE.id
    assert desk.entry("a.jpg").failure is None
    assert desk.recipes == []


def test_a_file_that_is_too_large_to_be_read_is_refused_without_that() -> None:
    desk = Desk()
    desk.drop({"a.jpg": FINE})

    def larger(ledger: Any) -> Any:
        entry = ledger.entries[key("a.jpg")]
        content = replace(entry.wanted.content, size=MOST_BYTES + 1)
        return replace(ledger, entries={key("a.jpg"): replace(entry, wanted=replace(entry.wanted, content=content))})

    desk.world().ledgers.change(GUID, "shop", larger)
    prepare(desk.world(), TASK)
    failure = desk.entry("a.jpg").failure
    assert failure is not None
    assert failure.reason == "it has 60.0 MB, more than can be opened here: make it smaller, and drop it again"
    assert desk.recipes == []


def test_a_decoder_that_dies_is_said() -> None:
    desk = Desk()
    desk.drop({"a.jpg": Prepared(Verdict(4, refused="damaged", what="decoding it ended with signal 11"))})
    prepare(desk.world(), TASK)
    assert desk.said("WARNING") == ["A/shop/a.jpg: what opens pictures died of it: decoding it ended with signal 11"]


def test_a_small_picture_and_one_that_is_likely_double_are_told() -> None:
    desk = Desk()
    small = Prepared(Verdict(4, Shape("JPEG", 80, 60, 4), warnings=("small",), look="0" * 38), b"", b"small")
    desk.drop({"a.jpg": small, "b.jpg": FINE})
    prepare(desk.world(), TASK)
    assert desk.said("WARNING") == [
        "A/shop/a.jpg: it has only 80×60 pixels, and will look blurred",
        "A/shop/a.jpg looks the same as A/shop/b.jpg, but is another file: both are shown; delete one if it is double",
    ]


def test_a_mistake_of_our_own_is_said_and_nothing_is_lost() -> None:
    desk = Desk()
    desk.drop({"a.jpg": RuntimeError("pi_heif is not installed")})
    prepare(desk.world(), TASK)
    (told,) = desk.said("ERROR")
    assert told.startswith(
        "gallery-sync itself fails at preparing this gallery's pictures; please report it: RuntimeError"
    )
    assert desk.noted("a.jpg").recipe == ""


def test_where_storage_fails_the_task_comes_again() -> None:
    desk = Desk(unavailable=True)
    desk.drop({"a.jpg": FINE})
    with pytest.raises(StorageUnavailable):
        prepare(desk.world(), TASK)
    assert desk.noted("a.jpg").recipe == ""


def test_what_the_probe_found_counts() -> None:
    desk = Desk()
    shop_facts.note(desk.documents, lambda _: Facts(found={"WebP by sourceUrl": "taken"}))
    desk.drop({"a.jpg": FINE})
    prepare(desk.world(), TASK)
    assert desk.recipes == [Recipe(webp=True)]

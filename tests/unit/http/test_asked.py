"""What callers asked, as the plan sees it: intents first, URLs behind the files, overrides until the drop changes."""

import dataclasses
from typing import Any

import pytest

from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Content, Entry, Failure, Intent, Override, Pause, Wanted, generation_at
from gallery_sync.core.observe import observe
from gallery_sync.core.plan import Nothing, Policy, RunIntent, StartFlight, Wait, plan
from gallery_sync.core.see import see
from tests.unit.core.build import KEPT, NOW, a_file, a_ledger, content, img, key, live, replace, shown, wanted

A = key("a.jpg")
PLAIN = Policy()
URL = Content("https://caller.example/a.jpg?token=0123abcd", generation_at(NOW), "url-sum", 0, url=True)
BASE = wanted("a.jpg")
CLEAN = Intent("op1", "clean", NOW)


def asked(rank: float) -> Wanted:
    return Wanted(URL, NOW, rank=rank)


def test_what_a_caller_asked_comes_before_everything_else() -> None:
    ledger = a_ledger({A: Entry(BASE)}, intents=(CLEAN, Intent("op2", "delete", NOW, name="1.jpg")))
    assert plan(ledger, (), NOW, PLAIN, KEPT) == RunIntent(CLEAN)


def test_what_a_caller_asked_waits_for_the_gallerys_pause() -> None:
    ledger = a_ledger(intents=(CLEAN,), pause=Pause(NOW + 60, "busy", 1))
    assert plan(ledger, (), NOW, PLAIN, KEPT) == Wait(NOW + 60)
    assert plan(ledger, (), NOW + 60, PLAIN, KEPT) == RunIntent(CLEAN)


def test_images_by_url_come_behind_the_files_in_the_order_in_which_they_were_asked_for() -> None:
    entries = {"url:b": Entry(asked(1.0)), "url:a": Entry(asked(2.0)), key("z.jpg"): Entry(wanted("z.jpg"))}
    step = plan(a_ledger(entries), (), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    assert {name: snapshot.priority for name, snapshot in step.images.items()} == {
        key("z.jpg"): 100,
        "url:b": 200,
        "url:a": 300,
    }


def test_what_is_written_down_of_a_callers_url_holds_no_query() -> None:
    step = plan(a_ledger({"url:a": Entry(asked(1.0))}), (), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    (snapshot,) = step.images.values()
    assert (snapshot.source, snapshot.checksum) == ("https://caller.example/a.jpg", "url-sum")


NAMED = {"name:1.jpg": Entry(asked(1.0), live("1.jpg", "1.jpg", generation=1))}


def test_an_image_that_a_caller_replaces_by_its_name_is_not_ordered() -> None:
    step = plan(a_ledger(NAMED | {A: Entry(BASE)}), (img("1.jpg", 100),), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    assert (step.action, [s.priority for s in step.images.values()]) == ("source", [None])
    after = {"name:1.jpg": Entry(asked(1.0), replace(live("1.jpg", "1.jpg"), checksum="url-sum"))}
    step = plan(a_ledger(after | {A: Entry(BASE)}), (img("1.jpg", 100),), NOW, PLAIN, KEPT)
    assert isinstance(step, StartFlight)
    assert (step.action, [s.priority for s in step.images.values()]) == ("insert", [200])


def test_an_image_that_a_caller_replaces_by_its_name_is_never_inserted() -> None:
    ledger = see(a_ledger(NAMED), [])
    assert ledger.entries["name:1.jpg"].failure == Failure("no-such-image", "the gallery has no image '1.jpg'", NOW)
    assert plan(ledger, (), NOW, PLAIN, KEPT) == Nothing()
    assert see(ledger, []) == ledger


def test_an_image_that_a_cleanup_had_to_keep_is_not_deleted_with_its_file() -> None:
    kept = Entry(None, replace(live("a.jpg", "1.jpg"), state="kept"))
    assert plan(a_ledger({A: kept}), (img("1.jpg"),), NOW, Policy(mirror_deletes=True), KEPT) == Nothing()


def observed(override: Override, wants: Wanted, file: DropFile | None) -> Entry | None:
    files = [] if file is None else [file]
    ledger = a_ledger({A: Entry(wants, live("a.jpg", "1.jpg"), override=override)})
    return observe(ledger, files, NOW).entries.get(A)


EVERYTHING = Override(BASE, URL, 7, "a caller's")
OVERRIDDEN = replace(BASE, content=URL, priority=7, description="a caller's")


def test_an_override_holds_as_long_as_the_drop_says_what_it_said() -> None:
    entry = observed(EVERYTHING, OVERRIDDEN, a_file("a.jpg"))
    assert entry == Entry(OVERRIDDEN, live("a.jpg", "1.jpg"), override=EVERYTHING)


@pytest.mark.parametrize(
    ("file", "wants"),
    [
        pytest.param(
            dataclasses.replace(a_file("a.jpg", 2), created=NOW + 1),
            {"content": content("a.jpg", 2), "priority": 7, "description": "a caller's"},
            id="content",
        ),
        pytest.param(
            a_file("a.jpg", priority="3"), {"content": URL, "priority": 3, "description": "a caller's"}, id="priority"
        ),
        pytest.param(
            a_file("a.jpg", description="new"), {"content": URL, "priority": 7, "description": "new"}, id="description"
        ),
    ],
)
def test_a_field_that_the_drop_changes_is_the_drops_again(file: DropFile, wants: dict[str, Any]) -> None:
    entry = observed(EVERYTHING, OVERRIDDEN, file)
    assert entry is not None
    assert entry.wanted is not None
    assert {name: getattr(entry.wanted, name) for name in wants} == wants
    assert entry.override is not None
    assert entry.override.base == BASE


def test_an_override_of_which_nothing_is_left_is_forgotten() -> None:
    override = Override(BASE, description="a caller's")
    entry = observed(override, replace(BASE, description="a caller's"), a_file("a.jpg", description="new"))
    assert entry == Entry(replace(BASE, description="new"), live("a.jpg", "1.jpg"))


def test_an_override_that_already_says_what_the_drop_says_by_now_is_forgotten() -> None:
    override = Override(BASE, description="same")
    entry = observed(override, replace(BASE, description="same"), a_file("a.jpg", description="same"))
    assert entry == Entry(replace(BASE, description="same"), live("a.jpg", "1.jpg"))


def test_an_override_ends_with_its_file() -> None:
    assert observed(EVERYTHING, OVERRIDDEN, None) == Entry(None, live("a.jpg", "1.jpg"))


def test_a_url_that_a_caller_gave_an_image_whose_file_was_deleted_stays_wanted() -> None:
    ledger = a_ledger({A: Entry(replace(BASE, content=URL), live("a.jpg", "1.jpg"))})
    assert observe(ledger, [], NOW) == ledger


def test_files_by_name_and_images_by_url_share_the_gallery_without_disturbing_each_other() -> None:
    by_url = Entry(asked(1.0), replace(live("u", "2.jpg", priority=200), checksum="url-sum"))
    ledger = a_ledger(shown("a.jpg", "1.jpg", 100) | {"url:u": by_url})
    assert plan(ledger, (img("1.jpg", 100), img("2.jpg", 200)), NOW, PLAIN, KEPT) == Nothing()

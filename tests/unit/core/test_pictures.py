"""Pictures that callers give by URL: for which key they are wanted, and when they change nothing."""

import pytest

from gallery_sync.core import pictures
from gallery_sync.core.ledger import Content, Entry, Failure, Ledger, Live, Override, Wanted, generation_at
from gallery_sync.core.pictures import ByUrl
from tests.unit.core.build import NOW, a_ledger, key, live, replace, shown, wanted

A = key("a.jpg")
SHOWN = shown("a.jpg", "1.jpg", 100)
EARLIER, LATER = NOW - 1, NOW + 1
PICTURE = ByUrl("op.0.0", "https://pim.example/front.jpg?secret=1", NOW, key="url:front", rank=2.5)
CONTENT = Content(PICTURE.source_url, generation_at(NOW), "op:op.0.0", 0, url=True)
WANTED = Wanted(CONTENT, NOW, rank=2.5)
BROKEN = Failure("gave-up", "given up", NOW)


def by_name(name: str, at: float = NOW, wish: str = "op.0.0") -> ByUrl:
    return ByUrl(wish, PICTURE.source_url, at, name=name)


def content_of(ledger: Ledger, key: str) -> Content | None:
    wants = ledger.entries[key].wanted
    return wants.content if wants is not None else None


@pytest.mark.parametrize(
    ("named", "in_the_ledger"),
    [("drop:A/shop/a.jpg", "drop:A/shop/a.jpg"), ("url:front", "url:front"), ("front", "url:front"), ("", "url:")],
)
def test_a_key_of_the_ledger_means_itself_and_any_other_is_the_callers_own(named: str, in_the_ledger: str) -> None:
    assert pictures.ledger_key(named) == in_the_ledger


def test_a_picture_without_a_key_has_one_by_its_url() -> None:
    one, other = pictures.url_key("https://pim.example/1.jpg"), pictures.url_key("https://pim.example/2.jpg")
    assert one == pictures.url_key("https://pim.example/1.jpg") != other
    # Ledgers hold it: another version has to find the same.
    assert one == "url:10a045351643a9743e4745ed9d797346be04bf4e"
    without = replace(PICTURE, key=None)
    assert set(pictures.want(a_ledger(), [without]).entries) == {pictures.url_key(PICTURE.source_url)}


def test_a_picture_is_wanted_under_its_key_with_what_was_asked() -> None:
    asked = replace(PICTURE, priority=7, description="x")
    ledger = pictures.want(a_ledger(), [asked])
    assert ledger.entries == {"url:front": Entry(replace(WANTED, priority=7, description="x"))}


def test_of_two_pictures_for_one_key_in_one_request_the_later_is_wanted() -> None:
    second = replace(PICTURE, id="op.0.1", at=LATER)
    both = pictures.want(a_ledger(), [PICTURE, second])
    assert both == pictures.want(a_ledger(), [second, PICTURE])
    assert content_of(both, "url:front") == replace(CONTENT, generation=generation_at(LATER), checksum="op:op.0.1")


def test_the_same_picture_asked_again_changes_nothing_even_where_it_has_failed() -> None:
    failed = a_ledger({"url:front": Entry(WANTED, failure=BROKEN)})
    assert pictures.want(failed, [PICTURE]) == failed
    assert pictures.want(failed, [replace(PICTURE, at=EARLIER)]) == failed


def test_what_changes_nothing_does_not_keep_the_others_of_a_request_from_being_wanted() -> None:
    known = pictures.want(a_ledger(SHOWN), [PICTURE, by_name("1.jpg", wish="op.0.1")])
    landed = a_ledger(known.entries | {A: replace(known.entries[A], live=live("a.jpg", "1.webp"))})
    again = [PICTURE, by_name("1.jpg", wish="op.0.1"), replace(PICTURE, id="op.0.2", key="url:back")]
    assert set(pictures.want(landed, again).entries) == {*landed.entries, "url:back"}


def test_a_picture_asked_later_replaces_it_begins_its_tries_anew_and_keeps_what_was_not_asked_anew() -> None:
    before = replace(WANTED, priority=7, description="x")
    shows = Live("5.jpg", CONTENT.checksum, CONTENT.generation, 7, "x")
    failed = a_ledger({"url:front": Entry(before, shows, attempts=3, failure=BROKEN)})
    later = replace(PICTURE, id="op2.0.0", at=LATER, description="y", rank=9.0)
    content = replace(CONTENT, generation=generation_at(LATER), checksum="op:op2.0.0")
    # Its place among the callers' pictures is where it was first asked for.
    asked = Wanted(content, LATER, 7, "y", 2.5)
    assert pictures.want(failed, [later]).entries == {"url:front": Entry(asked, shows)}


def test_a_picture_by_url_takes_its_first_place_where_none_was_given_before() -> None:
    ledger = a_ledger({"url:front": Entry(replace(WANTED, rank=None))})
    after = pictures.want(ledger, [replace(PICTURE, at=LATER, rank=4.0)]).entries["url:front"].wanted
    assert after is not None
    assert after.rank == 4.0


@pytest.mark.parametrize(("at", "is_wanted"), [(EARLIER, False), (NOW, False), (LATER, True)])
def test_a_picture_that_was_asked_for_before_a_cleanup_does_not_come_back(at: float, is_wanted: bool) -> None:
    ledger = pictures.want(a_ledger(cleaned_at=NOW), [replace(PICTURE, at=at)])
    assert bool(ledger.entries) is is_wanted


def test_a_picture_for_a_dropped_file_stands_over_the_file_and_leaves_its_other_wishes() -> None:
    says = wanted("a.jpg", priority=7, description="x")
    ledger = pictures.want(a_ledger({A: Entry(says, attempts=2)}), [replace(PICTURE, key=A, description="y")])
    over = replace(says, content=CONTENT, description="y")
    assert ledger.entries == {A: Entry(over, override=Override(says, CONTENT, None, "y"))}


def test_a_second_picture_for_a_dropped_file_counts_only_if_it_was_asked_for_later() -> None:
    ledger = pictures.want(a_ledger(SHOWN), [replace(PICTURE, key=A)])
    assert pictures.want(ledger, [replace(PICTURE, id="older", key=A, at=EARLIER)]) == ledger
    assert pictures.want(ledger, [replace(PICTURE, id="same moment", key=A)]) == ledger
    later = pictures.want(ledger, [replace(PICTURE, id="later", key=A, at=LATER, priority=3)])
    base = SHOWN[A].wanted
    assert base is not None
    content = replace(CONTENT, generation=generation_at(LATER), checksum="op:later")
    assert later.entries[A].override == Override(base, content, 3)


def test_what_was_overridden_before_stays_so_where_a_later_word_does_not_speak_of_it() -> None:
    base = wanted("a.jpg")
    first = pictures.overridden(Entry(base), None, 7, "x")
    assert first == Entry(replace(base, priority=7, description="x"), override=Override(base, None, 7, "x"))
    second = pictures.overridden(first, CONTENT, None, None)
    assert second.override == Override(base, CONTENT, 7, "x")
    third = pictures.overridden(second, None, 9, "y")
    assert third.override == Override(base, CONTENT, 9, "y")
    assert third.wanted == replace(base, content=CONTENT, priority=9, description="y")


def test_nothing_can_stand_over_a_file_that_is_not_wanted() -> None:
    entry = Entry(None, live("a.jpg", "1.jpg"))
    assert pictures.overridden(entry, None, 7, "x") == entry


def test_an_image_belongs_to_the_key_that_shows_it() -> None:
    gone = {key("b.jpg"): Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", state="gone"))}
    ledger = a_ledger({key("new.jpg"): Entry(wanted("new.jpg"))} | SHOWN | gone)
    assert [pictures.owner(ledger, name) for name in ("1.jpg", "2.jpg", "foreign.jpg")] == [A, None, None]


def test_a_picture_for_an_image_of_ours_by_its_name_is_its_keys() -> None:
    assert set(pictures.want(a_ledger(SHOWN), [by_name("1.jpg")]).entries) == {A}


def test_a_picture_for_somebody_elses_image_is_kept_under_its_name_and_replaces_that_image() -> None:
    ledger = pictures.want(a_ledger(SHOWN), [by_name("foreign.jpg")])
    shows = Live("foreign.jpg", "", 0, seen=NOW)
    assert ledger.entries == SHOWN | {"name:foreign.jpg": Entry(Wanted(CONTENT, NOW), shows)}


def test_a_second_picture_for_an_image_that_is_meant_by_its_name_is_for_what_is_known_of_it() -> None:
    landed = Live("foreign.jpg", "op:first", generation_at(EARLIER), 5, "x")
    first = Wanted(replace(CONTENT, generation=generation_at(EARLIER), checksum="op:first"), EARLIER)
    ledger = pictures.want(a_ledger({"name:foreign.jpg": Entry(first, landed)}), [by_name("foreign.jpg")])
    assert ledger.entries["name:foreign.jpg"] == Entry(Wanted(CONTENT, NOW), landed)


def test_an_image_of_ours_that_got_another_name_by_that_very_request_is_not_asked_for_by_its_old_name_again() -> None:
    asked = pictures.want(a_ledger(SHOWN), [by_name("1.jpg")])
    landed = replace(asked.entries[A], live=Live("1.webp", CONTENT.checksum, CONTENT.generation, 100))
    shown_only = replace(landed, wanted=wanted("a.jpg", 2), override=None)
    wanted_only = replace(landed, live=live("a.jpg", "1.webp"))
    for entry in (landed, shown_only, replace(shown_only, wanted=None), wanted_only):
        ledger = a_ledger({A: entry})
        assert pictures.want(ledger, [by_name("1.jpg")]) == ledger
    # Another request for that name is told that there is no such image.
    assert "name:1.jpg" in pictures.want(a_ledger({A: landed}), [by_name("1.jpg", LATER, "op2.0.0")]).entries


def adopted(own: Entry, asked_at: float) -> Ledger:
    """Adopt what was asked for `1.jpg` by its name while the insertion of that image was under way."""
    named = pictures.want(a_ledger(), [by_name("1.jpg", asked_at)]).entries
    return pictures.adopted(a_ledger(named | {"url:own": own}))


@pytest.mark.parametrize(("asked_at", "counts"), [(EARLIER, False), (NOW, True), (LATER, True)])
def test_of_what_was_asked_by_name_and_by_key_the_later_counts_and_at_one_moment_the_name(
    asked_at: float, counts: bool
) -> None:
    own = Wanted(replace(CONTENT, checksum="op:own"), NOW - 1000)
    after = adopted(Entry(own, Live("1.jpg", "op:own", own.content.generation)), asked_at)
    assert set(after.entries) == {"url:own"}
    assert (content_of(after, "url:own") != own.content) is counts


def test_what_was_asked_by_name_is_the_keys_although_its_own_picture_is_no_longer_wanted() -> None:
    after = adopted(Entry(None, Live("1.jpg", "op:own", 1)), NOW)
    assert content_of(after, "url:own") == CONTENT


def test_what_failed_or_is_of_nobody_stays_under_its_name() -> None:
    named = pictures.want(a_ledger(), [by_name("1.jpg"), replace(by_name("foreign.jpg"), id="op.0.1")]).entries
    failed = {"name:1.jpg": replace(named["name:1.jpg"], failure=BROKEN)}
    ledger = a_ledger(named | failed | SHOWN)
    assert pictures.adopted(ledger) == ledger


def test_a_name_that_is_not_asked_for_any_more_is_not_adopted() -> None:
    ledger = a_ledger({"name:1.jpg": Entry(None, Live("1.jpg", "", 0))} | SHOWN)
    assert pictures.adopted(ledger) == ledger


def by_name_entry(checksum: str, state: str = "gone", **more: object) -> Entry:
    shows = Live("1.jpg", checksum, 0, state=state)  # type: ignore[arg-type]
    return replace(Entry(Wanted(CONTENT, NOW), shows), **more)


def test_only_a_replacement_by_name_fails_once_its_image_is_gone() -> None:
    missing = by_name_entry("")
    failed = pictures.by_name_checked("name:1.jpg", missing)
    assert failed.failure == Failure("no-such-image", "the gallery has no image '1.jpg'", NOW)
    assert pictures.by_name_checked("name:1.jpg", by_name_entry("op:the one before")).failure == failed.failure
    for name, entry in (
        ("url:front", missing),
        ("name:1.jpg", by_name_entry("", "shown")),
        ("name:1.jpg", by_name_entry("", failure=BROKEN)),
        ("name:1.jpg", Entry(Wanted(CONTENT, NOW))),
    ):
        assert pictures.by_name_checked(name, entry) == entry


def test_a_replacement_by_name_that_was_carried_out_or_is_not_wanted_any_more_leaves_nothing() -> None:
    assert pictures.by_name_checked("name:1.jpg", by_name_entry(CONTENT.checksum)) == Entry()
    assert pictures.by_name_checked("name:1.jpg", by_name_entry("", wanted=None)) == Entry()

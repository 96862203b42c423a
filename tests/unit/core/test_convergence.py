"""From any state, a gallery comes to rest: each wanted image once, in order, as wanted, and nothing more is asked."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gallery_sync.core import name_order
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Entry, Ledger, is_waiting, reconcile_at
from gallery_sync.core.numbering import place_of
from gallery_sync.core.observe import observe
from gallery_sync.core.plan import Nothing, Policy, StartFlight, plan
from gallery_sync.core.see import see
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import KEPT, NOW, FakeGallery, a_file, a_ledger, img, key, live, replace, wanted

POLICY = Policy(mirror_deletes=True)
FILES = ["01_a.jpg", "2.jpg", "03-b.jpg", "10.jpg", "9.jpg", "a.jpg", "B.jpg", "c2.jpg", "c10.jpg"]
MOST_FLIGHTS = 60

numbers = st.integers(1, 12) | st.integers(1, 65_535)


@st.composite
def states(draw: st.DrawFn) -> tuple[Ledger, list[DropFile], FakeGallery]:
    """A gallery somewhere on its way: some files live, moved, deleted or described by a person, some replaced, some new."""
    entries: dict[str, Entry] = {}
    images: list[Image] = []
    for place, file in enumerate(draw(st.lists(st.sampled_from(FILES), unique=True))):
        sent_number, name = draw(numbers), f"old{place}.jpg"
        described = draw(st.sampled_from([None, "", "x"]))
        is_live = live(file, name, priority=sent_number, description=described)
        entries[key(file)] = Entry(wanted(file), is_live)
        if draw(st.booleans()) or draw(st.booleans()):
            shown_number = draw(st.just(sent_number) | numbers)
            images.append(img(name, shown_number, description=described, cdn_name=name))
    images += [img(f"foreign{n}.jpg", draw(numbers)) for n in range(draw(st.integers(0, 4)))]
    return a_ledger(entries), draw(drops()), FakeGallery(images)


@st.composite
def drops(draw: st.DrawFn) -> list[DropFile]:
    files = []
    for file in draw(st.lists(st.sampled_from(FILES), unique=True)):
        metadata = {"priority": str(draw(numbers))} if draw(st.integers(0, 3)) == 0 else {}
        described = draw(st.sampled_from([None, "", "x", "y"]))
        metadata |= {"description": described} if described is not None else {}
        files.append(a_file(file, draw(st.integers(1, 2)), None, 1000, **metadata))
    return files


def to_rest(ledger: Ledger, files: Sequence[DropFile], gallery: FakeGallery, most: Iterable[int] = ()) -> Ledger:
    """Sync until nothing is left to do; the first flights carry only so many images as `most` says."""
    ledger = observe(ledger, files, NOW)
    limits = iter(most)
    for _ in range(MOST_FLIGHTS):
        if not isinstance(plan(ledger, (), NOW, POLICY, KEPT), StartFlight):
            return ledger
        ledger = see(ledger, gallery.listing)
        step = plan(ledger, gallery.listing, NOW, POLICY, KEPT)
        if not isinstance(step, StartFlight):
            return ledger
        ledger = gallery.carry_out(ledger, step, most=next(limits, 100))
    raise AssertionError("the gallery never comes to rest")


@settings(max_examples=50)
@given(states())
def test_a_gallery_comes_to_rest_in_few_flights(state: tuple[Ledger, list[DropFile], FakeGallery]) -> None:
    ledger, files, gallery = state
    rested = to_rest(ledger, files, gallery)
    # At most a deletion, a source update, an insertion, and two changes of attributes: one that was due, and one for
    # explicit priorities that were taken at take-off.
    assert gallery.changes <= 5
    assert plan(rested, (), NOW, POLICY, KEPT) == Nothing()
    assert plan(see(rested, gallery.listing), gallery.listing, NOW, POLICY, KEPT) == Nothing()
    assert reconcile_at(rested) == 0


@settings(max_examples=50)
@given(states(), st.lists(st.integers(1, 3), max_size=30))
def test_a_gallery_comes_to_rest_even_where_flights_carry_only_part(
    state: tuple[Ledger, list[DropFile], FakeGallery], most: list[int]
) -> None:
    ledger, files, gallery = state
    rested = to_rest(ledger, files, gallery, most)
    assert plan(see(rested, gallery.listing), gallery.listing, NOW, POLICY, KEPT) == Nothing()


@settings(max_examples=50)
@given(states())
def test_at_rest_every_wanted_image_is_there_once_as_wanted(
    state: tuple[Ledger, list[DropFile], FakeGallery],
) -> None:
    ledger, files, gallery = state
    before = {image.name for image in gallery.listing}
    rested = see(to_rest(ledger, files, gallery), gallery.listing)
    shown = {name: entry.live for name, entry in rested.entries.items() if entry.live and not entry.live.gone}
    assert len({is_live.name for is_live in shown.values()}) == len(shown)
    assert {i.name for i in gallery.listing} - before <= {is_live.name for is_live in shown.values()}
    for file in files:
        entry = rested.entries[file.drop.key]
        assert not is_waiting(entry)
        was = ledger.entries.get(file.drop.key)
        if file.drop.key not in shown:
            # Only what a person deleted, and was not dropped anew since, stays away.
            assert was is not None
            assert was.live is not None
            assert was.live.name not in before
            assert file.generation == was.live.generation
            continue
        is_live = shown[file.drop.key]
        assert is_live.checksum == file.checksum
        assert (is_live.description or "") == file.metadata.get("description", "")


@settings(max_examples=50)
@given(states())
def test_at_rest_the_priorities_are_in_the_wanted_order(
    state: tuple[Ledger, list[DropFile], FakeGallery],
) -> None:
    ledger, files, gallery = state
    rested = see(to_rest(ledger, files, gallery), gallery.listing)
    automatic, explicit = [], []
    for file in files:
        is_live = rested.entries[file.drop.key].live
        if is_live is None or is_live.gone:
            continue
        if "priority" in file.metadata:
            explicit.append((is_live.priority, int(file.metadata["priority"])))
        else:
            automatic.append((name_order.order(file.drop.key), place_of(is_live, KEPT)))
    assert all(sent == asked for sent, asked in explicit)
    in_order = [number for _, number in sorted(automatic)]
    assert all(a is not None and b is not None and a < b for a, b in pairwise(in_order))


@settings(max_examples=50)
@given(states())
def test_nothing_that_is_not_ours_is_changed_or_deleted(state: tuple[Ledger, list[DropFile], FakeGallery]) -> None:
    ledger, files, gallery = state
    foreign = {image for image in gallery.listing if image.name.startswith("foreign")}
    to_rest(ledger, files, gallery)
    assert foreign <= set(gallery.listing)


@settings(max_examples=50)
@given(states())
def test_what_a_person_changed_in_the_shop_stays_until_its_drop_changes(
    state: tuple[Ledger, list[DropFile], FakeGallery],
) -> None:
    ledger, files, gallery = state
    rested = to_rest(ledger, files, gallery)
    moved = FakeGallery(replace(i, priority=7, description="a person's") for i in gallery.listing)
    again = to_rest(see(rested, moved.listing), files, moved)
    assert (moved.changes, again) == (0, see(rested, moved.listing))
    emptied = FakeGallery()
    to_rest(see(rested, ()), files, emptied)
    assert emptied.listing == ()

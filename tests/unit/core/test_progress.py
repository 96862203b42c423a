"""What a caller is told of a request: from what was written down of its parts, and from the ledger."""

import pytest

from gallery_sync.core.ledger import Content, Entry, Failure, Flight, Ledger, Live, Wanted, generation_at
from gallery_sync.core.operation import AskedImage, ImageOutcome, Kind, Operation, Outcome, Part, Problem
from gallery_sync.core.progress import part_progress
from tests.unit.core.build import GUID, NOW, a_flight, a_ledger, replace, sent, shown

KEY = "url:front"
URL = "https://pim.example/front.jpg"
CONTENT = Content(URL, generation_at(NOW), "op:op1.0.0", 0, url=True)
WANTED = Wanted(CONTENT, NOW)
SHOWS = Live("5.jpg", CONTENT.checksum, CONTENT.generation)
OTHER = replace(CONTENT, checksum="op:op2.0.0", generation=CONTENT.generation + 1)
NO_RIGHT = Problem(403, "not-allowed", "the key has no right to it")


def operation(kind: Kind = "insert", images: int = 1) -> Operation:
    asked = tuple(AskedImage(URL, f"{KEY}{number or ''}") for number in range(images))
    return Operation("op1", "pim", "digest", (Part(kind, GUID, "shop", asked),))


def told(ledger: Ledger | None, accepted: bool = True, **outcomes: Outcome) -> tuple[ImageOutcome, bool]:
    """What is told of the one picture of a request, and whether that is over."""
    (image,), problem, over = part_progress(operation(), 0, ledger, outcomes, accepted)
    assert problem is None
    return image, over


def with_entry(entry: Entry, flight: Flight | None = None) -> Ledger:
    return a_ledger(shown("a.jpg", "1.jpg", 100) | {KEY: entry}, flight=flight)


@pytest.mark.parametrize(
    ("entry", "image", "over"),
    [
        pytest.param(Entry(WANTED), ImageOutcome("waiting", None, KEY), False, id="nothing happened yet"),
        pytest.param(
            Entry(WANTED, attempts=1, last_reason="busy"),
            ImageOutcome("waiting", None, KEY, reason="busy"),
            False,
            id="a try failed",
        ),
        pytest.param(Entry(WANTED, SHOWS), ImageOutcome("live", "5.jpg", KEY), True, id="shown"),
        pytest.param(
            Entry(replace(WANTED, content=OTHER), SHOWS),
            ImageOutcome("live", "5.jpg", KEY),
            True,
            id="shown, another is wanted by now",
        ),
        pytest.param(
            Entry(WANTED, replace(SHOWS, checksum="op:op0.0.0", generation=1)),
            ImageOutcome("waiting", "5.jpg", KEY),
            False,
            id="another is shown still",
        ),
        pytest.param(
            Entry(WANTED, failure=Failure("gave-up", "given up after 5 tries", NOW)),
            ImageOutcome("failed", None, KEY, reason="given up after 5 tries"),
            True,
            id="failed for good",
        ),
        pytest.param(
            Entry(WANTED, SHOWS, failure=Failure("refused", "its attributes", NOW)),
            ImageOutcome("live", "5.jpg", KEY),
            True,
            id="shown, something else of it failed",
        ),
        pytest.param(
            Entry(WANTED, replace(SHOWS, state="gone")),
            ImageOutcome("superseded", "5.jpg", KEY, reason="the image was deleted afterwards"),
            True,
            id="deleted since",
        ),
        pytest.param(
            Entry(WANTED, replace(SHOWS, checksum="op:op0.0.0", generation=1, state="gone")),
            ImageOutcome("waiting", "5.jpg", KEY),
            False,
            id="a person deleted the one before, this one comes",
        ),
        pytest.param(
            Entry(None, SHOWS), ImageOutcome("live", "5.jpg", KEY), True, id="shown, although nobody wants it any more"
        ),
    ],
)
def test_how_far_a_picture_is(entry: Entry, image: ImageOutcome, over: bool) -> None:
    assert told(with_entry(entry)) == (image, over)


def test_a_picture_that_flies_is_under_way_with_its_job() -> None:
    flight = a_flight({KEY: replace(sent("x"), checksum=CONTENT.checksum)}, job_id="j1")
    assert told(with_entry(Entry(WANTED), flight)) == (ImageOutcome("under-way", None, KEY, job_id="j1"), False)


@pytest.mark.parametrize(
    ("key", "checksum"),
    [(KEY, "op:aa"), (KEY, "op:zz"), ("url:other", CONTENT.checksum)],
    ids=["an earlier picture", "another picture", "another key"],
)
def test_a_flight_of_something_else_does_not_carry_it(key: str, checksum: str) -> None:
    flight = a_flight({key: replace(sent("x"), checksum=checksum)}, job_id="j1")
    assert told(with_entry(Entry(WANTED), flight)) == (ImageOutcome("waiting", None, KEY), False)


@pytest.mark.parametrize(("ledger", "accepted"), [(None, False), (None, True), (a_ledger(), False)])
def test_a_picture_waits_until_the_ledger_has_it(ledger: Ledger | None, accepted: bool) -> None:
    assert told(ledger, accepted) == (ImageOutcome("waiting", None, KEY), False)


def test_a_picture_that_the_ledger_has_no_more_is_superseded() -> None:
    gone = ImageOutcome("superseded", None, KEY, reason="a later request, drop or cleanup took its place")
    assert told(a_ledger(shown("a.jpg", "1.jpg", 100))) == (gone, True)


def test_a_picture_that_was_refused_alone_is_told_as_it_was_written_down() -> None:
    missing = ImageOutcome("failed", None, KEY, reason="the gallery has no such image")
    images, problem, over = part_progress(operation(images=2), 0, a_ledger(), {"0": Outcome(NOW, (missing,))}, False)
    assert (images, problem, over) == ((missing, ImageOutcome("waiting", None, f"{KEY}1")), None, False)


def test_each_picture_of_a_request_is_told_by_its_own_place() -> None:
    second = Entry(Wanted(replace(CONTENT, checksum="op:op1.0.1"), NOW))
    images, _, over = part_progress(
        operation(images=2), 0, a_ledger({KEY: Entry(WANTED, SHOWS), f"{KEY}1": second}), {}, True
    )
    assert [image.state for image in images] == ["live", "waiting"]
    assert not over


@pytest.mark.parametrize("kind", ["insert", "source", "attributes", "clean", "delete", "sync"])
def test_a_part_that_was_refused_is_over_with_its_problem(kind: Kind) -> None:
    left = (ImageOutcome("skipped", "1.jpg"),)
    refused = {"0": Outcome(NOW, left, NO_RIGHT)}
    assert part_progress(operation(kind), 0, None, refused, accepted=False) == (left, NO_RIGHT, True)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_sync_is_over_once_it_was_accepted(accepted: bool) -> None:
    assert part_progress(operation("sync", 0), 0, None, {}, accepted) == ((), None, accepted)


def test_a_part_of_several_calls_is_over_with_the_last_and_tells_of_each_that_ended() -> None:
    one, other = (ImageOutcome("updated", name) for name in ("1.jpg", "2.jpg"))
    asked = operation("attributes", 101)
    half = {"0.1": Outcome(NOW, (other,))}
    assert part_progress(asked, 0, None, half, accepted=True) == ((other,), None, False)
    assert part_progress(asked, 0, None, half | {"0.0": Outcome(NOW, (one,))}, True) == ((one, other), None, True)
    failed = half | {"0.0": Outcome(NOW, problem=NO_RIGHT)}
    assert part_progress(asked, 0, None, failed, accepted=True) == ((other,), NO_RIGHT, True)


def test_a_part_is_told_by_its_own_number() -> None:
    both = replace(operation("clean", 0), parts=(Part("clean", GUID, "shop"), Part("clean", GUID, "shop360")))
    outcomes = {"1": Outcome(NOW, (ImageOutcome("deleted", "1.jpg"),))}
    assert part_progress(both, 0, None, outcomes, accepted=True) == ((), None, False)
    assert part_progress(both, 1, None, outcomes, accepted=True) == (outcomes["1"].images, None, True)

"""Which new image of a gallery belongs to which key of an insertion, and what is never claimed."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core import match
from gallery_sync.core.ledger import Flight
from gallery_sync.core.match import Match, errors_by_key
from gallery_sync.core.shop_facts import Facts
from gallery_sync.core.shop_values import Image, ResultRow
from tests.unit.core.build import GIVEN, KEPT, NOBODY_KNOWS, a_flight, img, insertion, key, replace

A, B, C = key("a.jpg"), key("b.jpg"), key("c.jpg")
FLIGHT = insertion({"a.jpg": 100, "b.jpg": 200, "c.jpg": 300}, before=("old.jpg",))
DONE = replace(FLIGHT, job_id="job-1", job_created="2026-08-21T10:00:00+0200")
OLD = img("old.jpg", 50)


def url(file: str) -> str:
    return f"https://storage.example/state/outbox/{file}?X-Goog-Signature=0"


def inserted(flight: Flight, listing: Sequence[Image], rows: Sequence[ResultRow] = (), facts: Facts = KEPT) -> Match:
    """What came of it, but for what it tells of the shop."""
    return dataclasses.replace(match.inserted(flight, listing, rows, facts), numbers=None)


def named(outcome: Match) -> dict[str, str]:
    return {name.rpartition("/")[2]: image.name for name, image in outcome.found.items()}


def test_the_priority_that_only_we_used_tells_the_images_apart() -> None:
    outcome = inserted(FLIGHT, [img("9.jpg", 100), OLD, img("7.jpg", 300), img("8.jpg", 200)])
    assert named(outcome) == {"a.jpg": "9.jpg", "b.jpg": "8.jpg", "c.jpg": "7.jpg"}
    assert (outcome.missing, outcome.unexplained) == ((), ())


def test_what_did_not_appear_is_missing() -> None:
    outcome = inserted(FLIGHT, [OLD, img("8.jpg", 200)])
    assert named(outcome) == {"b.jpg": "8.jpg"}
    assert (outcome.missing, outcome.unexplained) == ((A, C), ())


def test_a_foreign_image_beside_ours_is_unexplained_and_never_claimed() -> None:
    outcome = inserted(FLIGHT, [OLD, img("9.jpg", 100), img("8.jpg", 200), img("foreign.jpg", 7)])
    assert named(outcome) == {"a.jpg": "9.jpg", "b.jpg": "8.jpg"}
    assert (outcome.missing, outcome.unexplained) == ((C,), ("foreign.jpg",))


def test_two_new_images_with_our_priority_are_both_unexplained() -> None:
    outcome = inserted(FLIGHT, [img("8.jpg", 100), img("9.jpg", 100)])
    assert (named(outcome), outcome.missing, outcome.unexplained) == ({}, (A, B, C), ("8.jpg", "9.jpg"))


def test_an_image_that_was_there_before_is_never_claimed_even_with_our_priority() -> None:
    flight = insertion({"a.jpg": 100}, before=("old.jpg",))
    assert inserted(flight, [img("old.jpg", 100)]) == Match({}, (A,), ())


def test_a_shop_that_renumbers_is_matched_by_order_where_the_numbers_fit() -> None:
    outcome = inserted(DONE, [img("9.jpg", 3), OLD, img("8.jpg", 1), img("7.jpg", 2)], facts=GIVEN)
    assert named(outcome) == {"a.jpg": "8.jpg", "b.jpg": "7.jpg", "c.jpg": "9.jpg"}
    assert (outcome.missing, outcome.unexplained) == ((), ())


@pytest.mark.parametrize("facts", [GIVEN, NOBODY_KNOWS], ids=["given", "nobody knows"])
def test_a_shop_that_shows_no_priorities_is_matched_by_the_order_in_which_it_lists(facts: Facts) -> None:
    assert named(inserted(DONE, [img("3.jpg"), img("1.jpg"), img("2.jpg")], facts=facts)) == {
        "a.jpg": "3.jpg",
        "b.jpg": "1.jpg",
        "c.jpg": "2.jpg",
    }


@pytest.mark.parametrize("facts", [GIVEN, NOBODY_KNOWS], ids=["given", "nobody knows"])
@pytest.mark.parametrize("priorities", [(1, 2), (1, 2, 3, 4)])
def test_a_shop_that_renumbers_is_not_matched_where_the_numbers_do_not_fit(
    priorities: tuple[int, ...], facts: Facts
) -> None:
    outcome = inserted(DONE, [img(f"{n}.jpg", n) for n in priorities], facts=facts)
    assert (named(outcome), outcome.missing) == ({}, (A, B, C))
    assert outcome.unexplained == tuple(f"{n}.jpg" for n in priorities)


@pytest.mark.parametrize(
    ("flight", "facts"),
    [
        pytest.param(FLIGHT, GIVEN, id="the answer was lost"),
        pytest.param(replace(DONE, reason="Shoptet's job ended as failed"), GIVEN, id="the job failed"),
        pytest.param(DONE, KEPT, id="the shop keeps numbers"),
        pytest.param(replace(DONE, first_miss=1.0), NOBODY_KNOWS, id="nothing was there when the job had just ended"),
    ],
)
def test_as_many_new_images_as_ours_are_not_claimed_where_they_may_be_somebody_elses(
    flight: Flight, facts: Facts
) -> None:
    outcome = inserted(flight, [img("8.jpg", 1), img("7.jpg", 2), img("9.jpg", 3)], facts=facts)
    assert (named(outcome), outcome.missing) == ({}, (A, B, C))


def test_a_renumbered_image_that_happens_to_have_one_of_our_numbers_is_matched_by_order_all_the_same() -> None:
    files = {f"{n:03}.jpg": n * 100 for n in range(1, 101)}
    flight = replace(insertion(files), job_created=DONE.job_created)
    for facts in (GIVEN, NOBODY_KNOWS):
        outcome = inserted(flight, [img(f"{n:03}-live.jpg", n) for n in range(1, 101)], facts=facts)
        assert named(outcome) == {file: f"{file[:3]}-live.jpg" for file in files}


def test_a_single_new_image_is_ours_only_in_a_gallery_that_is_counted() -> None:
    flight = replace(insertion({"a.jpg": 137}, before=("old.jpg",)), job_created=DONE.job_created)
    somebody_elses = (img("old.jpg", 37), img("new.jpg", 38))
    assert named(inserted(flight, somebody_elses, facts=NOBODY_KNOWS)) == {}
    assert inserted(flight, somebody_elses, facts=NOBODY_KNOWS).unexplained == ("new.jpg",)
    assert named(inserted(flight, somebody_elses, facts=GIVEN)) == {"a.jpg": "new.jpg"}
    uneven = (img("old.jpg", 1), img("older.jpg", 3), img("new.jpg", 4))
    both = replace(flight, before=("old.jpg", "older.jpg"))
    assert named(inserted(both, uneven, facts=NOBODY_KNOWS)) == {}
    two = replace(insertion({"a.jpg": 137, "b.jpg": 237}, before=("old.jpg",)), job_created=DONE.job_created)
    more = (img("old.jpg", 37), img("1.jpg", 38), img("2.jpg", 39))
    assert named(inserted(two, more, facts=NOBODY_KNOWS)) == {"a.jpg": "1.jpg", "b.jpg": "2.jpg"}
    assert named(inserted(flight, (img("old.jpg", 10), img("new.jpg", 20)), facts=NOBODY_KNOWS)) == {"a.jpg": "new.jpg"}
    assert named(inserted(flight, (img("old.jpg"), img("new.jpg")), facts=NOBODY_KNOWS)) == {"a.jpg": "new.jpg"}


def test_of_a_renumbered_few_one_may_have_one_of_our_numbers_by_chance() -> None:
    outcome = inserted(DONE, [img("7.jpg", 101), img("8.jpg", 100), img("9.jpg", 102)], facts=NOBODY_KNOWS)
    assert named(outcome) == {"a.jpg": "8.jpg", "b.jpg": "7.jpg", "c.jpg": "9.jpg"}


def test_where_a_number_tells_that_the_shop_keeps_it_the_other_image_is_somebody_elses() -> None:
    flight = replace(insertion({"a.jpg": 137, "b.jpg": 237}), job_created=DONE.job_created)
    outcome = inserted(flight, [img("1.jpg", 137), img("foreign.jpg", 7)], facts=NOBODY_KNOWS)
    assert (named(outcome), outcome.unexplained) == ({"a.jpg": "1.jpg"}, ("foreign.jpg",))


def test_a_shop_that_renumbers_is_matched_by_the_order_of_the_numbers_that_were_sent() -> None:
    # A ledger that is read again has lost the order of the call.
    flight = replace(insertion({"b.jpg": 200, "c.jpg": 300, "a.jpg": 100}), job_created=DONE.job_created)
    outcome = inserted(flight, [img("7.jpg", 2), img("8.jpg", 1), img("9.jpg", 3)], facts=GIVEN)
    assert named(outcome) == {"a.jpg": "8.jpg", "b.jpg": "7.jpg", "c.jpg": "9.jpg"}


TELLING = replace(insertion({"a.jpg": 137, "b.jpg": 237, "c.jpg": 337}), job_created=DONE.job_created)


@pytest.mark.parametrize("facts", [KEPT, NOBODY_KNOWS], ids=["kept", "nobody knows"])
def test_where_most_new_images_kept_their_numbers_the_others_are_foreign(facts: Facts) -> None:
    # As many as were sent: two of ours, and a person's in the stead of the one that silently got lost.
    outcome = inserted(TELLING, [img("1.jpg", 137), img("2.jpg", 337), img("foreign.jpg", 7)], facts=facts)
    assert named(outcome) == {"a.jpg": "1.jpg", "c.jpg": "2.jpg"}
    assert (outcome.missing, outcome.unexplained) == ((B,), ("foreign.jpg",))


def test_where_new_images_kept_their_numbers_in_a_shop_that_is_seen_to_renumber_a_person_has_to_look() -> None:
    outcome = inserted(TELLING, [img("1.jpg", 137), img("2.jpg", 337), img("foreign.jpg", 7)], facts=GIVEN)
    assert (named(outcome), outcome.missing) == ({}, (A, B, C))


def test_what_kept_its_number_is_ours_although_another_got_lost() -> None:
    outcome = inserted(DONE, [img("1.jpg", 100), img("2.jpg", 300)])
    assert (named(outcome), outcome.missing) == ({"a.jpg": "1.jpg", "c.jpg": "2.jpg"}, (B,))


def test_a_shop_that_is_seen_to_renumber_is_not_matched_by_a_number_that_fits_by_chance() -> None:
    outcome = inserted(DONE, [img("8.jpg", 100), img("7.jpg", 300)], facts=GIVEN)
    assert (named(outcome), outcome.unexplained) == ({}, ("8.jpg", "7.jpg"))


def test_a_shop_that_kept_one_priority_does_not_renumber() -> None:
    outcome = inserted(DONE, [img("1.jpg", 100), img("2.jpg", 2), img("3.jpg", 3)], facts=KEPT)
    assert (named(outcome), outcome.unexplained) == ({"a.jpg": "1.jpg"}, ("2.jpg", "3.jpg"))


def test_what_shoptet_says_has_failed_is_not_counted_as_renumbered() -> None:
    flight = replace(DONE, errors={B: "cannot be read"})
    outcome = inserted(flight, [img("1.jpg", 1), img("2.jpg", 2)], facts=GIVEN)
    assert (named(outcome), outcome.missing) == ({"a.jpg": "1.jpg", "c.jpg": "2.jpg"}, (B,))


def test_an_image_that_a_person_added_while_ours_failed_is_not_claimed() -> None:
    flight = replace(insertion({"a.jpg": 100}), job_created=DONE.job_created, errors={A: "cannot be read"})
    assert inserted(flight, [img("foreign.jpg", 1)], facts=GIVEN) == Match({}, (A,), ("foreign.jpg",))


def test_the_gallery_counts_where_it_shows_what_shoptet_says_has_failed() -> None:
    flight = replace(FLIGHT, errors={B: "cannot be read"})
    assert named(inserted(flight, [img("1.jpg", 200)])) == {"b.jpg": "1.jpg"}


def rows_by_url(files: dict[str, str]) -> list[ResultRow]:
    return [ResultRow(source_url=url(file), name=name) for file, name in files.items()]


RENAMED = {"a.jpg": "3.jpg", "b.jpg": "1.jpg", "c.jpg": "2.jpg"}
IN_REQUEST_ORDER = [ResultRow(name="3.jpg"), ResultRow(name="1.jpg"), ResultRow(name="2.jpg")]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(rows_by_url(RENAMED), id="by the url we gave"),
        pytest.param(list(reversed(rows_by_url(RENAMED))), id="by the url, in any order"),
        pytest.param(IN_REQUEST_ORDER, id="by place, all rows there"),
        pytest.param(
            [
                ResultRow(index=2, name="2.jpg"),
                ResultRow(index=0, name="3.jpg"),
                ResultRow(index=1, name="1.jpg"),
            ],
            id="by the place that the row tells",
        ),
    ],
)
def test_a_result_that_names_its_images_counts_before_a_renumbered_order(rows: list[ResultRow]) -> None:
    for facts in (KEPT, GIVEN, NOBODY_KNOWS):
        assert named(inserted(FLIGHT, [img("1.jpg", 1), img("2.jpg", 2), img("3.jpg", 3)], rows, facts)) == RENAMED


@pytest.mark.parametrize("more", [[], [ResultRow(), ResultRow()]], ids=["shorter", "longer"])
def test_a_result_of_another_length_is_not_read_by_place(more: list[ResultRow]) -> None:
    rows = [ResultRow(name="2.jpg"), ResultRow(name="1.jpg"), *more]
    outcome = inserted(FLIGHT, [img("1.jpg", 1), img("2.jpg", 2)], rows)
    assert (named(outcome), outcome.unexplained) == ({}, ("1.jpg", "2.jpg"))


@pytest.mark.parametrize("index", [-1, 3, 1000])
def test_a_place_outside_the_request_names_nobody(index: int) -> None:
    rows = [ResultRow(index=index, name="1.jpg"), ResultRow(), ResultRow()]
    assert named(inserted(FLIGHT, [img("1.jpg", 1)], rows)) == {}


def test_a_result_that_names_a_name_that_is_not_new_names_nobody() -> None:
    rows = rows_by_url({"a.jpg": "old.jpg", "b.jpg": "never.jpg"})
    assert named(inserted(FLIGHT, [OLD, img("1.jpg", 1)], rows)) == {}


def test_a_result_that_gives_one_name_to_two_images_names_nobody() -> None:
    rows = rows_by_url({"a.jpg": "1.jpg", "b.jpg": "1.jpg"})
    assert named(inserted(FLIGHT, [img("1.jpg", 1)], rows)) == {}


def test_a_result_that_contradicts_our_priority_does_not_count() -> None:
    rows = rows_by_url({"a.jpg": "2.jpg", "b.jpg": "1.jpg"})
    assert named(inserted(FLIGHT, [img("1.jpg", 100), img("2.jpg", 200)], rows)) == {"a.jpg": "1.jpg", "b.jpg": "2.jpg"}
    telling = [img("1.jpg", 137), img("2.jpg", 237)]
    assert named(inserted(TELLING, telling, rows, NOBODY_KNOWS)) == {"a.jpg": "1.jpg", "b.jpg": "2.jpg"}
    # A number that the shop gave contradicts nothing.
    assert named(inserted(TELLING, telling, rows, GIVEN)) == {"a.jpg": "2.jpg", "b.jpg": "1.jpg"}


def test_a_row_whose_url_is_somebody_elses_names_nobody() -> None:
    rows = [ResultRow(source_url="https://elsewhere.example/x.jpg", name=name) for name in ("1.jpg", "2.jpg", "3.jpg")]
    assert named(inserted(FLIGHT, [img("1.jpg", 1)], rows)) == {}


def test_the_result_names_some_and_the_priority_the_others() -> None:
    rows = rows_by_url({"a.jpg": "1.jpg"})
    outcome = inserted(FLIGHT, [img("1.jpg", 1), img("2.jpg", 200), img("foreign.jpg", 9)], rows)
    assert named(outcome) == {"a.jpg": "1.jpg", "b.jpg": "2.jpg"}
    assert (outcome.missing, outcome.unexplained) == ((C,), ("foreign.jpg",))


def test_what_an_earlier_look_matched_stays_matched() -> None:
    flight = replace(FLIGHT, claimed={A: "1.jpg"})
    outcome = inserted(flight, [img("1.jpg", 7), img("2.jpg", 100), img("3.jpg", 200)])
    assert named(outcome) == {"a.jpg": "1.jpg", "b.jpg": "3.jpg"}
    assert outcome.unexplained == ("2.jpg",)


def test_what_an_earlier_look_matched_is_not_matched_anew_by_the_result() -> None:
    flight = replace(FLIGHT, claimed={A: "1.jpg"})
    outcome = inserted(flight, [img("1.jpg", 7), img("2.jpg", 8)], rows_by_url({"a.jpg": "2.jpg"}))
    assert (named(outcome), outcome.unexplained) == ({"a.jpg": "1.jpg"}, ("2.jpg",))


def test_a_match_of_an_earlier_look_that_is_no_longer_listed_is_missing() -> None:
    assert inserted(replace(insertion({"a.jpg": 100}), claimed={A: "1.jpg"}), []) == Match({}, (A,), ())


def test_an_empty_flight_has_no_outcome_and_every_new_name_is_unexplained() -> None:
    assert inserted(a_flight({}), [img("1.jpg", 1)]) == Match({}, (), ("1.jpg",))


listings = st.lists(
    st.builds(
        Image,
        st.integers(1, 8).map("{}.jpg".format),
        st.none() | st.sampled_from([1, 2, 100, 200, 300]),
    ),
    unique_by=lambda image: image.name,
    max_size=6,
)
result_rows = st.lists(
    st.builds(
        ResultRow,
        index=st.none() | st.integers(-1, 4),
        name=st.none() | st.integers(1, 8).map("{}.jpg".format),
        source_url=st.none() | st.sampled_from([url("a.jpg"), url("b.jpg"), url("x.jpg")]),
        error=st.none() | st.just("cannot be read"),
    ),
    max_size=4,
)
flights = st.builds(
    lambda before, claimed, errors: replace(DONE, before=tuple(before), claimed=claimed, errors=errors),
    st.lists(st.integers(1, 8).map("{}.jpg".format), max_size=3),
    st.sampled_from([{}, {A: "1.jpg"}, {A: "1.jpg", B: "2.jpg"}]),
    st.sampled_from([{}, {A: "no"}, {B: "no", C: "no"}]),
)


@given(flights, listings, result_rows, st.sampled_from([NOBODY_KNOWS, KEPT, GIVEN]))
def test_every_new_name_is_claimed_once_or_unexplained_and_every_key_found_or_missing(
    flight: Flight, listing: list[Image], rows: list[ResultRow], facts: Facts
) -> None:
    outcome = inserted(flight, listing, rows, facts)
    names = [image.name for image in outcome.found.values()]
    assert sorted([*names, *outcome.unexplained]) == sorted({i.name for i in listing} - set(flight.before))
    assert sorted([*outcome.found, *outcome.missing]) == sorted(flight.images)


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ([], {}),
        ([ResultRow(source_url=url("b.jpg"), error="too large")], {B: "too large"}),
        ([ResultRow(error="too large"), ResultRow(name="1.jpg"), ResultRow()], {A: "too large"}),
        ([ResultRow(index=2, error="too large"), ResultRow(index=0), ResultRow(index=1)], {C: "too large"}),
        ([ResultRow(error="too large")], {}),
        ([ResultRow(source_url="https://elsewhere.example/", error="too large")], {}),
        ([ResultRow(source_url=url("b.jpg"), error="first"), ResultRow(source_url=url("b.jpg"))], {B: "first"}),
    ],
)
def test_a_results_errors_are_those_of_the_keys_that_its_rows_speak_of(
    rows: list[ResultRow], errors: dict[str, str]
) -> None:
    assert errors_by_key(FLIGHT, rows) == errors


def test_a_row_of_a_source_update_speaks_of_the_image_that_it_names() -> None:
    flight = a_flight({name: replace(s, name=f"{name[-5]}.png") for name, s in FLIGHT.images.items()}, "source")
    assert errors_by_key(flight, [ResultRow(name="b.png", error="too large")]) == {B: "too large"}


@pytest.mark.parametrize(
    ("names", "failed"),
    [
        pytest.param((None, None, None), "b", id="no row names an image"),
        pytest.param(("a.png", "b.webp", "c.png"), "b", id="under another extension"),
        pytest.param(("a.png", "a.webp", "c.png"), None, id="another image, one before"),
        pytest.param(("a.png", "c.webp", "c.png"), None, id="another image, one after"),
    ],
)
def test_a_row_of_a_source_update_speaks_by_its_place_unless_it_names_another_image(
    names: tuple[str | None, ...], failed: str | None
) -> None:
    flight = a_flight({name: replace(s, name=f"{name[-5]}.png") for name, s in FLIGHT.images.items()}, "source")
    rows = [ResultRow(name=name, error="too large" if at == 1 else None) for at, name in enumerate(names)]
    assert errors_by_key(flight, rows) == ({B: "too large"} if failed else {})


@pytest.mark.parametrize(
    ("listing", "rows", "numbers"),
    [
        pytest.param([img("1.jpg", 137), img("2.jpg", 237), img("3.jpg", 337)], (), "kept", id="all kept"),
        pytest.param([img("1.jpg", 137)], (), "kept", id="one is there, and kept it"),
        pytest.param([img("1.jpg", 1), img("2.jpg", 2), img("3.jpg", 3)], (), "given", id="counted"),
        pytest.param([img("1.jpg", 100), img("2.jpg", 200), img("3.jpg", 300)], (), "given", id="counted in our steps"),
        pytest.param([img("1.jpg"), img("2.jpg"), img("3.jpg")], (), "given", id="none shown"),
        pytest.param([img("1.jpg", 1)], (), None, id="too few to say whose they are"),
        pytest.param([img("1.jpg", 1)], rows_by_url({"a.jpg": "1.jpg"}), "given", id="named, and numbered anew"),
        pytest.param([img("1.jpg", 137)], rows_by_url({"a.jpg": "1.jpg"}), "kept", id="named, and kept"),
        pytest.param(
            [img("1.jpg", 137), img("2.jpg", 1)], rows_by_url({"a.jpg": "1.jpg", "b.jpg": "2.jpg"}), None, id="both"
        ),
        pytest.param([], (), None, id="nothing there"),
    ],
)
def test_a_flight_tells_what_the_shop_does_with_numbers(
    listing: list[Image], rows: Sequence[ResultRow], numbers: str | None
) -> None:
    assert match.inserted(TELLING, listing, rows, NOBODY_KNOWS).numbers == numbers


def test_where_a_shop_is_known_to_keep_numbers_one_image_alone_may_have_been_moved_by_a_person() -> None:
    rows = rows_by_url({"a.jpg": "1.jpg", "b.jpg": "2.jpg"})
    assert match.inserted(TELLING, [img("1.jpg", 7)], rows, KEPT).numbers is None
    assert match.inserted(TELLING, [img("1.jpg", 7), img("2.jpg", 8)], rows, KEPT).numbers == "given"
    assert match.inserted(TELLING, [img("1.jpg", 7)], rows, NOBODY_KNOWS).numbers == "given"


def test_numbers_that_only_look_like_ours_are_matched_by_order() -> None:
    # A shop that counts in our steps, behind one image of its own.
    shown = [img("1.jpg", 200), img("2.jpg", 300), img("3.jpg", 400)]
    assert named(inserted(DONE, shown, facts=NOBODY_KNOWS)) == {"a.jpg": "1.jpg", "b.jpg": "2.jpg", "c.jpg": "3.jpg"}


@pytest.mark.parametrize(("place", "failed"), [(0, "a.jpg"), (2, "c.jpg"), (3, "d.jpg"), (4, None), (-1, None)])
def test_a_failure_that_is_told_by_its_place_is_of_the_picture_at_that_place(place: int, failed: str | None) -> None:
    told = errors_by_key(FOUR, [ResultRow(place, error="503", apart=True)])
    assert told == ({key(failed): "503"} if failed is not None else {})


def test_numbers_that_counting_gives_tell_nothing_of_the_shop() -> None:
    kept = [img("1.jpg", 100), img("2.jpg", 200), img("3.jpg", 300)]
    outcome = match.inserted(
        DONE, kept, rows_by_url({"a.jpg": "1.jpg", "b.jpg": "2.jpg", "c.jpg": "3.jpg"}), NOBODY_KNOWS
    )
    assert (len(outcome.found), outcome.numbers) == (3, None)


@pytest.mark.parametrize("number", [1, 10])
def test_after_a_lost_answer_a_number_that_a_renumbering_shop_may_have_given_claims_nobody(number: int) -> None:
    # Somebody else's image that one listing at take-off lacked, and whose number the shop changed to ours.
    flight = insertion({"a.jpg": number})
    listing = [img("foreign.jpg", number)]
    for facts in (GIVEN, NOBODY_KNOWS):
        assert inserted(flight, listing, facts=facts).unexplained == ("foreign.jpg",)
        assert A in inserted(replace(flight, job_created=DONE.job_created), listing, facts=facts).found
    assert A in inserted(flight, listing, facts=KEPT).found


FOUR = insertion({"a.jpg": 100, "b.jpg": 200, "c.jpg": 300, "d.jpg": 400}, job_created=DONE.job_created)
THREE_NAMED = [ResultRow(name=f"{n}.jpg") for n in (1, 2, 3)]
A_FAILED = ResultRow(source_url=url("a.jpg"), error="503", apart=True)
SHOWN = [
    pytest.param((200, 300, 400), id="kept"),
    pytest.param((10, 20, 30), id="renumbered"),
    pytest.param((None, None, None), id="null"),
]


@pytest.mark.parametrize("numbers", SHOWN)
@pytest.mark.parametrize(
    "rows",
    [[*THREE_NAMED, A_FAILED], [A_FAILED, *THREE_NAMED], [*THREE_NAMED, ResultRow(0, error="503", apart=True)]],
    ids=["behind", "before", "by place"],
)
def test_what_failed_apart_from_the_rows_shifts_no_other_picture(
    rows: list[ResultRow], numbers: tuple[int | None, ...]
) -> None:
    flight = replace(FOUR, errors=errors_by_key(FOUR, rows))
    assert flight.errors == {A: "503"}
    listing = [img(f"{n}.jpg", number) for n, number in enumerate(numbers, 1)]
    for facts in (NOBODY_KNOWS, KEPT if numbers[0] == 200 else GIVEN):
        outcome = inserted(flight, listing, rows, facts)
        assert (named(outcome), outcome.missing) == ({"b.jpg": "1.jpg", "c.jpg": "2.jpg", "d.jpg": "3.jpg"}, (A,))


def test_beside_an_image_of_somebody_elses_the_rows_that_are_left_tell_who_is_who() -> None:
    flight = replace(FOUR, errors={A: "503"})
    listing = [img("foreign.jpg"), *(img(f"{n}.jpg") for n in (1, 2, 3))]
    outcome = inserted(flight, listing, [A_FAILED, *THREE_NAMED], GIVEN)
    assert named(outcome) == {"b.jpg": "1.jpg", "c.jpg": "2.jpg", "d.jpg": "3.jpg"}


def test_where_all_failed_apart_from_any_rows_each_is_told_why() -> None:
    rows = [ResultRow(error=f"reason {n}", apart=True) for n in range(4)]
    assert errors_by_key(FOUR, rows) == {key(f"{letter}.jpg"): f"reason {n}" for n, letter in enumerate("abcd")}


def test_where_a_failure_names_no_picture_no_place_counts() -> None:
    rows = [*THREE_NAMED, ResultRow(error="503", apart=True)]
    assert errors_by_key(FOUR, rows) == {}
    shown_as = [img(f"{n}.jpg", 10 * n) for n in (1, 2, 3)]
    for facts in (GIVEN, NOBODY_KNOWS):
        assert named(inserted(FOUR, shown_as, rows, facts)) == {}
    kept = [img(f"{n}.jpg", number) for n, number in ((1, 200), (2, 300), (3, 400))]
    assert named(inserted(FOUR, kept, rows)) == {"b.jpg": "1.jpg", "c.jpg": "2.jpg", "d.jpg": "3.jpg"}


def test_twenty_that_a_shop_renumbers_in_tens_are_told_apart_by_the_names_of_the_result() -> None:
    files = {f"{n:02}.jpg": n * 100 for n in range(1, 21)}
    flight = replace(insertion(files), job_created=DONE.job_created)
    rows = [ResultRow(name=f"{n + 500}.jpg") for n in range(1, 21)]
    outcome = inserted(flight, [img(f"{n + 500}.jpg", n * 10) for n in range(1, 21)], rows, NOBODY_KNOWS)
    assert named(outcome) == {f"{n:02}.jpg": f"{n + 500}.jpg" for n in range(1, 21)}
    assert (outcome.missing, outcome.unexplained) == ((), ())


def test_rows_in_another_order_mislead_nobody_where_numbers_are_kept() -> None:
    rows = [ResultRow(name=name) for name in ("3.jpg", "2.jpg", "1.jpg")]
    outcome = inserted(DONE, [img("1.jpg", 100), img("2.jpg", 200), img("3.jpg", 300)], rows)
    assert named(outcome) == {"a.jpg": "1.jpg", "b.jpg": "2.jpg", "c.jpg": "3.jpg"}

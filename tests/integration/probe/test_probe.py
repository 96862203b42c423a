"""`gallery-sync probe` at shops that do as each switch of the sandbox says: what it finds, and that it leaves nothing behind."""

import dataclasses
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gallery_sync.ports.shop_errors import NotFound
from infra.cli.probe.questions import QUESTIONS, learned
from infra.cli.probe.run import PATH, Mark, probe, tidy
from infra.cli.stop import Stop
from tests.contract.sandbox.support import MUG
from tests.integration.probe.support import opened

AS_HOPED = {
    "what a result says of an insertion": "names images and the URLs that were sent; failures by their place",
    "a job's endpoint": "the full path",
    "others' jobs in the list": "none were seen",
    "whether a listing lags behind a job": "it does not",
    "numbers that an insertion sends": "kept as they were sent",
    "numbers that a change of attributes sends": "kept as they were sent",
    "descriptions": "kept as they were sent",
    "an image's name after a source update": "it stays",
    "its cdnName after that": "it changes",
    "its changeTime after a change of attributes": "it changes",
    "its changeTime after a source update": "it changes",
    "whether HEAD comes before GET": "not observable here",
    "WebP by sourceUrl": "taken",
    "a PNG of 11 MB": "not observable here: --large sends 11 MB",
    "whether orig is what was sent": "yes, byte for byte",
    "pictures that lie on their side (EXIF)": "as they were sent",
    "whether a change of images shows as a change of its product": "yes",
}

SWITCHES: list[tuple[dict[str, object], dict[str, str]]] = [
    ({"result_format": "placed"}, {"what a result says of an insertion": "names images; failures by their place"}),
    ({"result_format": "failed_urls"}, {"what a result says of an insertion": "names images; failures by their URL"}),
    (
        {"result_format": "bare"},
        {"what a result says of an insertion": "names no image; failures by their place"},
    ),
    ({"result_format": "html"}, {"what a result says of an insertion": "not to be read"}),
    ({"result_format": "missing"}, {"what a result says of an insertion": "not to be read"}),
    ({"result_format": "none"}, {"what a result says of an insertion": "there is none"}),
    ({"job_endpoint": "short"}, {"a job's endpoint": "short: /api/products/images"}),
    ({"foreign_jobs": 5}, {"others' jobs in the list": "yes"}),
    ({"foreign_jobs": 5, "list_foreign_jobs": False}, {}),
    ({"listing_lag_seconds": 40}, {"whether a listing lags behind a job": "by about 40 s"}),
    ({"renumber": "insertions"}, {"numbers that an insertion sends": "given anew: 10, 20, 30"}),
    (
        {"renumber": "changes", "renumber_from": 0, "renumber_step": 1},
        {
            "numbers that an insertion sends": "given anew: 0, 1, 2",
            "numbers that a change of attributes sends": "the order follows, and the number is given anew: 2",
        },
    ),
    (
        {"null_numbers": True},
        {
            "numbers that an insertion sends": "shown to nobody (null)",
            "numbers that a change of attributes sends": "the order follows, no number is shown",
        },
    ),
    ({"patched_numbers_kept": False}, {"numbers that a change of attributes sends": "ignored"}),
    ({"normalise_descriptions": True}, {"descriptions": "white space is tidied"}),
    (
        {"source_changes_extension": True},
        {"an image's name after a source update": "it changes: 101.png became 101.jpg"},
    ),
    ({"changes_show_images": False}, {"whether a change of images shows as a change of its product": "no"}),
    ({"webp": "refused"}, {"WebP by sourceUrl": "refused"}),
    ({"webp": "lost"}, {"WebP by sourceUrl": "lost without a word"}),
    (
        {"originals_encoded_again": True},
        {"whether orig is what was sent": "encoded again"},
    ),
    (
        {"originals_turned": True},
        {
            "whether orig is what was sent": "encoded again",
            "pictures that lie on their side (EXIF)": "turned, and the EXIF data is gone",
        },
    ),
    # What no caller of the API can see.
    ({"head_first": True}, {}),
    ({"job_detail": "flat"}, {}),
]


@pytest.mark.parametrize(("switch", "found"), SWITCHES, ids=lambda one: ", ".join(map(str, one)))
def test_each_switch_is_found_alone(switch: dict[str, object], found: dict[str, str]) -> None:
    with opened(**switch) as bench:
        assert told(bench.found()) == AS_HOPED | found
        assert bench.is_as_before()


def test_a_shop_that_is_as_one_would_hope() -> None:
    with opened() as bench:
        assert bench.found() == AS_HOPED
        assert bench.is_as_before()
    assert [question.asks for question in QUESTIONS] == list(AS_HOPED)


def told(found: dict[str, str]) -> dict[str, str]:
    """What is found, with the lag as it was set: it is measured to a second or two."""
    seconds = found["whether a listing lags behind a job"].removeprefix("by about ").removesuffix(" s")
    is_near = seconds.isdecimal() and abs(int(seconds) - 40) <= 2
    return found | ({"whether a listing lags behind a job": "by about 40 s"} if is_near else {})


def kinds(found: dict[str, str]) -> dict[str, str]:
    """What is found, but for how many numbers there are to be given: that depends on how many pictures there are."""
    return {
        asks: answer.partition(": ")[0] if answer.startswith(("given anew", "the order follows")) else answer
        for asks, answer in found.items()
    }


@pytest.mark.parametrize("seed", range(5))
def test_ten_switches_together_are_each_found(seed: int) -> None:
    """Those of numbers and of results say one thing each, so one of a kind is drawn."""
    drawn = random.Random(seed).sample(SWITCHES, len(SWITCHES))
    switches: dict[str, object] = {}
    expected: dict[str, str] = {}
    taken = 0
    for switch, found in drawn:
        if taken < 10 and not (switch.keys() & switches.keys() or found.keys() & expected.keys()):
            switches |= switch
            expected |= found
            taken += 1
    assert taken == 10
    with opened(**switches) as bench:
        if switches.get("webp", "taken") != "taken" and switches.get("result_format") in ("html", "missing", "none"):
            expected["WebP by sourceUrl"] = "not taken, and the result says nothing"
        assert kinds(told(bench.found())) == kinds(AS_HOPED | expected), switches
        assert bench.is_as_before()


def test_what_is_found_becomes_what_is_known_of_the_shop() -> None:
    with opened(renumber="changes", patched_numbers_kept=False) as bench:
        facts = learned(bench.probe(), at=5.0)
        assert (facts.numbers, facts.patched, facts.probed_at) == ("given", "ignored", 5.0)
        assert facts.originals == {"shop": f"{bench.api.url}/user/shop/orig/"}
        assert facts.found["numbers that a change of attributes sends"] == "ignored"
    with opened(null_numbers=True) as bench:
        assert learned(bench.probe(), at=5.0).numbers == "given"
    with opened() as bench:
        facts = learned(bench.probe(), at=5.0)
        assert (facts.numbers, facts.patched) == ("kept", "kept")


def test_a_gallery_that_is_not_empty_is_left_alone() -> None:
    with opened() as bench:
        name = bench.api.by_hand(MUG)
        with pytest.raises(Stop, match="is not empty"):
            bench.probe()
        assert bench.api.names(MUG) == [name]
        assert bench.documents.read(PATH) is None
        # The other gallery is empty.
        bench.probe("shop360")
        assert bench.api.names(MUG) == [name]


def test_a_product_that_customers_see_is_probed_only_if_that_is_asked_for() -> None:
    with opened() as bench:
        with pytest.raises(Stop, match="customers see Kávový hrnek"):
            probe(bench.world, MUG, "shop")
        assert bench.api.control("GET", "calls")["operations"].get("images.insert", 0) == 0
        hidden = {"guid": MUG, "name": "Hrnek", "code": "HRNEK-01", "visibility": "hidden"}
        bench.api.control("POST", "products", hidden)
        probe(bench.world, MUG, "shop")
        assert bench.is_as_before()


def test_eleven_megabytes_are_sent_only_if_that_is_asked_for() -> None:
    with opened() as bench:
        assert bench.found(large=True)["a PNG of 11 MB"] == "lost without a word"
        assert bench.is_as_before()
    with opened(silent_png_bytes=20_000_000) as bench:
        assert bench.found(large=True)["a PNG of 11 MB"] == "taken"
        assert bench.is_as_before()


BROKEN_OFF = (
    "insert",
    "job",
    "images",
    "originals",
    "update_attributes",
    "update_source",
    "result",
    "changes",
    "delete",
)


class BreaksOff:
    """The shop until a call at which somebody presses Ctrl-C, before or after it is carried out."""

    def __init__(self, shop: Any, call: str, *, after: bool) -> None:
        self._shop, self._call, self._after = shop, call, after
        self.broke_off = False

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._shop, name)
        if name != self._call or self.broke_off:
            return real

        def breaks(*arguments: Any, **more: Any) -> Any:
            self.broke_off = True
            if self._after:
                real(*arguments, **more)
            raise KeyboardInterrupt

        return breaks


@pytest.mark.parametrize("lag", [0, 40])
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("call", BROKEN_OFF)
def test_whoever_presses_ctrl_c_finds_the_gallery_as_it_was(call: str, after: bool, lag: float) -> None:
    with opened(listing_lag_seconds=lag) as bench:
        shop = BreaksOff(bench.world.shop, call, after=after)
        with pytest.raises((KeyboardInterrupt, Stop)):
            probe(dataclasses.replace(bench.world, shop=shop), MUG, "shop", visible=True)
        assert shop.broke_off
        if bench.documents.read(PATH) is not None:
            # It was pressed while it tidied up, or its job is not known: the next time it is.
            bench.world.clock.sleep(60)
            tidy(bench.world)
        assert bench.is_as_before()


def test_a_mark_whose_pictures_are_there_is_tidied_before_anything_new_is_sent() -> None:
    with opened() as bench:
        mine = bench.api.by_hand(MUG, description="gallery-sync probe p0 plain")
        persons = bench.api.by_hand(MUG, description="gallery-sync probe p1 plain, says a person")
        mark = Mark("p0", MUG, "shop", bench.world.clock.now())
        bench.documents.write(PATH, msgspec.json.encode(mark), generation=0)
        with pytest.raises(Stop, match="is not empty"):
            bench.probe()
        assert bench.api.names(MUG) == [persons]
        assert mine != persons
        assert bench.documents.read(PATH) is None


def test_a_product_that_is_not_there_is_said() -> None:
    with opened() as bench, pytest.raises(NotFound):
        probe(bench.world, "11111111-1111-1111-1111-111111111111", "shop")


def test_each_call_says_what_it_took_of_the_bucket() -> None:
    with opened(read_cost=3, write_cost=20, bucket_size=1_000) as bench:
        bench.probe()
        insertion = next(cost for cost in bench.costs.noted if cost.call == "insertion")
        assert insertion.drops is not None
        assert 19 <= insertion.drops <= 21
        assert {cost.call for cost in bench.costs.noted} >= {
            "insertion",
            "source update",
            "attributes",
            "gallery",
            "job",
        }


def test_the_page_of_unknowns_says_which_of_them_a_probe_finds() -> None:
    page = (Path(__file__).parents[3] / "docs/shoptet.md").read_text("utf-8")
    said = page.partition("`gallery-sync probe` finds")[2].partition("**None")[0]
    asked = {question.mark for question in QUESTIONS}
    spelled = {
        f"U{n}" for first, last in re.findall(r"U(\d+) to U(\d+)", said) for n in range(int(first), int(last) + 1)
    }
    assert spelled | set(re.findall(r"U\d+", said)) == asked
    assert asked <= set(re.findall(r"^\| (U\d+) \|", page, re.MULTILINE))

"""What the probe saw, read: for each unknown of docs/shoptet.md what is documented, what was found here, what follows. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from gallery_sync.core.preparing import WEBP
from gallery_sync.core.shop_facts import Facts, Numbers, Patched
from gallery_sync.core.shop_values import ResultRow
from infra.cli.probe.run import MOVED, SENT, Seen

replace = msgspec.structs.replace

NOT_SEEN: Final = "not observable here"
NOTHING: Final = "nothing: it holds either way"


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: `found` in few words, and what follows from it for this shop's pictures."""

    found: str
    follows: str = NOTHING


@dataclass(frozen=True, slots=True)
class Question:
    """A question by the mark of its unknown in docs/shoptet.md, and how what was seen answers it."""

    mark: str
    asks: str
    documented: str
    answer: Callable[[Seen], Found]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    mark: str
    asks: str
    documented: str
    found: str
    follows: str


def rows(seen: Seen) -> Iterator[Row]:
    """Answer every question."""
    for one in QUESTIONS:
        found = one.answer(seen)
        yield Row(one.mark, one.asks, one.documented, found.found, found.follows)


def learned(seen: Seen, at: float) -> Facts:
    """Give the facts that the functions go by. `at`: when the probe ended (epoch seconds)."""
    originals: dict[str, str] = {}
    if seen.address is not None and seen.same_bytes is not None:
        originals[seen.gallery] = seen.address
    return Facts(
        numbers=numbers_of(seen),
        patched=_patched(seen),
        originals=originals,
        found={row.asks: row.found for row in rows(seen)},
        probed_at=at,
    )


def noted(known: Facts, found: Facts) -> Facts:
    """Give what is known of the shop after a probe: its word counts, and what it could not tell stays as it was known."""
    return replace(
        found,
        numbers=found.numbers or known.numbers,
        patched=found.patched or known.patched,
        originals=known.originals | found.originals,
    )


def numbers_of(seen: Seen) -> Numbers | None:
    """Say what became of the numbers that the insertion sent."""
    same = [image.priority == SENT[name] for name, image in seen.shown.items()]
    return ("kept" if all(same) else None if any(same) else "given") if same else None


def _numbers(seen: Seen) -> Found:
    shown = ", ".join("null" if image.priority is None else str(image.priority) for image in seen.shown.values())
    match numbers_of(seen):
        case "kept":
            return Found("kept as they were sent", "an image is known by its number, and stands where it is sent")
        case "given" if all(image.priority is None for image in seen.shown.values()):
            return Found("shown to nobody (null)", "images are known by the result's names, or by their order")
        case "given":
            return Found(
                f"given anew: {shown}",
                "images are known by the result's names, or by their order, and moved after landing",
            )
        case _:
            return Found(f"some kept, some not: {shown}", "nothing was learned: run the probe again")


def _patched(seen: Seen) -> Patched | None:
    names = [image.name for image in sorted(seen.moved, key=lambda image: image.priority or 0)]
    if seen.before_source.name not in names or len(names) < 2:
        return None
    return "kept" if names[-1] == seen.before_source.name else "ignored"


def _moves(seen: Seen) -> Found:
    first = next((image for image in seen.moved if image.name == seen.before_source.name), None)
    match _patched(seen):
        case "kept" if first is not None and first.priority == MOVED:
            return Found("kept as they were sent")
        case "kept" if first is not None and first.priority is None:
            return Found("the order follows, no number is shown")
        case "kept":
            number = first.priority if first is not None else None
            return Found(f"the order follows, and the number is given anew: {number}")
        case "ignored":
            return Found("ignored", "images cannot be ordered here: they stand in the order in which they landed")
        case _:
            return Found("too few images to tell")


def _result(seen: Seen) -> Found:
    if not seen.has_result:
        return Found("there is none", "images are known by numbers, or by order")
    if seen.rows is None:
        return Found("not to be read", "images are known by numbers, or by order")
    good = [row for row in seen.rows if row.error is None]
    names, urls = (any(getattr(row, of) for row in good) for of in ("name", "source_url"))
    said = "names images" if names else "names no image"
    said += " and the URLs that were sent" if urls else ""
    return Found(
        f"{said}; {_failures(seen.rows)}",
        "images are known by these names" if names else "images are known by numbers, or by order",
    )


def _failures(result: Sequence[ResultRow]) -> str:
    failed = [row for row in result if row.error is not None]
    if not failed:
        return "failures are not told"
    if any(row.source_url for row in failed):
        return "failures by their URL"
    return (
        "failures by their place" if any(row.index is not None for row in failed) else "failures without saying whose"
    )


def _descriptions(seen: Seen) -> Found:
    sent, shown = seen.sent["plain"], seen.before_source.description or ""
    if sent == shown:
        return Found("kept as they were sent")
    return Found("white space is tidied" if shown == " ".join(sent.split()) else f"changed: '{shown}'")


def _lag(seen: Seen) -> Found:
    return Found(
        "it does not" if seen.lag < 1.0 else f"by about {seen.lag:.0f} s",
        "an image counts as missing after two listings, minutes apart",
    )


def _endpoint(seen: Seen) -> Found:
    return Found(
        "the full path" if seen.guid in seen.endpoint else f"short: {seen.endpoint}",
        "after a lost answer, fewer jobs are suspects" if seen.guid in seen.endpoint else NOTHING,
    )


def _others(seen: Seen) -> Found:
    if seen.others_jobs is None:
        return Found("the token may not read the list", "each job is asked for by itself")
    return Found("yes" if seen.others_jobs else "none were seen")


def _webp(seen: Seen) -> Found:
    if "webp" in seen.shown:
        return Found("taken", "WebP goes as it is")
    told = sum(row.error is not None for row in seen.rows or ())
    lost = "not taken, and the result says nothing" if seen.rows is None else "lost without a word"
    follows = "each WebP is made into a JPEG or PNG before it is sent"
    return Found("refused" if told > 1 else lost, follows)


def _large(seen: Seen) -> Found:
    if "large" not in seen.sent:
        return Found(f"{NOT_SEEN}: --large sends 11 MB")
    return Found("taken" if "large" in seen.shown else "lost without a word")


def _bytes(seen: Seen) -> Found:
    if seen.address is None or seen.same_bytes is None:
        return Found("not to be had", "what is shown cannot be compared with what was sent")
    return Found(
        "yes, byte for byte" if seen.same_bytes else "encoded again", "what is shown can be compared with what was sent"
    )


def _turned(seen: Seen) -> Found:
    if seen.is_turned is None:
        return Found("not to be had")
    return Found("turned, and the EXIF data is gone" if seen.is_turned else "as they were sent")


def _name(seen: Seen) -> Found:
    before, after = seen.before_source.name, seen.after_source
    if after is None:
        return Found("the image was not found again", "report this")
    return Found("it stays" if after.name == before else f"it changes: {before} became {after.name}")


def _cdn_name(seen: Seen) -> Found:
    after = seen.after_source
    return Found(_changed(after is not None and after.cdn_name != seen.before_source.cdn_name))


def _change_time(seen: Seen) -> Found:
    after = seen.after_source
    return Found(_changed(after is not None and after.change_time != seen.before_source.change_time))


def _attributes_time(seen: Seen) -> Found:
    first = seen.shown["plain"].change_time
    return Found(_changed(seen.before_source.change_time != first))


def _changed(is_so: bool) -> str:
    return "it changes" if is_so else "it stays"


def _shows_changes(seen: Seen) -> Found:
    if seen.shows_changes is None:
        return Found("the list is not to be had", "galleries are compared with the day's snapshot, or once in 28 days")
    return Found(
        "yes" if seen.shows_changes else "no",
        NOTHING if seen.shows_changes else "what people change in a gallery is seen with the day's snapshot",
    )


def _unseen(_: Seen) -> Found:
    return Found(NOT_SEEN)


QUESTIONS: Final = (
    Question("U1", "what a result says of an insertion", "no", _result),
    Question("U2", "a job's endpoint", "two examples that differ", _endpoint),
    Question("U3", "others' jobs in the list", "no", _others),
    Question("U4", "whether a listing lags behind a job", "no", _lag),
    Question("U6", "numbers that an insertion sends", "they order the images", _numbers),
    Question("U6", "numbers that a change of attributes sends", "they order the images", _moves),
    Question("U7", "descriptions", "no", _descriptions),
    Question("U8", "an image's name after a source update", "no", _name),
    Question("U9", "its cdnName after that", "no", _cdn_name),
    Question("U10", "its changeTime after a change of attributes", "no", _attributes_time),
    Question("U10", "its changeTime after a source update", "no", _change_time),
    Question("U11", "whether HEAD comes before GET", "no", _unseen),
    Question("U12", WEBP, "no; not in the administration", _webp),
    Question("U13", "a PNG of 11 MB", "no; it is told to get lost", _large),
    Question("U22", "whether orig is what was sent", "the original resolution", _bytes),
    Question("U22", "pictures that lie on their side (EXIF)", "no", _turned),
    Question("U23", "whether a change of images shows as a change of its product", "a table says yes", _shows_changes),
)
"""In the order of docs/shoptet.md, "Unknowns"."""

"""What adoption found: lines for a terminal, and a page with the pairs that a person has to look at, both pictures of each."""

import base64
from collections.abc import Iterator, Sequence
from html import escape

from gallery_sync.core.lookalikes import Pair
from infra.cli.adopt.run import Outcome

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; width: 15rem; }
img { border: 1px solid #999; max-width: 100%; }
figcaption { overflow-wrap: anywhere; }
section { border-top: 1px solid #999; }
"""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Of the page: it loads nothing, and runs nothing."""


def lines(outcome: Outcome) -> Iterator[str]:
    """Say what was found in a gallery."""
    where = f"{outcome.product or outcome.place.guid} ({outcome.place.gallery})"
    if outcome.why:
        yield f"{where}: {outcome.why}"
        return
    found = outcome.matched
    counted = (
        (len(found.sure), "adopted" if outcome.written else "to be adopted"),
        (len(found.smaller), "smaller in the shop than the file"),
        (len(found.unsure), "for a person to look at"),
        (len(found.new), "new files"),
        (len(found.foreign), "images that no file is like"),
        (len(outcome.unreadable), "not to be read"),
    )
    yield f"{where}: " + (", ".join(f"{count} {what}" for count, what in counted if count) or "nothing to do")
    yield from (f"  {one}" for one in outcome.unreadable)


def total(outcomes: Sequence[Outcome], *, write: bool) -> str:
    """Say what it comes to, and what to do next."""
    sure = sum(len(one.matched.sure) for one in outcomes)
    smaller = sum(len(one.matched.smaller) for one in outcomes)
    unsure = sum(len(one.matched.unsure) for one in outcomes)
    if write:
        said = f"{sum(one.written for one in outcomes)} images adopted; go on: gallery-sync resume"
    elif sure or smaller:
        said = f"{sure} images are what the bucket has; adopt them: gallery-sync pause, gallery-sync adopt --write"
    else:
        said = "no image is what the bucket has"
    if smaller:
        said += f"; {smaller} are smaller than their files: --replace-smaller lets the files take their place"
    if unsure:
        said += f"; {unsure} pairs are for a person: whose file stays in the bucket is inserted as a new image"
    return said


def page(outcomes: Sequence[Outcome]) -> str:
    """Give a page with the unsure and the smaller pairs; what it shows comes with it."""
    sections = [
        _section(one, title, pairs)
        for one in outcomes
        for title, pairs in (("is it the same?", one.matched.unsure), ("smaller in the shop", one.matched.smaller))
        if pairs
    ]
    body = "\n".join(sections) or "<p>There is nothing to look at.</p>"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>gallery-sync adopt</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style></head>\n'
        f"<body><h1>What a person has to look at</h1>\n{body}\n</body></html>\n"
    )


def _section(outcome: Outcome, title: str, pairs: Sequence[Pair]) -> str:
    heading = f"<h2>{escape(outcome.product)} ({outcome.place.gallery}): {title}</h2>"
    figures = [
        "<div>" + _figure("in the bucket", pair.file, outcome) + _figure("in the shop", pair.image, outcome) + "</div>"
        for pair in pairs
    ]
    return f"<section>{heading}\n" + "\n".join(figures) + "</section>"


def _figure(where: str, name: str, outcome: Outcome) -> str:
    picture = base64.b64encode(outcome.thumbnails.get(name, b"")).decode()
    shown = escape(name.removeprefix("drop:"))
    return (
        f'<figure><img alt="{shown}" src="data:image/jpeg;base64,{picture}">'
        f"<figcaption>{where}: {shown}</figcaption></figure>"
    )

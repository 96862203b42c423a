"""What is done to a picture before it is sent, and the words for what came of it. Pure.

The rules of Shoptet's that stand behind the defaults are in docs/shoptet.md ("Pictures"): what is too large gets lost without a
word, WebP may not be taken, and of anything but JPEG, PNG, GIF and WebP nobody ever said that it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

VERSION: Final = 1
"""Of the rules in `decoding`. Another one alone never replaces a picture that is live."""

CODE: Final = "unfit"
"""The code of a failure of a picture that was refused here."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the shop's owner chose. `repairs`: False where pictures are only checked. `webp`: the shop takes WebP as it is.

    `max_bytes` and `max_side` (pixels): a larger picture is made smaller. `min_side` (pixels of the longer side): a smaller one
    is refused; 0: it only gets a warning. `background`: the colour that what is transparent is put on; empty: it stays so.
    """

    repairs: bool = True
    webp: bool = False
    max_bytes: int = 6_000_000
    max_side: int = 4096
    min_side: int = 0
    background: str = ""

    @property
    def id(self) -> str:
        """Tell this recipe from all others, those of other versions among them."""
        return f"{VERSION}-{hashlib.sha256(repr(self).encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A picture's format (`JPEG`, `PNG` …), its size in pixels, and its bytes."""

    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a picture: it goes as it is, or something was `made` of it, or it is `refused` (a code of REFUSED).

    `what` says what a file is that is no picture, or what its decoder died of. `done` are codes of DONE, `warnings` of WARNINGS;
    `frames` is how many the file has, `look` what a picture looks like in 38 characters: likely the same where they nearly are.
    """

    bytes: int
    shape: Shape | None = None
    made: Shape | None = None
    refused: str = ""
    what: str = ""
    done: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    frames: int = 1
    look: str = ""


REFUSED: Final[Mapping[str, str]] = {
    "empty": "the file is empty",
    "no-picture": "it is {what}, not a picture",
    "cut-off": "it is cut off: its upload ended too early, or it was damaged before",
    "damaged": "it is damaged: a part of it cannot be read",
    "too-many-pixels": "it has {width}×{height} pixels, more than can be opened here",
    "too-large": "it takes more memory or time to open than one picture may",
    "too-many-bytes": "it has {size}, more than can be opened here",
    "too-small": "it has only {width}×{height} pixels, and MIN_PIXELS asks for more",
    "unlike": "it is a {format}, which Shoptet does not take, and PREPARE is off",
}
"""Why a picture is refused, by code."""

_NEXT: Final[Mapping[str, str]] = {
    "empty": "drop the picture again",
    "no-picture": "drop the picture itself",
    "cut-off": "drop the whole file again",
    "damaged": "open it in a picture editor, save it anew, and drop that",
    "too-many-pixels": "make it smaller, and drop it again",
    "too-large": "make it smaller, and drop it again",
    "too-many-bytes": "make it smaller, and drop it again",
    "too-small": "drop a larger one",
    "unlike": "save it as JPEG or PNG, and drop that",
}

DONE: Final[Mapping[str, str]] = {
    "first": "the first of {frames} frames",
    "upright": "turned upright",
    "cmyk": "from CMYK",
    "deep": "8 bits a colour",
    "srgb": "sRGB",
    "background": "on {background}",
    "position": "position removed",
    "named": "served as what it is",
}
"""What was done to a picture, by code, in the order in which it is told."""

WARNINGS: Final[Mapping[str, str]] = {
    "small": "it has only {width}×{height} pixels, and will look blurred",
    "animation": "it moves, and is too large to: only its first frame is shown",
}
"""What people should know of a picture that is sent all the same, by code."""


def reason(verdict: Verdict) -> str:
    """Say why a picture was refused, and what to do."""
    shape = verdict.shape or Shape("", 0, 0, verdict.bytes)
    said = REFUSED[verdict.refused].format(
        what=verdict.what or "something else",
        width=shape.width,
        height=shape.height,
        format=shape.format,
        size=size(verdict.bytes),
    )
    return f"{said}: {_NEXT[verdict.refused]}"


def report(verdict: Verdict, recipe: Recipe) -> str:
    """Say in one line what the picture was and what is sent of it: `25.3 MB PNG 9000×6000 → 1.1 MB JPEG 4096×2731, sRGB`."""
    if verdict.shape is None:
        return ""
    done = [
        DONE[code].format(frames=verdict.frames, background=recipe.background) for code in DONE if code in verdict.done
    ]
    after = f" → {shown(verdict.made)}" if verdict.made is not None else ""
    return ", ".join([f"{shown(verdict.shape)}{after}", *(done if verdict.made is not None else ["as it is"])])


def warning(verdict: Verdict) -> str:
    """Say what people should know of a picture that is sent; empty where there is nothing."""
    shape = verdict.made or verdict.shape or Shape("", 0, 0, 0)
    told = (WARNINGS[code].format(width=shape.width, height=shape.height) for code in verdict.warnings)
    return "; ".join(told)


def shown(shape: Shape) -> str:
    """Say what a picture is: `1.1 MB JPEG 4096×2731`."""
    return f"{size(shape.bytes)} {shape.format} {shape.width}×{shape.height}"


def size(count: int) -> str:
    """Say how many bytes these are, as people do: `25.3 MB`, `640 kB`, `12 B`."""
    if count >= 100_000:
        return f"{count / 1_000_000:.1f} MB"
    return f"{count / 1_000:.0f} kB" if count >= 1_000 else f"{count} B"


def is_alike(one: str, other: str) -> bool:
    """Whether two looks are likely the same picture's: the same edges but for a few, and the same colours on the whole."""
    if len(one) != len(other) or not one:
        return False
    edges = (int(one[:32], 16) ^ int(other[:32], 16)).bit_count()
    colours = zip(bytes.fromhex(one[32:]), bytes.fromhex(other[32:]), strict=True)
    return edges <= 3 and all(abs(a - b) <= 4 for a, b in colours)


def read(said: Mapping[str, Any]) -> Verdict:
    """Read what the process that opened the picture wrote."""
    return Verdict(
        said["bytes"],
        Shape(**said["shape"]) if said.get("shape") else None,
        Shape(**said["made"]) if said.get("made") else None,
        said.get("refused", ""),
        said.get("what", ""),
        tuple(said.get("done", ())),
        tuple(said.get("warnings", ())),
        said.get("frames", 1),
        said.get("look", ""),
    )

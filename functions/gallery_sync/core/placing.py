"""Files that lie in no product's folder: which code or EAN their names may hold, and which product that is. Pure.

    ABC-12_2.jpg                        {code}_{n}                the longest code that exists wins: ABC-12_2 may be one itself
    62-XL (3).png                       {code} ({n})              `/` is no letter of a file's name: the code is 62/XL
    supplier/2026-11/8590000000017.jpg  supplier/*/{ean}          folders only where a pattern begins with one, written out

What a pattern does not explain is refused, and so is what explains itself in two ways. Nothing is guessed: a code is written in
full, but for case, the form of Unicode, and what stands for its `/`. `docs/names.md` has the cases.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import unquote

import msgspec

from gallery_sync.core import names
from gallery_sync.core.catalogue import CodeRow, written_key
from gallery_sync.core.name_patterns import SLASHES, Kind, Pattern, Placing
from gallery_sync.core.names import Drop, Folder, Refusal
from gallery_sync.core.spellings import code_key, composed
from gallery_sync.core.table import Table, read_name

MOST_STEM: Final = 200
"""Characters of a file's name that is compared with patterns: of a longer one the texts that it may hold are too many."""
MOST_NAMED: Final = 3
"""Products that a refusal names."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A picture in no product's folder: the catalogue says whose it is."""

    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a name may hold: a code or an EAN, as it is written there, and the pattern that reads it so."""

    text: str
    kind: Kind
    pattern: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Whose picture a name is. `code` is Shoptet's, `product` the product's name, `text` what the name holds.

    `longer`: a longer code that the name holds as well and that came later: it is told, and not followed.
    """

    code: str
    guid: str
    product: str
    text: str
    longer: CodeRow | None = None


class PlacedName(msgspec.Struct, frozen=True, array_like=True):
    """What is written down of a name: the code with which it stands, and what it holds (a code as it is written, or an EAN)."""

    code: str
    text: str


Meaning = Drop | Folder | Refusal | Loose | Table
"""What the name of a file that was dropped may mean."""


def meaning(name: str, size: int, placing: Placing) -> Meaning:
    """Say what an object's full name and size (bytes) mean; what may be loose is looked up by its name. Never raises."""
    if (found := read_name(name)) is not None:
        return found
    folder = name.partition("/")[0] if "/" in name else ""
    if name.endswith("/") or folder not in {pattern.folder for pattern in placing.patterns}:
        return names.parse(name, size)
    refused = names.refused_loose(name)
    return refused if refused is not None else Loose(name)


def candidates(name: str, placing: Placing) -> tuple[Candidate, ...]:
    """Give whatever codes and EANs a name may hold, the longest first; each once for its first pattern."""
    stem = composed(name.rpartition(".")[0])
    start = stem.rpartition("/")[0]
    if _is_too_long(name):
        return ()
    found: dict[tuple[str, Kind], Candidate] = {}
    for pattern in placing.patterns:
        if pattern.folder == name.partition("/")[0] or (not pattern.folder and not start):
            for text in _held(stem, pattern):
                found.setdefault((text, pattern.kind), Candidate(text, pattern.kind, pattern.text))
    return tuple(sorted(found.values(), key=lambda one: -len(one.text)))


def _is_too_long(name: str) -> bool:
    return len(composed(name).rpartition("/")[2].rpartition(".")[0]) > MOST_STEM


def _held(stem: str, pattern: Pattern) -> Iterator[str]:
    """Give every text that stands where a pattern has its code or EAN."""
    base = stem.rfind("/") + 1
    starts = [at for at in range(base, len(stem)) if pattern.before.fullmatch(stem, 0, at)]
    ends = [at for at in range(base + 1, len(stem) + 1) if pattern.after.fullmatch(stem, at)]
    for start in starts:
        # Codes have so many characters at most, whatever else the name has.
        for end in ends[bisect_right(ends, start) : bisect_right(ends, start + names.MAX_CODE)]:
            text = stem[start:end]
            if text == text.strip() and (pattern.kind == "code" or text.isdecimal()):
                yield text


def as_code(text: str) -> str:
    """Give a text of a file's name as a code: a folder's `%2F` may stand there, too."""
    return unquote(text)


def key_of(text: str) -> str:
    """Give the key under which a text's code or EAN, and what stands with it, is found."""
    return written_key(as_code(text))


def is_written(text: str, code: str, slashes: str = SLASHES) -> bool:
    """Whether a text is a code as file names write it: its `/` may be one of `slashes`, or `%2F` as in a folder's name."""
    written, meant = code_key(as_code(text)), code_key(code)
    signs = {sign.casefold() for sign in slashes} | {"/"}
    return len(written) == len(meant) and all(
        a == b or (b == "/" and a in signs) for a, b in zip(written, meant, strict=True)
    )


def judge(
    name: str, found: Mapping[Candidate, Sequence[CodeRow]], placing: Placing, before: PlacedName | None = None
) -> Placed | Refusal | None:
    """Say whose picture a name is, by the codes and EANs that exist of what it may hold; None: nobody's.

    `before`: with whom it stands already. There it stays as long as that product has what it holds; and it never comes to a
    shorter code because its own was renamed.
    """
    matches = [
        (one, row)
        for one, rows in found.items()
        for row in rows
        if one.kind == "ean" or is_written(one.text, row.code, placing.slashes)
    ]
    if not matches:
        return None
    matches.sort(key=lambda match: (-len(match[0].text), code_key(match[1].code) != code_key(match[0].text)))
    longest, rows = next((one, list(all_of)) for one, all_of in groupby(matches, key=lambda match: len(match[0].text)))
    first = rows[0][1]
    kept = next(
        (row for one, row in matches if before is not None and (one.text, row.code) == (before.text, before.code)), None
    )
    if before is not None and kept is not None:
        grown = first if longest > len(before.text) and first.guid != kept.guid else None
        return Placed(kept.code, kept.guid, kept.name, before.text, grown)
    if before is not None and longest < len(before.text):
        return None
    if len({row.guid for _, row in rows}) > 1:
        return Refusal(name, "ambiguous-name", _ambiguous(rows))
    return Placed(first.code, first.guid, first.name, rows[0][0].text)


def _ambiguous(rows: Sequence[tuple[Candidate, CodeRow]]) -> str:
    said = dict.fromkeys(_said(row, one.kind) for one, row in rows)
    more = f" and {len(said) - MOST_NAMED} more" if len(said) > MOST_NAMED else ""
    return (
        f"the name holds '{names.shortened(rows[0][0].text)}', which may be {' or '.join(list(said)[:MOST_NAMED])}{more}: "
        "drop the file into the folder of the one that is meant"
    )


def _said(row: CodeRow, kind: Kind = "code") -> str:
    whose = f" ({names.shortened(row.name)})" if row.name else ""
    return f"{'the EAN of ' if kind == 'ean' else ''}{names.shortened(row.code)}{whose}"


def unknown(name: str, read: Sequence[Candidate], near: Iterable[CodeRow], placing: Placing) -> Refusal:
    """Refuse a name that holds no code and no EAN of the shop. `near`: codes that were meant, perhaps."""
    if _is_too_long(name):
        reason = f"the file lies in no product's folder, and its name has more than {MOST_STEM} characters"
    elif not read:
        patterns = ", ".join(pattern.text for pattern in placing.patterns)
        reason = f"the file lies in no product's folder, and its name is like none of the patterns ({patterns})"
    else:
        held = dict.fromkeys(f"'{names.shortened(one.text)}'" for one in read)
        shown = " nor ".join(list(held)[:MOST_NAMED])
        kinds = " or ".join(sorted({"EAN" if one.kind == "ean" else "code" for one in read}, reverse=True))
        reason = f"the name reads as {read[-1].pattern}, but no product has the {kinds} {shown}"
    alike = [_said(row) for row in near][:MOST_NAMED]
    question = f"; is it {' or '.join(alike)}?" if alike else ""
    return Refusal(
        name,
        "no-product",
        f"{reason}{question}: rename the file, or drop it as {{product}}/{{file}}",
    )


def grown(placed: Placed) -> str:
    """Say that a name holds a longer code by now than the one that it was placed by, for people."""
    return (
        f"the file stands with {names.shortened(placed.code)}, and holds the code "
        f"{_said(placed.longer) if placed.longer is not None else ''} as well, which came later: drop it into that product's "
        "folder if it is meant"
    )


def without_zeros(text: str) -> str | None:
    """Give a number without its leading zeros, as a spreadsheet leaves it; None for what is no number, or has none."""
    return (text.lstrip("0") or "0") if text.isdecimal() and text.startswith("0") and len(text) > 1 else None

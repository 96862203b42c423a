"""In which order the files of a gallery are shown: as people count, and as Czech and Slovak sort. Pure.

    1.jpg   2-back.jpg   3.jpg   4_detail.jpg   10.jpg        a number counts by its value, alone or before something
    hoodie.jpg   hoodie-2.jpg   hoodie-10.jpg   hoodie-b.jpg  the plain name first, then numbers, then words
    bok.jpg   cena.jpg   čelní.jpg   detail.jpg   šikmo.jpg   letters where the two alphabets have them (`ch` as it is written)

The extension takes no part, nor does the folder. Whatever is neither letter nor digit only separates: `a 1`, `a_1`, `a-1`,
`a(1)`, `a.1` and `a1` stand side by side, and so do `A` and `a`. What is alike in all that is told apart by its text.
"""

import re
import unicodedata
from itertools import groupby
from typing import Final

Order = tuple[tuple[tuple[int, tuple[int, ...]], ...], str, str]
"""How two keys of a gallery compare; see `order`."""

_OWN_LETTERS: Final = "äčôřšž"
"""Letters of their own in Czech or Slovak, right behind the one that they are written with (CLDR, collation of cs and sk).

All others with a mark, such as `á` and `ď`, differ from the plain one only where all else is alike.
"""

_LIKE: Final = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
_STEP: Final = 2
_BEHIND_LATIN: Final = 1_000
_NUMBER, _WORD = 0, 1


def order(key: str) -> Order:
    """Give a key's place in the automatic order. The full key breaks ties, so it is total and the same in every run."""
    stem = _stem(key)
    return tuple(_pieces(stem)), stem, key


def order_of_earlier(key: str) -> tuple[float, tuple[tuple[int, int, str], ...], str]:
    """Give a key's place in the order of earlier versions, which a gallery keeps until something in it changes.

    Leading `01_` or `01-` numbers first, then the text with its extension, digits by their value.
    """
    file = key.rpartition("/")[2]
    numbered = _LEADING_NUMBER.match(file)
    pieces = _DIGITS.split(file[numbered.end() :] if numbered else file)
    natural = tuple((0, int(p), "") if i % 2 else (1, 0, p.casefold()) for i, p in enumerate(pieces) if p)
    return float(numbered[1]) if numbered else float("inf"), natural, key


_LEADING_NUMBER = re.compile(r"([0-9]{1,9})[_-](?=.)")
_DIGITS = re.compile(r"([0-9]+)")


def _stem(key: str) -> str:
    file = key.rpartition("/")[2]
    return unicodedata.normalize("NFKC", file.rpartition(".")[0] or file).casefold()


def _pieces(stem: str) -> list[tuple[int, tuple[int, ...]]]:
    """Split a name into numbers and words; numbers come first."""
    pieces = list[tuple[int, tuple[int, ...]]]()
    for kind, run in groupby(unicodedata.normalize("NFC", stem), key=_kind):
        text = "".join(run)
        if kind == _NUMBER:
            pieces.append((_NUMBER, (int(text),)))
        elif kind == _WORD:
            pieces.append((_WORD, tuple(weight for letter in text for weight in _weights(letter))))
    return pieces


def _kind(letter: str) -> int | None:
    if letter.isdecimal():
        return _NUMBER
    return _WORD if letter.isalpha() or unicodedata.category(letter) in ("Mn", "Mc", "Nl", "No") else None


def _weights(letter: str) -> list[int]:
    """Say where a letter stands in the alphabet; a mark alone stands nowhere."""
    if letter in _OWN_LETTERS:
        return [_weight(unicodedata.normalize("NFD", letter)[0]) + 1]
    plain = unicodedata.normalize("NFD", _LIKE.get(letter, letter))
    return [_weight(base) for base in plain if not unicodedata.combining(base)]


def _weight(letter: str) -> int:
    return _STEP * (ord(letter) - ord("a")) if "a" <= letter <= "z" else _BEHIND_LATIN + ord(letter)

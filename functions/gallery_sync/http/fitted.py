"""A body that is JSON but not what it should be: all that is wrong with it, in a person's words, and the rest of it. Pure.

What is wrong is left out, or something neutral stands in its place, so that the rest can be checked as well.
"""

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from gallery_sync.core.shop_values import MAX_PRIORITY
from gallery_sync.http.answers import Flaw
from gallery_sync.redact import one_line

T = TypeVar("T")

MOST_SHOWN: Final = 40
"""Characters of what was sent that an answer repeats."""
NEUTRAL: Final = "-"
"""Text that stands for one that is missing or none: a product and a name could be it."""

_WORDS: Final[Mapping[str, str]] = {"priority": f"a whole number from 1 to {MAX_PRIORITY}"}
"""What a field must be, by its name, where its type does not say it well."""
_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
    (type(None), "null"),
)


def fit(value: Any, of: type[T]) -> tuple[T, list[Flaw]]:
    """Give what can be read of a value, and what is wrong with the rest."""
    flaws: list[Flaw] = []
    return _fitted(value, of, "", flaws), flaws


def beside(flaws: Iterable[Flaw], more: Iterable[Flaw]) -> Iterator[Flaw]:
    """Give of more flaws those that do not follow from the first ones: of the same field, of one in it, or of its whole row."""
    places = [flaw.path or "" for flaw in flaws]
    for flaw in more:
        path = flaw.path or ""
        if not any(
            at in ("", path) or path.startswith((f"{at}.", f"{at}[")) or at.startswith(f"{path}.") for at in places
        ):
            yield flaw


def _fitted(value: Any, of: Any, path: str, flaws: list[Flaw]) -> Any:
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return _struct(value, of, path, flaws)
    if get_origin(of) is list:
        return _list(value, get_args(of)[0], path, flaws)
    if of is msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))
    try:
        return msgspec.convert(value, of)
    except msgspec.ValidationError:
        flaws.append(_wrong(value, of, path))
        return _neutral(of)


def _list(value: Any, of: Any, path: str, flaws: list[Flaw]) -> list[Any]:
    if not isinstance(value, list):
        flaws.append(_wrong(value, list, path))
        return []
    return [_fitted(one, of, f"{path}[{place}]", flaws) for place, one in enumerate(value)]


def _struct(value: Any, of: type[msgspec.Struct], path: str, flaws: list[Flaw]) -> msgspec.Struct:
    if not isinstance(value, dict):
        flaws.append(_wrong(value, dict, path))
        value = None
    fields = {field.encode_name: field for field in msgspec.structs.fields(of)}
    given = {}
    for name, one in (value or {}).items():
        if name not in fields:
            flaws.append(_unknown(name, fields, path))
        else:
            given[name] = one
    made = {}
    for name, field in fields.items():
        if name in given:
            made[field.name] = _fitted(given[name], field.type, _at(path, name), flaws)
        elif field.required:
            if value is not None:
                flaws.append(
                    Flaw("missing-field", f"{name} is missing: it must be {_words(name, field.type)}", _at(path, name))
                )
            made[field.name] = _neutral(field.type)
    return of(**made)


def _unknown(name: str, known: Iterable[str], path: str) -> Flaw:
    shown = _shown(name)
    near = difflib.get_close_matches(name[:MOST_SHOWN], known, 1)
    hint = f": is {near[0]} meant?" if near else f"; known are {', '.join(known)}"
    return Flaw("unknown-field", f"{shown} is no field here{hint}", _at(path, shown))


def _wrong(value: Any, of: Any, path: str) -> Flaw:
    name = path.rpartition(".")[2]
    kind = next(word for kinds, word in _KINDS if isinstance(value, kinds))
    if isinstance(value, str) and get_origin(of) is Literal:
        kind = f"'{_shown(value)}'"
    return Flaw("wrong-type", f"{name or 'the body'} must be {_words(name, of)}, not {kind}", path or None)


def _words(name: str, of: Any) -> str:
    if name in _WORDS:
        return _WORDS[name]
    if get_origin(of) is Literal:
        return " or ".join(get_args(of))
    plain = _plain(of)
    if (isinstance(plain, type) and issubclass(plain, msgspec.Struct)) or plain is msgspec.Raw:
        return "an object"
    return next(
        (word for kinds, word in _KINDS if plain in (kinds if isinstance(kinds, tuple) else (kinds,))), "a list"
    )


def _neutral(of: Any) -> Any:
    """Give what is put where something is missing or wrong; a field that may be left out is left out."""
    if UnsetType in get_args(of):
        return UNSET
    if get_origin(of) is Literal:
        return get_args(of)[0]
    if get_origin(of) is list:
        return []
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return fit({}, of)[0]
    return {str: NEUTRAL, bool: False, msgspec.Raw: msgspec.Raw(b"{}")}[of]


def _plain(of: Any) -> Any:
    """Give the one kind of a type, without what says that it may be left out."""
    if get_origin(of) in (Union, types.UnionType):
        return next(one for one in get_args(of) if one is not UnsetType)
    return get_origin(of) or of


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(text: str) -> str:
    line = one_line(text[: 4 * MOST_SHOWN])
    return line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]}…"

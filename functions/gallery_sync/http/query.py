"""The parameters of an address: switches that are `true` or `false`, each at most once, and no others. Pure."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from gallery_sync.http.answers import Flaw, Rejected


def switches(query: str, *known: str, on: tuple[str, ...] = ()) -> Mapping[str, bool]:
    """Read a raw query: every known switch, false where it is left out, or true where it is `on` then. Rejected (400)."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise Rejected(400, Flaw("bad-query", "the query is not name=value pairs in percent-encoded UTF-8")) from None
    flaws = [flaw for place, (name, _) in enumerate(pairs) if (flaw := _flaw(pairs, place, name, known))]
    if flaws:
        raise Rejected(400, *flaws)
    given = dict(pairs)
    return {name: given.get(name, "true" if name in on else "false") == "true" for name in known}


def _flaw(pairs: list[tuple[str, str]], place: int, name: str, known: tuple[str, ...]) -> Flaw | None:
    if name not in known:
        these = ", ".join(known) or "none"
        return Flaw("unknown-parameter", f"there is no such parameter here; there are: {these}", name[:100])
    if any(other == name for other, _ in pairs[:place]):
        return Flaw("repeated-parameter", "this parameter is given twice", name)
    if pairs[place][1] not in ("true", "false"):
        return Flaw("bad-parameter", "write true or false", name)
    return None

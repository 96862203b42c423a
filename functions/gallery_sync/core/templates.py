"""What describes pictures that come without a description: `DESCRIPTION_TEMPLATE`, as `{product} – {n}`. Pure.

A picture gets its description once, before it is inserted. A product that has another name or order later changes none by that
alone.
"""

from collections.abc import Mapping

import msgspec

from gallery_sync.core import descriptions
from gallery_sync.core.ledger import Entry, Ledger, description_of, is_shown, needs_content, with_entries
from gallery_sync.core.names import DROP_KEY
from gallery_sync.core.numbering import Number


def described(ledger: Ledger, template: str, product: str | None, numbers: Mapping[str, Number]) -> Ledger:
    """Give the ledger with descriptions for the files that are to be inserted and have none. `product`: its name."""
    if not template or not product:
        return ledger
    in_order = sorted((number.place, key) for key, number in numbers.items())
    used = {description_of(entry) for entry in ledger.entries.values()}
    changed = {}
    for n, (_, key) in enumerate(in_order, 1):
        entry = ledger.entries[key]
        if not _lacks_one(key, entry):
            continue
        text = _filled(template, product, n)
        while "{n}" in template and text in used:
            # A picture that came between others must not be called as one of them.
            text = _filled(template, product, n := n + 1)
        if descriptions.flaw(text) is None:
            used.add(text)
            changed[key] = msgspec.structs.replace(entry, described=text)
    return with_entries(ledger, changed)


def _filled(template: str, product: str, n: int) -> str:
    # The product's name last: it may hold braces of its own.
    return template.replace("{n}", str(n)).replace("{product}", product)


def _lacks_one(key: str, entry: Entry) -> bool:
    nobody = entry.wanted is not None and entry.wanted.description is None and entry.described is None
    return nobody and key.startswith(DROP_KEY) and needs_content(entry) and not is_shown(entry)

"""Which variants of a product are to show which images of a gallery, and what has to be told to the shop for that. Pure.

A file says it by its metadata or a table (`variant`: a code, or several with `,`, `;` or `|` between). With `VARIANT_FOLDERS`,
the first picture of a folder that is named by a variant's code is that variant's, unless a file asked for it.

What is asked is compared with what was set last, not with what the shop shows: what a person chose there since stays. Only what
was set by us is ever taken back. A code that no variant has would make a new variant (docs/shoptet.md): it is told, and not sent.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from gallery_sync.core.ledger import Entry, Ledger, Reference, file_of, is_shown, with_entries
from gallery_sync.core.names import DROP_KEY, shortened
from gallery_sync.core.numbering import Number
from gallery_sync.core.shop_values import Product
from gallery_sync.core.spellings import code_key

replace = msgspec.structs.replace

_BETWEEN = re.compile(r"[,;|\n]")


NOTHING: Final[Mapping[str, str]] = {}


def asked(ledger: Ledger, numbers: Mapping[str, Number], *, by_folder: bool) -> dict[str, str]:
    """Give, for each key that asks for any, the variants' codes as they are written, in the gallery's order."""
    in_order = sorted(ledger.entries, key=lambda key: (numbers[key].place if key in numbers else 0, key))
    said = {
        key: entry.wanted.variant
        for key in in_order
        if (entry := ledger.entries[key]).wanted is not None and entry.wanted.variant and _comes(entry)
    }
    if not by_folder:
        return said
    named = {code_key(code) for text in said.values() for code in _codes(text, NOTHING)}
    for key in in_order:
        entry = ledger.entries[key]
        variant = ledger.variants.get(file_of(key, entry).partition("/")[0]) if key.startswith(DROP_KEY) else None
        if variant and variant not in named and entry.wanted is not None and is_shown(entry) and key not in said:
            said[key] = variant
            named.add(variant)
    return said


def _comes(entry: Entry) -> bool:
    """Whether a key's image is shown, or will be: one that failed, or waits beside the same picture, keeps no variant."""
    return is_shown(entry) or (entry.failure is None and entry.same_as is None)


def resolved(ledger: Ledger, product: Product, says: Mapping[str, str]) -> Ledger:
    """Give the ledger with what each key's image is to be shown by, now that the product is seen. `says`: see `asked`.

    Of two files that ask for one variant the first in order has it. What a person gave another image since is not ours any more.
    """
    has_any = product.has_variants is not False
    real = {code_key(code): code for code in product.shows} if has_any else {}
    there = {image.name for images in product.images.values() for image in images}
    taken: dict[str, str] = {}
    changed = {}
    for key in (*says, *(key for key in ledger.entries if key not in says)):
        entry = ledger.entries[key]
        text, flaws, mine = says.get(key, ""), [], []
        for code in _codes(text, real):
            found = real.get(code_key(code))
            if found is None:
                flaws.append(f"the product has no variant '{shortened(code)}'")
            elif found in taken:
                flaws.append(f"the variant '{found}' shows {taken[found]}, which asks for it as well")
            else:
                taken[found] = shortened(file_of(key, entry))
                mine.append(found)
        refers = Reference(text, tuple(mine), "; ".join(flaws)) if text else None
        after = replace(entry, refers=refers)
        live = entry.live
        if live is not None and live.variants:
            # One that shows an image which is not there any more has lost it, as another name may do.
            shows = {code: product.shows.get(code, "") for code in live.variants}
            still = tuple(
                code
                for code, name in shows.items()
                if (name == live.name or (code in mine and (not name or name in there)))
            )
            after = replace(after, live=replace(live, variants=still))
        if after != entry:
            changed[key] = after
    return with_entries(ledger, changed)


def is_due(entry: Entry, says: str) -> bool:
    """Whether the shop has to be told something for an image that it shows, or the product has to be seen for that."""
    if entry.live is None or entry.live.gone:
        return False
    refers = entry.refers or Reference()
    return refers.asked != says or set(refers.codes) != set(entry.live.variants)


def news(entry: Entry) -> dict[str, str]:
    """Give what the shop has to be told: the image's name for each variant that is to show it, nothing for those that were."""
    if entry.live is None:
        return {}
    codes = entry.refers.codes if entry.refers is not None else ()
    back = {code: "" for code in entry.live.variants if code not in codes}
    return back | {code: entry.live.name for code in codes if code not in entry.live.variants}


def _codes(text: str, real: Mapping[str, str]) -> list[str]:
    """Read codes; a text that is a variant's code as a whole is that one."""
    parts = [text] if code_key(text.strip()) in real else _BETWEEN.split(text)
    return list({code_key(code): code for part in parts if (code := part.strip())}.values())

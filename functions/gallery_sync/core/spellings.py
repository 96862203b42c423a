"""Which files are one picture of a gallery, however their names are written. Pure; docs/names.md has the cases.

    LAMP-1/1.jpg   LAMP-1/shop/1.jpg   lamp-1/1.jpg   {guid}/1.jpg      one picture: the product's
    62%2FXL/1.jpg                                                       another one: a variant's folder is a place of its own

File names count as they are written but for the form of Unicode: a Mac writes `č` as two characters. Of several files of one
picture the newest counts. What earlier versions showed under several spellings stays so until one of them is dropped again.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gallery_sync.core import names
from gallery_sync.core.files import DropFile
from gallery_sync.core.ledger import Entry, Ledger, is_shown
from gallery_sync.core.shop_values import Product

PRODUCTS_OWN = ""
"""The place of the pictures that are the product's own."""

Picture = tuple[str, str]
"""A picture of a gallery: its place (a variant's code, or the product's own) and its file's name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The file that counts of a picture, and the others, which are the same one: generations by name."""

    file: DropFile
    others: Mapping[str, int]


def composed(text: str) -> str:
    """Give text in the form of Unicode in which most write it (NFC)."""
    return unicodedata.normalize("NFC", text)


def code_key(code: str) -> str:
    """Give a code as it compares with others: Shoptet's codes do not differ by case, nor by the form of Unicode."""
    return composed(code).casefold()


def variants(product: Product, prefixes: Iterable[str]) -> dict[str, str]:
    """Say of each folder which variant's it is, or that it is the product's own, by the product that they feed."""
    return {prefix: _place(product, folded(prefix)) for prefix in prefixes}


def _place(product: Product, code: str) -> str:
    """Say whether a folder's code is a variant's, or the product's own.

    A product without variants has one code, its own; with some, the own one may be among theirs (docs/shoptet.md, U24).
    """
    codes = {code_key(one) for one in product.codes}
    has_variants = product.has_variants if product.has_variants is not None else len(codes) > 1 or "/" in code
    is_own = code not in codes or any(other.startswith(f"{code}/") for other in codes)
    return PRODUCTS_OWN if is_own or not has_variants else code


def folded(prefix: str) -> str:
    """Give what a folder's name means, as it compares with others: a guid is the product's own."""
    product = names.decode_product(prefix)
    if isinstance(product, names.BadProduct):
        return prefix
    return PRODUCTS_OWN if names.is_guid(product) else code_key(product)


def picture(ledger: Ledger, name: str) -> Picture:
    """Give the picture that a file's full name means in this gallery. A folder whose place is not known has its own."""
    prefix, _, rest = name.partition("/")
    place = ledger.variants.get(prefix)
    return folded(prefix) if place is None else place, composed(rest.rpartition("/")[2])


def counting(ledger: Ledger, files: Iterable[DropFile]) -> dict[str, Chosen]:
    """Give the file that counts for each key, and the others that are the same picture."""
    known = _known(ledger)
    found: dict[Picture, list[DropFile]] = {}
    for file in files:
        found.setdefault(picture(ledger, file.drop.name), []).append(file)
    counts: dict[str, Chosen] = {}
    for what, spelled in found.items():
        keys = known.get(what, [])
        if len(keys) > 1 and not any(_is_dropped_again(ledger, file) for file in spelled):
            counts |= {file.drop.key: Chosen(file, {}) for file in spelled}
            continue
        newest = max(spelled, key=lambda file: (file.created, file.generation))
        key = _key(ledger, newest, keys)
        others = {file.drop.name: file.generation for file in spelled if file is not newest}
        counts[key] = Chosen(newest, dict(sorted(others.items())))
    return counts


def _key(ledger: Ledger, newest: DropFile, keys: Sequence[str]) -> str:
    """Give the key that a picture keeps or gets: one whose image is shown, the newest file's own before others."""
    mine = newest.drop.key
    known = [mine, *keys] if mine in keys else [*keys, mine]
    return next((key for key in known if is_shown(ledger.entries.get(key, Entry()))), known[0])


def _known(ledger: Ledger) -> dict[Picture, list[str]]:
    keys: dict[Picture, list[str]] = {}
    for key in ledger.entries:
        if key.startswith(names.DROP_KEY):
            keys.setdefault(picture(ledger, key.removeprefix(names.DROP_KEY)), []).append(key)
    return keys


def _is_dropped_again(ledger: Ledger, file: DropFile) -> bool:
    """Whether a file is not the one that its own key is known by."""
    entry = ledger.entries.get(file.drop.key, Entry())
    wanted = entry.override.base if entry.override is not None else entry.wanted
    return wanted is None or wanted.content.generation != file.generation

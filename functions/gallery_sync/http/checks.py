"""What no field's type tells: bounds, addresses, which fields go together, what is named twice. All flaws at once. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

from msgspec import UNSET, UnsetType

from gallery_sync.core import descriptions, names
from gallery_sync.core.operation import AskedImage
from gallery_sync.core.pictures import URL_KEY, ledger_key, url_key
from gallery_sync.core.shop_values import MAX_PRIORITY, MAX_SOURCE_URL
from gallery_sync.http import sources
from gallery_sync.http.answers import Flaw, Rejected
from gallery_sync.http.bodies import MOST_FLAWS, Change, Cleanup, NewPicture, Replacement

MAX_IMAGES: Final = 1_000
"""Of one call: ten flights."""
MAX_GALLERIES: Final = 1_000
MAX_KEY: Final = 500
"""Characters."""
MAX_NAME: Final = 255
"""Characters of Shoptet's name of an image."""

MAX_DESCRIPTION: Final = descriptions.MAX_DESCRIPTION

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_URL = re.compile(
    r"https?://[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?"
    r"(/[!$-;=@-\[\]_a-z~]*)?(\?[!$-;=?-\[\]_a-z~]*)?"
)
_DROP: Final = "drop:"


def of_pictures(rows: Sequence[NewPicture], *, private: bool) -> Iterator[Flaw]:
    """Check what is to be inserted. `private`: also from private addresses and without encryption."""
    yield from _count(rows)
    for place, row in enumerate(rows):
        yield from _new(f"images[{place}]", row, private)


def pictures(rows: Sequence[NewPicture]) -> tuple[AskedImage, ...]:
    """Give what is to be inserted, as it was checked; a picture without a key gets one from its URL. Rejected (409)."""
    images = tuple(
        AskedImage(
            source_url=row.source_url,
            key=ledger_key(row.key) if row.key is not UNSET else url_key(row.source_url),
            priority=_whole(row.priority),
            description=_or_none(row.description),
        )
        for row in rows
    )
    _refuse(_twice(images), 409)
    return images


def of_replacements(rows: Sequence[Replacement], *, private: bool) -> Iterator[Flaw]:
    """Check what is to replace images that are there. `private`: as of pictures."""
    yield from _count(rows)
    for place, row in enumerate(rows):
        where = f"images[{place}]"
        yield from (*_one_of(where, row), *_source(where, row.source_url, private), *_attributes(where, row))


def replacements(rows: Sequence[Replacement]) -> tuple[AskedImage, ...]:
    """Give what is to replace images that are there, as it was checked. Rejected (409)."""
    images = tuple(_named(row, row.source_url) for row in rows)
    _refuse(_twice(images), 409)
    return images


def of_changes(rows: Sequence[Change]) -> Iterator[Flaw]:
    """Check which attributes are to be changed."""
    yield from _count(rows)
    for place, row in enumerate(rows):
        where = f"images[{place}]"
        yield from (*_one_of(where, row), *_attributes(where, row))
        if row.priority is UNSET and row.description is UNSET:
            yield Flaw("nothing-to-change", "give a priority, a description, or both", where)


def changes(rows: Sequence[Change]) -> tuple[AskedImage, ...]:
    """Give which attributes are to be changed, as it was checked. Rejected (409)."""
    images = tuple(_named(row, None) for row in rows)
    _refuse(_twice(images), 409)
    return images


def of_cleanups(rows: Sequence[Cleanup]) -> Iterator[Flaw]:
    """Check which galleries are to be cleaned."""
    if not 1 <= len(rows) <= MAX_GALLERIES:
        yield Flaw("bad-count", f"{len(rows)} galleries: give 1 to {MAX_GALLERIES}", "galleries")
    for place, row in enumerate(rows):
        where = f"galleries[{place}]"
        yield from _product(f"{where}.product", row.product)
        if row.image_name is not UNSET:
            yield from _name(f"{where}.imageName", row.image_name)


def cleanups(rows: Sequence[Cleanup]) -> None:
    """Refuse a gallery that is to be cleaned twice. Rejected (409)."""
    twice = _repeated([(row.product, row.gallery, row.image_name) for row in rows])
    _refuse((Flaw("repeated", "it is given twice", f"galleries[{place}]") for place in twice), 409)


def product(text: str) -> None:
    """Check a product's guid or code. Rejected (400)."""
    _refuse(_product("product", text))


def of_product(text: str) -> Iterator[Flaw]:
    """Check a product's guid or code, in a body."""
    return _product("product", text)


def of_name(text: str) -> Iterator[Flaw]:
    """Check Shoptet's name of an image, in a body."""
    return _name("name", text)


def image_name(text: str) -> None:
    """Check Shoptet's name of an image. Rejected (400)."""
    _refuse(_name("name", text))


def _new(where: str, row: NewPicture, private: bool) -> Iterator[Flaw]:
    yield from _source(where, row.source_url, private)
    yield from _attributes(where, row)
    if row.key is not UNSET:
        yield from _key(where, row.key)
        if row.key.startswith(_DROP):
            message = "a dropped file's key is not for insertion: replace its picture with PATCH .../images/source"
            yield Flaw("bad-key", message, f"{where}.key")
    elif "?" in row.source_url:
        message = "a sourceUrl with a query needs a key of yours: signed URLs change, and the picture would come twice"
        yield Flaw("key-needed", message, f"{where}.key")


def _one_of(where: str, row: Replacement | Change) -> Iterator[Flaw]:
    if (row.name is UNSET) == (row.key is UNSET):
        yield Flaw("name-or-key", "give either the image's name or its key", where)
    if row.name is not UNSET:
        yield from _name(f"{where}.name", row.name)
    if row.key is not UNSET:
        yield from _key(where, row.key)


def _key(where: str, key: str) -> Iterator[Flaw]:
    if not 1 <= len(key) <= MAX_KEY or _CONTROL.search(key) or ledger_key(key) in (_DROP, URL_KEY):
        message = f"a key has 1 to {MAX_KEY} characters, and no control characters"
        yield Flaw("bad-key", message, f"{where}.key")


def _name(where: str, name: str) -> Iterator[Flaw]:
    if not 1 <= len(name) <= MAX_NAME or "/" in name or name in (".", "..") or _CONTROL.search(name):
        message = f"a name is one of Shoptet's, like 127.png: 1 to {MAX_NAME} characters without '/'"
        yield Flaw("bad-name", message, where)


def _product(where: str, text: str) -> Iterator[Flaw]:
    # The same rule as for dropped folders, whose names are percent-encoded.
    if not text or isinstance(names.decode_product(quote(text, safe="")), names.BadProduct):
        message = (
            f"a product is a guid or a code: 1 to {names.MAX_CODE} characters, no control characters, no outer spaces"
        )
        yield Flaw("bad-product", message, where)


def _attributes(where: str, row: NewPicture | Replacement | Change) -> Iterator[Flaw]:
    # 1.0 is a whole number in JSON.
    if row.priority is not UNSET and not (1 <= row.priority <= MAX_PRIORITY and row.priority == int(row.priority)):
        yield Flaw("bad-priority", f"a priority is a whole number, 1 to {MAX_PRIORITY}", f"{where}.priority")
    if row.description is not UNSET and (wrong := descriptions.flaw(row.description)) is not None:
        yield Flaw("bad-description", f"the description {wrong}", f"{where}.description")


def _source(where: str, url: str, private: bool) -> Iterator[Flaw]:
    path = f"{where}.sourceUrl"
    if not 1 <= len(url) <= MAX_SOURCE_URL:
        yield Flaw("bad-url", f"a sourceUrl has 1 to {MAX_SOURCE_URL} characters", path)
    elif not _URL.fullmatch(url):
        message = "a sourceUrl begins with http:// or https:// and a host, is percent-encoded, and has no fragment"
        yield Flaw("bad-url", message, path)
    elif not private and url.startswith("http:"):
        yield Flaw(
            "bad-url", "a sourceUrl begins with https://: what comes without encryption may be changed on its way", path
        )
    elif not private and sources.is_private(urlsplit(url).hostname or ""):
        yield Flaw(
            "bad-url", "a sourceUrl is on the internet: Shoptet downloads it, and reaches no private address", path
        )


def _count(rows: Sequence[object]) -> Iterator[Flaw]:
    if not 1 <= len(rows) <= MAX_IMAGES:
        yield Flaw("bad-count", f"{len(rows)} images: give 1 to {MAX_IMAGES}", "images")


def _twice(images: Sequence[AskedImage]) -> Iterator[Flaw]:
    for place in _repeated([(image.key, image.name) for image in images]):
        message = "this image is given twice: by its key, its name, or the same sourceUrl without a key"
        yield Flaw("repeated", message, f"images[{place}]")


def _repeated(rows: Sequence[object]) -> Iterator[int]:
    """Give the places of rows that stand further in front already: two of them would contradict each other."""
    seen: set[object] = set()
    for place, row in enumerate(rows):
        if row in seen:
            yield place
        seen.add(row)


def _named(row: Replacement | Change, source_url: str | None) -> AskedImage:
    return AskedImage(
        source_url,
        ledger_key(row.key) if row.key is not UNSET else None,
        _or_none(row.name),
        _whole(row.priority),
        _or_none(row.description),
    )


def _whole(priority: float | UnsetType) -> int | None:
    return None if priority is UNSET else int(priority)


def _or_none(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def _refuse(flaws: Iterable[Flaw], status: int = 400) -> None:
    found = tuple(islice(flaws, MOST_FLAWS))
    if found:
        raise Rejected(status, *found)

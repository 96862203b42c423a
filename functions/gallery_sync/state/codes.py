"""`codes/{code}.json`: which product a code means, as the catalogue says, else asked at Shoptet at most once a day.

A guid that a caller gave has one, too: it means itself, and Shoptet knows it. Of a code that Shoptet does not know and the
catalogue lacks, that is remembered as well, with an empty guid: it is asked about again when something changed in the shop.
"""

import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import msgspec

from gallery_sync.clock import Clock
from gallery_sync.core import names
from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_values import Gallery
from gallery_sync.core.spellings import composed
from gallery_sync.ports.shop import Shop
from gallery_sync.ports.shop_errors import NotFound
from gallery_sync.ports.storage import Documents, PreconditionFailed, Stored
from gallery_sync.state.catalogue import Known

CATALOGUE: Final = "the catalogue"
"""What an error names as the call where Shoptet was asked nothing: its answer is known, and nothing changed since."""


class Code(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a code means, and when Shoptet was asked (epoch seconds). `unknown`: it no longer knew it; `guid` is from before."""

    guid: str
    checked_at: float
    unknown: bool = False


class Codes:
    """Finds products by the folders that they are dropped under.

    `left` is told each product whose code means another by now, before that is written down: who dies in between asks again.
    """

    def __init__(
        self, documents: Documents, shop: Shop, clock: Clock, timing: Timing, left: Callable[[str], None] | None = None
    ) -> None:
        self._documents = documents
        self._shop = shop
        self._clock = clock
        self._timing = timing
        self._left = left
        self._known = Known(documents)

    def meaning(self, prefix: str) -> str:
        """Give the guid that a folder's name means; the same call again within a run costs a read at most.

        Raises the client's NotFound where Shoptet knows no such code, and its other errors; BadDocument.
        """
        product = _product(prefix)
        try:
            return self.guid_of(product)
        except NotFound as error:
            if error.call != CATALOGUE and self._known.is_there:
                self._note_unknown(product)
            raise

    def _note_unknown(self, product: str) -> None:
        where = path(product)
        stored = self._documents.read(where)
        if stored is None or not _read(stored, where).guid:
            self._write(
                where, Code("", self._clock.now(), unknown=True), stored.generation if stored is not None else 0
            )

    def forget_unknown(self, prefix: str) -> None:
        """Forget that no product has this code: nobody asks any more. Raises BadDocument."""
        product = _product(prefix)
        where = path(product)
        stored = self._documents.read(where) if not names.is_guid(product) else None
        if stored is not None and not _read(stored, where).guid:
            self._documents.delete(where)

    def near(self, prefix: str) -> tuple[CodeRow, ...]:
        """Give the codes of the shop that stand around the one which a folder's name means, as far as they are known."""
        return self._known.near(_product(prefix))

    def last_known(self, prefix: str) -> str | None:
        """Give the guid that a folder's name was last known to mean, without asking; None if it never was."""
        return known_guid(self._documents, _product(prefix))

    def is_fresh(self, prefix: str) -> bool:
        """Whether `meaning` would tell without asking Shoptet. Raises BadDocument."""
        product = _product(prefix)
        where = path(product)
        stored = self._documents.read(where) if not names.is_guid(product) else None
        return names.is_guid(product) or (stored is not None and self._believes(_read(stored, where)))

    def guid_of(self, product: str, believed: float | None = None) -> str:
        """Give the guid of a product that is named by guid or code. Raises as `meaning` does.

        `believed`: for how many seconds Shoptet's last answer is, where that is to be less than a day.
        """
        if names.is_guid(product):
            return product.lower()
        where = path(product)
        stored = self._documents.read(where)
        known = _read(stored, where) if stored is not None else None
        is_recent = believed is None or (known is not None and self._clock.now() < known.checked_at + believed)
        if known is not None and self._believes(known) and is_recent:
            return known.guid
        # It is as old as the last sweep at best: nothing for who believes an answer for a minute.
        listed = self._listed(product, where, stored) if believed is None else None
        if listed is not None:
            return listed
        now = self._clock.now()
        if known is not None and known.unknown and self._known.lacks(product, known.checked_at, now, self._timing):
            raise NotFound("404", call=CATALOGUE, status=404)
        return self._ask(product, where, stored)

    def check_guid(self, guid: str, gallery: Gallery) -> None:
        """Make sure that Shoptet knows a guid that somebody gave, by a listing of a gallery; what it says counts as a code's.

        Raises the client's errors of a listing, NotFound among them, and BadDocument.
        """
        where = path(guid)
        stored = self._documents.read(where)
        if stored is not None and self._believes(_read(stored, where)):
            return
        self._shop.images(guid, gallery)
        self._write(where, Code(guid, self._clock.now()), stored.generation if stored is not None else 0)

    def changed(self, prefix: str, guid: str) -> bool:
        """Ask Shoptet anew whether a folder's code means another product than `guid`; False where it knows none."""
        product = names.decode_product(prefix)
        if isinstance(product, names.BadProduct) or names.is_guid(product):
            return False
        where = path(product)
        stored = self._documents.read(where)
        try:
            return self._ask(product, where, stored) != guid
        except NotFound:
            self._documents.delete(where)
            return False

    def meant(self, prefix: str, guid: str, *, now: bool = False) -> str | None:
        """Give the guid that a folder which fed `guid` means; None where Shoptet knows no product with that code any more.

        It may have been renamed in the shop. It is asked about once a day, and in any case where `now` is said.
        Raises the client's other errors, BadDocument.
        """
        product = _product(prefix)
        if names.is_guid(product):
            return product.lower()
        where = path(product)
        stored = self._documents.read(where)
        known = _read(stored, where) if stored is not None else None
        if known is not None and self._is_fresh(known) and not now:
            return None if known.unknown else known.guid
        listed = self._listed(product, where, stored) if not now else None
        if listed is not None:
            return listed
        try:
            return self._ask(product, where, stored)
        except NotFound:
            generation = stored.generation if stored is not None else 0
            self._write(where, Code(guid, self._clock.now(), unknown=True), generation)
            return None

    def _believes(self, code: Code) -> bool:
        return not code.unknown and self._is_fresh(code)

    def _is_fresh(self, code: Code) -> bool:
        return self._clock.now() < code.checked_at + self._timing.code_valid

    def _listed(self, product: str, where: str, stored: Stored | None) -> str | None:
        """Give the guid that the catalogue says a code means, where that is as good as an answer of Shoptet's; else None."""
        said = self._known.meaning(product)
        if said is None or self._clock.now() >= said[1] + self._timing.code_valid:
            return None
        return self._learned(said[0].guid, said[1], where, stored)

    def _ask(self, product: str, where: str, stored: Stored | None) -> str:
        return self._learned(self._found(product).lower(), self._clock.now(), where, stored)

    def _learned(self, guid: str, at: float, where: str, stored: Stored | None) -> str:
        before = (_read(stored, where).guid if stored is not None else "") or guid
        if before != guid and self._left is not None:
            self._left(before)
        self._write(where, Code(guid, at), stored.generation if stored is not None else 0)
        return guid

    def _found(self, product: str) -> str:
        """Ask for a code as it is written, then in the other forms of Unicode: a Mac writes a folder's name in one of its own."""
        forms = dict.fromkeys((product, composed(product), unicodedata.normalize("NFD", product)))
        *first, last = forms
        for form in first:
            try:
                return self._shop.guid_of(form)
            except NotFound:
                continue
        return self._shop.guid_of(last)

    def _write(self, where: str, code: Code, generation: int) -> None:
        try:
            self._documents.write(where, msgspec.json.encode(code), generation=generation)
        except PreconditionFailed:
            # Another run asked at the same moment; its answer is as fresh as ours.
            return


def _product(prefix: str) -> str:
    product = names.decode_product(prefix)
    if isinstance(product, names.BadProduct):
        raise ValueError(product.reason)  # noqa: TRY004  # the text is wrong, not its type
    return product


def known_guid(documents: Documents, product: str) -> str | None:
    """Give the guid that a product's guid or code was last known to mean, asking Shoptet nothing; None if it never was.

    Raises BadDocument.
    """
    if names.is_guid(product):
        return product.lower()
    where = path(product)
    stored = documents.read(where)
    return (_read(stored, where).guid or None) if stored is not None else None


def path(product: str) -> str:
    """Where a code's document lies. Shoptet's codes do not differ by case, so neither do their documents.

    A letter is made large only where that can be undone: `ß` would become `SS`, and two codes would share a document, each
    with the other's product. Nor does any name become longer than Cloud Storage takes.
    """
    return f"codes/{quote(''.join(map(_large, product)), safe='')}.json"


def _large(letter: str) -> str:
    large = letter.upper()
    return large if large.lower() == letter else letter


def _read(stored: Stored, where: str) -> Code:
    try:
        return msgspec.json.decode(stored.body, type=Code)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"{where} does not say which product a code means: {error}; delete it") from None

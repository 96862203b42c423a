"""`gallery-sync export`: every dropped picture with order, description, variants and what became of it, as a table that can be
edited and dropped again: its first columns are those of `gallery.csv`. It asks Shoptet nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gallery_sync.core import ledger_document, names
from gallery_sync.core.ledger import Entry, Ledger, needs_content, object_name
from gallery_sync.core.names import DROP_KEY
from gallery_sync.ports.storage import Documents
from gallery_sync.state import tables
from gallery_sync.state.ledgers import Ledgers

__all__ = ["Exported", "exported"]


@dataclass(frozen=True, slots=True)
class Exported:
    """A picture, or a line of a table that was not taken: `state` says what became of it, `why` the reason."""

    code: str
    file: str
    order: str
    description: str
    variant: str
    gallery: str
    state: str
    why: str


def exported(documents: Documents, products: Sequence[str]) -> Iterator[Exported]:
    """Give every dropped picture, of these products' folders (codes or guids) alone where some are named.

    Without products also the lines of tables that were not taken. Raises BadDocument, StorageUnavailable.
    """
    wanted = {one.casefold() for one in products}
    for listed in documents.list(ledger_document.PREFIX):
        place = ledger_document.parse_path(listed.path)
        if place is None:
            continue
        ledger = Ledgers(documents).read(*place).ledger
        rows = [_row(ledger, key, entry) for key, entry in ledger.entries.items() if key.startswith(DROP_KEY)]
        yield from sorted(
            (row for row in rows if not wanted or {row.code.casefold(), ledger.guid} & wanted),
            key=lambda row: (row.code, row.gallery, row.order.zfill(5), row.file),
        )
    for table in tables.read_all(documents) if not wanted else ():
        for number, why in table.flaws:
            yield Exported("", f"{table.name}, line {number}", "", "", "", table.gallery, "not taken", why)


def _row(ledger: Ledger, key: str, entry: Entry) -> Exported:
    name = key.removeprefix(DROP_KEY)
    product = names.decode_product(name.partition("/")[0])
    wanted = entry.wanted
    state, why = _state(entry)
    return Exported(
        product if isinstance(product, str) else "",
        object_name(key, entry).rpartition("/")[2],
        str(wanted.priority) if wanted is not None and wanted.priority is not None else "",
        (wanted.description or "") if wanted is not None else "",
        (wanted.variant or "") if wanted is not None else "",
        ledger.gallery,
        state,
        why,
    )


def _state(entry: Entry) -> tuple[str, str]:
    if entry.failure is not None:
        return "failed", entry.failure.reason
    if entry.same_as is not None:
        return "the same", f"it is the same picture as {names.object_of(entry.same_as.removeprefix(DROP_KEY))}"
    if entry.wanted is None:
        return "its file is gone", ""
    if needs_content(entry):
        return "waiting", entry.last_reason or ""
    if entry.live is None or entry.live.gone:
        return "deleted in the shop", ""
    flaw = entry.refers.flaw if entry.refers is not None else ""
    return "live", "; ".join(filter(None, (entry.warning, flaw)))
